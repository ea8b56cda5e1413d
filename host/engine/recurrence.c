/* When what recurs comes next. */
#include "recurrence.h"

#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "id.h"
#include "mem.h"

#define MINUTE_MS INT64_C(60000)
/* How far back the last slot is looked for, before it is looked for farther. */
#define DAY_MINUTES INT64_C(1440)

static int init_every(struct recurrence *r, const char *every, const char *phase, struct err *e)
{
    char hash[33];
    uint64_t n = 0;
    if (!str_to_ms(str_of(every), &r->every_ms))
        return err_set(
            e, ERR_SCRIPT, "every is \"%.40s\"; it is a time like 90s, 15m, 1h or 1d", every);
    if (r->every_ms < RECURRENCE_EVERY_MIN || r->every_ms > RECURRENCE_EVERY_MAX)
        return err_set(e, ERR_SCRIPT, "every is \"%.40s\"; it is 1s to 366d", every);
    id_hash(hash, phase, strlen(phase));
    for (int i = 0; i < 12; i++)
        n = n * 16 + (uint64_t)(hash[i] <= '9' ? hash[i] - '0' : hash[i] - 'a' + 10);
    /* Whole seconds, so that its name says when it comes. */
    r->phase_ms = (int64_t)(n % (uint64_t)(r->every_ms / 1000)) * 1000;
    r->text = mem_printf("every %s", every);
    return 0;
}

int recurrence_init(struct recurrence *r, const char *at, const char *time_zone, const char *every,
    const char *phase, struct err *e)
{
    memset(r, 0, sizeof *r);
    if (every && every[0])
        return init_every(r, every, phase, e);
    if (cron_parse(str_of(at), &r->cron, e) < 0)
        return err_prefix(e, "at = \"%.80s\"", at);
    r->zone = zone_open(time_zone, e);
    if (!r->zone)
        return -1;
    r->text = mem_printf("%s %s", at, time_zone);
    return 0;
}

int recurrence_parse(struct recurrence *r, const char *text, const char *phase, struct err *e)
{
    const char *zone = strrchr(text, ' ');
    if (strncmp(text, "every ", 6) == 0)
        return recurrence_init(r, NULL, NULL, text + 6, phase, e);
    char *at = mem_dupn(text, zone ? (size_t)(zone - text) : 0);
    int rc = recurrence_init(r, at, zone ? zone + 1 : "", NULL, phase, e);
    mem_free(at);
    return rc;
}

void recurrence_free(struct recurrence *r)
{
    zone_free(r->zone);
    mem_free(r->text);
    r->zone = NULL;
    r->text = NULL;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t recurrence_ms(const struct recurrence *r, int64_t slot)
{
    if (!r->zone)
        return slot * r->every_ms + r->phase_ms;
    return zone_instant(r->zone, slot * 60) * 1000;
}

int64_t recurrence_next(const struct recurrence *r, int64_t slot)
{
    return r->zone ? cron_next(&r->cron, slot) : slot + 1;
}

int64_t recurrence_slot(const struct recurrence *r, int64_t wall_ms)
{
    if (!r->zone)
        return floor_div(wall_ms - r->phase_ms, r->every_ms);
    int64_t at = floor_div(wall_ms, 1000);
    int64_t local = floor_div(at + zone_offset(r->zone, at), 60);
    /* From a day back, so that the clocks of an hour that comes twice do not confuse it; farther
     * for what comes seldom. */
    for (int64_t back = 2 * DAY_MINUTES;; back *= 8) {
        int64_t slot = local - back, next;
        bool any = false;
        while ((next = cron_next(&r->cron, slot)) <= local + DAY_MINUTES &&
               recurrence_ms(r, next) <= wall_ms) {
            slot = next;
            any = true;
        }
        if (any)
            return slot;
    }
}

static void put_local(int64_t minute, char out[RECURRENCE_TEXT])
{
    char text[CLOCK_TEXT];
    clock_format(minute * MINUTE_MS, text);
    snprintf(out, RECURRENCE_TEXT, "%.16s", text);
}

void recurrence_name(const struct recurrence *r, int64_t slot, char out[RECURRENCE_TEXT])
{
    char text[CLOCK_TEXT];
    if (r->zone) {
        put_local(slot, out);
        return;
    }
    clock_format(recurrence_ms(r, slot), text);
    snprintf(out, RECURRENCE_TEXT, "%.19sZ", text);
}

void recurrence_time(const struct recurrence *r, int64_t slot, char out[RECURRENCE_TEXT])
{
    char text[CLOCK_TEXT];
    int64_t ms = recurrence_ms(r, slot);
    int64_t offset = r->zone ? zone_offset(r->zone, ms / 1000) : 0;
    int minutes = (int)(offset < 0 ? -offset : offset) / 60;
    clock_format(ms + offset * 1000, text);
    if (!r->zone)
        snprintf(out, RECURRENCE_TEXT, "%.19sZ", text);
    else
        snprintf(out, RECURRENCE_TEXT, "%.19s%c%02d:%02d", text, offset < 0 ? '-' : '+',
            minutes / 60 % 100, minutes % 60);
}

bool recurrence_find(const struct recurrence *r, struct str text, int64_t *slot)
{
    int64_t ms;
    if (r->zone && text.n == 16) {
        char *full = mem_printf("%.*s:00Z", STR_ARG(text));
        bool ok = clock_parse_rfc3339(full, strlen(full), &ms);
        mem_free(full);
        *slot = ms / MINUTE_MS;
        return ok && cron_matches(&r->cron, *slot);
    }
    if (!clock_parse_rfc3339(text.p, text.n, &ms))
        return false;
    *slot = recurrence_slot(r, ms);
    return recurrence_ms(r, *slot) == ms || !r->zone;
}
