#include "token_request.h"

#include <sodium.h>
#include <string.h>
#include "clock.h"
#include "form.h"
#include "machine.h"
#include "mem.h"

#define FORM_MAX   ((size_t)256 * 1024)
#define ANSWER_MAX (1 << 20)

void token_request_init(struct token_request *q)
{
    buf_init(&q->form, FORM_MAX);
    q->authorization = NULL;
    q->who = NULL;
}

void token_request_free(struct token_request *q)
{
    if (q->form.p)
        sodium_memzero(q->form.p, q->form.cap);
    buf_free(&q->form);
    resolver_wipe(q->authorization);
    q->authorization = NULL;
}

/* RFC 6749 2.3.1: both parts are percent-encoded first. */
static char *basic(const char *id, const char *secret)
{
    struct buf b;
    buf_init(&b, FORM_MAX);
    form_put_value(&b, str_of(id));
    buf_addc(&b, ':');
    form_put_value(&b, str_of(secret));
    size_t room = sodium_base64_ENCODED_LEN(b.n, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = mem_alloc(room);
    sodium_bin2base64(
        encoded, room, (const unsigned char *)b.p, b.n, sodium_base64_VARIANT_ORIGINAL);
    char *header = mem_printf("Basic %s", encoded);
    sodium_memzero(b.p, b.cap);
    buf_free(&b);
    resolver_wipe(encoded);
    return header;
}

int token_request_client(struct token_request *q, const struct credentials *c,
    const struct manifest_auth *a, const char *audience, struct err *e)
{
    q->who = c;
    const char *id = c->client_id ? c->client_id : "";
    if (a->client_auth == CLIENT_BASIC) {
        q->authorization = basic(id, c->client_secret ? c->client_secret : "");
        return 0;
    }
    form_put(&q->form, "client_id", id);
    if (a->client_auth == CLIENT_KEY) {
        char *jwt = client_assertion(c->private_key ? c->private_key : "", a->key_id, id, audience,
            clock_wall_ms() / 1000, e);
        if (!jwt)
            return -1;
        form_put(&q->form, "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        form_put(&q->form, "client_assertion", jwt);
        resolver_wipe(jwt);
    } else if (c->client_secret) {
        form_put(&q->form, "client_secret", c->client_secret);
    }
    return 0;
}

struct http_out_transfer *token_request_send(
    struct token_request *q, struct engine *e, const char *url, http_out_done done, void *arg)
{
    struct http_header headers[3] = {
        {STR_LIT("Content-Type"), STR_LIT("application/x-www-form-urlencoded")},
        {STR_LIT("Accept"), STR_LIT("application/json")}};
    int n = 2;
    if (q->authorization)
        headers[n++] = (struct http_header){STR_LIT("Authorization"), str_of(q->authorization)};
    struct http_out_request r = {.method = "POST",
        .url = url,
        .headers = headers,
        .nheaders = n,
        .body = buf_str(&q->form),
        .write = true, /* a code or a refresh token may be good for once */
        .way = credentials_way_to(q->who, url),
        .timeout_ms = e->set.http_timeout_ms,
        .max_body = ANSWER_MAX};
    struct http_out_transfer *t = http_out_start(e->parts.http, &r, done, arg);
    token_request_free(q);
    return t;
}

/* Errors of RFC 6749 4.1.2.1 that say "later"; some token endpoints have them too. */
static bool says_later(const char *error)
{
    return !strcmp(error, "temporarily_unavailable") || !strcmp(error, "server_error");
}

enum token_reply token_reply_read(
    const struct http_out_result *r, struct token_answer *out, struct err *e)
{
    char error[64];
    memset(out, 0, sizeof *out);
    if (r->outcome != HTTP_OUT_ANSWERED) {
        err_set(e, ERR_IO, "%s", r->problem);
        return TOKEN_REPLY_NONE;
    }
    bool good = r->status >= 200 && r->status < 300;
    if (good && token_answer_parse(r->body, out, e) == 0)
        return TOKEN_REPLY_GRANTED;
    token_error(r->body, error, sizeof error);
    if (r->status == 408 || r->status == 429 || r->status >= 500 || says_later(error)) {
        err_set(e, ERR_IO, "%d %s", r->status, says_later(error) ? error : http_reason(r->status));
        return TOKEN_REPLY_BUSY;
    }
    return good && !error[0] ? TOKEN_REPLY_BROKEN : TOKEN_REPLY_REFUSED;
}
