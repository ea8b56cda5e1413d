/* The script process from outside: messages in, messages out. */
#include "fake_host.h"

static void expect_end(struct fake_host *h, uint64_t id, const char *outcome, const char *json)
{
    struct wire_msg m = {0};
    assert_true(host_get(h, &m));
    assert_int_equal(m.type, WIRE_END);
    assert_int_equal(m.id, id);
    char *got = mem_printf("%.*s %.*s", STR_ARG(m.part[0]), STR_ARG(m.part[1]));
    char *wanted = mem_printf("%s %s", outcome, json);
    assert_string_equal(got, wanted);
    mem_free(got);
    mem_free(wanted);
}

static void expect_silence(struct fake_host *h)
{
    struct wire_msg m;
    assert_false(host_get(h, &m));
}

static void test_load_gives_manifest(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    struct wire_msg m = host_load(&h, "c", "company", bundle_of("lua/boot.lua", boot_source, NULL),
        bundle_of("rules/b.lua", "", "company.lua", "return print", NULL), "{\"x\":[]}");
    assert_true(str_is(m.part[0], "ok"));
    assert_true(
        str_is(m.part[1], "{\"files\":[\"company.lua\",\"rules/b.lua\"],\"options\":{\"x\":[]}}"));
    assert_int_equal(h.page.current, 0);
    assert_true(h.page.beat > 0);
    host_stop(&h);
}

static void test_load_error_names_the_place(void **state)
{
    static const char *const cases[][2] = {
        {"\nx = = 1", "company.lua:2: unexpected symbol near '='"},
        {"local t\nreturn t.x", "company.lua:2: attempt to index a nil value (local 't')"},
        {"x = 1", "company.lua:1: global variable \"x\" cannot be set: write \"local x\" (globals "
                  "would reach from one run into the next)"},
        {"return require 'no.such'",
            "company.lua:1: there is no module \"no.such\": neither no/such.lua in the company's "
            "folder nor lua/no/such.lua in the installation"},
        {"return require 'host'", "company.lua:1: module \"host\" is not for company files"},
        {"return require 'native.json'",
            "company.lua:1: module \"native.json\" is not for company files"},
        {"return require 'rules.a'",
            "rules/b.lua:1: modules require each other in a circle: rules/a.lua -> rules/b.lua -> "
            "rules/a.lua"},
        {"local x = step { op = 'time' }",
            "company.lua:1: what goes to the outside (http, time, notify and the like) cannot be "
            "used while the files of a company are being loaded: nothing outside may be touched "
            "before a rule runs"},
        {"while true do end",
            "company.lua:1: the script computed for more than 200 ms without a step: is there an "
            "endless loop?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fake_host h;
        struct limits limits = usual_limits;
        limits.burst_ms = 200;
        host_start(&h, &limits);
        struct wire_msg m =
            host_load(&h, "c", "company", bundle_of("lua/boot.lua", boot_source, NULL),
                bundle_of("company.lua", cases[i][0], "rules/a.lua", "return require 'rules.b'",
                    "rules/b.lua", "return require 'rules.a'", NULL),
                "{}");
        assert_true(str_is(m.part[0], "error"));
        char *text = mem_dupn(m.part[1].p, m.part[1].n);
        assert_string_equal(text, cases[i][1]);
        mem_free(text);
        host_stop(&h);
    }
}

static void test_call_step_answer_end(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "return function(a, body)\n"
        "  local meta, raw = step({ op = 'http', b = 2, a = { 1.5, a.x } }, 'request ' .. body)\n"
        "  local again = step { op = 'time' }\n"
        "  return { status = meta.status, ms = again.ms }, raw .. '\\0' end");
    uint64_t id = host_call(&h, "run", "{\"x\":7}", "B");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"a\":[1.5,7],\"b\":2,\"op\":\"http\"}", "request B");
    expect_silence(&h);
    host_answer(&h, id, 1, "{\"status\":200}", "raw");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 2, "{\"op\":\"time\"}", "");
    host_answer(&h, id, 2, "{\"ms\":5}", "");
    assert_int_equal(host_turn(&h), 1);
    struct wire_msg m = {0};
    assert_true(host_get(&h, &m));
    assert_true(str_is(m.part[0], "returned"));
    assert_true(str_is(m.part[1], "{\"ms\":5,\"status\":200}"));
    assert_int_equal(m.part[2].n, 4);
    assert_memory_equal(m.part[2].p, "raw\0", 4);
    host_stop(&h);
}

/* Late, double, foreign and early answers change nothing. */
static void test_answers_that_nobody_waits_for(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(
        &h, "company", "return function() step { n = 1 } step { n = 2 } return 'done' end");
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"n\":1}", "");
    host_answer(&h, id, 2, "{}", "");
    host_answer(&h, id + 1, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    host_answer(&h, id, 1, "{}", "");
    host_answer(&h, id, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 2, "{\"n\":2}", "");
    expect_silence(&h);
    host_answer(&h, id, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    host_answer(&h, id, 2, "{}", "");
    host_answer(&h, id, 2, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, id, "returned", "\"done\"");
    host_answer(&h, id, 2, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    host_stop(&h);
}

static void drop_in(const char *mode)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, mode,
        "return function(a) local x <close> = setmetatable({}, { __close = function()\n"
        "  pcall(step, { n = 'never' }) end })\n"
        "  step { n = 1 } return a.x end");
    uint64_t first = host_call(&h, "run", "{\"x\":1}", ""),
             second = host_call(&h, "run", "{\"x\":2}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, first, 1, "{\"n\":1}", "");
    expect_step(&h, second, 1, "{\"n\":1}", "");
    host_put(&h, WIRE_DROP, first, 0, 0, NULL);
    host_answer(&h, first, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    /* Dropped together with its answer: whichever comes last. */
    uint64_t third = host_call(&h, "run", "{\"x\":3}", "");
    host_put(&h, WIRE_DROP, third, 0, 0, NULL);
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    host_put(&h, WIRE_DROP, second, 0, 0, NULL);
    assert_int_equal(host_turn(&h), 1);
    expect_silence(&h);
    host_stop(&h);
}

static void test_drop(void **state)
{
    drop_in("company");
    drop_in("single");
}

static void test_single_state_keeps_what_it_holds(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "single",
        "local n = 0 return function() n = n + 1 local was = n step {} return { was, n } end");
    uint64_t first = host_call(&h, "run", "{}", ""), second = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, first, 1, "{}", "");
    expect_step(&h, second, 1, "{}", "");
    host_answer(&h, second, 1, "{}", "");
    host_answer(&h, first, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, second, "returned", "[2,2]");
    expect_end(&h, first, "returned", "[1,2]");
    host_stop(&h);
}

/* A state whose call was dropped at a step serves the next one, after what was to be closed;
 * nothing of the dropped call goes on meanwhile, not even what it would do on its way out. */
static void test_dropped_state_serves_again(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "local n, closed, outside = 0, 0, 0\n"
        "local function close() closed = closed + 1 step {} outside = outside + 1 end\n"
        "return function(a) n = n + 1\n"
        "  if a.first then local open <close> = setmetatable({}, { __close = close })\n"
        "    pcall(step, {}) outside = outside + 1 step {} end\n"
        "  return { n, closed, outside } end");
    uint64_t first = host_call(&h, "run", "{\"first\":true}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, first, 1, "{}", "");
    host_put(&h, WIRE_DROP, first, 0, 0, NULL);
    uint64_t second = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, second, "returned", "[2,1,0]");
    host_stop(&h);
}

/* Two calls of a company at once do not share a state; after an error a state is not used again. */
static void test_company_states(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "local n = 0 return function(a) n = n + 1 step {} if a.fail then error 'x' end return n end");
    uint64_t first = host_call(&h, "run", "{}", ""), second = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    host_answer(&h, first, 1, "{}", "");
    host_answer(&h, second, 1, "{}", "");
    expect_step(&h, first, 1, "{}", "");
    expect_step(&h, second, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, first, "returned", "1");
    expect_end(&h, second, "returned", "1");
    /* The one used last serves the next call, and is closed by its error; then the other is left.
     */
    static const char *const arguments[] = {"{\"fail\":true}", "{}", "{}"};
    static const char *const ends[] = {NULL, "2", "3"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        uint64_t id = host_call(&h, "run", arguments[i], "");
        assert_int_equal(host_turn(&h), 1);
        expect_step(&h, id, 1, "{}", "");
        host_answer(&h, id, 1, "{}", "");
        assert_int_equal(host_turn(&h), 1);
        struct wire_msg m = {0};
        assert_true(host_get(&h, &m));
        assert_true(ends[i] ? str_is(m.part[1], ends[i]) : str_is(m.part[0], "error"));
    }
    host_stop(&h);
}

static void test_unload_lets_calls_end(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company", "return function() step {} return 'old' end");
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{}", "");
    host_put(&h, WIRE_UNLOAD, 0, 0, 1, (struct str[]){STR_LIT("c")});
    uint64_t late = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, late, "error",
        "{\"message\":\"the company's version is not loaded here\",\"class\":\"host\"}");
    host_load_company(&h, "company", "return function() return 'new' end");
    uint64_t next = host_call(&h, "run", "{}", "");
    host_answer(&h, id, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_end(&h, next, "returned", "\"new\"");
    expect_end(&h, id, "returned", "\"old\"");
    host_stop(&h);
}

static void test_log_and_attention(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "return function() print('a', 1, nil, {}, setmetatable({}, { __name = {} }), 2)\n"
        "pcall(attention, 'look\\nhere') return 1 end");
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    assert_true(host_get(&h, &m));
    assert_int_equal(m.type, WIRE_LOG);
    assert_true(str_is(m.part[0], "info"));
    assert_true(str_is(m.part[1], "a\t1\tnil\ttable\ttable\t2"));
    expect_end(&h, id, "attention", "{\"reason\":\"look\\nhere\"}");
    host_stop(&h);
}

static void test_malformed_messages_end_it(void **state)
{
    static const struct {
        enum wire_type type;
        int nparts;
        struct str part[6];
    } cases[] = {
        {WIRE_SYSTEM, 1, {{"h", 1}}},
        {WIRE_SYSTEM, 2, {{"h", 1}, {"[]", 2}}},
        {WIRE_CALL, 1, {{"c", 1}}},
        {WIRE_ANSWER, 0, {{0}}},
        {WIRE_DROP, 1, {{"c", 1}}},
        {WIRE_END, 0, {{0}}},
        {WIRE_LOAD, 6, {{"c", 1}, {"company", 7}, {"boot", 4}, {"none", 4}, {"{}", 2}, {"{}", 2}}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fake_host h;
        host_start(&h, &usual_limits);
        host_put(&h, cases[i].type, 1, 0, cases[i].nparts, cases[i].part);
        assert_int_equal(host_turn(&h), -1);
        assert_true(h.error.text[0] != '\0');
        host_stop(&h);
    }
    struct fake_host h;
    host_start(&h, &usual_limits);
    shutdown(h.ours, SHUT_WR);
    assert_int_equal(host_turn(&h), 0);
    host_stop(&h);
}

/* A frame that comes byte by byte is a frame. */
static void test_frames_in_pieces(void **state)
{
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company", "return function(a, b) return #b end");
    uint64_t id = host_call(&h, "run", "{}", "twelve bytes");
    host_call(&h, "run", "{}", "");
    struct buf all = h.out;
    for (size_t i = 0; i < all.n; i++) {
        buf_init(&h.out, 100);
        buf_add(&h.out, all.p + i, 1);
        assert_int_equal(host_turn(&h), 1);
        buf_free(&h.out);
    }
    h.out = all;
    expect_end(&h, id, "returned", "12");
    expect_end(&h, id + 1, "returned", "0");
    host_stop(&h);
}

/* A state that nobody wanted between two looks is closed; one that was used meanwhile stays. */
static void test_idle_states_go(void **state)
{
    struct err e = {0};
    struct buf why;
    struct idle_states idle = {.max = (size_t)64 << 20};
    list_init(&idle.list);
    buf_init(&why, 1000);
    char *bundle = bundle_of("lua/boot.lua", boot_source, NULL);
    char *company = bundle_of("company.lua", "return print", NULL);
    struct sources *system = sources_new(str_of(bundle), &e);
    struct context *c = context_new(STR_LIT("c"), false, STR_LIT("boot"), system, str_of(company),
        STR_LIT("{}"), &usual_limits, &idle, &e);
    assert_non_null(c);
    struct call by = {.context = c, .loading = true};
    struct vm *vm = context_take(c, &by, NULL, &why);
    assert_non_null(vm);
    context_give(c, vm, true);
    assert_false(idle_trim(&idle));
    assert_ptr_equal(context_take(c, &by, NULL, &why), vm);
    context_give(c, vm, true);
    assert_false(idle_trim(&idle));
    assert_int_equal(c->nidle, 1);
    assert_true(idle_trim(&idle));
    assert_int_equal(c->nidle, 0);
    assert_int_equal(idle.bytes, 0);
    context_retire(c);
    sources_free(system);
    mem_free(bundle);
    mem_free(company);
    buf_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_gives_manifest),
        cmocka_unit_test(test_load_error_names_the_place),
        cmocka_unit_test(test_call_step_answer_end),
        cmocka_unit_test(test_answers_that_nobody_waits_for),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_single_state_keeps_what_it_holds),
        cmocka_unit_test(test_dropped_state_serves_again),
        cmocka_unit_test(test_company_states),
        cmocka_unit_test(test_unload_lets_calls_end),
        cmocka_unit_test(test_log_and_attention),
        cmocka_unit_test(test_malformed_messages_end_it),
        cmocka_unit_test(test_frames_in_pieces),
        cmocka_unit_test(test_idle_states_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
