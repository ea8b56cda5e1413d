# host/engine/wait.c
# a wait counts as over when a run begins again because the disk was full
s/^    r->parked_at = 0; .*$//
