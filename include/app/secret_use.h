/* What companies' scripts use of the secrets that are kept: what `sauma secret` says of a name that
 * nothing uses, and of one that is missing. */
#ifndef SECRET_USE_H
#define SECRET_USE_H

#include "companies.h"

/* A secret that is kept, or that a company's scripts use, or both. */
struct secret_row {
    char *company, *name;
    char *where; /* what uses it, "company.lua:7"; NULL: nothing does, as far as is known */
    bool is_kept;
    int64_t set_ms;
};

struct secret_use {
    struct secret_row *rows;
    int n;
    char **loaded; /* companies whose scripts are known */
    int nloaded;
};

void secret_use_init(struct secret_use *u);
void secret_use_free(struct secret_use *u);
/* What the company in that folder uses. -1 and e: it does not load. */
int secret_use_read(struct secret_use *u, struct companies *all, const char *dir, struct err *e);
/* One that is kept. */
void secret_use_keep(struct secret_use *u, const char *company, const char *name, int64_t set_ms);
/* By company and name. */
void secret_use_sort(struct secret_use *u);
bool secret_use_is_loaded(const struct secret_use *u, const char *company);

/* Says on standard error that the scripts of companies/company do not use that name, with the
 * nearest that they do, or that there is no such company; nothing if all is well or there is no
 * such folder. */
void secret_use_tell(
    const struct conf *c, const char *companies, const char *company, const char *name);

#endif
