/* Identifiers: other countries' cases, printed forms, keys of companies, and IDs inside sentences.
 * The numbers are public ones of well-known bodies or vectors of the standards. */
#include "../test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ids.h"

static void check_one(const char *type, const char *text, const char *compact, const char *printed)
{
    struct ids_checked c;
    if (ids_check(type, str_of(text), &c) != IDS_VALID)
        fail_msg("%s <%s>: %s", type, text, c.reason);
    assert_string_equal(c.compact, compact);
    assert_string_equal(c.printed, printed);
}

static void check_bad(const char *type, const char *text, const char *words)
{
    struct ids_checked c;
    if (ids_check(type, str_of(text), &c) != IDS_INVALID)
        fail_msg("%s <%s> was taken as %s", type, text, c.compact);
    if (!strstr(c.reason, words))
        fail_msg("%s <%s>: \"%s\" does not say \"%s\"", type, text, c.reason, words);
}

/* Columns of a spreadsheet hold the label too, in any script and with points between its letters.
 */
static void labels_of_all_kinds(void **state)
{
    char key[IDS_KEY], reason[IDS_REASON];
    check_one("cz_ico", "IČ 25596641", "25596641", "25596641");
    check_one("es_nif", "C.I.F. A-28015865", "A28015865", "A28015865");
    check_one("it_iva", "P.I. 00743110157", "00743110157", "00743110157");
    check_one("fr_siren", "RCS Paris 552 100 554", "552100554", "552 100 554");
    check_one("lt_imone", "Įmonės kodas: 110053842", "110053842", "110053842");
    check_bad("cz_ico", "IČ 25596642", "should be 1");
    check_bad("cz_ico", "hello IČ 25596641", "more than digits");
    assert_true(ids_dedup("GR", STR_LIT("Α.Φ.Μ. 094019245"), key, reason));
    assert_string_equal(key, "GR:094019245");
    assert_true(ids_dedup("HU", STR_LIT("Adószám 10773381-2-44"), key, reason));
    assert_string_equal(key, "HU:10773381");
}

/* Worked out by hand from the rules, and the number of a Norwegian account, which has the KID's
 * modulus 11. */
static void references_of_the_neighbours(void **state)
{
    check_one("se_ocr", "1234 5678 97", "1234567897", "1234567897");
    check_bad("se_ocr", "1234567898", "do not fit");
    check_bad("se_ocr", "0000", "zeros");
    check_bad("se_ocr", "1", "2 to 25");
    check_one("no_kid", "12345678903", "12345678903", "12345678903");
    check_one("no_kid", "8601 11 17947", "86011117947", "86011117947");
    check_one("no_kid", "000006-", "000006-", "000006-");
    check_bad("no_kid", "12345678904", "do not fit");
    check_bad("no_kid", "1234567-", "do not fit");
    check_bad("no_kid", "12A4", "digits");
    check_one("ee_viitenumber", "2215", "2215", "2215");
    check_bad("ee_viitenumber", "2214", "should be 5");
    check_bad("ee_viitenumber", "1", "2 to 20");
}

static void printed_forms(void **state)
{
    check_one("fi_ytunnus", "FI01120389", "01120389", "0112038-9");
    check_one("fi_alv", "0112038-9", "01120389", "FI01120389");
    check_one("fi_viitenumero", "1234561", "1234561", "12 34561");
    check_one("iso11649", "rf34 1234561", "RF341234561", "RF34 1234 561");
    check_one("iban", "FI2112345600000785", "FI2112345600000785", "FI21 1234 5600 0007 85");
    check_one("se_orgnr", "org.nr 5560160680", "5560160680", "556016-0680");
    check_one("se_orgnr", "16556016-0680", "5560160680", "556016-0680");
    check_one("no_mva", "988077917mva", "988077917MVA", "NO 988 077 917 MVA");
    check_one("no_orgnr", "988077917", "988077917", "988 077 917");
    check_one("gb_vat", "GB980780684", "980780684", "GB 980 7806 84");
    check_one("ch_uid", "CHE100155212", "CHE100155212", "CHE-100.155.212");
    check_one("us_ein", "042103594", "042103594", "04-2103594");
    check_one("nl_btw", "NL4495445B01", "004495445B01", "NL004495445B01");
}

static void iceland_britain_aland(void **state)
{
    check_one("is_kennitala", "kt. 471008-0280", "4710080280", "471008-0280");
    check_bad("is_kennitala", "471008-0281", "century");
    check_bad("is_kennitala", "471008-0290", "do not fit");
    check_bad("is_kennitala", "473008-0280", "day that exists");
    check_one("is_vsk", "VSK-nr. 12345", "12345", "12345");
    check_bad("is_vsk", "1234", "5 or 6");
    check_one("gb_company", "00445790", "00445790", "00445790");
    check_one("gb_company", "445790", "00445790", "00445790");
    check_one("gb_company", "sc 123456", "SC123456", "SC123456");
    check_one("gb_company", "NI 1234", "NI001234", "NI001234");
    check_bad("gb_company", "QQ123456", "8 digits");
    check_bad("gb_company", "00000000", "nobody");
    check_one("gb_vat", "GD499", "GD499", "GD499");
    check_bad("gb_vat", "GD500", "below 500");
    check_one("gb_vat", "HA500", "HA500", "HA500");
    /* Åland's companies are Finnish ones: FI, never AX. */
    check_one("eu_vat", "FI01450193", "FI01450193", "FI01450193");
    check_bad("eu_vat", "AX01450193", "country of the EU");
    check_bad("eu_vat_FI", "AX01450193", "begins with FI");
}

static void any_vat_number_by_its_prefix(void **state)
{
    check_one("eu_vat", "DE136695976", "DE136695976", "DE136695976");
    check_one("eu_vat", "VAT no: atu13585627", "ATU13585627", "ATU13585627");
    check_one("eu_vat", "GR 094259216", "EL094259216", "EL094259216");
    check_one("eu_vat_EL", "EL094259216", "EL094259216", "EL094259216");
    check_one("eu_vat", "XI 980780684", "XI980780684", "XI980780684");
    check_bad("eu_vat", "94259216", "country");
    check_bad("eu_vat", "F", "country");
    check_bad("eu_vat_SE", "SE556016068002", "ends in 01");
}

static void invoice_addresses(void **state)
{
    check_one("ovt", "0037 0112 0389", "003701120389", "003701120389");
    check_one("ovt", "0216:003701120389abc", "003701120389ABC", "003701120389ABC");
    check_bad("ovt", "003701120388", "check digit");
    check_bad("ovt", "003701120389ABCDEF", "0037");
    check_one("einvoice", "FI21 1234 5600 0007 85", "FI2112345600000785", "FI2112345600000785");
    check_one("einvoice", "003701120389", "003701120389", "003701120389");
    check_bad("einvoice", "3701120389", "OVT");
    check_one("einvoice", "TE003701120389", "TE003701120389", "TE003701120389");
    check_bad("gtin", "6,41E+12", "spreadsheet");
    check_bad("ovt", "3.70E+09", "spreadsheet");
}

static void references_are_made(void **state)
{
    struct ids_checked c;
    assert_true(ids_reference_make(STR_LIT("20250001"), &c));
    assert_string_equal(c.normal, "202500010");
    assert_string_equal(c.printed, "2025 00010");
    assert_true(ids_rf_make(STR_LIT("1234561"), &c));
    assert_string_equal(c.normal, "RF341234561");
    assert_true(ids_rf_make_any(STR_LIT("539007547034"), &c));
    assert_string_equal(c.normal, "RF18539007547034");
    assert_true(ids_rf_make_any(STR_LIT("c2c-10042"), &c));
    check_one("iso11649", c.normal, c.compact, c.printed);
    assert_false(ids_rf_make_any(STR_LIT("1234567890123456789012"), &c));
    assert_false(ids_rf_make_any(STR_LIT(""), &c));
}

static void check_key(const char *country, const char *text, const char *expected)
{
    char key[IDS_KEY], reason[IDS_REASON];
    bool ok = ids_dedup(country, str_of(text), key, reason);
    assert_string_equal(key, expected);
    assert_int_equal(ok, expected[0] != '\0');
    assert_int_equal(reason[0] == '\0', ok);
}

static void keys_of_companies(void **state)
{
    check_key("FI", "Y-tunnus: 0112038-9", "FI:01120389");
    check_key("FI", "1120389", "FI:01120389");
    check_key("ax", "112038-9", "FI:01120389");
    check_key("FI", "003701120389", "FI:01120389");
    check_key("FI", "1234567-8", "");
    check_key("SE", "SE-556012-5790", "SE:5560125790");
    check_key("NO", "NO 923 609 016", "NO:923609016");
    check_key("CZ", "I\xc4\x8cO: 45274649", "CZ:45274649");
    check_key("CZ", "DI\xc4\x8c: CZ45274649", "CZ:45274649");
    check_key("HU", "10625790-2-44", "HU:10625790");
    check_key("HU", "10625791-2-44", "");
    check_key("SE", "SE-556012-5791", "");
    check_key("SE", "SE556016068001", "SE:5560160680");
    check_key("SE", "16 556016-0680", "SE:5560160680");
    check_key("NO", "NO 988 077 917 MVA", "NO:988077917");
    check_key("EE", "12345678", "EE:12345678");
    check_key("EE", "EE100931558", "EE:100931558"); /* another number, never the registry code */
    check_key("DE", "USt-IdNr.: DE 136 695 976", "DE:136695976");
    check_key("FR", "732 829 320 00074", "FR:732829320");
    check_key("FR", "FR40303265045", "FR:303265045");
    check_key("FR", "303 265 045", "FR:303265045");
    check_key("GR", "094259216", "GR:094259216");
    check_key("EL", "EL 094259216", "GR:094259216");
    check_key("CH", "CHE-100.155.212 MWST", "CH:100155212");
    check_key("GB", "445790", "GB:00445790");
    check_key("ZZ", "1", "");
    check_key("FIN", "0112038-9", "");
    check_key("", "0112038-9", "");
    assert_true(ids_dedup_known("fi"));
    assert_false(ids_dedup_known("ZZ"));
    assert_false(ids_dedup_known("FINLAND"));
}

static void expect_found(const char *text, const char *only, const char *type, const char *normal)
{
    struct ids_found f;
    if (!ids_find(str_of(text), 0, only, &f)) {
        if (type)
            fail_msg("nothing in <%s>", text);
        return;
    }
    if (!type)
        fail_msg("%s %s in <%s>", f.type, f.id.normal, text);
    assert_string_equal(f.type, type);
    assert_string_equal(f.id.normal, normal);
    assert_true(f.at + f.n <= strlen(text));
}

static void found_in_sentences(void **state)
{
    expect_found("Laskutus: Nordic Design Oy (0112038-9), Teppo", NULL, "fi_ytunnus", "0112038-9");
    expect_found("y-tunnus:0112038-9.", NULL, "fi_ytunnus", "0112038-9");
    expect_found("Y-tunnus 01120389 / Helsinki", NULL, "fi_ytunnus", "0112038-9");
    expect_found("our VAT is FI01120389, thanks", NULL, "eu_vat_FI", "FI01120389");
    expect_found(
        "tilille FI21 1234 5600 0007 85 viite 1234 561", NULL, "iban", "FI2112345600000785");
    expect_found("maksa viitteellä RF34 1234 561 heti", NULL, "iso11649", "RF341234561");
    expect_found("Viite: 12 34561", NULL, "fi_viitenumero", "1234561");
    expect_found("org.nr: 556016-0680", NULL, "se_orgnr", "5560160680");
    expect_found("Verkkolaskuosoite 003701120389 (Maventa)", NULL, "ovt", "003701120389");
    expect_found("EAN 4006381333931", NULL, "gtin", "4006381333931");
    expect_found("Puh. 0112 0389, 20.11.2026", NULL, NULL, NULL);
    expect_found("soita 01120389", NULL, NULL, NULL);
    expect_found("soita 01120389", "fi_ytunnus", "fi_ytunnus", "0112038-9");
    expect_found("0112038-8 is mistyped", NULL, NULL, NULL);
    expect_found("first 1234567-8, then 2646674-9", NULL, "fi_ytunnus", "2646674-9");
    expect_found("99-0112038-9", NULL, NULL, NULL);
    expect_found("", NULL, NULL, NULL);
    expect_found("hän on 131052-308T", NULL, NULL, NULL);
}

static void all_in_a_text_are_found(void **state)
{
    const char *text = "0112038-9, 2646674-9 ja 1234567-1";
    struct ids_found f;
    size_t from = 0;
    int n = 0;
    while (ids_find(str_of(text), from, "fi_ytunnus", &f)) {
        from = f.at + f.n;
        n++;
    }
    assert_int_equal(n, 3);
}

static void bytes_of_all_kinds(void **state)
{
    struct ids_checked c;
    char *big = malloc(1 << 20);
    memset(big, '1', 1 << 20);
    for (int i = 0; ids_type(i); i++) {
        assert_int_equal(ids_check(ids_type(i), (struct str){big, 1 << 20}, &c), IDS_INVALID);
        assert_int_equal(ids_check(ids_type(i), STR_LIT("0112038\0-9"), &c), IDS_INVALID);
        assert_int_equal(ids_check(ids_type(i), STR_LIT("\xff\xfe"), &c), IDS_INVALID);
        assert_int_equal(ids_check(ids_type(i), STR_NONE, &c), IDS_INVALID);
    }
    free(big);
    /* A byte order mark, a soft hyphen and full-width digits, as copied from the web. */
    check_one("fi_ytunnus",
        "\xEF\xBB\xBF"
        "0112\xC2\xAD"
        "038\xEF\xBC\x8D"
        "9",
        "01120389", "0112038-9");
}

/* ---- files: fields between tabs, '#' begins a comment, names of the columns first --------------
 */

/* The next line's three fields; false at the end. */
static bool next_row(FILE *in, char line[512], char *field[3])
{
    while (fgets(line, 512, in)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '#' || !strncmp(line, "type\t", 5))
            continue;
        for (int i = 0; i < 3; i++) {
            field[i] = line;
            line += strcspn(line, "\t");
            if (*line)
                *line++ = '\0';
        }
        return true;
    }
    return false;
}

static FILE *open_rows(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        fail_msg("%s: run the tests from the top folder", path);
    return in;
}

static void first_in_a_sentence(void **state)
{
    FILE *in = open_rows("tests/data/ids/sentences.tsv");
    char line[512], *f[3];
    int rows = 0;
    for (; next_row(in, line, f); rows++) {
        struct ids_found found;
        if (!ids_find(str_of(f[2]), 0, NULL, &found)) {
            if (f[0][0])
                fail_msg("<%s>: nothing found, %s expected", f[2], f[0]);
            continue;
        }
        if (strcmp(found.type, f[0]) || strcmp(found.id.compact, f[1]))
            fail_msg("<%s>: %s %s, expected %s %s", f[2], found.type, found.id.compact, f[0], f[1]);
    }
    fclose(in);
    assert_true(rows > 80);
}

static void public_numbers(void **state)
{
    FILE *in = open_rows("tests/data/ids/public.tsv");
    char line[512], *f[3];
    int rows = 0;
    for (; next_row(in, line, f); rows++) {
        struct ids_checked c;
        bool valid = ids_check(f[0], str_of(f[1]), &c) == IDS_VALID;
        if (valid != (f[2][0] == '1'))
            fail_msg("%s <%s>: %s", f[0], f[1], valid ? c.compact : c.reason);
    }
    fclose(in);
    assert_true(rows > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_of_the_neighbours),
        cmocka_unit_test(labels_of_all_kinds),
        cmocka_unit_test(printed_forms),
        cmocka_unit_test(iceland_britain_aland),
        cmocka_unit_test(any_vat_number_by_its_prefix),
        cmocka_unit_test(invoice_addresses),
        cmocka_unit_test(references_are_made),
        cmocka_unit_test(keys_of_companies),
        cmocka_unit_test(found_in_sentences),
        cmocka_unit_test(all_in_a_text_are_found),
        cmocka_unit_test(first_in_a_sentence),
        cmocka_unit_test(public_numbers),
        cmocka_unit_test(bytes_of_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
