/* Torture of the store: each family is given a seed and says how many trials were right and wrong.
 * A trial that is wrong is printed with what repeats it. */
#ifndef STORE_TORTURE_H
#define STORE_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct torture {
    uint64_t seed; /* of the first trial */
    bool full;     /* hours rather than seconds */
    long trial;    /* only this one; -1: all */
    long from;     /* the first of them; 0: all */
    long passed, failed;
};

/* A trial in a process of its own, in which it may die: fn's result is its exit status. */
struct trial {
    long n;
    int (*fn)(struct trial *t);
    const void *arg;
    char dir[64]; /* empty, in memory; removed afterwards */
    void *shared; /* of shared_size bytes, zeroed: what the trial tells its judge */
    size_t shared_size;
    int status; /* exit status; 1000 + signal if one ended it */
    /* Afterwards, in the first process: 0, or -1 and words. */
    int (*judge)(struct trial *t, char *words, size_t size);
};
enum { TRIAL_SECONDS = 120 };
enum { TRIAL_FINE = 0, TRIAL_REFUSED = 3, TRIAL_WRONG = 4, TRIAL_MEMORY = 70, TRIAL_DISK = 74 };

/* Runs the trial made by `make` for each n from 1 to last, so many at once; make returns false to
 * leave one out. */
void trials_run(struct torture *t, const char *family, long last, int at_once,
    bool (*make)(struct torture *t, struct trial *tr, void *arg), void *arg);
/* An empty folder in memory, and away with it. */
void trial_folder(char dir[64]);
void trial_remove(const char *dir);

void torture_power(struct torture *t);   /* F4 */
void torture_full(struct torture *t);    /* F5 */
void torture_io(struct torture *t);      /* F6 */
void torture_memory(struct torture *t);  /* F7 */
void torture_corrupt(struct torture *t); /* F8 */

#endif
