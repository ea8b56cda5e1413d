/* Reading cron's five fields, and finding the next time they name. */
#include "cron.h"

#include <string.h>
#include "clock.h"

#define MINUTES_A_DAY 1440
/* 29 February on a Sunday (the day of the week as a star with a step): at most 40 years apart. */
#define DAYS_MAX (41 * 366)

struct field {
    const char *name;
    int low, high;
    const char *words; /* of three letters each; NULL: none */
    int first_word;    /* the number of the first */
};

static const struct field fields[] = {
    {"minute", 0, 59, NULL, 0},
    {"hour", 0, 23, NULL, 0},
    {"day of month", 1, 31, NULL, 0},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
    {"day of week", 0, 7, "sunmontuewedthufrisat", 0},
};
#define FIELDS  ((int)(sizeof(fields) / sizeof(fields[0])))
#define WEEKDAY 4

struct scan {
    struct str text;
    size_t at;
    int field;
    struct err *e;
};

static int wrong(struct scan *s, const char *what)
{
    return err_set(s->e, ERR_INPUT, "field %d (%s), character %zu: %s", s->field + 1,
        fields[s->field].name, s->at + 1, what);
}

static char peek(const struct scan *s)
{
    return s->at < s->text.n ? s->text.p[s->at] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A name of three letters; what is longer is none. */
static int read_word(struct scan *s, int *out)
{
    const struct field *f = &fields[s->field];
    struct str left = {s->text.p + s->at, s->text.n - s->at};
    for (int i = 0; f->words && f->words[3 * i]; i++) {
        if (left.n < 3 || !str_ieq((struct str){left.p, 3}, (struct str){f->words + 3 * i, 3}))
            continue;
        if (left.n > 3 && is_letter(left.p[3]))
            break;
        s->at += 3;
        *out = f->first_word + i;
        return 0;
    }
    return wrong(s, !f->words             ? "this field takes numbers, ranges, steps and *"
                    : s->field == WEEKDAY ? "a day of the week is a number or sun, mon, tue, wed, "
                                            "thu, fri, sat"
                                          : "a month is a number or jan, feb, mar, apr, may, jun, "
                                            "jul, aug, sep, oct, nov, dec");
}

static int read_number(struct scan *s, int low, int high, int *out)
{
    size_t from = s->at;
    int v = 0;
    while (is_digit(peek(s)) && v <= 9999)
        v = v * 10 + (s->text.p[s->at++] - '0');
    if (s->at > from && !is_digit(peek(s)) && v >= low && v <= high) {
        *out = v;
        return 0;
    }
    bool any = s->at > from;
    s->at = from;
    err_set(s->e, ERR_INPUT, "field %d (%s), character %zu: %s %d to %d", s->field + 1,
        fields[s->field].name, from + 1, any ? "the number must be" : "a number is wanted,", low,
        high);
    return -1;
}

static int read_value(struct scan *s, int *out)
{
    const struct field *f = &fields[s->field];
    if (is_letter(peek(s)))
        return read_word(s, out);
    return read_number(s, f->low, f->high, out);
}

/* One of a list: a star, a value or a range, with a step perhaps. */
static int read_item(struct scan *s, uint64_t *bits)
{
    const struct field *f = &fields[s->field];
    int low = f->low, high = f->high, step = 1;
    bool range = true;
    if (peek(s) == '*') {
        s->at++;
    } else {
        size_t from = s->at;
        if (read_value(s, &low) < 0)
            return -1;
        high = low;
        range = peek(s) == '-';
        if (range) {
            s->at++;
            if (read_value(s, &high) < 0)
                return -1;
            if (s->field == WEEKDAY && high == 0)
                high = 7; /* sat-sun */
        }
        if (high < low) {
            s->at = from;
            return wrong(s, "the range ends before it begins");
        }
    }
    if (peek(s) == '/') {
        if (!range)
            return wrong(s, "a step is of a range or of *: 10-59/15, */15");
        s->at++;
        if (read_number(s, 1, f->high, &step) < 0)
            return -1;
    }
    for (int v = low; v <= high; v += step)
        *bits |= UINT64_C(1) << v;
    return 0;
}

static int read_field(struct scan *s, uint64_t *bits)
{
    *bits = 0;
    for (;;) {
        if (read_item(s, bits) < 0)
            return -1;
        if (peek(s) != ',')
            break;
        s->at++;
    }
    if (s->at < s->text.n && !is_blank(peek(s)))
        return wrong(s, "this is not understood; a field is made of numbers, names, * , - and /");
    return 0;
}

/* The fields that a word like @daily stands for; NULL if it is none. */
static const char *named(struct str text)
{
    static const struct {
        const char *name, *fields;
    } names[] = {{"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_ieq(text, str_of(names[i].name)))
            return names[i].fields;
    return NULL;
}

/* A day of the month that some month of the list has. */
static int check_exists(const struct cron *c, struct err *e)
{
    static const char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int m = 1; m <= 12; m++)
        for (int d = 1; d <= lengths[m - 1]; d++)
            if (c->months >> m & 1 && (c->days >> d & 1 || c->either))
                return 0;
    return err_set(e, ERR_INPUT, "no month of field 4 has a day of field 3, so it never comes");
}

static int read_fields(struct scan *s, struct cron *c)
{
    uint64_t bits[FIELDS];
    bool star[FIELDS];
    for (s->field = 0; s->field < FIELDS; s->field++) {
        while (is_blank(peek(s)))
            s->at++;
        if (s->at == s->text.n)
            return err_set(s->e, ERR_INPUT,
                "field %d (%s) is missing: there are five, minute hour day-of-month month "
                "day-of-week",
                s->field + 1, fields[s->field].name);
        star[s->field] = peek(s) == '*';
        if (read_field(s, &bits[s->field]) < 0)
            return -1;
    }
    while (is_blank(peek(s)))
        s->at++;
    if (s->at < s->text.n)
        return err_set(
            s->e, ERR_INPUT, "character %zu: after the five fields there is more", s->at + 1);
    *c = (struct cron){.minutes = bits[0],
        .hours = (uint32_t)bits[1],
        .days = (uint32_t)bits[2],
        .months = (uint32_t)bits[3],
        .weekdays = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
        .either = !star[2] && !star[4]};
    return check_exists(c, s->e);
}

int cron_parse(struct str text, struct cron *c, struct err *e)
{
    struct scan s = {.text = str_trim(text), .e = e};
    if (s.text.n && s.text.p[0] == '@') {
        const char *words = named(s.text);
        if (!words)
            return err_set(e, ERR_INPUT,
                "\"%.*s\" is not known; there are @hourly, @daily, @midnight, @weekly, @monthly, "
                "@yearly and @annually",
                s.text.n > 40 ? 40 : (int)s.text.n, s.text.p);
        s.text = str_of(words);
    }
    return read_fields(&s, c);
}

/* ---- when ---- */

static bool day_matches(const struct cron *c, int64_t day)
{
    int y, m, d;
    clock_date(day, &y, &m, &d);
    if (!(c->months >> m & 1))
        return false;
    /* 1970-01-01 was a Thursday. */
    int weekday = (int)(((day + 4) % 7 + 7) % 7);
    bool by_month = c->days >> d & 1, by_week = c->weekdays >> weekday & 1;
    return c->either ? by_month || by_week : by_month && by_week;
}

static int64_t day_of(int64_t minute)
{
    return minute / MINUTES_A_DAY - (minute % MINUTES_A_DAY < 0);
}

bool cron_matches(const struct cron *c, int64_t local_minute)
{
    int64_t day = day_of(local_minute);
    int of_day = (int)(local_minute - day * MINUTES_A_DAY);
    return c->hours >> (of_day / 60) & 1 && c->minutes >> (of_day % 60) & 1 && day_matches(c, day);
}

/* The first minute of a day from `from` on, or MINUTES_A_DAY. */
static int minute_of_day(const struct cron *c, int from)
{
    for (int m = from; m < MINUTES_A_DAY; m++) {
        if (!(c->hours >> (m / 60) & 1))
            m += 59 - m % 60;
        else if (c->minutes >> (m % 60) & 1)
            return m;
    }
    return MINUTES_A_DAY;
}

int64_t cron_next(const struct cron *c, int64_t after)
{
    int64_t first = day_of(after + 1);
    int from = (int)(after + 1 - first * MINUTES_A_DAY);
    for (int64_t day = first; day <= first + DAYS_MAX; day++, from = 0) {
        if (!day_matches(c, day))
            continue;
        int m = minute_of_day(c, from);
        if (m < MINUTES_A_DAY)
            return day * MINUTES_A_DAY + m;
    }
    return INT64_MAX; /* cron_parse lets none through of which this is true */
}
