/* `sauma address`: postal addresses of a file, split line by line. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "command.h"
#include "json.h"
#include "lines.h"

static const struct conf_option address_options[] = {
    {"country", CONF_TEXT, "FI", "the country where a line names none"},
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

static void do_line(struct buf *out, struct str text, const char *country)
{
    struct address a;
    struct err e = {0};
    int rc = address_split(text, country, &a, &e);
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
    const char *country = conf_text(c, "country");
    int status = STATUS_OK;
    if (conf_positionals(c) > 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_address.usage);
    if (!address_country_known(country))
        return command_fail(
            STATUS_USAGE, "--country %s: it is a code of two letters such as FI or SE", country);
    if (lines_open(&l, conf_positionals(c) ? conf_positional(c, 0) : NULL, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    buf_init(&out, BUF_MAX_DEFAULT);
    buf_init(&text, LINES_MAX);
    while (lines_next(&l, &line)) {
        unescape(&text, line);
        do_line(&out, buf_str(&text), country);
    }
    if (l.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    buf_free(&text);
    buf_free(&out);
    lines_close(&l);
    return status;
}

const struct command command_address = {
    .name = "address",
    .usage = "address [--country FI] [FILE]",
    .summary = "split postal addresses into their fields",
    .details =
        "A line of FILE (or standard input) is one address; the two characters \\n in it stand\n"
        "for a line's end. Each gives a JSON object: street, postal_code, city, country (only if\n"
        "the line names it), co, po_box, company, rest (what fitted nowhere), confidence (0 to\n"
        "100), and error if it cannot be split.\n",
    .options = address_options,
    .run = address_run,
};
