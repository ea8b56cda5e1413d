#include "api_company.h"

#include <string.h>

#include "jsondoc.h"
#include "reply.h"

static void on_live(void *arg, const char *company, const char *version, const struct err *error)
{
    struct http_in_exchange *x = arg;
    struct buf b;
    if (error) {
        reply_error(x,
            error->code == ERR_NOT_FOUND ? 404
            : error->code == ERR_IO      ? 503
                                         : 409,
            error->text);
        return;
    }
    buf_init(&b, 1 << 12);
    buf_adds(&b, "{\"company\":");
    json_put_cstring(&b, company);
    buf_adds(&b, ",\"version\":");
    json_put_cstring(&b, version);
    buf_addc(&b, '}');
    reply_json(x, 200, buf_str(&b));
    buf_free(&b);
}

static void rollback(struct engine *e, struct http_in_exchange *x, const char *company)
{
    struct jsondoc *d = jsondoc_parse(http_in_request(x)->body, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *version = jsonv_str(jsonv_get(root, "version"), "");
    const char *by = jsonv_str(jsonv_get(root, "by"), "");
    const char *note = jsonv_str(jsonv_get(root, "note"), "");
    if (strlen(version) != 12 || !*by || !*note)
        reply_error(x, 400,
            "a rollback names the version (12 characters), who wants it and why: "
            "{\"version\": \"...\", \"by\": \"...\", \"note\": \"...\"}");
    else
        engine_rollback(e, company, version, by, note, on_live, x);
    jsondoc_free(d);
}

void api_company(struct engine *e, struct reload *r, struct http_in_exchange *x, struct str company,
    struct str verb)
{
    char name[64];
    if (!company.n || company.n >= sizeof(name) ||
        (!str_is(verb, "reload") && !str_is(verb, "rollback"))) {
        reply_error(x, 404, "companies take /reload and /rollback");
        return;
    }
    if (strcmp(http_in_request(x)->method, "POST")) {
        reply_method(x, "POST");
        return;
    }
    memcpy(name, company.p, company.n);
    name[company.n] = 0;
    if (str_is(verb, "reload"))
        reload_company(r, name, on_live, x);
    else
        rollback(e, x, name);
}
