/* Link, new or review: single cases, and all lines of tests/data/product (run from the top of the
 * source tree). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "csv.h"
#include "decision.h"
#include "mem.h"

static struct decision_result found;

static void add(struct catalog *c, const char *id, const char *name)
{
    struct catalog_record r = {.id = str_of(id), .name = str_of(name)};
    assert_int_equal(catalog_put(c, &r, NULL), 0);
}

static void expect_record(
    struct catalog *c, const struct catalog_record *q, enum decision d, const char *id)
{
    struct err e = {0};
    assert_int_equal(decision_find(c, q, NULL, &found, &e), 0);
    if (found.decision != d)
        fail_msg("%.*s: %s (%s)", STR_ARG(q->name), decision_name(found.decision), found.reason);
    if (id)
        assert_true(str_is(found.candidate[found.match].id, id));
    for (int i = 0; i < found.n; i++) {
        int32_t sum = 0;
        for (int k = 0; k < EVIDENCE_PARTS; k++)
            sum += found.candidate[i].evidence.part[k];
        assert_int_equal(sum, found.candidate[i].evidence.score);
        if (i > 0)
            assert_true(found.candidate[i].evidence.score <= found.candidate[i - 1].evidence.score);
    }
}

static void expect(struct catalog *c, const char *name, enum decision d, const char *id)
{
    struct catalog_record q = {.name = str_of(name)};
    expect_record(c, &q, d, id);
}

static void classes_of_evidence(void **state)
{
    struct catalog *c = catalog_new();
    expect(c, "anything", DECISION_NEW, NULL);
    add(c, "1", "Panasonic TX-32/A television black");
    add(c, "2", "Office Professional 2007 upgrade");
    add(c, "3", "Office Standard 2010");
    add(c, "4", "Orange juice 1 l");
    add(c, "5", "Copy paper A4 white 500 sheets");
    add(c, "6", "Canon PowerShot SX110IS camera silver");
    add(c, "7", "Garden hose 1/2 inch green 20 m");
    expect(c, "Panasonic tx32a TV, black", DECISION_LINK, "1");
    expect(c, "Canon PowerShot SX110IS camera black", DECISION_NEW, NULL);
    expect(c, "Office Professional 2010 upgrade", DECISION_NEW, NULL);
    expect(c, "Orange juice 1000 ml", DECISION_LINK, "4");
    expect(c, "Orange juice 2 l", DECISION_NEW, NULL);
    expect(c, "Copy paper A3 white 500 sheets", DECISION_NEW, NULL);
    expect(c, "copy papper A4, white, 500 sheets", DECISION_LINK, "5");
    expect(c, "Garden hose 1/2 inch green 50 m", DECISION_NEW, NULL);
    expect(c, "Lawn mower", DECISION_NEW, NULL);
    catalog_free(c);
}

static void codes_first(void **state)
{
    struct catalog *c = catalog_new();
    struct catalog_record r = {
        .id = STR_LIT("a"), .name = STR_LIT("Coffee 500 g"), .code = STR_LIT("K-100")};
    catalog_put(c, &r, NULL);
    struct catalog_record q = {.name = STR_LIT("something else"), .code = STR_LIT("k100")};
    expect_record(c, &q, DECISION_LINK, "a");
    q.name = STR_LIT("Coffee 1 kg");
    expect_record(c, &q, DECISION_REVIEW, "a");
    q = (struct catalog_record){.name = STR_LIT("Coffee 500 g"), .code = STR_LIT("X-9")};
    expect_record(c, &q, DECISION_LINK, "a");
    /* The same article number with and without zeros; another is another article. */
    r = (struct catalog_record){
        .id = STR_LIT("b"), .name = STR_LIT("Oat milk"), .gtin = STR_LIT("0036000291452")};
    catalog_put(c, &r, NULL);
    q = (struct catalog_record){.name = STR_LIT("drink"), .gtin = STR_LIT("036000291452")};
    expect_record(c, &q, DECISION_LINK, "b");
    q = (struct catalog_record){.name = STR_LIT("Oat milk"), .gtin = STR_LIT("4006381333931")};
    expect_record(c, &q, DECISION_NEW, NULL);
    catalog_free(c);
}

static void prices_and_twins_ask(void **state)
{
    struct catalog *c = catalog_new();
    struct catalog_record r = {
        .id = STR_LIT("a"), .name = STR_LIT("Oak table, oiled"), .price = 4000000};
    catalog_put(c, &r, NULL);
    struct catalog_record q = {.name = STR_LIT("oak table oiled"), .price = 1000000};
    expect_record(c, &q, DECISION_REVIEW, "a");
    q.price = 3900000;
    expect_record(c, &q, DECISION_LINK, "a");
    add(c, "b", "oak table (oiled)");
    q.price = 0;
    expect_record(c, &q, DECISION_REVIEW, NULL);
    catalog_free(c);
}

/* What differs from a record by more than its like in the catalogue do may be one more of them. */
static void one_more_of_a_kind_asks(void **state)
{
    struct catalog *c = catalog_new();
    add(c, "20", "Garden hose with rubber core, green, 20 m");
    add(c, "a", "Garden chair with core of oak, green");
    add(c, "b", "Rubber hose with a clamp");
    add(c, "c", "Rubber core cable for a garden lamp");
    expect(c, "Garden hose with rubber core, knitted, light, green, 20 m", DECISION_LINK, "20");
    add(c, "50", "Garden hose with rubber core, green, 50 m");
    expect(c, "Garden hose with rubber core, knitted, light, green, 20 m", DECISION_REVIEW, "20");
    expect(c, "garden hose with ruber core green 20 m", DECISION_LINK, "20");
    /* A price that agrees settles it. */
    struct catalog_record r = {.id = STR_LIT("20"),
        .name = STR_LIT("Garden hose with rubber core, green, 20 m"),
        .price = 250000};
    catalog_put(c, &r, NULL);
    struct catalog_record q = {
        .name = STR_LIT("Garden hose with rubber core, knitted, light, green, 20 m"),
        .price = 255000};
    expect_record(c, &q, DECISION_LINK, "20");
    catalog_free(c);
}

/* Siblings of a line of products, and articles that only differ in what they are packed in. */
static void what_takes_a_words_place_tells(void **state)
{
    struct catalog *c = catalog_new();
    add(c, "air", "Ilmalampopumpun huolto");
    add(c, "duct", "Ilmanvaihtokoneen huolto");
    add(c, "m", "Logitech MX Master 3S Wireless Mouse Graphite");
    add(c, "m2", "Logitech MX Master 3S Wireless Mouse Pale Grey");
    add(c, "k", "Logitech MX Keys Keyboard Nordic");
    add(c, "egg", "Kananmuna L10 vapaan kanan");
    add(c, "usb", "Kingston DataTraveler 64GB USB 3.2");
    add(c, "cola", "Coca-Cola 1,5 l");
    add(c, "zero", "Coca-Cola Zero 1,5 l");
    add(c, "can", "Lonkero 0,33 l tlk");
    add(c, "glove", "Nitrile gloves powder-free M 100 pcs");
    add(c, "hour", "Malare timme");
    add(c, "socket", "Pistorasia uppo 2-os maadoitettu valkoinen");
    add(c, "front", "Pistorasia pinta 2-os maadoitettu valkoinen");
    expect(c, "Maalampopumpun huolto", DECISION_NEW, NULL);
    expect(c, "Ilmalampopumpun huoltotyo", DECISION_LINK, "air");
    expect(c, "Logitech MX Anywhere 3S Wireless Mouse Graphite", DECISION_REVIEW, NULL);
    expect(c, "Kananmuna M15 vapaan kanan", DECISION_REVIEW, NULL);
    expect(c, "Kingston DataTraveler 64 GB USB3.2", DECISION_LINK, "usb");
    expect(c, "Coca Cola 1.5L plo", DECISION_LINK, "cola");
    expect(c, "Lonkero 0.33l tolkki", DECISION_LINK, "can");
    expect(c, "Lonkero 0.33l plo", DECISION_NEW, NULL);
    expect(c, "Nitrile gloves, powder-free, medium, 100 pcs", DECISION_LINK, "glove");
    expect(c, "Nitrile gloves powder-free L 100 pcs", DECISION_NEW, NULL);
    expect(c, "Nitrile gloves powder-free XL 100 pcs", DECISION_NEW, NULL);
    expect(c, "Malare per timme", DECISION_LINK, "hour");
    expect(c, "Uppopistorasia 2-osainen maadoitettu valkoinen", DECISION_LINK, "socket");
    catalog_free(c);
}

static void options_are_heeded(void **state)
{
    struct catalog *c = catalog_new();
    struct err e = {0};
    add(c, "a", "Wall paint white 9 l");
    struct catalog_record q = {.name = STR_LIT("Wall paint black 9 l")};
    struct decision_options o = {.no_veto = CONFLICT_VARIANT, .cover = 500};
    assert_int_equal(decision_find(c, &q, NULL, &found, &e), 0);
    assert_int_equal(found.decision, DECISION_NEW);
    assert_int_equal(decision_find(c, &q, &o, &found, &e), 0);
    assert_int_equal(found.decision, DECISION_LINK);
    o.cover = 950; /* nothing eases what was set */
    q.name = STR_LIT("Wall paint white matt 9 l");
    assert_int_equal(decision_find(c, &q, NULL, &found, &e), 0);
    assert_int_equal(found.decision, DECISION_LINK);
    assert_int_equal(decision_find(c, &q, &o, &found, &e), 0);
    assert_int_equal(found.decision, DECISION_REVIEW);
    o.cover = 500;
    q.name = STR_LIT("Wall paint black 9 l");
    o.never_link = true;
    assert_int_equal(decision_find(c, &q, &o, &found, &e), 0);
    assert_int_equal(found.decision, DECISION_REVIEW);
    q.name = STR_LIT(" ");
    assert_int_equal(decision_find(c, &q, &o, &found, &e), -1);
    catalog_free(c);
}

static void one_record_is_linked_once(void **state)
{
    struct catalog *c = catalog_new();
    struct decision_result r[3];
    static const char *const names[] = {"Steel hammer 500 g", "steel hammer 500g", "garden gnome"};
    add(c, "a", "Steel hammer 500 g");
    for (int i = 0; i < 3; i++) {
        struct catalog_record q = {.name = str_of(names[i])};
        assert_int_equal(decision_find(c, &q, NULL, &r[i], NULL), 0);
    }
    assert_int_equal(r[0].decision, DECISION_LINK);
    assert_int_equal(r[1].decision, DECISION_LINK);
    decision_one_to_one(r, 3);
    assert_int_equal(r[0].decision, DECISION_LINK);
    assert_int_equal(r[1].decision, DECISION_REVIEW);
    assert_int_equal(r[2].decision, DECISION_NEW);
    decision_one_to_one(r, 0);
    catalog_free(c);
}

/* ---- the Finnish lines ----------------------------------------------------------------------- */

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *p = mem_alloc(1 << 16);
    if (!f)
        fail_msg("%s is missing", path);
    *n = fread(p, 1, 1 << 16, f);
    fclose(f);
    return p;
}

static struct csv *open_table(const char *path)
{
    size_t n;
    char *bytes = slurp(path, &n);
    struct csv *t = csv_open((struct str){bytes, n}, NULL);
    mem_free(bytes);
    assert_non_null(t);
    return t;
}

static void finnish_lines(void **state)
{
    const struct str *f;
    const char *problem;
    int n, line, all = 0, right = 0, false_links = 0, reviews = 0;
    struct catalog *c = catalog_new();
    struct csv *t = open_table("tests/data/product/fi_catalogue.csv");
    csv_next(t, &f, &n, &line, &problem);
    while (csv_next(t, &f, &n, &line, &problem) == CSV_ROW) {
        struct catalog_record r = {.id = f[0], .name = f[1], .unit = f[2]};
        assert_int_equal(catalog_put(c, &r, NULL), 0);
    }
    csv_free(t);
    t = open_table("tests/data/product/fi_queries.tsv");
    csv_next(t, &f, &n, &line, &problem);
    while (csv_next(t, &f, &n, &line, &problem) == CSV_ROW) {
        struct catalog_record q = {.name = f[0]};
        assert_int_equal(n, 2);
        assert_int_equal(decision_find(c, &q, NULL, &found, NULL), 0);
        bool is_new = str_is(f[1], "NEW"), link = found.decision == DECISION_LINK;
        bool ok = link ? str_eq(found.candidate[found.match].id, f[1])
                       : is_new && found.decision == DECISION_NEW;
        all++;
        right += ok;
        false_links += link && !ok;
        reviews += found.decision == DECISION_REVIEW;
    }
    csv_free(t);
    catalog_free(c);
    assert_int_equal(all, 43);
    assert_int_equal(false_links, 0);
    assert_true(right * 100 >= all * 94);
    assert_true(reviews * 100 <= all * 15);
}

static struct catalog_record with_code(const char *id, const char *name, const char *code)
{
    return (struct catalog_record){.id = str_of(id), .name = str_of(name), .code = str_of(code)};
}

/* A code column that differs keeps from a link, in whatever column the other's code stands. */
static void code_columns(void **state)
{
    struct catalog *c = catalog_new();
    struct catalog_record r = with_code("1", "Nordic office printer duplex wireless", "NP4410");
    catalog_put(c, &r, NULL);
    r = with_code("2", "Nordic label maker LM7200 desktop", "");
    catalog_put(c, &r, NULL);
    r = with_code("3", "Sturdy garden hose green", "");
    catalog_put(c, &r, NULL);
    struct catalog_record q = with_code("q", "Nordic office printer duplex wireless", "NP4410");
    expect_record(c, &q, DECISION_LINK, "1");
    q = with_code("q", "Nordic office printer duplex wireless", "NP4470");
    expect_record(c, &q, DECISION_NEW, NULL);
    q = with_code("q", "Nordic office printer duplex wireless", "KX9921");
    expect_record(c, &q, DECISION_REVIEW, "1");
    q = with_code("q", "Nordic label maker desktop", "LM7200");
    expect_record(c, &q, DECISION_LINK, "2");
    q = with_code("q", "Nordic label maker desktop", "LM7300");
    expect_record(c, &q, DECISION_NEW, NULL);
    catalog_free(c);
}

/* Packaging, versions and marks that are written in other ways. */
static void other_spellings(void **state)
{
    struct catalog *c = catalog_new();
    add(c, "1", "Zenwrite dictionary 10 professional");
    add(c, "2", "Network cable Cat6 10 m");
    add(c, "3", "Network cable Cat5 10 m");
    add(c, "4", "Serviceavtal månad");
    add(c, "5", "Serviceavtal år");
    add(c, "6", "Panorama camera DVX63HD silver");
    expect(c, "Zenwrite dictionary v10 pro software (retail)", DECISION_LINK, "1");
    expect(c, "Zenwrite dictionary v9 pro software (retail)", DECISION_NEW, NULL);
    expect(c, "Network cable CAT 6 10 m", DECISION_LINK, "2");
    expect(c, "Serviceavtal / mån", DECISION_LINK, "4");
    expect(c, "Serviceavtal, årsavgift", DECISION_LINK, "5");
    expect(c, "Panorama DVX-63 HD", DECISION_LINK, "6");
    catalog_free(c);
}

/* Catalogues of seven trades in three languages. Lines with "=ID" are queries that mean that
 * record,
 * "?ID" such that may mean it, "-" such that mean none. */
static void trades(void **state)
{
    const struct str *f;
    const char *problem;
    int n, line, all = 0, missed = 0, false_links = 0, reviews = 0;
    char trade[32] = "";
    struct catalog *c = NULL;
    struct csv *t = open_table("tests/data/product/trades.tsv");
    csv_next(t, &f, &n, &line, &problem);
    while (csv_next(t, &f, &n, &line, &problem) == CSV_ROW) {
        assert_int_equal(n, 3);
        char kind = f[1].n ? f[1].p[0] : ' ';
        if (!str_is(f[0], trade)) {
            catalog_free(c);
            c = catalog_new();
            snprintf(trade, sizeof(trade), "%.*s", STR_ARG(f[0]));
        }
        if (kind >= '0' && kind <= '9') {
            struct catalog_record r = {.id = f[1], .name = f[2]};
            assert_int_equal(catalog_put(c, &r, NULL), 0);
            continue;
        }
        struct catalog_record q = {.name = f[2]};
        assert_int_equal(decision_find(c, &q, NULL, &found, NULL), 0);
        bool link = found.decision == DECISION_LINK;
        bool right =
            link && str_eq(found.candidate[found.match].id, (struct str){f[1].p + 1, f[1].n - 1});
        all++;
        missed += kind == '=' && !right;
        false_links += link && !right;
        reviews += found.decision == DECISION_REVIEW;
    }
    csv_free(t);
    catalog_free(c);
    assert_int_equal(all, 170);
    assert_int_equal(missed, 0);
    assert_int_equal(false_links, 0);
    assert_true(reviews * 100 <= all * 10);
}

/* A town, a kind in place of another: no one but a person can tell whether it matters. Another
 * front of a compound is another thing. */
static void another_word_in_its_place_asks(void **state)
{
    struct catalog *c = catalog_new();
    add(c, "1", "Työtunti, sähköasentaja");
    add(c, "2", "Työtunti, kirvesmies");
    add(c, "3", "On-site visit, Helsinki region");
    add(c, "4", "Penetration test, web application");
    add(c, "5", "Kyckling bröstfilé fryst 1 kg");
    add(c, "6", "Data engineer, per day");
    add(c, "7", "Microsoft 365 Business Basic, annual");
    add(c, "8", "Code review, per hour");
    add(c, "9", "Ketchup 500 g");
    expect(c, "Putkiasentaja, työtunti", DECISION_NEW, NULL);
    expect(c, "On-site visit, Tampere region", DECISION_REVIEW, "3");
    expect(c, "Penetration test, mobile application", DECISION_REVIEW, "4");
    expect(c, "Kalkon bröstfilé fryst 1 kg", DECISION_REVIEW, "5");
    expect(c, "Data scientist, per day", DECISION_REVIEW, "6");
    expect(c, "Microsoft 365 Business Standard, annual", DECISION_NEW, NULL);
    expect(c, "Onsite visit Helsinki region", DECISION_LINK, "3");
    expect(c, "Penetration testing of web application", DECISION_LINK, "4");
    expect(c, "Sähköasentaja työtunti", DECISION_LINK, "1");
    catalog_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_of_evidence),
        cmocka_unit_test(code_columns),
        cmocka_unit_test(other_spellings),
        cmocka_unit_test(codes_first),
        cmocka_unit_test(prices_and_twins_ask),
        cmocka_unit_test(one_more_of_a_kind_asks),
        cmocka_unit_test(trades),
        cmocka_unit_test(another_word_in_its_place_asks),
        cmocka_unit_test(what_takes_a_words_place_tells),
        cmocka_unit_test(options_are_heeded),
        cmocka_unit_test(one_record_is_linked_once),
        cmocka_unit_test(finnish_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
