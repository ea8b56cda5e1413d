/* ids, names and address as scripts see them. */
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

static void test_ids(void **state)
{
    static const char *const cases[] = {
        "return ids.check('se_orgnr', '556016-0680') == '5560160680'",
        "return ids.printed('fi_ytunnus', 'FI01120389') == '0112038-9'",
        "local v, why = ids.printed('iban', 'FI00') return v == nil and type(why) == 'string'",
        "return ids.key('FI', 'FI-0112038-9') == 'FI:01120389'",
        "local v, why = ids.key('FI', nil) return v == nil and why == 'it is missing'",
        "local v, why = ids.key('FI', '1234567-8') return v == nil and #why > 0",
        "local v, t, first, last = ids.find('Y-tunnus: 0112038-9.')\n"
        "return v == '0112038-9' and t == 'fi_ytunnus' and first == 11 and last == 19",
        "return ids.find('nothing here') == nil and ids.find('') == nil",
        "local text, at, n = '0112038-9, 2646674-9', 1, 0\n"
        "while true do local v, _, _, last = ids.find(text, 'fi_ytunnus', at)\n"
        "  if not v then return n == 2 end n, at = n + 1, last + 1 end",
        "return not pcall(ids.find, '1', 'no_such') and not pcall(ids.find, '1', nil, 0)",
        "return not pcall(ids.key, 'ZZ', '1') and not pcall(ids.check, 'no_such', '1')",
        "return ids.check('iso11649', ids.rf_any('C2C-10042')) ~= nil and ids.rf_any('') == nil",
        "local t = ids.types() return #t > 60 and t[1] == 'at_uid'",
    };
    check(cases, COUNT(cases));
}

static void test_names(void **state)
{
    static const char *const cases[] = {
        "return names.compare('Nordic Oy', 'NORDIC AB') == 'same'",
        "return names.compare('Matti Virtanen', 'Virtanen Matti') == 'unsure'",
        "local decision, score, evidence = names.explain('Nordic Oy', 'Nordic Ky')\n"
        "local sum = 0 for _, e in ipairs(evidence) do sum = sum + e.weight end\n"
        "return decision == 'different' and score == sum and evidence[2].kind == 'form_conflict'",
        "local decision, score = names.explain('Nordic Oy', 'Oy Nordic Ab')\n"
        "return decision == 'same' and score == 100",
    };
    check(cases, COUNT(cases));
}

static void test_address(void **state)
{
    static const char *const cases[] = {
        "local a = address.split('Torsgatan 26, SE-113 21 Stockholm')\n"
        "return a.country == 'SE' and a.postal_code == '113 21' and a.street == 'Torsgatan 26'",
        "local a, why = address.split('Stockholm', 'SE') return a == nil and #why > 0",
        "return address.format(address.split('Oy Ab, c/o X, Katu 1, 00100 Helsinki'))\n"
        "  == 'Oy Ab\\nc/o X\\nKatu 1\\n00100 Helsinki'",
        "return address.format { street = '1 Road', city = 'London', postal_code = 'E1 6AN',\n"
        "  country = 'GB' } == '1 Road\\nLondon E1 6AN\\nGB'",
        "return address.format {} == '' and not pcall(address.format, 'text')",
    };
    check(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
