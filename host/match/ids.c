/* Identifiers: the table of types, and the one way through all of them. */
#include "ids.h"

#include <stdio.h>
#include <string.h>
#include "ids_impl.h"

/* Separators are those that people of the country use: a point in a Norwegian number is a slip, in
 * a Belgian one it is the rule. */
const struct ids_rule ids_rules[] = {
    {"at_uid", "AT", IDS_PREFIX_MAY, " -./", NULL, ids_at_uid},
    {"be_kbo", "BE", IDS_PREFIX_MAY, " -./", "####.###.###", ids_be_vat},
    {"bg_eik", "BG", IDS_PREFIX_MAY, " -.", NULL, ids_bg_vat},
    {"ch_uid", "", IDS_PREFIX_MAY, " -.", "###-###.###.###", ids_ch_uid},
    {"ch_vat", "", IDS_PREFIX_MAY, " -.", "###-###.###.### ###", ids_ch_vat},
    {"cz_ico", "CZ", IDS_PREFIX_MAY, " ", NULL, ids_cz_ico},
    {"de_vat", "DE", IDS_PREFIX_MAY, " -./,", "DE#########", ids_de_vat},
    {"dk_cvr", "DK", IDS_PREFIX_MAY, " -./,:", "########", ids_dk_cvr},
    {"ee_kmkr", "EE", IDS_PREFIX_MAY, " ", "EE#########", ids_ee_vat},
    {"ee_registrikood", "", IDS_PREFIX_MAY, " ", NULL, ids_ee_registry},
    {"ee_viitenumber", "", IDS_PREFIX_MAY, " ", NULL, ids_ee_reference},
    {"einvoice", "", IDS_PREFIX_MAY, " -.", NULL, ids_einvoice},
    {"es_nif", "ES", IDS_PREFIX_MAY, " -.", NULL, ids_es_nif},
    {"eu_vat_AT", "AT", IDS_PREFIX_MUST, " -./", NULL, ids_at_uid},
    {"eu_vat_BE", "BE", IDS_PREFIX_MUST, " -./", NULL, ids_be_vat},
    {"eu_vat_BG", "BG", IDS_PREFIX_MUST, " -.", NULL, ids_bg_vat},
    {"eu_vat_CY", "CY", IDS_PREFIX_MUST, " -", NULL, ids_cy_vat},
    {"eu_vat_CZ", "CZ", IDS_PREFIX_MUST, " /", NULL, ids_cz_dic},
    {"eu_vat_DE", "DE", IDS_PREFIX_MUST, " -./,", NULL, ids_de_vat},
    {"eu_vat_DK", "DK", IDS_PREFIX_MUST, " -./,:", NULL, ids_dk_cvr},
    {"eu_vat_EE", "EE", IDS_PREFIX_MUST, " ", NULL, ids_ee_vat},
    {"eu_vat_EL", "EL", IDS_PREFIX_MUST, " -./:", NULL, ids_el_vat},
    {"eu_vat_ES", "ES", IDS_PREFIX_MUST, " -.", NULL, ids_es_nif},
    {"eu_vat_FI", "FI", IDS_PREFIX_MUST, " -", NULL, ids_fi_vat},
    {"eu_vat_FR", "FR", IDS_PREFIX_MUST, " -.", NULL, ids_fr_vat},
    {"eu_vat_HR", "HR", IDS_PREFIX_MUST, " -", NULL, ids_hr_oib},
    {"eu_vat_HU", "HU", IDS_PREFIX_MUST, " -", NULL, ids_hu_vat},
    {"eu_vat_IE", "IE", IDS_PREFIX_MUST, " -", NULL, ids_ie_vat},
    {"eu_vat_IT", "IT", IDS_PREFIX_MUST, " -:", NULL, ids_it_iva},
    {"eu_vat_LT", "LT", IDS_PREFIX_MUST, " -", NULL, ids_lt_vat},
    {"eu_vat_LU", "LU", IDS_PREFIX_MUST, " -.:", NULL, ids_lu_vat},
    {"eu_vat_LV", "LV", IDS_PREFIX_MUST, " -", NULL, ids_lv_vat},
    {"eu_vat_MT", "MT", IDS_PREFIX_MUST, " -", NULL, ids_mt_vat},
    {"eu_vat_NL", "NL", IDS_PREFIX_MUST, " -.", NULL, ids_nl_vat},
    {"eu_vat_PL", "PL", IDS_PREFIX_MUST, " -", NULL, ids_pl_nip},
    {"eu_vat_PT", "PT", IDS_PREFIX_MUST, " -.", NULL, ids_pt_nif},
    {"eu_vat_RO", "RO", IDS_PREFIX_MUST, " -", NULL, ids_ro_cf},
    {"eu_vat_SE", "SE", IDS_PREFIX_MUST, " -.", NULL, ids_se_vat},
    {"eu_vat_SI", "SI", IDS_PREFIX_MUST, " -", NULL, ids_si_vat},
    {"eu_vat_SK", "SK", IDS_PREFIX_MUST, " -", NULL, ids_sk_vat},
    {"eu_vat_XI", "XI", IDS_PREFIX_MUST, " -.", NULL, ids_gb_vat},
    {"fi_alv", "FI", IDS_PREFIX_MAY, " -", "FI########", ids_fi_vat},
    {"fi_viitenumero", "", IDS_PREFIX_MAY, " ", ">5", ids_reference},
    {"fi_ytunnus", "FI", IDS_PREFIX_MAY, " ", "#######-#", ids_fi_business},
    {"fr_siren", "", IDS_PREFIX_MAY, " .", "### ### ###", ids_fr_siren},
    {"fr_siret", "", IDS_PREFIX_MAY, " .", "### ### ### #####", ids_fr_siret},
    {"gb_company", "", IDS_PREFIX_MAY, " -.", NULL, ids_gb_company},
    {"gb_utr", "", IDS_PREFIX_MAY, " ", "##### #####", ids_gb_utr},
    {"gb_vat", "GB", IDS_PREFIX_MAY, " -.", "GB ### #### ##", ids_gb_vat},
    {"gtin", "", IDS_PREFIX_MAY, " -", NULL, ids_gtin},
    {"hr_oib", "HR", IDS_PREFIX_MAY, " -", NULL, ids_hr_oib},
    {"iban", "", IDS_PREFIX_MAY, " -.", "<4", ids_iban},
    {"is_kennitala", "IS", IDS_PREFIX_MAY, " -", "######-####", ids_is_kennitala},
    {"is_vsk", "IS", IDS_PREFIX_MAY, " ", NULL, ids_is_vsk},
    {"iso11649", "", IDS_PREFIX_MAY, " -./,:", "<4", ids_rf},
    {"it_iva", "IT", IDS_PREFIX_MAY, " -:", NULL, ids_it_iva},
    {"lei", "", IDS_PREFIX_MAY, " -", NULL, ids_lei},
    {"lt_imone", "", IDS_PREFIX_MAY, " -", NULL, ids_lt_company},
    {"lt_pvm", "LT", IDS_PREFIX_MAY, " -", NULL, ids_lt_vat},
    {"lv_pvn", "LV", IDS_PREFIX_MAY, " -", NULL, ids_lv_vat},
    {"nl_btw", "NL", IDS_PREFIX_MAY, " -.", "NL############", ids_nl_vat},
    {"nl_kvk", "", IDS_PREFIX_MAY, " .", NULL, ids_nl_kvk},
    {"no_kid", "", IDS_PREFIX_MAY, " ", NULL, ids_kid},
    {"no_mva", "NO", IDS_PREFIX_MAY, " ", "NO ### ### ### ###", ids_no_mva},
    {"no_orgnr", "", IDS_PREFIX_MAY, " ", "### ### ###", ids_no_org},
    {"ovt", "", IDS_PREFIX_MAY, " -", NULL, ids_ovt},
    {"pl_nip", "PL", IDS_PREFIX_MAY, " -", "###-###-##-##", ids_pl_nip},
    {"pl_regon", "", IDS_PREFIX_MAY, " -", NULL, ids_pl_regon},
    {"pt_nif", "PT", IDS_PREFIX_MAY, " -.", NULL, ids_pt_nif},
    {"se_ocr", "", IDS_PREFIX_MAY, " ", NULL, ids_ocr},
    {"se_orgnr", "", IDS_PREFIX_MAY, " -.", "######-####", ids_se_org},
    {"se_vat", "SE", IDS_PREFIX_MAY, " -.", "SE############", ids_se_vat},
    {"us_ein", "", IDS_PREFIX_MAY, "", "##-#######", ids_us_ein},
};

const int ids_rules_count = (int)(sizeof(ids_rules) / sizeof(ids_rules[0]));

const char *ids_type(int i)
{
    return i >= 0 && i < ids_rules_count ? ids_rules[i].type : NULL;
}

static const struct ids_rule *find_rule(const char *type)
{
    int low = 0, high = ids_rules_count;
    while (low < high) {
        int middle = (low + high) / 2, d = strcmp(type, ids_rules[middle].type);
        if (d == 0)
            return &ids_rules[middle];
        if (d < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Takes the prefix off, with what separates it. A Greek number may bear GR, the country's ISO code,
 * where EL is the rule. */
static bool take_prefix(const struct ids_rule *r, struct ids_clean *c)
{
    const char *prefix = r->prefix;
    if (!prefix[0])
        return false;
    if (c->p[0] == 'G' && c->p[1] == 'R' && !strcmp(prefix, "EL"))
        prefix = "GR";
    if (c->p[0] != prefix[0] || c->p[1] != prefix[1])
        return false;
    ids_drop(c, 2);
    return true;
}

/* "6,41E+12": what a spreadsheet makes of a long number. */
static bool is_shortened(const struct ids_clean *c)
{
    const char *e = strstr(c->p, "E+");
    return e && e > c->p && e[-1] >= '0' && e[-1] <= '9' && e[2] >= '0' && e[2] <= '9';
}

/* "1120389.0": what a program makes of a number whose column it took for fractions. */
static bool is_fraction(const struct ids_clean *c)
{
    size_t whole = strspn(c->p, "0123456789");
    return whole > 3 && (!strcmp(c->p + whole, ".0") || !strcmp(c->p + whole, ",0"));
}

static bool apply(const struct ids_rule *r, struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    if (!ids_clean(text, &c, out))
        return false;
    if (is_shortened(&c))
        return ids_refuse(out,
            "a spreadsheet has shortened it and lost digits: give the column the "
            "format text and export it again");
    if (is_fraction(&c))
        return ids_refuse(out,
            "it was exported as a number with a decimal: give the column the format text and "
            "export it again");
    ids_drop_label(&c);
    ids_strip(&c, r->separators);
    bool prefixed = take_prefix(r, &c);
    if (prefixed && c.p[0] == '-' && !strchr(r->separators, '-'))
        ids_drop(&c, 1);
    if (!prefixed && r->need == IDS_PREFIX_MUST)
        return ids_refuse(out, "a number of this kind begins with %s", r->prefix);
    if (!c.n)
        return ids_refuse(out, "it holds no number");
    /* The oldest Finnish IDs lack a zero in front; with FI in front nobody has written them so. */
    bool vat_form = prefixed && r->check == ids_fi_business;
    if (vat_form)
        ids_strip(&c, "-");
    if (vat_form ? !ids_fi_vat(&c, out) : !r->check(&c, out))
        return false;
    bool keep = r->need == IDS_PREFIX_MUST;
    memcpy(out->compact, r->prefix, keep ? 2 : 0);
    memcpy(out->compact + (keep ? 2 : 0), c.p, (size_t)c.n + 1);
    ids_print(out->printed, out->compact, r->print);
    /* The one type whose stored form is the printed one: Procountor and YTJ write it so. */
    const char *normal = r->check == ids_fi_business ? out->printed : out->compact;
    memcpy(out->normal, normal, strlen(normal) + 1);
    return true;
}

/* Labels that ids_drop_label does not know are looked for where the text as it is does not fit. */
static bool apply_labelled(const struct ids_rule *r, struct str text, struct ids_checked *out)
{
    struct str rest;
    struct ids_checked second = {.reason = ""};
    if (apply(r, text, out))
        return true;
    if (!ids_behind_label(text, &rest))
        return false;
    if (apply(r, rest, &second)) {
        *out = second;
        return true;
    }
    memcpy(out->reason, second.reason, IDS_REASON);
    return false;
}

/* The rule of the country whose two letters the text begins with. */
static const struct ids_rule *vat_rule_of(struct str text, struct ids_checked *out)
{
    struct ids_clean c;
    char type[] = "eu_vat_??";
    if (!ids_clean(text, &c, out))
        return NULL;
    ids_drop_label(&c);
    memcpy(type + 7, strncmp(c.p, "GR", 2) ? c.p : "EL", 2);
    const struct ids_rule *r = find_rule(type);
    if (!r)
        ids_refuse(out, "it does not begin with the two letters of a country of the EU");
    return r;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Cuts away what a label says in front of a number with its country: "Alv-tunniste FI01120389". */
static bool cut_label(struct str *text)
{
    size_t at = 0;
    while (at < text->n && !(text->p[at] >= '0' && text->p[at] <= '9'))
        at++;
    while (at > 0 && text->p[at - 1] == ' ')
        at--;
    if (at < 3 || at == text->n || !is_letter(text->p[at - 1]) || !is_letter(text->p[at - 2]) ||
        is_letter(text->p[at - 3]) || !str_utf8_valid((struct str){text->p, at}) ||
        !ids_label_types(*text, at - 2))
        return false;
    *text = (struct str){text->p + at - 2, text->n - at + 2};
    return true;
}

static bool apply_any_vat(struct str text, struct ids_checked *out)
{
    const struct ids_rule *r = vat_rule_of(text, out);
    if (!r && cut_label(&text)) {
        out->reason[0] = '\0';
        r = vat_rule_of(text, out);
    }
    return r && apply(r, text, out);
}

enum ids_verdict ids_check(const char *type, struct str text, struct ids_checked *out)
{
    const struct ids_rule *r = find_rule(type);
    out->normal[0] = out->compact[0] = out->printed[0] = out->reason[0] = '\0';
    if (r)
        return apply_labelled(r, text, out) ? IDS_VALID : IDS_INVALID;
    if (!strcmp(type, "eu_vat"))
        return apply_any_vat(text, out) ? IDS_VALID : IDS_INVALID;
    ids_refuse(out, "there is no type of identifier called \"%.40s\"", type);
    return IDS_UNKNOWN_TYPE;
}

/* ---- sameness -------------------------------------------------------------------------------- */

/* The normal form under one type; of an RF reference the Finnish reference number in it, if any. */
static bool form_under(const struct ids_rule *r, struct str text, struct ids_checked *out)
{
    struct ids_checked inner;
    if (r->check == ids_reference && ids_check("iso11649", text, &inner) == IDS_VALID)
        return apply(r, str_of(inner.normal + 4), out);
    return apply_labelled(r, text, out);
}

/* Any digits are valid where there is none: that two texts are the same then says nothing. */
static bool has_check_digit(const struct ids_rule *r)
{
    return r->check != ids_gb_company && r->check != ids_nl_kvk && r->check != ids_is_vsk &&
           r->check != ids_us_ein;
}

bool ids_same(struct str a, struct str b)
{
    struct ids_checked x, y;
    /* Type by type: a row of digits may be valid under more than one. */
    for (int i = 0; i < ids_rules_count; i++)
        if (has_check_digit(&ids_rules[i]) && form_under(&ids_rules[i], a, &x) &&
            form_under(&ids_rules[i], b, &y) && !strcmp(x.normal, y.normal))
            return true;
    return false;
}
