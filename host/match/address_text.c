/* Addresses: text cut into parts, and what a part says of itself. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "address_impl.h"

/* Words that begin a PO box (Posti: PL and PB; the others are what people write). */
static const char *const box_words[] = {"postilokero", "postbox", "p.o. box", "po box", "p.o.box",
    "pob", "p.l.", "pl.", "pl", "p.b.", "pb.", "pb", "box", "postboks", "boks", "postboks.",
    "postfach", "postbus", "boîte postale", "b.p.", "bp", "casella postale", "c.p.",
    "apartado de correos", "apartado", "skr. poczt.", "p. o. box", "postilokero:", "pf.", "fack",
    "pastkaste", "a.d.", "π.θ."};

/* Legal forms and words that say "this part is a company or an office, no street". */
static const char *const company_words[] = {"oy", "oyj", "ab", "abp", "ky", "ay", "tmi", "ry", "rf",
    "osk", "ltd", "inc", "gmbh", "as oy", "kaupunki", "kunta", "säätiö", "seurakunta", "yhtiöt",
    "osuuskunta", "stad"};

bool address_starts_word(struct str s, const char *word)
{
    if (!s.n || (s.p[0] | 0x20) != (word[0] | 0x20))
        return false; /* as for most words of a list */
    size_t n = strlen(word);
    return s.n >= n && !strncasecmp(s.p, word, n) &&
           (s.n == n || s.p[n] == ' ' || isdigit((unsigned char)s.p[n]));
}

void address_copy(char *out, size_t size, struct str s)
{
    s = str_trim(s);
    size_t n = s.n < size - 1 ? s.n : size - 1;
    /* Never cut inside a UTF-8 character. */
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    memcpy(out, s.p, n);
    out[n] = 0;
}

void address_append(char *out, size_t size, struct str s)
{
    size_t have = strlen(out);
    if (have && have + 2 < size) {
        memcpy(out + have, ", ", 3);
        have += 2;
    }
    address_copy(out + have, size - have, s);
}

/* out ends in the country's prefix of a postal code, and the code follows without a hyphen
 * ("FI00100"): a word of two or three capitals and four to six digits. */
static bool glued_prefix(const char *out, size_t n, struct str in, size_t i)
{
    char word[] = "XXX-";
    const char *country;
    size_t letters = 0, digits = 0;
    while (letters < n && letters < 4 && isupper((unsigned char)out[n - 1 - letters]))
        letters++;
    if (letters < 2 || letters > 3 || (n > letters && !strchr(" ,", out[n - 1 - letters])))
        return false;
    while (i + digits < in.n && isdigit((unsigned char)in.p[i + digits]))
        digits++;
    bool ends = i + digits == in.n || strchr(" ,;\t\r\n", in.p[i + digits]) != NULL;
    if (digits < 4 || digits > 6 || !ends)
        return false;
    memcpy(word, out + n - letters, letters);
    word[letters] = '-';
    return address_prefix((struct str){word, letters + 1}, letters + 1, &country) > 0;
}

/* "c/o" stands behind the space at i: a part begins there, also without a comma. */
static bool co_behind(struct str in, size_t i)
{
    return i + 5 < in.n && !strncasecmp(in.p + i + 1, "c/o", 3) && strchr(" .:", in.p[i + 4]);
}

/* White space of every kind becomes one space; newlines, semicolons, tabs and " - " or " / "
 * separators become commas, and so does what stands before "c/o". -1 if the text is too long. */
static int normalise(struct str in, char *out, bool slashes)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (n + 3 >= ADDRESS_TEXT)
            return -1;
        if (isdigit(c) && glued_prefix(out, n, in, i))
            out[n++] = '-';
        if (c == 0xC2 && i + 1 < in.n && (unsigned char)in.p[i + 1] == 0xA0) {
            c = ' ';
            i++;
        }
        bool dash = slashes && (c == '-' || c == '/' || c == '|') && n > 0 && out[n - 1] == ' ' &&
                    i + 1 < in.n && in.p[i + 1] == ' ';
        if (c == '\n' || c == ';' || c == '\t' || c == '|' || dash ||
            (c == ' ' && co_behind(in, i)))
            c = ',';
        if (c == '\r' || c < 32)
            c = ' ';
        if (c == ' ' && (n == 0 || out[n - 1] == ' '))
            continue;
        out[n++] = (char)c;
    }
    while (n && strchr(" .,", out[n - 1]))
        n--;
    out[n] = 0;
    return 0;
}

static void split_parts(struct address_line *l)
{
    struct str rest = str_of(l->text);
    l->nparts = 0;
    while (rest.p && l->nparts < ADDRESS_PARTS) {
        struct str after;
        struct str one =
            str_trim(l->nparts == ADDRESS_PARTS - 1 ? rest : str_cut(rest, ',', &after));
        if (l->nparts == ADDRESS_PARTS - 1)
            after = STR_NONE;
        if (one.n)
            l->part[l->nparts++] = one;
        rest = after;
    }
}

int address_line_make(struct address_line *l, struct str text, bool slashes)
{
    if (normalise(text, l->text, slashes) < 0)
        return -1;
    split_parts(l);
    return 0;
}

bool address_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool address_has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (isdigit((unsigned char)s.p[i]))
            return true;
    return false;
}

bool address_has_word(struct str s, const char *word)
{
    while (s.n) {
        struct str rest;
        struct str w = str_cut(s, ' ', &rest);
        if (w.n && (w.p[0] | 0x20) == (word[0] | 0x20) && w.n == strlen(word) &&
            !strncasecmp(w.p, word, w.n))
            return true;
        s = rest;
    }
    return false;
}

bool address_is_co(struct str s, struct str *name)
{
    if (s.n < 4 || strncasecmp(s.p, "c/o", 3))
        return false;
    *name = str_trim((struct str){s.p + 3, s.n - 3});
    if (name->n && (name->p[0] == ':' || name->p[0] == '.'))
        *name = str_trim((struct str){name->p + 1, name->n - 1});
    return name->n > 0;
}

bool address_is_box(struct str s, struct str *number)
{
    for (size_t i = 0; i < sizeof(box_words) / sizeof(box_words[0]); i++) {
        if (!address_starts_word(s, box_words[i]))
            continue;
        size_t n = strlen(box_words[i]);
        *number = str_trim((struct str){s.p + n, s.n - n});
        return number->n > 0 && isdigit((unsigned char)number->p[0]);
    }
    return false;
}

bool address_is_company(struct str s)
{
    for (size_t i = 0; i < sizeof(company_words) / sizeof(company_words[0]); i++)
        if (address_has_word(s, company_words[i]))
            return true;
    return false;
}

bool address_is_note(struct str s)
{
    static const char *const words[] = {"y-tunnus", "y-tunnus:", "ytunnus", "y-tunnus.",
        "fo-nummer", "fo-nr", "business id", "business id:", "org.nr", "org.nr.",
        "org.nr:", "orgnr", "org nr", "cvr", "cvr:", "cvr-nr.", "vat", "vat:", "alv", "alv-nro",
        "ust-idnr", "ust-idnr.", "kvk", "siret", "siren", "nip", "nip:", "tel", "tel.",
        "tel:", "puh", "puh.", "puh:", "puhelin", "phone", "phone:", "gsm", "fax", "fax:", "email",
        "email:", "e-mail:", "sähköposti"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (address_starts_word(s, words[i]) && address_has_digit(s))
            return true;
    return memchr(s.p, '@', s.n) != NULL || (s.n > 4 && !strncasecmp(s.p, "www.", 4));
}
