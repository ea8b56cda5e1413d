/* A catalogue's file of any bytes: it is read as far as it is whole, and what is added then comes
 * back. The first byte says whether the bytes are the file, or changes that are given good sums, so
 * that what is in them is looked at. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "catalog_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum_over(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    h ^= n;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, p + i, n - i < 8 ? n - i : 8);
        h = (h ^ w) * 0x9FB21C651E98DF25u;
        h ^= h >> 29;
    }
    return h;
}

static void put(int fd, const void *p, size_t n)
{
    if (write(fd, p, n) != (ssize_t)n)
        abort();
}

/* { kind, length, bytes } again and again, behind the head that stands in the file. */
static void put_changes(int fd, const uint8_t *p, size_t n)
{
    char head[80];
    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) || lseek(fd, 0, SEEK_END) < 0)
        abort();
    uint64_t sum = sum_over(0, head, sizeof(head));
    while (n >= 2) {
        uint32_t entry[2] = {p[1], p[0] % 5};
        p += 2;
        n -= 2;
        if (entry[0] > n)
            entry[0] = (uint32_t)n;
        sum = sum_over(sum_over(sum, entry, sizeof(entry)), p, entry[0]);
        put(fd, entry, sizeof(entry));
        put(fd, p, entry[0]);
        put(fd, &sum, sizeof(sum));
        p += entry[0];
        n -= entry[0];
    }
}

/* How many records the file gives; one more is added. */
static size_t read_file(const char *path, size_t *now)
{
    struct catalog *c = catalog_new();
    struct err e = {0};
    struct catalog_log *l = catalog_log_open(path, "fuzz", &e);
    struct catalog_record r = {.id = STR_LIT("one more"), .name = STR_LIT("kaapeli MMJ 3x1,5")};
    int more;
    if (!l)
        abort();
    while ((more = catalog_log_read(l, c, 10, &e)) > 0)
        ;
    if (more < 0)
        abort();
    size_t had = catalog_count(c);
    if (catalog_log_put(l, c, &r, &e) < 0 || catalog_log_tidy(l, c, &e) < 0)
        abort();
    *now = catalog_count(c);
    catalog_log_close(l);
    catalog_free(c);
    return had;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("catalogue", 0);
    char path[40];
    size_t now, again;
    if (fd < 0 || size == 0)
        return fd >= 0 ? close(fd) : 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (*data % 2) {
        put(fd, data + 1, size - 1);
    } else {
        catalog_log_close(catalog_log_open(path, "fuzz", NULL));
        put_changes(fd, data + 1, size - 1);
    }
    read_file(path, &now);
    if (read_file(path, &again) != now || again != now)
        abort();
    return close(fd);
}
