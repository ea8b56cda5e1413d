/* Tables: whatever the bytes, reading comes to its end, lines only grow, fields are clean. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str *f;
    const char *problem;
    int n, line, before = 0;
    struct err e;
    enum csv_row row;
    struct csv *c = csv_open((struct str){(const char *)data, size}, &e);
    if (!c)
        return 0;
    while ((row = csv_next(c, &f, &n, &line, &problem)) != CSV_END) {
        if (line <= before || (row == CSV_BAD) != (problem != NULL) || n > CSV_FIELDS_MAX)
            abort();
        before = line;
        for (int i = 0; row == CSV_ROW && i < n; i++)
            if (!str_utf8_valid(f[i]) || memchr(f[i].p, 0, f[i].n))
                abort();
    }
    csv_free(c);
    return 0;
}
