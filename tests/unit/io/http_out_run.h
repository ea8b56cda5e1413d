/* Runs one request of the HTTP client to its end and keeps what came of it. */
#ifndef HTTP_OUT_RUN_H
#define HTTP_OUT_RUN_H

#include <stdio.h>
#include <string.h>
#include "http_out.h"
#include "loop.h"

struct run {
    struct loop *loop;
    struct http_out *client;
    int done;   /* calls of done */
    int wanted; /* stop the loop after so many */
    enum http_out_outcome outcome;
    int status;
    bool permanent;
    char body[65536];
    size_t nbody;
    char problem[1024];
    char headers[8192]; /* "name: value\n" lines */
};

static inline void run_done(void *arg, const struct http_out_result *r)
{
    struct run *run = arg;
    run->outcome = r->outcome;
    run->status = r->status;
    run->permanent = r->permanent;
    run->nbody = r->body.n;
    size_t n = r->body.n < sizeof(run->body) - 1 ? r->body.n : sizeof(run->body) - 1;
    if (n)
        memcpy(run->body, r->body.p, n);
    run->body[n] = '\0';
    snprintf(run->problem, sizeof(run->problem), "%s", r->problem ? r->problem : "");
    size_t at = 0;
    run->headers[0] = '\0';
    for (int i = 0; i < r->nheaders; i++)
        at += (size_t)snprintf(run->headers + at, sizeof(run->headers) - at, "%.*s: %.*s\n",
            STR_ARG(r->headers[i].name), STR_ARG(r->headers[i].value));
    if (++run->done >= run->wanted)
        loop_stop(run->loop);
}

static inline void run_request(struct run *run, const struct http_out_request *r)
{
    run->done = 0;
    run->wanted = 1;
    http_out_start(run->client, r, run_done, run);
    loop_run(run->loop);
}

/* A loop and a client, then what is done with them. */
static inline void run_open(struct run *run, const struct http_out_config *c)
{
    struct http_out_config usual;
    struct err e;
    memset(run, 0, sizeof(*run));
    http_out_config_defaults(&usual);
    run->loop = loop_new(&e);
    run->client = http_out_new(run->loop, c ? c : &usual, &e);
}

static inline void run_stop(void *arg)
{
    loop_stop(arg);
}

/* One more turn, in which what was posted is done. */
static inline void run_turn(struct run *run)
{
    loop_post(run->loop, run_stop, run->loop);
    loop_run(run->loop);
}

static inline void run_close(struct run *run)
{
    http_out_free(run->client);
    run_turn(run);
    loop_free(run->loop);
}

#endif
