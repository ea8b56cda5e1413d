/* Speed of the matching primitives on lines of the data sets: each is done over and over for a
 * while and the time of one printed. usage: match_bench DATA */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "ids.h"
#include "names.h"

#define LINES 4096

struct row {
    char *field[8];
};

static struct row rows[LINES];
static char nothing[1];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Reads DATA/name without its first line; the lines stay until the end. */
static int read_rows(const char *dir, const char *name)
{
    char path[1024], line[4096];
    int n = 0;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *in = fopen(path, "r");
    if (!in || !fgets(line, sizeof(line), in)) {
        fprintf(stderr, "match_bench: %s cannot be read\n", path);
        exit(3);
    }
    while (n < LINES && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = strdup(line);
        for (int k = 0; k < 8; k++)
            rows[n].field[k] = rest ? strsep(&rest, "\t") : nothing;
        n++;
    }
    fclose(in);
    return n;
}

static volatile int sink;

static void do_id(const struct row *r)
{
    struct ids_checked c;
    sink += ids_check(r->field[0], str_of(r->field[1]), &c);
}

static void do_dedup(const struct row *r)
{
    char key[IDS_KEY], reason[IDS_REASON];
    sink += ids_dedup(r->field[0], str_of(r->field[1]), key, reason);
}

static void do_names(const struct row *r)
{
    sink += names_compare(str_of(r->field[0]), str_of(r->field[1]));
}

static void do_address(const struct row *r)
{
    struct address a;
    const char *country = r->field[6][0] ? r->field[6] : NULL;
    sink += address_split(str_of(r->field[0]), country, &a, NULL);
}

/* rounds: 0 runs for half a second and prints the time; else so many rounds, for callgrind. */
static void measure(const char *dir, const char *name, const char *what, double goal_us,
    void (*one)(const struct row *), int rounds)
{
    int n = read_rows(dir, name), done = 0;
    for (int k = 0; k < rounds; k++)
        for (int i = 0; i < n; i++)
            one(&rows[i]);
    if (rounds) {
        printf("%-10s %d calls\n", what, n * rounds);
        return;
    }
    double start = now(), spent;
    do {
        for (int i = 0; i < n; i++)
            one(&rows[i]);
        done += n;
    } while ((spent = now() - start) < 0.5);
    printf("%-10s %-22s %7.3f us each (goal %.1f)\n", what, name, spent / done * 1e6, goal_us);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: match_bench DATA [ids|dedup|names|address ROUNDS]\n");
        return 2;
    }
    const char *only = argc > 3 ? argv[2] : NULL;
    int rounds = only ? (int)strtol(argv[3], NULL, 10) : 0;
    if (!only || !strcmp(only, "ids")) {
        measure(argv[1], "ids/national.tsv", "ids", 0.2, do_id, rounds);
        measure(argv[1], "ids/eu_vat.tsv", "ids", 0.2, do_id, rounds);
        measure(argv[1], "ids/generic.tsv", "ids", 0.2, do_id, rounds);
    }
    if (!only || !strcmp(only, "dedup"))
        measure(argv[1], "ids/dedup.tsv", "dedup", 0.4, do_dedup, rounds);
    if (!only || !strcmp(only, "names"))
        measure(argv[1], "company/name_pairs.tsv", "names", 1.0, do_names, rounds);
    if (!only || !strcmp(only, "address")) {
        measure(argv[1], "address/fi.tsv", "address", 2.0, do_address, rounds);
        measure(argv[1], "address/eu.tsv", "address", 2.0, do_address, rounds);
    }
    return 0;
}
