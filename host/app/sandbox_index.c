/* The page that lists the sandboxes of a server. */
#include <string.h>

#include "sandbox_inside.h"

static const char *const about[][2] = {
    {"procountor", "Invoices, customers, products: approve, send, pay"},
    {"click2contract", "Proposals: accept and sign"},
    {"crm", "Deals and customers: win a deal, look how a customer pays"},
    {"pipedrive", "Deals and customers as in Pipedrive"},
    {"hubspot", "Deals and customers as in HubSpot"},
    {"ytj", "The Finnish Business Information System: register a company"},
    {"slack", "What was told in Slack"},
    {"zapier", "What Zapier caught"},
    {"smtp", "Mails that were sent"},
};

static const char *about_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if (!strcmp(about[i][0], kind))
            return about[i][1];
    return "";
}

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Sandboxes</title>\n<style>\n"
    ":root{--ink:#1d2733;--soft:#647284;--line:#e3e8ee;--paper:#fff;--ground:#f4f6f9;"
    "--accent:#1f6f54;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9aa7b6;--line:#2c3744;"
    "--paper:#18212b;--ground:#10171f;--accent:#5cc69d}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:var(--ground);color:var(--ink)}\n"
    "main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.5rem;margin:0 0 1rem}\n"
    "ul{list-style:none;margin:0 0 1rem;padding:0;background:var(--paper);"
    "border:1px solid var(--line);border-radius:.75rem}\n"
    "li+li{border-top:1px solid var(--line)}li a{display:block;padding:.6rem 1rem;"
    "text-decoration:none}\n"
    "a{color:var(--accent)}a:focus-visible{outline:3px solid var(--accent)}\n"
    "li span{display:block;color:var(--soft);font-size:.9rem}\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>Sandboxes</h1>\n<ul>\n";

void sandbox_index_reply(struct sandbox_server *s, struct http_in_exchange *x)
{
    static const struct http_header type = {
        STR_LIT("Content-Type"), STR_LIT("text/html; charset=utf-8")};
    bool root = str_is(http_in_request(x)->path, "/");
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, head);
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next) {
        const struct sandbox *sandbox = LIST_OF(n, struct sandbox, node);
        buf_addf(&b, "<li><a href=\"/%s/\">%s<span>%s</span></a></li>\n", sandbox->name,
            sandbox->name, about_kind(sandbox->kind));
    }
    buf_adds(&b, "</ul>\n<p><a href=\"/_ledger\">What was asked, and what was done</a> "
                 "(a JSON object a line)</p>\n</main>\n</body>\n</html>\n");
    http_in_reply(x, root ? 200 : 404, &type, 1, buf_str(&b));
    buf_free(&b);
}
