# host/engine/backlog.c
# nobody waits for what a full disk left unrouted before the host died
# from 29000
s/^    b->late_until = s->late_until;/    b->late_until = 0;/
