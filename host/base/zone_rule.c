/* POSIX's TZ text: when clocks are turned in years to come. */
#include "zone_rule.h"

#include "clock.h"

#define HOUR 3600
#define DAY  86400

struct scan {
    const char *p, *end;
};

static bool take(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool number(struct scan *s, int low, int high, int *out)
{
    int v = 0;
    if (s->p == s->end || !is_digit(*s->p))
        return false;
    while (s->p < s->end && is_digit(*s->p)) {
        v = v * 10 + (*s->p++ - '0');
        if (v > high)
            return false;
    }
    *out = v;
    return v >= low;
}

/* "EET", or "<+03>": three characters or more. What it says is of no use here. */
static bool name(struct scan *s)
{
    const char *from = s->p;
    if (take(s, '<')) {
        while (s->p < s->end && *s->p != '>')
            s->p++;
        return take(s, '>');
    }
    while (s->p < s->end && ((*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z')))
        s->p++;
    return s->p - from >= 3;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool clock_time(struct scan *s, int hours, int64_t *out)
{
    int h, m = 0, sec = 0, sign = 1;
    if (take(s, '-'))
        sign = -1;
    else
        take(s, '+');
    if (!number(s, 0, hours, &h))
        return false;
    if (take(s, ':') && !number(s, 0, 59, &m))
        return false;
    if (m >= 0 && s->p < s->end && *s->p == ':') {
        s->p++;
        if (!number(s, 0, 59, &sec))
            return false;
    }
    *out = (int64_t)sign * (h * HOUR + m * 60 + sec);
    return true;
}

static bool day_of_year(struct scan *s, struct zone_day *d)
{
    *d = (struct zone_day){.kind = ZONE_DAY, .time = 2 * HOUR};
    if (take(s, 'M')) {
        d->kind = ZONE_WEEKDAY;
        if (!number(s, 1, 12, &d->month) || !take(s, '.') || !number(s, 1, 5, &d->week) ||
            !take(s, '.') || !number(s, 0, 6, &d->weekday))
            return false;
    } else if (take(s, 'J')) {
        d->kind = ZONE_JULIAN;
        if (!number(s, 1, 365, &d->day))
            return false;
    } else if (!number(s, 0, 365, &d->day)) {
        return false;
    }
    return !take(s, '/') || clock_time(s, 167, &d->time);
}

bool zone_rule_parse(struct str text, struct zone_rule *r)
{
    struct scan s = {text.p, text.p + text.n};
    *r = (struct zone_rule){0};
    if (!name(&s) || !clock_time(&s, 24, &r->standard))
        return false;
    r->standard = -r->standard; /* POSIX counts west of Greenwich */
    if (s.p == s.end)
        return true;
    r->turns = true;
    r->summer = r->standard + HOUR;
    if (!name(&s))
        return false;
    if (s.p < s.end && *s.p != ',') {
        if (!clock_time(&s, 24, &r->summer))
            return false;
        r->summer = -r->summer;
    }
    return take(&s, ',') && day_of_year(&s, &r->begin) && take(&s, ',') &&
           day_of_year(&s, &r->end) && s.p == s.end;
}

/* The local time at which clocks are turned in that year. */
static int64_t turn(const struct zone_day *d, int year)
{
    int64_t first = clock_days(year, 1, 1);
    bool leap = clock_days(year, 3, 1) - first == 60;
    int64_t day = first + d->day;
    if (d->kind == ZONE_JULIAN) {
        day = first + d->day - 1 + (leap && d->day >= 60);
    } else if (d->kind == ZONE_WEEKDAY) {
        int64_t month = clock_days(year, d->month, 1);
        int64_t next =
            d->month == 12 ? clock_days(year + 1, 1, 1) : clock_days(year, d->month + 1, 1);
        /* 1970-01-01 was a Thursday. */
        int weekday = (int)(((month + 4) % 7 + 7) % 7);
        day = month + (d->weekday - weekday + 7) % 7 + 7 * (d->week - 1);
        while (day >= next)
            day -= 7;
    }
    return day * DAY + d->time;
}

void zone_rule_span(const struct zone_rule *r, int64_t at, struct zone_span *out)
{
    *out = (struct zone_span){INT64_MIN, INT64_MAX, r->standard};
    if (!r->turns)
        return;
    int year, m, d;
    clock_date(at / DAY - (at % DAY < 0), &year, &m, &d);
    /* What lies nearest on either side; where two fall together (summer time all year, which POSIX
     * can only say so) the later begin wins. */
    for (int y = year - 2; y <= year + 2; y++) {
        const struct {
            int64_t at, offset;
        } turns[] = {{turn(&r->end, y) - r->summer, r->standard},
            {turn(&r->begin, y) - r->standard, r->summer}};
        for (int i = 0; i < 2; i++) {
            if (turns[i].at <= at && (turns[i].at > out->from || (turns[i].at == out->from && i))) {
                out->from = turns[i].at;
                out->offset = turns[i].offset;
            }
            if (turns[i].at > at && turns[i].at < out->until)
                out->until = turns[i].at;
        }
    }
}
