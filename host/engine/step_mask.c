/* Credentials in an answer: systems that repeat a request in their error pages repeat who we are,
 * too. It is masked before anything is recorded or comes to a script. */
#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include "channel.h"
#include "http_strict.h"
#include "manifest.h"
#include "mem.h"
#include "step.h"

#define LONG_ENOUGH 16 /* what is shorter may be a word of its own in a good answer */
#define NO_WORD     8  /* and in a refusal, which no rule reads by its letters */
#define NEEDLES     8
#define ANCHOR      6

static void put_needle(struct str *needles, int *n, struct str text, size_t least)
{
    if (text.n >= least)
        needles[(*n)++] = text;
}

/* The part behind "Bearer " and "Basic ", or all of a header of its own. */
static struct str behind_scheme(const char *authorization)
{
    const char *space = authorization ? strchr(authorization, ' ') : NULL;
    return str_of(space ? space + 1 : authorization);
}

static int find_needles(const struct step *s, int status, struct str needles[NEEDLES])
{
    const struct credentials *c = &s->channel->credentials;
    bool refusal = status >= 400;
    size_t least = refusal ? NO_WORD : LONG_ENOUGH;
    int n = 0;
    put_needle(needles, &n, behind_scheme(c->authorization), least);
    put_needle(needles, &n, str_of(s->used_token), least);
    put_needle(needles, &n, str_of(c->password), least);
    put_needle(needles, &n, str_of(c->proxy_password), least);
    put_needle(needles, &n, str_of(c->proxy_login), least);
    if (refusal) {
        const char *path =
            s->conn->url.kind == VALUE_SECRET && c->url ? strstr(c->url, "://") : NULL;
        path = path ? strchr(path + 3, '/')
                    : NULL; /* an address that is a secret is one by its path */
        put_needle(needles, &n, str_of(path), least);
    }
    return n;
}

/* ---- finding: as they are, and as JSON, addresses and pages write them ---- */

static long number(const char *p, size_t left, size_t digits, int base)
{
    long v = 0;
    if (left < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int d = http_hex_value((unsigned char)p[i]);
        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v;
}

/* &#43; or &#x2B; at p is c: its length, else 0. */
static size_t reference(const char *p, size_t left, unsigned char c)
{
    bool hex = left > 3 && (p[2] == 'x' || p[2] == 'X');
    const char *from = p + (hex ? 3 : 2);
    const char *semicolon = left > 3 ? memchr(p, ';', left < 9 ? left : 9) : NULL;
    if (!semicolon || p[1] != '#' || semicolon <= from)
        return 0;
    size_t digits = (size_t)(semicolon - from);
    return number(from, digits, digits, hex ? 16 : 10) == c ? (size_t)(semicolon - p) + 1 : 0;
}

/* How many bytes at p stand for c; 0: another character is there. */
static size_t spelt(const char *p, size_t left, unsigned char c)
{
    size_t n = 0;
    if (*p == '\\' && left > 1)
        n = p[1] == 'u' && number(p + 2, left - 2, 4, 16) == c          ? 6
            : (unsigned char)p[1] == c && memchr("/\\\"", c, 3) != NULL ? 2
                                                                        : 0;
    else if (*p == '%' && left > 2)
        n = number(p + 1, left - 1, 2, 16) == c ? 3 : 0;
    else if (*p == '&')
        n = reference(p, left, c);
    return n ? n : (unsigned char)*p == c;
}

static size_t spelt_at(struct str text, struct str needle)
{
    size_t at = 0;
    if (text.n >= needle.n && memcmp(text.p, needle.p, needle.n) == 0)
        return needle.n; /* as it is, though a part of it looks like an escape */
    for (size_t i = 0; i < needle.n; i++) {
        size_t n = at < text.n ? spelt(text.p + at, text.n - at, (unsigned char)needle.p[i]) : 0;
        if (n == 0)
            return 0;
        at += n;
    }
    return at;
}

static bool begins_with_one(struct str text, const struct str *needles, int n, size_t *length)
{
    for (int i = 0; i < n; i++)
        if ((*length = spelt_at(text, needles[i])) > 0)
            return true;
    return false;
}

/* Its longest row of letters and digits, which nobody escapes; all of it if that is so short that
 * it may be anywhere. */
static struct str anchor(struct str needle)
{
    struct str best = STR_NONE;
    for (size_t i = 0, from = 0; i <= needle.n; i++) {
        if (i < needle.n && isalnum((unsigned char)needle.p[i]))
            continue;
        if (i - from > best.n)
            best = (struct str){needle.p + from, i - from};
        from = i + 1;
    }
    return best.n >= ANCHOR ? best : needle;
}

/* False: none of them is in the text. */
static bool may_hold_one(struct str text, const struct str *needles, int n)
{
    for (int i = 0; i < n; i++) {
        struct str sure = anchor(needles[i]);
        if (text.n >= sure.n && memmem(text.p, text.n, sure.p, sure.n))
            return true;
    }
    return false;
}

/* ---- masking ---- */

/* in_place: as many stars as there were characters, else three. */
static void mask(
    struct str *text, const struct str *needles, int n, bool in_place, struct buf *room)
{
    size_t length;
    if (!may_hold_one(*text, needles, n))
        return;
    for (size_t i = 0; i < text->n;) {
        if (begins_with_one((struct str){text->p + i, text->n - i}, needles, n, &length)) {
            for (size_t k = 0; k < (in_place ? length : 3); k++)
                buf_addc(room, '*');
            i += length;
        } else {
            buf_addc(room, text->p[i++]);
        }
    }
    *text = buf_str(room);
}

void step_mask(const struct step *s, int status, struct str *text, struct buf *room)
{
    struct str needles[NEEDLES];
    mask(text, needles, find_needles(s, status, needles), false, room);
}

void step_mask_file(const struct step *s, int status, struct str *bytes, struct buf *room)
{
    struct str needles[NEEDLES];
    mask(bytes, needles, find_needles(s, status, needles), true, room);
}

/* Owned by the caller, to be wiped. */
static char *encoded(struct str bytes)
{
    size_t room = sodium_base64_ENCODED_LEN(bytes.n, sodium_base64_VARIANT_ORIGINAL);
    return sodium_bin2base64(mem_alloc(room), room, (const unsigned char *)bytes.p, bytes.n,
        sodium_base64_VARIANT_ORIGINAL);
}

void step_mask_mail(const struct step *s, struct str *text, struct buf *room)
{
    const struct credentials *c = &s->channel->credentials;
    struct str needles[NEEDLES];
    int n = find_needles(s, 535, needles);
    if (!c->password)
        return;
    struct buf pair; /* RFC 4616: what AUTH PLAIN sends; LOGIN sends the password alone */
    buf_init(&pair, BUF_MAX_DEFAULT);
    buf_addc(&pair, '\0');
    buf_adds(&pair, c->user ? c->user : "");
    buf_addc(&pair, '\0');
    buf_adds(&pair, c->password);
    char *plain = encoded(buf_str(&pair)), *login = encoded(str_of(c->password));
    put_needle(needles, &n, str_of(plain), NO_WORD);
    put_needle(needles, &n, str_of(login), NO_WORD);
    mask(text, needles, n, false, room);
    sodium_memzero(pair.p, pair.cap);
    buf_free(&pair);
    resolver_wipe(plain);
    resolver_wipe(login);
}
