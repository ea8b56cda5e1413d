/* Reading TZif (RFC 8536), and what a clock shows when. */
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "mem.h"
#include "zone_rule.h"

#define ZONES      "/usr/share/zoneinfo"
#define FILE_BYTES 65536
#define HEADER     44
/* No place was ever farther from Greenwich (RFC 8536 3.2 allows no more). */
#define OFFSET_MAX (26 * 3600)

struct zone {
    int n;            /* changes */
    int64_t *at;      /* when */
    int32_t *offset;  /* and from then on, seconds */
    int32_t at_first; /* before the first */
    bool ruled;       /* after the last: by rule */
    struct zone_rule rule;
};

void zone_free(struct zone *z)
{
    if (!z)
        return;
    mem_free(z->at);
    mem_free(z->offset);
    mem_free(z);
}

/* ---- the file ---- */

static uint32_t big32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t big64(const char *p)
{
    return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

struct counts {
    char version;
    uint32_t utc, std, leap, time, type, text;
};

static bool read_header(struct str s, struct counts *c)
{
    if (s.n < HEADER || memcmp(s.p, "TZif", 4) != 0)
        return false;
    *c = (struct counts){s.p[4], big32(s.p + 20), big32(s.p + 24), big32(s.p + 28), big32(s.p + 32),
        big32(s.p + 36), big32(s.p + 40)};
    const uint32_t max = FILE_BYTES;
    return c->utc <= max && c->std <= max && c->leap <= max && c->time <= max && c->text <= max &&
           c->type >= 1 && c->type <= 256;
}

/* Bytes of the data behind a header, whose times have so many bytes. */
static size_t data_size(const struct counts *c, size_t wide)
{
    return (size_t)c->time * (wide + 1) + (size_t)c->type * 6 + c->text +
           (size_t)c->leap * (wide + 4) + c->std + c->utc;
}

static bool read_data(struct zone *z, const struct counts *c, size_t wide, const char *p)
{
    const char *which = p + (size_t)c->time * wide, *types = which + c->time;
    z->n = (int)c->time;
    z->at = mem_zalloc(c->time, sizeof *z->at);
    z->offset = mem_zalloc(c->time, sizeof *z->offset);
    z->at_first = (int32_t)big32(types);
    for (uint32_t i = 0; i < c->type; i++) {
        int32_t offset = (int32_t)big32(types + (size_t)i * 6);
        if (offset <= -OFFSET_MAX || offset >= OFFSET_MAX)
            return false;
    }
    for (uint32_t i = 0; i < c->time; i++) {
        unsigned type = (unsigned char)which[i];
        z->at[i] = wide == 8 ? big64(p + (size_t)i * 8) : (int32_t)big32(p + (size_t)i * 4);
        if (type >= c->type || (i && z->at[i] <= z->at[i - 1]))
            return false;
        z->offset[i] = (int32_t)big32(types + (size_t)type * 6);
    }
    return true;
}

/* "\nEET-2EEST,...\n"; none is a zone of which nothing is known after its last change. */
static bool read_rule(struct zone *z, struct str s)
{
    if (s.n < 2 || s.p[0] != '\n')
        return false;
    const char *end = memchr(s.p + 1, '\n', s.n - 1);
    if (!end)
        return false;
    struct str text = {s.p + 1, (size_t)(end - s.p - 1)};
    z->ruled = text.n > 0;
    return text.n == 0 || zone_rule_parse(text, &z->rule);
}

static bool parse(struct zone *z, struct str s)
{
    struct counts c;
    if (!read_header(s, &c) || s.n - HEADER < data_size(&c, 4))
        return false;
    if (c.version == '\0')
        return c.leap == 0 && read_data(z, &c, 4, s.p + HEADER);
    size_t skip = HEADER + data_size(&c, 4);
    s = (struct str){s.p + skip, s.n - skip};
    if (!read_header(s, &c) || s.n - HEADER < data_size(&c, 8))
        return false;
    size_t size = data_size(&c, 8);
    /* Zones that count leap seconds are not what computers use as time. */
    return c.leap == 0 && read_data(z, &c, 8, s.p + HEADER) &&
           read_rule(z, (struct str){s.p + HEADER + size, s.n - HEADER - size});
}

struct zone *zone_parse(struct str bytes, struct err *e)
{
    struct zone *z = mem_zalloc(1, sizeof *z);
    if (parse(z, bytes))
        return z;
    zone_free(z);
    err_set(e, ERR_INPUT, "this is not the data of a time zone (TZif, without leap seconds)");
    return NULL;
}

bool zone_name_ok(struct str name)
{
    if (name.n == 0 || name.n > 64 || name.p[0] == '/' || name.p[name.n - 1] == '/' ||
        str_starts(name, "posix/") || str_starts(name, "right/"))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c != '_' && c != '+' && c != '-' && (c != '/' || name.p[i - 1] == '/'))
            return false;
    }
    return true;
}

/* The name nearest to it of those that tzdata.zi lists ("Z Name ...", "L Target Name"). */
static void nearest(const char *dir, const char *name, char out[80])
{
    char *path = mem_printf("%s/tzdata.zi", dir), line[512];
    FILE *f = fopen(path, "re");
    int best = (int)strlen(name) / 3 + 1;
    mem_free(path);
    out[0] = '\0';
    while (f && fgets(line, sizeof line, f)) {
        struct str rest, word, text = str_trim(str_of(line));
        bool link = str_starts(text, "L ");
        if (!link && !str_starts(text, "Z "))
            continue;
        str_cut(text, ' ', &rest);
        word = str_cut(rest, ' ', &rest);
        if (link)
            word = rest;
        int d = str_distance(str_of(name), word);
        if (d >= best)
            continue;
        best = d;
        snprintf(out, 80, " (did you mean \"%.*s\"?)", word.n > 50 ? 50 : (int)word.n, word.p);
    }
    if (f)
        fclose(f);
}

static void unknown(const char *dir, const char *name, struct err *e)
{
    char near[80], *path = mem_printf("%s/UTC", dir);
    FILE *utc = fopen(path, "re");
    mem_free(path);
    nearest(dir, name, near);
    if (utc)
        err_set(e, ERR_NOT_FOUND, "time zone \"%.64s\" is not known%s", name, near);
    else
        err_set(e, ERR_IO, "there are no time zones in %s: install tzdata", dir);
    if (utc)
        fclose(utc);
}

struct zone *zone_open(const char *name, struct err *e)
{
    const char *dir = getenv("TZDIR");
    if (!dir || !*dir)
        dir = ZONES;
    struct str given = str_of(name);
    char *path = zone_name_ok(given) ? mem_printf("%s/%s", dir, name) : NULL;
    FILE *f = path ? fopen(path, "re") : NULL;
    mem_free(path);
    if (!f) {
        unknown(dir, name ? name : "", e);
        return NULL;
    }
    char *bytes = mem_alloc(FILE_BYTES);
    size_t n = fread(bytes, 1, FILE_BYTES, f);
    fclose(f);
    struct zone *z = zone_parse((struct str){bytes, n}, e);
    mem_free(bytes);
    if (!z)
        unknown(dir, name, e);
    return z;
}

/* ---- what clocks show ---- */

static void span_at(const struct zone *z, int64_t at, struct zone_span *out)
{
    int low = 0, high = z->n; /* changes up to `at` */
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (z->at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->n && z->ruled) {
        zone_rule_span(&z->rule, at, out);
        if (z->n && out->from < z->at[z->n - 1])
            out->from = z->at[z->n - 1];
        return;
    }
    out->from = low ? z->at[low - 1] : INT64_MIN;
    out->until = low < z->n ? z->at[low] : INT64_MAX;
    out->offset = low ? z->offset[low - 1] : z->at_first;
}

int64_t zone_offset(const struct zone *z, int64_t at)
{
    struct zone_span span;
    span_at(z, at, &span);
    return span.offset;
}

int64_t zone_instant(const struct zone *z, int64_t local)
{
    struct zone_span span;
    span_at(z, local - OFFSET_MAX, &span);
    for (;;) {
        int64_t at = local - span.offset;
        if (at < span.from) /* the clocks were turned past it */
            return span.from;
        if (at < span.until)
            return at;
        span_at(z, span.until, &span);
    }
}
