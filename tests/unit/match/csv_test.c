/* Tables as people export them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "csv.h"
#include "mem.h"

/* What is read of bytes, as fields in <> and rows in lines; bad rows as "!line problem". */
static void expect(struct str bytes, const char *expected)
{
    const struct str *f;
    const char *problem;
    int n, line;
    enum csv_row row;
    struct buf b;
    struct err e = {0};
    struct csv *c = csv_open(bytes, &e);
    if (!c)
        fail_msg("%s", e.text);
    buf_init(&b, 1 << 20);
    while ((row = csv_next(c, &f, &n, &line, &problem)) != CSV_END) {
        if (row == CSV_BAD)
            buf_addf(&b, "!%d %s", line, problem);
        for (int i = 0; row == CSV_ROW && i < n; i++)
            buf_addf(&b, "<%.*s>", STR_ARG(f[i]));
        buf_addc(&b, '\n');
    }
    buf_addc(&b, 0);
    assert_string_equal(b.p, expected);
    buf_free(&b);
    csv_free(c);
}

static void separators(void **state)
{
    expect(STR_LIT("id,name\n1,a;b\n"), "<id><name>\n<1><a;b>\n");
    expect(STR_LIT("id;name\n1;\"0,57\"\n"), "<id><name>\n<1><0,57>\n");
    expect(STR_LIT("id\tname\n1\ta, b\n"), "<id><name>\n<1><a, b>\n");
    expect(STR_LIT("id|name\r\n1|\r\n"), "<id><name>\n<1><>\n");
    expect(STR_LIT("\"a,b\";c\n1;2"), "<a,b><c>\n<1><2>\n");
    expect(STR_LIT("one\ntwo\n\n\nthree"), "<one>\n<two>\n<three>\n");
}

static void quotes_and_newlines(void **state)
{
    expect(STR_LIT("a,b\n\"x\ny\",\"\"\"q\"\"\"\n3,4\n"), "<a><b>\n<x\ny><\"q\">\n<3><4>\n");
    expect(STR_LIT("a,b\r\"x\r\ny\",2\r3,4\r"), "<a><b>\n<x\r\ny><2>\n<3><4>\n");
    expect(STR_LIT("a\tb\n14\" i5\t2\n"), "<a><b>\n<14\" i5><2>\n");
    expect(STR_LIT("a,\"\"\n"), "<a><>\n");
    /* A CR inside a line that does not end so is a sign of the text. */
    expect(STR_LIT("a,b\r\nx\ry,2\r\n3,4\r"), "<a><b>\n<x\ry><2>\n<3><4>\n");
}

static void encodings(void **state)
{
    expect(STR_LIT("\xEF\xBB\xBFid;name\n1;s\xC3\xA4hk\xC3\xB6\n"), "<id><name>\n<1><sähkö>\n");
    expect(STR_LIT("id;name\n1;s\xE4hk\xF6 5\x80\n"), "<id><name>\n<1><sähkö 5€>\n");
    /* "Unicode text" of a spreadsheet: UTF-16, tabs; a character beyond 16 bits, and half of one.
     */
    expect(STR_LIT("\xFF\xFEi\0d\0\t\0n\0\r\0\n\0001\0\t\0\xE4\0=\xD8\xD8\xDC\n\0"),
        "<id><n>\n<1><ä📘>\n");
    expect(STR_LIT("\xFE\xFF\0i\0d\0,\0n\0\n\0001\0,\xD8="), "<id><n>\n<1><\xEF\xBF\xBD>\n");
    expect(STR_LIT("sep=|\r\na|b,c\n1|2,3\n"), "<a><b,c>\n<1><2,3>\n");
    struct err e = {0};
    assert_null(csv_open(STR_LIT(""), &e));
    assert_null(csv_open(STR_LIT("\xEF\xBB\xBF"), &e));
}

/* A bad row is told with its line, and the next is read. */
static void bad_rows(void **state)
{
    expect(STR_LIT("a,b\n1,\"x\n3,4\n5,6\n"),
        "<a><b>\n!2 a quote is opened and never closed\n<3><4>\n<5><6>\n");
    expect(STR_LIT("a,b\n1,\"x\"y\n3,4\n"), "<a><b>\n!2 text behind a closing quote\n<3><4>\n");
    expect(STR_LIT("a,b\n1,x\0y\n3,4\n"), "<a><b>\n!2 a NUL byte\n<3><4>\n");
    expect(STR_LIT("a,b\n\xC3\xA4,\xC3\xB6\n1,\xE4\n3,4\n"),
        "<a><b>\n<ä><ö>\n!3 not valid UTF-8\n<3><4>\n");
    expect(STR_LIT("a,b\n\"x\n\ny\",2\n1,x\"\"\n\"z\"z\n7,8\n"),
        "<a><b>\n<x\n\ny><2>\n<1><x\"\">\n!6 text behind a closing quote\n<7><8>\n");
}

static void long_rows(void **state)
{
    size_t n = CSV_ROW_MAX + 100;
    char *p = mem_alloc(n + 10);
    memset(p, 'x', n);
    memcpy(p, "a,b\n", 4);
    memcpy(p + n, "\n3,4\n", 5);
    expect((struct str){p, n + 5}, "<a><b>\n!2 longer than 1 MB\n<3><4>\n");
    memset(p, ',', 400);
    memcpy(p + 400, "\n1,2", 4);
    expect((struct str){p, 404}, "!1 more than 256 fields\n<1><2>\n");
    mem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators),
        cmocka_unit_test(quotes_and_newlines),
        cmocka_unit_test(encodings),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(long_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
