/* The module match: what scripts get of the index, and that its memory counts. */
#include "fake_host.h"

static void check(const char *script)
{
    char *got = run_in("company", &usual_limits, script);
    if (strcmp(got, "returned true") != 0)
        print_message("%s\n  gave %s\n", script, got);
    assert_string_equal(got, "returned true");
    mem_free(got);
}

static void test_find(void **state)
{
    check(
        "local x = match.index{ { id = 1, name = 'Steel hammer 500 g', price = 20, mine = 'a' },\n"
        "  { id = 'p2', name = 'Garden hose 20 m', code = 'GH-20', price = decimal '15.50' } }\n"
        "local f = x:find{ name = 'hammer, steel 0,5 kg' }\n"
        "return #x == 2 and f.decision == 'link' and f.match.mine == 'a'\n"
        "  and f.candidates[1].id == '1' and f.explain.reason ~= nil");
    check("local x = match.index{ { id = 'a', name = 'Steel hammer 500 g' } }\n"
          "local f = x:find{ name = 'Steel hammer 1 kg' }\n"
          "return f.decision == 'new' and f.match == nil and f.explain.candidates[1].conflicts[1]\n"
          "  == 'quantity'");
    check("local x = match.index({ { id = 'a', name = 'Steel hammer 500 g' } },\n"
          "  { never_link = true })\n"
          "return x:find{ name = 'steel hammer 500g' }.decision == 'review'");
}

/* The parts add up to the score to the last digit. */
static void test_parts_add_up(void **state)
{
    check("local x = match.index{ { id = 'a', name = 'Sony turntable PSLX350H', brand = 'Sony',\n"
          "  price = 100 }, { id = 'b', name = 'Sony radio white' } }\n"
          "local f = x:find{ name = 'SONY PS-LX350H belt drive turntable', price = 104 }\n"
          "for _, c in ipairs(f.explain.candidates) do\n"
          "  local sum = decimal(0)\n"
          "  for _, v in pairs(c.parts) do sum = sum + v end\n"
          "  if sum ~= decimal(c.score) then return tostring(sum) end\n"
          "end return f.match.id == 'a'");
}

static void test_changes(void **state)
{
    check("local x = match.index{}\n"
          "x:add{ id = 'a', name = 'Oak table' } x:add{ id = 'a', name = 'Pine chair' }\n"
          "local gone = x:find{ name = 'oak table' }.decision == 'new'\n"
          "local there = x:find{ name = 'pine chair' }.decision == 'link'\n"
          "return gone and there and x:remove 'a' and not x:remove 'a' and #x == 0\n"
          "  and x:find{ name = 'pine chair' }.decision == 'new'");
}

static void test_misuse(void **state)
{
    check(
        "local function says(text, f, ...) local ok, e = pcall(f, ...)\n"
        "  return not ok and tostring(e):find(text, 1, true) ~= nil end\n"
        "local x = match.index{}\n"
        "if not says('no id', x.add, x, { name = 'a' }) then return 1 end\n"
        "if not says('neither a name nor a code', x.add, x, { id = 'a' }) then return 2 end\n"
        "if not says('not text', x.add, x, { id = 'a', name = {} }) then return 3 end\n"
        "if not says('table expected', match.index, 'a') then return 4 end\n"
        "if not says('table expected', x.find, x) then return 5 end\n"
        "if not says('from 0 to 1000', match.index, {}, { cover = 1001 }) then return 6 end\n"
        "if not says('is no conflict', match.index, {}, { veto = { 'colour' } }) then return 6 end\n"
        "if pcall(x.find, {}, { name = 'a' }) then return 7 end\n"
        "return not pcall(setmetatable, x, {}) and not getmetatable(x)");
}

/* What the index holds outside of Lua is part of the run's memory. */
static void test_memory_counts(void **state)
{
    struct limits patient = usual_limits; /* so that under valgrind time is not the first limit */
    patient.burst_ms = patient.call_ms = 600000;
    char *got = run_in("company", &patient,
        "local x = match.index{}\n"
        "for i = 1, 1000000 do x:add{ id = i, name = 'product number ' .. i .. ' of a long list' }\n"
        "end return true");
    assert_non_null(strstr(got, "memory"));
    mem_free(got);
    check("for i = 1, 300 do local x = match.index{}\n"
          "  for k = 1, 20 do x:add{ id = k, name = 'thing ' .. k } end end return true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_parts_add_up),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_memory_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
