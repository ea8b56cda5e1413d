/* The peer of http_out_bench: libcurl's multi handle driven by libevent with its epoll changelist,
 * and nothing else around it. No option but those without which no answer is read: no limits, no
 * judged addresses, no timings; what is read is counted and thrown away.
 * Usage: curl_bench URL [at-once] [transfers] [bytes to write; 0: GET] [CA file] */
#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "clock.h"
#include "cpu.h"
#include "mem.h"

struct bench {
    struct event_base *base;
    struct event *timer;
    CURLM *multi;
    struct curl_slist *headers;
    const char *url, *ca_file;
    char *body;
    long at_once, bytes, total, started, done, failed;
};

static size_t count(char *p, size_t size, size_t n, void *got)
{
    *(size_t *)got += size * n;
    return size * n;
}

struct one {
    CURL *easy;
    size_t got;
};

static void start(struct bench *b, struct one *o)
{
    CURL *easy = o->easy;
    b->started++;
    o->got = 0;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, b->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, b->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &o->got);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, o);
    if (b->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, b->ca_file);
    if (b->bytes) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, b->bytes);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, b->body);
    }
    curl_multi_add_handle(b->multi, easy);
}

static void collect(struct bench *b)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(b->multi, &left))) {
        CURL *easy = m->easy_handle;
        char *own = NULL;
        long status = 0;
        b->failed += m->data.result != CURLE_OK;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &own);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        struct one *o = (struct one *)(void *)own;
        b->failed += status != 200 || !o->got;
        curl_multi_remove_handle(b->multi, easy);
        if (++b->done == b->total)
            event_base_loopbreak(b->base);
        else if (b->started < b->total)
            start(b, o);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct bench *b = arg;
    int running;
    curl_multi_socket_action(b->multi, fd,
        (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0),
        &running);
    collect(b);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct bench *b = arg;
    int running;
    curl_multi_socket_action(b->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(b);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *own)
{
    struct bench *b = arg;
    struct event *ev = own;
    if (what == CURL_POLL_REMOVE) {
        if (ev)
            event_free(ev);
        curl_multi_assign(b->multi, fd, NULL);
        return 0;
    }
    short kind = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                         (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
    if (ev) {
        event_del(ev);
        event_assign(ev, b->base, fd, kind, on_socket, b);
    } else {
        ev = event_new(b->base, fd, kind, on_socket, b);
        curl_multi_assign(b->multi, fd, ev);
    }
    event_add(ev, NULL);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct bench *b = arg;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (ms < 0)
        evtimer_del(b->timer);
    else
        evtimer_add(b->timer, &tv);
    return 0;
}

static void run(struct bench *b)
{
    struct one *all = mem_zalloc((size_t)b->at_once, sizeof *all);
    for (long i = 0; i < b->at_once; i++) {
        all[i].easy = curl_easy_init();
        start(b, &all[i]);
    }
    event_base_dispatch(b->base);
    for (long i = 0; i < b->at_once; i++)
        curl_easy_cleanup(all[i].easy);
    mem_free(all);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: %s URL [at-once] [transfers] [bytes] [CA file]\n", argv[0]);
        return 64;
    }
    b.url = argv[1];
    b.at_once = argc > 2 ? strtol(argv[2], NULL, 10) : 64;
    b.total = argc > 3 ? strtol(argv[3], NULL, 10) : 200000;
    b.bytes = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
    b.ca_file = argc > 5 && *argv[5] ? argv[5] : NULL;
    b.body = mem_zalloc(1, (size_t)b.bytes + 1);
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    b.base = event_base_new_with_config(config);
    event_config_free(config);
    b.timer = evtimer_new(b.base, on_timer, &b);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    b.multi = curl_multi_init();
    curl_multi_setopt(b.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(b.multi, CURLMOPT_SOCKETDATA, &b);
    curl_multi_setopt(b.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(b.multi, CURLMOPT_TIMERDATA, &b);
    curl_multi_setopt(b.multi, CURLMOPT_MAXCONNECTS, 512L);
    b.headers = curl_slist_append(NULL, "Content-Type: application/json");
    b.headers =
        curl_slist_append(b.headers, "Authorization: Bearer 0123456789abcdef0123456789abcdef");
    double cpu = cpu_seconds();
    int64_t from = clock_mono_us();
    run(&b);
    cpu_print(b.done, b.failed, (double)(clock_mono_us() - from) / 1e6, cpu_seconds() - cpu, 0);
    curl_multi_cleanup(b.multi);
    curl_slist_free_all(b.headers);
    event_free(b.timer);
    event_base_free(b.base);
    mem_free(b.body);
    return b.failed > 0;
}
