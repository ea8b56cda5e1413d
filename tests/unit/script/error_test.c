/* What the host is told of errors; and where a script cannot wait. */
#include "fake_host.h"

/* Error objects of every kind. None may end the process, all name their place. */
static void test_objects(void **state)
{
    static const char *const cases[][2] = {
        {"error 'plain'",
            "error {\"message\":\"plain\",\"where\":\"company.lua:2\",\"line\":\"error "
            "'plain'\",\"trace\":\"company.lua:2 | error 'plain'"
            "\",\"class\":\"script\"}"},
        {"error('no place', 0)", "error {\"message\":\"no place\",\"where\":\"company.lua:2\""},
        {"error()", "error {\"message\":\"error object: a nil\",\"where\":\"company.lua:2\""},
        {"error(nil)", "error {\"message\":\"error object: a nil\""},
        {"error(true)", "error {\"message\":\"error object: true\""},
        {"error(42)", "error {\"message\":\"error object: 42\""},
        {"error(1.5)", "error {\"message\":\"error object: 1.5\""},
        {"error(print)", "error {\"message\":\"error object: a function\""},
        {"error(json.null)", "error {\"message\":\"error object: a userdata\""},
        {"error(decimal '1')", "error {\"message\":\"error object: a userdata\""},
        {"error {}", "error {\"message\":\"error object: a table without a message\""},
        {"error { message = 'm', status = 404, body = { 1, decimal '2.50' }, f = print }",
            "\"class\":\"script\",\"text\":\"table\"}"},
        {"error { message = 'm', class = 'permanent', status = 404 }",
            "error {\"message\":\"m\",\"where\":\"company.lua:2\""},
        {"error { message = 'm', class = 'permanent', status = 404 }", ",\"class\":\"permanent\""},
        {"error { message = 'm', class = 'permanent', status = 404 }", ",\"status\":404"},
        {"error(setmetatable({}, { __tostring = function() return 'as text' end }))",
            "\"text\":\"as text\"}"},
        {"error(setmetatable({}, { __tostring = function() error 'again' end }))",
            "\"class\":\"script\"}"},
        {"error(setmetatable({}, { __tostring = function() return {} end }))",
            "error {\"message\":\"error object: a table without a message\""},
        {"error(setmetatable({}, { __tostring = function() step {} end }))",
            "error {\"message\":\"error object: a table without a message\""},
        {"error(setmetatable({}, { __index = function() error 'no' end, __name = 7,"
         " __pairs = error, __len = error, __eq = error }))",
            "error {\"message\":\"error object: a table without a message\""},
        {"local t = {} t.t = t t.message = 'round' error(t)", "error {\"message\":\"round\""},
        {"error('\\255\\0bytes', 0)", "error {\"message\":\"\xEF\xBF\xBD\\ufffdbytes\""},
        {"error { message = 'm', body = 'a\\\\u0000\\0' }", "\"body\":\"a\\\\u0000\\ufffd\""},
        {"error(('x'):rep(1e5 // 1 | 0), 0)", "xxx\",\"where\":\"company.lua:2\""},
        {"local x = nil .. 'a'",
            "attempt to concatenate a nil value\",\"where\":\"company.lua:2\""},
        {"return undefined.field", "error {\"message\":\"attempt to index a nil value (global "
                                   "'undefined')\",\"where\":\"company.lua:2\""},
        {"local x <close> = setmetatable({}, { __close = function() error 'closing' end })",
            "error {\"message\":\"closing\""},
        {"return string.rep()", "\"where\":\"company.lua:2\""},
        {"return function() end",
            "error {\"message\":\"what run returned cannot be written as JSON: a "
            "function, which JSON does not have\""},
        {"return { rows = { { price = 0/0 } } }",
            "cannot be written as JSON: rows[1].price: not a number (0/0)\""},
        {"local t = { a = {} } t.a.b = t return { top = t }", "as JSON: top.a"},
        {"local t = { a = {} } t.a.b = t return { top = t }",
            "...: nested too deeply, or a table that contains itself\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_part(cases[i][0], cases[i][1]);
}

/* The report is JSON whatever the object holds: the host ends a process that says otherwise. */
static void test_reports_are_json(void **state)
{
    static const char *const cases[] = {
        "error { message = 'm', class = 'c', where = 'w', line = 'l', trace = 't', text = 'x' }",
        "error { message = 'm', ['\\255'] = 1, [''] = 2, ['\"'] = 3, [1] = 4, [true] = 5 }",
        "error { message = 'm', big = ('x'):rep(1e6 // 1 | 0), deep = { { { { {} } } } } }",
        "error { message = 5, class = {} }",
        "error { message = 'm', a = { class = 1 } }",
        /* More fields than can be told, of more bytes than there is time for. */
        "local e, t = { message = 'm' }, { ('x'):rep(60000) }\n"
        "for i = 1, 20 do t = { t, t } end for i = 1, 1e5 do e['k' .. i] = t end error(e)",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {0};
        char *got = run_in("company", &usual_limits, cases[i]);
        assert_memory_equal(got, "error ", 6);
        if (json_check(str_of(got + 6), &e) < 0)
            fail_msg("%s: %s", got, e.text);
        assert_non_null(strstr(got, "\"class\":"));
        mem_free(got);
    }
}

/* Deep in the company's files the trace names each line. */
static void test_trace(void **state)
{
    expect_part("local function inner(x)\n  return x.y.z\nend\nlocal function outer()\n"
                "  local v = inner {}\n  return v\nend\nlocal r = outer()\nreturn r",
        "\"trace\":\"company.lua:3 in inner | return x.y.z\\ncompany.lua:6 in outer | local v = inner "
        "{}\\ncompany.lua:9 | local r = outer()\"");
}

#define HERE "cannot be used here: inside of table.sort, string.gsub, tostring"

static void test_no_waiting_here(void **state)
{
    static const char *const cases[] = {
        "table.sort({ 2, 1 }, function() step {} end)",
        "('x'):gsub('.', function() step {} end)",
        "tostring(setmetatable({}, { __tostring = function() step {} end }))",
        "print(setmetatable({}, { __tostring = function() step {} end }))",
        "return ('%s'):format(setmetatable({}, { __tostring = function() step {} end }))",
        "table.concat(setmetatable({}, { __len = function() return 1 end,"
        " __index = function() step {} end }))",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_part(cases[i], HERE);
        expect_part(cases[i], "\"where\":\"company.lua:2\"");
    }
    expect_part(
        "local ok, m = xpcall(error, function() step {} end) return tostring(m)", "returned");
}

static void test_waiting_is_possible(void **state)
{
    static const char *const cases[] = {
        "local _, raw = step {} return raw",
        "local ok, _, raw = pcall(step, {}) return ok and raw",
        "local ok, _, raw = xpcall(step, print, {}) return ok and raw",
        "return setmetatable({}, { __index = function() local _, raw = step {} return raw end }).x",
        "return setmetatable({}, { __add = function() local _, raw = step {} return raw end }) + 1",
        "local t = setmetatable({}, { __pairs = function()\n"
        "  local _, raw = step {} return ipairs { raw } end })\n"
        "for _, raw in pairs(t) do return raw end",
        "for _, raw in function(_, k) if not k then return step {} end end do return raw end",
        "local ok, raw do local x <close> = setmetatable({}, { __close = function()\n"
        "  ok, raw = pcall(function() local _, r = step {} return r end) end }) end return raw",
        "local ok, a, b = pcall(pcall, function() local _, raw = step {} error(raw, 0) end)\n"
        "return not a and b",
        "local ok, m = pcall(function() step {} step {} error({ 'answer' }) end) return m[1]",
        "local ok, m = xpcall(function() local _, raw = step {} error(raw, 0) end,\n"
        "  function(m) return m .. '!' end) return m == 'answer!' and 'answer'",
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i], "returned \"answer\"");
}

static void test_attention_is_not_caught(void **state)
{
    static const char *const cases[] = {
        "attention 'why'",
        "pcall(attention, 'why')",
        "xpcall(attention, function() return 1 end, 'why') return 2",
        "table.sort({ 1, 2 }, function() pcall(attention, 'why') end)",
        "while true do pcall(pcall, xpcall, attention, print, 'why') end",
        "local x <close> = setmetatable({}, { __close = function() pcall(attention, 'other') end })\n"
        "attention 'why'",
        "local x <close> = setmetatable({}, { __close = function() pcall(step, {}) error 'x' end })\n"
        "attention 'why'",
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i], "attention {\"reason\":\"why\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_reports_are_json),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_no_waiting_here),
        cmocka_unit_test(test_waiting_is_possible),
        cmocka_unit_test(test_attention_is_not_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
