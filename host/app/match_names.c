/* `sauma match names`: pairs of company names compared. */
#include "match_names.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "names.h"
#include "progress.h"
#include "table.h"

/* The columns of the two names, "A,B": a heading may have commas of its own. */
static int find_columns(const struct table *t, const char *columns, int at[2], struct err *e)
{
    struct str all = str_of(columns);
    for (size_t i = 0; i < all.n; i++) {
        struct str a = {all.p, i}, b = {all.p + i + 1, all.n - i - 1};
        if (all.p[i] != ',' || table_find(t, a) < 0 || table_find(t, b) < 0)
            continue;
        at[0] = table_column(t, a, e);
        at[1] = at[0] < 0 ? -1 : table_column(t, b, e);
        return at[1] < 0 ? -1 : 0;
    }
    struct str second, first = str_cut(all, ',', &second);
    if (!second.p)
        return err_set(e, ERR_USAGE, "--columns %s: name two headings, A,B", columns);
    return table_column(t, table_find(t, first) < 0 ? first : second, e) < 0 ? -1 : 0;
}

static void put_note(struct buf *out, const struct names_note *n)
{
    buf_adds(out, "{\"kind\":");
    json_put_cstring(out, names_note_name(n->kind));
    json_put_key(out, "a");
    json_put_cstring(out, n->a);
    json_put_key(out, "b");
    json_put_cstring(out, n->b);
    json_put_key(out, "weight");
    buf_addf(out, "%.2f}", n->weight);
}

static void compare(struct buf *out, struct str a, struct str b)
{
    struct names_evidence e;
    enum names_match m = names_explain(a, b, &e);
    buf_adds(out, "{\"decision\":");
    json_put_cstring(out, names_decision(m));
    json_put_key(out, "score");
    buf_addf(out, "%.2f", e.score);
    json_put_key(out, "evidence");
    buf_addc(out, '[');
    for (int i = 0; i < e.count; i++) {
        if (i)
            buf_addc(out, ',');
        put_note(out, &e.note[i]);
    }
    buf_adds(out, "]}");
}

static void put_error(struct buf *out, int line, const char *problem)
{
    char text[256];
    snprintf(text, sizeof(text), "line %d: %s", line, problem);
    buf_adds(out, "{\"decision\":\"unsure\",\"score\":0,\"evidence\":[],\"error\":");
    json_put_cstring(out, text);
    buf_addc(out, '}');
}

/* An answer for each row, in its place. Returns how many could not be used. */
static size_t answer_rows(struct table *t, const int at[2], struct buf *out)
{
    const struct str *fields;
    const char *problem;
    struct progress p;
    enum csv_row row;
    size_t bad = 0;
    int line;
    progress_begin(&p, "pairs");
    csv_keep_empty(t->csv);
    while ((row = table_next_with(t, at, 2, &fields, &line, &problem)) != CSV_END) {
        buf_clear(out);
        struct str a = row == CSV_ROW ? table_cell(fields[at[0]]) : STR_NONE;
        struct str b = row == CSV_ROW ? table_cell(fields[at[1]]) : STR_NONE;
        if (row == CSV_ROW && (a.n == 0 || b.n == 0))
            problem = "a name is empty";
        if (problem)
            put_error(out, line, problem);
        else
            compare(out, a, b);
        bad += problem != NULL;
        buf_addc(out, '\n');
        fwrite(out->p, 1, out->n, stdout);
        progress_step(&p);
    }
    progress_end(&p);
    return bad;
}

int match_names_run(const struct conf *c)
{
    struct table t;
    struct err e = {0};
    struct buf out;
    int at[2], status = STATUS_OK;
    const char *pairs = conf_text(c, "pairs"), *columns = conf_text(c, "columns");
    if (!pairs)
        return command_fail(STATUS_USAGE, "match names needs --pairs FILE");
    buf_init(&out, BUF_MAX_DEFAULT);
    if (table_open(&t, pairs, &e) < 0 ||
        find_columns(&t, columns ? columns : "name_a,name_b", at, &e) < 0) {
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
    } else {
        table_tell_bad(&t, answer_rows(&t, at, &out));
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        status = command_fail(STATUS_OUTSIDE, "cannot write the answers");
    buf_free(&out);
    table_close(&t);
    return status;
}
