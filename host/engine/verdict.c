#include "verdict.h"

#include <string.h>
#include "jsondoc.h"
#include "mem.h"

char *verdict_words(struct str json)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *message = jsonv_str(jsonv_get(root, "message"), NULL);
    const char *where = jsonv_str(jsonv_get(root, "where"), "");
    if (!message)
        message = jsonv_str(jsonv_get(root, "reason"), "no reason was given");
    bool placed = !where[0] || strncmp(message, where, strlen(where)) == 0;
    char *words = mem_printf("%s%s%s", placed ? "" : where, placed ? "" : ": ", message);
    jsondoc_free(d);
    return words;
}
