#include "reply.h"

#include "json.h"

static const struct http_header json_type = {
    {"Content-Type", 12}, {"application/json; charset=utf-8", 31}};

void reply_json(struct http_in_exchange *x, int status, struct str json)
{
    http_in_reply(x, status, &json_type, 1, json);
}

void reply_error(struct http_in_exchange *x, int status, const char *message)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_adds(&b, "{\"error\":");
    json_put_cstring(&b, message);
    buf_addc(&b, '}');
    reply_json(x, status, buf_str(&b));
    buf_free(&b);
}

void reply_text(struct http_in_exchange *x, int status, const char *text)
{
    const struct http_header plain = {
        STR_LIT("Content-Type"), STR_LIT("text/plain; charset=utf-8")};
    http_in_reply(x, status, &plain, 1, str_of(text));
}

void reply_method(struct http_in_exchange *x, const char *allowed)
{
    struct http_header h[] = {json_type, {STR_LIT("Allow"), str_of(allowed)}};
    http_in_reply(
        x, 405, h, 2, STR_LIT("{\"error\":\"this path takes another method, see Allow\"}"));
}
