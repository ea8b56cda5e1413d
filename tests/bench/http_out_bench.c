/* How many transfers the HTTP client makes per second of its own processor time, driven as a step
 * drives it. curl_bench is its peer.
 * Usage: http_out_bench URL [at-once] [transfers] [bytes to write; 0: GET] [CA file] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "cpu.h"
#include "http_out.h"
#include "mem.h"

struct bench {
    struct loop *loop;
    struct http_out *client;
    struct http_out_request request;
    long started, done, failed, total;
};

static void one_done(void *arg, const struct http_out_result *r);

static void one_more(struct bench *b)
{
    b->started++;
    http_out_start(b->client, &b->request, one_done, b);
}

static void one_done(void *arg, const struct http_out_result *r)
{
    struct bench *b = arg;
    b->failed += r->outcome != HTTP_OUT_ANSWERED || r->status != 200;
    if (++b->done == b->total)
        loop_stop(b->loop);
    else if (b->started < b->total)
        one_more(b);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct http_out_config c;
    struct err e = {0};
    struct http_header headers[] = {{STR_LIT("Content-Type"), STR_LIT("application/json")},
        {STR_LIT("Authorization"), STR_LIT("Bearer 0123456789abcdef0123456789abcdef")}};
    if (argc < 2) {
        fprintf(stderr, "usage: %s URL [at-once] [transfers] [bytes] [CA file]\n", argv[0]);
        return 64;
    }
    long at_once = argc > 2 ? strtol(argv[2], NULL, 10) : 64;
    size_t bytes = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    b.total = argc > 3 ? strtol(argv[3], NULL, 10) : 200000;
    http_out_config_defaults(&c);
    c.ca_file = argc > 5 && *argv[5] ? argv[5] : NULL;
    b.loop = loop_new(&e);
    b.client = b.loop ? http_out_new(b.loop, &c, &e) : NULL;
    if (!b.client) {
        fprintf(stderr, "%s\n", e.text);
        return 70;
    }
    char *body = mem_zalloc(1, bytes + 1);
    b.request = (struct http_out_request){.method = bytes ? "POST" : "GET",
        .url = argv[1],
        .headers = headers,
        .nheaders = 2,
        .body = {body, bytes},
        .write = bytes > 0,
        .timeout_ms = 30000,
        .max_body = 1 << 20};
    double cpu = cpu_seconds();
    int64_t from = clock_mono_us();
    for (long i = 0; i < at_once; i++)
        one_more(&b);
    loop_run(b.loop);
    cpu_print(b.done, b.failed, (double)(clock_mono_us() - from) / 1e6, cpu_seconds() - cpu, 0);
    http_out_free(b.client);
    loop_free(b.loop);
    mem_free(body);
    return b.failed > 0;
}
