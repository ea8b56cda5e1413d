/* Legal forms: found at the ends of a name. */
#include "names_form.h"

#include <string.h>

#define SKELETON_MAX 40

/* The words as forms are compared, each made when first looked at: most never are. */
struct skeletons {
    const struct str *word;
    char text[NAMES_WORDS_MAX][SKELETON_MAX];
    bool made[NAMES_WORDS_MAX];
};

/* The word with each "ae", "aa" as a, "oe" as o and "ue" as u: how forms are compared, so that
 * "osakeyhtioe", as ASCII writers have it, is one too. Longer words become "". */
static void skeleton(struct str word, char out[SKELETON_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    if (word.n >= SKELETON_MAX)
        return;
    for (size_t i = 0; i < word.n; i++) {
        char c = out[n++] = word.p[i];
        if ((c == 'a' || c == 'o' || c == 'u') && i + 1 < word.n &&
            (word.p[i + 1] == 'e' || (c == 'a' && word.p[i + 1] == 'a')))
            i++;
    }
    out[n] = '\0';
}

static const char *skeleton_at(struct skeletons *s, int i)
{
    if (!s->made[i]) {
        skeleton(s->word[i], s->text[i]);
        s->made[i] = true;
    }
    return s->text[i];
}

/* True if the words from i on, before `to`, begin with those of text; *n gets their number. */
static bool begins_with(struct skeletons *s, int i, int to, const char *text, int *n)
{
    for (*n = 0; i + *n < to; ++*n) {
        size_t length = strcspn(text, " ");
        const char *word = skeleton_at(s, i + *n);
        if (strncmp(word, text, length) != 0 || word[length])
            return false;
        if (!text[length]) {
            ++*n;
            return true;
        }
        text += length + 1;
    }
    return false;
}

/* strcmp without the call: most words of a search differ in their first letters. */
static inline int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

/* The part of a table whose words begin like text: [*low, *high). */
static void slice(const short *at, const char *text, int *low, int *high)
{
    unsigned char c = (unsigned char)text[0];
    int letter = c >= 'a' && c <= 'z' ? c - 'a' : 26;
    *low = c < 'a' ? 0 : at[letter];
    *high = c < 'a' ? at[0] : at[letter + 1];
}

static const struct names_form_word *find_word(const char *text)
{
    int low, high;
    slice(names_form_words_at, text, &low, &high);
    while (low < high) {
        int middle = (low + high) / 2, d = compare(text, names_form_words[middle].text);
        if (d == 0)
            return &names_form_words[middle];
        if (d < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The first phrase whose last word is not below text. */
static int find_phrases(const char *text)
{
    int low, high;
    slice(names_form_phrases_at, text, &low, &high);
    while (low < high) {
        int middle = (low + high) / 2;
        if (compare(names_form_phrases[middle].last, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool begins_phrase(const char *text)
{
    int low = 0, high = names_form_firsts_count;
    while (low < high) {
        int middle = (low + high) / 2, d = compare(text, names_form_firsts[middle]);
        if (d == 0)
            return true;
        if (d < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* The longest form at the end of the words [from, to), with its number of words; NULL: none. */
static const char *form_at_end(struct skeletons *s, int from, int to, int *words)
{
    const char *last = skeleton_at(s, to - 1), *best = NULL;
    const struct names_form_word *w = find_word(last);
    *words = w != NULL;
    if (w)
        best = w->form;
    for (int i = find_phrases(last); i < names_form_phrases_count; i++) {
        const struct names_form_phrase *f = &names_form_phrases[i];
        if (compare(f->last, last) != 0)
            break;
        int n = f->words, same;
        if (n + 1 > *words && from + n < to && skeleton_at(s, to - 1 - n)[0] == f->before[0] &&
            begins_with(s, to - 1 - n, to - 1, f->before, &same)) {
            best = f->form;
            *words = n + 1;
        }
    }
    return best;
}

static bool may_begin(enum names_form_place place, bool capital_first)
{
    return place == NAMES_FORM_ANYWHERE || (place == NAMES_FORM_CAPITAL_FIRST && capital_first);
}

static const char *form_at_begin(
    struct skeletons *s, int from, int to, bool capital_first, int *words)
{
    const char *first = skeleton_at(s, from), *best = NULL;
    const struct names_form_word *w = find_word(first);
    *words = w && may_begin(w->place, capital_first);
    if (*words)
        best = w->form;
    if (!begins_phrase(first))
        return best;
    for (int i = 0; i < names_form_phrases_count; i++) {
        const struct names_form_phrase *f = &names_form_phrases[i];
        int n;
        if (f->before[0] == first[0] && may_begin(f->place, capital_first) &&
            begins_with(s, from, to, f->before, &n) && from + n < to &&
            strcmp(f->last, skeleton_at(s, from + n)) == 0 && n + 1 > *words) {
            best = f->form;
            *words = n + 1;
        }
    }
    return best;
}

/* Of two forms on one name ("Oy X Abp", "As Oy X Ab") the one that says more than "oy". */
static const char *stronger(const char *a, const char *b)
{
    return a[0] == '\0' || strcmp(a, "oy") == 0 ? b : a;
}

const char *names_form_strip(const struct str *word, int *from, int *to, bool capital_first)
{
    struct skeletons s;
    const char *found = "", *form;
    int words;
    s.word = word;
    memset(s.made, 0, sizeof(s.made));
    while (*to - *from > 1 && (form = form_at_end(&s, *from, *to, &words)) && words < *to - *from) {
        *to -= words;
        found = stronger(found, form);
    }
    while (*to - *from > 1 && (form = form_at_begin(&s, *from, *to, capital_first, &words)) &&
           words < *to - *from) {
        *from += words;
        found = stronger(found, form);
        capital_first = false;
    }
    return found;
}
