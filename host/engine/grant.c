#include "grant.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "resolver.h"

#define LIFE_GUESS 300000     /* if the answer does not say */
#define LIFE_MAX   86400000LL /* numbers beyond are not believed */
#define WORDS_MAX  201
#define TOKEN_MAX  65536
#define GRANT_MAX  (6 * TOKEN_MAX)

struct grant *grant_new(void)
{
    return mem_zalloc(1, sizeof(struct grant));
}

void grant_set(char **text, const char *value)
{
    char *copy = mem_dup(value);
    resolver_wipe(*text);
    *text = copy;
}

void grant_free(struct grant *g)
{
    if (!g)
        return;
    resolver_wipe(g->access);
    resolver_wipe(g->refresh);
    resolver_wipe(g->before);
    mem_free(g->token_url);
    mem_free(g->origin);
    mem_free(g->issuer);
    mem_free(g->client);
    mem_free(g->problem);
    mem_free(g);
}

struct grant *grant_parse(struct str json, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(json, e);
    if (!d)
        return NULL;
    const struct jsonv *root = jsondoc_root(d);
    struct grant *g = grant_new();
    g->access = mem_dup(jsonv_str(jsonv_get(root, "access"), NULL));
    g->refresh = mem_dup(jsonv_str(jsonv_get(root, "refresh"), NULL));
    g->before = mem_dup(jsonv_str(jsonv_get(root, "before"), NULL));
    g->token_url = mem_dup(jsonv_str(jsonv_get(root, "token_url"), ""));
    g->origin = mem_dup(jsonv_str(jsonv_get(root, "origin"), ""));
    g->issuer = mem_dup(jsonv_str(jsonv_get(root, "issuer"), ""));
    g->client = mem_dup(jsonv_str(jsonv_get(root, "client"), ""));
    g->problem = mem_dup(jsonv_str(jsonv_get(root, "problem"), NULL));
    g->life_ms = jsonv_int(jsonv_get(root, "life_ms"), 0);
    g->end_ms = jsonv_int(jsonv_get(root, "end_ms"), 0);
    g->connected_ms = jsonv_int(jsonv_get(root, "connected_ms"), 0);
    g->renewed_ms = jsonv_int(jsonv_get(root, "renewed_ms"), 0);
    g->asked_ms = jsonv_int(jsonv_get(root, "asked_ms"), 0);
    jsondoc_free(d);
    return g;
}

static void put_text(struct buf *b, const char *key, const char *value)
{
    if (!value)
        return;
    json_put_key(b, key);
    json_put_cstring(b, value);
}

static void put_number(struct buf *b, const char *key, int64_t value)
{
    json_put_key(b, key);
    buf_addf(b, "%lld", (long long)value);
}

char *grant_text(const struct grant *g)
{
    struct buf b;
    buf_init(&b, GRANT_MAX);
    buf_addc(&b, '{');
    put_text(&b, "access", g->access);
    put_text(&b, "refresh", g->refresh);
    put_text(&b, "before", g->before);
    put_text(&b, "token_url", g->token_url);
    put_text(&b, "origin", g->origin);
    put_text(&b, "issuer", g->issuer);
    put_text(&b, "client", g->client);
    put_text(&b, "problem", g->problem);
    put_number(&b, "life_ms", g->life_ms);
    put_number(&b, "end_ms", g->end_ms);
    put_number(&b, "connected_ms", g->connected_ms);
    put_number(&b, "renewed_ms", g->renewed_ms);
    put_number(&b, "asked_ms", g->asked_ms);
    buf_addc(&b, '}');
    return buf_take(&b, NULL);
}

/* ---- answers of token endpoints ---- */

/* A token goes into a header as it is: what could end the header is none. */
static char *usable(const struct jsonv *v)
{
    const char *token = jsonv_str(v, "");
    size_t n = strlen(token);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
            return NULL;
    return n > 0 && n <= TOKEN_MAX ? mem_dup(token) : NULL;
}

/* Seconds as a number or a text; what is none, or less than a millisecond, is the guess. */
static int64_t life_of(const struct jsonv *v, int64_t guess, int64_t most)
{
    bool number = v && v->text.p &&
                  (v->type == JSONV_INTEGER || v->type == JSONV_NUMBER || v->type == JSONV_STRING);
    char *end;
    double seconds = number ? strtod(v->text.p, &end) : 0;
    if (!number || end == v->text.p || !(seconds >= 0.001))
        return guess;
    return seconds < (double)most / 1000.0 ? (int64_t)(seconds * 1000) : most;
}

int token_answer_parse(struct str body, struct token_answer *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct jsondoc *d = jsondoc_parse(body, e);
    if (!d && str_starts(str_trim(body), "<"))
        return err_set(e, ERR_INPUT,
            "the answer to the token request is a web page: is the connection's url right?");
    if (!d)
        return err_prefix(e, "the token answer");
    const struct jsonv *root = jsondoc_root(d);
    const char *type = jsonv_str(jsonv_get(root, "token_type"), "bearer");
    int rc = 0;
    if (strcasecmp(type, "bearer") != 0)
        rc = err_set(e, ERR_INPUT, "the token answer holds a token of type \"%.40s\"", type);
    else if (!(out->access = usable(jsonv_get(root, "access_token"))))
        rc = err_set(e, ERR_INPUT, "the token answer holds no usable access_token");
    if (rc == 0) {
        out->refresh = usable(jsonv_get(root, "refresh_token"));
        out->life_ms = life_of(jsonv_get(root, "expires_in"), LIFE_GUESS, LIFE_MAX);
        out->lasts_ms = life_of(jsonv_get(root, "expires_in"), GRANT_LASTS, GRANT_LASTS);
    }
    jsondoc_free(d);
    return rc;
}

void token_answer_free(struct token_answer *a)
{
    resolver_wipe(a->access);
    resolver_wipe(a->refresh);
    memset(a, 0, sizeof *a);
}

void token_error(struct str body, char *out, size_t n)
{
    struct jsondoc *d = jsondoc_parse(body, NULL);
    snprintf(out, n, "%s", jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "error"), ""));
    jsondoc_free(d);
}

/* HubSpot says BAD_REFRESH_TOKEN as "status", GitHub bad_refresh_token, Slack
 * invalid_refresh_token, Zoho invalid_code; and where there is no code at all, the words may tell.
 */
bool token_grant_gone(struct str body)
{
    static const char *const gone[] = {"invalid_grant", "invalid_code", "invalid_token",
        "token_expired", "token_revoked", "expired_token"};
    struct jsondoc *d = jsondoc_parse(body, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *error = jsonv_str(jsonv_get(root, "error"), ""),
               *status = jsonv_str(jsonv_get(root, "status"), "");
    char words[WORDS_MAX];
    bool is = strcasestr(error, "refresh_token") || strcasestr(status, "refresh_token");
    for (size_t i = 0; i < sizeof gone / sizeof gone[0] && !is; i++)
        is = strcmp(error, gone[i]) == 0;
    if (!is && !error[0]) {
        token_problem(body, words, sizeof words);
        is = strcasestr(words, "refresh token") != NULL;
    }
    jsondoc_free(d);
    return is;
}

void token_problem(struct str body, char *out, size_t n)
{
    struct jsondoc *d = jsondoc_parse(body, NULL);
    out[0] = '\0';
    if (!d)
        return;
    const struct jsonv *root = jsondoc_root(d), *errors = jsonv_get(root, "errors");
    const char *words[] = {jsonv_str(jsonv_get(root, "error_description"), NULL),
        jsonv_str(jsonv_get(root, "error"), NULL),
        jsonv_str(jsonv_get(errors ? errors->child : NULL, "message"), NULL),
        jsonv_str(jsonv_get(root, "message"), NULL)};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !out[0]; i++)
        if (words[i])
            str_line(out, n < WORDS_MAX ? n : WORDS_MAX, str_of(words[i]));
    jsondoc_free(d);
}

char *grant_origin(const char *url)
{
    const char *p = strstr(url, "://");
    size_t n = p ? (size_t)(p + 3 - url) + strcspn(p + 3, "/?#\\") : 0;
    char *origin = mem_dupn(url, n);
    for (char *c = origin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return origin;
}
