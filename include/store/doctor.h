/* The parts of the examination (store_doctor*.c). */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "store_doctor.h"
#include "store_private.h"

struct doctor {
    const char *dir;
    doctor_fn fn;
    void *arg;
    struct sql *sql; /* a reader in one snapshot */
    int64_t now_ms;
    bool host; /* one runs on the folder */
};
void doctor_say(const struct doctor *d, enum doctor_level l, const char *check, const char *next,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The folder: access, key, disk, log, whether a host runs. True if the key opens the secrets; they
 * are not looked at without sql. */
void doctor_folder(struct doctor *d);
bool doctor_key(struct doctor *d);
/* What the tables say. */
void doctor_rows(struct doctor *d);
/* Whether bodies and answers are what was written. */
void doctor_content(struct doctor *d);

#endif
