/* Limits: what they end, and that nothing a script does keeps it from ending. */
#include "fake_host.h"

#define BURST "limit {\"limit\":\"burst\""

static void expect_limit(const struct limits *limits, const char *code, const char *wanted)
{
    char *got = run_in("company", limits, code);
    if (strncmp(got, wanted, strlen(wanted)) != 0)
        print_message("%s\n  gave %s\n", code, got);
    assert_memory_equal(got, wanted, strlen(wanted));
    mem_free(got);
}

/* A killed run cannot be revived by anything that catches errors. */
static void test_endless_loops(void **state)
{
    static const char *const cases[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) return 'alive'",
        "xpcall(function() while true do end end, function() return 'alive' end) return 'alive'",
        "xpcall(error, function() while true do end end) return 'alive'",
        "local function deep() pcall(deep) while true do end end deep()",
        "local x <close> = setmetatable({}, { __close = function() while true do end end })\n"
        "while true do end",
        "for _ in function() return 1 end do end",
        "table.sort({ 3, 2, 1 }, function() while true do end end)",
        "('x'):gsub('.', function() while true do end end)",
        "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })\n"
        "while true do pcall(function() return t[1] end) end",
        "return tostring(setmetatable({}, { __tostring = function() while true do end end }))",
        "local mt = {} mt.__lt = function() while true do end end\n"
        "table.sort { setmetatable({}, mt), setmetatable({}, mt) }",
    };
    struct limits limits = usual_limits;
    limits.burst_ms = 100;
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_limit(&limits, cases[i], BURST);
    /* Here the run is over already when its error object is asked for a text. */
    expect_limit(&limits,
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        "error {\"message\":\"error object: a table without a message\"");
}

/* The kill is bound to the call: those before and behind it in the same state know nothing of it.
 */
static void test_next_call_is_untouched(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    struct limits limits = usual_limits;
    limits.burst_ms = 100;
    host_start(&h, &limits);
    host_load_company(&h, "single",
        "return function(a) if a.loop then while true do end end step {} return 'fine' end");
    uint64_t before = host_call(&h, "run", "{}", "");
    uint64_t looping = host_call(&h, "run", "{\"loop\":true}", "");
    uint64_t behind = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    int steps = 0;
    while (host_get(&h, &m)) {
        if (m.type == WIRE_STEP)
            steps++;
        else
            assert_true(m.id == looping && str_is(m.part[0], "limit"));
    }
    assert_int_equal(steps, 2);
    host_answer(&h, before, 1, "{}", "");
    host_answer(&h, behind, 1, "{}", "");
    assert_int_equal(host_turn(&h), 1);
    for (int i = 0; i < 2; i++) {
        assert_true(host_get(&h, &m));
        assert_true(str_is(m.part[0], "returned"));
    }
    host_stop(&h);
}

/* Each burst is short, and all of them together are too long. */
static void test_slow_drip(void **state)
{
    struct limits limits = usual_limits;
    limits.call_ms = 300;
    limits.steps = 100000;
    expect_limit(
        &limits, "while true do for i = 1, 1e5 do end step {} end", "limit {\"limit\":\"cpu\"");
}

static void test_memory(void **state)
{
    static const char *const cases[] = {
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
        "return ('x'):rep(30e6 // 1 | 0)",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "return table.concat({ ('x'):rep(4e6 // 1 | 0), ('x'):rep(4e6 // 1 | 0) }, ('x'):rep(3e6 // 1 | 0))",
        "return (('x'):rep(1e6 // 1 | 0):gsub('.', '%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0'))",
        "local function f(n) return f(n + 1) + 1 end f(1)",
    };
    struct limits limits = usual_limits;
    limits.memory = (size_t)8 << 20;
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_limit(&limits, cases[i], "limit {\"limit\":\"memory\"");
    expect_limit(&limits, "return #('x'):rep(2e6 // 1 | 0)", "returned 2000000");
    limits.memory = (size_t)600 << 10;
    expect_limit(&limits, "local s = ('x'):rep(700000) return #s",
        "limit {\"limit\":\"memory\",\"message\":\"the script needs more than 600 KiB of memory");
}

static void test_steps(void **state)
{
    expect_limit(&usual_limits, "while true do pcall(step, {}) end",
        "limit {\"limit\":\"steps\",\"message\":\"the run has taken 50 steps");
}

static void test_log(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    size_t lines = 0, bytes = 0;
    bool full = false, ended = false;
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "return function() for i = 1, 1e5 do print(('x'):rep(90)) end print(('y'):rep(1e6 // 1)) end");
    host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    while (host_get(&h, &m)) {
        ended = m.type == WIRE_END;
        if (ended)
            break;
        lines++;
        bytes += m.part[1].n;
        full = str_is(m.part[0], "warn");
    }
    assert_true(ended && full);
    assert_true(lines == 2000 / 91 + 1);
    assert_true(bytes < 2100);
    host_stop(&h);
}

/* The same state gives the memory back: what one call leaves is nothing to the next. */
static void test_memory_of_many_calls(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    struct limits limits = usual_limits;
    limits.memory = (size_t)1 << 20;
    host_start(&h, &limits);
    host_load_company(&h, "company",
        "return function(a) local t = {} for i = 1, 100 do t[i] = { i, tostring(i) .. a.x } end\n"
        "  local ok = pcall(error, t) local meta, raw = step({ t = t }) return #raw end");
    for (int i = 0; i < 1000; i++) {
        char *arguments = mem_printf("{\"x\":\"call %d\"}", i);
        uint64_t id = host_call(&h, "run", arguments, "");
        mem_free(arguments);
        assert_int_equal(host_turn(&h), 1);
        assert_true(host_get(&h, &m));
        assert_int_equal(m.type, WIRE_STEP);
        host_answer(&h, id, 1, "{\"status\":200}", "raw");
        assert_int_equal(host_turn(&h), 1);
        assert_true(host_get(&h, &m));
        assert_true(m.type == WIRE_END && str_is(m.part[0], "returned"));
    }
    host_stop(&h);
}

/* From the n-th allocation on there is no memory, for each n: the call ends by the limit, or it
 * ends well, and the process goes on. */
static void test_out_of_memory_anywhere(void **state)
{
    static const char company[] =
        "local m = json.decode '{\"a\":[1,2.5,\"x\"],\"b\":{}}'\n"
        "return function(a, body)\n"
        "  local t = {} for i = 1, 20 do t['k' .. i] = { i, decimal(i) * 2 } end\n"
        "  local meta, raw = step({ op = 'http', t = t }, body)\n"
        "  for k, v in pairs(t) do meta[k] = json.encode(v) end\n"
        "  table.sort(meta.list) print(raw) return meta, raw end";
    int limited = 0, returned = 0;
    for (int64_t n = 2; returned < 3; n += 1 + n / 200) {
        struct fake_host h;
        struct wire_msg m = {0};
        struct limits limits = usual_limits;
        limits.fail_in = n;
        host_start(&h, &limits);
        m = host_load(&h, "c", "company", bundle_of("lua/boot.lua", boot_source, NULL),
            bundle_of("company.lua", company, NULL), "{}");
        bool ended = str_is(m.part[0], "error");
        if (ended)
            assert_non_null(memmem(m.part[1].p, m.part[1].n, "MiB", 3));
        else
            host_call(&h, "run", "{\"x\":[1,2,3]}", "body");
        limited += ended;
        while (!ended) {
            assert_int_equal(host_turn(&h), 1);
            assert_true(host_get(&h, &m));
            if (m.type == WIRE_STEP)
                host_answer(&h, m.id, m.seq, "{\"list\":[3,2,1]}", "answer");
            if (m.type != WIRE_END)
                continue;
            ended = true;
            assert_true(str_is(m.part[0], "limit") || str_is(m.part[0], "returned"));
            limited += str_is(m.part[0], "limit");
            returned += str_is(m.part[0], "returned");
        }
        host_stop(&h);
    }
    assert_true(limited > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endless_loops),
        cmocka_unit_test(test_next_call_is_untouched),
        cmocka_unit_test(test_slow_drip),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_memory_of_many_calls),
        cmocka_unit_test(test_out_of_memory_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
