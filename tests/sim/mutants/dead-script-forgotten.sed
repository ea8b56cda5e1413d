# host/engine/run.c
# a run whose script process died is not begun again
s/^    run_again(r, 0);$//
