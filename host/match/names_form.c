/* Legal forms: which words are one, and which of them mean the same. */
#include "names_form.h"

#include <string.h>

/* Words as skeleton() below writes them, the last one apart, because looking from the end of a name
 * is the usual case. */
static const struct form {
    const char *before;
    const char *last;
    const char *form;
    enum { ANYWHERE, AT_END, CAPITAL_FIRST } place; /* where it may stand besides the end */
} forms[] = {
    /* Finland and Sweden, in both languages of the former */
    {"", "oy", "oy", ANYWHERE},
    {"", "ab", "oy", ANYWHERE},
    {"", "osakeyhtio", "oy", ANYWHERE},
    {"", "aktiebolag", "oy", ANYWHERE},
    {"", "aktiebolaget", "oy", ANYWHERE},
    {"yksityinen", "osakeyhtio", "oy", ANYWHERE},
    {"privat", "aktiebolag", "oy", ANYWHERE},
    {"", "ltd", "oy", ANYWHERE},
    {"", "limited", "oy", AT_END},
    {"co", "ltd", "oy", AT_END},
    {"company", "limited", "oy", AT_END},
    {"private limited", "company", "oy", AT_END},
    {"limited", "company", "oy", AT_END},
    {"", "oyj", "oyj", ANYWHERE},
    {"", "abp", "oyj", ANYWHERE},
    {"", "plc", "oyj", ANYWHERE},
    {"julkinen", "osakeyhtio", "oyj", ANYWHERE},
    {"publikt", "aktiebolag", "oyj", ANYWHERE},
    {"public limited", "company", "oyj", AT_END},
    {"", "ky", "ky", ANYWHERE},
    {"", "kb", "ky", ANYWHERE},
    {"", "kommandiittiyhtio", "ky", ANYWHERE},
    {"", "kommanditbolag", "ky", ANYWHERE},
    {"", "ay", "ay", AT_END},
    {"", "ob", "ay", AT_END},
    {"avoin", "yhtio", "ay", ANYWHERE},
    {"oppet", "bolag", "ay", ANYWHERE},
    {"", "hb", "ay", ANYWHERE},
    {"", "handelsbolag", "ay", ANYWHERE},
    {"", "handelsbolaget", "ay", ANYWHERE},
    {"", "tmi", "tmi", ANYWHERE},
    {"", "toiminimi", "tmi", ANYWHERE},
    {"", "fma", "tmi", ANYWHERE},
    {"", "firma", "tmi", ANYWHERE},
    {"yksityinen", "elinkeinonharjoittaja", "tmi", ANYWHERE},
    {"enskild", "naringsidkare", "tmi", ANYWHERE},
    {"enskild", "firma", "tmi", ANYWHERE},
    {"", "ry", "ry", AT_END},
    {"", "rf", "ry", AT_END},
    {"rekisteroity", "yhdistys", "ry", AT_END},
    {"registrerad", "forening", "ry", AT_END},
    {"ideell", "forening", "ry", AT_END},
    {"", "rp", "rp", AT_END},
    {"", "sr", "sr", AT_END},
    {"satio", "sr", "sr", AT_END},
    {"", "satio", "sr", AT_END},
    {"stiftelse", "sr", "sr", AT_END},
    {"", "stiftelse", "sr", ANYWHERE},
    {"", "stiftelsen", "sr", ANYWHERE},
    {"", "osk", "osk", ANYWHERE},
    {"", "osuuskunta", "osk", ANYWHERE},
    {"", "anl", "osk", ANYWHERE},
    {"", "andelslag", "osk", ANYWHERE},
    {"", "andelslaget", "osk", ANYWHERE},
    {"ek", "for", "osk", ANYWHERE},
    {"ekonomisk", "forening", "osk", ANYWHERE},
    {"as", "oy", "as oy", ANYWHERE},
    {"asunto", "oy", "as oy", ANYWHERE},
    {"asunto", "osakeyhtio", "as oy", ANYWHERE},
    {"", "asuntoosakeyhtio", "as oy", ANYWHERE},
    {"", "asoy", "as oy", ANYWHERE},
    {"bst", "ab", "as oy", ANYWHERE},
    {"bostads", "ab", "as oy", ANYWHERE},
    {"", "bostadsaktiebolag", "as oy", ANYWHERE},
    {"", "bostadsaktiebolaget", "as oy", ANYWHERE},
    {"bostads", "aktiebolag", "as oy", ANYWHERE},
    {"", "brf", "brf", ANYWHERE},
    {"", "bostadsrattsforening", "brf", ANYWHERE},
    {"", "bostadsrattsforeningen", "brf", ANYWHERE},
    {"", "koy", "koy", ANYWHERE},
    {"kiinteisto", "oy", "koy", ANYWHERE},
    {"kiinteisto", "osakeyhtio", "koy", ANYWHERE},
    {"", "kiinteistosakeyhtio", "koy", ANYWHERE},
    {"", "kiinteistoosakeyhtio", "koy", ANYWHERE},
    {"fastighets", "ab", "koy", ANYWHERE},
    {"fast", "ab", "koy", ANYWHERE},
    {"", "fastighetsaktiebolag", "koy", ANYWHERE},
    {"", "kkoy", "kkoy", ANYWHERE},
    {"keskinainen kiinteisto", "oy", "kkoy", ANYWHERE},
    {"keskinainen", "koy", "kkoy", ANYWHERE},
    {"keskinainen", "kiinteistosakeyhtio", "kkoy", ANYWHERE},
    /* Estonia, Norway, Denmark, Iceland, Latvia, Lithuania */
    {"", "as", "as", CAPITAL_FIRST},
    {"", "aktsiaselts", "as", ANYWHERE},
    {"", "aksjeselskap", "as", AT_END},
    {"", "aktieselskab", "as", AT_END},
    {"", "asa", "asa", AT_END},
    {"", "allmennaksjeselskap", "asa", AT_END},
    {"", "ou", "ou", ANYWHERE},
    {"", "osauhing", "ou", ANYWHERE},
    {"", "mtu", "mtu", ANYWHERE},
    {"", "mittetulundusuhing", "mtu", ANYWHERE},
    {"", "tu", "ay", AT_END},
    {"", "taisuhing", "ay", ANYWHERE},
    {"", "uu", "ky", AT_END},
    {"", "usaldusuhing", "ky", ANYWHERE},
    {"", "fie", "tmi", ANYWHERE},
    {"", "sa", "sa", CAPITAL_FIRST},
    {"", "sihtasutus", "sa", ANYWHERE},
    {"", "tulundusuhistu", "osk", ANYWHERE},
    {"", "enk", "tmi", AT_END},
    {"", "enkeltpersonforetak", "tmi", AT_END},
    {"", "ans", "ay", AT_END},
    {"", "da", "da", AT_END},
    {"", "ks", "ky", AT_END},
    {"", "is", "ay", AT_END},
    {"", "aps", "aps", AT_END},
    {"", "anpartsselskab", "aps", AT_END},
    {"", "ivs", "ivs", AT_END},
    {"", "ehf", "ehf", AT_END},
    {"", "hf", "hf", AT_END},
    {"", "sia", "sia", ANYWHERE},
    {"", "uab", "uab", ANYWHERE},
    /* Germany, Austria, Switzerland */
    {"", "gmbh", "gmbh", ANYWHERE},
    {"gesellschaft mit beschrankter", "haftung", "gmbh", ANYWHERE},
    {"", "ggmbh", "ggmbh", AT_END},
    {"", "ug", "ug", AT_END},
    {"ug", "haftungsbeschrankt", "ug", AT_END},
    {"", "unternehmergesellschaft", "ug", AT_END},
    {"", "ag", "ag", AT_END},
    {"", "aktiengesellschaft", "ag", AT_END},
    {"", "kg", "kg", AT_END},
    {"", "kommanditgesellschaft", "kg", AT_END},
    {"gmbh & co", "kg", "gmbh & co kg", AT_END},
    {"", "ohg", "ohg", AT_END},
    {"offene", "handelsgesellschaft", "ohg", AT_END},
    {"", "gbr", "gbr", AT_END},
    {"", "ek", "ek", AT_END},
    {"e", "k", "ek", AT_END},
    {"eingetragener", "kaufmann", "ek", AT_END},
    {"", "ev", "ev", AT_END},
    {"e", "v", "ev", AT_END},
    {"eingetragener", "verein", "ev", AT_END},
    {"", "eg", "eg", AT_END},
    {"", "se", "se", AT_END},
    /* elsewhere */
    {"", "llp", "llp", AT_END},
    {"limited liability", "partnership", "llp", AT_END},
    {"", "cic", "cic", AT_END},
    {"", "llc", "llc", AT_END},
    {"", "inc", "inc", AT_END},
    {"", "incorporated", "inc", AT_END},
    {"", "corp", "inc", AT_END},
    {"", "corporation", "inc", AT_END},
    {"", "bv", "bv", AT_END},
    {"", "nv", "nv", AT_END},
    {"", "sarl", "sarl", AT_END},
    {"", "sas", "sas", AT_END},
    {"", "srl", "srl", AT_END},
    {"", "spa", "spa", AT_END},
    {"sp z o", "o", "sp z o o", AT_END},
    {"spolka z ograniczona", "odpowiedzialnoscia", "sp z o o", AT_END},
};

#define SKELETON_MAX 40

/* The word with each "ae", "aa" as a, "oe" as o and "ue" as u: how forms are compared, so that
 * "osakeyhtioe", as ASCII writers have it, is one too. Longer words become "". */
static void skeleton(struct str word, char out[SKELETON_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    if (word.n >= SKELETON_MAX)
        return;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i], next = i + 1 < word.n ? word.p[i + 1] : '\0';
        out[n++] = c;
        if ((c == 'a' && (next == 'e' || next == 'a')) || (c == 'o' && next == 'e') ||
            (c == 'u' && next == 'e'))
            i++;
    }
    out[n] = '\0';
}

/* True if the skeletons at s, of which there are count, begin with the words of text; *n gets
 * their number. */
static bool begins_with(const char *text, char (*s)[SKELETON_MAX], int count, int *n)
{
    struct str rest = str_of(text);
    *n = 0;
    if (rest.n == 0)
        return true;
    while (rest.p) {
        struct str word = str_cut(rest, ' ', &rest);
        if (*n == count || !str_is(word, s[*n]))
            return false;
        ++*n;
    }
    return true;
}

static int words_before(const struct form *f)
{
    int n = f->before[0] != '\0';
    for (const char *p = f->before; *p; p++)
        n += *p == ' ';
    return n;
}

/* The longest form at the end of the count skeletons, with its number of words. */
static const struct form *form_at_end(char (*s)[SKELETON_MAX], int count, int *words)
{
    const struct form *best = NULL;
    const char *last = s[count - 1];
    *words = 0;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *f = &forms[i];
        if (f->last[0] != last[0] || strcmp(f->last, last) != 0)
            continue;
        int n = words_before(f), same;
        if (n + 1 > *words && n < count && begins_with(f->before, s + count - 1 - n, n, &same)) {
            best = f;
            *words = n + 1;
        }
    }
    return best;
}

static const struct form *form_at_begin(
    char (*s)[SKELETON_MAX], int count, bool capital_first, int *words)
{
    const struct form *best = NULL;
    *words = 0;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *f = &forms[i];
        char first = f->before[0] ? f->before[0] : f->last[0];
        if (first != s[0][0] || f->place == AT_END || (f->place == CAPITAL_FIRST && !capital_first))
            continue;
        int n;
        if (begins_with(f->before, s, count, &n) && n < count && strcmp(f->last, s[n]) == 0 &&
            n + 1 > *words) {
            best = f;
            *words = n + 1;
        }
    }
    return best;
}

/* Of two forms on one name ("Oy X Abp", "As Oy X Ab") the one that says more than "oy". */
static const char *stronger(const char *a, const char *b)
{
    if (a[0] == '\0' || strcmp(a, "oy") == 0)
        return b;
    return a;
}

const char *names_form_strip(const struct str *word, int *from, int *to, bool capital_first)
{
    char s[NAMES_WORDS_MAX][SKELETON_MAX];
    const char *found = "";
    const struct form *f;
    int words;
    for (int i = *from; i < *to; i++)
        skeleton(word[i], s[i]);
    while (*to - *from > 1 && (f = form_at_end(s + *from, *to - *from, &words)) &&
           words < *to - *from) {
        *to -= words;
        found = stronger(found, f->form);
    }
    while (*to - *from > 1 && (f = form_at_begin(s + *from, *to - *from, capital_first, &words)) &&
           words < *to - *from) {
        *from += words;
        found = stronger(found, f->form);
        capital_first = false;
    }
    return found;
}
