/* Is what is kept still what was written? See store_sum.c. */
#include "doctor.h"

#define SHOWN 5

static void say_damaged(struct doctor *d, int n)
{
    if (n <= SHOWN)
        doctor_say(d, DOCTOR_BAD, "content",
            "restore a backup; of what is done or skipped, `sauma erase COMPANY --event EVENT` gives "
            "up the content alone",
            "%s", d->sql->problem);
    sql_forgive(d->sql);
}

static int check_bodies(struct doctor *d)
{
    struct query q = query_prepare(d->sql,
        "SELECT e.id, b.body, e.body_hash FROM bodies b JOIN events e ON e.seq = b.event"
        " WHERE e.pruned_ms = 0");
    int bad = 0;
    while (query_row(&q) == 1)
        if (body_check(d->sql, query_col_text(&q, 0), query_col(&q, 1), query_col(&q, 2)))
            say_damaged(d, ++bad);
    query_free(&q);
    return bad;
}

static int check_answers(struct doctor *d)
{
    struct query q = query_prepare(d->sql,
        "SELECT r.id, s.outcome, s.meta, s.answer, s.sum FROM steps s JOIN runs r ON r.n = s.key >> 20"
        " WHERE s.sum IS NOT NULL");
    int bad = 0;
    while (query_row(&q) == 1) {
        struct store_answer a = {
            .outcome = query_col_text(&q, 1), .meta = query_col(&q, 2), .body = query_col(&q, 3)};
        if (answer_check(d->sql, query_col_text(&q, 0), &a, query_col_int(&q, 4)))
            say_damaged(d, ++bad);
    }
    query_free(&q);
    return bad;
}

void doctor_content(struct doctor *d)
{
    int bad = check_bodies(d);
    bad += check_answers(d);
    if (bad > SHOWN)
        doctor_say(d, DOCTOR_BAD, "content", "restore a backup",
            "%d texts in all are not what was "
            "written",
            bad);
    if (!bad && !d->sql->rc)
        doctor_say(d, DOCTOR_OK, "content", "", "bodies and answers are what was written");
}
