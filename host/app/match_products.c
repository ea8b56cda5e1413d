/* `sauma match products`: a table of products against a catalogue. */
#include "match_products.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "decision.h"
#include "json.h"
#include "map.h"
#include "match_gold.h"
#include "match_table.h"
#include "mem.h"
#include "progress.h"

struct answer {
    char *query; /* its id; NULL: a bad line */
    char *error;
    struct decision_result result;
};

struct job {
    struct catalog *catalog;
    struct map *without;
    struct match_gold *gold;
    struct decision_options options;
    bool explain, one_to_one;
    struct answer *answers; /* with one_to_one: all of them, until the end */
    size_t n, cap;
    struct buf line;
};

/* ---- the catalogue --------------------------------------------------------------------------- */

static int read_without(struct job *j, const char *path, struct err *e)
{
    size_t n;
    if (!path)
        return 0;
    char *bytes = table_read_file(path, &n, e);
    if (!bytes)
        return -1;
    struct str rest = {bytes, n};
    while (rest.n > 0) {
        struct str id = str_trim(str_cut(rest, '\n', &rest));
        if (id.n > 0)
            map_set(j->without, id, j);
    }
    mem_free(bytes);
    return 0;
}

static void tell_unread(const struct match_table *t)
{
    if (t->unread == 1)
        command_fail(0, "%s, line %d: '%s' is no price, and took no part", t->table.path,
            t->unread_line, t->unread_price);
    else if (t->unread > 1)
        command_fail(0, "%s: %d prices cannot be read and took no part, the first '%s' on line %d",
            t->table.path, t->unread, t->unread_price, t->unread_line);
}

static int read_catalog(struct job *j, const struct conf *c, struct err *e)
{
    struct match_table t;
    struct catalog_record r;
    const char *problem;
    const char *path = conf_text(c, "catalog");
    int line, rc = -1;
    struct progress p;
    enum csv_row row;
    if (match_table_open(&t, path, conf_text(c, "columns"), false, e) < 0)
        goto out;
    progress_begin(&p, "catalogue");
    while ((row = match_table_next(&t, &r, &line, &problem)) != CSV_END) {
        struct err why = {0};
        progress_step(&p);
        if (row == CSV_ROW && map_get(j->without, r.id))
            continue;
        if (row == CSV_ROW && catalog_has(j->catalog, r.id))
            err_set(&why, ERR_CONFLICT, "id %.*s came before; the first is kept", STR_ARG(r.id));
        else if (row == CSV_BAD)
            err_set(&why, ERR_INPUT, "%s", problem);
        else
            catalog_put(j->catalog, &r, &why);
        if (why.code)
            command_fail(0, "%s, line %d: %s; it is left out", path, line, why.text);
    }
    progress_end(&p);
    tell_unread(&t);
    rc = 0;
out:
    match_table_close(&t);
    return rc;
}

/* ---- the queries ----------------------------------------------------------------------------- */

static void print_answer(struct job *j, const struct answer *a)
{
    struct buf *b = &j->line;
    buf_clear(b);
    buf_adds(b, "{\"query\":");
    json_put_cstring(b, a->query);
    if (a->error) {
        buf_adds(b, ",\"error\":");
        json_put_cstring(b, a->error);
    } else {
        buf_addc(b, ',');
        decision_put_json(b, &a->result, j->explain);
    }
    buf_adds(b, "}\n");
    fwrite(b->p, 1, b->n, stdout);
    if (j->gold && !a->error)
        match_gold_count(j->gold, str_of(a->query), &a->result);
}

static void take_answer(struct job *j, struct answer *a)
{
    if (!j->one_to_one) {
        print_answer(j, a);
        mem_free(a->query);
        mem_free(a->error);
        return;
    }
    if (j->n == j->cap) {
        j->cap = j->cap ? j->cap * 2 : 64;
        j->answers = mem_realloc(j->answers, j->cap * sizeof(*j->answers));
    }
    j->answers[j->n++] = *a;
}

/* The answers were held back until all are there. */
static void settle(struct job *j)
{
    struct decision_result *results = mem_zalloc(j->n + 1, sizeof(*results));
    for (size_t i = 0; i < j->n; i++)
        results[i] = j->answers[i].result;
    decision_one_to_one(results, j->n);
    for (size_t i = 0; i < j->n; i++) {
        j->answers[i].result = results[i];
        print_answer(j, &j->answers[i]);
        mem_free(j->answers[i].query);
        mem_free(j->answers[i].error);
    }
    mem_free(results);
}

static int answer_queries(struct job *j, const struct conf *c, struct err *e)
{
    const char *own = conf_text(c, "query-columns");
    const char *columns = own ? own : conf_text(c, "columns");
    struct match_table t;
    struct catalog_record r;
    const char *problem;
    int line, rc = -1;
    size_t bad = 0;
    struct progress p;
    enum csv_row row;
    if (match_table_open(&t, conf_text(c, "queries"), columns, own == NULL, e) < 0)
        goto out;
    progress_begin(&p, "queries");
    while ((row = match_table_next(&t, &r, &line, &problem)) != CSV_END) {
        struct err why = {0};
        struct answer a = {0};
        if (row == CSV_BAD)
            err_set(&why, ERR_INPUT, "%s", problem);
        else if (decision_find(j->catalog, &r, &j->options, &a.result, &why) < 0)
            row = CSV_BAD;
        a.query = r.id.n > 0 ? mem_dupn(r.id.p, r.id.n) : NULL;
        bad += row == CSV_BAD;
        if (row == CSV_BAD)
            a.error = mem_printf("line %d: %s", line, why.text);
        take_answer(j, &a);
        progress_step(&p);
    }
    progress_end(&p);
    if (j->one_to_one)
        settle(j);
    tell_unread(&t);
    table_tell_bad(&t.table, bad);
    rc = 0;
out:
    match_table_close(&t);
    return rc;
}

/* ---- options --------------------------------------------------------------------------------- */

/* "number,variant" as conflicts. */
static int read_conflicts(const char *text, uint32_t *out, struct err *e)
{
    struct str rest = str_of(text);
    while (rest.n > 0) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        uint32_t conflict = evidence_conflict_of(name);
        if (!conflict)
            return err_set(e, ERR_USAGE,
                "--no-veto %.*s: conflicts are model code, quantity, size, number, variant, mark, "
                "brand, price, gtin, period",
                STR_ARG(name));
        *out |= conflict;
    }
    return 0;
}

static int run(struct job *j, const struct conf *c, struct err *e)
{
    const char *gold = conf_text(c, "gold"), *no_veto = conf_text(c, "no-veto");
    j->explain = conf_flag(c, "explain");
    j->one_to_one = conf_flag(c, "one-to-one");
    j->options.cover = (int)conf_int(c, "cover");
    if (no_veto && read_conflicts(no_veto, &j->options.no_veto, e) < 0)
        return -1;
    if (read_without(j, conf_text(c, "without"), e) < 0 || read_catalog(j, c, e) < 0)
        return -1;
    if (gold && !(j->gold = match_gold_open(gold, j->catalog, e)))
        return -1;
    if (answer_queries(j, c, e) < 0)
        return -1;
    if (j->gold) {
        buf_clear(&j->line);
        buf_adds(&j->line, "{\"summary\":");
        match_gold_put_json(&j->line, j->gold);
        buf_adds(&j->line, "}\n");
        fwrite(j->line.p, 1, j->line.n, stdout);
    }
    return 0;
}

int match_products_run(const struct conf *c)
{
    struct err e = {0};
    struct job j = {.catalog = catalog_new(), .without = map_new()};
    buf_init(&j.line, BUF_MAX_DEFAULT);
    int status = STATUS_OK;
    if (!conf_text(c, "catalog") || !conf_text(c, "queries"))
        status = command_fail(
            STATUS_USAGE, "match products needs --catalog FILE.csv and --queries FILE.csv");
    else if (run(&j, c, &e) < 0)
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
    else if (fflush(stdout) != 0 || ferror(stdout))
        status = command_fail(STATUS_OUTSIDE, "cannot write the answers");
    match_gold_free(j.gold);
    catalog_free(j.catalog);
    map_free(j.without);
    buf_free(&j.line);
    mem_free(j.answers);
    return status;
}
