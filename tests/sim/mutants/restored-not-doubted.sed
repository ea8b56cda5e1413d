# host/engine/doubt.c
# after a backup was put back, nothing is looked for first
s/bool doubtful = engine_since_restored/bool doubtful = false \&\& engine_since_restored/
