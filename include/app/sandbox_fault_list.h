/* The inside of a list of faults, for sandbox_fault.c and sandbox_fault_parse.c. */
#ifndef SANDBOX_FAULT_LIST_H
#define SANDBOX_FAULT_LIST_H

#include "sandbox_fault.h"

struct fault_time {
    int64_t from_ms, to_ms;
};

enum fault_sort { FAULT_SORT_ALONE, FAULT_SORT_DELAY, FAULT_SORT_AGAIN, FAULT_SORT_HIDE };
enum fault_when { FAULT_WHEN_ANY, FAULT_WHEN_FRESH, FAULT_WHEN_REUSED };

struct fault {
    struct fault *next;
    char *method; /* NULL: any */
    char *prefix; /* NULL: any */
    char *words;
    enum fault_sort sort;
    struct fault_time time; /* of delay, again and hide */
    enum fault_kind kind;
    int64_t value;
    bool carried_out;
    bool is_late;
    struct fault_time late;
    char answer[16];
    char retry[40];
    double likely;
    enum fault_when when;
    int64_t after; /* matches still to be let through */
    int64_t left;  /* -1: without end */
    int64_t hits;
};

struct fault_list {
    struct fault *first;
    uint64_t random;
};

/* Reads one fault; NULL and e if it is not understood. */
struct fault *fault_parse_one(struct str text, struct err *e);
void fault_free_one(struct fault *f);

#endif
