/* `sauma match names`: pairs of company names compared. */
#include "match_names.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "lines.h"
#include "names.h"

#define COLUMNS_MAX 64

struct pairs {
    struct lines in;
    struct buf out;
    char separator;
    bool progress;
    size_t n;
    int a, b; /* columns of the names */
    struct buf room[2];
};

/* The sign that the headings have most of; a tab before all others. */
static char separator_of(struct str head)
{
    static const char kinds[] = ";,|";
    size_t count[3] = {0}, best = 0;
    for (size_t i = 0; i < head.n; i++) {
        if (head.p[i] == '\t')
            return '\t';
        for (size_t k = 0; k < 3; k++)
            count[k] += head.p[i] == kinds[k];
    }
    for (size_t k = 1; k < 3; k++)
        if (count[k] > count[best])
            best = k;
    return count[best] ? kinds[best] : '\t';
}

/* A quoted field at *rest, without its quotes, into room. */
static struct str quoted(struct str *rest, char separator, struct buf *room)
{
    const char *p = rest->p + 1, *end = rest->p + rest->n;
    buf_clear(room);
    for (; p < end; p++) {
        if (*p == '"' && (p + 1 == end || *++p != '"'))
            break;
        buf_addc(room, *p);
    }
    str_cut((struct str){p, (size_t)(end - p)}, separator, rest);
    return room->p ? buf_str(room) : STR_LIT("");
}

/* Field number `column` of a line; STR_NONE if it has fewer. Between tabs quotes are part of the
 * text; else a field may stand in quotes, and its bytes are in room. */
static struct str field(struct str line, char separator, int column, struct buf *room)
{
    struct str rest = line, one = STR_NONE;
    for (int i = 0; i <= column; i++) {
        if (!rest.p)
            return STR_NONE;
        if (separator != '\t' && rest.n > 0 && *rest.p == '"')
            one = quoted(&rest, separator, room);
        else
            one = str_cut(rest, separator, &rest);
    }
    return one;
}

static int column_of(struct pairs *p, struct str head, struct str name)
{
    for (int i = 0; i < COLUMNS_MAX; i++) {
        struct str one = field(head, p->separator, i, &p->room[0]);
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
        return command_fail(
            STATUS_USAGE, "the file of pairs is empty: its first line has headings");
    p->separator = separator_of(head);
    p->a = column_of(p, head, first);
    p->b = column_of(p, head, second);
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

/* On a terminal, and only where the answers go elsewhere. */
static void show_progress(const struct pairs *p)
{
    if (p->progress && p->n % 1000 == 0)
        fprintf(stderr, "\rpairs: %zu", p->n);
}

static void do_line(struct pairs *p, struct str line)
{
    struct str a = field(line, p->separator, p->a, &p->room[0]);
    struct str b = field(line, p->separator, p->b, &p->room[1]);
    buf_clear(&p->out);
    if (!a.p || !b.p)
        bad_line(&p->out, "the line has too few columns");
    else if (p->in.cut)
        bad_line(&p->out, "the line is too long");
    else if (memchr(line.p, 0, line.n))
        bad_line(&p->out, "the line has a NUL byte");
    else if (!str_utf8_valid(a) || !str_utf8_valid(b))
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
        return command_fail(STATUS_USAGE, "match names needs --pairs FILE");
    if (lines_open(&p.in, conf_text(c, "pairs"), &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    buf_init(&p.out, BUF_MAX_DEFAULT);
    buf_init(&p.room[0], LINES_MAX * 4);
    buf_init(&p.room[1], LINES_MAX * 4);
    int status = read_head(&p, columns ? columns : "name_a,name_b");
    p.progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    for (p.n = 0; !status && lines_next(&p.in, &line); p.n++) {
        show_progress(&p);
        do_line(&p, line);
    }
    if (p.progress)
        fputs("\r\033[K", stderr);
    if (!status && p.in.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    buf_free(&p.out);
    buf_free(&p.room[0]);
    buf_free(&p.room[1]);
    lines_close(&p.in);
    return status;
}
