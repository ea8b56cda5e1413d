# host/engine/doubt.c
# after a backup was put back, nothing is looked for first
s/bool doubtful = restored && now - restored < r->engine->set.search_first_ms;/bool doubtful = false \&\& (now || restored);/
