/* Ways out of the sandbox that are known from other hosts of Lua, each tried as company code. */
#include "fake_host.h"

#include <stdlib.h>

#define YES "returned true"

/* Each must end in `true`. */
static void test_refused(void **state)
{
    static const char *const cases[] = {
        /* what is not there at all */
        "for _, n in ipairs { 'io', 'os', 'package', 'debug', 'load', 'loadstring', 'loadfile',"
        " 'dofile', 'collectgarbage', 'coroutine', '_G', 'newproxy', 'warn', '_VERSION' } do\n"
        "  if rawget(_ENV, n) ~= nil or _ENV[n] ~= nil then return n end end\n"
        "return string.dump == nil and math.randomseed == nil",
        "return pcall(require, 'debug') == false and pcall(require, 'host') == false\n"
        "  and pcall(require, 'native.json') == false and pcall(require, '../lua/boot') == false",
        /* the metatable of strings */
        "return getmetatable('') == false and not pcall(setmetatable, '', {})",
        "return not pcall(function() ('').format = print end)",
        "return not pcall(function() string.format = print end) and string.format ~= print",
        "return not pcall(rawset, string, 'format', print) and string.format ~= print",
        "return not pcall(function() json.encode = print end) and require('json').encode ~= print",
        "return not pcall(function() require('json').encode = print end)",
        "return getmetatable(string) == false and getmetatable(_ENV) == false",
        /* the table behind a view, through what walks it */
        "for _, t in ipairs { freeze {}, freeze { 1, 2 }, freeze { only = 1 }, match, string } do\n"
        "  local f, behind = pairs(t) if behind and pcall(rawset, behind, 'x', 1) then return t end\n"
        "end return match.x == nil",
        /* what walks a table, given something else */
        "local walk = pairs {} for _, v in ipairs { 5, 'x', true, print, json.null, decimal '1' } do\n"
        "  if pcall(walk, v) or pcall(walk, v, 1) then return v end end\n"
        "return not pcall(walk) and not pcall(walk, {}, 'no key')",
        /* finalizers and weak tables */
        "return not pcall(setmetatable, {}, { __gc = function() end })",
        "return not pcall(setmetatable, {}, { __gc = true })",
        "return not pcall(setmetatable, {}, { __gc = false })",
        "return not pcall(setmetatable, {}, { __mode = 'k' })",
        "local n, mt = 0, {} setmetatable({}, mt) mt.__gc = function() n = n + 1 end\n"
        "for i = 1, 1e5 do local x = { i } end return n == 0",
        /* bytecode */
        "return compile('\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n', 'x.lua', _ENV) == nil",
        /* addresses */
        "for _, v in ipairs { print, {}, json.null, decimal, _ENV, string, function() end } do\n"
        "  if tostring(v):find('0x') or ('%s'):format(v):find('0x') then return tostring(v) end end\n"
        "return not pcall(string.format, '%p', {}) and not pcall(string.format, '%5p', print)",
        "local ok, m = pcall(error, setmetatable({}, { __name = 'x' })) return tostring(m) == 'x'",
        /* sizes */
        "return not pcall(string.rep, 'x', 1e9) and not pcall(string.rep, 'ab', 2^62 // 1 | 0)\n"
        "  and not pcall(string.rep, '', 1e9 // 1 | 0, 'x')",
        "return ('').rep('', 2^62 // 1 | 0) == ''",
        "return not pcall(string.find, ('a'):rep(5e6 // 1 | 0), 'b')\n"
        "  and ('a'):rep(5e6 // 1 | 0):find('b', 1, true) == nil",
        "return not pcall(table.move, {}, 1, math.maxinteger - 1, 2)",
        "return not pcall(table.concat, {}, 'x', 1, math.maxinteger)",
        "return not pcall(table.unpack, {}, 1, 1e8 // 1 | 0)\n"
        "  and not pcall(table.unpack, {}, math.mininteger, math.maxinteger)",
        "local big = setmetatable({}, { __len = function() return math.maxinteger end })\n"
        "return not pcall(table.insert, big, 1, 1) and not pcall(table.remove, big, 1)\n"
        "  and not pcall(table.sort, big) and not pcall(table.concat, big)\n"
        "  and not pcall(table.unpack, big)",
        "local n, odd = 0 odd = setmetatable({}, { __len = function() n = n + 1\n"
        "  return n > 1 and math.maxinteger or 1 end }) pcall(table.insert, odd, 1, 1) return n == 1",
        /* deep recursion ends as an error */
        "local function f() return f() + 1 end local ok, m = pcall(f)\n"
        "return m:find 'stack overflow' ~= nil",
        "local s = ('('):rep(250) .. '1' .. (')'):rep(250)\n"
        "return compile('return ' .. s, 'x.lua', _ENV) == nil",
        "local t = {} for i = 1, 300 do t = setmetatable({}, { __index = t }) end\n"
        "return pcall(function() return t.x end) ~= nil",
        "local function nest(s) return (s:gsub('.', nest)) end return not pcall(nest, 'x')",
        "local t = {} t.t = t return not pcall(json.encode, t)",
        "return not pcall(cjson.decode_max_depth, 100000) and cjson.new().decode_max_depth(50) == 50\n"
        "  and not pcall(cjson.new().encode_max_depth, 100000)\n"
        "  and not pcall(cjson.decode, ('['):rep(1e6 // 1 | 0))",
        "return not pcall(utf8.codepoint, ('a'):rep(5e6 // 1 | 0), 1, -1)\n"
        "  and not pcall(utf8.char, -1) and not pcall(utf8.char, 2^31 // 1 | 0)\n"
        "  and utf8.len('\\255') == nil",
        /* a table that answers otherwise each time it is asked: it is read once, and raw */
        "local asked = 0 local function count() asked = asked + 1 end\n"
        "local t = setmetatable({ a = 1 }, { __index = count, __len = count, __pairs = function(t)\n"
        "  count() return next, t end })\n"
        "local ok, text = pcall(json.encode, t) return asked == 0 and (not ok or text == '{\"a\":1}')",
        /* numbers at their ends, and money that is none */
        "local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end\n"
        "for i = 1, 0/0 do n = n + 1 end return n == 2 and not pcall(function() for i = 1, 2, 0 do end end)",
        "return tostring(decimal '9007199254740993' + 1) == '9007199254740994'\n"
        "  and not pcall(decimal, 0/0) and not pcall(decimal, 1/0)",
        "local ok, v = pcall(math.tointeger, decimal '12.34') return not ok or v == nil",
        "return not pcall(json.encode, { 0/0 }) and not pcall(json.encode, { -(0/0) })\n"
        "  and not pcall(json.encode, { 1/0 })",
        /* methods of userdata with something else as self */
        "local round = decimal('1').round\n"
        "for _, v in ipairs { 'x', 1, {}, print, true, json.null } do\n"
        "  if pcall(round, v, 1) and v ~= 1 then return type(v) end end return true",
        "return not pcall(getmetatable(decimal '1') and print or error)",
    };
    struct limits limits = usual_limits;
    limits.memory *= 4; /* a whole Lua stack fits */
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *got = run_in("company", &limits, cases[i]);
        if (strcmp(got, YES) != 0)
            print_message("%s\n  gave %s\n", cases[i], got);
        assert_string_equal(got, YES);
        mem_free(got);
    }
}

/* Every function that can be reached, with values of every type in every place: an answer or an
 * error, and afterwards all is as it was. */
static void test_every_function_with_every_type(void **state)
{
    static const char code[] =
        "local odd = setmetatable({}, { __index = function() error {} end, __len = function()\n"
        "  return -1 end, __tostring = function() error {} end, __name = '\\0' })\n"
        "local values = { nil, true, 0, -1, math.maxinteger, 1.5, 0 / 0, '', 'x', ('x'):rep(300), '%s',\n"
        "  '\\255\\0', {}, { 1, 2 }, odd, print, decimal '1.5', json.null, json.array {} }\n"
        "local count, skip, calls = 19, { step = true, attention = true, compile = true }, 0\n"
        "local seen = {}\n"
        /* What comes back can be called too: the first function or table of each function. */
        "local back, had = {}, {}\n"
        "local function call(f, ...)\n"
        "  local _, one = pcall(f, ...) local kind = type(one)\n"
        "  if not had[f] and (kind == 'function' or kind == 'table' or kind == 'userdata') then\n"
        "    had[f] = true back[#back + 1] = one end\n"
        "end\n"
        "local function try(f)\n"
        "  seen[f] = true call(f)\n"
        "  for i = 1, count do\n"
        "    call(f, values[i])\n"
        "    for k = 1, count do\n"
        "      call(f, values[i], values[k]) call(f, values[i], values[k], values[(i + k) % count + 1],\n"
        "        values[(i * 7 + k) % count + 1]) calls = calls + 2\n"
        "    end\n"
        "  end\n"
        "end\n"
        "local function walk(t)\n"
        "  if seen[t] then return end seen[t] = true\n"
        "  for k, v in pairs(t) do\n"
        "    if type(v) == 'function' and not skip[k] then try(v)\n"
        "    elseif type(v) == 'table' then walk(v) end\n"
        "  end\n"
        "end\n"
        "walk(_ENV)\n"
        "for _, name in ipairs { 'round', 'abs' } do\n"
        "  local ok, f = pcall(function() return decimal('1')[name] end)\n"
        "  if ok and f then try(f) end end\n"
        "for _, v in ipairs { table.unpack(back) } do\n"
        "  if type(v) == 'function' and not seen[v] then try(v) end\n"
        "  if type(v) == 'table' then pcall(walk, v) end\n"
        "  if type(v) == 'userdata' then for _, name in ipairs { 'find', 'add' } do\n"
        "    local ok, f = pcall(function() return v[name] end) if ok and f then try(f) end end end\n"
        "end\n"
        "return calls > 50000 and #back > 10 and json.encode { a = 1 } == '{\"a\":1}' and ('%d'):format(7) == '7'";
    struct limits limits = usual_limits;
    limits.memory *= 4;
    limits.burst_ms = limits.call_ms = 600000;
    limits.log = (size_t)1 << 30;
    char *got = run_in("company", &limits, code);
    assert_string_equal(got, YES);
    mem_free(got);
}

/* Everything that a company's file can reach, as text: what is new there is seen in review. */
static void test_golden_environment(void **state)
{
    static const char walk[] =
        "local lines, seen = {}, {}\n"
        "local function walk(name, value)\n"
        "  lines[#lines + 1] = name .. ' ' .. type(value)\n"
        "  if type(value) == 'table' and not seen[value] then\n"
        "    seen[value] = true\n"
        "    for k, v in pairs(value) do walk(name .. '.' .. tostring(k), v) end\n"
        "  end\n"
        "  local mt = getmetatable(value)\n"
        "  if mt then walk(name .. '<meta>', mt) end\n"
        "end\n"
        "walk('_ENV', _ENV)\n"
        "walk('text', '')\n"
        "walk('number', decimal '1.5')\n"
        "local methods = {}\n"
        "for _, n in ipairs(lines) do methods[#methods + 1] = n end\n"
        "return table.concat(methods, '\\n') .. '\\n'";
    static const char ours[] = "where,defined,compile,freeze,step,attention";
    char *got = run_in("single", &usual_limits, walk);
    struct err e = {0};
    assert_memory_equal(got, "returned ", 9);
    struct jsondoc *d = jsondoc_parse(str_of(got + 9), &e);
    assert_non_null(d);
    struct buf list;
    buf_init(&list, 1 << 20);
    struct str rest = str_of(jsonv_str(jsondoc_root(d), ""));
    while (rest.n) {
        struct str line = str_cut(rest, '\n', &rest), name, names = str_of(ours);
        bool skip = false;
        while (names.n) {
            char *full;
            name = str_cut(names, ',', &names);
            full = mem_printf("_ENV.%.*s function", STR_ARG(name));
            skip = skip || str_is(line, full);
            mem_free(full);
        }
        if (!skip)
            buf_addf(&list, "%.*s\n", STR_ARG(line));
    }
    char *text = buf_take(&list, NULL), *wanted = NULL;
    FILE *f = fopen("tests/unit/script/env_golden.txt", "r");
    assert_non_null(f);
    size_t size = 0;
    assert_true(getdelim(&wanted, &size, '\0', f) >= 0);
    fclose(f);
    if (strcmp(text, wanted) != 0)
        printf("what is reachable now:\n%s\n", text);
    assert_string_equal(text, wanted);
    free(wanted);
    mem_free(text);
    mem_free(got);
    jsondoc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_function_with_every_type),
        cmocka_unit_test(test_golden_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
