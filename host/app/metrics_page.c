/* GET /metrics: the figures of the host, then those of each company, which the store is asked for a
 * few at a time, so that no commit waits long behind them. */
#include "metrics_page.h"

#include "clock.h"
#include "mem.h"
#include "metrics.h"
#include "reply.h"

#define COMPANIES_BATCH 50

struct page {
    const struct parts *parts;
    struct http_in_exchange *x;
    struct buf text;
    struct buf open, oldest, stored; /* lines of one metric stand together */
    char *last;                      /* the name of the last company */
};

static void finish(struct page *p)
{
    metrics_write_gauge(&p->text, "company_open_events",
        "Events of the company that are in flight: waiting, queued or running.", buf_str(&p->open));
    metrics_write_gauge(&p->text, "company_oldest_open_seconds",
        "Age of the company's oldest event that is in flight; 0: none is.", buf_str(&p->oldest));
    metrics_write_gauge(&p->text, "company_stored_bytes",
        "What is kept of the company: bodies, journals and logs of its events.",
        buf_str(&p->stored));
    buf_addc(&p->text, 0);
    reply_text(p->x, 200, p->text.p);
    buf_free(&p->text);
    buf_free(&p->open);
    buf_free(&p->oldest);
    buf_free(&p->stored);
    mem_free(p->last);
    mem_free(p);
}

static void ask_more(struct page *p);

static void on_company(void *arg, const struct store_backlog *b)
{
    struct page *p = arg;
    int64_t age = b->oldest_ms ? (clock_wall_ms() - b->oldest_ms) / 1000 : 0;
    metrics_write_company(&p->open, "company_open_events", b->company, b->books.in_flight);
    metrics_write_company(&p->oldest, "company_oldest_open_seconds", b->company, age > 0 ? age : 0);
    metrics_write_company(&p->stored, "company_stored_bytes", b->company, b->books.stored);
    mem_free(p->last);
    p->last = mem_dup(b->company);
}

static void on_companies(void *arg, int n, const struct err *e)
{
    struct page *p = arg;
    if (!e && n == COMPANIES_BATCH)
        ask_more(p);
    else
        finish(p);
}

static void ask_more(struct page *p)
{
    store_load_backlog(p->parts->store, p->last, COMPANIES_BATCH, on_company, on_companies, p);
}

static void on_differences(void *arg, const struct store_difference *d, int n, const struct err *e)
{
    struct page *p = arg;
    if (!e)
        metrics_write_differences(&p->text, d, n);
    ask_more(p);
}

void metrics_page(const struct parts *parts, const struct front *front, int64_t http_refused,
    struct http_in_exchange *x)
{
    struct page *p = mem_zalloc(1, sizeof(*p));
    p->parts = parts;
    p->x = x;
    p->last = mem_dup("");
    buf_init(&p->text, METRICS_MAX);
    buf_init(&p->open, METRICS_MAX);
    buf_init(&p->oldest, METRICS_MAX);
    buf_init(&p->stored, METRICS_MAX);
    metrics_write(&p->text, parts, http_refused);
    if (front)
        front_metrics(front, &p->text);
    store_load_differences(parts->store, on_differences, p);
}
