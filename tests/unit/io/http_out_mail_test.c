/* Mails, a thread each: how many at once, and that none outlives its client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <unistd.h>
#include "http_out_mail.h"
#include "io/http_out_served.h"

static struct http_out_request request(const char *address, const struct http_out_mail *mail)
{
    return (struct http_out_request){.url = address,
        .body = STR_LIT("x"),
        .write = true,
        .timeout_ms = 60000,
        .max_body = 1000,
        .mail = mail};
}

/* Each has a thread, which ends in its own time. */
static void mails_under_way_end_with_the_client(void **state)
{
    const char *to[] = {"a@b.example"};
    struct http_out_mail mail = {.from = "c@d.example", .to = to, .nto = 1};
    struct served *f = *state;
    char address[64];
    struct run run;
    run_open(&run, NULL);
    snprintf(address, sizeof(address), "smtp+plain://127.0.0.1:%d", f->server.port);
    struct http_out_request r = request(address, &mail);
    r.timeout_ms = 60000;
    for (int i = 0; i < 20; i++)
        http_out_start(run.client, &r, run_done, &run);
    while (atomic_load(&f->server.connections) < 2)
        run_turn(&run);
    run_close(&run);
    assert_int_equal(run.done, 0);
}

/* A server that keeps many mails waiting keeps none that go to another. */
static void mails_to_one_server_leave_room_for_others(void **state)
{
    const char *to[] = {"a@b.example"};
    struct http_out_mail mail = {.from = "c@d.example", .to = to, .nto = 1};
    struct served *f = *state;
    struct cut_server other;
    char address[64];
    cut_start(&other);
    snprintf(address, sizeof(address), "smtp+plain://127.0.0.1:%d", f->server.port);
    struct http_out_request r = request(address, &mail);
    for (int i = 0; i < 40; i++)
        http_out_start(f->run.client, &r, run_done, &f->run);
    snprintf(address, sizeof(address), "smtp+plain://127.0.0.1:%d", other.port);
    http_out_start(f->run.client, &r, run_done, &f->run);
    for (int i = 0; i < 3000 && !atomic_load(&other.connections); i++) {
        run_turn(&f->run);
        usleep(1000);
    }
    assert_int_equal(atomic_load(&other.connections), 1);
    assert_in_range(atomic_load(&f->server.connections), 1, 15);
    run_close(&f->run);
    cut_stop(&other);
    run_open(&f->run, NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, served_setup, served_teardown)
    const struct CMUnitTest tests[] = {
        TEST(mails_under_way_end_with_the_client),
        TEST(mails_to_one_server_leave_room_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
