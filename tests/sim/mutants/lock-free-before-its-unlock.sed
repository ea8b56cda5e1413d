# host/engine/step.c
# a lock passes on while the step that drops it is on its way to the disk
s/^        lock_leave(s->run, lock_name(s->doc), s->seq);/        lock_drop(s->run, lock_name(s->doc));/
