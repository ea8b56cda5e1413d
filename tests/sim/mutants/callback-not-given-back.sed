# host/engine/run.c
# a run is held for ever
s/^    if (--r->refs == 0 && gone)/    if (--r->refs < 0 \&\& gone)/
