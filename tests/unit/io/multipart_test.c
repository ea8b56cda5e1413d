/* Bodies of several parts, and file names out of headers. */
#include "multipart.h"
#include "test.h"

static void expect_name(const char *header, const char *name)
{
    struct buf b;
    buf_init(&b, 4096);
    header_file_name(str_of(header), &b);
    buf_addc(&b, 0);
    assert_string_equal(b.p, name);
    buf_free(&b);
}

static void test_file_names(void **state)
{
    expect_name("attachment; filename=\"a b.pdf\"", "a b.pdf");
    expect_name("attachment; filename=plain.pdf ; size=3", "plain.pdf");
    expect_name("attachment; FileName=\"a\\\"b.pdf\"", "a\"b.pdf");
    expect_name(
        "attachment; filename=\"x.pdf\"; filename*=UTF-8''p%C3%A4iv%C3%A4%20%.pdf", "päivä %.pdf");
    expect_name("attachment; filename=\"x.pdf\"; filename*=iso-8859-1''p%E4.pdf", "x.pdf");
    expect_name("attachment; filename=\"../../etc/passwd\"", "passwd");
    expect_name("attachment; filename=\"C:\\\\dir\\\\a.pdf\"", "a.pdf");
    expect_name("attachment; filename*=UTF-8''a%0Ab%00.pdf", "ab.pdf");
    expect_name("attachment; filename*=UTF-8''%FF.pdf", "");
    expect_name("attachment; xfilename=a.pdf", "");
    expect_name("attachment; filename=\"..\"", "");
    expect_name("attachment; filename=\"..\x01\"", "");
    expect_name("attachment; filename*=UTF-8''%2e%7f%2e%00", "");
    expect_name("attachment; filename=\"a/.\"", "");
    expect_name("inline", "");
    expect_name("", "");
}

static void test_parts_are_read(void **state)
{
    static const char body[] =
        "for no program\r\n--b\r\ncontent-type: application/json\r\n\r\n{}\r\n"
        "--b  \r\nContent-Disposition: x; a=--b\r\n\r\n\r\n--bc\r\nx--b\r\n\r\n"
        "--b\r\n\r\n\r\n--b--\r\nnor is this\r\n--b\r\n";
    struct multipart m;
    struct multipart_part p;
    assert_int_equal(
        multipart_open(&m, STR_LIT("Multipart/Mixed; x=y; boundary=b"), STR_LIT(body)), 0);
    assert_true(multipart_next(&m, &p));
    assert_true(str_is(p.type, "application/json"));
    assert_true(str_is(p.body, "{}"));
    assert_true(multipart_next(&m, &p));
    assert_null(p.type.p);
    assert_true(str_is(p.disposition, "x; a=--b"));
    /* A line that only begins as the delimiter does is one, as RFC 2046 wants it of its writer. */
    assert_int_equal(p.body.n, 0);
    assert_true(multipart_next(&m, &p));
    assert_true(multipart_next(&m, &p));
    assert_int_equal(p.body.n, 0);
    assert_false(multipart_next(&m, &p));
    assert_false(m.broken);
}

static void test_what_is_not_whole_is_broken(void **state)
{
    static const char *const bodies[] = {"", "--b", "--b\r\n", "--b\r\nA: b\r\n", "--b\r\n\r\n",
        "--b\r\n\r\nx\r\n", "--b\r\n\r\nx --b--", "x--b--",
        "--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--"};
    struct multipart m;
    struct multipart_part p;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(
            multipart_open(&m, STR_LIT("multipart/x;boundary=b"), str_of(bodies[i])), 0);
        assert_false(multipart_next(&m, &p));
        assert_true(m.broken);
    }
    assert_int_equal(multipart_open(&m, STR_LIT("multipart/x"), STR_LIT("--b--")), -1);
    assert_int_equal(multipart_open(&m, STR_LIT("text/plain; boundary=b"), STR_LIT("--b--")), -1);
    assert_int_equal(
        multipart_open(&m, STR_LIT("multipart/x; boundary=\"\""), STR_LIT("----")), -1);
}

static void test_a_form_cannot_be_broken_by_a_name(void **state)
{
    struct buf b;
    buf_init(&b, 4096);
    multipart_put(&b, "x", STR_LIT("a\"\r\nb"), STR_LIT("c.pdf"), STR_LIT("application/pdf"),
        STR_LIT("bytes"));
    multipart_end(&b, "x");
    assert_true(str_is(buf_str(&b),
        "--x\r\nContent-Disposition: form-data; name=\"a%22%0D%0Ab\"; filename=\"c.pdf\"\r\n"
        "Content-Type: application/pdf\r\n\r\nbytes\r\n--x--\r\n"));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_names),
        cmocka_unit_test(test_parts_are_read),
        cmocka_unit_test(test_what_is_not_whole_is_broken),
        cmocka_unit_test(test_a_form_cannot_be_broken_by_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
