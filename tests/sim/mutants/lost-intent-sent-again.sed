# host/engine/step_http.c
# an intent without an answer, of a host that died, is sent again without a look
s/^        step_write_lost(s);/        step_http_attempt(s);/
