/* Showing the line that an error is about. */
#include "bundle_line.h"

#include <stdio.h>
#include <string.h>
#include "jsondoc.h"

#define SHOWN_MAX 120 /* bytes of the line */

/* "company.lua:12: words": the path's bytes, and the number; 0: it names no line. */
static long place_of(const char *text, struct str *path)
{
    const char *colon = strchr(text, ':');
    long line = 0;
    if (!colon || memchr(text, ' ', (size_t)(colon - text)))
        return 0;
    *path = (struct str){text, (size_t)(colon - text)};
    for (const char *p = colon + 1; *p >= '0' && *p <= '9' && line < 10000000; p++)
        line = line * 10 + (*p - '0');
    return line;
}

static struct str line_of(struct str source, long number)
{
    struct str line = STR_NONE, rest = source;
    while (number-- > 0 && rest.p)
        line = str_cut(rest, '\n', &rest);
    return number < 0 ? str_trim(line) : STR_NONE;
}

/* Without half of a character at its end. */
static size_t shown(struct str line)
{
    size_t n = line.n < SHOWN_MAX ? line.n : SHOWN_MAX;
    while (n < line.n && n > 0 && ((unsigned char)line.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

void bundle_show_line(struct str bundle, struct err *e)
{
    struct str path = STR_NONE;
    long number = place_of(e->text, &path);
    struct jsondoc *d = number ? jsondoc_parse(bundle, NULL) : NULL;
    for (const struct jsonv *v = d ? jsondoc_root(d)->child : NULL; v; v = v->next) {
        struct str line = str_eq(v->key, path) ? line_of(v->text, number) : STR_NONE;
        size_t n = strlen(e->text);
        if (line.n && n + SHOWN_MAX + 8 < sizeof e->text)
            snprintf(e->text + n, sizeof e->text - n, "  | %.*s%s", (int)shown(line), line.p,
                shown(line) < line.n ? " ..." : "");
    }
    jsondoc_free(d);
}
