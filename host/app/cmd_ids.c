/* `sauma ids`: identifiers of a file, line by line, or of a column of a table. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "ids.h"
#include "json.h"
#include "lines.h"
#include "progress.h"
#include "table.h"

static const struct conf_option ids_options[] = {
    {"column", CONF_TEXT, NULL, "FILE is a table; its heading over the identifiers"},
    {"dedup", CONF_TEXT, NULL, "give the key that groups companies of this country (FI, SE ...)"},
    OPTION_JSON,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct asked {
    const char *type;   /* NULL: the key of dedup */
    const char *dedup;  /* a country */
    const char *file;   /* NULL: standard input */
    const char *column; /* NULL: each line is an identifier */
    bool json;
};

/* An identifier, or a row that has none. */
struct item {
    struct str text;
    int line;            /* of a table; 0: not told */
    const char *problem; /* why the row cannot be used, or NULL */
};

/* What became of a table's rows. */
struct tally {
    size_t valid, invalid, empty, bad;
    int first_line; /* with a value that is not valid, or a row that cannot be used */
};

static void put_member(struct buf *out, const char *key, const char *value)
{
    json_put_key(out, key);
    json_put_cstring(out, value);
}

static void answer_json(struct buf *out, const struct item *it, bool valid,
    const struct ids_checked *c, const char *key)
{
    buf_addc(out, '{');
    if (it->line > 0) {
        json_put_key(out, "line");
        buf_addf(out, "%d", it->line);
    }
    json_put_key(out, "input");
    json_put_string(out, it->text);
    json_put_key(out, "valid");
    buf_adds(out, valid ? "true" : "false");
    if (key) {
        put_member(out, "key", key);
    } else {
        put_member(out, "compact", c->compact);
        put_member(out, "printed", c->printed);
    }
    put_member(out, "reason", c->reason);
    buf_addc(out, '}');
}

static void answer(struct buf *out, const struct item *it, bool valid, const struct ids_checked *c,
    const char *key)
{
    lines_put_field(out, it->text);
    buf_addc(out, '\t');
    if (key) {
        buf_adds(out, key);
        if (it->line == 0)
            return;
        buf_addc(out, '\t');
    } else {
        buf_adds(out, valid ? "valid\t" : "invalid\t");
        buf_adds(out, c->compact);
        buf_addc(out, '\t');
        buf_adds(out, c->printed);
        buf_addc(out, '\t');
    }
    if (!valid && it->line > 0)
        buf_addf(out, "line %d: ", it->line);
    buf_adds(out, c->reason);
}

/* Prints the answer; true if the identifier is valid. */
static bool print_answer(struct buf *out, const struct asked *a, const struct item *it)
{
    struct ids_checked c = {0};
    char key[IDS_KEY] = "";
    bool valid = false;
    if (it->problem)
        snprintf(c.reason, sizeof(c.reason), "%s", it->problem);
    else if (a->dedup)
        valid = ids_dedup(a->dedup, it->text, key, c.reason);
    else
        valid = ids_check(a->type, it->text, &c) == IDS_VALID;
    buf_clear(out);
    (a->json ? answer_json : answer)(out, it, valid, &c, a->dedup ? key : NULL);
    buf_addc(out, '\n');
    fwrite(out->p, 1, out->n, stdout);
    return valid;
}

static bool known_type(const char *type)
{
    bool known = !strcmp(type, "eu_vat");
    for (int i = 0; !known && ids_type(i); i++)
        known = !strcmp(ids_type(i), type);
    return known;
}

/* What is to be done; a status other than 0 after a message if that is not clear. */
static int ask(const struct conf *c, struct asked *a)
{
    int n = conf_positionals(c), first = 0;
    a->dedup = conf_text(c, "dedup");
    a->column = conf_text(c, "column");
    a->json = conf_flag(c, "json");
    if (a->dedup && !ids_dedup_known(a->dedup))
        return command_fail(
            STATUS_USAGE, "--dedup %s: there is no rule for that country", a->dedup);
    if (!a->dedup) {
        if (n == 0)
            return command_fail(STATUS_USAGE, "usage: sauma %s", command_ids.usage);
        a->type = conf_positional(c, first++);
        if (!known_type(a->type))
            return command_fail(STATUS_USAGE,
                "there is no type of identifier called '%s': `sauma help ids` lists them", a->type);
    }
    if (n - first > 1)
        return command_fail(STATUS_USAGE, "one file at a time");
    a->file = n > first ? conf_positional(c, first) : NULL;
    return 0;
}

static int do_lines(const struct asked *a, struct buf *out)
{
    struct lines l;
    struct err e = {0};
    struct item it = {0};
    int status = STATUS_OK;
    if (lines_open(&l, a->file, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    while (lines_next(&l, &it.text))
        print_answer(out, a, &it);
    if (l.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    lines_close(&l);
    return status;
}

static void tell(const struct table *t, const struct tally *n)
{
    if (n->first_line > 0)
        command_fail(0,
            "%s: %zu valid, %zu invalid, %zu empty, %zu rows that cannot be used; the first that is "
            "not valid is on line %d",
            t->path, n->valid, n->invalid, n->empty, n->bad, n->first_line);
}

static void do_rows(const struct asked *a, struct table *t, int at, struct buf *out)
{
    const struct str *fields;
    struct tally n = {0};
    struct progress p;
    struct item it;
    enum csv_row row;
    progress_begin(&p, "rows");
    while ((row = table_next_with(t, &at, 1, &fields, &it.line, &it.problem)) != CSV_END) {
        it.text = row == CSV_ROW ? table_cell(fields[at]) : STR_LIT("");
        bool valid = print_answer(out, a, &it);
        n.valid += valid;
        n.bad += row == CSV_BAD;
        n.empty += row == CSV_ROW && it.text.n == 0;
        n.invalid += !valid && row == CSV_ROW && it.text.n > 0;
        if (!valid && n.first_line == 0 && (row == CSV_BAD || it.text.n > 0))
            n.first_line = it.line;
        progress_step(&p);
    }
    progress_end(&p);
    tell(t, &n);
}

static int do_table(const struct asked *a, struct buf *out)
{
    struct table t;
    struct err e = {0};
    int at = -1, status = STATUS_OK;
    if (table_open(&t, a->file, &e) == 0)
        at = table_column(&t, str_trim(str_of(a->column)), &e);
    if (at < 0)
        status = command_fail(e.code == ERR_IO ? STATUS_OUTSIDE : STATUS_USAGE, "%s", e.text);
    else
        do_rows(a, &t, at, out);
    table_close(&t);
    return status;
}

static int ids_run(const struct conf *c)
{
    struct asked a = {0};
    struct buf out;
    int status = ask(c, &a);
    if (status)
        return status;
    buf_init(&out, BUF_MAX_DEFAULT);
    status = a.column ? do_table(&a, &out) : do_lines(&a, &out);
    if (status == STATUS_OK && (fflush(stdout) != 0 || ferror(stdout)))
        status = command_fail(STATUS_OUTSIDE, "cannot write the answers");
    buf_free(&out);
    return status;
}

const struct command command_ids = {
    .name = "ids",
    .usage = "ids TYPE [FILE] [--column HEADING] | ids --dedup COUNTRY [FILE] [--column HEADING]",
    .summary = "check business IDs, VAT numbers, references, IBANs ...",
    .details =
        "A line of FILE (or standard input) is one identifier; each gives a line of\n"
        "tab-separated values: the input, valid or invalid, the compact form, the printed form,\n"
        "the reason if it is invalid. With --dedup: the input and the key under which one company\n"
        "is found however its number was typed; empty if invalid.\n\n"
        "With --column FILE is a table with headings, separated by commas, semicolons, tabs or bars,\n"
        "in UTF-8, UTF-16 or Windows-1252: a row gives a line, its reason begins with the row's line\n"
        "in FILE (with --dedup it is a third field). A row that cannot be used (bytes that are no\n"
        "text, a quote never closed, too few or too many fields) is invalid, and the others are\n"
        "done. How many were not valid is said on standard error; the exit status is 0 when FILE\n"
        "was read to its end.\n\n"
        "Types: at_uid be_kbo bg_eik ch_uid ch_vat cz_ico de_vat dk_cvr ee_kmkr ee_registrikood\n"
        "ee_viitenumber einvoice es_nif fi_alv fi_viitenumero fi_ytunnus fr_siren fr_siret\n"
        "gb_company gb_utr gb_vat gtin hr_oib iban is_kennitala is_vsk iso11649 it_iva lei\n"
        "lt_imone lt_pvm lv_pvn nl_btw nl_kvk no_kid no_mva no_orgnr ovt pl_nip pl_regon pt_nif\n"
        "se_ocr se_orgnr se_vat us_ein, eu_vat_AT to eu_vat_XI, and eu_vat for any of these.\n",
    .options = ids_options,
    .run = ids_run,
};
