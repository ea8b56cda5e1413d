/* The health of a data folder, looked at beside a running host: each line ok, warn or bad, with
 * what to do. Nothing of the store is changed. */
#ifndef STORE_DOCTOR_H
#define STORE_DOCTOR_H

#include <stdbool.h>

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_BAD };
const char *doctor_level_name(enum doctor_level l);

/* check: a word that stays the same ("books"); text: what was found; next: what to do, "" if
 * nothing. */
typedef void (*doctor_fn)(
    void *arg, enum doctor_level l, const char *check, const char *text, const char *next);

/* All checks that the folder and the store allow. Reads the whole file. True if the secrets of the
 * store can be opened, so that companies may be looked at with them. */
bool store_doctor(const char *dir, doctor_fn fn, void *arg);

#endif
