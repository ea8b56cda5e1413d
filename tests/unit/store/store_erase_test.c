/* Erasing one person: found in every spelling, gone from every byte, and the books stay. */
#include "needle.h"
#include "store_erase.h"
#include "store_fixture.h"
#include "store_prune.h"

#define LONG_AGO (STORE_KEEP_MIN_MS + 60000)

static const char *const person[] = {"Mäki-Testaaja", "maija@esimerkki.fi"};

struct rows {
    char *row[64];
    int n;
};

static int keep(void *arg, struct str json)
{
    struct rows *r = arg;
    assert_in_range(r->n, 0, 63);
    r->row[r->n++] = mem_dupn(json.p, json.n);
    return 0;
}

static int forget(void *arg, struct str json)
{
    return 0;
}

static void drop(struct rows *r)
{
    while (r->n > 0)
        mem_free(r->row[--r->n]);
}

/* An event whose run asked for the person, found it, logged it, and returned it. */
static void add_chain(struct fixture *f, int n, const char *company, const char *who,
    enum run_state state, int64_t at)
{
    struct told t[8] = {0};
    char event[32], run[32], body[40000], title[256], pad[30000];
    memset(pad, 'x', sizeof(pad));
    pad[sizeof(pad) - 1] = 0;
    snprintf(event, sizeof(event), "evt_%d", n);
    snprintf(run, sizeof(run), "run_%d", n);
    snprintf(body, sizeof(body), "{\"pad\":\"%s\",\"contact\":{\"name\":\"%s\"}}", pad, who);
    snprintf(title, sizeof(title), "GET /partners?name=%s", who);
    struct store_event ev = {
        event, company, "shop", "order.created", event, at, STR_LIT("{\"a\":\"b\"}"), str_of(body)};
    store_add_event(f->store, &ev, told_event, &t[0]);
    struct store_run r = {run, event, company, "Invoice", "1f3a", who, RUN_RUNNING, "", "", NULL};
    store_route(f->store, event, &r, 1, "", told_done, &t[1]);
    struct store_step st = {run, 1, "write", "stock", title, "f", str_of(body), str_of(body), at};
    struct store_answer a = {"done", STR_LIT("{\"status\":201}"), str_of(body), at, 1, 1};
    store_intent(f->store, &st, told_done, &t[2]);
    store_answer(f->store, run, 1, &a, told_done, &t[3]);
    store_log(f->store, run, at, "info", str_of(who));
    struct store_run_change c = {run, state, who, str_of(body), 0, NULL, 0};
    store_set_run(f->store, &c, told_done, &t[4]);
    fixture_settle(f);
    for (int i = 0; i < 5; i++)
        assert_told(t[i]);
}

static void fill(struct fixture *f)
{
    int64_t old = clock_wall_ms() - LONG_AGO;
    add_chain(f, 0, "acme", "Mäki-Testaaja", RUN_DONE, old);
    add_chain(f, 1, "acme", "M\\u00e4ki-testaaja", RUN_DONE, old);
    add_chain(f, 2, "acme", "m%C3%A4ki-testaaja", RUN_SKIPPED, old);
    add_chain(f, 3, "acme", "MAIJA@esimerkki.fi", RUN_DONE, old);
    add_chain(f, 4, "acme", "somebody else", RUN_DONE, old);
    add_chain(f, 5, "other", "Mäki-Toinen", RUN_DONE, old);
}

static struct store_erase question(bool dry_run)
{
    return (struct store_erase){.company = "acme",
        .texts = person,
        .ntexts = 2,
        .by = "anna",
        .why = "asked for it on 20.11.",
        .dry_run = dry_run};
}

static void left(void *arg, const char *path)
{
    ++*(int *)arg;
    print_message("    left in %s\n", path);
}

static int count_left(struct fixture *f, const struct store_erase *q)
{
    int n = 0;
    assert_int_equal(store_erase_look(f->dir, q, left, &n, NULL), 0);
    return n;
}

static void books(struct fixture *f, struct store_books *b)
{
    struct store_reader *r = store_reader_open(f->dir, NULL);
    assert_int_equal(store_read_books(r, NULL, b, NULL), 0);
    store_reader_close(r);
}

static void it_is_gone_from_every_byte(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    struct store_books before, after;
    struct err e = {0};
    fill(f);
    books(f, &before);
    assert_true(count_left(f, &q) > 0);                 /* else this test could not fail */
    if (store_erase(f->dir, &q, keep, &rows, &out, &e)) /* the store is open beside it */
        fail_msg("%s", e.text);
    assert_int_equal(out.events, 4);
    assert_int_equal(out.refused, 0);
    assert_int_equal(rows.n, 4);
    assert_true(out.log_emptied);
    assert_int_equal(count_left(f, &q), 0);
    /* Facts and books are as they were. */
    books(f, &after);
    assert_in_range(after.stored, 1, before.stored - 1);
    after.stored = before.stored;
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 6);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM steps WHERE outcome = 'done'"), 6);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM erasures WHERE by = 'anna'"), 4);
    assert_int_equal(fixture_number(f,
                         "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) LIKE"
                         " '{\"erased\":\"20%\"by\":\"anna\",\"why\":\"asked for it on 20.11.\"}'"),
        4);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) LIKE '%Toinen%'"),
        1);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) LIKE '%else%'"), 1);
    drop(&rows);
    /* The second time there is nothing. */
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, &e), 0);
    assert_int_equal(out.events, 0);
    drop(&rows);
}

/* Rows of all sizes grow, move to other pages and go: no page keeps what it held before. */
static void no_page_remembers(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    struct told t = {0};
    unsigned seed = 7;
    for (int i = 0; i < 400; i++) {
        char event[32], run[32], words[3000];
        size_t n = 1 + (seed = seed * 1103515245 + 12345) / 65536 % 2500;
        snprintf(event, sizeof(event), "evt_%03u", (i * 37u) % 400);
        snprintf(run, sizeof(run), "run_%03u", (i * 91u) % 400);
        for (size_t k = 0; k < n; k += 20)
            memcpy(words + k, " maija@esimerkki.fi ", 20);
        struct store_event ev = {
            event, i % 2 ? "acme" : "other", "shop", "", "", 1700000000000, STR_NONE, {words, n}};
        store_add_event(f->store, &ev, told_event, &t);
        struct store_run r = {
            run, event, ev.company, "Invoice", "1f3a", "", RUN_RUNNING, "", "", NULL};
        store_route(f->store, event, &r, 1, "", told_done, &t);
        for (unsigned k = 0; k < 4; k++) {
            struct store_step st = {
                run, k, "write", "stock", "POST /", "f", {words, n / 2}, {words, n / 3}, 1};
            struct store_answer a = {"done", {words, n / 4}, {words, n}, 1, 1, 1};
            store_intent(f->store, &st, told_done, &t);
            store_answer(f->store, run, k, &a, told_done, &t);
            store_log(f->store, run, 1, "info", (struct str){words, n / 5});
        }
        struct store_run_change c = {run, RUN_WAITING, words + n / 2, {words, n}, 0, NULL, 0};
        words[n] = 0;
        store_set_run(f->store, &c, told_done, &t);
        c.state = RUN_DONE;
        c.reason = "";
        c.result = (struct str){words, n / 7};
        store_set_run(f->store, &c, told_done, &t);
        if (i % 7 == 0)
            fixture_settle(f);
    }
    fixture_settle(f);
    fixture_exec(f, "PRAGMA secure_delete=ON; DELETE FROM steps WHERE key % 5 = 0");
    for (int i = 0; i < 2; i++) {
        q.company = i ? "other" : "acme";
        q.why =
            i ? "long words that push other cells of the page about, which must not leave their "
                "bytes behind when they go to where there is room for them"
              : "short";
        rows.n = 0;
        assert_int_equal(store_erase(f->dir, &q, forget, &rows, &out, NULL), 0);
        assert_int_equal(out.refused, 0);
        assert_true(out.events > 150);
    }
    assert_int_equal(count_left(f, &q), 0);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(true);
    struct store_erased out;
    fill(f);
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 4);
    static const char *const named[] = {"\"body\"", "\"run_0 result\"", "\"run_0 step 1\"",
        "\"run_0 log line 1\"", "\"run_0 key\"", "\"run_0 step 1 title\"", "\"refused\":null"};
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (!strstr(rows.row[0], named[i]))
            fail_msg("%s is not in %s", named[i], rows.row[0]);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM erasures"), 0);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) LIKE '{\"erased%'"),
        0);
    drop(&rows);
}

static void what_is_not_settled_is_refused_in_words(void **state)
{
    struct fixture *f = *state;
    static const enum run_state states[] = {
        RUN_QUEUED, RUN_RUNNING, RUN_WAITING, RUN_HELD, RUN_FAILED, RUN_ATTENTION};
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    for (int i = 0; i < 6; i++)
        add_chain(f, i, "acme", "Mäki-Testaaja", states[i], 1700000000000);
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 0);
    assert_int_equal(out.refused, 6);
    for (int i = 0; i < 6; i++)
        assert_non_null(strstr(rows.row[i], "skip them with a reason"));
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM bodies WHERE CAST(body AS TEXT) LIKE '%Testaaja%'"),
        6);
    drop(&rows);
}

static void a_young_delivery_id_stays(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    struct told t = {0};
    struct store_event ev = {"evt_a", "acme", "shop", "", "for maija@esimerkki.fi", clock_wall_ms(),
        STR_NONE, STR_LIT("{}")};
    store_add_delivery(f->store, &ev, "", "nobody wants it", told_event, &t);
    ev.id = "evt_b";
    ev.delivery = "earlier: maija@esimerkki.fi";
    ev.received_ms -= LONG_AGO;
    store_add_delivery(f->store, &ev, "", "nobody wants it", told_event, &t);
    fixture_settle(f);
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 1);
    assert_int_equal(out.refused, 1);
    assert_non_null(strstr(rows.row[0], "may deliver it again: erase after"));
    assert_int_equal(fixture_number(f, "SELECT delivery = 'erased evt_b' FROM events"
                                       " WHERE id = 'evt_b'"),
        1);
    drop(&rows);
}

static void by_event_and_by_key(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erased out;
    fill(f);
    struct store_erase q = question(false);
    q.ntexts = 0;
    q.event = "evt_4";
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 1);
    q.event = NULL;
    q.key = "MAIJA@esimerkki.fi";
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 1);
    assert_non_null(strstr(rows.row[1], "evt_3"));
    q.key = NULL;
    q.event = "evt_5"; /* of another company */
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 0);
    drop(&rows);
}

static void alerts_too(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    struct store_alert al = {"acme", "twins", "customer maija@esimerkki.fi",
        "two customers Mäki-Testaaja", 1700000000000};
    store_raise_alert(f->store, &al, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.refused, 1);
    store_clear_alert(f->store, &al, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.asides, 1);
    assert_int_equal(count_left(f, &q), 0);
    drop(&rows);
}

static void refused_deliveries_too(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    fixture_exec(f,
        "INSERT INTO refused (company, connection, at_ms, status, reason, authentic,"
        " size, body) VALUES ('acme', 'shop', 1, 400, 'not JSON', 1, 9,"
        " CAST('{maija@esimerkki.fi' AS BLOB)), ('other', 'shop', 1, 400, '', 1, 1, x'')");
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.asides, 1);
    assert_int_equal(count_left(f, &q), 0);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM refused WHERE reason = 'not JSON'"), 1);
    drop(&rows);
}

/* What is kept by a key for good, also when its events are pruned; and where polls are. */
static void what_is_kept_by_a_key_too(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(true);
    struct store_erased out;
    fixture_exec(f,
        "INSERT INTO newest VALUES ('acme', 'A', 'maija@esimerkki.fi', 'n1', 'evt_9'),"
        " ('acme', 'B', 'k', 't maija@esimerkki.fi', 'evt_9'), ('acme', 'C', 'k', 'n2', 'evt_9'),"
        " ('other', 'A', 'k', 'n1', 'evt_9');"
        "INSERT INTO schedules (company, name, spec, slot, cursor) VALUES"
        " ('acme', 'changes', '', 1, '\"after Maija@esimerkki.fi\"');"
        "INSERT INTO links (company, name, version, a, b, base, at_ms) VALUES"
        " ('acme', 'sync', 1, 'O-1', '1', '{\"email\":\"maija@esimerkki.fi\"}', 1),"
        " ('acme', 'sync', 1, 'maija@esimerkki.fi', '2', '{}', 1), ('acme', 'sync', 1, 'O-3', '3',"
        " '{}', 1)");
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM newest"), 4);
    q.dry_run = false;
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.asides, 4);
    assert_int_equal(out.refused, 1);
    /* A link stays, without what was seen; one whose id is the person's goes. */
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM links WHERE version = 2"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM links"), 2);
    assert_non_null(strstr(rows.row[5], "\"order_of_arrival\":\"A\""));
    assert_non_null(strstr(rows.row[7], "\"poll\":\"changes\""));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM newest"), 2);
    fixture_exec(f, "UPDATE schedules SET cursor = '7'");
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(count_left(f, &q), 0);
    drop(&rows);
}

/* A run that is not settled needs to know how new the data of its key is. */
static void what_an_open_run_needs_stays(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    add_chain(f, 0, "acme", "maija@esimerkki.fi", RUN_ATTENTION, clock_wall_ms() - LONG_AGO);
    fixture_exec(
        f, "INSERT INTO newest VALUES ('acme', 'Invoice', 'maija@esimerkki.fi', 'n1', 'evt_9')");
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.refused, 2);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM newest"), 1);
    drop(&rows);
}

/* What people did with a run: the data they changed, the steps that were asked again, why. */
static void acts_too(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erase q = question(false);
    struct store_erased out;
    fill(f);
    fixture_exec(f,
        "INSERT INTO acts (n, run, event, company, rule, action, actor, at_ms, reason, before,"
        " after, changes) VALUES (1, 'run_4', 'evt_4', 'acme', 'Invoice', 'edit', 'anna', 1,"
        " 'maija@esimerkki.fi moved', 'attention', 'done', '[\"maija@esimerkki.fi\"]');"
        "INSERT INTO edits (n, event, act, body) VALUES (7, (SELECT seq FROM events WHERE id ="
        " 'evt_4'), 1, CAST('maija@esimerkki.fi' AS BLOB));"
        "UPDATE runs SET tries = '{\"said\":\"maija@esimerkki.fi\"}' WHERE id = 'run_4';"
        "UPDATE runs SET edit = 7, about = '{\"customer\":\"maija@esimerkki.fi\"}' WHERE id ="
        " 'run_4';"
        "INSERT INTO old_steps (run, act, guard, seq, kind, connection, title, fingerprint, spec,"
        " body, at_ms, answer) SELECT n, 1, 0, 1, 'read', 'stock', 'GET maija@esimerkki.fi', 'f',"
        " 'maija@esimerkki.fi', CAST('maija@esimerkki.fi' AS BLOB), 1,"
        " CAST('maija@esimerkki.fi' AS BLOB) FROM runs WHERE id = 'run_4'");
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, NULL), 0);
    assert_int_equal(out.events, 5); /* evt_4 holds it in nothing but these */
    assert_non_null(strstr(rows.row[4], "\"run_4 changed data\""));
    assert_int_equal(count_left(f, &q), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM acts WHERE actor = 'anna'"), 1);
    drop(&rows);
}

static void bad_questions(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {0};
    struct store_erased out;
    static const char *const shorty[] = {"abc"};
    struct err e = {0};
    struct store_erase q = question(false);
    q.texts = shorty;
    q.ntexts = 1;
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, &e), -1);
    assert_non_null(strstr(e.text, "too short"));
    q = question(false);
    q.why = "asked for by Maija@Esimerkki.fi";
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, &e), -1);
    assert_non_null(strstr(e.text, "holds the text"));
    q = question(false);
    q.why = "";
    assert_int_equal(store_erase(f->dir, &q, keep, &rows, &out, &e), -1);
    q = question(false);
    assert_int_equal(store_erase("/nowhere/at/all", &q, keep, &rows, &out, &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void needles_in_every_spelling(void **state)
{
    static const char *const texts[] = {"a\"b/Ä\xf0\x9f\x98\x80"};
    static const struct {
        const char *hay;
        bool in;
    } all[] = {
        {"xa\"b/Ä\xf0\x9f\x98\x80x", true},
        {"xA\"B/Ä\xf0\x9f\x98\x80x", true},
        {"\"a\\\"b\\/\\u00c4\\ud83d\\ude00\"", true},
        {"A%22b%2F%C3%84%F0%9F%98%80", true},
        {"a\\\"b/\\u00e4\\ud83d\\ude00", false},
        {"a\\\"b/\\u00", false},
        {"a\\", false},
        {"a%2", false},
        {"\\ud83d\\u", false},
        {"", false},
    };
    struct needles d;
    needles_init(&d, texts, 1);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (needles_in(&d, str_of(all[i].hay)) != all[i].in)
            fail_msg("%s", all[i].hay);
    needles_free(&d);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(it_is_gone_from_every_byte),
        T(no_page_remembers),
        T(a_dry_run_changes_nothing),
        T(what_is_not_settled_is_refused_in_words),
        T(a_young_delivery_id_stays),
        T(by_event_and_by_key),
        T(alerts_too),
        T(refused_deliveries_too),
        T(what_is_kept_by_a_key_too),
        T(what_an_open_run_needs_stays),
        T(acts_too),
        T(bad_questions),
        cmocka_unit_test(needles_in_every_spelling),
    };
    return cmocka_run_group_tests_name("erasing", tests, NULL, NULL);
}
