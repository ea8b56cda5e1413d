/* Torture of the store: power cuts, broken and full disks, no memory, damaged files.
 * usage: store_torture [power|io|full|memory|corrupt]... [--full] [--seed N] [--trial N | --from N]
 * Without names all of them; ends with `N passed, N failed`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "store_torture.h"

static const struct {
    const char *name;
    void (*run)(struct torture *t);
} families[] = {
    {"power", torture_power},
    {"io", torture_io},
    {"full", torture_full},
    {"memory", torture_memory},
    {"corrupt", torture_corrupt},
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static int family(const char *name)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (!strcmp(families[i].name, name))
            return (int)i;
    return -1;
}

int main(int argc, char **argv)
{
    struct torture t = {.trial = -1};
    bool wanted[FAMILIES] = {false}, some = false;
    log_set_level(LOG_ERROR + 1);
    if (getrandom(&t.seed, 4, 0) < 0)
        t.seed = 1;
    for (int i = 1; i < argc; i++) {
        int f = family(argv[i]);
        if (f >= 0)
            some = wanted[f] = true;
        else if (!strcmp(argv[i], "--full"))
            t.full = true;
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            t.seed = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--trial") && i + 1 < argc)
            t.trial = strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--from") && i + 1 < argc)
            t.from = strtol(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: store_torture [power|io|full|memory|corrupt]... [--full]"
                            " [--seed N] [--trial N | --from N]\n");
            return 2;
        }
    }
    printf("seed %llu\n", (unsigned long long)t.seed);
    for (size_t i = 0; i < FAMILIES; i++)
        if (wanted[i] || !some)
            families[i].run(&t);
    printf("%ld passed, %ld failed\n", t.passed, t.failed);
    return t.failed ? 1 : 0;
}
