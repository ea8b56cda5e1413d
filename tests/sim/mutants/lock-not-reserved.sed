# host/engine/backlog.c
# a lock does not outlive the host
s/^        lock_reserve(c, b->locks\[i\], b->run);/        ;/
