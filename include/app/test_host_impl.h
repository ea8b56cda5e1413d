/* What the files of the test host share: host/app/test_host*.c alone. */
#ifndef TEST_HOST_IMPL_H
#define TEST_HOST_IMPL_H

#include "test_host.h"
#include "test_list.h"
#include "test_world.h"

struct test_host {
    struct parts_options options;
    struct engine_settings settings;
    struct test_handlers handlers;
    struct test_world world;
    struct bundle bundle;
    struct script_call *call;
    char *context;
    struct list tests;         /* still to be run */
    struct test_name *current; /* NULL while they are being listed */
    uint32_t seq;              /* step that waits for its answer */
    char *event;               /* of the delivery under way */
    char *run;                 /* of the action under way */
    char *answer;              /* JSON the webhook port answered */
    int status;
    char *sandbox_kind; /* of the sandbox being started */
    char *sandbox_name, *sandbox_connection;
};

/* The answer to the step that waits for it. */
void test_host_answer(struct test_host *t, struct str meta, struct str body);
void test_host_fail(struct test_host *t, const char *problem);
void test_host_answer_or_fail(struct test_host *t, const struct err *e); /* {} if e is NULL */

/* test_host_sandbox.c */
void test_host_sandbox(struct test_host *t, const struct jsonv *spec);
void test_host_on_sandbox(struct test_host *t, const char *op, const struct jsonv *spec);

#endif
