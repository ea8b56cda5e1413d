# host/engine/order.c
# what is not a run's first turn is not asked how new its data is
s/r->order == ORDER_KEPT || /r->order == ORDER_KEPT || r->journal.n || r->reopened_ms || /
