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

static bool holds(struct str name, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= name.n; i++)
        if (str_ieq((struct str){name.p + i, n}, str_of(word)))
            return true;
    return false;
}

/* A text that is set to a name of what nobody else may read: `secret = "..."`. It should not stand
 * in the file at all, and does not go from there into logs and alerts. */
static bool tells_secret(struct str line)
{
    static const char *const words[] = {"secret", "password", "token", "key", "bearer", "basic",
        "user", "certificate", "authorization", "cookie"};
    for (size_t i = 0; i < line.n; i++) {
        size_t from = i, after = i + 1;
        while (after < line.n && strchr(" \t", line.p[after]))
            after++;
        if (line.p[i] != '=' || after == line.n || !strchr("\"'[", line.p[after]))
            continue;
        while (from > 0 && !strchr("{,;(", line.p[from - 1]))
            from--;
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            if (holds((struct str){line.p + from, i - from}, words[k]))
                return true;
    }
    return false;
}

void bundle_show_line(struct str bundle, struct err *e)
{
    struct str path = STR_NONE;
    long number = place_of(e->text, &path);
    struct jsondoc *d = number ? jsondoc_parse(bundle, NULL) : NULL;
    for (const struct jsonv *v = d ? jsondoc_root(d)->child : NULL; v; v = v->next) {
        struct str line = str_eq(v->key, path) ? line_of(v->text, number) : STR_NONE;
        size_t n = strlen(e->text);
        if (line.n && !tells_secret(line) && n + SHOWN_MAX + 8 < sizeof e->text)
            snprintf(e->text + n, sizeof e->text - n, "  | %.*s%s", (int)shown(line), line.p,
                shown(line) < line.n ? " ..." : "");
    }
    jsondoc_free(d);
}
