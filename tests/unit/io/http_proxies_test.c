/* Who the client is behind proxies: only what a listed one wrote is believed. */
#include "test.h"

#include <string.h>

#include "http_proxies.h"

static const char *client_of(bool forwarded, const char *list, const char *peer,
    const struct http_header *headers, int n, bool *secure)
{
    static struct http_client c;
    struct err e = {0};
    struct http_proxies *p = http_proxies_new(forwarded);
    if (http_proxies_add(p, list, &e) < 0)
        fail_msg("%s", e.text);
    bool known = http_proxies_client(p, peer, headers, n, &c);
    http_proxies_free(p);
    *secure = known && c.secure;
    return known ? c.address : "";
}

#define XFF   "X-Forwarded-For"
#define NINES "203.0.113.9"

static void test_x_forwarded_for(void **state)
{
    static const struct {
        const char *name, *list, *peer, *value, *second, *client;
    } cases[] = {
        {"peer is not listed", "10.0.0.1", "198.51.100.1", NINES, NULL, ""},
        {"one proxy", "10.0.0.1", "10.0.0.1", NINES, NULL, NINES},
        {"no header", "10.0.0.1", "10.0.0.1", NULL, NULL, "10.0.0.1"},
        {"empty header", "10.0.0.1", "10.0.0.1", "", NULL, "10.0.0.1"},
        {"client forged one", "10.0.0.1", "10.0.0.1", "1.1.1.1, " NINES, NULL, NINES},
        {"forged in a line of its own", "10.0.0.1", "10.0.0.1", "1.1.1.1", NINES, NINES},
        {"two proxies", "10.0.0.0/8", "10.0.0.1", "1.1.1.1, " NINES ",10.2.0.1", NULL, NINES},
        {"all are proxies", "10.0.0.0/8", "10.0.0.1", "10.3.0.1, 10.2.0.1", NULL, "10.3.0.1"},
        {"garbage", "10.0.0.1", "10.0.0.1", NINES ", unknown", NULL, "10.0.0.1"},
        {"garbage behind a proxy", "10.0.0.0/8", "10.0.0.1", NINES ", x, 10.2.0.1", NULL,
            "10.2.0.1"},
        {"with port", "10.0.0.1", "10.0.0.1", NINES ":4711", NULL, NINES},
        {"IPv6", "::1", "::1", "2001:DB8::1", NULL, "2001:db8::1"},
        {"IPv6 in brackets", "::1", "::1", "[2001:db8::1]:80", NULL, "2001:db8::1"},
        {"open bracket", "::1", "::1", "[2001:db8::1", NULL, "::1"},
        {"IPv4 in brackets", "::1", "::1", "[192.0.2.1]", NULL, "::1"},
        {"mapped peer", "10.0.0.1", "::ffff:10.0.0.1", NINES, NULL, NINES},
        {"network of odd width", "10.1.4.0/22", "10.1.7.255", NINES, NULL, NINES},
        {"beside it", "10.1.4.0/22", "10.1.8.0", NINES, NULL, ""},
        {"IPv6 network", "2001:db8::/33", "2001:db8:7fff::1", NINES, NULL, NINES},
        {"beside that", "2001:db8::/33", "2001:db8:8000::1", NINES, NULL, ""},
        {"everybody", "0.0.0.0/0", "198.51.100.1", "1.1.1.1", NULL, "1.1.1.1"},
        {"a list", "192.0.2.1 ,10.0.0.1", "10.0.0.1", NINES, NULL, NINES},
        {"octal", "10.0.0.1", "10.0.0.1", "0313.0.0.9", NULL, "10.0.0.1"},
        {"too long", "10.0.0.1", "10.0.0.1",
            "111111111111111111111111111111111111111111111111111111111111", NULL, "10.0.0.1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_header h[3] = {{STR_LIT("Forwarded"), STR_LIT("for=6.6.6.6")}};
        int n = 1;
        bool secure;
        if (cases[i].value != NULL)
            h[n++] = (struct http_header){STR_LIT("x-forwarded-for"), str_of(cases[i].value)};
        if (cases[i].second != NULL)
            h[n++] = (struct http_header){STR_LIT(XFF), str_of(cases[i].second)};
        const char *got = client_of(false, cases[i].list, cases[i].peer, h, n, &secure);
        if (strcmp(got, cases[i].client) != 0)
            fail_msg("%s: \"%s\"", cases[i].name, got);
    }
}

static void test_forwarded(void **state)
{
    static const struct {
        const char *value, *client;
        bool secure;
    } cases[] = {
        {"for=203.0.113.9", NINES, false},
        {"for=203.0.113.9;proto=https", NINES, true},
        {"For=1.1.1.1, by=x; Proto=HTTPS ;for=\"203.0.113.9:80\"", NINES, true},
        {"for=\"[2001:db8::1]:4711\"", "2001:db8::1", false},
        {"for=203.0.113.9;proto=https, for=10.2.0.1;proto=http", NINES, true},
        {"for=_hidden", "10.0.0.1", false},
        {"for=unknown;proto=https", "10.0.0.1", true},
        {"proto=https", "10.0.0.1", true},
        {"for=1.1.1.1, ext=\"a,b\"", "10.0.0.1", false},
        {"", "10.0.0.1", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_header h[] = {{STR_LIT(XFF), STR_LIT("6.6.6.6")},
            {STR_LIT("Forwarded"), str_of(cases[i].value)},
            {STR_LIT("X-Forwarded-Proto"), STR_LIT("https")}};
        bool secure;
        const char *got = client_of(true, "10.0.0.0/8", "10.0.0.1", h, 3, &secure);
        if (strcmp(got, cases[i].client) != 0 || secure != cases[i].secure)
            fail_msg("%s: \"%s\" %d", cases[i].value, got, secure);
    }
}

static void test_forwarded_proto(void **state)
{
    struct http_header h[] = {{STR_LIT("X-Forwarded-Proto"), STR_LIT("http")},
        {STR_LIT("X-Forwarded-Proto"), STR_LIT("HTTPS")}};
    bool secure;
    client_of(false, "10.0.0.1", "10.0.0.1", h, 2, &secure);
    assert_true(secure); /* the last one is the proxy's */
    client_of(false, "10.0.0.1", "10.0.0.1", h, 1, &secure);
    assert_false(secure);
    client_of(false, "10.0.0.1", "10.0.0.2", h, 2, &secure);
    assert_false(secure);
}

static void test_bad_lists(void **state)
{
    static const char *const bad[] = {"", "x", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::1/129",
        "10.0.0.1,", "10.0.0.0/", "proxy.example", "10.0.0.1 10.0.0.2"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err e = {0};
        struct http_proxies *p = http_proxies_new(false);
        if (http_proxies_add(p, bad[i], &e) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_non_null(strstr(e.text, "10.0.0.0/8"));
        http_proxies_free(p);
    }
}

static void test_as_many_as_there_is_room_for(void **state)
{
    struct err e = {0};
    struct http_proxies *p = http_proxies_new(false);
    for (int i = 0; i < 256; i++)
        assert_int_equal(http_proxies_add(p, "10.0.0.1", &e), 0);
    assert_int_equal(http_proxies_add(p, "10.0.0.1", &e), -1);
    assert_non_null(strstr(e.text, "more than 256"));
    http_proxies_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x_forwarded_for),
        cmocka_unit_test(test_forwarded),
        cmocka_unit_test(test_forwarded_proto),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_as_many_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
