/* Identifiers inside longer texts: what the words in front of a number say it is. */
#include <string.h>
#include "fold.h"
#include "ids_impl.h"

#define WINDOW   80 /* bytes in front that are looked at */
#define FOLDED   (4 * WINDOW)
#define WORDS    10
#define FILLERS  4 /* words between the label and the number */
#define STEM_MIN 5 /* letters from which a label may bear an ending ("viitettä") */

/* Letters only, as folded, sorted; a space stands where words may be joined or parted: "y tunnus"
 * is also "Y-tunnus" and "ytunnus", "c i f" also "C.I.F.". '*' is one word more, a town. */
static const struct label {
    const char *label;
    const char *types[IDS_LABEL_TYPES];
} labels[] = {
    {"adoszam", {"eu_vat_HU"}},
    {"afm", {"eu_vat_EL", "eu_vat_CY"}},
    {"alv", {"fi_ytunnus"}},
    {"ariregistri kood", {"ee_registrikood"}},
    {"b c e", {"be_kbo"}},
    {"b t w", {"be_kbo", "nl_btw"}},
    {"bar code", {"gtin"}},
    {"barcode", {"gtin"}},
    {"bulstat", {"bg_eik"}},
    {"business id", {"fi_ytunnus"}},
    {"business identity code", {"fi_ytunnus"}},
    {"c f", {"it_iva"}},
    {"c i f", {"es_nif", "eu_vat_RO"}},
    {"c u i", {"eu_vat_RO"}},
    {"c v r", {"dk_cvr"}},
    {"co reg no", {"gb_company"}},
    {"cod fiscal", {"eu_vat_RO"}},
    {"cod unic de inregistrare", {"eu_vat_RO"}},
    {"codice fiscale", {"it_iva"}},
    {"companies house", {"gb_company"}},
    {"company code", {"lt_imone", "ee_registrikood"}},
    {"company no", {"gb_company"}},
    {"company number", {"gb_company"}},
    {"company registration", {"gb_company"}},
    {"contribuinte", {"pt_nif"}},
    {"corp id", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"corporate id", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"corporate identity", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"crn", {"gb_company"}},
    {"d i c", {"eu_vat_SK", "eu_vat_CZ"}},
    {"davcna st", {"eu_vat_SI"}},
    {"davcna stevilka", {"eu_vat_SI"}},
    {"ean", {"gtin"}},
    {"eik", {"bg_eik"}},
    {"ein", {"us_ein"}},
    {"employer identification", {"us_ein"}},
    {"federal tax id", {"us_ein"}},
    {"fein", {"us_ein"}},
    {"fo nr", {"fi_ytunnus"}},
    {"fo nummer", {"fi_ytunnus"}},
    {"foretaksn", {"no_orgnr"}},
    {"foretaksregister", {"no_orgnr"}},
    {"gtin", {"gtin"}},
    {"i c", {"cz_ico"}},
    {"i c o", {"cz_ico"}},
    {"ic dph", {"eu_vat_SK"}},
    {"id za ddv", {"eu_vat_SI"}},
    {"identifikacni cislo", {"cz_ico"}},
    {"im k", {"lt_imone"}},
    {"imones kod", {"lt_imone"}},
    {"isbn", {"gtin"}},
    {"juridinio asmens kod", {"lt_imone"}},
    {"k b o", {"be_kbo"}},
    {"k t", {"is_kennitala"}},
    {"k v k", {"nl_kvk"}},
    {"kamer van koophandel", {"nl_kvk"}},
    {"kennital", {"is_kennitala"}},
    {"kid", {"no_kid"}},
    {"kid nr", {"no_kid"}},
    {"kid nummer", {"no_kid"}},
    {"lei", {"lei"}},
    {"moms", {"se_vat", "dk_cvr"}},
    {"momsregistreringsn", {"se_vat", "no_mva"}},
    {"n i f", {"es_nif", "pt_nif"}},
    {"n i p", {"pl_nip"}},
    {"n i p c", {"pt_nif"}},
    {"numero d entreprise", {"be_kbo"}},
    {"o c r", {"se_ocr"}},
    {"ocr nr", {"se_ocr"}},
    {"ocr nummer", {"se_ocr"}},
    {"oib", {"hr_oib"}},
    {"ondernemingsn", {"be_kbo"}},
    {"org nr", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"org nummer", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"organisasjonsn", {"no_orgnr"}},
    {"organisation number", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"organisationsn", {"se_orgnr", "fi_ytunnus"}},
    {"organisationsnummer fo", {"fi_ytunnus"}},
    {"organization number", {"se_orgnr", "no_orgnr", "fi_ytunnus"}},
    {"ovt", {"ovt"}},
    {"p i", {"it_iva"}},
    {"p i v a", {"it_iva"}},
    {"p iva", {"it_iva"}},
    {"partita i v a", {"it_iva"}},
    {"partita iva", {"it_iva"}},
    {"r c s", {"fr_siren"}},
    {"r c s *", {"fr_siren"}},
    {"r p m *", {"be_kbo"}},
    {"r p r *", {"be_kbo"}},
    {"reference number", {"fi_viitenumero", "iso11649"}},
    {"referens", {"fi_viitenumero", "se_ocr"}},
    {"referensnummer", {"fi_viitenumero", "se_ocr"}},
    {"reg code", {"ee_registrikood"}},
    {"reg kood", {"ee_registrikood"}},
    {"reg no", {"ee_registrikood", "lv_pvn", "se_orgnr"}},
    {"reg nr", {"ee_registrikood", "lv_pvn", "se_orgnr"}},
    {"registered in england", {"gb_company"}},
    {"registered in england and wales", {"gb_company"}},
    {"registered in northern ireland", {"gb_company"}},
    {"registered in scotland", {"gb_company"}},
    {"registered no", {"gb_company"}},
    {"registered number", {"gb_company"}},
    {"registracijas n", {"lv_pvn"}},
    {"registracijas numur", {"lv_pvn"}},
    {"registration code", {"ee_registrikood"}},
    {"registreringsnummer", {"se_orgnr", "no_orgnr"}},
    {"registrikood", {"ee_registrikood"}},
    {"registry code", {"ee_registrikood"}},
    {"regon", {"pl_regon"}},
    {"rg kood", {"ee_registrikood"}},
    {"ribakood", {"gtin"}},
    {"se nr", {"dk_cvr"}},
    {"siren", {"fr_siren"}},
    {"siret", {"fr_siret"}},
    {"streckkod", {"gtin"}},
    {"stregkode", {"gtin"}},
    {"strekkode", {"gtin"}},
    {"t v a", {"be_kbo", "eu_vat_LU", "eu_vat_FR"}},
    {"tax id", {"us_ein"}},
    {"uid", {"at_uid", "ch_uid"}},
    {"umsatzsteuer identifikationsnummer", {"de_vat"}},
    {"unternehmensnummer", {"be_kbo", "ch_uid"}},
    {"upc", {"gtin"}},
    {"ust id", {"de_vat"}},
    {"ust idnr", {"de_vat"}},
    {"utr", {"gb_utr"}},
    {"v s k", {"is_vsk"}},
    {"vat", {"fi_ytunnus", "gb_vat", "eu_vat_IE"}},
    {"vat reg", {"fi_ytunnus", "gb_vat", "eu_vat_IE"}},
    {"vat reg no", {"fi_ytunnus", "gb_vat", "eu_vat_IE"}},
    {"viite", {"fi_viitenumero"}},
    {"viitenumber", {"ee_viitenumber"}},
    {"viitte", {"fi_viitenumero"}},
    {"viivakood", {"gtin"}},
    {"y tunnu", {"fi_ytunnus"}},
    {"yhteisotunnu", {"fi_ytunnus"}},
    {"yrityksen tunnu", {"fi_ytunnus"}},
    {"yritystunnu", {"fi_ytunnus"}},
    {"ytj", {"fi_ytunnus"}},
    {"α φ μ", {"eu_vat_EL", "eu_vat_CY"}},
    {"булстат", {"bg_eik"}},
    {"еик", {"bg_eik"}},
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))

/* Words that stand between a label and its number in some language, sorted. */
static bool is_filler(struct str word)
{
    static const char *const fillers[] = {"and", "ar", "cislo", "code", "e", "er", "es", "est",
        "id", "identification", "in", "intra", "intracom", "intracommunautaire", "is", "ist", "kod",
        "kodas", "kode", "kods", "kood", "koodi", "lautet", "meidan", "n", "no", "nr", "nro", "nrs",
        "num", "number", "numer", "numeri", "numero", "nummer", "nummern", "o", "okkar", "oli",
        "on", "onko", "our", "reg", "registration", "registre", "registrering", "registreringsnr",
        "registreringsnummer", "siis", "skattenummer", "stevilka", "tax", "the", "tunniste",
        "tunnus", "under", "var", "wales", "with"};
    size_t low = 0, high = sizeof(fillers) / sizeof(fillers[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int d = strncmp(word.p, fillers[middle], word.n);
        if (d == 0 && !fillers[middle][word.n])
            return true;
        if (d <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* The words of a text from one word on are the label; the last may bear an ending. */
static bool begins_with(const struct str *word, int words, const char *label)
{
    size_t letters = strlen(label);
    int w = 0;
    size_t at = 0;
    for (const char *l = label; *l; l++) {
        if (*l == '*')
            return w == words - 1 && word[w].n > 1;
        if (*l == ' ') {
            if (w < words && at == word[w].n) {
                w++;
                at = 0;
            }
            continue;
        }
        if (w == words || at == word[w].n || word[w].p[at] != *l)
            return false;
        at++;
    }
    return w == words - 1 && (at == word[w].n || letters >= STEM_MIN);
}

/* The longest label that the words are. */
static const struct label *find_label(const struct str *word, int words)
{
    const struct label *best = NULL;
    size_t low = 0, high = LABELS;
    unsigned char first = (unsigned char)word[0].p[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((unsigned char)labels[middle].label[0] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < LABELS && (unsigned char)labels[low].label[0] == first; low++)
        if (begins_with(word, words, labels[low].label) &&
            (!best || strlen(labels[low].label) > strlen(best->label)))
            best = &labels[low];
    return best;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0xC3;
}

/* Words of folded text, those behind the last number of three digits or more. The number in
 * "EAN-13" is none. */
static int words_of(struct str folded, struct str word[WORDS])
{
    int n = 0;
    for (size_t i = 0; i < folded.n;) {
        size_t from = i;
        while (i < folded.n && folded.p[i] >= '0' && folded.p[i] <= '9')
            i++;
        if (i - from > 2 || (i < folded.n && (folded.p[i] == ';' || folded.p[i] == '\n')))
            n = 0;
        if (i > from)
            continue;
        while (i < folded.n && (is_letter(folded.p[i]) ||
                                   (i > from && ((unsigned char)folded.p[i] & 0xC0) == 0x80)))
            i++;
        if (i == from) {
            i++;
            continue;
        }
        if (n == WORDS)
            memmove(word, word + 1, sizeof(*word) * (size_t)--n);
        word[n++] = (struct str){folded.p + from, i - from};
    }
    return n;
}

/* text folded, into the room given, which is enough for all that is looked at. */
static struct str fold_window(struct str text, char room[FOLDED])
{
    struct buf out = {.p = room, .cap = FOLDED, .max = FOLDED - 1};
    size_t i = 0;
    for (; i < text.n && (unsigned char)text.p[i] < 0x80; i++)
        room[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
    if (i == text.n)
        return (struct str){room, i};
    return fold_text(&out, text, FOLD_PLAIN) < 0 ? STR_NONE : buf_str(&out);
}

const char *const *ids_label_types(struct str text, size_t at)
{
    struct str word[WORDS];
    char room[FOLDED];
    size_t from = at;
    /* From the last line's end on; a window that begins inside a word has only lost that word. */
    while (from > 0 && at - from < WINDOW && text.p[from - 1] != '\n' && text.p[from - 1] != ';')
        from--;
    int n = words_of(fold_window((struct str){text.p + from, at - from}, room), word);
    for (int last = n, skipped = 0; last > 0 && skipped <= FILLERS; last--, skipped++) {
        const struct label *best = NULL;
        for (int first = last - 1; first >= 0; first--) {
            const struct label *one = find_label(word + first, last - first);
            if (one && (!best || strlen(one->label) > strlen(best->label)))
                best = one;
        }
        if (best)
            return best->types;
        if (!is_filler(word[last - 1]))
            break;
    }
    return NULL;
}

bool ids_behind_label(struct str text, struct str *rest)
{
    struct str word[WORDS];
    char room[FOLDED];
    size_t at = 0;
    /* The number begins with a digit, or with one letter in front of one ("A-28015865"). */
    while (at < text.n && !(text.p[at] >= '0' && text.p[at] <= '9'))
        at++;
    size_t letter = at;
    while (letter > 0 && (text.p[letter - 1] == '-' || text.p[letter - 1] == '.'))
        letter--;
    if (letter > 1 && is_letter((char)(text.p[letter - 1] | 32)) && text.p[letter - 2] == ' ')
        at = letter - 1;
    if (at == 0 || at == text.n || at > WINDOW || !str_utf8_valid((struct str){text.p, at}) ||
        memchr(text.p, 0, at))
        return false;
    int n = words_of(fold_window((struct str){text.p, at}, room), word);
    for (int k = n; k > 0; k--) {
        if (k < n && !is_filler(word[k]))
            return false;
        if (!find_label(word, k))
            continue;
        *rest = (struct str){text.p + at, text.n - at};
        return true;
    }
    return false;
}
