/* A mail as a step: the body of the step is what the script wrote, as JSON, and so it stands in the
 * journal; the mail is composed of it when it leaves. Its Message-ID and date are part of that
 * body, so one that is sent again is the same mail, which receivers recognise. */
#include "http_out_mail.h"
#include <stdio.h>
#include "buf.h"
#include "mem.h"
#include "step.h"

#define MAIL_MAX ((size_t)8 << 20) /* bytes of a composed mail */

struct outgoing {
    struct http_out_mail envelope;
    struct buf text; /* the composed mail */
    char *sender, *owned[MAIL_RECIPIENTS_MAX];
    const char *to[MAIL_RECIPIENTS_MAX];
};

static struct str text_of(const struct jsonv *v, const char *name)
{
    return str_of(jsonv_str(jsonv_get(v, name), ""));
}

bool step_is_mail(const struct step *s)
{
    return s->write && str_is(text_of(jsondoc_root(s->doc), "method"), "MAIL");
}

static struct mail_address address_of(const struct jsonv *v)
{
    return (struct mail_address){.name = text_of(v, "name"), .address = text_of(v, "address")};
}

/* Appends the addresses of a list. */
static int add_addresses(const struct jsonv *list, struct mail_address *to, int *n, struct err *e)
{
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next) {
        if (*n == MAIL_RECIPIENTS_MAX)
            return err_set(
                e, ERR_LIMIT, "to: a mail has at most %d recipients", MAIL_RECIPIENTS_MAX);
        to[(*n)++] = address_of(c);
    }
    return 0;
}

/* The envelope: the bare address of each. The addresses are checked where the mail is composed. */
static void fill_envelope(struct outgoing *m, const struct mail_address *to, int n)
{
    for (int i = 0; i < n; i++)
        m->to[i] = m->owned[i] = mem_dupn(to[i].address.p, to[i].address.n);
    m->envelope.to = m->to;
    m->envelope.nto = n;
}

static int mail_build(const struct step *s, struct outgoing *m, struct err *e)
{
    struct mail_address to[MAIL_RECIPIENTS_MAX];
    struct jsondoc *d = jsondoc_parse((struct str){s->body, s->nbody}, e);
    int nto = 0, n = 0;
    buf_init(&m->text, MAIL_MAX);
    if (!d)
        return err_prefix(e, "the mail cannot be read");
    const struct jsonv *v = jsondoc_root(d);
    int rc = add_addresses(jsonv_get(v, "to"), to, &nto, e);
    n = nto;
    if (rc == 0)
        rc = add_addresses(jsonv_get(v, "cc"), to, &n, e);
    struct mail mail = {.from = address_of(jsonv_get(v, "from")),
        .reply_to = address_of(jsonv_get(v, "reply_to")),
        .to = to,
        .nto = nto,
        .cc = to + nto,
        .ncc = n - nto,
        .subject = text_of(v, "subject"),
        .text = text_of(v, "text"),
        .message_id = text_of(v, "message_id"),
        .date_ms = jsonv_int(jsonv_get(v, "date_ms"), 0)};
    if (rc == 0)
        rc = mail_compose(&m->text, &mail, e);
    const struct jsonv *left = jsonv_get(v, "envelope"); /* of them, who does not have it yet */
    if (rc == 0 && left) {
        n = 0;
        rc = add_addresses(left, to, &n, e);
    }
    if (rc == 0) {
        m->sender = mem_dupn(mail.from.address.p, mail.from.address.n);
        fill_envelope(m, to, n);
        m->envelope.from = m->sender;
        m->envelope.user = s->channel->credentials.user;
        m->envelope.password = s->channel->credentials.password;
    }
    jsondoc_free(d);
    return rc;
}

static void mail_free(struct outgoing *m)
{
    for (int i = 0; i < m->envelope.nto; i++)
        mem_free(m->owned[i]);
    mem_free(m->sender);
    buf_free(&m->text);
}

static bool is_for_now(int status)
{
    /* RFC 5321, 4.2.1: 4yz is for now, 5yz for good; neither did anything. */
    return status >= 400 && status < 500;
}

static bool is_denied(int status)
{
    return status == 530 || status == 534 || status == 535 || status == 538;
}

/* A mail server replied: with its own codes, and the words in the body. */
void step_mail_answered(struct step *s, const struct http_out_result *r)
{
    char problem[200];
    struct str said = r->body.p ? r->body : STR_LIT("");
    struct buf masked;
    buf_init(&masked, BUF_MAX_DEFAULT);
    step_mask_mail(s, &said, &masked);
    snprintf(problem, sizeof problem, "it answered %d %.*s", r->status,
        (int)(said.n < 150 ? said.n : 150), said.p);
    breaker_succeeded(&s->channel->breaker);
    health_answered(s->channel, s->title, is_denied(r->status) ? 401 : 200);
    if (is_for_now(r->status)) {
        step_http_later(s, r->status, problem, -1);
        buf_free(&masked);
        return;
    }
    struct buf meta;
    buf_init(&meta, BUF_MAX_DEFAULT);
    buf_addc(&meta, '{');
    step_request_meta(&meta, r);
    buf_addc(&meta, '}');
    step_http_leave(s);
    step_answer(s, "done", r->status, buf_str(&meta), said);
    buf_free(&meta);
    buf_free(&masked);
}

void step_mail_send(struct step *s)
{
    struct outgoing m = {0};
    struct err e = {0};
    if (mail_build(s, &m, &e) < 0) {
        step_http_leave(s);
        step_fail(s, "permanent", "%s", e.text);
    } else {
        struct http_out_request out = {.method = "MAIL",
            .url = s->channel->credentials.url,
            .way = {.public_only = s->channel->credentials.way.public_only},
            .body = buf_str(&m.text),
            .mail = &m.envelope};
        step_http_transfer(s, &out);
    }
    mail_free(&m);
}
