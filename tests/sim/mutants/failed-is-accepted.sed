# host/engine/ingest.c
# an event that was not stored is answered 202
s/^        refuse(e, g->fn, g->arg, 503, "the event could not be stored; send it again later");/        reply(g->fn, g->arg, 202, g->id, false);/
