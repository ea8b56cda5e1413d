/* Erasing what is kept of one person: bodies, headers, requests, answers, results and log lines of
 * each event that holds one of the given texts are replaced by a mark that says when and why; the
 * facts (event, runs, states, times) and the books stay. Runs beside a host. */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "store_read.h"

struct store_erase {
    const char *company;
    const char *const
        *texts; /* also as JSON escapes and percent-encoded, and in any case of ASCII */
    int ntexts;
    const char *event, *key; /* NULL; or this event, or the events of runs with this key, whole */
    const char *by, *why;    /* who erases, and the reason; both are kept */
    bool dry_run;            /* nothing is changed */
};

struct store_erased {
    int events, fields; /* erased, or with dry_run to be erased */
    int refused;        /* events that hold it and are not settled, or may be delivered again */
    int asides;         /* rows beside the events */
    bool log_emptied;   /* the write-ahead log holds nothing of it either */
};

/* Calls fn for each event that holds a text: {event company received_at state runs[ids] fields[]
 * refused}; fields names what is replaced ("body", "run_x step 3 answer"), refused is null or says
 * why nothing was. Then for each alert and refused delivery that holds it: {alert (or
 * refused_delivery: its number; or order_of_arrival: a rule, of what is kept by a key; or poll: its
 * name) company fields[] refused}. -1 and e. */
int store_erase(const char *dir, const struct store_erase *q, store_row_fn fn, void *arg,
    struct store_erased *out, struct err *e);

/* Files of DIR that hold one of the texts in any form, the store itself included: what is left in
 * unused places of it, backups and copies in the folder, catalogues. fn gets each path. */
int store_erase_look(const char *dir, const struct store_erase *q,
    void (*fn)(void *arg, const char *path), void *arg, struct err *e);

#endif
