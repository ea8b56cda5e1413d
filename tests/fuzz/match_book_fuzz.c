/* Pages of an outside system, and steps of a script, of any bytes: a catalogue takes what is good
 * of them, and its answers are JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "jsondoc.h"
#include "match_shelf_impl.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void do_job(struct book *b, enum shelf_op op, const char *text, size_t n)
{
    struct shelf_job j = {.op = op, .book = b, .text = mem_dupn(text, n), .ntext = n};
    buf_init(&j.out, 1 << 20);
    while (!book_do(b, &j, SIZE_MAX))
        ;
    if (op == SHELF_STEP && !j.err.code) {
        struct buf whole;
        buf_init(&whole, 1 << 20);
        buf_addc(&whole, '{');
        buf_add(&whole, j.out.p, j.out.n);
        buf_addc(&whole, '}');
        struct jsondoc *d = jsondoc_parse(buf_str(&whole), NULL);
        if (!d)
            abort();
        jsondoc_free(d);
        buf_free(&whole);
    }
    buf_free(&j.out);
    mem_free(j.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest_catalogue fields = {.name = (char[]){"products"},
        .path = (char[]){"/"},
        .list = (char[]){"results"},
        .after = (char[]){"after"},
        .since = (char[]){""},
        .size = 3,
        .field = {(char[]){"id"}, (char[]){"name"}, (char[]){"a.code"}, NULL, NULL, NULL,
            (char[]){"unit"}, (char[]){"price"}}};
    struct book *b = mem_zalloc(1, sizeof *b);
    manifest_catalogue_copy(&b->fields, &fields);
    do_job(b, SHELF_OPEN, "", 0);
    do_job(b, SHELF_BEGIN, "", 0);
    /* Parts of the input, one a job. */
    const char *p = (const char *)data, *end = p + size;
    for (int i = 0; p < end && i < 50; i++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        do_job(b, i % 2 ? SHELF_STEP : SHELF_PAGE, p, n);
        p += n + 1;
    }
    do_job(b, SHELF_SWEEP, "", 0);
    book_free(b);
    return 0;
}
