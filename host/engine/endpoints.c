#include "endpoints.h"

#include <stdio.h>
#include <string.h>
#include "http.h"
#include "jsondoc.h"
#include "machine.h"
#include "mem.h"
#include "resolver.h"

#define METADATA_MAX (1 << 20)

static bool is_secure(const char *url)
{
    return strncmp(url, "https://", 8) == 0;
}

bool endpoints_plain(const char *url)
{
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return false;
    return true;
}

/* One address of the metadata; -1 if it is none, or leads from https to plain http. It has no
 * fragment (RFC 6749 3.1 and 3.2). */
static int address_of(
    const struct jsonv *root, const char *key, const char *issuer, char **out, struct err *e)
{
    const char *url = jsonv_str(jsonv_get(root, key), NULL);
    *out = NULL;
    if (!url)
        return 0;
    bool plain = strncmp(url, "http://", 7) == 0;
    char words[201];
    str_line(words, sizeof words, str_of(url));
    if (!is_secure(url) && (!plain || is_secure(issuer)))
        return err_set(e, ERR_DENIED, "its %s is \"%s\", which is no https address", key, words);
    if (!endpoints_plain(url) || strchr(url, '#'))
        return err_set(
            e, ERR_DENIED, "its %s is \"%s\", which is no address to ask at", key, words);
    *out = mem_dup(url);
    return 0;
}

int endpoints_parse(struct str body, const char *issuer, struct endpoints *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct jsondoc *d = jsondoc_parse(body, e);
    if (!d)
        return -1;
    const struct jsonv *root = jsondoc_root(d);
    const char *says = jsonv_str(jsonv_get(root, "issuer"), "");
    char words[201];
    str_line(words, sizeof words, str_of(says));
    int rc = 0;
    if (strcmp(says, issuer) != 0)
        rc = err_set(e, ERR_DENIED, "it says that it is \"%s\"", words);
    if (rc < 0 ||
        (rc = address_of(root, "authorization_endpoint", issuer, &out->authorize, e)) < 0 ||
        (rc = address_of(root, "token_endpoint", issuer, &out->token, e)) < 0 ||
        (rc = address_of(root, "device_authorization_endpoint", issuer, &out->device, e)) < 0)
        endpoints_free(out);
    else
        out->issuer = mem_dup(says);
    if (rc == 0 && !out->token) {
        endpoints_free(out);
        rc = err_set(e, ERR_INPUT, "it names no token_endpoint");
    }
    out->iss = rc == 0 &&
               jsonv_bool(jsonv_get(root, "authorization_response_iss_parameter_supported"), false);
    jsondoc_free(d);
    return rc;
}

void endpoints_free(struct endpoints *ep)
{
    mem_free(ep->issuer);
    mem_free(ep->authorize);
    mem_free(ep->token);
    mem_free(ep->device);
    memset(ep, 0, sizeof *ep);
}

struct endpoints_ask {
    struct engine *engine;
    char *issuer;
    struct http_out_way way; /* its texts are our own */
    bool second;             /* the address of OpenID Connect is asked */
    struct http_out_transfer *transfer;
    endpoints_fn fn;
    void *arg;
};

/* RFC 8414 3.1 puts the well-known part between the host and the issuer's path, OpenID Connect
 * behind it. */
static char *metadata_url(const struct endpoints_ask *a)
{
    const char *after = strstr(a->issuer, "://");
    size_t n = strlen(a->issuer);
    while (n > 0 && a->issuer[n - 1] == '/')
        n--;
    if (a->second)
        return mem_printf("%.*s/.well-known/openid-configuration", (int)n, a->issuer);
    size_t host = after ? (size_t)(after + 3 - a->issuer) : 0;
    host += strcspn(a->issuer + host, "/");
    if (host > n)
        host = n;
    return mem_printf("%.*s/.well-known/oauth-authorization-server%.*s", (int)host, a->issuer,
        (int)(n - host), a->issuer + host);
}

static void ask_free(struct endpoints_ask *a)
{
    resolver_wipe((char *)(uintptr_t)a->way.proxy);
    resolver_wipe((char *)(uintptr_t)a->way.certificate);
    resolver_wipe((char *)(uintptr_t)a->way.key);
    mem_free(a->issuer);
    mem_free(a);
}

static void finish(
    struct endpoints_ask *a, const struct endpoints *ep, const char *problem, bool for_good)
{
    endpoints_fn fn = a->fn;
    void *arg = a->arg;
    ask_free(a);
    fn(arg, ep, problem, for_good);
}

static void send_ask(struct endpoints_ask *a);

static void answered(void *arg, const struct http_out_result *r)
{
    struct endpoints_ask *a = arg;
    struct endpoints ep = {0};
    struct err e = {0};
    char words[800];
    a->transfer = NULL;
    bool is_there = r->outcome == HTTP_OUT_ANSWERED && r->status == 200;
    bool is_page = is_there && !str_starts(str_trim(r->body), "{"); /* for each path, perhaps */
    if (r->outcome == HTTP_OUT_ANSWERED && !a->second &&
        (is_page || (r->status >= 400 && r->status < 500))) {
        a->second = true;
        send_ask(a);
        return;
    }
    if (r->outcome != HTTP_OUT_ANSWERED)
        snprintf(words, sizeof words,
            "the addresses of the issuer %.200s cannot be looked up: %.300s", a->issuer,
            r->problem);
    else if (!is_there)
        snprintf(words, sizeof words,
            "the addresses of the issuer %.200s cannot be looked up: it answered %d %s", a->issuer,
            r->status, http_reason(r->status));
    else if (endpoints_parse(r->body, a->issuer, &ep, &e) < 0)
        snprintf(words, sizeof words,
            "what the issuer %.200s says of itself cannot be used: %.300s", a->issuer, e.text);
    if (ep.token)
        finish(a, &ep, NULL, false);
    else
        finish(a, NULL, words, r->permanent);
    endpoints_free(&ep);
}

static void send_ask(struct endpoints_ask *a)
{
    static const struct http_header accept[] = {{{"Accept", 6}, {"application/json", 16}}};
    char *url = metadata_url(a);
    struct http_out_request q = {.method = "GET",
        .url = url,
        .headers = accept,
        .nheaders = 1,
        .way = a->way,
        .timeout_ms = a->engine->set.http_timeout_ms,
        .max_body = METADATA_MAX};
    a->transfer = http_out_start(a->engine->parts.http, &q, answered, a);
    mem_free(url);
}

struct endpoints_ask *endpoints_ask(
    struct engine *e, const char *issuer, struct http_out_way way, endpoints_fn fn, void *arg)
{
    struct endpoints_ask *a = mem_zalloc(1, sizeof *a);
    way.proxy = mem_dup(way.proxy);
    way.certificate = mem_dup(way.certificate);
    way.key = mem_dup(way.key);
    *a = (struct endpoints_ask){
        .engine = e, .issuer = mem_dup(issuer), .way = way, .fn = fn, .arg = arg};
    send_ask(a);
    return a;
}

void endpoints_cancel(struct endpoints_ask *a)
{
    if (!a)
        return;
    if (a->transfer)
        http_out_cancel(a->transfer);
    ask_free(a);
}
