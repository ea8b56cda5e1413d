# host/engine/step_http.c
# a write whose connection broke is tried again
s/if (r->outcome == HTTP_OUT_UNKNOWN && s->write) {/if (false) {/
