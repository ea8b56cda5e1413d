/* What authorization servers say: token answers, refusals, metadata; what browsers bring back; and
 * grants as they are kept. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "endpoints.h"
#include "form.h"
#include "grant.h"
#include "mem.h"
#include "resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void token(struct str s)
{
    struct token_answer a;
    struct err e = {0};
    char words[256];
    if (token_answer_parse(s, &a, &e) == 0) {
        assert(a.access[0] && a.life_ms > 0 && a.life_ms <= 86400000);
        assert(strcspn(a.access, "\r\n ") == strlen(a.access));
        assert(!a.refresh || a.refresh[0]);
        assert(a.lasts_ms >= a.life_ms && a.lasts_ms <= GRANT_LASTS);
    }
    token_answer_free(&a);
    token_error(s, words, sizeof words);
    token_problem(s, words, sizeof words);
    assert(str_utf8_valid(str_of(words)) && strlen(words) <= 200);
    for (const char *p = words; *p; p++)
        assert((unsigned char)*p >= ' ' && *p != 0x7f);
    if (token_grant_gone(s) && token_answer_parse(s, &a, &e) == 0)
        token_answer_free(&a);
}

static void metadata(struct str s)
{
    struct endpoints ep;
    struct err e = {0};
    if (endpoints_parse(s, "https://a.example", &ep, &e) == 0) {
        assert(strncmp(ep.token, "https://", 8) == 0);
        assert(!ep.authorize || strncmp(ep.authorize, "https://", 8) == 0);
        assert(!ep.device || strncmp(ep.device, "https://", 8) == 0);
        assert(strcmp(ep.issuer, "https://a.example") == 0);
        endpoints_free(&ep);
    }
}

static void kept(struct str s)
{
    struct err e = {0};
    struct grant *g = grant_parse(s, &e);
    if (!g)
        return;
    char *text = grant_text(g), *again;
    struct grant *h = grant_parse(str_of(text), &e);
    assert(h);
    again = grant_text(h);
    assert(strcmp(text, again) == 0);
    grant_free(g);
    grant_free(h);
    resolver_wipe(text);
    resolver_wipe(again);
}

/* What a form says is read from it again. */
static void sent(const char *text)
{
    struct buf b;
    bool many;
    buf_init(&b, 1 << 20);
    form_put(&b, "state", "x&code=y");
    form_put(&b, "code", text);
    form_put(&b, "iss", text);
    char *code = form_get(buf_str(&b), "code", &many), *iss = form_get(buf_str(&b), "iss", NULL);
    assert(code && iss && !many && strcmp(code, text) == 0 && strcmp(iss, text) == 0);
    buf_addc(&b, '\0');
    assert(strspn(b.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%&=") ==
           b.n - 1);
    mem_free(code);
    mem_free(iss);
    buf_free(&b);
}

/* The beginning of the address, up to where its path is. */
static void origin(const char *text)
{
    char *o = grant_origin(text);
    size_t n = strlen(o);
    assert(strncasecmp(o, text, n) == 0 && n <= strlen(text));
    const char *host = strstr(o, "://");
    assert(n == 0 || (host && host[3 + strcspn(host + 3, "/?#\\")] == '\0'));
    assert(n == 0 || text[n] == '\0' || strchr("/?#\\", text[n]));
    mem_free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    bool many;
    token(s);
    metadata(s);
    kept(s);
    mem_free(form_get(s, "code", &many));
    char *text = mem_dupn(s.p, s.n), *some = mem_dupn(s.p, s.n < 64 ? s.n : 64);
    sent(some);
    origin(text);
    mem_free(text);
    mem_free(some);
    return 0;
}
