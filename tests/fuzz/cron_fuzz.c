/* Cron fields and zone rules: whatever the bytes, an error or something that has a next time, which
 * matches and is later; a rule's spans hold the instant they were asked for. */
#include <stdint.h>
#include <stdlib.h>
#include "cron.h"
#include "zone.h"
#include "zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cron(struct str text)
{
    struct cron c;
    struct err e = {0};
    if (cron_parse(text, &c, &e) < 0) {
        if (!e.text[0])
            abort();
        return;
    }
    int64_t at = 29000000;
    for (int i = 0; i < 4; i++) {
        int64_t next = cron_next(&c, at);
        if (next <= at || next == INT64_MAX || !cron_matches(&c, next))
            abort();
        at = next;
    }
}

static void check_rule(struct str text)
{
    struct zone_rule r;
    struct zone_span span;
    if (!zone_rule_parse(text, &r))
        return;
    for (int64_t at = -3000000000; at < 6000000000; at += 700000001) {
        zone_rule_span(&r, at, &span);
        if (span.from > at || span.until <= at)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_cron(text);
    check_rule(text);
    struct zone *z = zone_parse(text, NULL);
    if (z)
        zone_instant(z, 1800000000);
    zone_free(z);
    return 0;
}
