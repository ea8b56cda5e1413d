#include "sandbox_ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "id.h"
#include "json.h"
#include "mem.h"

#define CANARIES_MAX 64

struct entry {
    int64_t at_ms, mono_us, connection, nth;
    int status;
    const char *line;
    char hash[33];
    size_t size;
    char *sandbox, *method, *path, *query, *fault;
    char *done; /* JSON objects with commas between, or NULL */
    uint64_t canaries;
};

struct sandbox_ledger {
    struct entry *entries;
    int64_t n, cap;
    struct {
        char *name, *text;
    } canaries[CANARIES_MAX];
    int ncanaries;
};

struct sandbox_ledger *sandbox_ledger_new(void)
{
    return mem_zalloc(1, sizeof(struct sandbox_ledger));
}

static void forget_canaries(struct sandbox_ledger *l)
{
    for (int i = 0; i < l->ncanaries; i++) {
        mem_free(l->canaries[i].name);
        mem_free(l->canaries[i].text);
    }
    l->ncanaries = 0;
}

void sandbox_ledger_free(struct sandbox_ledger *l)
{
    if (!l)
        return;
    for (int64_t i = 0; i < l->n; i++) {
        struct entry *e = &l->entries[i];
        mem_free(e->sandbox);
        mem_free(e->method);
        mem_free(e->path);
        mem_free(e->query);
        mem_free(e->fault);
        mem_free(e->done);
    }
    forget_canaries(l);
    mem_free(l->entries);
    mem_free(l);
}

/* Which of the canaries s holds, as bits. */
static uint64_t heard(const struct sandbox_ledger *l, struct str s)
{
    uint64_t bits = 0;
    for (int i = 0; i < l->ncanaries && s.n; i++)
        if (memmem(s.p, s.n, l->canaries[i].text, strlen(l->canaries[i].text)))
            bits |= (uint64_t)1 << i;
    return bits;
}

static uint64_t heard_in(const struct sandbox_ledger *l, const struct http_in_request *q)
{
    uint64_t bits = heard(l, q->target) | heard(l, q->body);
    for (int i = 0; i < q->nheaders; i++)
        bits |= heard(l, q->headers[i].value);
    return bits;
}

int64_t sandbox_ledger_add(struct sandbox_ledger *l, const char *sandbox,
    const struct http_in_request *q, struct str path, const char *fault)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 256;
        l->entries = mem_realloc(l->entries, (size_t)l->cap * sizeof(*l->entries));
    }
    struct entry *e = &l->entries[l->n++];
    *e = (struct entry){
        .at_ms = clock_wall_ms(),
        .mono_us = clock_mono_us(),
        .connection = q->connection,
        .nth = q->nth,
        .line = "none",
        .size = q->body.n,
        .sandbox = mem_dup(sandbox),
        .method = mem_dup(q->method),
        .path = mem_dupn(path.p, path.n),
        .query = mem_dupn(q->query.n ? q->query.p : "", q->query.n),
        .fault = mem_dup(fault),
        .canaries = heard_in(l, q),
    };
    id_hash(e->hash, q->body.p, q->body.n);
    return l->n;
}

void sandbox_ledger_done(struct sandbox_ledger *l, int64_t n, int status, struct str effects)
{
    struct entry *e = &l->entries[n - 1];
    if (!effects.n)
        effects = STR_LIT("[]");
    char *all = mem_printf("%s%s{\"at_ms\":%" PRId64 ",\"mono_us\":%" PRId64
                           ",\"status\":%d,\"effects\":%.*s}",
        e->done ? e->done : "", e->done ? "," : "", clock_wall_ms(), clock_mono_us(), status,
        STR_ARG(effects));
    mem_free(e->done);
    e->done = all;
}

void sandbox_ledger_line(struct sandbox_ledger *l, int64_t n, int status, const char *line)
{
    l->entries[n - 1].status = status;
    l->entries[n - 1].line = line;
}

int sandbox_ledger_canaries(struct sandbox_ledger *l, struct str lines, struct err *e)
{
    forget_canaries(l);
    while (lines.n) {
        struct str rest, text;
        struct str line = str_trim(str_cut(lines, '\n', &rest));
        lines = rest;
        if (!line.n)
            continue;
        struct str name = str_cut(line, ' ', &text);
        if (!text.n || l->ncanaries == CANARIES_MAX)
            return err_set(e, ERR_INPUT, "write NAME TEXT, one a line, at most %d", CANARIES_MAX);
        l->canaries[l->ncanaries].name = mem_dupn(name.p, name.n);
        l->canaries[l->ncanaries++].text = mem_dupn(text.p, text.n);
    }
    return 0;
}

static void put_canaries(const struct sandbox_ledger *l, struct buf *b, uint64_t bits)
{
    bool first = true;
    buf_adds(b, "\"canaries\":[");
    for (int i = 0; i < l->ncanaries; i++) {
        if (!(bits >> i & 1))
            continue;
        if (!first)
            buf_addc(b, ',');
        first = false;
        json_put_cstring(b, l->canaries[i].name);
    }
    buf_addc(b, ']');
}

static void put_text(struct buf *b, const char *key, const char *value)
{
    buf_addf(b, "\"%s\":", key);
    json_put_cstring(b, value);
    buf_addc(b, ',');
}

static void put_entry(const struct sandbox_ledger *l, struct buf *b, int64_t n)
{
    const struct entry *e = &l->entries[n - 1];
    buf_addf(b,
        "{\"n\":%" PRId64 ",\"at_ms\":%" PRId64 ",\"mono_us\":%" PRId64 ",\"connection\":%" PRId64
        ",\"nth\":%" PRId64 ",\"size\":%zu,\"status\":%d,",
        n, e->at_ms, e->mono_us, e->connection, e->nth, e->size, e->status);
    put_text(b, "sandbox", e->sandbox);
    put_text(b, "method", e->method);
    put_text(b, "path", e->path);
    put_text(b, "query", e->query);
    put_text(b, "hash", e->hash);
    put_text(b, "fault", e->fault);
    put_text(b, "line", e->line);
    buf_addf(b, "\"done\":[%s],", e->done ? e->done : "");
    put_canaries(l, b, e->canaries);
    buf_adds(b, "}\n");
}

void sandbox_ledger_write(
    const struct sandbox_ledger *l, struct buf *b, int64_t from, const char *sandbox)
{
    for (int64_t n = from < 1 ? 1 : from; n <= l->n; n++)
        if (!sandbox || !strcmp(l->entries[n - 1].sandbox, sandbox))
            put_entry(l, b, n);
}
