/* Credentials in an answer: systems that repeat a request in their error pages repeat who we are,
 * too. It is masked before anything is recorded or comes to a script. */
#include <sodium.h>
#include <string.h>
#include "channel.h"
#include "manifest.h"
#include "mask.h"
#include "mem.h"
#include "step.h"

/* The part behind "Bearer " and "Basic ", or all of a header of its own. */
static struct str behind_scheme(const char *authorization)
{
    const char *space = authorization ? strchr(authorization, ' ') : NULL;
    return str_of(space ? space + 1 : authorization);
}

/* An address that is a secret is one by its path: all of it, and each part that is long enough to
 * be the secret. */
static void add_path(struct masks *m, const char *url)
{
    const char *at = url ? strstr(url, "://") : NULL;
    at = at ? strchr(at + 3, '/') : NULL;
    masks_add_encoded(m, str_of(at), MASK_NO_WORD);
    for (size_t n; at && *at && m->n < MASKS_MAX / 2; at += n + (at[n] != '\0')) {
        n = strcspn(at, "/?&=");
        masks_add_encoded(m, (struct str){at, n}, MASK_LONG);
    }
}

static void find_masks(const struct step *s, int status, struct masks *m)
{
    const struct credentials *c = &s->channel->credentials;
    struct str all[] = {behind_scheme(c->authorization), str_of(s->used_token), str_of(c->password),
        str_of(c->proxy_password), str_of(c->proxy_login)};
    bool refusal = status >= 400;
    masks_init(m);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (refusal)
            masks_add_encoded(m, all[i], MASK_NO_WORD);
        else
            masks_add(m, all[i], MASK_LONG);
    /* Where answers lead on to, rules follow; not so from where they only tell something. */
    bool told = s->conn->auth.type == AUTH_URL || s->conn->auth.type == AUTH_STANDARD;
    if ((refusal || told) && s->conn->url.kind == VALUE_SECRET)
        add_path(m, c->url);
}

void step_mask(const struct step *s, int status, struct str *text, struct buf *room)
{
    struct masks m;
    find_masks(s, status, &m);
    mask_text(&m, text, false, room);
    masks_free(&m);
}

void step_mask_file(const struct step *s, int status, struct str *bytes, struct buf *room)
{
    struct masks m;
    find_masks(s, status, &m);
    mask_text(&m, bytes, true, room);
    masks_free(&m);
}

void step_mask_mail(const struct step *s, struct str *text, struct buf *room)
{
    const struct credentials *c = &s->channel->credentials;
    struct masks m;
    if (!c->password)
        return;
    find_masks(s, 535, &m);
    struct buf pair; /* RFC 4616: what AUTH PLAIN sends; LOGIN sends the password alone */
    buf_init(&pair, BUF_MAX_DEFAULT);
    buf_addc(&pair, '\0');
    buf_adds(&pair, c->user ? c->user : "");
    buf_addc(&pair, '\0');
    buf_adds(&pair, c->password);
    masks_add_encoded(&m, buf_str(&pair), MASK_NO_WORD);
    mask_text(&m, text, false, room);
    masks_free(&m);
    sodium_memzero(pair.p, pair.cap);
    buf_free(&pair);
}
