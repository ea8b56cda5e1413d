/* The world of one test: an empty store, an engine with the company loaded, a webhook port, and
 * the sandboxes that the test started. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include "http_in.h"
#include "jsondoc.h"
#include "parts.h"
#include "sandbox_server.h"
#include "test_record.h"

struct test_world {
    struct parts *parts;
    const char *dir; /* of the company */
    char *company;
    struct routes *routes;
    struct http_in *http;
    struct sandbox_server *sandboxes;
    struct test_record *record;
    struct http_out *client; /* posts the deliveries */
    int64_t began_ms;
    bool open;
};

/* Starts engine and webhook port and loads the company; fn is told when it is loaded (e NULL). */
typedef void (*test_world_fn)(void *arg, const struct err *e);
int test_world_open(struct test_world *w, const struct parts_options *o,
    const struct engine_settings *s, test_world_fn fn, void *arg, struct err *e);
void test_world_close(struct test_world *w);

/* Posts a delivery as the sender would: options {id, signature, headers, query}. fn gets the
 * answer of the webhook port. */
typedef void (*test_delivered_fn)(void *arg, int status, struct str body, const struct err *e);
int test_world_deliver(struct test_world *w, const char *connection, const struct jsonv *options,
    struct str body, test_delivered_fn fn, void *arg, struct err *e);

#endif
