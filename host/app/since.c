#include "since.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "command.h"
#include "mem.h"
#include "str.h"

bool since_parse(const char *text, int64_t *wall_ms)
{
    int64_t ms;
    if (str_to_ms(str_of(text), &ms)) {
        *wall_ms = clock_wall_ms() - ms;
        return true;
    }
    char *full = strlen(text) == 10 ? mem_printf("%sT00:00:00Z", text) : mem_dup(text);
    bool ok = clock_parse_rfc3339(full, strlen(full), wall_ms);
    mem_free(full);
    return ok;
}

/* A date is one of who types it: its midnight on the clocks of this machine. */
static bool local_date(const char *text, int64_t *wall_ms)
{
    int64_t midnight;
    int y, m, d;
    if (strlen(text) != 10 || !since_parse(text, &midnight))
        return false;
    clock_date(midnight / 86400000, &y, &m, &d);
    struct tm at = {.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d, .tm_isdst = -1};
    *wall_ms = (int64_t)mktime(&at) * 1000;
    return true;
}

int since_option(const struct conf *c, int64_t *wall_ms)
{
    const char *text = conf_text(c, "since");
    *wall_ms = 0;
    if (!text || local_date(text, wall_ms) || since_parse(text, wall_ms))
        return 0;
    command_fail(STATUS_USAGE, "--since %s: write 30d, 12h, 2026-11-20 or a full time", text);
    return -1;
}
