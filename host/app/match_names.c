/* `sauma match names`: pairs of company names compared. */
#include "match_names.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "lines.h"
#include "names.h"

#define COLUMNS_MAX 64

struct pairs {
    struct lines in;
    struct buf out;
    int a, b; /* columns of the names */
};

/* Field number `column` of a line of tab-separated values; STR_NONE if it has fewer. */
static struct str field(struct str line, int column)
{
    struct str rest = line, one = STR_NONE;
    for (int i = 0; i <= column; i++) {
        if (!rest.p)
            return STR_NONE;
        one = str_cut(rest, '\t', &rest);
    }
    return one;
}

static int column_of(struct str head, struct str name)
{
    for (int i = 0; i < COLUMNS_MAX; i++) {
        struct str one = field(head, i);
        if (!one.p)
            break;
        if (str_ieq(str_trim(one), str_trim(name)))
            return i;
    }
    return -1;
}

/* Reads the headings and finds the two columns; a status other than 0 after a message. */
static int read_head(struct pairs *p, const char *columns)
{
    struct str head, second, first = str_cut(str_of(columns), ',', &second);
    if (!lines_next(&p->in, &head))
        return command_fail(STATUS_NO, "the file of pairs is empty: its first line has headings");
    p->a = column_of(head, first);
    p->b = column_of(head, second);
    struct str missing = p->a < 0 ? first : second;
    if (p->a < 0 || p->b < 0)
        return command_fail(STATUS_USAGE,
            "the first line has no column '%.*s': name two with "
            "--columns A,B",
            STR_ARG(missing));
    return 0;
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

static void bad_line(struct buf *out, const char *problem)
{
    buf_adds(out, "{\"decision\":\"unsure\",\"score\":0,\"evidence\":[],\"error\":");
    json_put_cstring(out, problem);
    buf_addc(out, '}');
}

static void do_line(struct pairs *p, struct str line)
{
    struct str a = field(line, p->a), b = field(line, p->b);
    buf_clear(&p->out);
    if (!a.p || !b.p)
        bad_line(&p->out, "the line has too few columns");
    else if (p->in.cut)
        bad_line(&p->out, "the line is too long");
    else if (!str_utf8_valid(a) || !str_utf8_valid(b) || memchr(line.p, 0, line.n))
        bad_line(&p->out, "the line is not UTF-8 text");
    else if (!str_trim(a).n || !str_trim(b).n)
        bad_line(&p->out, "a name is empty");
    else
        compare(&p->out, a, b);
    buf_addc(&p->out, '\n');
    fwrite(p->out.p, 1, p->out.n, stdout);
}

int match_names_run(const struct conf *c)
{
    struct pairs p = {0};
    struct err e = {0};
    struct str line;
    const char *columns = conf_text(c, "columns");
    if (!conf_text(c, "pairs"))
        return command_fail(STATUS_USAGE, "match names needs --pairs FILE.tsv");
    if (lines_open(&p.in, conf_text(c, "pairs"), &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    buf_init(&p.out, BUF_MAX_DEFAULT);
    int status = read_head(&p, columns ? columns : "name_a,name_b");
    while (!status && lines_next(&p.in, &line))
        do_line(&p, line);
    if (!status && p.in.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    buf_free(&p.out);
    lines_close(&p.in);
    return status;
}
