/* Identifiers: the key by which two records are of one company. */
#include <stdio.h>
#include <string.h>
#include "ids_impl.h"

/* The types whose numbers group the companies of a country, the likeliest first. The key is the
 * first `digits` digits of the compact form, all of it if 0: a Swedish VAT number begins with the
 * organisation number. A VAT number that is another number than the company's (Estonia, Iceland)
 * is no key of its own kind and stays apart by its length. */
static const struct {
    char country[3];
    const char *type;
    signed char skip, keep;
} groups[] = {
    {"AT", "at_uid", 0, 0},
    {"BE", "be_kbo", 0, 0},
    {"BG", "bg_eik", 0, 0},
    {"CH", "ch_uid", 3, 9},
    {"CH", "ch_vat", 3, 9},
    {"CY", "eu_vat_CY", 2, 0},
    {"CZ", "cz_ico", 0, 0},
    {"CZ", "eu_vat_CZ", 2, 0},
    {"DE", "de_vat", 0, 0},
    {"DK", "dk_cvr", 0, 0},
    {"EE", "ee_registrikood", 0, 0},
    {"EE", "ee_kmkr", 0, 0},
    {"ES", "es_nif", 0, 0},
    {"FI", "fi_ytunnus", 0, 0},
    {"FI", "ovt", 4, 8},
    {"FR", "fr_siren", 0, 0},
    {"FR", "fr_siret", 0, 9},
    {"FR", "eu_vat_FR", 4, 0},
    {"GB", "gb_vat", 0, 9},
    {"GB", "gb_company", 0, 0},
    {"GR", "eu_vat_EL", 2, 0},
    {"HR", "hr_oib", 0, 0},
    {"HU", "eu_vat_HU", 2, 0},
    {"IE", "eu_vat_IE", 2, 0},
    {"IS", "is_kennitala", 0, 0},
    {"IS", "is_vsk", 0, 0},
    {"IT", "it_iva", 0, 0},
    {"LT", "lt_imone", 0, 0},
    {"LT", "lt_pvm", 0, 0},
    {"LU", "eu_vat_LU", 2, 0},
    {"LV", "lv_pvn", 0, 0},
    {"MT", "eu_vat_MT", 2, 0},
    {"NL", "nl_btw", 0, 0},
    {"NL", "nl_kvk", 0, 0},
    {"NO", "no_orgnr", 0, 0},
    {"NO", "no_mva", 0, 9},
    {"PL", "pl_nip", 0, 0},
    {"PL", "pl_regon", 0, 9},
    {"PT", "pt_nif", 0, 0},
    {"RO", "eu_vat_RO", 2, 0},
    {"SE", "se_orgnr", 0, 0},
    {"SE", "se_vat", 0, 10},
    {"SI", "eu_vat_SI", 2, 0},
    {"SK", "cz_ico", 0, 0},
    {"SK", "eu_vat_SK", 2, 0},
    {"US", "us_ein", 0, 0},
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* The code under which the table has the country. */
static void country_of(const char *given, char out[3])
{
    out[0] = out[1] = out[2] = '\0';
    for (int i = 0; i < 2 && given && given[i]; i++)
        out[i] = (char)(given[i] >= 'a' && given[i] <= 'z' ? given[i] - 'a' + 'A' : given[i]);
    if (given && strlen(given) != 2)
        out[0] = '\0';
    if (!strcmp(out, "EL"))
        memcpy(out, "GR", 2);
    if (!strcmp(out, "AX"))
        memcpy(out, "FI", 2); /* Åland's companies are in Finland's register */
    if (!strcmp(out, "XI") || !strcmp(out, "UK"))
        memcpy(out, "GB", 2);
}

bool ids_dedup_known(const char *country)
{
    char cc[3];
    country_of(country, cc);
    for (size_t i = 0; i < GROUPS; i++)
        if (!strcmp(groups[i].country, cc))
            return true;
    return false;
}

/* The text with its country's prefix in front of digits, which the number alone may lack. */
static bool check_with_prefix(
    const char *type, const char *cc, struct str text, struct ids_checked *out)
{
    char whole[IDS_TEXT * 4];
    if (ids_check(type, text, out) == IDS_VALID)
        return true;
    if (strncmp(type, "eu_vat_", 7) || text.n > IDS_TEXT * 3)
        return false;
    struct ids_checked second;
    struct ids_clean c;
    if (!ids_clean(text, &c, &second))
        return false;
    ids_drop_label(&c);
    snprintf(whole, sizeof(whole), "%s%s", strcmp(cc, "GR") ? cc : "EL", c.p);
    if (ids_check(type, str_of(whole), &second) != IDS_VALID)
        return false;
    *out = second;
    return true;
}

/* Seven digits of a Finnish ID without hyphen: written before zeros were put in front. */
static bool old_finnish(struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    struct ids_checked ignored;
    if (!ids_clean(text, &c, &ignored))
        return false;
    ids_drop_label(&c);
    ids_strip(&c, " ");
    if (c.n != 7 || !ids_all_digits(c.p, 7))
        return false;
    ids_pad(&c, 8);
    return ids_check("fi_ytunnus", str_of(c.p), out) == IDS_VALID;
}

/* What may stand around a number that is no part of its forms in the table: the country's letters
 * in front of a number that is no VAT number ("SE 556012-5790", "NO 923 609 016"), and behind a
 * Hungarian one the kind of taxpayer and the county ("10625790-2-44"). False: neither does. */
static bool bare_number(const char *cc, struct str text, struct ids_clean *c)
{
    struct ids_checked ignored;
    if (!ids_clean(text, c, &ignored))
        return false;
    ids_drop_label(c);
    bool prefixed = !strncmp(c->p, cc, 2) && !(c->p[2] >= 'A' && c->p[2] <= 'Z');
    if (prefixed)
        ids_drop(c, 2);
    while (prefixed && (c->p[0] == '-' || c->p[0] == ' '))
        ids_drop(c, 1);
    bool taxpayer = !strcmp(cc, "HU") && c->n > 5 && c->p[c->n - 5] == '-' && c->p[c->n - 3] == '-';
    if (taxpayer)
        c->p[c->n -= 5] = '\0';
    return (prefixed || taxpayer) && c->n > 0;
}

/* Sets the key, or else the reason. */
static bool find_key(const char *cc, struct str text, char key[IDS_KEY], char reason[IDS_REASON])
{
    struct ids_checked checked;
    for (size_t i = 0; i < GROUPS; i++) {
        if (strcmp(groups[i].country, cc))
            continue;
        if (!check_with_prefix(groups[i].type, cc, text, &checked) &&
            !(!strcmp(cc, "FI") && old_finnish(text, &checked))) {
            if (!reason[0])
                memcpy(reason, checked.reason, IDS_REASON);
            continue;
        }
        const char *digits = checked.compact + groups[i].skip;
        snprintf(key, IDS_KEY, "%s:%.*s", cc, groups[i].keep ? groups[i].keep : 30, digits);
        reason[0] = '\0';
        return true;
    }
    return false;
}

bool ids_dedup(const char *country, struct str text, char key[IDS_KEY], char reason[IDS_REASON])
{
    struct ids_clean bare;
    struct str rest;
    char cc[3];
    country_of(country, cc);
    key[0] = reason[0] = '\0';
    if (find_key(cc, text, key, reason) ||
        (bare_number(cc, text, &bare) && find_key(cc, str_of(bare.p), key, reason)))
        return true;
    if (ids_behind_label(text, &rest) &&
        (find_key(cc, rest, key, reason) ||
            (bare_number(cc, rest, &bare) && find_key(cc, str_of(bare.p), key, reason))))
        return true;
    if (!reason[0])
        snprintf(reason, IDS_REASON, "there is no rule for companies of this country");
    return false;
}
