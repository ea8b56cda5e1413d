# host/engine/keys.c
# the runs of a key that had begun are taken for all that the store has of it
# narrow
s/^    q->known = 0; .*$//
