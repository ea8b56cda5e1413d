/* GET /metrics: the figures of the host, then those of each company, which the store is asked for a
 * few at a time, so that no commit waits long behind them. */
#include "metrics_page.h"

#include "clock.h"
#include "mem.h"
#include "metrics.h"
#include "reply.h"

#define COMPANIES_BATCH 50
#define WAITING_MAX     64

struct waiting {
    int n;
    struct http_in_exchange *x[WAITING_MAX];
};

struct metrics_page {
    const struct parts *parts;
    bool making, freed;
    struct waiting now, next;  /* for the page being made; for the one after it */
    const struct front *front; /* as last asked */
    int64_t http_refused;
};

struct page {
    struct metrics_page *all;
    struct buf text;
    struct buf open, oldest, stored; /* lines of one metric stand together */
    char *last;                      /* the name of the last company */
};

static void begin(struct metrics_page *m);

static void answer(struct waiting *w, const char *text)
{
    for (int i = 0; i < w->n; i++)
        reply_text(w->x[i], 200, text);
    w->n = 0;
}

static void finish(struct page *p)
{
    struct metrics_page *m = p->all;
    metrics_write_gauge(&p->text, "company_open_events",
        "Events of the company that are in flight: waiting, queued or running.", buf_str(&p->open));
    metrics_write_gauge(&p->text, "company_oldest_open_seconds",
        "Age of the company's oldest event that is in flight; 0: none is.", buf_str(&p->oldest));
    metrics_write_gauge(&p->text, "company_stored_bytes",
        "What is kept of the company: bodies, journals and logs of its events.",
        buf_str(&p->stored));
    buf_addc(&p->text, 0);
    answer(&m->now, p->text.p);
    if (m->freed)
        answer(&m->next, p->text.p);
    buf_free(&p->text);
    buf_free(&p->open);
    buf_free(&p->oldest);
    buf_free(&p->stored);
    mem_free(p->last);
    mem_free(p);
    m->making = false;
    if (m->freed)
        mem_free(m);
    else if (m->next.n > 0)
        begin(m);
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
    store_load_backlog(p->all->parts->store, p->last, COMPANIES_BATCH, on_company, on_companies, p);
}

static void on_differences(void *arg, const struct store_difference *d, int n, const struct err *e)
{
    struct page *p = arg;
    if (!e)
        metrics_write_differences(&p->text, d, n);
    ask_more(p);
}

static void begin(struct metrics_page *m)
{
    struct page *p = mem_zalloc(1, sizeof(*p));
    m->making = true;
    m->now = m->next;
    m->next.n = 0;
    p->all = m;
    p->last = mem_dup("");
    buf_init(&p->text, METRICS_MAX);
    buf_init(&p->open, METRICS_MAX);
    buf_init(&p->oldest, METRICS_MAX);
    buf_init(&p->stored, METRICS_MAX);
    metrics_write(&p->text, m->parts, m->http_refused);
    if (m->front)
        front_metrics(m->front, &p->text);
    store_load_differences(m->parts->store, on_differences, p);
}

struct metrics_page *metrics_page_new(const struct parts *parts)
{
    struct metrics_page *m = mem_zalloc(1, sizeof(*m));
    m->parts = parts;
    return m;
}

void metrics_page_free(struct metrics_page *m)
{
    if (m->making)
        m->freed = true;
    else
        mem_free(m);
}

void metrics_page_ask(struct metrics_page *m, const struct front *front, int64_t http_refused,
    struct http_in_exchange *x)
{
    static const struct http_header h[] = {
        {STR_LIT("Content-Type"), STR_LIT("text/plain")}, {STR_LIT("Retry-After"), STR_LIT("1")}};
    if (m->next.n == WAITING_MAX) {
        http_in_reply(x, 503, h, 2, STR_LIT("too many ask for it at once\n"));
        return;
    }
    m->front = front;
    m->http_refused = http_refused;
    m->next.x[m->next.n++] = x;
    if (!m->making)
        begin(m);
}
