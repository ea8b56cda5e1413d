#include "upcoming.h"

#include "jsondoc.h"
#include "mem.h"
#include "recurrence.h"

static void put(struct buf *b, const char *key, const char *text)
{
    json_put_key(b, key);
    json_put_cstring(b, text);
}

void upcoming_put(struct buf *b, struct str row)
{
    struct jsondoc *d = jsondoc_parse(row, NULL);
    const struct jsonv *v = jsondoc_root(d);
    const char *company = jsonv_str(jsonv_get(v, "company"), "");
    const char *name = jsonv_str(jsonv_get(v, "schedule"), "");
    const char *when = jsonv_str(jsonv_get(v, "when"), "");
    int64_t slot = jsonv_int(jsonv_get(v, "slot"), 0);
    char last[RECURRENCE_TEXT] = "", next[RECURRENCE_TEXT] = "";
    struct recurrence r;
    char *phase = mem_printf("%s/%s", company, name);
    if (recurrence_parse(&r, when, phase, NULL) == 0) {
        recurrence_time(&r, slot, last);
        recurrence_time(&r, recurrence_next(&r, slot), next);
    }
    recurrence_free(&r);
    mem_free(phase);
    buf_addc(b, '{');
    put(b, "company", company);
    put(b, "schedule", name);
    put(b, "when", when);
    put(b, "last", last);
    put(b, "next", next);
    buf_addc(b, '}');
    jsondoc_free(d);
}
