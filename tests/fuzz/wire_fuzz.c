/* Any bytes as frames: what is accepted must come back the same bytes when written again, and a
 * frame cut short must never be taken for a whole one. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

/* In its exact size, so that a read behind its end is seen. */
static void cut_short(const char *p, size_t n)
{
    struct wire_msg m;
    size_t used;
    char *exact = malloc(n);
    memcpy(exact, p, n);
    must(wire_get(exact, n, &m, &used, NULL) == 0);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    struct wire_msg m;
    struct err e = {0};
    size_t used = 0;
    int rc;
    while ((rc = wire_get(p, size, &m, &used, &e)) == 1) {
        must(used > 0 && used <= size && m.nparts >= 0 && m.nparts <= WIRE_PARTS_MAX);
        struct buf b;
        buf_init(&b, WIRE_FRAME_MAX + 4);
        must(wire_put(&b, &m) == 0);
        must(b.n == used && memcmp(b.p, p, used) == 0);
        buf_free(&b);
        struct wire_msg cut;
        size_t none;
        for (size_t n = 0; n < used && n < 64; n++)
            must(wire_get(p, n, &cut, &none, NULL) == 0);
        cut_short(p, used - 1);
        cut_short(p, used - 1 < 7 ? used - 1 : 7);
        p += used;
        size -= used;
    }
    must(rc == 0 || e.code == ERR_INPUT);
    return 0;
}
