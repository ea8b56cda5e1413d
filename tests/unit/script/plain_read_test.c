/* Reads without a table in between: what is asked, and which answers come back as a response. */
#include "fake_host.h"

static const char boot[] =
    "local host = require 'host'\n"
    "local read = host.reader { books = '{\"connection\":\"books\",\"path\":' }\n"
    "local boot = {}\n"
    "function boot.load() end\n"
    "function boot.run(a)\n"
    "  local response, meta, raw = read(a.connection, a.path)\n"
    "  return { seq = host.seq(), response = response, meta = meta, raw = raw }\n"
    "end\n"
    "return boot\n";

static void begin(struct fake_host *h)
{
    host_start(h, &usual_limits);
    struct wire_msg m = host_load(h, "c", "company", bundle_of("lua/boot.lua", boot, NULL),
        bundle_of("a.lua", "", NULL), "{}");
    assert_true(str_is(m.part[0], "ok"));
}

/* The end of the call: what it returned. */
static void expect_end(struct fake_host *h, const char *wanted)
{
    struct wire_msg m = {0};
    assert_int_equal(host_turn(h), 1);
    assert_true(host_get(h, &m));
    assert_int_equal(m.type, WIRE_END);
    char *got = mem_dupn(m.part[1].p, m.part[1].n);
    assert_string_equal(got, wanted);
    mem_free(got);
}

static void test_what_is_asked(void **state)
{
    struct fake_host h;
    begin(&h);
    uint64_t id =
        host_call(&h, "run", "{\"connection\":\"books\",\"path\":\"/a?q=\\\"\\\\\\u00e4\"}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"connection\":\"books\",\"path\":\"/a?q=\\\"\\\\\xc3\xa4\"}", "");
    host_answer(&h, id, 1, "{\"status\":204,\"headers\":{}}", "");
    expect_end(&h, "{\"response\":{\"body\":\"\",\"headers\":{},\"status\":204},\"seq\":1}");
    /* Nothing is asked of whom it does not know, nor with what is no path. */
    static const char *const not_asked[] = {"{\"connection\":\"crm\",\"path\":\"/\"}",
        "{\"connection\":\"books\",\"path\":\"/a b\"}", "{\"connection\":\"books\",\"path\":5}",
        "{\"connection\":[1],\"path\":\"/\"}", "{\"path\":\"/\"}"};
    for (size_t i = 0; i < sizeof(not_asked) / sizeof(not_asked[0]); i++) {
        host_call(&h, "run", not_asked[i], "");
        expect_end(&h, "{\"seq\":0}");
    }
    host_stop(&h);
}

static void test_answers(void **state)
{
    static const char *const cases[][3] = {
        {"{\"status\":200,\"headers\":{\"server\":\"a\",\"content-type\":\"application/json\"}}",
            "{\"b\":1.5,\"a\":null}",
            "{\"response\":{\"body\":{\"b\":1.5},\"headers\":{\"content-type\":\"application/json\","
            "\"server\":\"a\"},\"status\":200},\"seq\":1}"},
        /* Without a content-type, what looks like JSON and is some; and what only looks so. */
        {"{\"status\":201,\"headers\":{\"x\":\"\"}}", " [1]",
            "{\"response\":{\"body\":[1],\"headers\":{\"x\":\"\"},\"status\":201},\"seq\":1}"},
        {"{\"status\":200,\"headers\":{}}", "[1",
            "{\"response\":{\"body\":\"[1\",\"headers\":{},\"status\":200},\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"content-type\":\"text/plain\"}}", "[1]",
            "{\"response\":{\"body\":\"[1]\",\"headers\":{\"content-type\":\"text/plain\"},"
            "\"status\":200},\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"content-type\":\"a/b+JSON; x=1\"}}", "7",
            "{\"response\":{\"body\":7,\"headers\":{\"content-type\":\"a/b+JSON; x=1\"},"
            "\"status\":200},\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"content-type\":\"application/x-json\"}}", "7",
            "{\"response\":{\"body\":7,\"headers\":{\"content-type\":\"application/x-json\"},"
            "\"status\":200},\"seq\":1}"},
        /* A list of JSON texts is none itself. */
        {"{\"status\":200,\"headers\":{\"content-type\":\"application/x-ndjson\"}}", "1\n2",
            "{\"response\":{\"body\":\"1\\n2\",\"headers\":{\"content-type\":"
            "\"application/x-ndjson\"},\"status\":200},\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"content-type\":\"application/json-seq\"}}", "1\n2",
            "{\"response\":{\"body\":\"1\\n2\",\"headers\":{\"content-type\":"
            "\"application/json-seq\"},\"status\":200},\"seq\":1}"},
        /* All else is told as it is. */
        {"{\"status\":200,\"headers\":{\"content-type\":\"application/json\"}}", "{\"a\"",
            "{\"meta\":{\"headers\":{\"content-type\":\"application/json\"},\"status\":200},"
            "\"raw\":\"{\\\"a\\\"\",\"response\":false,\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"x\":\"a\\\"b\"}}", "t",
            "{\"meta\":{\"headers\":{\"x\":\"a\\\"b\"},\"status\":200},\"raw\":\"t\","
            "\"response\":false,\"seq\":1}"},
        {"{\"status\":302,\"headers\":{}}", "",
            "{\"meta\":{\"headers\":{},\"status\":302},\"raw\":\"\",\"response\":false,\"seq\":1}"},
        {"{\"status\":200,\"headers\":{},\"dry\":true}", "",
            "{\"meta\":{\"dry\":true,\"headers\":{},\"status\":200},\"raw\":\"\","
            "\"response\":false,\"seq\":1}"},
        {"{\"status\":200,\"headers\":{\"a\":\"b\"},\"sent\":{\"c\":\"d\"}}", "",
            "{\"meta\":{\"headers\":{\"a\":\"b\"},\"sent\":{\"c\":\"d\"},\"status\":200},"
            "\"raw\":\"\",\"response\":false,\"seq\":1}"},
        {"{\"file\":{\"id\":\"1\"},\"status\":200,\"headers\":{}}", "",
            "{\"meta\":{\"file\":{\"id\":\"1\"},\"headers\":{},\"status\":200},\"raw\":\"\","
            "\"response\":false,\"seq\":1}"},
        {"{\"failed\":true}", "",
            "{\"meta\":{\"failed\":true},\"raw\":\"\",\"response\":false,\"seq\":1}"},
        {"", "", "{\"meta\":{},\"raw\":\"\",\"response\":false,\"seq\":1}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_host h;
        begin(&h);
        uint64_t id = host_call(&h, "run", "{\"connection\":\"books\",\"path\":\"/\"}", "");
        assert_int_equal(host_turn(&h), 1);
        expect_step(&h, id, 1, "{\"connection\":\"books\",\"path\":\"/\"}", "");
        host_answer(&h, id, 1, cases[i][0], cases[i][1]);
        expect_end(&h, cases[i][2]);
        host_stop(&h);
    }
}

/* What code makes of the headers h of an answer; `extra` is an empty table. */
static void expect_of_headers(const char *code, const char *wanted)
{
    static const char around[] =
        "local host, json, cjson = require 'host', require 'json', require 'cjson'\n"
        "local read = host.reader { books = '{\"connection\":\"books\",\"path\":' }\n"
        "local boot = {}\n"
        "local function use(h, extra) %s end\n"
        "function boot.load() end\n"
        "function boot.run(a)\n"
        "  local h = read('books', '/').headers\n"
        "  return use(h, {})\n"
        "end\n"
        "return boot\n";
    struct fake_host h;
    char *boot_with = mem_printf(around, code);
    host_start(&h, &usual_limits);
    struct wire_msg m = host_load(&h, "c", "company", bundle_of("lua/boot.lua", boot_with, NULL),
        bundle_of("a.lua", "", NULL), "{}");
    assert_true(str_is(m.part[0], "ok"));
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"connection\":\"books\",\"path\":\"/\"}", "");
    host_answer(&h, id, 1,
        "{\"status\":200,\"headers\":{\"b\":\"2\",\"a\":\"1\",\"content-type\":\"text/plain\"}}",
        "x");
    expect_end(&h, wanted);
    host_stop(&h);
    mem_free(boot_with);
}

#define ALL "{\"a\":\"1\",\"b\":\"2\",\"content-type\":\"text/plain\"}"

/* The table is made only when somebody looks into it, and nobody can tell. */
static void test_headers_are_a_table(void **state)
{
    static const char *const cases[][2] = {
        {"return h", ALL},
        {"return { 1, { h } }", "[1,[" ALL "]]"},
        {"return h.a .. h['content-type'] .. tostring(h.none)", "\"1text/plainnil\""},
        {"return { h[1] == nil, #h, rawlen(h), rawequal(h, h), h == {} }", "[true,0,0,true,false]"},
        {"local t = '' for k, v in pairs(h) do t = t .. k .. '=' .. v .. ' ' end return t",
            "\"a=1 b=2 content-type=text/plain \""},
        {"local f = pairs {} return (f(h) ~= nil)", "true"},
        {"local t = '' for k, v in next, h do t = t .. k .. '=' .. v .. ' ' end return t",
            "\"a=1 b=2 content-type=text/plain \""},
        {"for _ in ipairs(h) do return 1 end return rawget(h, 'b')", "\"2\""},
        {"h.a = 'new' h.c = '3' return h",
            "{\"a\":\"new\",\"b\":\"2\",\"c\":\"3\",\"content-type\":\"text/plain\"}"},
        {"h.a = nil return h", "{\"b\":\"2\",\"content-type\":\"text/plain\"}"},
        {"rawset(h, 'a', nil) return h", "{\"b\":\"2\",\"content-type\":\"text/plain\"}"},
        {"rawset(h, 'c', 3) return { h.a, h.c }", "[\"1\",3]"},
        {"return { getmetatable(h) == nil, h.a }", "[true,\"1\"]"},
        {"setmetatable(h, { __index = { c = 'd' } }) return { h.a, h.c }", "[\"1\",\"d\"]"},
        {"setmetatable(extra, h) return getmetatable(extra).a", "\"1\""},
        {"setmetatable(extra, { __index = h }) return extra.b", "\"2\""},
        {"return json.encode(h)", "\"{\\\"a\\\":\\\"1\\\",\\\"b\\\":\\\"2\\\",\\\"content-type\\\":"
                                  "\\\"text/plain\\\"}\""},
        {"return json.decode(json.encode { h = h }).h", ALL},
        {"return cjson.decode(cjson.encode { h = { h } }).h[1]", ALL},
        {"return cjson.decode(cjson.new().encode(h))", ALL},
        {"extra[1] = extra return (pcall(cjson.encode, { h, extra }))", "false"},
        {"json.object(h) return h", ALL},
        {"return json.is_array(h)", "false"},
        {"table.insert(h, 'x') h.a, h.b, h['content-type'] = nil, nil, nil return h", "[\"x\"]"},
        {"return table.concat(h) .. select('#', table.unpack(h)) .. tostring(h)", "\"0table\""},
        {"return host.freeze(h).a .. next(host.freeze(h))", "\"1a\""},
        {"local v = host.freeze(h) return v", ALL},
        {"return ('a-b'):gsub('%w', h)", "\"1-2\""},
        {"return { pcall(error, h) }", "[false," ALL "]"},
        {"h.a, h.b = h.b, h.a return h",
            "{\"a\":\"2\",\"b\":\"1\",\"content-type\":\"text/plain\"}"},
        {"host.finish('skip', h)", ALL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_of_headers(cases[i][0], cases[i][1]);
}

/* As an error it is told of with all its fields. */
static void test_headers_as_an_error(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    static const char failing[] =
        "local host = require 'host'\n"
        "local read = host.reader { books = '{\"path\":' }\n"
        "return { run = function() error(read('books', '/').headers) end }\n";
    host_start(&h, &usual_limits);
    host_load(&h, "c", "company", bundle_of("lua/boot.lua", failing, NULL),
        bundle_of("a.lua", "", NULL), "{}");
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"path\":\"/\"}", "");
    host_answer(&h, id, 1, "{\"status\":200,\"headers\":{\"message\":\"m\",\"x\":\"y\"}}", "");
    assert_int_equal(host_turn(&h), 1);
    assert_true(host_get(&h, &m));
    assert_true(str_is(m.part[0], "error"));
    char *text = mem_dupn(m.part[1].p, m.part[1].n);
    assert_non_null(strstr(text, "\"message\":\"m\""));
    assert_non_null(strstr(text, "\"x\":\"y\""));
    mem_free(text);
    host_stop(&h);
}

static void expect_error(struct fake_host *h, const char *meta)
{
    struct wire_msg m = {0};
    uint64_t id = host_call(h, "run", "{\"connection\":\"books\",\"path\":\"/\"}", "");
    assert_int_equal(host_turn(h), 1);
    expect_step(h, id, 1, "{\"connection\":\"books\",\"path\":\"/\"}", "");
    host_answer(h, id, 1, meta, "");
    assert_int_equal(host_turn(h), 1);
    assert_true(host_get(h, &m));
    assert_true(str_is(m.part[0], "error"));
}

/* Cut anywhere, or with something too much, what the host says is an error, and never read past its
 * end. */
static void test_broken_answers(void **state)
{
    static const char whole[] =
        "{\"status\":200,\"headers\":{\"a\":\"b\",\"content-type\":\"application/json\"}}";
    static const char *const broken[] = {"{\"status\":200,\"headers\":{\"a\":\"b\",}}",
        "{\"status\":200,\"headers\":{,\"a\":\"b\"}}",
        "{\"status\":200,\"headers\":{\"a\":\"b\"\"}}",
        "{\"status\":200,\"headers\":{\"a\" \"b\"}}", "{\"status\":200,\"headers\":{\"a\":\"b\"}}}",
        "{\"status\":200,\"headers\":{\"a\":\"b\";\"c\":\"d\"}}", "{\"status\":200,\"headers\":}",
        "{\"status\":2000,\"headers\":{}", "{\"status\":2x0,\"headers\":{}}"};
    struct fake_host h;
    begin(&h);
    for (size_t n = 1; n < sizeof(whole) - 1; n++) {
        char *cut = mem_dupn(whole, n);
        expect_error(&h, cut);
        mem_free(cut);
    }
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        expect_error(&h, broken[i]);
    host_stop(&h);
}

/* The host's texts end at a NUL: a step with one says so at the script's line, and what only looks
 * so is asked. */
static void test_a_nul_is_not_asked(void **state)
{
    static const char source[] =
        "local host = require 'host'\n"
        "local boot = {}\n"
        "function boot.load() end\n"
        "function boot.run()\n"
        "  local ok, problem = pcall(host.step, { op = 'x', text = 'a\\\\u0000 \\0' })\n"
        "  if ok then return 'asked' end\n"
        "  host.step({ op = 'x', text = [[\\u0000]] })\n"
        "  return problem\n"
        "end\n"
        "return boot\n";
    struct fake_host h;
    host_start(&h, &usual_limits);
    host_load(&h, "c", "company", bundle_of("lua/boot.lua", source, NULL),
        bundle_of("a.lua", "", NULL), "{}");
    uint64_t id = host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    expect_step(&h, id, 1, "{\"op\":\"x\",\"text\":\"\\\\u0000\"}", "");
    host_answer(&h, id, 1, "{}", "");
    expect_end(&h,
        "\"what was asked of the host holds a NUL byte (\\\"\\\\0\\\"), which no text there "
        "can have\"");
    host_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_a_nul_is_not_asked),
        cmocka_unit_test(test_headers_are_a_table),
        cmocka_unit_test(test_headers_as_an_error),
        cmocka_unit_test(test_broken_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
