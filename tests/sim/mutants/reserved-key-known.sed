# host/engine/keys.c
# the runs of a key that had begun are taken for all that the store has of it
s/^    q->known = 0; .*$//
