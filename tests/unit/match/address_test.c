/* Address splitting against lines with known answers, and where it must refuse. */
#include "../test.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "address.h"

static struct address split_ok(const char *text)
{
    struct address a;
    struct err e = {0};
    if (address_split(str_of(text), "FI", &a, &e) < 0)
        fail_msg("'%s': %s", text, e.text);
    return a;
}

static void refuses(const char *text, const char *country, const char *words)
{
    struct address a;
    struct err e = {0};
    assert_int_equal(address_split(str_of(text), country, &a, &e), -1);
    if (!strstr(e.text, words))
        fail_msg("'%s': expected '%s' in '%s'", text, words, e.text);
}

static void co_without_a_comma(void **state)
{
    struct address a = split_ok("Museokatu 89 A 3 C/O Jukka Pöyhönen 65100 Vaasa");
    assert_string_equal(a.street, "Museokatu 89 A 3");
    assert_string_equal(a.co, "Jukka Pöyhönen");
    assert_string_equal(a.city, "Vaasa");
    a = split_ok("Testiasiakas Oy c/o. Kirjanpito Lahtinen Ky, Museokatu 8, 65100 Vaasa");
    assert_string_equal(a.company, "Testiasiakas Oy");
    assert_string_equal(a.co, "Kirjanpito Lahtinen Ky");
    assert_string_equal(a.street, "Museokatu 8");
    a = split_ok("Testiasiakas Oy, c/o Kirjanpito Lahtinen Ky PL 12 00101 Helsinki");
    assert_string_equal(a.co, "Kirjanpito Lahtinen Ky");
    assert_string_equal(a.po_box, "12");
    assert_string_equal(a.street, "PL 12");
}

static void fields_of_one_line(void **state)
{
    struct address a =
        split_ok("Testiasiakas Oy, c/o Kirjanpito Lahtinen Ky, Mannerheimintie 12 B 34, "
                 "FI-00100 Helsinki, Finland");
    assert_string_equal(a.company, "Testiasiakas Oy");
    assert_string_equal(a.co, "Kirjanpito Lahtinen Ky");
    assert_string_equal(a.street, "Mannerheimintie 12 B 34");
    assert_string_equal(a.postal_code, "00100");
    assert_string_equal(a.city, "Helsinki");
    assert_string_equal(a.country, "FI");
    assert_string_equal(a.rest, "");
    assert_true(a.confidence >= 90);
}

/* The town before its code, and the street behind both. */
static void town_before_the_code(void **state)
{
    static const char *const texts[] = {"Mannerheimintie 1 A 5, Helsinki 00100",
        "Mannerheimintie 1 A 5, Helsinki, FI-00100", "Helsinki 00100 Mannerheimintie 1 A 5",
        "Helsinki, 00100, Mannerheimintie 1 A 5", "Helsinki 00100, Mannerheimintie 1 A 5",
        "00100 Helsinki, Mannerheimintie 1 A 5"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address a = split_ok(texts[i]);
        assert_string_equal(a.street, "Mannerheimintie 1 A 5");
        assert_string_equal(a.postal_code, "00100");
        assert_string_equal(a.city, "Helsinki");
        assert_string_equal(a.company, "");
    }
}

static void postal_code_keeps_its_zeros(void **state)
{
    assert_string_equal(split_ok("Katu 1, 00002 Helsinki").postal_code, "00002");
}

static void lines_and_boxes(void **state)
{
    struct address a = split_ok("Esimerkki Oy\nPL 123\n00101 HELSINKI");
    assert_string_equal(a.company, "Esimerkki Oy");
    assert_string_equal(a.po_box, "123");
    assert_string_equal(a.street, "PL 123");
    assert_string_equal(a.city, "HELSINKI");
}

static void aland_is_its_own_country(void **state)
{
    assert_string_equal(split_ok("Torggatan 24, AX-22100 Mariehamn").country, "AX");
    assert_string_equal(split_ok("Torggatan 24, 22100 Mariehamn, Åland").country, "AX");
}

static void what_cannot_be_split_is_refused(void **state)
{
    refuses("", "FI", "empty");
    refuses("Helsinki", "FI", "postal code");
    refuses("Mannerheimintie 12 B 34", "FI", "postal code");
    refuses("Mannerheimintie 12, 00100", "FI", "postal code");
    refuses("Torsgatan 26, 113 21", "SE", "postal code");
    refuses("Stockholm", "SE", "postal code");
    refuses("113 21", "SE", "postal code");
    refuses("Katu 1\xff, 00100 Helsinki", "FI", "UTF-8");
    char huge[5000];
    memset(huge, 'a', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = 0;
    refuses(huge, "FI", "longer");
}

/* Trailing punctuation and case do not count. */
static bool alike(const char *got, const char *want)
{
    size_t n = strlen(want), g = strlen(got);
    while (n && strchr(" .,;", want[n - 1]))
        n--;
    while (g && strchr(" .,;", got[g - 1]))
        g--;
    return n == g && !strncasecmp(got, want, n);
}

static bool is_right(struct str text, char *const field[8])
{
    struct address a;
    return address_split(text, field[6][0] ? field[6] : NULL, &a, NULL) == 0 &&
           alike(a.street, field[1]) && alike(a.city, field[3]) &&
           (!field[4][0] || !strcmp(a.country, field[4])) &&
           (alike(a.postal_code, field[2]) || alike(field[2], a.postal_code));
}

/* The share of the lines of a data set that are right in all fields may not sink. */
static void known_lines_of(const char *path, int lines, int least)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char line[2048];
    int all = 0, right = 0;
    while (fgets(line, sizeof(line), f)) {
        char *field[8], *p = line;
        if (*line == '#' || !strncmp(line, "input\t", 6))
            continue;
        for (int i = 0; i < 8; i++)
            field[i] = strsep(&p, "\t\n");
        char text[2048];
        size_t n = 0;
        for (char *c = field[0]; *c; c++) {
            bool newline = c[0] == '\\' && c[1] == 'n';
            text[n++] = newline ? '\n' : *c;
            c += newline;
        }
        all++;
        bool ok = is_right((struct str){text, n}, field);
        right += ok;
        if (!ok)
            printf("not right: %s\n", field[0]);
    }
    fclose(f);
    printf("%s: %d of %d\n", path, right, all);
    assert_int_equal(all, lines);
    assert_true(right >= least);
}

static void provinces_and_boxes(void **state)
{
    struct address a;
    struct err e = {0};
    assert_int_equal(address_split(STR_LIT("Via Roma 1, 20121 Milano MI"), "IT", &a, &e), 0);
    assert_string_equal(a.city, "Milano");
    assert_string_equal(a.rest, "MI");
    assert_int_equal(address_split(STR_LIT("PL 12 (Rantakatu 3), 20101 Turku"), "FI", &a, &e), 0);
    assert_string_equal(a.po_box, "12");
    assert_string_equal(a.street, "Rantakatu 3");
    assert_string_equal(a.rest, "");
}

static void known_lines(void **state)
{
    known_lines_of("tests/data/address/fi.tsv", 789, 788);
    known_lines_of("tests/data/address/eu.tsv", 382, 366);
    known_lines_of("tests/data/address/shapes.tsv", 205, 205);
}

static void europe(const char *text, const char *country, const char *street, const char *code,
    const char *city, const char *named)
{
    struct address a;
    struct err e = {0};
    if (address_split(str_of(text), country, &a, &e) < 0)
        fail_msg("'%s': %s", text, e.text);
    assert_string_equal(a.street, street);
    assert_string_equal(a.postal_code, code);
    assert_string_equal(a.city, city);
    assert_string_equal(a.country, named);
    assert_in_range(a.confidence, 1, 100);
}

/* None of these lines is in the data sets. */
static void other_countries(void **state)
{
    europe("Torsgatan 26, 113 21 Stockholm", "SE", "Torsgatan 26", "113 21", "Stockholm", "");
    europe("Torsgatan 26\n113 21 Stockholm\nSverige", NULL, "Torsgatan 26", "113 21", "Stockholm",
        "SE");
    europe(
        "10 Downing Street, London SW1A 2AA", NULL, "10 Downing Street", "SW1A 2AA", "London", "");
    europe("Flat 3, 7 Abbey Road, Leeds, West Yorkshire, LS1 4DY, UK", "FI", "Flat 3, 7 Abbey Road",
        "LS1 4DY", "Leeds", "GB");
    europe("Unter den Linden 77, D-10117 Berlin", NULL, "Unter den Linden 77", "10117", "Berlin",
        "DE");
    europe("12 bis, rue des Lilas, 75019 PARIS, France", "FI", "12 bis, rue des Lilas", "75019",
        "PARIS", "FR");
    europe("Prinsengracht 263-267, 1016 GV Amsterdam", NULL, "Prinsengracht 263-267", "1016 GV",
        "Amsterdam", "");
    europe("ul. Marszałkowska 10/16 m. 4, 00-590 Warszawa, Polska", "PL",
        "ul. Marszałkowska 10/16 m. 4", "00-590", "Warszawa", "PL");
    europe("Rua Augusta 24, 3.º Esq., 1100-053 Lisboa", "PT", "Rua Augusta 24, 3.º Esq.",
        "1100-053", "Lisboa", "");
    europe("Via Roma, 15, 20121 Milano MI, Italia", "IT", "Via Roma, 15", "20121", "Milano", "IT");
    europe("Vesterbrogade 20, 2. tv., 1620 København V", "DK", "Vesterbrogade 20, 2. tv.", "1620",
        "København V", "");
    europe("Tērbatas iela 4-12, Rīga, LV-1134", NULL, "Tērbatas iela 4-12", "1134", "Rīga", "LV");
    europe("1054 Budapest, Szabadság tér 7.", "HU", "Szabadság tér 7", "1054", "Budapest", "");
    europe("Pikk 61, 10133 Tallinn, Eesti", "FI", "Pikk 61", "10133", "Tallinn", "EE");
    europe("Laugavegur 5, 101 Reykjavík", "IS", "Laugavegur 5", "101", "Reykjavík", "");
    europe("Hauptstrasse 5, 2016 Luxembourg", "LU", "Hauptstrasse 5", "2016", "Luxembourg", "");
}

static void other_countries_with_company(void **state)
{
    struct address a;
    assert_int_equal(address_split(STR_LIT("Muster GmbH, c/o Meier, Hauptstraße 5, 80331 München"),
                         "DE", &a, NULL),
        0);
    assert_string_equal(a.company, "Muster GmbH");
    assert_string_equal(a.co, "Meier");
    assert_string_equal(a.street, "Hauptstraße 5");
    assert_int_equal(
        address_split(STR_LIT("Firma AS, Postboks 123, 0154 Oslo"), "NO", &a, NULL), 0);
    assert_string_equal(a.po_box, "123");
    assert_string_equal(a.street, "Postboks 123");
    assert_string_equal(a.company, "Firma AS");
}

static const struct address_town list[] = {{{"00100", 5}, {"HELSINKI", 8}},
    {{"20100", 5}, {"TURKU", 5}},
    {{"20100", 5}, {"\xC3\x85"
                    "BO",
                       4}},
    {{"86800", 5}, {"PYH\xC3\x84J\xC3\x84RVI", 11}}, {{"01100", 5}, {"\xC3\x96STERSUNDOM", 12}},
    {{"10600", 5}, {"EKEN\xC3\x84S AB", 10}}};

static void expect_known(const char *text, const char *street, const char *code, const char *city,
    const char *rest, const char *code_city)
{
    static const struct address_towns towns = {list, sizeof(list) / sizeof(list[0])};
    struct address a;
    struct err e = {0};
    if (address_split_known(str_of(text), NULL, &towns, &a, &e) < 0)
        fail_msg("'%s': %s", text, e.text);
    assert_string_equal(a.street, street);
    assert_string_equal(a.postal_code, code);
    assert_string_equal(a.city, city);
    assert_string_equal(a.rest, rest);
    assert_string_equal(a.code_city, code_city);
    assert_int_equal(a.confidence > 90, !rest[0] && !code_city[0] && code[0]);
}

/* What the form leaves open, a list of towns tells. */
static void a_list_of_towns(void **state)
{
    expect_known("Katu 1, 00100 Helsinki", "Katu 1", "00100", "Helsinki", "", "");
    expect_known("Katu 1, 20100 \xC3\x85"
                 "bo",
        "Katu 1", "20100",
        "\xC3\x85"
        "bo",
        "", "");
    expect_known("Katu 1, 86800 pyhajarvi", "Katu 1", "86800", "pyhajarvi", "", "");
    expect_known("Katu 1, 00100", "Katu 1", "00100", "HELSINKI", "", "");
    expect_known("Katu 1 Helsinki", "Katu 1", "", "Helsinki", "", "");
    expect_known("Katu 1, 10600 Ekenas Ab", "Katu 1", "10600", "Ekenas Ab", "", "");
    expect_known("Katu 1, 00100 Helsinki 3. linja", "Katu 1", "00100", "Helsinki", "3. linja", "");
    expect_known("Katu 1, 00100 Turku", "Katu 1", "00100", "Turku", "", "HELSINKI");
    struct address a;
    static const struct address_towns towns = {list, 3};
    assert_int_equal(address_split_known(STR_LIT("Katu 1, 99999"), NULL, &towns, &a, NULL), -1);
    assert_int_equal(address_split_known(STR_LIT("Katu 1 Nowhere"), NULL, &towns, &a, NULL), -1);
    /* Another country's list is none of these. */
    assert_int_equal(
        address_split_known(STR_LIT("Gatan 1, 123 45 Helsinki"), "SE", &towns, &a, NULL), 0);
    assert_string_equal(a.code_city, "");
}

static void survives_anything(void **state)
{
    static const char alphabet[] = "aB1 9,.-/\n0AXÅ5FILV";
    uint64_t seed = 11;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        struct address a;
        size_t n = test_random(&seed) % sizeof(text);
        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[test_random(&seed) % (sizeof(alphabet) - 1)];
        static const char *const countries[] = {"FI", "SE", "GB", "NL", "XX", NULL};
        const char *country = countries[test_random(&seed) % 6];
        if (address_split((struct str){text, n}, country, &a, NULL) == 0) {
            assert_true(a.city[0]);
            assert_in_range(a.confidence, 1, 100);
        } else {
            assert_int_equal(a.street[0] | a.city[0] | a.confidence, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(co_without_a_comma),
        cmocka_unit_test(fields_of_one_line),
        cmocka_unit_test(town_before_the_code),
        cmocka_unit_test(postal_code_keeps_its_zeros),
        cmocka_unit_test(lines_and_boxes),
        cmocka_unit_test(aland_is_its_own_country),
        cmocka_unit_test(what_cannot_be_split_is_refused),
        cmocka_unit_test(provinces_and_boxes),
        cmocka_unit_test(known_lines),
        cmocka_unit_test(other_countries),
        cmocka_unit_test(other_countries_with_company),
        cmocka_unit_test(a_list_of_towns),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
