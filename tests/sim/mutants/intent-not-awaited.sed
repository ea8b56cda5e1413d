# host/engine/step.c
# the request leaves before its intent is on disk
s|^    store_intent(s->run->engine->parts.store, &st, on_intent, record_intent(s, stored));|&\n    s->recorded = true;\n    stored(s);|
