/* `sauma ids`: identifiers of a file, line by line. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "ids.h"
#include "json.h"
#include "lines.h"

static const struct conf_option ids_options[] = {
    {"dedup", CONF_TEXT, NULL, "give the key that groups companies of this country (FI, SE ...)"},
    OPTION_JSON,
    {NULL, CONF_TEXT, NULL, NULL},
};

struct asked {
    const char *type;  /* NULL: the key of dedup */
    const char *dedup; /* a country */
    bool json;
};

static void put_member(struct buf *out, const char *key, const char *value)
{
    json_put_key(out, key);
    json_put_cstring(out, value);
}

static void answer_json(
    struct buf *out, struct str line, bool valid, const struct ids_checked *c, const char *key)
{
    buf_addc(out, '{');
    json_put_key(out, "input");
    json_put_string(out, line);
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

static void answer(
    struct buf *out, struct str line, bool valid, const struct ids_checked *c, const char *key)
{
    lines_put_field(out, line);
    buf_addc(out, '\t');
    if (key) {
        buf_adds(out, key);
        return;
    }
    buf_adds(out, valid ? "valid\t" : "invalid\t");
    buf_adds(out, c->compact);
    buf_addc(out, '\t');
    buf_adds(out, c->printed);
    buf_addc(out, '\t');
    buf_adds(out, c->reason);
}

static void do_line(struct buf *out, const struct asked *a, struct str line)
{
    struct ids_checked c = {0};
    char key[IDS_KEY];
    bool valid = a->dedup ? ids_dedup(a->dedup, line, key, c.reason)
                          : ids_check(a->type, line, &c) == IDS_VALID;
    if (a->json)
        answer_json(out, line, valid, &c, a->dedup ? key : NULL);
    else
        answer(out, line, valid, &c, a->dedup ? key : NULL);
    buf_addc(out, '\n');
}

static bool known_type(const char *type)
{
    bool known = !strcmp(type, "eu_vat");
    for (int i = 0; !known && ids_type(i); i++)
        known = !strcmp(ids_type(i), type);
    return known;
}

/* What is to be done, and the file; a status other than 0 after a message if that is not clear. */
static int ask(const struct conf *c, struct asked *a, const char **file)
{
    int n = conf_positionals(c), first = 0;
    a->dedup = conf_text(c, "dedup");
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
    *file = n > first ? conf_positional(c, first) : NULL;
    return 0;
}

static int ids_run(const struct conf *c)
{
    struct asked a = {0};
    struct lines l;
    struct err e = {0};
    struct str line;
    struct buf out;
    const char *file = NULL;
    int status = ask(c, &a, &file);
    if (status)
        return status;
    if (lines_open(&l, file, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    buf_init(&out, BUF_MAX_DEFAULT);
    while (lines_next(&l, &line)) {
        buf_clear(&out);
        do_line(&out, &a, line);
        fwrite(out.p, 1, out.n, stdout);
    }
    if (l.failed)
        status = command_fail(STATUS_OUTSIDE, "reading stopped before the end");
    buf_free(&out);
    lines_close(&l);
    return status;
}

const struct command command_ids = {
    .name = "ids",
    .usage = "ids TYPE [FILE] | ids --dedup COUNTRY [FILE]",
    .summary = "check business IDs, VAT numbers, references, IBANs ...",
    .details =
        "A line of FILE (or standard input) is one identifier; each gives a line of\n"
        "tab-separated values: the input, valid or invalid, the compact form, the printed form,\n"
        "the reason if it is invalid. With --dedup: the input and the key under which one company\n"
        "is found however its number was typed; empty if invalid.\n\n"
        "Types: at_uid be_kbo bg_eik ch_uid ch_vat cz_ico de_vat dk_cvr ee_kmkr ee_registrikood\n"
        "einvoice es_nif fi_alv fi_viitenumero fi_ytunnus fr_siren fr_siret gb_company gb_utr\n"
        "gb_vat gtin hr_oib iban is_kennitala is_vsk iso11649 it_iva lei lt_imone lt_pvm lv_pvn\n"
        "nl_btw nl_kvk no_mva no_orgnr ovt pl_nip pl_regon pt_nif se_orgnr se_vat us_ein,\n"
        "eu_vat_AT to eu_vat_XI, and eu_vat for any of these.\n",
    .options = ids_options,
    .run = ids_run,
};
