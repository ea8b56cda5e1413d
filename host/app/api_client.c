#include "api_client.h"

#include "api.h"
#include "http_out.h"
#include "mem.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define TIMEOUT_MS 30000

struct call {
    struct loop *loop;
    int status;
    struct jsondoc **answer;
    struct err *e;
};

static void on_answer(void *arg, const struct http_out_result *r)
{
    struct call *c = arg;
    if (r->outcome != HTTP_OUT_ANSWERED) {
        err_set(c->e, ERR_IO, "%s", r->problem);
        c->status = -1;
    } else {
        c->status = r->status;
        *c->answer = jsondoc_parse(r->body, NULL);
    }
    loop_stop(c->loop);
}

static int send_call(struct call *c, struct http_out_request *q, struct err *e)
{
    struct http_out_config hc;
    http_out_config_defaults(&hc);
    c->loop = loop_new(e);
    struct http_out *http = c->loop ? http_out_new(c->loop, &hc, e) : NULL;
    if (!http) {
        loop_free(c->loop);
        return -1;
    }
    http_out_start(http, q, on_answer, c);
    loop_run(c->loop);
    http_out_free(http);
    loop_free(c->loop);
    return c->status < 0 ? -1 : 0;
}

int api_call(const char *dir, const char *method, const char *path, struct str body, int *status,
    struct jsondoc **answer, struct err *e)
{
    struct call c = {.answer = answer, .e = e};
    char *address, *token;
    *answer = NULL;
    if (api_find(dir, &address, &token, e) < 0)
        return -1;
    char *url = mem_printf("http://%s/api/v1/%s", address, path);
    char *bearer = mem_printf("Bearer %s", token);
    struct http_header h = {STR_LIT("Authorization"), str_of(bearer)};
    struct http_out_request q = {.method = method,
        .url = url,
        .headers = &h,
        .nheaders = 1,
        .body = body,
        .write = true, /* never sent twice by itself */
        .timeout_ms = TIMEOUT_MS,
        .max_body = ANSWER_MAX};
    int rc = send_call(&c, &q, e);
    *status = c.status;
    mem_free(url);
    mem_free(bearer);
    mem_free(address);
    mem_free(token);
    return rc;
}

const char *api_problem(const struct jsondoc *answer)
{
    return jsonv_str(jsonv_get(answer ? jsondoc_root(answer) : NULL, "error"), "refused");
}
