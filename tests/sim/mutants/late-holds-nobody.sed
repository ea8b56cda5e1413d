# host/engine/keys.c
# a key counts as known though what is ready was not read before what is late
# narrow
s/ && !(c->backlog.ready && c->backlog.late_first)//
