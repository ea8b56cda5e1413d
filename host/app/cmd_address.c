/* `sauma address`: postal addresses of a file, split line by line, or those of a column. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "command.h"
#include "json.h"
#include "jsondoc.h"
#include "lines.h"
#include "mem.h"
#include "progress.h"
#include "table.h"

static const struct conf_option address_options[] = {
    {"column", CONF_TEXT, NULL, "FILE is a table; its heading over the addresses"},
    {"country", CONF_TEXT, "FI", "the country where a line names none"},
    {"towns", CONF_TEXT, NULL, "list of Finnish postal codes, see below"},
    {NULL, CONF_TEXT, NULL, NULL},
};

static void put(struct buf *out, const char *key, const char *value)
{
    json_put_key(out, key);
    json_put_cstring(out, value);
}

static void put_address(struct buf *out, const struct address *a)
{
    put(out, "street", a->street);
    put(out, "postal_code", a->postal_code);
    put(out, "city", a->city);
    put(out, "country", a->country);
    put(out, "co", a->co);
    put(out, "po_box", a->po_box);
    put(out, "company", a->company);
    put(out, "rest", a->rest);
    if (a->code_city[0])
        put(out, "code_city", a->code_city);
    json_put_key(out, "confidence");
    buf_addf(out, "%d", a->confidence);
}

/* The two characters \n of the line become a line's end. */
static void unescape(struct buf *text, struct str line)
{
    buf_clear(text);
    for (size_t i = 0; i < line.n; i++) {
        bool newline = line.p[i] == '\\' && i + 1 < line.n && line.p[i + 1] == 'n';
        buf_addc(text, newline ? '\n' : line.p[i]);
        i += newline;
    }
}

/* The list of a file, its texts in the document. */
struct town_file {
    struct jsondoc *doc;
    struct address_town *town;
    struct address_towns towns;
};

/* [{"postCode":"00100","city":"HELSINKI"}, ...], as the register gives it. */
static int read_towns(struct town_file *f, const char *path, struct err *e)
{
    size_t n = 0, room = 0;
    char *bytes = table_read_file(path, &n, e);
    if (!bytes)
        return -1;
    f->doc = jsondoc_parse((struct str){bytes, n}, e);
    mem_free(bytes);
    const struct jsonv *root = f->doc ? jsondoc_root(f->doc) : NULL;
    if (root && root->type != JSONV_ARRAY)
        return err_set(e, ERR_INPUT, "%s: it is no JSON list of {\"postCode\", \"city\"}", path);
    if (!root)
        return err_prefix(e, "%s", path);
    for (const struct jsonv *v = root->child; v; v = v->next) {
        const struct jsonv *code = jsonv_get(v, "postCode"), *city = jsonv_get(v, "city");
        if (!code || code->type != JSONV_STRING || !city || city->type != JSONV_STRING)
            continue;
        if (f->towns.n == room) {
            room = room ? room * 2 : 1024;
            f->town = mem_realloc(f->town, room * sizeof(*f->town));
        }
        f->town[f->towns.n++] = (struct address_town){code->text, city->text};
    }
    f->towns.town = f->town;
    return f->towns.n ? 0 : err_set(e, ERR_INPUT, "%s: it holds no postal codes", path);
}

/* What is asked, and room for the answers. */
struct splitting {
    const char *country, *file;
    struct town_file known;
    struct buf text, out;
};

/* Prints the answer to one address. line: of a table, or 0; problem: why the row has no address,
 * or NULL. True if it could be split. */
static bool answer(struct splitting *s, struct str address, int line, const char *problem)
{
    struct address a = {0};
    struct err e = {0};
    struct buf *out = &s->out;
    unescape(&s->text, address);
    if (problem)
        err_set(&e, ERR_INPUT, "%s", problem);
    else
        address_split_known(buf_str(&s->text), s->country, &s->known.towns, &a, &e);
    if (e.code && line > 0)
        err_prefix(&e, "line %d", line);
    buf_clear(out);
    buf_addc(out, '{');
    if (line > 0) {
        json_put_key(out, "line");
        buf_addf(out, "%d", line);
    }
    put_address(out, &a);
    if (e.code)
        put(out, "error", e.text);
    buf_adds(out, "}\n");
    fwrite(out->p, 1, out->n, stdout);
    return e.code == 0;
}

static int do_lines(struct splitting *s)
{
    struct lines l;
    struct str line;
    struct err e = {0};
    int status = STATUS_OK;
    if (lines_open(&l, s->file, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    while (lines_next(&l, &line))
        answer(s, line, 0, NULL);
    if (l.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    lines_close(&l);
    return status;
}

static void do_rows(struct splitting *s, struct table *t, int at)
{
    const struct str *fields;
    const char *problem;
    struct progress p;
    enum csv_row row;
    size_t bad = 0;
    int line;
    progress_begin(&p, "rows");
    while ((row = table_next_with(t, &at, 1, &fields, &line, &problem)) != CSV_END) {
        struct str text = row == CSV_ROW ? table_cell(fields[at]) : STR_LIT("");
        bad += !answer(s, text, line, problem);
        progress_step(&p);
    }
    progress_end(&p);
    table_tell_bad(t, bad);
}

static int do_table(struct splitting *s, const char *column)
{
    struct table t;
    struct err e = {0};
    int at = -1, status = STATUS_OK;
    if (table_open(&t, s->file, &e) == 0)
        at = table_column(&t, str_trim(str_of(column)), &e);
    if (at < 0)
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
    else
        do_rows(s, &t, at);
    table_close(&t);
    return status;
}

static int address_run(const struct conf *c)
{
    struct splitting s = {.country = conf_text(c, "country")};
    struct err e = {0};
    const char *towns = conf_text(c, "towns"), *column = conf_text(c, "column");
    int status = STATUS_OK;
    if (conf_positionals(c) > 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_address.usage);
    if (!address_country_known(s.country))
        return command_fail(
            STATUS_USAGE, "--country %s: it is a code of two letters such as FI or SE", s.country);
    s.file = conf_positionals(c) ? conf_positional(c, 0) : NULL;
    buf_init(&s.text, CSV_ROW_MAX);
    buf_init(&s.out, BUF_MAX_DEFAULT);
    if (towns && read_towns(&s.known, towns, &e) < 0)
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
    else
        status = column ? do_table(&s, column) : do_lines(&s);
    if (status == STATUS_OK && (fflush(stdout) != 0 || ferror(stdout)))
        status = command_fail(STATUS_OUTSIDE, "cannot write the answers");
    jsondoc_free(s.known.doc);
    mem_free(s.known.town);
    buf_free(&s.text);
    buf_free(&s.out);
    return status;
}

const struct command command_address = {
    .name = "address",
    .usage = "address [--country FI] [--towns FILE] [FILE] [--column HEADING]",
    .summary = "split postal addresses into their fields",
    .details =
        "A line of FILE (or standard input) is one address; the two characters \\n in it stand\n"
        "for a line's end. Each gives a JSON object: street, postal_code, city, country (only if\n"
        "the line names it), co, po_box, company, rest (what fitted nowhere), confidence (0 to\n"
        "100), and error if it cannot be split.\n\n"
        "--column: FILE is a table with headings, separated by commas, semicolons, tabs or bars, in\n"
        "UTF-8, UTF-16 or Windows-1252; a row gives an object that has its line in FILE too. A row\n"
        "that cannot be used gives an error in its place, and the others are done; how many there\n"
        "were is said on standard error. The exit status is 0 when FILE was read to its end.\n\n"
        "--towns: a JSON list of {\"postCode\", \"city\"}, as the register of companies has it at\n"
        "https://avoindata.prh.fi/opendata-ytj-api/v3/post_codes?lang=fi (CC BY 4.0). With it a\n"
        "missing town is found by its code, a town is parted from words behind it, and code_city\n"
        "is the town of the code where the line has another.\n",
    .options = address_options,
    .run = address_run,
};
