# host/engine/doubt.c
# a lost write is looked for at once
s/^    if (until <= now || r->waited == s->seq) {/    if (true) {/
