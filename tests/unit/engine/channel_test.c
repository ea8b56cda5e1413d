/* The places of a connection. */
#include "test.h"

#include <stdlib.h>
#include "channel.h"
#include "list.h"

#define MANY 100000 /* far more than a stack has room for, one in the other */

struct waiter {
    struct channel_wait wait;
    struct channel *channel;
    int *served;
};

/* As a step that cannot be sent after all. */
static void leave_at_once(void *arg)
{
    struct waiter *w = arg;
    ++*w->served;
    channel_leave(w->channel);
}

static void test_a_queue_of_those_who_leave_at_once(void **state)
{
    struct channel ch = {.cap = 1, .in_use = 1};
    struct waiter *all = calloc(MANY, sizeof(*all));
    int served = 0;
    list_init(&ch.queue);
    for (int i = 0; i < MANY; i++) {
        all[i] = (struct waiter){{.go = leave_at_once, .arg = &all[i]}, &ch, &served};
        channel_enter(&ch, &all[i].wait);
    }
    assert_int_equal(served, 0);
    channel_leave(&ch);
    assert_int_equal(served, MANY);
    assert_int_equal(ch.in_use, 0);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_queue_of_those_who_leave_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
