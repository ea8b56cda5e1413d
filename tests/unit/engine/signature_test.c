/* Webhook authentication: each scheme alone and all together, right and wrong. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include "signature.h"

#define NOW 1700000000LL
static const char body[] = "{\"event\":\"proposal.accepted\"}";

static int check(enum manifest_scheme scheme, const char *secret, const struct http_header *h,
    int n, struct err *e)
{
    struct str secrets[] = {str_of(secret)};
    struct signature_check c = {.scheme = scheme,
        .secrets = secrets,
        .nsecrets = 1,
        .headers = h,
        .nheaders = n,
        .body = STR_LIT(body),
        .method = "POST",
        .url = STR_LIT("https://sauma.example/hooks/acme/hubspot"),
        .now_ms = NOW * 1000,
        .window_ms = 300000};
    return signature_verify(&c, e);
}

static struct http_header header(const char *name, const char *value)
{
    return (struct http_header){str_of(name), str_of(value)};
}

/* `printf '1700000000.%s' '{"event":"proposal.accepted"}' | openssl dgst -sha256 -hmac geheim` */
#define VECTOR "fca95dd7bdc187b371e3a868ae084742e320651b3168ce610750ece5e02ab013"

static void makes_the_known_signature(void **state)
{
    char hex[65];
    signature_make(hex, STR_LIT("geheim"), "1700000000", STR_LIT(body));
    assert_string_equal(hex, VECTOR);
}

static void verifies_hmac(void **state)
{
    struct http_header h[] = {
        header("x-signature-256", "sha256=" VECTOR), header("X-Timestamp", "1700000000")};
    assert_int_equal(check(SCHEME_ANY, "geheim", h, 2, NULL), 0);
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), 0);
    assert_int_equal(check(SCHEME_HMAC, "anders", h, 2, NULL), -1);
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 1, NULL), -1); /* no timestamp */
    assert_int_equal(check(SCHEME_SECRET, "geheim", h, 2, NULL), -1);
    assert_int_equal(check(SCHEME_HMAC, "", h, 2, NULL), -1);
    h[0] = header("X-Signature-256", "sha256=");
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1);
    h[0] = header("X-Signature-256", "sha512=" VECTOR);
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1);
    h[0] = header("X-Signature-256", "sha256=zz" VECTOR);
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1);
}

static int at_time(const char *timestamp, struct err *e)
{
    char hex[65], value[80];
    signature_make(hex, STR_LIT("geheim"), timestamp, STR_LIT(body));
    snprintf(value, sizeof value, "sha256=%s", hex);
    struct http_header h[] = {header("X-Signature-256", value), header("X-Timestamp", timestamp)};
    return check(SCHEME_ANY, "geheim", h, 2, e);
}

/* `printf 'POSThttps://sauma.example/hooks/acme/hubspot{"event":"proposal.accepted"}1700000000000'
 * | openssl dgst -sha256 -hmac geheim -binary | base64` */
#define HUBSPOT_VECTOR "68dAHbaKOj9SWtf//5uy9gS4avpcC+1AAV2yHPaxHUE="

static void verifies_hubspot(void **state)
{
    const char *signature = "X-HubSpot-Signature-v3", *time = "X-HubSpot-Request-Timestamp";
    char made[SIGNATURE_TEXT];
    struct err e = {0};
    struct http_header h[] = {header(signature, HUBSPOT_VECTOR), header(time, "1700000000000")};
    signature_make_hubspot(made, STR_LIT("geheim"),
        STR_LIT("https://sauma.example/hooks/acme/hubspot"), "1700000000000", STR_LIT(body));
    assert_string_equal(made, HUBSPOT_VECTOR);
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 2, NULL), 0);
    assert_int_equal(check(SCHEME_HUBSPOT, "anders", h, 2, &e), -1);
    assert_non_null(strstr(e.text, "public_url"));
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 1, NULL), -1); /* no time */
    assert_int_equal(check(SCHEME_ANY, "geheim", h, 2, NULL), 0);
    assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1); /* another scheme */
    h[1] = header(time, "1700000000001");
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 2, NULL), -1);
    h[1] = header(time, "soon");
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 2, NULL), -1);
    h[0] = header(signature, "c2hvcnQ=");
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 2, NULL), -1);
    /* Signed well, five minutes and a bit ago. */
    signature_make_hubspot(made, STR_LIT("geheim"),
        STR_LIT("https://sauma.example/hooks/acme/hubspot"), "1699999699000", STR_LIT(body));
    h[0] = header(signature, made);
    h[1] = header(time, "1699999699000");
    assert_int_equal(check(SCHEME_HUBSPOT, "geheim", h, 2, &e), -1);
    assert_non_null(strstr(e.text, "clock"));
}

static void keeps_the_time_window(void **state)
{
    struct err e = {0};
    assert_int_equal(at_time("1700000300", NULL), 0);
    assert_int_equal(at_time("1699999700", NULL), 0);
    assert_int_equal(at_time("1700000301", &e), -1);
    assert_non_null(strstr(e.text, "clock"));
    assert_int_equal(at_time("1699999699", NULL), -1);
    assert_int_equal(at_time("-1700000000", NULL), -1);
    assert_int_equal(at_time("1700000000.5", NULL), -1);
    assert_int_equal(at_time("99999999999999999999", NULL), -1);
    assert_int_equal(at_time("soon", NULL), -1);
}

static void a_wrong_signature_is_not_healed_by_a_password(void **state)
{
    struct http_header h[] = {
        header("X-Signature-256", "sha256=00"), header("X-Webhook-Secret", "geheim")};
    assert_int_equal(check(SCHEME_ANY, "geheim", h, 2, NULL), -1);
    assert_int_equal(check(SCHEME_ANY, "geheim", h + 1, 1, NULL), 0);
}

static void verifies_basic(void **state)
{
    struct http_header h = header("Authorization", "Basic dXNlcjpnZWhlaW0="); /* user:geheim */
    assert_int_equal(check(SCHEME_ANY, "user:geheim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_ANY, "geheim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_BASIC, "other:geheim", &h, 1, NULL), -1);
    assert_int_equal(check(SCHEME_BASIC, "user", &h, 1, NULL), -1);
    assert_int_equal(check(SCHEME_SECRET, "geheim", &h, 1, NULL), -1);
    h = header("Authorization", "basic dXNlcjpnZWhlaW0=");
    assert_int_equal(check(SCHEME_BASIC, "geheim", &h, 1, NULL), 0);
    h = header("Authorization", "Basic !!!");
    assert_int_equal(check(SCHEME_BASIC, "geheim", &h, 1, NULL), -1);
    h = header("Authorization", "Basic");
    assert_int_equal(check(SCHEME_BASIC, "geheim", &h, 1, NULL), -1);
}

static void verifies_shared_secrets(void **state)
{
    struct http_header h = header("X-Webhook-Secret", "geheim");
    assert_int_equal(check(SCHEME_SECRET, "geheim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_SECRET, "geheimer", &h, 1, NULL), -1);
    h = header("Authorization", "Bearer geheim");
    assert_int_equal(check(SCHEME_ANY, "geheim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_ANY, "geheim", NULL, 0, NULL), -1);
    assert_int_equal(check(SCHEME_NONE, "", NULL, 0, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_known_signature),
        cmocka_unit_test(verifies_hmac),
        cmocka_unit_test(verifies_hubspot),
        cmocka_unit_test(keeps_the_time_window),
        cmocka_unit_test(a_wrong_signature_is_not_healed_by_a_password),
        cmocka_unit_test(verifies_basic),
        cmocka_unit_test(verifies_shared_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
