# host/engine/step_http.c
# with a full disk a write is sent though the store still says that it did nothing
# narrow
/^static void equipped/,/^}/s/step_store_doubt(s, doubted);/{ s->run->clean_seq = 0; step_store_doubt(s, doubted); }/
