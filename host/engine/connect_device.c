/* A connection that is allowed on another device: RFC 8628. */
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "connect_impl.h"
#include "form.h"
#include "grant.h"
#include "jsondoc.h"
#include "mem.h"
#include "retry.h"

#define POLL_S     5  /* if the answer does not say, RFC 8628 3.2 */
#define POLL_MAX_S 60 /* numbers beyond are not believed */
#define OPEN_MAX_S 1800
#define SLOWER_MS  5000 /* RFC 8628 3.5: slow_down */

static void ask_token(void *arg);

static void too_late(struct connect *c)
{
    connect_over(c, false, "nobody allowed it in time; begin again with `sauma connect`");
}

static void wait_on(struct connect *c, int64_t least_ms)
{
    int64_t ms = c->poll_ms > least_ms ? c->poll_ms : least_ms;
    if (clock_wall_ms() + ms > c->end_ms)
        too_late(c);
    else
        loop_timer_arm(c->timer, ms);
}

static int64_t retry_after(const struct connect *c, const struct http_out_result *r)
{
    return retry_after_ms(http_header_get(r->headers, r->nheaders, "Retry-After"),
        http_header_get(r->headers, r->nheaders, "Date"), c->engine->set.retry_after_cap_ms);
}

static void on_token(void *arg, const struct http_out_result *r)
{
    struct connect *c = arg;
    struct token_answer a;
    struct err e = {0};
    char error[64] = "";
    c->transfer = NULL;
    enum token_reply reply = token_reply_read(r, &a, &e);
    if (reply == TOKEN_REPLY_REFUSED)
        token_error(r->body, error, sizeof error);
    if (strcmp(error, "slow_down") == 0)
        c->poll_ms += SLOWER_MS;
    bool pending = !strcmp(error, "slow_down") || !strcmp(error, "authorization_pending");
    bool later = reply == TOKEN_REPLY_BUSY || reply == TOKEN_REPLY_NONE;
    if (later) /* RFC 8628 3.5: less often, and twice that each time */
        c->poll_ms = 2 * c->poll_ms < 1000 * POLL_MAX_S ? 2 * c->poll_ms : 1000 * POLL_MAX_S;
    if (reply == TOKEN_REPLY_GRANTED)
        connect_granted(c, &a);
    else if (pending || later)
        wait_on(c, later ? retry_after(c, r) : 0);
    else if (strcmp(error, "expired_token") == 0)
        too_late(c);
    else if (strcmp(error, "access_denied") == 0)
        connect_over(c, false, "it was not allowed");
    else if (reply == TOKEN_REPLY_BROKEN)
        connect_over(c, false, "%s", e.text);
    else
        connect_refused(c, "the token", r);
    token_answer_free(&a);
}

static void ask_token(void *arg)
{
    struct connect *c = arg;
    struct token_request q;
    token_request_init(&q);
    form_put(&q.form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    form_put(&q.form, "device_code", c->device);
    connect_ask_token(c, &q, on_token);
}

static int64_t seconds(const struct jsonv *root, const char *key, int64_t fallback, int64_t most)
{
    int64_t n = jsonv_int(jsonv_get(root, key), fallback);
    return n < 1 ? fallback : n > most ? most : n;
}

static void on_code(void *arg, const struct http_out_result *r)
{
    struct connect *c = arg;
    c->transfer = NULL;
    if (r->outcome != HTTP_OUT_ANSWERED || r->status < 200 || r->status > 299) {
        connect_refused(c, "the code for another device", r);
        return;
    }
    struct jsondoc *d = jsondoc_parse(r->body, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *device = jsonv_str(jsonv_get(root, "device_code"), "");
    char code[65];
    str_line(code, sizeof code, str_of(jsonv_str(jsonv_get(root, "user_code"), "")));
    const char *page = jsonv_str(jsonv_get(root, "verification_uri"), "");
    if (!device[0] || !code[0] || !endpoints_plain(page) ||
        (strncmp(page, "https://", 8) && strncmp(page, "http://", 7))) {
        connect_over(c, false, "the answer holds no code for another device");
    } else {
        c->device = mem_dup(device);
        c->code = mem_dup(code);
        c->url = mem_dup(page);
        c->poll_ms = 1000 * seconds(root, "interval", POLL_S, POLL_MAX_S);
        c->end_ms = clock_wall_ms() + 1000 * seconds(root, "expires_in", 600, OPEN_MAX_S);
        c->state = CONNECT_OPEN;
        loop_timer_free(c->timer);
        c->timer = loop_timer_new(c->engine->parts.loop, ask_token, c);
        wait_on(c, 0);
    }
    jsondoc_free(d);
}

void connect_device_begin(struct connect *c, const char *device_url)
{
    const struct manifest_connection *conn;
    struct token_request q;
    struct err e = {0};
    struct channel *ch = connect_channel(c, &conn, &e);
    token_request_init(&q);
    if (ch && conn->auth.scope[0])
        form_put(&q.form, "scope", conn->auth.scope);
    if (ch && ch->credentials.form && ch->credentials.form[0])
        buf_addf(&q.form, "%s%s", q.form.n ? "&" : "", ch->credentials.form);
    if (!ch || token_request_client(&q, &ch->credentials, &conn->auth,
                   c->issuer ? c->issuer : c->token_url, &e) < 0) {
        token_request_free(&q);
        connect_over(c, false, "%s", e.text);
        return;
    }
    c->secret[0] = '\0'; /* no browser comes back */
    c->transfer = token_request_send(&q, c->engine, device_url, on_code, c);
}
