/* Identifiers inside longer texts: what the words in front of a number say it is. */
#include <string.h>
#include "fold.h"
#include "ids_impl.h"

#define WINDOW   80 /* bytes in front that are looked at */
#define FOLDED   (4 * WINDOW)
#define WORDS    10
#define FILLERS  4 /* words between the label and the number */
#define STEM_MIN 5 /* letters from which a label may bear an ending ("viitettä") */

/* Letters only, as folded; a space stands where words may be joined or parted: "y tunnus" is also
 * "Y-tunnus" and "ytunnus". */
static const struct {
    const char *label;
    const char *types[IDS_LABEL_TYPES];
} labels[] = {
    {"y tunnu", {"fi_ytunnus"}},
    {"yritystunnu", {"fi_ytunnus"}},
    {"yhteisotunnu", {"fi_ytunnus"}},
    {"fo nummer", {"fi_ytunnus"}},
    {"fo nr", {"fi_ytunnus"}},
    {"business id", {"fi_ytunnus"}},
    {"viite", {"fi_viitenumero"}},
    {"viitte", {"fi_viitenumero"}},
    {"referensnummer", {"fi_viitenumero"}},
    {"referens", {"fi_viitenumero"}},
    {"reference number", {"fi_viitenumero"}},
    {"org nr", {"se_orgnr", "no_orgnr"}},
    {"org nummer", {"se_orgnr", "no_orgnr"}},
    {"organisationsn", {"se_orgnr"}},
    {"organisasjonsn", {"no_orgnr"}},
    {"foretaksn", {"no_orgnr"}},
    {"cvr", {"dk_cvr"}},
    {"registrikood", {"ee_registrikood"}},
    {"reg kood", {"ee_registrikood"}},
    {"reg code", {"ee_registrikood"}},
    {"reg nr", {"ee_registrikood", "lv_pvn"}},
    {"registracijas numur", {"lv_pvn"}},
    {"imones kod", {"lt_imone"}},
    {"kennital", {"is_kennitala"}},
    {"kt", {"is_kennitala"}},
    {"ean", {"gtin"}},
    {"gtin", {"gtin"}},
    {"upc", {"gtin"}},
    {"viivakood", {"gtin"}},
    {"streckkod", {"gtin"}},
    {"lei", {"lei"}},
    {"ovt", {"ovt"}},
    {"siren", {"fr_siren"}},
    {"siret", {"fr_siret"}},
    {"kvk", {"nl_kvk"}},
    {"kbo", {"be_kbo"}},
    {"bce", {"be_kbo"}},
    {"ondernemingsn", {"be_kbo"}},
    {"numero d entreprise", {"be_kbo"}},
    {"nip", {"pl_nip"}},
    {"regon", {"pl_regon"}},
    {"oib", {"hr_oib"}},
    {"ico", {"cz_ico"}},
    {"ic", {"cz_ico"}},
    {"uid", {"at_uid", "ch_uid"}},
    {"company number", {"gb_company"}},
    {"company no", {"gb_company"}},
    {"company registration", {"gb_company"}},
    {"registered in england", {"gb_company"}},
    {"registered in england and wales", {"gb_company"}},
    {"registered in scotland", {"gb_company"}},
    {"registered in northern ireland", {"gb_company"}},
    {"crn", {"gb_company"}},
    {"utr", {"gb_utr"}},
    {"ein", {"us_ein"}},
    {"nif", {"es_nif", "pt_nif"}},
    {"cif", {"es_nif"}},
    {"nipc", {"pt_nif"}},
    {"p iva", {"it_iva"}},
    {"partita iva", {"it_iva"}},
};

/* Words that stand between a label and its number in some language. */
static bool is_filler(struct str word)
{
    static const char *const fillers[] = {"on", "ar", "er", "is", "ist", "est", "es", "e", "no",
        "nr", "nro", "num", "numero", "nummer", "number", "numer", "numeri", "n", "o", "code",
        "kode", "kood", "koodi", "kod", "tunnus", "id", "lautet", "var", "our", "the", "okkar",
        "meidan", "siis", "oli", "onko", "under", "with", "in"};
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
        if (str_is(word, fillers[i]))
            return true;
    return false;
}

/* The words of a text from one word on are the label; the last may bear an ending. */
static bool begins_with(const struct str *word, int words, const char *label)
{
    size_t letters = strlen(label);
    int w = 0;
    size_t at = 0;
    for (const char *l = label; *l; l++) {
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

/* Words of folded text, those behind the last number of three digits or more. The number in
 * "EAN-13" is none. */
static int words_of(struct str folded, struct str word[WORDS])
{
    int n = 0;
    for (size_t i = 0; i < folded.n;) {
        size_t from = i;
        while (i < folded.n && folded.p[i] >= '0' && folded.p[i] <= '9')
            i++;
        if (i - from > 2 || (i < folded.n && strchr(";\n", folded.p[i])))
            n = 0;
        if (i > from)
            continue;
        while (i < folded.n && ((folded.p[i] >= 'a' && folded.p[i] <= 'z')))
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

const char *const *ids_label_types(struct str text, size_t at)
{
    struct str word[WORDS];
    struct buf folded;
    const char *const *types = NULL;
    size_t from = at;
    /* From the last line's end on; a window that begins inside a word has only lost that word. */
    while (from > 0 && at - from < WINDOW && text.p[from - 1] != '\n' && text.p[from - 1] != ';')
        from--;
    buf_init(&folded, FOLDED);
    if (from == at || fold_text(&folded, (struct str){text.p + from, at - from}, FOLD_PLAIN) < 0) {
        buf_free(&folded);
        return NULL;
    }
    int n = words_of(buf_str(&folded), word);
    for (int last = n, skipped = 0; !types && last > 0 && skipped <= FILLERS; last--, skipped++) {
        for (int first = last - 1; first >= 0 && !types; first--)
            for (size_t i = 0; !types && i < sizeof(labels) / sizeof(labels[0]); i++)
                if (word[first].p[0] == labels[i].label[0] &&
                    begins_with(word + first, last - first, labels[i].label))
                    types = labels[i].types;
        if (!is_filler(word[last - 1]))
            break;
    }
    buf_free(&folded);
    return types;
}
