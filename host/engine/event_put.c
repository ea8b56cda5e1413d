#include "event_put.h"

#include "clock.h"
#include "json.h"

void event_put(struct buf *b, const struct store_event *ev)
{
    char received[CLOCK_TEXT];
    clock_format(ev->received_ms, received);
    buf_adds(b, "\"event\":{\"connection\":");
    json_put_cstring(b, ev->connection);
    buf_adds(b, ",\"delivery\":");
    json_put_cstring(b, ev->delivery);
    buf_adds(b, ",\"id\":");
    json_put_cstring(b, ev->id);
    buf_addf(b, ",\"received_at\":\"%s\",\"type\":", received);
    json_put_cstring(b, ev->type);
    buf_addc(b, '}');
}
