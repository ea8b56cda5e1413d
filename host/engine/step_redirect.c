/* A read that is sent on to another address. Each hop is judged as the first one was: within the
 * connection's own origin it is the same request; to a host that the company listed it goes without
 * credentials, headers and certificate, to public addresses alone; anywhere else it does not go.
 * What was led away once gets its credentials back nowhere. */
#include <string.h>
#include "http_url.h"
#include "mem.h"
#include "step.h"

#define HOPS_MAX 5

static bool sends_on(const struct step *s, int status)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    bool redirects =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    return redirects && !s->write && !step_request_accepts(spec, status) &&
           strcmp(jsonv_str(jsonv_get(spec, "method"), ""), "GET") == 0;
}

/* True if the address is the connection's own, or the same by TLS. */
static bool is_home(const struct step *s, const char *url)
{
    const char *home = s->channel->credentials.url;
    return http_url_same_origin(home, url) || http_url_upgrades(home, url);
}

bool step_redirect(struct step *s, const struct http_out_result *r)
{
    struct str location = http_header_get(r->headers, r->nheaders, "Location");
    struct buf to;
    struct err e = {0};
    if (!sends_on(s, r->status) || !location.n || s->hops >= HOPS_MAX ||
        !s->channel->credentials.url)
        return false;
    struct step_request q;
    if (step_request_build(s, &q, &e) < 0) {
        step_request_free(&q);
        return false;
    }
    char *text = mem_dupn(location.p, location.n);
    buf_init(&to, 65536);
    bool goes = strlen(text) == location.n &&
                http_url_join(&to, s->hop_url ? s->hop_url : q.url, text, &e) == 0;
    step_request_free(&q);
    mem_free(text);
    buf_addc(&to, '\0');
    bool away = goes && (s->away || !is_home(s, to.p));
    if (goes && away && !is_home(s, to.p))
        goes = http_url_host_listed(to.p, s->conn->redirects);
    if (goes) {
        resolver_wipe(s->hop_url);
        s->hop_url = buf_take(&to, NULL);
        s->away = away;
        s->hops++;
    }
    buf_free(&to);
    return goes;
}

void step_redirect_reset(struct step *s)
{
    resolver_wipe(s->hop_url);
    s->hop_url = NULL;
    s->away = false;
    s->hops = 0;
}
