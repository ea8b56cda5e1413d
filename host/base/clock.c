/* Time. The calendar is computed here: the C library's conversions keep hidden state and obey the
 * environment's time zone. */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_wall_ms(void)
{
    return now_us(CLOCK_REALTIME) / 1000;
}

#define DAY_MS    INT64_C(86400000)
#define YEAR_0    INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define YEAR_9999 INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01 of a date in the Gregorian calendar, counted in years that begin in March
 * and eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
int64_t clock_days(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year = y - era * 400;
    int64_t day = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

void clock_date(int64_t days, int *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int month = (int)((5 * of_year + 2) / 153);
    *d = (int)(of_year - (153 * month + 2) / 5 + 1);
    *m = month < 10 ? month + 3 : month - 9;
    *y = (int)(year + era * 400 + (*m <= 2));
}

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT])
{
    if (wall_ms < YEAR_0)
        wall_ms = YEAR_0;
    if (wall_ms > YEAR_9999)
        wall_ms = YEAR_9999;
    int64_t ms = wall_ms % DAY_MS;
    int64_t days = wall_ms / DAY_MS;
    if (ms < 0) {
        ms += DAY_MS;
        days--;
    }
    int y, m, d;
    clock_date(days, &y, &m, &d);
    /* The remainders tell the compiler how wide each field can be. */
    snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)y % 10000,
        (unsigned)m % 100, (unsigned)d % 100, (unsigned)(ms / 3600000) % 24,
        (unsigned)(ms / 60000) % 60, (unsigned)(ms / 1000) % 60, (unsigned)(ms % 1000));
}

void clock_format_local(int64_t wall_ms, char out[CLOCK_TEXT])
{
    struct tm at;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (!localtime_r(&seconds, &at) || !strftime(out, CLOCK_TEXT, "%Y-%m-%d %H:%M:%S", &at))
        clock_format(wall_ms, out);
}

/* A text being read from the left; ok turns false at the first thing that does not fit. */
struct scan {
    const char *p, *end;
    bool ok;
};

static int digits(struct scan *s, int n)
{
    int v = 0;
    for (; n > 0 && s->ok; n--) {
        if (s->p == s->end || *s->p < '0' || *s->p > '9')
            s->ok = false;
        else
            v = v * 10 + (*s->p++ - '0');
    }
    return v;
}

static char one_of(struct scan *s, const char *chars)
{
    if (!s->ok || s->p == s->end || *s->p == '\0' || !strchr(chars, *s->p)) {
        s->ok = false;
        return '\0';
    }
    return *s->p++;
}

/* Index of the name that stands next, of a list of names of three letters. */
static int name_of(struct scan *s, const char *names)
{
    if (s->ok && s->end - s->p >= 3) {
        for (int i = 0; names[3 * i]; i++) {
            if (memcmp(names + 3 * i, s->p, 3) == 0) {
                s->p += 3;
                return i;
            }
        }
    }
    s->ok = false;
    return 0;
}

static int64_t clock_fields(struct scan *s)
{
    int hour = digits(s, 2);
    one_of(s, ":");
    int minute = digits(s, 2);
    one_of(s, ":");
    int second = digits(s, 2);
    /* 60 is a leap second, which this count of time does not have: it is the next one's begin. */
    if (hour > 23 || minute > 59 || second > 60)
        s->ok = false;
    return ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

static int64_t date_fields(struct scan *s, int y, int m, int d)
{
    static const char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    if (!s->ok || m < 1 || m > 12 || d < 1 || d > lengths[m - 1] || (m == 2 && d == 29 && !leap)) {
        s->ok = false;
        return 0;
    }
    return clock_days(y, m, d) * DAY_MS;
}

/* ".123456": milliseconds, what is finer is cut off. */
static int64_t fraction(struct scan *s)
{
    if (!s->ok || s->p == s->end || *s->p != '.')
        return 0;
    s->p++;
    int64_t ms = 0, unit = 100;
    do {
        ms += unit * digits(s, 1);
        unit /= 10;
    } while (s->ok && s->p != s->end && *s->p >= '0' && *s->p <= '9');
    return ms;
}

/* "Z", or "+02:00" in ms east of Greenwich. */
static int64_t offset(struct scan *s)
{
    char sign = one_of(s, "Zz+-");
    if (sign == 'Z' || sign == 'z')
        return 0;
    int hour = digits(s, 2);
    one_of(s, ":");
    int minute = digits(s, 2);
    if (hour > 23 || minute > 59)
        s->ok = false;
    int64_t ms = (hour * 60 + minute) * INT64_C(60000);
    return sign == '-' ? -ms : ms;
}

bool clock_parse_rfc3339(const char *text, size_t n, int64_t *wall_ms)
{
    struct scan s = {text, text + n, true};
    int y = digits(&s, 4);
    one_of(&s, "-");
    int m = digits(&s, 2);
    one_of(&s, "-");
    int d = digits(&s, 2);
    int64_t ms = date_fields(&s, y, m, d);
    one_of(&s, "Tt ");
    ms += clock_fields(&s);
    ms += fraction(&s);
    ms -= offset(&s);
    if (!s.ok || s.p != s.end)
        return false;
    *wall_ms = ms;
    return true;
}

static const char day_names[] = "MonTueWedThuFriSatSun";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void word(struct scan *s, const char *text)
{
    size_t n = strlen(text);
    if (!s->ok || (size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0)
        s->ok = false;
    else
        s->p += n;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static int64_t http_date(struct scan *s)
{
    name_of(s, day_names);
    word(s, ", ");
    int d = digits(s, 2);
    word(s, " ");
    int m = 1 + name_of(s, month_names);
    word(s, " ");
    int y = digits(s, 4);
    word(s, " ");
    int64_t ms = date_fields(s, y, m, d) + clock_fields(s);
    word(s, " GMT");
    return ms;
}

/* Of two digits, as RFC 9110 has it: what would be over 50 years ahead is of the century before. */
static int whole_year(int two)
{
    int y, m, d;
    clock_date(clock_wall_ms() / DAY_MS, &y, &m, &d);
    int whole = y - y % 100 + two;
    return whole > y + 50 ? whole - 100 : whole;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static int64_t old_date(struct scan *s)
{
    static const char *const rests[] = {
        "day, ", "sday, ", "nesday, ", "rsday, ", "day, ", "urday, ", "day, "};
    word(s, rests[name_of(s, day_names)]);
    int d = digits(s, 2);
    word(s, "-");
    int m = 1 + name_of(s, month_names);
    word(s, "-");
    int y = whole_year(digits(s, 2));
    word(s, " ");
    int64_t ms = date_fields(s, y, m, d) + clock_fields(s);
    word(s, " GMT");
    return ms;
}

/* "Sun Nov  6 08:49:37 1994" */
static int64_t c_date(struct scan *s)
{
    name_of(s, day_names);
    word(s, " ");
    int m = 1 + name_of(s, month_names);
    word(s, " ");
    bool one = s->p != s->end && *s->p == ' ';
    if (one)
        s->p++;
    int d = digits(s, one ? 1 : 2);
    word(s, " ");
    int64_t time = clock_fields(s);
    word(s, " ");
    return date_fields(s, digits(s, 4), m, d) + time;
}

bool clock_parse_http(const char *text, size_t n, int64_t *wall_ms)
{
    static int64_t (*const forms[])(struct scan *) = {http_date, old_date, c_date};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct scan s = {text, text + n, true};
        int64_t ms = forms[i](&s);
        if (s.ok && s.p == s.end) {
            *wall_ms = ms;
            return true;
        }
    }
    return false;
}

void clock_boot(char out[40])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    out[0] = '\0';
    if (!f)
        return;
    if (fgets(out, 40, f))
        out[strcspn(out, "\n")] = '\0';
    fclose(f);
}
