/* How many durable operations the store does a second, and how long one waits.
 * Usage: store_bench DIR [at-once] [events] [body bytes] [event|cycle]
 * event: receipt only. cycle: receipt, routing, intent, answer, end of the run, each durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "mem.h"
#include "store.h"

struct bench {
    struct loop *loop;
    struct store *store;
    struct str body;
    long asked, received, done, total;
    int64_t *waits;
    bool cycle;
};

struct item {
    struct bench *b;
    int64_t from;
    char event[32], run[32];
};

static void next(struct item *i);

static void must(const struct err *e)
{
    if (!e)
        return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void finished(struct item *i)
{
    struct bench *b = i->b;
    if (++b->done == b->total)
        loop_stop(b->loop);
    if (b->asked < b->total)
        next(i);
}

static void on_set(void *arg, const struct err *e)
{
    must(e);
    finished(arg);
}

static void on_answer(void *arg, const struct err *e)
{
    struct item *i = arg;
    struct store_run_change c = {
        .run = i->run, .state = RUN_DONE, .reason = "", .result = STR_LIT("{\"number\":1}")};
    must(e);
    store_set_run(i->b->store, &c, on_set, i);
}

static void on_intent(void *arg, const struct err *e)
{
    struct item *i = arg;
    struct store_answer a = {"done", STR_LIT("{\"status\":201}"), i->b->body, 1, 1, 1};
    must(e);
    store_answer(i->b->store, i->run, 1, &a, on_answer, i);
}

static void on_route(void *arg, const struct err *e)
{
    struct item *i = arg;
    struct store_step st = {i->run, 1, "write", "procountor", "POST /invoices",
        "0123456789abcdef0123456789abcdef", STR_LIT("{\"op\":\"http\"}"), i->b->body, 1};
    must(e);
    store_intent(i->b->store, &st, on_intent, i);
}

static void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct item *i = arg;
    must(e);
    i->b->waits[i->b->received++] = clock_mono_us() - i->from;
    if (!i->b->cycle) {
        finished(i);
        return;
    }
    struct store_run run = {i->run, i->event, "acme", "proposal_to_invoice", "1f3a09c2b7de",
        "2112345-6", RUN_RUNNING, "", "", NULL};
    store_route(i->b->store, i->event, &run, 1, "", on_route, i);
}

static void next(struct item *i)
{
    struct bench *b = i->b;
    long n = b->asked++;
    snprintf(i->event, sizeof(i->event), "evt_01JD3K%018ld", n);
    snprintf(i->run, sizeof(i->run), "run_01JD3K%018ld", n);
    /* A sender's ids come in no order. */
    char delivery[40];
    snprintf(delivery, sizeof(delivery), "%016llx", (unsigned long long)n * 0x9e3779b97f4a7c15u);
    struct store_event ev = {i->event, "acme", "click2contract", "proposal.accepted", delivery,
        1700000000000, STR_LIT("{\"content-type\":\"application/json\"}"), b->body};
    i->from = clock_mono_us();
    store_add_event(b->store, &ev, on_event, i);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct bench b = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: store_bench DIR [at-once] [events] [body bytes] [event|cycle]\n");
        return 2;
    }
    long at_once = argc > 2 ? atol(argv[2]) : 64;
    b.total = argc > 3 ? atol(argv[3]) : 100000;
    size_t bytes = argc > 4 ? (size_t)atol(argv[4]) : 1500;
    b.cycle = argc > 5 && !strcmp(argv[5], "cycle");
    char *body = mem_alloc(bytes);
    memset(body, '7', bytes);
    b.body = (struct str){body, bytes};
    b.waits = mem_zalloc((size_t)b.total, sizeof(*b.waits));
    b.loop = loop_new(&e);
    if (!b.loop || !(b.store = store_open(b.loop, argv[1], &e))) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    struct item *items = mem_zalloc((size_t)at_once, sizeof(*items));
    int64_t from = clock_mono_us();
    for (long i = 0; i < at_once && i < b.total; i++) {
        items[i].b = &b;
        next(&items[i]);
    }
    loop_run(b.loop);
    double seconds = (double)(clock_mono_us() - from) / 1e6;
    qsort(b.waits, (size_t)b.total, sizeof(*b.waits), by_size);
    printf("%s, %ld at once: %.0f/s, receipt p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
        b.cycle ? "cycles" : "events", at_once, (double)b.total / seconds,
        (double)b.waits[b.total / 2] / 1e3, (double)b.waits[b.total * 99 / 100] / 1e3,
        (double)b.waits[b.total - 1] / 1e3);
    store_close(b.store);
    loop_free(b.loop);
    mem_free(items);
    mem_free(b.waits);
    mem_free(body);
    return 0;
}
