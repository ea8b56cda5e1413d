/* A client beside a server that breaks where it is told to: what most tests of the client begin
 * with. */
#ifndef HTTP_OUT_SERVED_H
#define HTTP_OUT_SERVED_H

#include "io/cut_server.h"
#include "io/http_out_run.h"

struct served {
    struct cut_server server;
    struct run run;
    char url[256];
};

/* For cmocka: *state is the struct served. */
static inline int served_setup(void **state)
{
    struct served *f = calloc(1, sizeof(*f));
    cut_start(&f->server);
    run_open(&f->run, NULL);
    *state = f;
    return f->run.client ? 0 : -1;
}

static inline int served_teardown(void **state)
{
    struct served *f = *state;
    run_close(&f->run);
    cut_stop(&f->server);
    free(f);
    return 0;
}

/* The server's address of that path, until the next one is asked for. */
static inline const char *served_url(struct served *f, const char *path)
{
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d%s", f->server.port, path);
    return f->url;
}

#endif
