/* Reading tables. */
#include "csv.h"

#include <string.h>

#include "charset.h"
#include "mem.h"

struct csv {
    char *text; /* UTF-8 */
    const char *p, *end;
    char separator;
    bool by_cr; /* a CR alone ends a line */
    bool keep_empty;
    int line;
    struct buf row;
    size_t at[CSV_FIELDS_MAX + 1];
    struct str fields[CSV_FIELDS_MAX];
};

/* ---- encoding -------------------------------------------------------------------------------- */

/* A text of many good UTF-8 characters and a bad byte here and there is UTF-8 with bad lines; one
 * of more bad bytes than good characters is none. */
static bool is_utf8(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    size_t good = 0, bad = 0;
    while (p < end) {
        if ((unsigned char)*p < 0x80) {
            p++;
            continue;
        }
        size_t n = str_utf8_step(p, end);
        good += n > 0;
        bad += n == 0;
        p += n ? n : 1;
    }
    return bad == 0 || good > bad;
}

/* ---- separator and ends of lines ---------------------------------------------------------------
 */

/* The one that the first row has most of, outside quotes. */
static char find_separator(const char *p, const char *end)
{
    static const char kinds[] = ",;\t|";
    int count[4] = {0}, best = 0;
    bool quoted = false;
    for (; p < end && (quoted || (*p != '\n' && *p != '\r')); p++) {
        if (*p == '"')
            quoted = !quoted;
        for (int i = 0; i < 4; i++)
            count[i] += !quoted && *p == kinds[i];
    }
    for (int i = 1; i < 4; i++)
        if (count[i] > count[best])
            best = i;
    return kinds[best];
}

/* The first row ends with a CR that no LF follows, as files of old Macintoshes do; elsewhere such a
 * one is a stray sign in a text. */
static bool ends_by_cr(const char *p, const char *end)
{
    bool quoted = false;
    for (; p < end && (quoted || *p != '\n'); p++) {
        if (*p == '"')
            quoted = !quoted;
        if (!quoted && *p == '\r')
            return p + 1 == end || p[1] != '\n';
    }
    return false;
}

/* "sep=;" in front of the headings, as some tell a spreadsheet. */
static void take_hint(struct csv *c)
{
    struct str rest = {c->p, (size_t)(c->end - c->p)};
    if (rest.n < 6 || memcmp(rest.p, "sep=", 4) != 0 || (rest.p[5] != '\n' && rest.p[5] != '\r'))
        return;
    c->separator = rest.p[4];
    c->p += rest.p[5] == '\r' && rest.n > 6 && rest.p[6] == '\n' ? 7 : 6;
    c->line++;
}

struct csv *csv_open(struct str bytes, struct err *e)
{
    size_t mark, n;
    enum charset charset = charset_of_mark(bytes, &mark);
    bytes.p += mark;
    bytes.n -= mark;
    if (bytes.n == 0) {
        err_set(e, ERR_INPUT, "it is empty");
        return NULL;
    }
    if (charset == CHARSET_UTF8 && !is_utf8(bytes))
        charset = CHARSET_CP1252;
    struct buf text;
    buf_init(&text, SIZE_MAX / 4);
    charset_decode(&text, charset, bytes);
    struct csv *c = mem_zalloc(1, sizeof(*c));
    c->text = buf_take(&text, &n);
    c->p = c->text;
    c->end = c->text + n;
    c->line = 1;
    c->separator = find_separator(c->p, c->end);
    c->by_cr = ends_by_cr(c->p, c->end);
    take_hint(c);
    buf_init(&c->row, CSV_ROW_MAX + 2);
    return c;
}

void csv_free(struct csv *c)
{
    if (!c)
        return;
    buf_free(&c->row);
    mem_free(c->text);
    mem_free(c);
}

void csv_keep_empty(struct csv *c)
{
    c->keep_empty = true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A line ends at p. */
static bool is_newline(const struct csv *c, const char *p)
{
    return *p == '\n' || (*p == '\r' && (c->by_cr || p + 1 == c->end || p[1] == '\n'));
}

/* Behind the end of a line that is at p. */
static const char *over_newline(const struct csv *c, const char *p)
{
    if (p < c->end && *p == '\r')
        p++;
    else if (p < c->end && *p == '\n')
        return p + 1;
    return p < c->end && *p == '\n' ? p + 1 : p;
}

static const char *line_end(const struct csv *c, const char *p)
{
    while (p < c->end && !is_newline(c, p))
        p++;
    return p;
}

/* A quoted field at p, which is behind its first quote; returns behind its last, or NULL if it is
 * never closed. */
static const char *read_quoted(struct csv *c, const char *p, int *lines)
{
    for (const char *s = p; s < c->end && (size_t)(s - p) < CSV_ROW_MAX; s++) {
        if (*s == '"') {
            if (s + 1 < c->end && s[1] == '"') {
                buf_addc(&c->row, '"');
                s++;
                continue;
            }
            return s + 1;
        }
        *lines += *s == '\n' || (*s == '\r' && c->by_cr && !(s + 1 < c->end && s[1] == '\n'));
        buf_addc(&c->row, *s);
    }
    return NULL;
}

/* Gives the row up: goes on with the next line of the file. */
static enum csv_row bad_row(struct csv *c, const char *start, const char **problem, const char *why)
{
    c->p = over_newline(c, line_end(c, start));
    c->line++;
    *problem = why;
    return CSV_BAD;
}

static bool is_clean(struct str s)
{
    return !memchr(s.p, 0, s.n) && str_utf8_valid(s);
}

static enum csv_row read_row(struct csv *c, int *n, const char **problem)
{
    const char *start = c->p, *p = start;
    int lines = 0;
    *n = 0;
    buf_clear(&c->row);
    for (;;) {
        if (*n == CSV_FIELDS_MAX)
            return bad_row(c, start, problem, "more than 256 fields");
        c->at[*n] = c->row.n;
        if (p < c->end && *p == '"') {
            p = read_quoted(c, p + 1, &lines);
            if (!p)
                return bad_row(c, start, problem, "a quote is opened and never closed");
            if (p < c->end && *p != c->separator && !is_newline(c, p))
                return bad_row(c, start, problem, "text behind a closing quote");
        } else {
            const char *s = p;
            while (p < c->end && *p != c->separator && !is_newline(c, p))
                p++;
            buf_add(&c->row, s, (size_t)(p - s));
        }
        c->at[++*n] = c->row.n;
        if (c->row.n > CSV_ROW_MAX || c->row.failed)
            return bad_row(c, start, problem, "longer than 1 MB");
        if (p == c->end || is_newline(c, p))
            break;
        p++;
    }
    c->p = over_newline(c, p);
    c->line += lines + 1;
    return CSV_ROW;
}

enum csv_row csv_next(
    struct csv *c, const struct str **fields, int *n, int *line, const char **problem)
{
    *fields = c->fields;
    *problem = NULL;
    while (!c->keep_empty && c->p < c->end && is_newline(c, c->p)) {
        c->p = over_newline(c, c->p);
        c->line++;
    }
    *line = c->line;
    if (c->p >= c->end)
        return CSV_END;
    enum csv_row r = read_row(c, n, problem);
    if (r != CSV_ROW)
        return r;
    for (int i = 0; i < *n; i++) {
        c->fields[i] = (struct str){c->row.p ? c->row.p + c->at[i] : "", c->at[i + 1] - c->at[i]};
        if (!is_clean(c->fields[i])) {
            *problem = memchr(c->fields[i].p, 0, c->fields[i].n) ? "a NUL byte" : "not valid UTF-8";
            return CSV_BAD;
        }
    }
    return CSV_ROW;
}
