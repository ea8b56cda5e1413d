/* The loop: order of events, posted calls and idle hooks; timers; descriptors; wakes by threads. */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

struct trace {
    struct loop *l;
    struct loop_fd *fd;
    struct loop_timer *timer;
    char text[256];
    int count, hooks;
};

static void note(struct trace *t, const char *what)
{
    strncat(t->text, what, sizeof(t->text) - strlen(t->text) - 1);
}

static void stop(void *arg)
{
    loop_stop(((struct trace *)arg)->l);
}

static void begin(struct trace *t)
{
    memset(t, 0, sizeof(*t));
    t->l = loop_new(NULL);
    assert_non_null(t->l);
}

/* ---- order ---- */

static void post_b(void *arg)
{
    note(arg, "b");
}

static void post_a(void *arg)
{
    struct trace *t = arg;
    note(t, "a");
    loop_post(t->l, post_b, t);
    note(t, "-"); /* nothing runs inside the call that posts it */
}

static void hook_one(void *arg)
{
    note(arg, "1");
}

static void hook_two(void *arg)
{
    struct trace *t = arg;
    note(t, "2 ");
    t->hooks++;
    if (t->hooks == 1)
        loop_post(t->l, post_b, t);
    if (t->hooks == 3)
        loop_stop(t->l);
}

static void on_timer(void *arg)
{
    struct trace *t = arg;
    note(t, "t");
    loop_post(t->l, post_a, t);
}

static void test_order_within_a_turn(void **state)
{
    struct trace t;
    begin(&t);
    loop_on_idle(t.l, hook_one, &t);
    loop_on_idle(t.l, hook_two, &t);
    loop_post(t.l, post_a, &t);
    struct loop_timer *timer = loop_timer_new(t.l, on_timer, &t);
    loop_timer_arm(timer, 30);
    assert_string_equal(t.text, "");
    loop_run(t.l);
    /* The hook's post of the first turn is done without sleeping; the timer makes the third. */
    assert_string_equal(t.text, "a-b12 b12 ta-b12 ");
    loop_timer_free(timer);
    loop_free(t.l);
}

static void leave(void *arg)
{
    struct trace *t = arg;
    t->count++;
    loop_off_idle(t->l, leave, t);
    loop_post(t->l, stop, t);
}

static void test_hook_taken_away(void **state)
{
    struct trace t;
    begin(&t);
    loop_on_idle(t.l, leave, &t);
    loop_on_idle(t.l, hook_one, &t);
    loop_post(t.l, post_b, &t);
    loop_run(t.l);
    assert_int_equal(t.count, 1);
    assert_string_equal(t.text, "b11");
    loop_free(t.l);
}

/* ---- posting for ever must not keep descriptors waiting ---- */

static void post_again(void *arg)
{
    struct trace *t = arg;
    t->count++;
    loop_post(t->l, post_again, t);
}

static void on_byte(void *arg, bool readable, bool writable)
{
    struct trace *t = arg;
    assert_true(readable);
    assert_false(writable);
    loop_stop(t->l);
}

static void test_posts_do_not_starve_descriptors(void **state)
{
    struct trace t;
    int pair[2];
    begin(&t);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    t.fd = loop_fd_new(t.l, pair[0], on_byte, &t);
    loop_fd_watch(t.fd, true, false);
    assert_int_equal(write(pair[1], "x", 1), 1);
    loop_post(t.l, post_again, &t);
    loop_run(t.l);
    assert_true(t.count < 100);
    loop_fd_free(t.fd);
    close(pair[0]);
    close(pair[1]);
    loop_free(t.l);
}

/* ---- timers ---- */

static void test_timer_moves_and_disarms(void **state)
{
    struct trace t;
    begin(&t);
    struct loop_timer *never = loop_timer_new(t.l, on_timer, &t);
    struct loop_timer *end = loop_timer_new(t.l, stop, &t);
    int64_t from = clock_mono_ms();
    loop_timer_arm(never, 1);
    loop_timer_disarm(never);
    loop_timer_arm(end, 1);
    loop_timer_arm(end, 40);
    loop_run(t.l);
    assert_true(clock_mono_ms() - from >= 39);
    assert_string_equal(t.text, "");
    loop_timer_free(never);
    loop_timer_free(end);
    loop_free(t.l);
}

static void free_own_timer(void *arg)
{
    struct trace *t = arg;
    loop_timer_free(t->timer);
    t->timer = NULL;
    loop_stop(t->l);
}

static void test_timer_frees_itself(void **state)
{
    struct trace t;
    begin(&t);
    t.timer = loop_timer_new(t.l, free_own_timer, &t);
    loop_timer_arm(t.timer, 0);
    loop_run(t.l);
    assert_null(t.timer);
    loop_free(t.l);
}

static void test_stop_before_run(void **state)
{
    struct trace t;
    begin(&t);
    loop_stop(t.l);
    loop_run(t.l); /* returns */
    loop_post(t.l, stop, &t);
    loop_run(t.l); /* and runs again */
    loop_free(t.l);
}

/* ---- descriptors ---- */

static void on_both(void *arg, bool readable, bool writable)
{
    struct trace *t = arg;
    note(t, readable ? "r" : writable ? "w" : "?");
    if (writable)
        loop_fd_watch(t->fd, true, false); /* changes what it watches from inside */
    if (readable)
        loop_stop(t->l);
}

static void write_later(void *arg)
{
    struct trace *t = arg;
    assert_int_equal(write(t->count, "x", 1), 1);
}

static void test_fd_changes_interest(void **state)
{
    struct trace t;
    int pair[2];
    begin(&t);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    t.count = pair[1];
    t.fd = loop_fd_new(t.l, pair[0], on_both, &t);
    loop_fd_watch(t.fd, false, true);
    struct loop_timer *timer = loop_timer_new(t.l, write_later, &t);
    loop_timer_arm(timer, 20);
    loop_run(t.l);
    assert_string_equal(t.text, "wr"); /* written once: it did not go on being writable */
    loop_timer_free(timer);
    loop_fd_free(t.fd);
    close(pair[0]);
    close(pair[1]);
    loop_free(t.l);
}

/* A descriptor that is closed and comes back under the same number within one turn: libevent's
 * changelist must not take the new one for the old. */
static void reopen(void *arg)
{
    struct trace *t = arg;
    int pair[2], old = t->count;
    loop_fd_free(t->fd);
    close(old);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pair[0], old);
    t->fd = loop_fd_new(t->l, pair[0], on_byte, t);
    loop_fd_watch(t->fd, true, false);
    assert_int_equal(write(pair[1], "x", 1), 1);
    t->hooks = pair[1];
}

static void test_fd_number_comes_back(void **state)
{
    struct trace t;
    int pair[2];
    begin(&t);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    t.count = pair[0];
    t.fd = loop_fd_new(t.l, pair[0], on_byte, &t);
    loop_fd_watch(t.fd, true, false);
    struct loop_timer *timer = loop_timer_new(t.l, reopen, &t);
    loop_timer_arm(timer, 10); /* the old one is in the epoll set by then */
    loop_run(t.l);
    loop_timer_free(timer);
    loop_fd_free(t.fd);
    close(t.count);
    close(t.hooks);
    close(pair[1]);
    loop_free(t.l);
}

/* ---- signals and threads ---- */

static void test_signal(void **state)
{
    struct trace t;
    begin(&t);
    struct loop_signal *s = loop_signal_new(t.l, SIGUSR1, stop, &t);
    raise(SIGUSR1);
    loop_run(t.l);
    loop_signal_free(s);
    loop_free(t.l);
}

struct queue {
    struct loop *l;
    struct loop_wake *wake;
    pthread_mutex_t lock;
    int waiting, taken;
};

#define THREADS    4
#define PER_THREAD 20000

static void take(void *arg)
{
    struct queue *q = arg;
    pthread_mutex_lock(&q->lock);
    q->taken += q->waiting;
    q->waiting = 0;
    pthread_mutex_unlock(&q->lock);
    if (q->taken == THREADS * PER_THREAD)
        loop_stop(q->l);
}

static void *produce(void *arg)
{
    struct queue *q = arg;
    for (int i = 0; i < PER_THREAD; i++) {
        pthread_mutex_lock(&q->lock);
        q->waiting++;
        pthread_mutex_unlock(&q->lock);
        loop_wake(q->wake);
    }
    return NULL;
}

static void test_no_wake_is_lost(void **state)
{
    struct queue q = {.l = loop_new(NULL)};
    pthread_t threads[THREADS];
    pthread_mutex_init(&q.lock, NULL);
    q.wake = loop_wake_new(q.l, take, &q, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &q), 0);
    loop_run(q.l); /* comes back only when all were taken */
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(q.taken, THREADS * PER_THREAD);
    loop_wake_free(q.wake);
    loop_free(q.l);
    pthread_mutex_destroy(&q.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_within_a_turn),
        cmocka_unit_test(test_hook_taken_away),
        cmocka_unit_test(test_posts_do_not_starve_descriptors),
        cmocka_unit_test(test_timer_moves_and_disarms),
        cmocka_unit_test(test_timer_frees_itself),
        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_fd_changes_interest),
        cmocka_unit_test(test_fd_number_comes_back),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_no_wake_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
