/* Manifests: what the host takes from a script process, and what it refuses. */
#include "test.h"

#include <string.h>
#include "manifest.h"

static const char full[] =
    "{\"company\":\"Nordic Design Oy\",\"connections\":["
    "{\"name\":\"click2contract\",\"kind\":\"click2contract\",\"where\":\"company.lua:3\","
    "\"auth\":{\"type\":\"none\"},\"webhook\":{\"event\":\"event\",\"id\":\"id\","
    "\"signature\":\"any\",\"secret\":{\"secret\":\"click2contract\"}}},"
    "{\"name\":\"procountor\",\"kind\":\"procountor\",\"where\":\"company.lua:4\","
    "\"url\":{\"env\":\"PROCOUNTOR_URL\"},\"rate\":10,\"settle_ms\":90000,\"webhook\":null,"
    "\"auth\":{\"type\":\"oauth2_m2m\",\"token_path\":\"/oauth/token\",\"params\":{"
    "\"grant_type\":{\"literal\":\"client_credentials\"},\"client_id\":{\"secret\":\"id\"},"
    "\"api_key\":{\"secret\":\"key\"}}}}],"
    "\"rules\":[{\"name\":\"Invoice\",\"where\":\"company.lua:9\","
    "\"on\":[\"click2contract.proposal.accepted\"],\"trigger\":\"manual\",\"key\":true}],"
    "\"warnings\":[\"w\"]}";

static void parses_what_boot_writes(void **state)
{
    struct err e = {0};
    struct manifest *m = manifest_parse("acme", STR_LIT(full), &e);
    assert_non_null(m);
    assert_string_equal(m->company, "Nordic Design Oy");
    assert_int_equal(m->nconnections, 2);
    const struct manifest_connection *c = manifest_connection(m, "click2contract");
    assert_true(c->webhook.present);
    assert_string_equal(c->webhook.id, "id");
    assert_int_equal(c->webhook.secrets[0].kind, VALUE_SECRET);
    assert_int_equal(c->settle_ms, -1);
    const struct manifest_connection *p = manifest_connection(m, "procountor");
    assert_false(p->webhook.present);
    assert_int_equal(p->url.kind, VALUE_ENV);
    assert_int_equal(p->auth.type, AUTH_OAUTH2_M2M);
    assert_int_equal(p->auth.nparams, 3);
    assert_int_equal(p->settle_ms, 90000);
    assert_true(p->rate > 9.9 && p->rate < 10.1);
    assert_int_equal(m->rules[0].trigger, TRIGGER_MANUAL);
    assert_true(m->rules[0].key);
    assert_null(manifest_connection(m, "other"));
    manifest_free(m);
}

static void names_each_value_once(void *arg, bool env, const char *name, const char *where)
{
    strcat(arg, env ? "e:" : "s:");
    strcat(arg, name);
    strcat(arg, " ");
}

static void lists_names(void **state)
{
    char names[200] = "";
    struct manifest *m = manifest_parse("acme", STR_LIT(full), NULL);
    manifest_each_name(m, names_each_value_once, names);
    assert_string_equal(names, "s:click2contract e:PROCOUNTOR_URL s:id s:key ");
    manifest_free(m);
}

static void refuses(void **state)
{
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"[", "manifest"},
        {"[]", "not an object"},
        {"{\"connections\":3}", "connections is not a list"},
        {"{\"connections\":[{\"name\":\"a b\",\"where\":\"x:1\"}]}", "the name of a connection"},
        {"{\"connections\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "already a connection"},
        {"{\"connections\":[{\"name\":\"a\",\"url\":5}]}", "secret \"name\""},
        {"{\"connections\":[{\"name\":\"a\",\"auth\":{\"type\":\"magic\"}}]}", "unknown auth"},
        {"{\"connections\":[{\"name\":\"a\",\"auth\":{\"type\":\"bearer\"}}]}", "needs a token"},
        {"{\"connections\":[{\"name\":\"a\",\"auth\":{\"type\":\"oauth2_m2m\"}}]}", "token_path"},
        {"{\"connections\":[{\"name\":\"a\",\"webhook\":{}}]}", "no secret"},
        {"{\"connections\":[{\"name\":\"a\",\"webhook\":{\"signature\":\"x\"}}]}",
            "unknown webhook"},
        {"{\"connections\":[{\"name\":\"a\",\"rate\":-1}]}", "rate"},
        {"{\"connections\":[{\"name\":\"a\",\"settle_ms\":-5}]}", "out of range"},
        {"{\"rules\":[{\"name\":\"\"}]}", "needs a name"},
        {"{\"rules\":[{\"name\":\"r\",\"trigger\":\"often\"}]}", "unknown trigger"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        assert_null(manifest_parse("acme", str_of(cases[i].json), &e));
        if (!strstr(e.text, cases[i].says))
            fail_msg("%s: %s", cases[i].json, e.text);
    }
}

static void unsigned_webhooks_are_said_aloud(void **state)
{
    struct manifest *m = manifest_parse("acme",
        STR_LIT("{\"connections\":[{\"name\":\"a\",\"webhook\":"
                "{\"signature\":\"none\"}}],\"rules\":{}}"),
        NULL);
    assert_non_null(m);
    assert_int_equal(m->connections[0].webhook.scheme, SCHEME_NONE);
    manifest_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_what_boot_writes),
        cmocka_unit_test(lists_names),
        cmocka_unit_test(refuses),
        cmocka_unit_test(unsigned_webhooks_are_said_aloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
