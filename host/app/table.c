/* Tables with headings. */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fold.h"
#include "mem.h"

static bool is_standard_input(const char *path)
{
    return !path || !strcmp(path, "-");
}

char *table_read_file(const char *path, size_t *n, struct err *e)
{
    const char *name = is_standard_input(path) ? "standard input" : path;
    FILE *f = is_standard_input(path) ? stdin : fopen(path, "rb");
    if (!f) {
        err_set(e, ERR_IO, "%s: %s", name, strerror(errno));
        return NULL;
    }
    struct buf b;
    buf_init(&b, (size_t)4 << 30);
    char *room;
    size_t got;
    do {
        room = buf_room(&b, 1 << 16);
        got = room ? fread(room, 1, 1 << 16, f) : 0;
        b.n += got;
    } while (got > 0);
    if (ferror(f) || b.failed)
        err_set(e, ERR_IO, "%s: %s", name, b.failed ? "larger than 4 GB" : strerror(errno));
    bool failed = ferror(f) || b.failed;
    if (f != stdin)
        fclose(f);
    if (failed) {
        buf_free(&b);
        return NULL;
    }
    return buf_take(&b, n);
}

/* ---- headings -------------------------------------------------------------------------------- */

static char *folded(struct str s)
{
    struct buf b;
    buf_init(&b, CSV_ROW_MAX * 4);
    fold_text(&b, s, FOLD_PLAIN);
    return buf_take(&b, NULL);
}

/* The first column at or behind `from`. */
static int find_from(const struct table *t, int from, struct str heading)
{
    char *wanted = folded(heading);
    int found = -1;
    for (int i = from; i < t->columns && found < 0; i++) {
        char *h = folded(t->heading[i]);
        if (!strcmp(h, wanted))
            found = i;
        mem_free(h);
    }
    mem_free(wanted);
    return found;
}

int table_find(const struct table *t, struct str heading)
{
    return find_from(t, 0, heading);
}

bool table_is_twice(const struct table *t, int column)
{
    int first = find_from(t, 0, t->heading[column]);
    return first != column || find_from(t, column + 1, t->heading[column]) >= 0;
}

void table_put_headings(struct buf *out, const struct table *t)
{
    size_t begin = out->n;
    int i;
    for (i = 0; i < t->columns && out->n < begin + 300; i++) {
        struct str s = t->heading[i];
        if (s.n > 60)
            for (s.n = 60; s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80;)
                s.n--;
        buf_addf(out, "%s'%.*s'", i ? ", " : "", STR_ARG(s));
    }
    if (i < t->columns)
        buf_adds(out, " ...");
}

int table_column(const struct table *t, struct str heading, struct err *e)
{
    struct buf b;
    int at = table_find(t, heading);
    if (at >= 0 && !table_is_twice(t, at))
        return at;
    if (at >= 0)
        return err_set(e, ERR_USAGE,
            "%s: two columns have the heading '%.*s': rename the one that is not meant", t->path,
            STR_ARG(t->heading[at]));
    buf_init(&b, 1024);
    table_put_headings(&b, t);
    err_set(e, ERR_USAGE, "%s: there is no column '%.*s'; the headings of its first line are %.*s",
        t->path, STR_ARG(heading), STR_ARG(buf_str(&b)));
    buf_free(&b);
    return -1;
}

static void keep_headings(struct table *t, const struct str *fields, int n)
{
    t->columns = n;
    t->heading = mem_zalloc((size_t)n, sizeof(*t->heading));
    for (int i = 0; i < n; i++) {
        struct str s = str_trim(fields[i]);
        t->heading[i] = (struct str){mem_dupn(s.p, s.n), s.n};
    }
}

int table_open(struct table *t, const char *path, struct err *e)
{
    const struct str *fields;
    const char *problem;
    int n, line;
    size_t size = 0;
    memset(t, 0, sizeof(*t));
    t->path = mem_dup(is_standard_input(path) ? "standard input" : path);
    t->bytes = table_read_file(path, &size, e);
    if (!t->bytes)
        return -1;
    t->csv = csv_open((struct str){t->bytes, size}, e);
    if (!t->csv)
        return err_set(
            e, ERR_USAGE, "%s: it is empty: the first line of a table has its headings", t->path);
    enum csv_row row = csv_next(t->csv, &fields, &n, &line, &problem);
    if (row != CSV_ROW)
        return err_set(e, ERR_USAGE, "%s, line %d: the first line has no headings%s%s", t->path,
            line, row == CSV_BAD ? ": " : "", row == CSV_BAD ? problem : "");
    keep_headings(t, fields, n);
    return 0;
}

void table_close(struct table *t)
{
    for (int i = 0; i < t->columns; i++)
        mem_free((char *)t->heading[i].p);
    mem_free(t->heading);
    csv_free(t->csv);
    mem_free(t->bytes);
    mem_free(t->path);
    memset(t, 0, sizeof(*t));
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum csv_row table_next(
    struct table *t, const struct str **fields, int *n, int *line, const char **problem)
{
    enum csv_row row = csv_next(t->csv, fields, n, line, problem);
    if (row == CSV_END)
        return row;
    t->rows++;
    if (row == CSV_BAD) {
        *n = 0;
        return row;
    }
    int used = *n;
    while (used > t->columns && str_trim((*fields)[used - 1]).n == 0)
        used--;
    if (used <= t->columns)
        return row;
    /* The fields behind it are not what their headings say. */
    *problem =
        "it has more fields than there are headings: a text with the separator in it needs quotes";
    return CSV_BAD;
}

enum csv_row table_next_with(struct table *t, const int *column, int count,
    const struct str **fields, int *line, const char **problem)
{
    int n;
    enum csv_row row = table_next(t, fields, &n, line, problem);
    for (int i = 0; row == CSV_ROW && i < count; i++) {
        if (column[i] < n)
            continue;
        snprintf(t->problem, sizeof(t->problem),
            "it has %d field%s, and column %d is wanted: separators are missing", n,
            n == 1 ? "" : "s", column[i] + 1);
        *problem = t->problem;
        row = CSV_BAD;
    }
    return row;
}

void table_tell_bad(const struct table *t, size_t bad)
{
    if (bad > 0)
        command_fail(0,
            "%s: %zu of %d lines cannot be used; \"error\" says why in the answer of each", t->path,
            bad, t->rows);
}

struct str table_cell(struct str s)
{
    s = str_trim(s);
    if (s.n >= 3 && s.p[0] == '=' && s.p[1] == '"' && s.p[s.n - 1] == '"')
        return str_trim((struct str){s.p + 2, s.n - 3});
    if (s.n >= 2 && s.p[0] == '\'' && s.p[1] >= '0' && s.p[1] <= '9' &&
        !memchr(s.p + 1, '\'', s.n - 1))
        return (struct str){s.p + 1, s.n - 1};
    return s;
}
