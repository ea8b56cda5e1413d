# host/engine/wait.c
# a parked run is not woken
s/^    arm(r, until_ms - clock_wall_ms());//
