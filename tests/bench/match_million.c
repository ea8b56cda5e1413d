/* A catalogue of a million products: building it, its memory, questions with and without a model
 * code, and a step as the host answers it, by the helper thread. usage: match_million [PRODUCTS]
 *
 * Products are made up: a maker, a word, two nouns, a size for most, a code for two of three. A
 * question is a product's name with two letters swapped and a word left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "catalog_log.h"
#include "clock.h"
#include "decision.h"
#include "loop.h"
#include "match_shelf.h"

#define QUESTIONS 2000
#define STEPS     2000

static uint32_t state;
static uint32_t next(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static char *put_word(char *p, uint32_t which, int syllables)
{
    uint32_t kept = state;
    state = which * 2654435761u + (uint32_t)syllables;
    for (int i = 0; i < syllables; i++) {
        *p++ = "bcdfgklmnprstv"[next(14)];
        *p++ = "aeiou"[next(5)];
    }
    state = kept;
    *p++ = ' ';
    return p;
}

/* The n-th product's name without its code; *code gets that, "" if it has none. */
static size_t make(uint32_t n, char name[160], char code[16])
{
    char *p = name;
    state = n * 2246822519u + 7;
    p = put_word(p, next(2000), 3);
    p = put_word(p, 5000 + next(20), 3);
    p = put_word(p, 10000 + next(5000), 2 + (int)next(3));
    p = put_word(p, 10000 + next(5000), 2 + (int)next(3));
    if (next(5))
        p += snprintf(p, 40, "%ux%u mm", 1 + next(200), 1 + next(200));
    snprintf(code, 16, n % 3 ? "%c%c%u" : "", 'A' + next(26), 'A' + next(26), 100 + next(99900));
    return (size_t)(p - name);
}

/* Seconds computed, by this thread or by all of the process. */
static double spent_by(clockid_t whose)
{
    struct timespec t;
    clock_gettime(whose, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu(void)
{
    return spent_by(CLOCK_THREAD_CPUTIME_ID);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void show(const char *what, double *us, int n)
{
    qsort(us, (size_t)n, sizeof(*us), by_value);
    printf("%-34s p50 %5.0f us  p95 %5.0f  p99 %5.0f  most %5.0f\n", what, us[n / 2],
        us[n * 95 / 100], us[n * 99 / 100], us[n - 1]);
}

static size_t question(uint32_t n, char text[200], bool with_code)
{
    char name[160], code[16];
    size_t len = make(n, name, code);
    if (with_code)
        return (size_t)snprintf(text, 200, "%.*s %s", (int)strcspn(name, " "), name, code);
    char c = name[2];
    name[2] = name[3];
    name[3] = c;
    return (size_t)snprintf(text, 200, "%.*s", (int)len, name);
}

static void ask(struct catalog *c, uint32_t products, bool with_code, const char *what)
{
    static double us[QUESTIONS];
    int found = 0;
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        uint32_t n = i * (products / QUESTIONS) / 3 * 3 + 1;
        char text[200], id[16];
        struct decision_result r;
        struct catalog_record q = {.name = {text, question(n, text, with_code)}};
        snprintf(id, sizeof(id), "%u", n);
        double start = cpu();
        decision_find(c, &q, NULL, &r, NULL);
        us[i] = (cpu() - start) * 1e6;
        for (int k = 0; k < r.n; k++)
            found += str_is(r.candidate[k].id, id);
    }
    show(what, us, QUESTIONS);
    printf("%-34s %.3f\n", "  among the five candidates", (double)found / QUESTIONS);
}

/* ---- as the host does it --------------------------------------------------------------------- */

static struct loop *loop;
static size_t count;

static void on_done(struct shelf_job *j)
{
    count = j->count;
    if (j->err.code)
        printf("%s\n", j->err.text);
    loop_stop(loop);
}

static void host(const char *dir, uint32_t products)
{
    static double us[STEPS], computed[STEPS];
    struct manifest_catalogue fields = {.size = 200};
    struct err e = {0};
    char text[200], spec[300];
    loop = loop_new(&e);
    struct shelf *s = shelf_new(loop, dir, (size_t)4 << 30, &e);
    struct book *b = shelf_book(s, "products", "bench", &fields);
    int64_t start = clock_mono_us();
    shelf_do(s, SHELF_OPEN, b, STR_NONE, on_done, NULL);
    loop_run(loop);
    printf("%-34s %.1f s, %zu products\n", "opened from its file",
        (double)(clock_mono_us() - start) / 1e6, count);
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t n = i * (products / STEPS) / 3 * 3 + 1;
        question(n, text, i % 2);
        snprintf(spec, sizeof(spec), "{\"record\":{\"name\":\"%s\"}}", text);
        double before = spent_by(CLOCK_PROCESS_CPUTIME_ID);
        start = clock_mono_us();
        shelf_do(s, SHELF_STEP, b, str_of(spec), on_done, NULL);
        loop_run(loop);
        us[i] = (double)(clock_mono_us() - start);
        computed[i] = (spent_by(CLOCK_PROCESS_CPUTIME_ID) - before) * 1e6;
    }
    show("a step, there and back", us, STEPS);
    show("  of it computed (goal p99 1000)", computed, STEPS);
    shelf_close(s, b, true);
    shelf_free(s);
    loop_free(loop);
}

int main(int argc, char **argv)
{
    uint32_t products = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    char dir[] = "/tmp/sauma-million-XXXXXX", path[64], name[160], code[16], id[16];
    struct catalog *c = catalog_new();
    struct err e = {0};
    if (!mkdtemp(dir) || products < QUESTIONS)
        return 2;
    double spent = 0;
    for (int pass = 0; pass < 2; pass++) { /* the second writes the file */
        struct catalog_log *l = NULL;
        snprintf(path, sizeof(path), "%s/products", dir);
        if (pass == 1 &&
            (!(l = catalog_log_open(path, "bench", &e)) || catalog_log_read(l, c, 1, &e) < 0)) {
            printf("%s\n", e.text);
            return 3;
        }
        struct catalog *into = pass ? catalog_new() : c;
        for (uint32_t n = 0; n < products; n++) {
            size_t len = make(n, name, code);
            struct catalog_record r = {.id = {id, (size_t)snprintf(id, sizeof(id), "%u", n)},
                .name = {name, len},
                .code = str_of(code),
                .price = n % 10000 * 100};
            double start = cpu();
            catalog_log_put(l, into, &r, NULL);
            spent += pass ? 0 : cpu() - start;
        }
        if (pass)
            catalog_free(into);
        catalog_log_close(l);
    }
    printf("%-34s %.2f s (goal 4), %zu MB (goal 250)\n", "built", spent, catalog_bytes(c) >> 20);
    ask(c, products, true, "a question with its code");
    ask(c, products, false, "a question without a code (goal 200)");
    catalog_free(c);
    host(dir, products);
    return rmdir(dir);
}
