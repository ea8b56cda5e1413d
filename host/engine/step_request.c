/* What leaves the host for an http step. The script names a connection and a path below its
 * address; the host puts in the address and the credentials and lets nothing point elsewhere. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "buf.h"
#include "clock.h"
#include "mem.h"
#include "step.h"
#include "step_file.h"

#define PATH_MAX_BYTES 16384
#define TITLE_MAX      160

static const char *spec_text(const struct jsonv *spec, const char *key, const char *fallback)
{
    return jsonv_str(jsonv_get(spec, key), fallback);
}

char *step_request_title(const struct jsonv *spec)
{
    const char *op = spec_text(spec, "op", "?");
    if (strcmp(op, "http") != 0)
        return mem_printf("%.40s", op);
    if (strcmp(spec_text(spec, "method", ""), "MAIL") == 0)
        return mem_dup("mail"); /* whom to, and what about, is in its body */
    const char *path = spec_text(spec, "path", "");
    size_t n = strcspn(path, "?#");
    return mem_printf("%.16s %.*s", spec_text(spec, "method", "GET"),
        (int)(n < TITLE_MAX ? n : TITLE_MAX), n ? path : "/");
}

bool step_request_accepts(const struct jsonv *spec, int status)
{
    const struct jsonv *list = jsonv_get(spec, "accept");
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next)
        if (jsonv_int(c, 0) == status)
            return true;
    return false;
}

/* scheme://host:port of an absolute address: all up to its path. */
static size_t origin_length(const char *url)
{
    const char *p = strstr(url, "://");
    return p ? (size_t)(p + 3 - url) + strcspn(p + 3, "/?#\\") : 0;
}

static int build_url(const char *base, const char *path, char **url, struct err *e)
{
    size_t n = strlen(path);
    if (n > PATH_MAX_BYTES)
        return err_set(e, ERR_LIMIT, "the path is longer than %d bytes", PATH_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)path[i] <= ' ' || path[i] == 0x7f || path[i] == '\\')
            return err_set(e, ERR_INPUT,
                "the path holds a character that must be percent-encoded (byte %zu)", i + 1);
    if (strncasecmp(path, "http://", 7) == 0 || strncasecmp(path, "https://", 8) == 0) {
        size_t o = origin_length(base);
        if (o == 0 || origin_length(path) != o || strncasecmp(base, path, o) != 0)
            return err_set(e, ERR_DENIED, "the address leads away from the connection's own");
        *url = mem_dup(path);
    } else if (n > 0 && strpbrk(base, "?#")) {
        return err_set(e, ERR_INPUT,
            "the connection's url has a query, and nothing can stand "
            "behind one: say it in the query of each request");
    } else if (n == 0 || path[0] == '/' || path[0] == '?') {
        *url = mem_printf("%s%s", base, path);
    } else {
        *url = mem_printf("%s/%s", base, path);
    }
    return 0;
}

static int add_headers(const struct step *s, struct step_request *q, struct err *e)
{
    const struct jsonv *list = jsonv_get(jsondoc_root(s->doc), "headers");
    int max = (int)(sizeof q->headers / sizeof q->headers[0]) - 4;
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next) {
        if (q->nheaders == max)
            return err_set(e, ERR_LIMIT, "more than %d headers", max);
        if (c->type != JSONV_STRING)
            return err_set(e, ERR_INPUT, "the header %.*s is not a text", STR_ARG(c->key));
        if (str_ieq(c->key, manifest_auth_header(&s->conn->auth)) &&
            s->conn->auth.type != AUTH_NONE)
            return err_set(e, ERR_DENIED,
                "the header %.*s is the host's; the connection's settings make it",
                STR_ARG(c->key));
        q->headers[q->nheaders++] = (struct http_header){c->key, c->text};
    }
    return 0;
}

int step_request_build(const struct step *s, struct step_request *q, struct err *e)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    memset(q, 0, sizeof *q);
    q->method = spec_text(spec, "method", "GET");
    if (build_url(s->channel->credentials.url, spec_text(spec, "path", ""), &q->url, e) < 0)
        return -1;
    return add_headers(s, q, e);
}

void step_request_bare(struct step_request *q)
{
    int n = 0;
    for (int i = 0; i < q->nheaders; i++)
        if (str_ieq(q->headers[i].name, STR_LIT("Accept")))
            q->headers[n++] = q->headers[i];
    q->nheaders = n;
}

int step_request_sign(const struct step *s, struct step_request *q, struct err *e)
{
    struct str id = http_header_get(q->headers, q->nheaders, "webhook-id");
    const char *password = s->channel->credentials.password;
    struct str secret = str_of(password ? password : "");
    if (!id.n)
        return err_set(e, ERR_INPUT, "a signed request needs the header webhook-id");
    if (!s->run->version->company->engine->parts.resolver->made_up &&
        signature_check_standard(secret, e) < 0)
        return -1;
    snprintf(q->signed_at, sizeof q->signed_at, "%lld", (long long)(clock_wall_ms() / 1000));
    char *text = mem_dupn(id.p, id.n);
    int rc = signature_make_standard(
        q->signature, secret, text, q->signed_at, (struct str){s->body, s->nbody}, e);
    mem_free(text);
    if (rc < 0)
        return -1;
    q->headers[q->nheaders++] =
        (struct http_header){STR_LIT("webhook-timestamp"), str_of(q->signed_at)};
    q->headers[q->nheaders++] =
        (struct http_header){STR_LIT("webhook-signature"), str_of(q->signature)};
    return 0;
}

void step_request_free(struct step_request *q)
{
    resolver_wipe(q->url);
}

static void put_lower(struct buf *b, struct str name)
{
    char lower[128];
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)tolower((unsigned char)name.p[i]);
    json_put_string(b, (struct str){lower, n});
}

/* A value that comes more than once is joined as HTTP allows. */
static void put_joined(struct buf *b, const struct http_out_result *r, int first)
{
    struct buf value;
    buf_init(&value, BUF_MAX_DEFAULT); /* the client bounds all of them */
    for (int k = first; k < r->nheaders; k++) {
        if (!str_ieq(r->headers[k].name, r->headers[first].name))
            continue;
        if (k > first)
            buf_adds(&value, ", ");
        buf_add(&value, r->headers[k].value.p, r->headers[k].value.n);
    }
    json_put_string(b, buf_str(&value));
    buf_free(&value);
}

static bool has_name(const struct http_out_result *r, int from, int to, struct str name)
{
    for (int i = from; i < to; i++)
        if (str_ieq(r->headers[i].name, name))
            return true;
    return false;
}

/* Each name once; cookies are nobody's business here. */
static void put_headers(struct buf *b, const struct http_out_result *r)
{
    bool first = true;
    for (int i = 0; i < r->nheaders; i++) {
        struct str name = r->headers[i].name;
        if (str_ieq(name, STR_LIT("Set-Cookie")) || has_name(r, 0, i, name))
            continue;
        if (!first)
            buf_addc(b, ',');
        first = false;
        put_lower(b, name);
        buf_addc(b, ':');
        if (has_name(r, i + 1, r->nheaders, name))
            put_joined(b, r, i);
        else
            json_put_string(b, r->headers[i].value);
    }
}

/* Of texts in which nothing needs an escape. */
static size_t meta_size(const struct http_out_result *r)
{
    size_t n = 250; /* timing, and the names of all */
    for (int i = 0; i < r->nheaders; i++)
        n += r->headers[i].name.n + r->headers[i].value.n + sizeof("\"\":\"\",");
    return n;
}

void step_request_meta(struct buf *out, const struct http_out_result *r)
{
    buf_expect(out, meta_size(r));
    buf_adds(out, "\"status\":");
    buf_addi(out, r->status);
    buf_adds(out, ",\"headers\":{");
    put_headers(out, r);
    buf_adds(out, "},\"timing\":");
    step_request_timing(out, r);
}

static void put_us(struct buf *out, const char *name, int64_t us)
{
    buf_addc(out, '"');
    buf_adds(out, name);
    buf_adds(out, "\":");
    buf_addi(out, us);
    buf_addc(out, ',');
}

void step_request_timing(struct buf *out, const struct http_out_result *r)
{
    const struct http_out_timing *t = &r->timing;
    buf_addc(out, '{');
    put_us(out, "dns_us", t->dns_us);
    put_us(out, "connect_us", t->connect_us);
    put_us(out, "tls_us", t->tls_us);
    put_us(out, "first_byte_us", t->first_byte_us);
    put_us(out, "total_us", t->total_us);
    buf_adds(out, t->reused ? "\"reused\":true,\"http\":\"" : "\"reused\":false,\"http\":\"");
    buf_addi(out, t->version / 10);
    buf_addc(out, '.');
    buf_addi(out, t->version % 10);
    buf_adds(out, "\"}");
}

void step_request_dry(struct buf *out, const struct jsonv *spec, struct str body)
{
    if (step_content_wanted(spec))
        body = STR_LIT("{}");
    struct jsondoc *d = jsondoc_parse(body, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    if (root && root->type == JSONV_OBJECT && !jsonv_get(root, "id")) {
        const char *brace = memchr(body.p, '{', body.n);
        size_t at = (size_t)(brace - body.p) + 1;
        buf_adds(out, root->child ? "{\"id\":0," : "{\"id\":0");
        buf_add(out, body.p + at, body.n - at);
    } else {
        buf_add(out, body.p, body.n);
    }
    jsondoc_free(d);
}
