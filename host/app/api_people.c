/* Acts on single runs, and what the other files of the API's part for people share. */
#include <string.h>

#include "api_people_parts.h"
#include "mem.h"
#include "reply.h"

struct api_people *api_people_new(
    struct engine *engine, struct loop *l, const char *dir, struct err *e)
{
    struct api_reader *r = api_reader_new(l, dir, e);
    if (!r)
        return NULL;
    struct api_people *p = mem_zalloc(1, sizeof(*p));
    p->engine = engine;
    p->reader = r;
    p->bulk_limit = BULK_LIMIT;
    list_init(&p->bulks);
    return p;
}

void api_people_free(struct api_people *p)
{
    if (!p)
        return;
    api_bulks_stop(p);
    api_reader_free(p->reader);
    mem_free(p);
}

void api_people_set_limit(struct api_people *p, int64_t bulk_limit)
{
    p->bulk_limit = bulk_limit;
}

struct api_reader *api_people_reader(struct api_people *p)
{
    return p->reader;
}

static void on_acted(void *arg, const struct err *e)
{
    struct http_in_exchange *x = arg;
    if (!e)
        reply_json(x, 200, STR_LIT("{\"ok\":true}"));
    else
        reply_error(x, act_status(e), e->text);
}

void api_people_act(
    struct api_people *p, struct http_in_exchange *x, struct str id, struct str verb)
{
    struct act_request q;
    struct err e = {0};
    char *run = mem_dupn(id.p, id.n);
    if (act_request_read(&q, verb, http_in_request(x)->body, &e) < 0)
        reply_error(x, act_status(&e), e.text);
    else if (q.filtered || q.dry_run)
        reply_error(x, 400, "a filter or a dry run is for many runs: POST /api/v1/runs/retry");
    else {
        q.act.run = run;
        engine_act(p->engine, &q.act, on_acted, x);
    }
    act_request_free(&q);
    mem_free(run);
}
