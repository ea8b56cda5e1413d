/* Links: one for each id of each side, and nobody undoes what another saved. */
#include "store_fixture.h"

#include "store_link.h"

struct found {
    int64_t id, version;
    char a[40], b[40], base[100];
};

static void on_found(void *arg, const struct store_link *l, const struct err *err)
{
    struct found *f = arg;
    assert_null(err);
    f->id = l->id;
    f->version = l->version;
    snprintf(f->a, sizeof f->a, "%s", l->a);
    snprintf(f->b, sizeof f->b, "%s", l->b);
    snprintf(f->base, sizeof f->base, "%.*s", STR_ARG(l->base));
}

static struct found load(
    struct fixture *f, const char *company, enum store_link_side side, const char *id)
{
    struct found r = {.id = -1};
    store_load_link(f->store, company, "customers", side, id, on_found, &r);
    fixture_settle(f);
    return r;
}

static void on_saved(void *arg, bool saved, const struct err *err)
{
    assert_null(err);
    *(int *)arg = saved;
}

static int save(struct fixture *f, const char *company, const struct found *as, const char *a,
    const char *b, const char *base)
{
    int saved = -1;
    struct store_link l = {.id = as ? as->id : 0,
        .version = as ? as->version : 0,
        .a = a,
        .b = b,
        .base = str_of(base)};
    store_save_link(f->store, company, "customers", &l, on_saved, &saved);
    fixture_settle(f);
    return saved;
}

static void what_is_kept_is_found_from_both_sides(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "acme", STORE_LINK_A, "O-1").id, 0);
    assert_int_equal(save(f, "acme", NULL, "O-1", "51001", "{\"n\":1}"), 1);
    fixture_close(f);
    fixture_open(f);
    struct found by_a = load(f, "acme", STORE_LINK_A, "O-1"),
                 by_b = load(f, "acme", STORE_LINK_B, "51001");
    assert_string_equal(by_a.b, "51001");
    assert_string_equal(by_a.base, "{\"n\":1}");
    assert_string_equal(by_b.a, "O-1");
    assert_int_equal(by_a.id, by_b.id);
    assert_int_equal(load(f, "acme", STORE_LINK_A, "51001").id, 0);
}

static void another_company_has_links_of_its_own(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(save(f, "acme", NULL, "O-1", "51001", "{}"), 1);
    assert_int_equal(load(f, "other", STORE_LINK_A, "O-1").id, 0);
    struct found l = load(f, "acme", STORE_LINK_A, "O-1");
    assert_int_equal(save(f, "other", &l, "O-1", "51001", "{\"n\":2}"), 0);
    assert_int_equal(save(f, "other", NULL, "O-1", "51001", "{\"n\":3}"), 1);
    assert_string_equal(load(f, "acme", STORE_LINK_A, "O-1").base, "{}");
}

static void an_id_stands_in_one_link(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(save(f, "acme", NULL, "O-1", "51001", "{}"), 1);
    assert_int_equal(save(f, "acme", NULL, "O-1", "51002", "{}"), 0);
    assert_int_equal(save(f, "acme", NULL, "O-2", "51001", "{}"), 0);
    /* One that has no record on the other side takes nobody's place. */
    assert_int_equal(save(f, "acme", NULL, "O-3", "", "{}"), 1);
    assert_int_equal(save(f, "acme", NULL, "O-4", "", "{}"), 1);
    struct found l = load(f, "acme", STORE_LINK_A, "O-4");
    assert_string_equal(l.b, "");
    assert_int_equal(save(f, "acme", &l, "O-4", "51001", "{}"), 0);
    assert_int_equal(save(f, "acme", &l, "O-4", "51004", "{}"), 1);
}

static void who_saves_over_something_newer_does_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(save(f, "acme", NULL, "O-1", "51001", "{\"n\":1}"), 1);
    struct found old = load(f, "acme", STORE_LINK_A, "O-1");
    assert_int_equal(save(f, "acme", &old, "O-1", "51001", "{\"n\":2}"), 1);
    assert_int_equal(save(f, "acme", &old, "O-1", "51001", "{\"n\":3}"), 0);
    assert_int_equal(save(f, "acme", &old, "O-1", "51001", NULL), 0);
    struct found now = load(f, "acme", STORE_LINK_A, "O-1");
    assert_string_equal(now.base, "{\"n\":2}");
    assert_int_equal(save(f, "acme", &now, "O-1", "51001", NULL), 1);
    assert_int_equal(load(f, "acme", STORE_LINK_A, "O-1").id, 0);
    assert_int_equal(save(f, "acme", NULL, "O-2", "51001", "{}"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_kept_is_found_from_both_sides, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            another_company_has_links_of_its_own, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_id_stands_in_one_link, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            who_saves_over_something_newer_does_nothing, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
