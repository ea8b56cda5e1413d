/* What one event holds of a person, and replacing it. */
#include <inttypes.h>

#include "clock.h"
#include "erase.h"
#include "json.h"
#include "mem.h"

/* Everything of an event that may hold a person's words; the number names the run. */
#define EVENT_TEXTS                                                                                \
    "SELECT e.delivery, e.reason, e.type, b.headers, b.body FROM events e"                         \
    " LEFT JOIN bodies b ON b.event = e.seq WHERE e.seq = ?"
#define RUN_TEXTS                                                                                  \
    "SELECT r.key, r.reason, r.result, r.about, r.tries, r.newest FROM runs r WHERE r.event = ?"
#define EDIT_TEXTS "SELECT body FROM edits WHERE event = ?"
#define ACT_TEXTS                                                                                  \
    "SELECT a.reason, a.changes, a.before FROM runs r JOIN acts a ON a.run = r.id WHERE r.event = ?"
#define OLD_STEP_TEXTS                                                                             \
    "SELECT s.title, s.spec, s.body, s.meta, s.answer FROM runs r JOIN old_steps s"                \
    " ON s.run = r.n WHERE r.event = ?"
#define STEP_TEXTS                                                                                 \
    "SELECT s.title, s.spec, s.body, s.meta, s.answer FROM runs r JOIN steps s ON s.key BETWEEN"   \
    " r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?"
#define LOG_TEXTS                                                                                  \
    "SELECT l.text FROM runs r JOIN logs l ON l.key BETWEEN r.n << 20 AND (r.n << 20) + 1048575"   \
    " WHERE r.event = ?"

static int any_row_holds(struct erasing *z, const char *text, int columns, int64_t event)
{
    struct query q = query_prepare(z->sql, text);
    int rc, found = 0;
    query_int(&q, event);
    while (!found && (rc = query_row(&q)) == 1)
        for (int i = 0; i < columns && !found; i++)
            found = needles_in(&z->needles, query_col(&q, i));
    query_free(&q);
    return z->sql->rc ? -1 : found;
}

static int is_named(struct erasing *z, int64_t event)
{
    const struct store_erase *e = z->q;
    if (!e->event && !e->key)
        return 0;
    struct query q = query_prepare(z->sql,
        "SELECT 1 FROM events e WHERE seq = ?1 AND (id = ?2 OR"
        " (?3 <> '' AND EXISTS (SELECT 1 FROM runs r WHERE r.event = e.seq AND r.key = ?3)))");
    query_int(&q, event);
    query_text(&q, e->event);
    query_text(&q, e->key);
    int rc = query_row(&q);
    query_free(&q);
    return rc;
}

int erase_holds(struct erasing *z, int64_t event)
{
    int rc = is_named(z, event);
    static const struct {
        const char *text;
        int columns;
    } all[] = {{EVENT_TEXTS, 5}, {RUN_TEXTS, 6}, {STEP_TEXTS, 5}, {LOG_TEXTS, 1}, {EDIT_TEXTS, 1},
        {ACT_TEXTS, 3}, {OLD_STEP_TEXTS, 5}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc && z->needles.n; i++)
        rc = any_row_holds(z, all[i].text, all[i].columns, event);
    return rc;
}

char *erase_refusal(struct erasing *z, int64_t event)
{
    char *why = NULL;
    struct query q =
        query_prepare(z->sql, "SELECT state, received_ms, delivery FROM events WHERE seq = ?");
    query_int(&q, event);
    if (query_row(&q) == 1) {
        struct str state = query_col(&q, 0);
        int64_t until = query_col_int(&q, 1) + STORE_KEEP_MIN_MS;
        if (!str_is(state, "done") && !str_is(state, "skipped")) {
            why = mem_printf("it is %.*s: let its runs end, or skip them with a reason, and erase "
                             "again",
                STR_ARG(state));
        } else if (until > z->now_ms && needles_in(&z->needles, query_col(&q, 2))) {
            char when[CLOCK_TEXT];
            clock_format(until, when);
            why = mem_printf("its delivery id holds the text, and the sender may deliver it again: "
                             "erase after %s",
                when);
        }
    }
    query_free(&q);
    return why;
}

static void name_field(struct erasing *z, const char *name)
{
    if (z->nfields++)
        buf_addc(&z->fields, ',');
    json_put_cstring(&z->fields, name);
}

/* Names what a query lists ("run_x step 3"), one text a row. */
static int name_rows(struct erasing *z, const char *text, int64_t event)
{
    struct query q = query_prepare(z->sql, text);
    query_int(&q, event);
    while (query_row(&q) == 1)
        name_field(z, query_col_text(&q, 0));
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

/* The small texts are replaced only if they hold it: they are what the facts are told by. */
static int replace_small(
    struct erasing *z, const char *find, const char *set, int64_t event, bool change)
{
    struct query q = query_prepare(z->sql, find); /* rowid, name, text */
    int64_t *rows = NULL;
    size_t n = 0;
    query_int(&q, event);
    while (query_row(&q) == 1) {
        if (!needles_in(&z->needles, query_col(&q, 2)))
            continue;
        rows = mem_realloc(rows, (n + 1) * sizeof(*rows));
        name_field(z, query_col_text(&q, 1));
        rows[n++] = query_col_int(&q, 0);
    }
    query_free(&q);
    for (size_t i = 0; i < n && change && !z->sql->rc; i++) {
        struct query u = query_prepare(z->sql, set);
        query_int(&u, rows[i]);
        query_run(&u);
        query_free(&u);
    }
    mem_free(rows);
    return z->sql->rc ? -1 : 0;
}

static int replace(struct erasing *z, const char *text, int64_t event)
{
    struct query q = query_prepare(z->sql, text);
    int parameters = sqlite3_bind_parameter_count(q.st);
    query_int(&q, event);
    if (parameters > 1)
        query_json(&q, buf_str(&z->mark));
    if (parameters > 2)
        query_int(&q, z->now_ms);
    int rc = query_run(&q);
    query_free(&q);
    return rc;
}

static int record(struct erasing *z, int64_t event)
{
    struct query q =
        query_prepare(z->sql, "INSERT INTO erasures (company, event, at_ms, by, why, fields)"
                              " SELECT company, id, ?2, ?3, ?4, ?5 FROM events WHERE seq = ?1");
    query_int(&q, event);
    query_int(&q, z->now_ms);
    query_text(&q, z->q->by);
    query_text(&q, z->q->why);
    query_int(&q, z->nfields);
    int rc = query_run(&q);
    query_free(&q);
    return rc;
}

#define OF_RUNS(table)                                                                             \
    "key IN (SELECT x.key FROM runs r JOIN " table                                                 \
    " x ON x.key BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?1)"

int erase_event(struct erasing *z, int64_t event, bool change)
{
    static const char *const lists[] = {
        "SELECT 'headers' FROM bodies WHERE event = ? AND headers IS NOT NULL",
        "SELECT 'body' FROM bodies WHERE event = ?",
        "SELECT r.id || ' result' FROM runs r WHERE r.event = ? AND r.result IS NOT NULL",
        "SELECT r.id || ' about' FROM runs r WHERE r.event = ? AND r.about <> ''",
        "SELECT r.id || ' changed data' FROM runs r JOIN edits x ON x.n = r.edit"
        " WHERE r.event = ?",
        "SELECT r.id || ' earlier step ' || s.seq FROM runs r JOIN old_steps s ON s.run = r.n"
        " WHERE r.event = ?",
        "SELECT r.id || ' step ' || (s.key & 1048575) FROM runs r JOIN steps s ON s.key BETWEEN"
        " r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?",
        "SELECT r.id || ' log line ' || (1 + (l.key & 1048575)) FROM runs r JOIN logs l ON l.key"
        " BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?",
    };
    static const char *const sets[] = {
        "UPDATE events SET pruned_ms = ?3 WHERE seq = ?1",
        /* What goes with a body when it is pruned (data that people changed, steps that were asked
         * again) goes with this one too: the trigger does it. */
        "DELETE FROM bodies WHERE event = ?1",
        "INSERT INTO bodies (event, headers, body) SELECT ?1, ?2, CAST(?2 AS BLOB)",
        "UPDATE runs SET result = iif(result IS NULL, NULL, ?2), about = '', newest = '',"
        " tries = NULL WHERE event = ?1",
        "UPDATE steps SET spec = ?2, body = x'', meta = iif(meta IS NULL, NULL, ?2),"
        " answer = iif(answer IS NULL, NULL, x''), sum = NULL WHERE " OF_RUNS("steps"),
        "UPDATE acts SET before = ?2 WHERE run IN (SELECT id FROM runs WHERE event = ?1)",
        "UPDATE logs SET text = ?2 WHERE " OF_RUNS("logs"),
    };
    buf_clear(&z->fields);
    z->nfields = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (name_rows(z, lists[i], event))
            return -1;
    if (replace_small(z, "SELECT seq, 'delivery', delivery FROM events WHERE seq = ?",
            "UPDATE events SET delivery = 'erased ' || id WHERE seq = ?", event, change) ||
        replace_small(z, "SELECT seq, 'reason', reason FROM events WHERE seq = ?",
            "UPDATE events SET reason = 'erased' WHERE seq = ?", event, change) ||
        replace_small(z, "SELECT seq, 'type', type FROM events WHERE seq = ?",
            "UPDATE events SET type = 'erased' WHERE seq = ?", event, change) ||
        /* What is kept by the key goes with it, unless a run that is not settled needs it. */
        replace_small(z, "SELECT n, id || ' order of arrival', key FROM runs WHERE event = ?",
            "DELETE FROM newest WHERE (company, rule, key) IN (SELECT company, rule, key FROM runs r"
            " WHERE n = ?1 AND NOT EXISTS (SELECT 1 FROM runs x WHERE x.company = r.company AND"
            "  x.key = r.key AND x.state NOT IN ('done','skipped')))",
            event, change) ||
        replace_small(z, "SELECT n, id || ' key', key FROM runs WHERE event = ?",
            "UPDATE runs SET key = 'erased' WHERE n = ?", event, change) ||
        replace_small(z, "SELECT n, id || ' reason', reason FROM runs WHERE event = ?",
            "UPDATE runs SET reason = 'erased' WHERE n = ?", event, change) ||
        replace_small(z,
            "SELECT a.n, r.id || ' act reason', a.reason FROM runs r JOIN acts a ON a.run = r.id"
            " WHERE r.event = ?",
            "UPDATE acts SET reason = 'erased' WHERE n = ?", event, change) ||
        replace_small(z,
            "SELECT s.n, r.id || ' earlier step ' || s.seq || ' title', s.title FROM runs r"
            " JOIN old_steps s ON s.run = r.n WHERE r.event = ?",
            "UPDATE old_steps SET title = 'erased' WHERE n = ?", event, change) ||
        replace_small(z,
            "SELECT s.key, r.id || ' step ' || (s.key & 1048575) || ' title', s.title FROM runs r"
            " JOIN steps s ON s.key BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?",
            "UPDATE steps SET title = 'erased' WHERE key = ?", event, change))
        return -1;
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && change; i++)
        if (replace(z, sets[i], event))
            return -1;
    return change ? record(z, event) : 0;
}
