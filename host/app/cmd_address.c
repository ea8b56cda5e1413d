/* `sauma address`: postal addresses of a file, split line by line. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "command.h"
#include "json.h"
#include "jsondoc.h"
#include "lines.h"
#include "match_table.h"
#include "mem.h"

static const struct conf_option address_options[] = {
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
    char *bytes = match_table_read(path, &n, e);
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

static void do_line(
    struct buf *out, struct str text, const char *country, const struct address_towns *towns)
{
    struct address a;
    struct err e = {0};
    int rc = address_split_known(text, country, towns, &a, &e);
    buf_clear(out);
    buf_addc(out, '{');
    put_address(out, &a);
    if (rc < 0)
        put(out, "error", e.text);
    buf_adds(out, "}\n");
    fwrite(out->p, 1, out->n, stdout);
}

static int address_run(const struct conf *c)
{
    struct lines l;
    struct str line;
    struct buf out, text;
    struct err e = {0};
    struct town_file known = {0};
    const char *country = conf_text(c, "country"), *towns = conf_text(c, "towns");
    int status = STATUS_OK;
    if (conf_positionals(c) > 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_address.usage);
    if (!address_country_known(country))
        return command_fail(
            STATUS_USAGE, "--country %s: it is a code of two letters such as FI or SE", country);
    if (lines_open(&l, conf_positionals(c) ? conf_positional(c, 0) : NULL, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    if (towns && read_towns(&known, towns, &e) < 0) {
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
        goto out;
    }
    buf_init(&out, BUF_MAX_DEFAULT);
    buf_init(&text, LINES_MAX);
    while (lines_next(&l, &line)) {
        unescape(&text, line);
        do_line(&out, buf_str(&text), country, &known.towns);
    }
    if (l.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    buf_free(&text);
    buf_free(&out);
out:
    jsondoc_free(known.doc);
    mem_free(known.town);
    lines_close(&l);
    return status;
}

const struct command command_address = {
    .name = "address",
    .usage = "address [--country FI] [--towns FILE] [FILE]",
    .summary = "split postal addresses into their fields",
    .details =
        "A line of FILE (or standard input) is one address; the two characters \\n in it stand\n"
        "for a line's end. Each gives a JSON object: street, postal_code, city, country (only if\n"
        "the line names it), co, po_box, company, rest (what fitted nowhere), confidence (0 to\n"
        "100), and error if it cannot be split.\n\n"
        "--towns: a JSON list of {\"postCode\", \"city\"}, as the register of companies has it at\n"
        "https://avoindata.prh.fi/opendata-ytj-api/v3/post_codes?lang=fi (CC BY 4.0). With it a\n"
        "missing town is found by its code, a town is parted from words behind it, and code_city\n"
        "is the town of the code where the line has another.\n",
    .options = address_options,
    .run = address_run,
};
