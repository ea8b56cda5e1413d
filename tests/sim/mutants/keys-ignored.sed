# host/engine/run.c
# runs of a key do not wait for each other
s/^    bool turn = key_turn(r);/    bool turn = true;/
