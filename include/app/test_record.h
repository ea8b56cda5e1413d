/* What an engine did during a test: its runs with their steps, and who waits for them. */
#ifndef TEST_RECORD_H
#define TEST_RECORD_H

#include "buf.h"
#include "engine.h"

struct test_record;

struct test_record *test_record_new(struct loop *l);
void test_record_free(struct test_record *r);
/* Follows the engine from now on. */
void test_record_follow(struct test_record *r, struct engine *e);

/* All runs of an event, or with event NULL all runs: {"runs":[...]} members are written as
 * `"runs":[...]` into b. */
void test_record_write(const struct test_record *r, struct buf *b, const char *event);

/* Calls fn once when the event is settled as far as it goes by itself: every run is final, held,
 * or waits for longer than a second. */
void test_record_wait(struct test_record *r, const char *event, loop_fn fn, void *arg);
/* The same for all runs there are, but a waiting run counts as not settled; at most ms long. */
void test_record_wait_all(struct test_record *r, int64_t ms, loop_fn fn, void *arg);

/* A person acted on a run: its state is this until the engine says more. */
void test_record_acted(
    struct test_record *r, const char *run, enum run_state state, const char *reason);
/* Calls fn when that one run is final, held or waits for longer than a second. */
void test_record_wait_run(struct test_record *r, const char *run, loop_fn fn, void *arg);
/* The run as in test_record_write; "null" if there is none. */
void test_record_write_run(const struct test_record *r, struct buf *b, const char *run);

#endif
