/* Credentials in an answer: systems that repeat a request in their error pages repeat who we are,
 * too. It is masked before anything is recorded or comes to a script. */
#include <sodium.h>
#include <string.h>
#include "channel.h"
#include "manifest.h"
#include "mem.h"
#include "step.h"

#define LONG_ENOUGH 16 /* what is shorter may be a word of its own in a good answer */
#define NO_WORD     8  /* and in a refusal, which no rule reads by its letters */
#define NEEDLES     8

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

static bool begins_with_one(struct str text, const struct str *needles, int n, size_t *length)
{
    for (int i = 0; i < n; i++) {
        *length = needles[i].n;
        if (text.n >= needles[i].n && memcmp(text.p, needles[i].p, needles[i].n) == 0)
            return true;
    }
    return false;
}

static bool holds_one(struct str text, const struct str *needles, int n)
{
    for (int i = 0; i < n; i++)
        if (text.n >= needles[i].n && memmem(text.p, text.n, needles[i].p, needles[i].n))
            return true;
    return false;
}

/* in_place: as many stars as there were characters, else three. */
static void mask(
    struct str *text, const struct str *needles, int n, bool in_place, struct buf *room)
{
    size_t length;
    if (!holds_one(*text, needles, n))
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
