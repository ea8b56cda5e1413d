/* The library's own parts: pairs and next in a stable order, random numbers, table, string, views,
 * require. */
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

static void test_pairs(void **state)
{
    static const char *const cases[] = {
        "local t = { 'a', 'b', x = 1, [2.5] = 2, [-1] = 3, [0] = 4, [true] = 5, [false] = 6, aa = 7,\n"
        "  [''] = 8, ['a\\0'] = 9, ['\\255'] = 10, [math.maxinteger] = 11, [2^63] = 12, [-2^70] = 13,\n"
        "  [decimal '2'] = 14, [decimal '1.5'] = 15, [print] = 16 }\n"
        "local order = {} for k, v in pairs(t) do order[#order + 1] = v end\n"
        "return table.concat(order, ' ') == '13 3 4 a b 2 11 12 8 9 7 1 10 6 5 15 14 16'",
        "local t = {} for i = 1, 300 do t['k' .. i] = i t[i * 7 % 300] = i end\n"
        "local k, v = next(t) for a, b in pairs(t) do if a ~= k or b ~= v then return k end\n"
        "  k, v = next(t, k) end return k == nil",
        "local n = 0 for _ in pairs {} do n = n + 1 end return n == 0 and next {} == nil",
        "local t = { a = 1, b = 2, c = 3 } local seen = ''\n"
        "for k in pairs(t) do seen = seen .. k t[k] = nil t.c = nil t.z = 1 end return seen == 'ab'",
        "local t = {} for i = 1, 10 do t[i] = i end for i = 1, 9 do t[i] = nil end\n"
        "local k, v = next(t) return k == 10 and v == 10",
        "local t = {} for i = 10, 1, -1 do t[i] = i end local s = ''\n"
        "for k in pairs(t) do s = s .. k .. ' ' end return s == '1 2 3 4 5 6 7 8 9 10 '",
        "local f = freeze { b = 1, a = 2 } local s = '' for k, v in pairs(f) do s = s .. k .. v end\n"
        "return s == 'a2b1' and next(f) == 'a' and #freeze { 1, 2 } == 2 and f.a == 2",
        "local t = setmetatable({}, { __pairs = function() return ipairs { 7 } end })\n"
        "for _, v in pairs(t) do return v == 7 end",
        "local t = setmetatable({}, { __pairs = function() step {} return ipairs { 7 } end })\n"
        "for _, v in pairs(t) do return v == 7 end",
        "local t = { [{}] = 1 } for k, v in pairs(t) do return v == 1 end",
        "local t = { [{}] = 1, [{}] = 2 } return not pcall(pairs, t) and next(t) ~= nil",
        "local t = { [decimal '2'] = 1, [decimal '1'] = 2, [decimal '2'] = 3 }\n"
        "local ok, why = pcall(pairs, t) local k = next(t) local ok2, why2 = pcall(next, t, next(t, k))\n"
        "return not ok and why:find('the decimal 2 as a key more than once', 1, true) ~= nil\n"
        "  and k == decimal '1' and not ok2 and why2 == why and next({ [decimal '1'] = 1 }, k) == nil",
        "return not pcall(pairs) and not pcall(pairs, nil) and not pcall(pairs, 5)",
        "for _, t in ipairs { {}, { 1, 2 }, { b = 1, a = 2 }, freeze { 1 }, freeze { b = 1, a = 2 } } do\n"
        "  local f, given, k = pairs(t) if given ~= t or k ~= nil or type(f) ~= 'function' then\n"
        "  return t end end return true",
        "return next({ 5 }, 1) == nil and next({ 5, 6 }, 1) == 2 and next({ 5, 6 }, 0.5) == 1",
    };
    check(cases, COUNT(cases));
}

static void test_ipairs(void **state)
{
    static const char *const cases[] = {
        "local s = '' for i, v in ipairs { 'a', 'b', nil, 'd' } do s = s .. i .. v end return s == '1a2b'",
        "for i, v in ipairs(freeze { 7 }) do return i == 1 and v == 7 end",
        "local t = setmetatable({}, { __index = function(_, i) return i < 4 and i * i or nil end })\n"
        "local n = 0 for _, v in ipairs(t) do n = n + v end return n == 14",
        "local step, t = ipairs { 1 } return step(t, math.maxinteger) == nil",
        "local ok, e = pcall(function() local deal = {} for _ in ipairs(deal.rows) do end end)\n"
        "return not ok and e == \"company.lua:2: bad argument #1 to 'ipairs' (table expected, got nil)\"",
        "local ok, e = pcall(function() for _ in ipairs 'rows' do end end)\n"
        "return not ok and e:find 'table expected, got string' ~= nil",
        "return not pcall(ipairs) and not pcall(ipairs, 5) and not pcall(ipairs, json.null)",
    };
    check(cases, COUNT(cases));
}

/* A function that nobody named in the script, as pcall's argument, is named all the same. */
static void test_names_of_functions(void **state)
{
    static const char *const cases[] = {
        "local _, why = pcall(string.rep)\n"
        "return why == \"bad argument #1 to 'string.rep' (string expected, got no value)\"",
        "local _, why = pcall(decimal.parse, {})\n"
        "return why == \"bad argument #1 to 'decimal.parse' (string expected, got table)\"",
        "local _, why = pcall(json.decode)\n"
        "return why:find(\"bad argument #1 to 'json.decode'\", 1, true) == 1",
        "local _, why = pcall(table.sort, { 2, 1 }, setmetatable)\n"
        "return why:find(\"bad argument #1 to 'setmetatable'\", 1, true) == 1",
        "local _, why = pcall(function() return decimal '1' < {} end)\n"
        "return why == 'company.lua:2: a decimal and a table value do not mix'",
    };
    check(cases, COUNT(cases));
}

/* In another process, with another hash seed, everything comes in the same order. */
static void test_order_across_processes(void **state)
{
    static const char code[] =
        "local t, out = {}, {} for i = 1, 500 do t['key' .. i * 7919 % 1000] = i end\n"
        "for i = 1, 50 do t[i / 4] = i end\n"
        "for k in pairs(t) do out[#out + 1] = tostring(k) end\n"
        "out[#out + 1] = math.random() out[#out + 1] = math.random(1, 1000000)\n"
        "local list = {} for i = 1, 2000 do list[i] = { key = i % 3, n = i } end\n"
        "table.sort(list, function(a, b) return a.key < b.key end)\n"
        "for i = 1, 2000, 100 do out[#out + 1] = list[i].n end\n"
        "return { out = out, t = t and json.encode { b = 1, a = {}, c = { z = 1, y = 2 } } }";
    char *first = run_in("company", &usual_limits, code);
    assert_memory_equal(first, "returned ", 9);
    for (int i = 0; i < 3; i++) {
        int out[2];
        assert_int_equal(pipe(out), 0);
        fflush(NULL);
        if (fork() == 0) {
            /* The seed hangs on addresses and the time: move what is mapped next. */
            for (int k = 0; k <= i; k++)
                mem_alloc(10007 * (size_t)(k + 1));
            char *again = run_in("company", &usual_limits, code);
            bool same = strcmp(first, again) == 0;
            _exit(write(out[1], same ? "y" : "n", 1) == 1 ? 0 : 1);
        }
        char answer = 0;
        close(out[1]);
        assert_int_equal(read(out[0], &answer, 1), 1);
        close(out[0]);
        assert_int_equal(answer, 'y');
    }
    mem_free(first);
}

static void test_random_ranges(void **state)
{
    static const char *const cases[] = {
        "for i = 1, 2000 do local r = math.random(3) if r < 1 or r > 3 then return r end end return true",
        "for i = 1, 2000 do local r = math.random() if r < 0 or r >= 1 then return r end end return true",
        "local seen = {} for i = 1, 200 do seen[math.random(-2, 2)] = true end\n"
        "for i = -2, 2 do if not seen[i] then return i end end return true",
        "return math.type(math.random(math.mininteger, math.maxinteger)) == 'integer'",
        "return math.random(7, 7) == 7 and not pcall(math.random, 2, 1) and not pcall(math.random, 0)",
    };
    check(cases, COUNT(cases));
}

/* The seed of the arguments decides; a state that was used before draws the same. */
static void test_random_follows_the_seed(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    static const char *const seeds[] = {
        "{\"seed\":\"a\"}", "{\"seed\":\"b\"}", "{\"seed\":\"a\"}", "{}", "{}"};
    char drawn[5][40] = {{0}};
    host_start(&h, &usual_limits);
    host_load_company(&h, "company", "return function() return math.random(1 << 60) end");
    for (int i = 0; i < 5; i++) {
        host_call(&h, "run", seeds[i], "");
        assert_int_equal(host_turn(&h), 1);
        assert_true(host_get(&h, &m));
        snprintf(drawn[i], sizeof(drawn[i]), "%.*s", STR_ARG(m.part[1]));
    }
    assert_string_equal(drawn[0], drawn[2]);
    assert_string_equal(drawn[3], drawn[4]);
    assert_string_not_equal(drawn[0], drawn[1]);
    assert_string_not_equal(drawn[0], drawn[3]);
    host_stop(&h);
}

static void test_table(void **state)
{
    static const char *const cases[] = {
        "local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0)\n"
        "return table.concat(t, ',') == '0,1,2,3,4' and not pcall(table.insert, t, 9, 1)\n"
        "  and not pcall(table.insert, t) and not pcall(table.insert, t, 1, 2, 3)",
        "local t = { 1, 2, 3 } return table.remove(t) == 3 and table.remove(t, 1) == 1 and #t == 1\n"
        "  and table.remove(t) == 2 and table.remove(t) == nil and table.remove({}, 0) == nil\n"
        "  and not pcall(table.remove, { 1 }, 5)",
        "local t = { n = 0 } t[0] = 'z' return table.remove(t, 0) == 'z' and t[0] == nil",
        "return table.concat(table.move({ 1, 2, 3, 4 }, 1, 3, 2)) == '1123'\n"
        "  and table.concat(table.move({ 1, 2, 3, 4 }, 2, 4, 1)) == '2344'\n"
        "  and table.concat(table.move({ 1, 2 }, 1, 2, 2, { 9 })) == '912'",
        /* Over itself, named a second time: by itself, and by what says that it is the same. */
        "local t = { 1, 2, 3, 4 } table.move(t, 1, 3, 2, t)\n"
        "local same = { __eq = function() return true end }\n"
        "local a = setmetatable({ 1, 2, 3 }, same)\n"
        "local b = setmetatable({}, { __eq = same.__eq, __index = a, __newindex = a })\n"
        "table.move(a, 1, 3, 2, b) return table.concat(t) == '1123' and table.concat(b, '', 1, 4) == '1123'",
        "local none = setmetatable({}, { __len = function() return -1 end }) table.sort(none, error)\n"
        "return table.concat(none) == '' and table.remove(none) == nil and #none == -1",
        "return table.concat({}) == '' and table.concat({ 1, 2.5, 'x' }, '-') == '1-2.5-x'\n"
        "  and table.concat({ 1, 2, 3 }, ',', 2, 3) == '2,3' and table.concat({ 1 }, ',', 3) == ''\n"
        "  and not pcall(table.concat, { {} }) and not pcall(table.concat, { 1 }, ',', 1, 2)",
        "local p = table.pack(nil, 2, nil) return p.n == 3 and p[2] == 2 and table.pack().n == 0",
        "local a, b, c = table.unpack({ 1, 2, 3 }, 2) return a == 2 and b == 3 and c == nil\n"
        "  and select('#', table.unpack({}, 1, 3)) == 3 and select('#', table.unpack {}) == 0",
        "local t = { 5, 2, 8, 1 } table.sort(t) return table.concat(t) == '1258'",
        "local t = { 'b', 'a' } table.sort(t, function(a, b) return a > b end) return t[1] == 'b'",
        "local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1000 end table.sort(t)\n"
        "for i = 2, 1000 do if t[i] < t[i - 1] then return i end end return true",
        "local t = {} for i = 1, 500 do t[i] = { i % 5, i } end\n"
        "table.sort(t, function(a, b) return a[1] < b[1] end)\n"
        "for i = 2, 500 do local a, b = t[i - 1], t[i]\n"
        "  if a[1] > b[1] or (a[1] == b[1] and a[2] > b[2]) then return i end end return true",
        "local t = {} for i = 1, 200 do t[i] = i end\n"
        "table.sort(t, function() return true end) return #t == 200",
        "local t = { decimal '2', decimal '1', 3 } table.sort(t) return tostring(t[1]) == '1'",
        "return not pcall(table.sort, { 1, 'x' }) and not pcall(table.sort, { 1, 2 }, 5)",
    };
    check(cases, COUNT(cases));
}

static void test_string(void **state)
{
    static const char *const cases[] = {
        "return ('%5.2f|%d|%s|%q|%x|%%|%-5s|'):format(1.005, 3, 'x', 'a\\nb', 255, 'ab')\n"
        "  == ' 1.00|3|x|\"a\\\\\\nb\"|ff|%|ab   |'",
        "return ('%s %s %s %s'):format(nil, true, decimal '1.50', json.null) == 'nil true 1.5 null'",
        "return ('a,b'):find(',', 1, true) == 2 and ('abc'):match('b(.)') == 'c'",
        "local s = '' for w in ('a b c'):gmatch('%a') do s = s .. w end return s == 'abc'",
        "return (('abc'):gsub('%w', { a = '1', b = false })) == '1bc' and (('x'):gsub('x', '%0%0')) == 'xx'",
        "return ('ab'):rep(3, '-') == 'ab-ab-ab' and ('x'):rep(0) == '' and ('x'):rep(-1) == ''",
        "return '10' + 1 == 11 and -'2' == -2 and 'a' .. 1 == 'a1' and #'abc' == 3",
        "return tostring(1.0) == '1.0' and tostring(-0.0) == '-0.0' and tostring(10) == '10'",
        "return not pcall(tostring) and tostring(nil) == 'nil' and tostring(tostring) == 'function'",
        "local o = setmetatable({}, { __name = 'thing' }) return tostring(o) == 'thing'",
        "return not pcall(tostring, setmetatable({}, { __tostring = function() return 5 .. '' == 5 end }))",
        "return utf8.len('äö') == 2 and utf8.char(228) == 'ä'",
        "local ok, e = pcall(function() return ('<html>').items end)\n"
        "return not ok and e:find('a text has no \"items\" (an answer that is not JSON', 1, true) ~= nil",
        "local ok, e = pcall(function() return (''):trim() end)\n"
        "return not ok and e:find('a text has no \"trim\"', 1, true) ~= nil",
        "return not pcall(function() return ('[]')[1] end) and string.items == nil",
        "local n = setmetatable({}, { __tostring = function() return 5 end, __name = {} })\n"
        "return tostring(n) == '5' and (('%s'):format(n)) == '5'",
        "local o = setmetatable({}, { __name = 'thing' })\n"
        "return ('%d %s%%%-8s|%.1f'):format(3, o, o, decimal '2.5') == '3 thing%thing   |2.5'",
        "return ('%q'):format(decimal '2.5') == '\"2.5\"' and ('%d'):format(decimal '3') == '3'",
    };
    check(cases, COUNT(cases));
}

/* Money is written as it is, where a float would be off. */
static void test_decimals_in_formats(void **state)
{
    static const char *const cases[][2] = {
        {"'%.2f', decimal '1.0050'", "1.01"},
        {"'%.2f', decimal '0.125'", "0.13"},
        {"'%.2f', decimal '-2.6750'", "-2.68"},
        {"'%.2f', decimal '12345678901234567890.12'", "12345678901234567890.12"},
        {"'%f %.0f', decimal '1.5', decimal '2.5'", "1.500000 3"},
        {"'%8.2f|%-8.2f|%08.2f', decimal '-1.5', decimal '1.5', decimal '-1.5'",
            "   -1.50|1.50    |-0001.50"},
        {"'%+.1f|% .1f|%+.1f|%3.2f', decimal '1', decimal '1', decimal '-1', decimal '99.9990'",
            "+1.0| 1.0|-1.0|100.00"},
        {"'%s %.1f %.1f%% %s', 'a%.1f', decimal '0.25', 0.25, decimal '2.50'",
            "a%.1f 0.3 0.2% 2.5"},
        {"'%d %5d %s', decimal '3', decimal '-3', decimal '3'", "3    -3 3"},
        {"'%.2f', 'no number'", "bad argument #2 to 'format' (number expected, got string)"},
        {"'%d', decimal '2.5'",
            "bad argument #2 to 'format' (number has no integer representation)"},
        {"'%.21f', decimal '1'",
            "string.format: a decimal with 21 places; at most 20 are possible"},
        {"'%.2f %f', decimal '1'", "bad argument #3 to 'format' (no value)"},
        {"'%.123f', decimal '1'", "invalid conversion specification: '%.123f'"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *code =
            mem_printf("local ok, text = pcall(function()\nreturn (string.format(%s)) end)\n"
                       "return ok and text or text:gsub('^company.lua:3: ', '')",
                cases[i][0]);
        char *wanted = mem_printf("returned \"%s\"", cases[i][1]);
        expect(code, wanted);
        mem_free(code);
        mem_free(wanted);
    }
}

/* What is wrong in a call of string is said with its line, its name and what was given. */
static void test_trimmed(void **state)
{
    static const char *const cases[] = {
        "return trimmed 'Acme Oy' == 'Acme Oy' and trimmed ' \\t\\v\\r\\nAcme  Oy\\f ' == 'Acme  Oy'",
        "return trimmed '' == nil and trimmed ' \\n' == nil and trimmed '\\u{A0}\\u{202F} ' == nil",
        "return trimmed '\\u{A0}1\\u{202F}234,50\\u{A0}\\u{A0}EUR\\u{202F}' == '1 234,50  EUR'",
        "return trimmed '\\u{2003}a\\u{200B}' == '\\u{2003}a\\u{200B}' and trimmed '\\xC2' == '\\xC2'",
        "return trimmed 'a\\0 ' == 'a\\0' and trimmed '\\xE2\\x80' == '\\xE2\\x80'",
        "local long = ('x\\u{A0}'):rep(50000) return trimmed(long) == ('x '):rep(49999) .. 'x'",
        "return not pcall(trimmed, nil) and not pcall(trimmed, {})",
    };
    check(cases, COUNT(cases));
}

static void test_string_errors(void **state)
{
    static const char *const cases[][2] = {
        {"('%d'):format {}", "bad argument #1 to 'format' (number expected, got table)"},
        {"string.format('%s %d', 1, print)",
            "bad argument #3 to 'format' (number expected, got function)"},
        {"string.format('%q', {})", "bad argument #2 to 'format' (value has no literal form)"},
        {"string.format('%d')", "bad argument #2 to 'format' (no value)"},
        {"string.format('%y', 1)", "invalid conversion '%y' to 'format'"},
        {"string.format('%', 1)", "invalid conversion '%' to 'format'"},
        {"string.format('%s %p', 1, {})", "string.format: %p is not available"},
        {"string.find('a', '[a')", "malformed pattern (missing ']')"},
        {"string.match('a', '%')", "malformed pattern (ends with '%')"},
        {"string.gsub('a', 'a', true)",
            "bad argument #3 to 'gsub' (string/function/table expected, got boolean)"},
        {"for _ in ('a'):gmatch('(') do end", "unfinished capture"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *code =
            mem_printf("local ok, why = pcall(function()\n%s\nend) return why", cases[i][0]);
        char *wanted = mem_printf("returned \"company.lua:3: %s\"", cases[i][1]);
        expect(code, wanted);
        mem_free(code);
        mem_free(wanted);
    }
}

static void test_views(void **state)
{
    static const char *const cases[] = {
        "local f = freeze { a = 1 } return not pcall(function() f.a = 2 end)\n"
        "  and not pcall(function() f.b = 2 end) and f.a == 1 and not pcall(rawset, f, 'a', 2)",
        "return json.encode(freeze { b = 1, a = freeze { 1, 2 } }) == '{\"a\":[1,2],\"b\":1}'",
        "return json.encode(freeze(json.array {})) == '[]' and json.is_array(freeze(json.array {}))",
        "return json.encode(freeze(freeze { 1 })) == '[1]'",
        "return tostring(decimal '2') == '2' and tostring(freeze(decimal) '2') == '2'",
        "local ok, why = pcall(function() return freeze(decimal) 'x' end)\n"
        "return why:find('company.lua:2: decimal: \"x\"', 1, true) == 1",
        "local c = freeze(setmetatable({ 7 }, { __call = function(t, a, ...) return t[1], a, ... end }))\n"
        "local a, b, d = c(8, 9) return a == 7 and b == 8 and d == 9 and select('#', c()) == 2",
        "local t = { 1 } local f = freeze(t) t[2] = 5 return #f == 2 and f[2] == 5",
        "return getmetatable(freeze {}) == false and rawlen(freeze { 1 }) == 0",
        "local a, b = pcall(function() foo = 1 end) return b:find('global variable \"foo\"', 1, true) ~= nil",
    };
    check(cases, COUNT(cases));
}

/* What a run set would hold for those behind it in the same state. */
static void test_settings_of_cjson(void **state)
{
    static const char *const cases[] = {
        "for _, name in ipairs { 'decode_invalid_numbers', 'decode_max_depth', 'encode_invalid_numbers',\n"
        "  'encode_keep_buffer', 'encode_max_depth', 'encode_number_precision', 'encode_sparse_array' } do\n"
        "  local ok, why = pcall(cjson[name], 5) local own = cjson.new()\n"
        "  if ok or not why:find('cjson.' .. name .. ' would hold for later runs too', 1, true)\n"
        "    or cjson[name]() ~= own[name]() then return name end end return true",
        "local own = cjson.new() own.encode_number_precision(3)\n"
        "return own.encode(1 / 3) == '0.333' and cjson.encode(1 / 3) == '0.33333333333333'\n"
        "  and own.new().encode(1 / 3) == cjson.encode(1 / 3)",
        "return not pcall(cjson.new().encode_max_depth, 1001) and cjson.new().encode_max_depth(7) == 7",
    };
    struct fake_host h;
    struct wire_msg m = {0};
    check(cases, COUNT(cases));
    host_start(&h, &usual_limits);
    host_load_company(&h, "company",
        "cjson.encode_number_precision(3) return function() return cjson.encode(1 / 3) end");
    host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    assert_true(host_get(&h, &m));
    assert_true(str_is(m.part[1], "\"0.333\""));
    host_stop(&h);
}

/* What it holds outside of the state is bounded, and nothing of it is lost with the run (which the
 * address sanitizer sees). */
static void test_memory_of_cjson(void **state)
{
    static const char *const cases[] = {
        "local t = {} for i = 1, 40 do t = { t, t } end local ok, why = pcall(function()\n"
        "cjson.encode(t) end)\n"
        "return why == 'company.lua:3: cjson.encode: a text of more than 33554432 bytes'",
        "local own = cjson.new() own.encode_sparse_array(true, 0)\n"
        "return not pcall(own.encode, { [2^31 // 1 | 0] = 1 }) and own.encode { [3] = 1 } == '[null,null,1]'",
        "return not pcall(cjson.decode, ('['):rep(2^22 // 1 | 0) .. '1')",
        "local t = {} for i = 1, 100000 do t[i] = 'ä\1' .. i end local text = cjson.encode(t)\n"
        "return #cjson.decode(text) == 100000 and cjson.encode_keep_buffer() == true",
        "local ok, why = pcall(function() return cjson.encode { print } end)\n"
        "return why == 'company.lua:2: Cannot serialise function: type not supported'",
        "local ok, why = pcall(function() return cjson.decode '[1,' end)\n"
        "return why == 'company.lua:2: Expected value but found T_END at character 4'",
    };
    check(cases, COUNT(cases));
    char *got = run_in("company", &usual_limits,
        "return pcall(cjson.decode, '[' .. ('[1],'):rep(1e6 // 1 | 0) .. '1]')");
    assert_memory_equal(got, "limit {\"limit\":\"memory\"", 23);
    mem_free(got);
}

/* Where a name leads, and that a module runs once. */
static void test_require(void **state)
{
    struct fake_host h;
    struct wire_msg m = {0};
    host_start(&h, &usual_limits);
    m = host_load(&h, "c", "company",
        bundle_of("lua/boot.lua", boot_source, "lua/both.lua", "return 'installation'",
            "lua/ours.lua", "local host = require 'host' return { where = host.where, env = _ENV }",
            "lua/text.lua", "local c = require 'native.text' return { trim = c.trim, mine = true }",
            "rules/ready.lua", "local ok = pcall(require, 'host') return { ok, _ENV }",
            "rules/own.lua", "return 'ready'", NULL),
        bundle_of("company.lua",
            "local ours = require 'ours'\n"
            "local broken = { pcall(require, 'broken') } local again = { pcall(require, 'broken') }\n"
            "local r = { require 'both', require 'rules.own', require('rules.ready')[1],\n"
            "  require('rules.ready')[2] == _ENV, ours.env == _ENV, require 'nothing',\n"
            "  require 'lib.deep.x' == require 'lib.deep.x', require('text').mine, text.trim ' x ',\n"
            "  broken[2], again[2] == broken[2], ours.where() }\n"
            "return function() return r end",
            "both.lua", "return 'company'", "rules/own.lua", "return 'own'", "nothing.lua", "",
            "lib/deep/x.lua", "return {}", "broken.lua", "local x = = 1", NULL),
        "{}");
    host_call(&h, "run", "{}", "");
    assert_int_equal(host_turn(&h), 1);
    assert_true(host_get(&h, &m));
    char *got = mem_dupn(m.part[1].p, m.part[1].n);
    assert_string_equal(got,
        "[\"company\",\"own\",false,true,false,true,true,true,\"x\","
        "\"broken.lua:1: unexpected symbol near '='\",true,\"company.lua:6\"]");
    mem_free(got);
    host_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_ipairs),
        cmocka_unit_test(test_names_of_functions),
        cmocka_unit_test(test_order_across_processes),
        cmocka_unit_test(test_random_ranges),
        cmocka_unit_test(test_random_follows_the_seed),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_string),
        cmocka_unit_test(test_decimals_in_formats),
        cmocka_unit_test(test_trimmed),
        cmocka_unit_test(test_string_errors),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_settings_of_cjson),
        cmocka_unit_test(test_memory_of_cjson),
        cmocka_unit_test(test_require),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
