/* Webhook authentication: each scheme alone and all together, right and wrong. */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
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

/* RFC 4231: keys shorter and longer than a block, and data of many bytes. */
static void agrees_with_the_standards_vectors(void **state)
{
    char key[131], text[152];
    static const struct {
        int key_byte, key_n;
        const char *key, *text, *mac;
    } v[] = {
        {0x0b, 20, NULL, "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {0, 4, "Jefe", "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {0xaa, 20, NULL, NULL, /* 50 times 0xdd */
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {0xaa, 131, NULL,
            "This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        unsigned char mac[32];
        char hex[65];
        memset(key, v[i].key_byte, sizeof key);
        memset(text, 0xdd, sizeof text);
        signature_mac(mac, (struct str){v[i].key ? v[i].key : key, (size_t)v[i].key_n}, NULL,
            v[i].text ? str_of(v[i].text) : (struct str){text, 50});
        str_hex(hex, mac, sizeof mac);
        assert_string_equal(hex, v[i].mac);
    }
}

/* Keys and bodies of every length around the blocks of SHA-256, beside another implementation; and
 * of each signature all that is nearly it. */
static void agrees_with_another_implementation_and_with_nothing_else(void **state)
{
    unsigned char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t nkey = 1; nkey <= 140; nkey++)
        for (size_t nbody = 0; nbody <= 200; nbody += nkey % 3 + 1) {
            unsigned char mac[32], other[32];
            unsigned int n = 0;
            signature_mac(mac, (struct str){(char *)bytes + 7, nkey}, NULL,
                (struct str){(char *)bytes + 31, nbody});
            assert_non_null(HMAC(EVP_sha256(), bytes + 7, (int)nkey, bytes + 31, nbody, other, &n));
            assert_memory_equal(mac, other, 32);
        }
    for (int bit = 0; bit < 256; bit++) {
        char value[80] = "sha256=" VECTOR;
        char *digit = value + 7 + bit / 4;
        int d = (*digit <= '9' ? *digit - '0' : *digit - 'a' + 10) ^ (1 << bit % 4);
        *digit = "0123456789abcdef"[d];
        struct http_header h[] = {
            header("X-Signature-256", value), header("X-Timestamp", "1700000000")};
        assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1);
    }
    static const char *const nearly[] = {"sha256=fca95dd7", "sha256=" VECTOR "00", VECTOR,
        "sha256=" VECTOR ",sha256=" VECTOR, "sha256=0" VECTOR, "SHA256=" VECTOR,
        "sha256=0000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof nearly / sizeof *nearly; i++) {
        struct http_header h[] = {
            header("X-Signature-256", nearly[i]), header("X-Timestamp", "1700000000")};
        assert_int_equal(check(SCHEME_HMAC, "geheim", h, 2, NULL), -1);
    }
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
    h = header("Authorization", "Basic dXNlcjpnZTpoZWlt"); /* user:ge:heim */
    assert_int_equal(check(SCHEME_ANY, "ge:heim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_ANY, "user:ge:heim", &h, 1, NULL), 0);
    assert_int_equal(check(SCHEME_ANY, "other:ge:heim", &h, 1, NULL), -1);
    assert_int_equal(check(SCHEME_ANY, "heim", &h, 1, NULL), -1);
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
        cmocka_unit_test(agrees_with_the_standards_vectors),
        cmocka_unit_test(agrees_with_another_implementation_and_with_nothing_else),
        cmocka_unit_test(verifies_hmac),
        cmocka_unit_test(verifies_hubspot),
        cmocka_unit_test(keeps_the_time_window),
        cmocka_unit_test(a_wrong_signature_is_not_healed_by_a_password),
        cmocka_unit_test(verifies_basic),
        cmocka_unit_test(verifies_shared_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
