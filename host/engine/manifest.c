#include "manifest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "jsondoc.h"
#include "mem.h"
#include "redact.h"

#define MANIFEST_ITEMS_MAX 1000
#define MANIFEST_NAME_MAX  64
/* With the time it must fit into a delivery's id. */
#define MANIFEST_SCHEDULE_NAME_MAX 100
#define MANIFEST_MISSED_MAX        100

static int count_children(const struct jsonv *v)
{
    int n = 0;
    for (const struct jsonv *c = v ? v->child : NULL; c && n <= MANIFEST_ITEMS_MAX; c = c->next)
        n++;
    return n;
}

/* An absent list is an empty one; Lua writes an empty table as an object. */
static int list_of(
    const struct jsonv *root, const char *key, const struct jsonv **list, int *n, struct err *e)
{
    *list = jsonv_get(root, key);
    *n = count_children(*list);
    if (*list && (*list)->type == JSONV_OBJECT && *n == 0)
        return 0;
    if (*list && (*list)->type != JSONV_ARRAY && (*list)->type != JSONV_NULL)
        return err_set(e, ERR_SCRIPT, "manifest: %s is not a list", key);
    if (*n > MANIFEST_ITEMS_MAX)
        return err_set(e, ERR_LIMIT, "manifest: more than %d %s", MANIFEST_ITEMS_MAX, key);
    return 0;
}

static char *text_of(const struct jsonv *v, const char *key)
{
    return mem_dup(jsonv_str(jsonv_get(v, key), ""));
}

static int parse_webhook(
    const struct jsonv *conn, const char *what, struct manifest_webhook *w, struct err *e)
{
    const struct jsonv *v = jsonv_get(conn, "webhook");
    w->event = text_of(v, "event");
    w->id = text_of(v, "id");
    w->event_header = text_of(v, "event_header");
    w->id_header = text_of(v, "id_header");
    w->attempt = text_of(v, "attempt");
    w->address = text_of(v, "address");
    const struct jsonv *each = jsonv_get(v, "each");
    w->each = each && each->type == JSONV_BOOL && each->integer;
    if (!v || v->type != JSONV_OBJECT)
        return 0;
    w->present = true;
    return manifest_parse_signature(conn, what, w, e);
}

/* Names come up in paths, logs and file names. */
static bool good_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > MANIFEST_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* "24h"; absent: 0. */
static int parse_expected(const struct jsonv *v, const char *where, int64_t *ms, struct err *e)
{
    const char *text = jsonv_str(jsonv_get(v, "expected_every"), NULL);
    if (!text)
        return 0;
    if (str_to_ms(str_of(text), ms) && *ms >= RECURRENCE_EVERY_MIN && *ms <= RECURRENCE_EVERY_MAX)
        return 0;
    return err_set(e, ERR_SCRIPT,
        "%s: expected_every is \"%.40s\"; it is a time like 90s, 15m, 24h or 3d, up to 366d", where,
        text);
}

static int parse_limits(const struct jsonv *v, struct manifest_connection *c, struct err *e)
{
    c->settle_ms = jsonv_int(jsonv_get(v, "settle_ms"), -1);
    c->sends = (int)jsonv_int(jsonv_get(v, "attempts"), 0);
    if (looks_read(jsonv_get(v, "looks_ms"), &c->looks, e) < 0)
        return err_prefix(e, "%s: connection \"%s\"", c->where, c->name);
    if (c->sends < 0 || c->sends > 10)
        return err_set(e, ERR_SCRIPT, "%s: attempts is 1 to 10", c->where);
    c->timeout_ms = jsonv_int(jsonv_get(v, "timeout_ms"), 0);
    c->deadline_ms = jsonv_int(jsonv_get(v, "deadline_ms"), 0);
    if (c->deadline_ms < 0)
        return err_set(e, ERR_SCRIPT, "%s: deadline out of range", c->where);
    c->concurrency = (int)jsonv_int(jsonv_get(v, "concurrency"), 0);
    const struct jsonv *rate = jsonv_get(v, "rate");
    if (rate && (rate->type == JSONV_INTEGER || rate->type == JSONV_NUMBER))
        c->rate = strtod(rate->text.p, NULL);
    if (!isfinite(c->rate) || c->rate < 0 || c->rate > 1e6)
        return err_set(
            e, ERR_SCRIPT, "%s: rate must be requests a second, up to 1000000", c->where);
    if (c->settle_ms < -1 || c->settle_ms > 86400000 || c->timeout_ms < 0 ||
        c->timeout_ms > 3600000 || c->concurrency < 0 || c->concurrency > 10000)
        return err_set(e, ERR_SCRIPT, "%s: settle, timeout or concurrency out of range", c->where);
    return 0;
}

static int parse_connection(const struct jsonv *v, struct manifest_connection *c, struct err *e)
{
    c->name = text_of(v, "name");
    c->kind = text_of(v, "kind");
    c->where = text_of(v, "where");
    if (!good_name(c->name))
        return err_set(e, ERR_SCRIPT,
            "%s: the name of a connection is 1 to %d letters, digits, - and _, not \"%.40s\"",
            c->where, MANIFEST_NAME_MAX, c->name);
    c->redirects = text_of(v, "redirects");
    if (manifest_parse_value(jsonv_get(v, "url"), c->where, &c->url, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "proxy"), c->where, &c->proxy, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "certificate"), c->where, &c->certificate, e) < 0 ||
        manifest_parse_value(jsonv_get(v, "certificate_key"), c->where, &c->certificate_key, e) <
            0 ||
        manifest_parse_auth(jsonv_get(v, "auth"), c->where, &c->auth, e) < 0 ||
        parse_webhook(v, c->where, &c->webhook, e) < 0 ||
        manifest_parse_value(jsonv_path(v, "secrets.button"), c->where, &c->button, e) < 0 ||
        manifest_parse_catalogues(v, c, e) < 0 ||
        parse_expected(v, c->where, &c->expected_ms, e) < 0)
        return -1;
    return parse_limits(v, c, e);
}

static int parse_rule(const struct jsonv *v, struct manifest_rule *r, struct err *e)
{
    static const char *const names[] = {"automatic", "manual", "off", "function"};
    r->name = text_of(v, "name");
    r->where = text_of(v, "where");
    r->key = jsonv_bool(jsonv_get(v, "key"), false);
    r->newest = jsonv_bool(jsonv_get(v, "newest"), false);
    if (parse_expected(v, r->where, &r->expected_ms, e) < 0)
        return -1;
    if (!r->name[0] || strlen(r->name) > 200)
        return err_set(e, ERR_SCRIPT, "%s: a rule needs a name of at most 200 bytes", r->where);
    const char *trigger = jsonv_str(jsonv_get(v, "trigger"), "automatic");
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(trigger, names[i]) != 0)
        i++;
    if (i == sizeof names / sizeof names[0])
        return err_set(e, ERR_SCRIPT, "%s: unknown trigger \"%.40s\"", r->where, trigger);
    r->trigger = (enum manifest_trigger)i;
    const struct jsonv *on;
    int n;
    if (list_of(v, "on", &on, &n, e) < 0)
        return err_prefix(e, "%s", r->where);
    r->on = mem_zalloc((size_t)n, sizeof *r->on);
    for (const struct jsonv *c = on ? on->child : NULL; c; c = c->next)
        r->on[r->non++] = mem_dup(jsonv_str(c, ""));
    return 0;
}

static int parse_schedule(
    const char *company, const struct jsonv *v, struct manifest_schedule *s, struct err *e)
{
    static const char *const names[] = {"once", "all", "none"};
    s->name = text_of(v, "name");
    s->where = text_of(v, "where");
    s->poll = jsonv_bool(jsonv_get(v, "poll"), false);
    s->missed_limit = (int)jsonv_int(jsonv_get(v, "missed_limit"), MANIFEST_MISSED_MAX);
    if (!s->name[0] || strlen(s->name) > MANIFEST_SCHEDULE_NAME_MAX)
        return err_set(e, ERR_SCRIPT, "%s: a schedule needs a name of at most %d bytes", s->where,
            MANIFEST_SCHEDULE_NAME_MAX);
    const char *missed = jsonv_str(jsonv_get(v, "missed"), "once");
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(missed, names[i]) != 0)
        i++;
    if (i == sizeof names / sizeof names[0])
        return err_set(e, ERR_SCRIPT, "%s: unknown missed \"%.40s\"", s->where, missed);
    s->missed = (enum manifest_missed)i;
    if (s->missed_limit < 1 || s->missed_limit > MANIFEST_MISSED_MAX)
        return err_set(e, ERR_SCRIPT, "%s: schedule \"%s\": missed_limit is 1 to %d", s->where,
            s->name, MANIFEST_MISSED_MAX);
    char *phase = mem_printf("%s/%s", company, s->name);
    int rc = recurrence_init(&s->when, jsonv_str(jsonv_get(v, "at"), NULL),
        jsonv_str(jsonv_get(v, "time_zone"), NULL), jsonv_str(jsonv_get(v, "every"), NULL), phase,
        e);
    mem_free(phase);
    if (rc < 0)
        err_prefix(e, "%s: %s \"%s\"", s->where, s->poll ? "poll" : "schedule", s->name);
    return rc;
}

static int parse_schedules(
    struct manifest *m, const char *company, const struct jsonv *root, struct err *e)
{
    const struct jsonv *list;
    int n;
    if (list_of(root, "schedules", &list, &n, e) < 0)
        return -1;
    m->schedules = mem_zalloc((size_t)n, sizeof *m->schedules);
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next)
        if (parse_schedule(company, c, &m->schedules[m->nschedules++], e) < 0)
            return -1;
    return 0;
}

static int parse_lists(struct manifest *m, const struct jsonv *root, struct err *e)
{
    const struct jsonv *list;
    int n;
    if (list_of(root, "connections", &list, &n, e) < 0)
        return -1;
    m->connections = mem_zalloc((size_t)n, sizeof *m->connections);
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next) {
        struct manifest_connection *conn = &m->connections[m->nconnections++];
        if (parse_connection(c, conn, e) < 0)
            return -1;
        if (manifest_connection(m, conn->name) != conn)
            return err_set(e, ERR_SCRIPT,
                "%s: there is already a connection \"%s\"; give this one a name with as = \"...\"",
                conn->where, conn->name);
    }
    if (list_of(root, "rules", &list, &n, e) < 0)
        return -1;
    m->rules = mem_zalloc((size_t)n, sizeof *m->rules);
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next)
        if (parse_rule(c, &m->rules[m->nrules++], e) < 0)
            return -1;
    if (list_of(root, "warnings", &list, &n, e) < 0)
        return -1;
    m->warnings = mem_zalloc((size_t)n, sizeof *m->warnings);
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next)
        m->warnings[m->nwarnings++] = mem_dup(jsonv_str(c, ""));
    return 0;
}

static int parse_redact(struct manifest *m, const struct jsonv *root, struct err *e)
{
    const struct jsonv *list = jsonv_get(root, "redact");
    struct buf b;
    if (!list || !list->child)
        return 0;
    buf_init(&b, BUF_MAX_DEFAULT);
    jsonv_write(&b, list);
    m->redact = buf_take(&b, NULL);
    return redact_check(str_of(m->redact), e);
}

struct manifest *manifest_parse(const char *company, struct str json, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(json, e);
    if (!d) {
        err_prefix(e, "manifest");
        return NULL;
    }
    struct manifest *m = mem_zalloc(1, sizeof *m);
    const struct jsonv *root = jsondoc_root(d);
    int rc = 0;
    if (root->type != JSONV_OBJECT)
        rc = err_set(e, ERR_SCRIPT, "manifest: not an object");
    m->company = text_of(root, "company");
    m->max_sent = jsonv_int(jsonv_path(root, "limits.sent"), 0);
    m->max_running = (int)jsonv_int(jsonv_path(root, "limits.running"), 0);
    m->max_backlog = jsonv_int(jsonv_path(root, "limits.backlog"), 0);
    m->max_stored = jsonv_int(jsonv_path(root, "limits.stored"), 0);
    m->max_minute = jsonv_int(jsonv_path(root, "limits.per_minute"), 0);
    if (rc == 0)
        rc = parse_redact(m, root, e);
    if (rc == 0)
        rc = parse_lists(m, root, e);
    if (rc == 0)
        rc = parse_schedules(m, company, root, e);
    jsondoc_free(d);
    if (rc < 0) {
        manifest_free(m);
        return NULL;
    }
    return m;
}

static void free_connection(struct manifest_connection *c)
{
    mem_free(c->name);
    mem_free(c->kind);
    mem_free(c->where);
    mem_free(c->url.text);
    mem_free(c->proxy.text);
    mem_free(c->certificate.text);
    mem_free(c->certificate_key.text);
    mem_free(c->redirects);
    manifest_auth_free(&c->auth);
    mem_free(c->webhook.event);
    mem_free(c->webhook.id);
    mem_free(c->webhook.event_header);
    mem_free(c->webhook.id_header);
    mem_free(c->webhook.attempt);
    mem_free(c->button.text);
    mem_free(c->webhook.address);
    manifest_signature_free(&c->webhook);
    for (int i = 0; i < c->ncatalogues; i++)
        manifest_catalogue_free(&c->catalogues[i]);
    mem_free(c->catalogues);
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    for (int i = 0; i < m->nconnections; i++)
        free_connection(&m->connections[i]);
    for (int i = 0; i < m->nrules; i++) {
        for (int k = 0; k < m->rules[i].non; k++)
            mem_free(m->rules[i].on[k]);
        mem_free(m->rules[i].on);
        mem_free(m->rules[i].name);
        mem_free(m->rules[i].where);
    }
    for (int i = 0; i < m->nschedules; i++) {
        recurrence_free(&m->schedules[i].when);
        mem_free(m->schedules[i].name);
        mem_free(m->schedules[i].where);
    }
    mem_free(m->schedules);
    for (int i = 0; i < m->nwarnings; i++)
        mem_free(m->warnings[i]);
    mem_free(m->redact);
    mem_free(m->warnings);
    mem_free(m->connections);
    mem_free(m->rules);
    mem_free(m->company);
    mem_free(m);
}

bool manifest_listens(const struct manifest *m, const char *connection, const char *type)
{
    size_t n = strlen(connection);
    for (int i = 0; i < m->nrules; i++)
        for (int k = 0; k < m->rules[i].non; k++) {
            const char *on = m->rules[i].on[k];
            if (!strncmp(on, connection, n) &&
                (!on[n] || (on[n] == '.' && !strcmp(on + n + 1, type))))
                return true;
        }
    return false;
}

const struct manifest_connection *manifest_connection(const struct manifest *m, const char *name)
{
    for (int i = 0; m && i < m->nconnections; i++)
        if (strcmp(m->connections[i].name, name) == 0)
            return &m->connections[i];
    return NULL;
}

const struct manifest_schedule *manifest_schedule(const struct manifest *m, const char *name)
{
    for (int i = 0; m && i < m->nschedules; i++)
        if (strcmp(m->schedules[i].name, name) == 0)
            return &m->schedules[i];
    return NULL;
}

/* The values of a connection by number; NULL after the last. */
static const struct manifest_value *value_at(const struct manifest_connection *c, int i)
{
    const struct manifest_value *own[] = {&c->url, &c->proxy, &c->certificate, &c->certificate_key};
    int n = (int)(sizeof own / sizeof own[0]);
    if (i < n)
        return own[i];
    i -= n;
    return i < MANIFEST_SECRETS_MAX ? &c->webhook.secrets[i]
                                    : manifest_auth_value(&c->auth, i - MANIFEST_SECRETS_MAX);
}

/* True if a value before (connection, at) has the same kind and name. */
static bool named_before(
    const struct manifest *m, int connection, int at, const struct manifest_value *v)
{
    for (int i = 0; i <= connection; i++) {
        const struct manifest_value *o;
        for (int k = 0; (o = value_at(&m->connections[i], k)) != NULL; k++) {
            if (i == connection && k >= at)
                return false;
            if (o->kind == v->kind && strcmp(o->text, v->text) == 0)
                return true;
        }
    }
    return false;
}

void manifest_each_name(const struct manifest *m,
    void (*fn)(void *arg, bool env, const char *name, const char *where), void *arg)
{
    for (int i = 0; i < m->nconnections; i++) {
        const struct manifest_value *v;
        for (int k = 0; (v = value_at(&m->connections[i], k)) != NULL; k++)
            if ((v->kind == VALUE_SECRET || v->kind == VALUE_ENV) && !named_before(m, i, k, v))
                fn(arg, v->kind == VALUE_ENV, v->text, m->connections[i].where);
    }
}
