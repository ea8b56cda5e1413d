# host/engine/run.c
# a lock passes on while its run's end is on its way to the disk
s/^    lock_stop_waiting(r); .*$/    lock_drop_all(r);/
