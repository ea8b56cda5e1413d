/* The module json: lossless both ways, strict, and of one mind with lua-cjson where that is right.
 */
#include "fake_host.h"

static void check(const char *const *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *got = run_in("company", &usual_limits, cases[i]);
        if (strcmp(got, "returned true") != 0)
            print_message("%s\n  gave %s\n", cases[i], got);
        assert_string_equal(got, "returned true");
        mem_free(got);
    }
}

static void test_decode(void **state)
{
    static const char *const cases[] = {
        "local v = json.decode '9223372036854775807' return v == math.maxinteger\n"
        "  and math.type(v) == 'integer' and json.decode '-9223372036854775808' == math.mininteger",
        "return tostring(json.decode '9223372036854775808') == '9223372036854775808'\n"
        "  and tostring(json.decode '1e3') == '1000' and tostring(json.decode '0.10') == '0.1'",
        "return json.decode '0.1' + json.decode '0.2' == json.decode '0.3'",
        "return json.decode('1.5', { numbers = 'float' }) == 1.5\n"
        "  and math.type(json.decode('1e2', { numbers = 'float' })) == 'float'\n"
        "  and math.type(json.decode('7', { numbers = 'float' })) == 'integer'",
        "local t = json.decode('{\"a\":null,\"b\":[null,{\"c\":null,\"d\":1}]}', { nulls = false })\n"
        "return t.a == nil and next(t) == 'b' and t.b[1] == json.null and t.b[2].c == nil\n"
        "  and t.b[2].d == 1 and json.decode('null', { nulls = false }) == json.null\n"
        "  and not pcall(json.decode, '{\"a\":null,\"a\":1}', { nulls = false })",
        "return json.decode 'null' == json.null and json.decode '[null]'[1] == json.null\n"
        "  and cjson.null == json.null and json.decode 'true' == true",
        "local t = json.decode '{\"a\":{},\"b\":[],\"c\":[1,[2]]}'\n"
        "return json.is_array(t.b) and not json.is_array(t.a) and #t.c == 2 and t.c[2][1] == 2",
        "return json.decode ' \"\\\\u00e4\\\\ud83d\\\\ude00\\\\n\\\\u0000\" ' == 'ä😀\\n\\0'",
        "local t = {} for i = 1, 1000 do t[i] = '\"k' .. i .. '\":' .. i end\n"
        "local d = json.decode('{' .. table.concat(t, ',') .. '}')\n"
        "for i = 1, 1000 do if d['k' .. i] ~= i then return i end end return true",
        "local t = {} for i = 1, 1000 do t[i] = i end\n"
        "local d = json.decode('[' .. table.concat(t, ',') .. ']')\n"
        "for i = 1, 1000 do if d[i] ~= i then return i end end return #d == 1000",
    };
    check(cases, COUNT(cases));
}

/* Each is refused, and the message says where. */
static void test_decode_refuses(void **state)
{
    static const char *const texts[] = {"", " ", "nul", "[1,]", "[1 2]", "{\"a\":1,}", "{a:1}",
        "'x'", "01", "+1", "1.", ".5", "0x1", "NaN", "Infinity", "[1]x", "\"\\u00\"", "\"\\ud800\"",
        "\"\\x\"", "\"\\", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"\\u0061\":3}",
        "\xEF\xBB\xBF"
        "1",
        "[1]//", "1e401", "1e999999999", "12345678901234567890123456789012345678901"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_adds(&b, "local ok, m = pcall(json.decode, \"");
        for (const char *p = texts[i]; *p; p++)
            buf_addf(&b, "\\%03d", (unsigned char)*p);
        buf_adds(&b, "\") return not ok and m:find 'not JSON: .+ at line %d+, column %d+' ~= nil");
        const char *code = buf_take(&b, NULL);
        check(&code, 1);
        mem_free((void *)code);
    }
    static const char *const cases[] = {
        "return not pcall(json.decode, '\"\\255\"') and not pcall(json.decode, '\"a\\nb\"')",
        "return not pcall(json.decode, ('['):rep(200) .. (']'):rep(200))\n"
        "  and pcall(json.decode, ('['):rep(100) .. (']'):rep(100))",
        "for _, n in ipairs { 3, 17, 63, 64, 65, 130 } do local t = {}\n"
        "  for i = 1, n do t[i] = ('\"%s%d\":1'):format(('long'):rep(n % 2 * 20), i) end\n"
        "  for _, twin in ipairs { 1, n // 2, n - 1 } do t[n + 1] = t[twin ~= 0 and twin or 1]\n"
        "    if pcall(json.decode, '{' .. table.concat(t, ',') .. '}') then return n end end\n"
        "  t[n + 1] = nil if not pcall(json.decode, '{' .. table.concat(t, ',') .. '}') then return n end\n"
        "end return true",
        "return not pcall(json.decode) and not pcall(json.decode, {})\n"
        "  and not pcall(json.decode, '1', { numbers = 'x' })",
    };
    check(cases, COUNT(cases));
}

static void test_encode(void **state)
{
    static const char *const cases[] = {
        "return json.encode { b = 1, a = { x = {}, y = json.array {} }, [''] = 'ä\\n\\0\"\\\\/' }\n"
        "  == '{\"\":\"ä\\\\n\\\\u0000\\\\\"\\\\\\\\/\",\"a\":{\"x\":{},\"y\":[]},\"b\":1}'",
        "return json.encode { 1, -5, 0, math.maxinteger, math.mininteger, true, false, json.null }\n"
        "  == '[1,-5,0,9223372036854775807,-9223372036854775808,true,false,null]'",
        "return json.encode { 1.0, 0.1, -0.5, 12345678901234.56, 1e15, 2^53, 1e300, 1/3, -0.0, 5e-324,\n"
        "  123456.789, 0.30000000000000004, 1e-7 } == '[1,0.1,-0.5,12345678901234.56,1000000000000000,'\n"
        "  .. '9007199254740992,1e+300,0.3333333333333333,-0.0,5e-324,123456.789,'\n"
        "  .. '0.30000000000000004,1e-07]'",
        "return json.encode { decimal '1.50', decimal '-0.01', json.decode '1e3' } == '[1.5,-0.01,1000]'",
        "return json.encode(json.array()) == '[]' and json.encode(json.object()) == '{}'\n"
        "  and json.encode {} == '{}' and json.encode(json.object { a = 1 }) == '{\"a\":1}'",
        "local t = {} for i = 5, 1, -1 do t[i] = i end return json.encode(t) == '[1,2,3,4,5]'",
        "local t = json.decode '[1,2]' t[1], t[2] = nil, nil return json.encode(t) == '[]'",
        "local t = {} for i = 1, 200 do t['k' .. i] = i end local a = json.encode(t)\n"
        "local last for k in a:gmatch '\"(k%d+)\"' do if last and last >= k then return k end last = k end\n"
        "return json.encode(json.decode(a)) == a",
        /* A list whose keys Lua walks as 1, 3, 4, 5, 2, in such a list, 60 deep. */
        "local t = {} for i = 1, 60 do\n"
        "  t = { [9] = 0, [1] = t, [2] = 2, [3] = 3, [4] = 4, [5] = 5 } t[9] = nil end\n"
        "return json.encode(t) == ('['):rep(60) .. '{}' .. (',2,3,4,5]'):rep(60)",
        "return json.encode 'x' == '\"x\"' and json.encode(nil) == 'null' and json.encode(5) == '5'",
    };
    check(cases, COUNT(cases));
}

static void test_encode_refuses(void **state)
{
    static const char *const cases[][2] = {
        {"{ rows = { { price = 1 }, { price = 0/0 } } }", "rows[2].price: not a number (0/0)"},
        {"1/0", "an infinite number"},
        {"{ 1, x = 2 }", "a table with both list elements and named fields"},
        {"{ a = 1, [true] = 2 }", "a table whose keys are neither texts nor 1, 2, 3"},
        {"{ 1, nil, 3 }", "a list with holes"},
        {"{ [0] = 1 }", "a list whose indexes are not 1, 2, 3"},
        {"{ [1.5] = 1 }", "a list whose indexes are not 1, 2, 3"},
        {"{ f = print }", "f: a function"},
        {"'\\255'", "a text that is not UTF-8"},
        {"{ ['\\255'] = 1 }", "a key that is not UTF-8"},
        {"json.array { a = 1 }", "a table with both"},
        {"json.object { 1 }", "a table with both"},
        {"(function() local t = {} t[1] = t return t end)()", "contains itself"},
        /* What holds the next twice, 60 deep: more than ever ends, if its text's limit did not. */
        {"(function() local t = {} for i = 1, 60 do t = { t, t } end return t end)()",
            "the JSON would be larger than 1048576 bytes"},
        {"(function() local t = {} for i = 1, 60 do t = { a = t, b = t } end return t end)()",
            "the JSON would be larger than 1048576 bytes"},
    };
    struct limits limits = usual_limits;
    limits.memory = (size_t)1 << 20; /* and of a text */
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *code = mem_printf("return json.encode(%s)", cases[i][0]);
        char *got = run_in("company", &limits, code);
        if (!strstr(got, cases[i][1]))
            fail_msg("%s\n  gave %s\n  without %s", code, got, cases[i][1]);
        mem_free(got);
        mem_free(code);
    }
}

/* Random values: what one writes the other reads, where lua-cjson loses nothing. */
static void test_cjson_agrees(void **state)
{
    static const char code[] =
        "local function value(depth)\n"
        "  local kind = math.random(depth > 0 and 7 or 5)\n"
        "  if kind == 1 then return math.random(-1000000, 1000000) end\n"
        "  if kind == 2 then return math.random(2) == 1 end\n"
        "  if kind == 3 then return math.random(-100000, 100000) / 64 end\n"
        "  if kind == 4 then return json.null end\n"
        "  if kind == 5 then local s = {} for i = 1, math.random(0, 12) do\n"
        "    s[i] = utf8.char(({ 34, 92, 10, 0x41, 0xe4, 0x20ac, 0x1f600, 31, 127 })[math.random(9)]) end\n"
        "    return table.concat(s) end\n"
        "  local t = {} for i = 1, math.random(8) do\n"
        "    if kind == 6 then t[i] = value(depth - 1) else t['k' .. math.random(50)] = value(depth - 1) end\n"
        "  end return t\n"
        "end\n"
        "local function same(a, b)\n"
        "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end\n"
        "  for k, v in pairs(a) do if not same(v, b[k]) then return false end end\n"
        "  for k in pairs(b) do if a[k] == nil then return false end end return true\n"
        "end\n"
        "for i = 1, 400 do\n"
        "  local v = value(4)\n"
        "  local ours = json.encode { v } local theirs = cjson.encode { v }\n"
        "  if not same({ v }, cjson.decode(ours)) then return ours end\n"
        "  if not same({ v }, json.decode(theirs, { numbers = 'float' })) then return theirs end\n"
        "  if json.encode(json.decode(ours)) ~= ours then return ours end\n"
        "end return true";
    const char *cases[] = {code};
    check(cases, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_decode_refuses),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_cjson_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
