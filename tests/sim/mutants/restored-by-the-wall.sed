# host/engine/engine.c
# after a backup was put back, a clock that is set forward ends the looking first
# from 9000
s/return store_restored_for_ms(e->parts.store) + clock_mono_ms() - e->started_mono_ms;/return clock_wall_ms() - store_restored_ms(e->parts.store);/
