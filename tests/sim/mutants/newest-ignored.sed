# host/engine/order.c
# an older update is worked with as if nothing newer had been begun
s/} else if (value) {/} else if (value \&\& r->ending) {/
