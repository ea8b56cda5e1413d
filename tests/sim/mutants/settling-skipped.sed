# host/engine/doubt.c
# a lost write is looked for at once
s|^    if (left <= 0 .. r->waited == s->seq) {|    if (true) {|
