#include "act_request.h"

#include <string.h>

#include "mem.h"
#include "since.h"

#define CHANGES_MAX 1000
#define AGAIN_MAX   1000

static const char *const known[] = {"by", "reason", "from", "again", "afresh", "same_version",
    "skipped", "data", "set", "unset", "changes", "filter", "limit", "all", "dry_run", NULL};
static const char *const known_filter[] = {
    "company", "rule", "state", "key", "event", "reason_like", "since", NULL};

static int check_names(const struct jsonv *v, const char *const *names, struct err *e)
{
    for (const struct jsonv *c = v ? v->child : NULL; c; c = c->next) {
        int i = 0;
        while (names[i] && !str_is(c->key, names[i]))
            i++;
        if (!names[i])
            return err_set(e, ERR_USAGE, "\"%.*s\" is not understood here", STR_ARG(c->key));
    }
    return 0;
}

int act_verb(struct str verb, enum engine_action *a)
{
    static const struct {
        const char *name;
        enum engine_action action;
    } verbs[] = {{"send", ENGINE_SEND}, {"retry", ENGINE_RETRY}, {"skip", ENGINE_SKIP},
        {"edit", ENGINE_EDIT}};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (str_is(verb, verbs[i].name)) {
            *a = verbs[i].action;
            return 0;
        }
    return -1;
}

static int length(const struct jsonv *list)
{
    int n = 0;
    for (const struct jsonv *c = list ? list->child : NULL; c; c = c->next)
        n++;
    return n;
}

static int read_again(struct act_request *q, const struct jsonv *list, struct err *e)
{
    int n = length(list);
    if (!list)
        return 0;
    if (list->type != JSONV_ARRAY || n > AGAIN_MAX)
        return err_set(e, ERR_USAGE, "again is a list of at most %d steps", AGAIN_MAX);
    q->again = mem_zalloc((size_t)n, sizeof(*q->again));
    for (const struct jsonv *c = list->child; c; c = c->next) {
        if (c->type != JSONV_INTEGER || c->integer < 1 || c->integer > UINT32_MAX)
            return err_set(e, ERR_USAGE, "again holds numbers of steps");
        q->again[q->act.nagain++] = (uint32_t)c->integer;
    }
    q->act.again = q->again;
    return 0;
}

static int read_changes(struct act_request *q, const struct jsonv *root, struct err *e)
{
    const struct jsonv *set = jsonv_get(root, "set"), *unset = jsonv_get(root, "unset"),
                       *texts = jsonv_get(root, "changes");
    int n = length(set) + length(unset) + length(texts);
    if ((set && set->type != JSONV_OBJECT) || (unset && unset->type != JSONV_ARRAY) ||
        (texts && texts->type != JSONV_ARRAY))
        return err_set(e, ERR_USAGE, "set is an object, unset and changes are lists of texts");
    if (n > CHANGES_MAX)
        return err_set(e, ERR_LIMIT, "more than %d changes at once", CHANGES_MAX);
    q->changes = mem_zalloc((size_t)n, sizeof(*q->changes));
    /* The values end up in one buffer, which may move while it grows: first their places. */
    size_t *at = mem_zalloc((size_t)n + 1, sizeof(*at));
    int i = 0, rc = 0;
    for (const struct jsonv *c = set ? set->child : NULL; c; c = c->next) {
        at[i] = q->values.n;
        jsonv_write(&q->values, c);
        at[i + 1] = q->values.n;
        q->changes[i++] = (struct json_change){JSON_CHANGE_JSON, c->key, STR_NONE};
    }
    for (int k = 0; k < i; k++)
        q->changes[k].value = (struct str){q->values.p + at[k], at[k + 1] - at[k]};
    mem_free(at);
    for (const struct jsonv *c = unset ? unset->child : NULL; c; c = c->next)
        q->changes[i++] =
            (struct json_change){JSON_CHANGE_REMOVE, str_of(jsonv_str(c, "")), STR_LIT("")};
    for (const struct jsonv *c = texts ? texts->child : NULL; c && rc == 0; c = c->next)
        rc = json_change_parse(str_of(jsonv_str(c, "")), &q->changes[i++], e);
    q->act.changes = q->changes;
    q->act.nchanges = n;
    return rc;
}

static int read_filter(struct act_request *q, const struct jsonv *f, struct err *e)
{
    if (!f)
        return 0;
    if (f->type != JSONV_OBJECT)
        return err_set(e, ERR_USAGE, "filter is an object");
    if (check_names(f, known_filter, e) < 0)
        return -1;
    q->filtered = true;
    q->filter.company = jsonv_str(jsonv_get(f, "company"), NULL);
    q->filter.rule = jsonv_str(jsonv_get(f, "rule"), NULL);
    q->filter.state = jsonv_str(jsonv_get(f, "state"), NULL);
    q->filter.key = jsonv_str(jsonv_get(f, "key"), NULL);
    q->filter.event = jsonv_str(jsonv_get(f, "event"), NULL);
    q->filter.reason_like = jsonv_str(jsonv_get(f, "reason_like"), NULL);
    const char *since = jsonv_str(jsonv_get(f, "since"), NULL);
    if (since && !since_parse(since, &q->filter.since_ms))
        return err_set(e, ERR_USAGE, "since is 30d, 12h, 2026-11-20 or a full time");
    return 0;
}

static int read_members(struct act_request *q, const struct jsonv *root, struct err *e)
{
    struct engine_act *a = &q->act;
    if (check_names(root, known, e) < 0)
        return -1;
    a->by = jsonv_str(jsonv_get(root, "by"), "api");
    a->reason = jsonv_str(jsonv_get(root, "reason"), "");
    a->from = jsonv_int(jsonv_get(root, "from"), -1);
    a->afresh = jsonv_bool(jsonv_get(root, "afresh"), false);
    a->same_version = jsonv_bool(jsonv_get(root, "same_version"), false);
    a->skipped = jsonv_bool(jsonv_get(root, "skipped"), false);
    q->all = jsonv_bool(jsonv_get(root, "all"), false);
    q->dry_run = jsonv_bool(jsonv_get(root, "dry_run"), false);
    q->limit = jsonv_int(jsonv_get(root, "limit"), 0);
    const struct jsonv *data = jsonv_get(root, "data");
    if (data) {
        jsonv_write(&q->data, data);
        a->data = buf_str(&q->data);
    }
    return read_again(q, jsonv_get(root, "again"), e) < 0 || read_changes(q, root, e) < 0 ||
                   read_filter(q, jsonv_get(root, "filter"), e) < 0
               ? -1
               : 0;
}

int act_request_read(struct act_request *q, struct str verb, struct str body, struct err *e)
{
    memset(q, 0, sizeof(*q));
    buf_init(&q->data, BUF_MAX_DEFAULT);
    buf_init(&q->values, BUF_MAX_DEFAULT);
    if (act_verb(verb, &q->act.action) < 0)
        return err_set(e, ERR_NOT_FOUND, "runs take /send, /retry, /skip and /edit");
    q->doc = jsondoc_parse(body.n ? body : STR_LIT("{}"), e);
    if (!q->doc)
        return -1;
    if (jsondoc_root(q->doc)->type != JSONV_OBJECT)
        return err_set(e, ERR_USAGE, "an act is a JSON object");
    return read_members(q, jsondoc_root(q->doc), e);
}

void act_request_free(struct act_request *q)
{
    buf_free(&q->data);
    buf_free(&q->values);
    mem_free(q->changes);
    mem_free(q->again);
    jsondoc_free(q->doc);
}

int act_status(const struct err *e)
{
    switch (e->code) {
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_INPUT:
    case ERR_LIMIT:
    case ERR_USAGE:
        return 400;
    default:
        return 503;
    }
}
