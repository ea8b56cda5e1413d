/* Lines of any bytes as products: each line changes the catalogue or asks it. The evidence of every
 * answer adds up, and a catalogue from which all is taken answers like an empty one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "decision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* name|code|brand|text|unit */
static struct catalog_record record_of(struct str line)
{
    struct catalog_record r = {0};
    struct str rest;
    r.name = str_cut(line, '|', &rest);
    r.code = str_cut(rest, '|', &rest);
    r.brand = str_cut(rest, '|', &rest);
    r.text = str_cut(rest, '|', &rest);
    r.unit = rest;
    r.price = (int64_t)line.n * 10000;
    return r;
}

static void ask(struct catalog *c, const struct catalog_record *q)
{
    struct decision_result r;
    struct err e;
    struct buf b;
    if (decision_find(c, q, NULL, &r, &e) < 0)
        return;
    for (int i = 0; i < r.n; i++) {
        int32_t sum = 0;
        for (int k = 0; k < EVIDENCE_PARTS; k++)
            sum += r.candidate[i].evidence.part[k];
        if (sum != r.candidate[i].evidence.score)
            abort();
    }
    if (r.decision == DECISION_LINK && (r.match < 0 || r.match >= r.n))
        abort();
    buf_init(&b, 1 << 20);
    decision_put_json(&b, &r, true);
    if (b.failed)
        abort();
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalog *c = catalog_new();
    struct str rest = {(const char *)data, size};
    struct err e;
    char ids[10][2];
    for (int i = 0; i < 10; i++) {
        ids[i][0] = (char)('0' + i);
        ids[i][1] = 0;
    }
    for (int i = 0; rest.n > 0 && i < 200; i++) {
        struct str line = str_cut(rest, '\n', &rest);
        struct catalog_record r = record_of(line);
        r.id = str_of(ids[i % 10]);
        if (i % 3 != 2)
            catalog_put(c, &r, &e);
        else
            ask(c, &r);
        if (i % 11 == 10)
            catalog_remove(c, str_of(ids[i % 7]));
    }
    for (int i = 0; i < 10; i++)
        catalog_remove(c, str_of(ids[i]));
    struct decision_result r;
    struct catalog_record q = {.name = STR_LIT("kaapeli MMJ 3x1,5 100 m AB1234")};
    if (catalog_count(c) != 0 || decision_find(c, &q, NULL, &r, &e) < 0 ||
        r.decision != DECISION_NEW || r.n != 0)
        abort();
    catalog_free(c);
    return 0;
}
