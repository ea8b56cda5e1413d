/* The host of `sauma test`: carries out what a test file asks for (the op "test.*" steps that
 * lua/testing.lua describes) with a real engine, real sandbox servers and real sockets. */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include "parts.h"

struct test_host;

struct test_result {
    const char *name, *where, *message;
    bool ok;
    int64_t ms;
};
struct test_handlers {
    void (*result)(void *arg, const struct test_result *r); /* one test */
    void (*done)(void *arg, const char *problem);           /* problem NULL: all were run */
    void *arg;
};

/* Runs the tests of the company folder dir. parts: its loop and scripts; the engine part is made
 * and ended for each test. */
struct test_host *test_host_start(struct parts *parts, const char *dir,
    const struct parts_options *o, const struct engine_settings *s, const struct test_handlers *h,
    struct err *e);
void test_host_free(struct test_host *t);

#endif
