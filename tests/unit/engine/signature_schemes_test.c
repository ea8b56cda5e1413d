/* Standard Webhooks, HubSpot's version 3, HMACs of any form, and several secrets at once. The
 * digests were made with Python's hmac and cryptography. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include "signature.h"

#define NOW     1700000000LL
#define ADDRESS "https://hooks.example/hooks/acme/crm?a=%2Fb%20c"
#define WHSEC   "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define V1      "v1,TBZmYpw8Wv3ELsb+1MkhBM9dTUkc6qsfH/2wlLM7BW4="
#define WHPK    "whpk_iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="
#define V1A                                                                                        \
    "v1a,3OqcR0iEM0lc535AJDpkaZq+qfQQLqyXAdrX8hoRYe2ThCelmrG2cZkxHhv3RrHeNzqctY1tqhe4TP4LPviJCg=="
static const char body[] = "{\"event\":\"proposal.accepted\"}";

struct
try {
    enum manifest_scheme scheme;
    const struct manifest_hmac *form;
    const char *secrets[MANIFEST_SECRETS_MAX];
    const char *headers[4][2];
    const char *body, *method, *url;
    int64_t now_ms;
    struct err e;
};

static int check(struct try *t)
{
    struct str secrets[MANIFEST_SECRETS_MAX];
    struct http_header h[4];
    struct signature_check c = {.scheme = t->scheme,
        .form = t->form,
        .secrets = secrets,
        .headers = h,
        .body = str_of(t->body ? t->body : body),
        .method = t->method ? t->method : "POST",
        .url = str_of(t->url ? t->url : ADDRESS),
        .now_ms = t->now_ms ? t->now_ms : NOW * 1000,
        .window_ms = 300000};
    for (int i = 0; i < MANIFEST_SECRETS_MAX && t->secrets[i]; i++)
        secrets[c.nsecrets++] = str_of(t->secrets[i]);
    for (int i = 0; i < 4 && t->headers[i][0]; i++)
        h[c.nheaders++] = (struct http_header){str_of(t->headers[i][0]), str_of(t->headers[i][1])};
    t->e = (struct err){0};
    return signature_verify(&c, &t->e);
}

static struct try standard(const char *secret, const char *id, const char *time, const char *list)
{
    return (struct try){.scheme = SCHEME_STANDARD,
        .secrets = {secret},
        .headers = {{"Webhook-Id", id}, {"webhook-timestamp", time}, {"webhook-signature", list}}};
}

static void test_standard(void **state)
{
    static const struct {
        const char *name, *secret, *id, *time, *list;
        bool good;
    } cases[] = {
        {"v1", WHSEC, "msg_1", "1700000000", V1, true},
        {"secret without its prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", "1700000000", V1,
            true},
        {"v1a", WHPK, "msg_1", "1700000000", V1A, true},
        {"one of several", WHSEC, "msg_1", "1700000000", "v1,AAAA v2,x " V1A " " V1, true},
        {"another id", WHSEC, "msg_2", "1700000000", V1, false},
        {"another time", WHSEC, "msg_1", "1700000001", V1, false},
        {"another secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", "msg_1", "1700000000", V1,
            false},
        {"v1 called v1a", WHPK, "msg_1", "1700000000",
            "v1a,TBZmYpw8Wv3ELsb+1MkhBM9dTUkc6qsfH/2w=", false},
        {"v1 with a public key", WHPK, "msg_1", "1700000000", V1, false},
        {"v1a with a secret", WHSEC, "msg_1", "1700000000", V1A, false},
        {"no version", WHSEC, "msg_1", "1700000000",
            "TBZmYpw8Wv3ELsb+1MkhBM9dTUkc6qsfH/2wlLM7BW4=", false},
        {"without padding", WHSEC, "msg_1", "1700000000",
            "v1,TBZmYpw8Wv3ELsb+1MkhBM9dTUkc6qsfH/2wlLM7BW4", false},
        {"something behind", WHSEC, "msg_1", "1700000000", V1 "A", false},
        {"half of it", WHSEC, "msg_1", "1700000000", "v1,TBZmYpw8Wv3ELsb+1Mkh", false},
        {"empty list", WHSEC, "msg_1", "1700000000", "", false},
        {"commas alone", WHSEC, "msg_1", "1700000000", ",,, ,, v1,", false},
        {"signs in the id", WHSEC, "urn:evt/1~2", "1700000000",
            "v1,GIC3P3N2t8Bv2nnf8r2hhEphjgG6JUZBIm8FmrA/0yA=", true},
        {"dot in the id", WHSEC, "msg.1", "1700000000",
            "v1,xJ8x4/wYRnqqyeF9bVJcI0cOvDPqeBKAhundFrpGFzU=", false},
        {"blank in the id", WHSEC, "msg 1", "1700000000",
            "v1,L5eeAh1gEXrtVRSxJsxuaL2Zp+N+vPZ3aNrU+arbFpQ=", false},
        {"no id", WHSEC, "", "1700000000", V1, false},
        {"no time", WHSEC, "msg_1", "", V1, false},
        {"time with a sign", WHSEC, "msg_1", "+1700000000", V1, false},
        {"time with a point", WHSEC, "msg_1", "1700000000.0", V1, false},
        {"time of 13 digits", WHSEC, "msg_1", "1700000000000", V1, false},
        {"secret that is no base64", "whsec_!", "msg_1", "1700000000", V1, false},
        {"secret that is short", "whsec_AAAA", "msg_1", "1700000000", V1, false},
        {"public key that is short", "whpk_AAAA", "msg_1", "1700000000", V1A, false},
        {"empty secret", "", "msg_1", "1700000000", V1, false},
        {"empty key", "whsec_", "msg_1", "1700000000", V1, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct try t = standard(cases[i].secret, cases[i].id, cases[i].time, cases[i].list);
        if ((check(&t) == 0) != cases[i].good)
            fail_msg("%s: %s", cases[i].name, t.e.text);
        assert_null(strstr(t.e.text, "MfKQ"));
        t.scheme = SCHEME_ANY;
        if ((check(&t) == 0) != cases[i].good)
            fail_msg("%s, any: %s", cases[i].name, t.e.text);
    }
}

/* The example of the specification's own libraries. */
static void test_standard_of_the_specification(void **state)
{
    char made[SIGNATURE_TEXT];
    struct err e = {0};
    static const char text[] = "{\"test\": 2432232314}",
                      signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    struct try t = standard(WHSEC, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature);
    t.body = text;
    t.now_ms = INT64_C(1614265330000);
    assert_int_equal(check(&t), 0);
    assert_int_equal(signature_make_standard(made, STR_LIT(WHSEC), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                         "1614265330", STR_LIT(text), &e),
        0);
    assert_string_equal(made, signature);
    assert_int_equal(signature_check_standard(STR_LIT(WHSEC), &e), 0);
    /* With what a receiver would read in another way than we nothing is signed. */
    static const char *const none[] = {WHPK, "", "whsec_", "whsec_!", "whsec_AAAA",
        "plain text of a secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(signature_check_standard(str_of(none[i]), &e), -1);
        assert_non_null(strstr(e.text, "openssl rand"));
        assert_null(strstr(e.text, "MfKQ"));
    }
}

static void test_time_window(void **state)
{
    struct try t = standard(WHSEC, "msg_1", "1700000000", V1);
    static const struct {
        int64_t off_ms;
        bool good;
    } offs[] = {{0, true}, {300000, true}, {-300000, true}, {300001, false}, {-300001, false}};
    for (size_t i = 0; i < COUNT(offs); i++) {
        t.now_ms = NOW * 1000 + offs[i].off_ms;
        assert_int_equal(check(&t) == 0, offs[i].good);
    }
    assert_non_null(strstr(t.e.text, "check the clocks"));
}

/* Its own public key is known to everybody: it must not pass for a secret anywhere. */
static void test_a_public_key_proves_nothing(void **state)
{
    char hex[65], value[100];
    signature_make(hex, STR_LIT(WHPK), "1700000000", STR_LIT(body));
    snprintf(value, sizeof(value), "sha256=%s", hex);
    struct try tries[] = {
        {.headers = {{"X-Webhook-Secret", WHPK}}},
        {.headers = {{"Authorization", "Bearer " WHPK}}},
        {.headers = {{"Authorization",
             "Basic dTp3aHBrX2lvamozWFFKOFpYOVV0c3RQTHBkY3NwbkNiOGRsQkliODNTSUFiUVBiMXc9"}}},
        {.headers = {{"X-Signature-256", value}, {"X-Timestamp", "1700000000"}}},
    };
    for (size_t i = 0; i < COUNT(tries); i++) {
        tries[i].scheme = SCHEME_ANY;
        tries[i].secrets[0] = WHPK;
        assert_int_equal(check(&tries[i]), -1);
    }
}

static void test_hubspot(void **state)
{
    static const char good[] = "i/aDEidi0sP0hLV4ggJOL8egDIYKvMJ4GJJdRErpWRs=",
                      raw[] = "3a5iIqEly43LnIObGMqExQSA/VQDQqXNzWXFT1w0T9Q=";
    struct try t = {.scheme = SCHEME_HUBSPOT,
        .secrets = {"geheim"},
        .headers = {
            {"x-hubspot-signature-v3", good}, {"X-HubSpot-Request-Timestamp", "1700000000123"}}};
    assert_int_equal(check(&t), 0);
    t.headers[0][1] = raw; /* of the address as it came */
    assert_int_equal(check(&t), 0);
    t.scheme = SCHEME_ANY;
    assert_int_equal(check(&t), 0);
    t.method = "GET";
    assert_int_equal(check(&t), -1);
    t.method = NULL;
    t.url = "http://hooks.example/hooks/acme/crm?a=%2Fb%20c";
    assert_int_equal(check(&t), -1);
    assert_non_null(strstr(t.e.text, "--public-url"));
    t.url = NULL;
    t.body = "{}";
    assert_int_equal(check(&t), -1);
    t.body = NULL;
    t.now_ms = NOW * 1000 + 300124;
    assert_int_equal(check(&t), -1);
    t.now_ms = 0;
    t.headers[1][1] = "1700000000"; /* seconds */
    assert_int_equal(check(&t), -1);
    t.headers[0][1] = "i/aDEidi";
    assert_int_equal(check(&t), -1);
    t.headers[0][0] = "X-Other";
    t.scheme = SCHEME_HUBSPOT;
    assert_int_equal(check(&t), -1);
    char made[SIGNATURE_TEXT];
    signature_make_hubspot(
        made, STR_LIT("geheim"), STR_LIT(ADDRESS), "1700000000123", STR_LIT(body));
    assert_string_equal(made, raw);
}

static void test_hmac_of_any_form(void **state)
{
    static const struct manifest_hmac shop = {"X-Shop-Hmac", "", "", true};
    static const struct manifest_hmac timed = {"X-Sign", "v0=", "X-Time", false};
    char hex[65], value[100];
    struct try t = {.scheme = SCHEME_HMAC,
        .form = &shop,
        .secrets = {"geheim"},
        .headers = {{"x-shop-hmac", "1A6DpQHH+gBzvSlGFEODO3/+JVEcs2GrvlwwWnyEoF4="}}};
    assert_int_equal(check(&t), 0);
    t.headers[0][1] = "1a6DpQHH+gBzvSlGFEODO3/+JVEcs2GrvlwwWnyEoF4=";
    assert_int_equal(check(&t), -1);
    t.headers[0][1] = "d40e83a501c7fa0073bd294614438"; /* hex is no base64 of 32 bytes */
    assert_int_equal(check(&t), -1);
    signature_make(hex, STR_LIT("geheim"), "1700000000", STR_LIT(body));
    snprintf(value, sizeof(value), "v0=%s", hex);
    t = (struct try){.scheme = SCHEME_HMAC,
        .form = &timed,
        .secrets = {"geheim"},
        .headers = {{"X-Sign", value}, {"X-Time", "1700000000"}}};
    assert_int_equal(check(&t), 0);
    t.headers[1][1] = "1700000001";
    assert_int_equal(check(&t), -1);
    t.headers[1][0] = "X-Timestamp";
    assert_int_equal(check(&t), -1);
}

static void test_several_secrets(void **state)
{
    struct try t = {.scheme = SCHEME_SECRET,
        .secrets = {"new", "old"},
        .headers = {{"X-Webhook-Secret", "old"}}};
    assert_int_equal(check(&t), 0);
    t.headers[0][1] = "new";
    assert_int_equal(check(&t), 0);
    t.headers[0][1] = "other";
    assert_int_equal(check(&t), -1);
    t.headers[0][1] = "";
    t.secrets[1] = "";
    assert_int_equal(check(&t), -1);
    t = standard("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1", "1700000000", V1);
    assert_int_equal(check(&t), -1);
    t.secrets[1] = WHSEC;
    assert_int_equal(check(&t), 0);
    t.secrets[1] = WHPK;
    t.headers[2][1] = V1A;
    assert_int_equal(check(&t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard),
        cmocka_unit_test(test_standard_of_the_specification),
        cmocka_unit_test(test_time_window),
        cmocka_unit_test(test_a_public_key_proves_nothing),
        cmocka_unit_test(test_hubspot),
        cmocka_unit_test(test_hmac_of_any_form),
        cmocka_unit_test(test_several_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
