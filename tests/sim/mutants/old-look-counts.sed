# host/engine/step_http.c
# a write that could not be sent for long is sent on the look of before
/^    if (step_write_put_off(s))$/,/return;/d
