# host/engine/backlog.c
# nobody waits for what a full disk left unrouted before the host died
# narrow
s/^    b->late_until = s->late_until;/    b->late_until = 0;/
