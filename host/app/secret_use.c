#include "secret_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "command.h"
#include "log.h"
#include "mem.h"

#define MEANT_MAX (STR_NEAR_MAX + 32)

void secret_use_init(struct secret_use *u)
{
    memset(u, 0, sizeof(*u));
}

void secret_use_free(struct secret_use *u)
{
    for (int i = 0; i < u->n; i++) {
        mem_free(u->rows[i].company);
        mem_free(u->rows[i].name);
        mem_free(u->rows[i].where);
    }
    for (int i = 0; i < u->nloaded; i++)
        mem_free(u->loaded[i]);
    mem_free(u->rows);
    mem_free(u->loaded);
}

static struct secret_row *row_of(struct secret_use *u, const char *company, const char *name)
{
    for (int i = 0; i < u->n; i++)
        if (!strcmp(u->rows[i].company, company) && !strcmp(u->rows[i].name, name))
            return &u->rows[i];
    u->rows = mem_realloc(u->rows, (size_t)(u->n + 1) * sizeof(*u->rows));
    u->rows[u->n] = (struct secret_row){.company = mem_dup(company), .name = mem_dup(name)};
    return &u->rows[u->n++];
}

void secret_use_keep(struct secret_use *u, const char *company, const char *name, int64_t set_ms)
{
    struct secret_row *row = row_of(u, company, name);
    row->is_kept = true;
    row->set_ms = set_ms;
}

static int by_name(const void *a, const void *b)
{
    const struct secret_row *x = a, *y = b;
    int order = strcmp(x->company, y->company);
    return order ? order : strcmp(x->name, y->name);
}

void secret_use_sort(struct secret_use *u)
{
    if (u->n)
        qsort(u->rows, (size_t)u->n, sizeof(*u->rows), by_name);
}

bool secret_use_is_loaded(const struct secret_use *u, const char *company)
{
    for (int i = 0; i < u->nloaded; i++)
        if (!strcmp(u->loaded[i], company))
            return true;
    return false;
}

struct reading {
    struct secret_use *use;
    struct companies *all;
    const char *company;
    struct err *e;
    int status;
};

static void on_name(void *arg, bool env, const char *name, const char *where)
{
    struct reading *r = arg;
    if (env)
        return;
    struct secret_row *row = row_of(r->use, r->company, name);
    if (!row->where)
        row->where = mem_dup(where);
}

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    (void)version;
    struct reading *r = arg;
    if (error) {
        *r->e = *error;
        r->status = -1;
        return;
    }
    struct secret_use *u = r->use;
    r->company = company;
    u->loaded = mem_realloc(u->loaded, (size_t)(u->nloaded + 1) * sizeof(*u->loaded));
    u->loaded[u->nloaded++] = mem_dup(company);
    manifest_each_name(engine_manifest(r->all->parts.engine, company), on_name, r);
}

int secret_use_read(struct secret_use *u, struct companies *all, const char *dir, struct err *e)
{
    struct reading r = {.use = u, .all = all, .e = e};
    companies_look(all, dir, on_loaded, &r);
    return r.status;
}

/* ---- one name ---- */

/* True if the name stands between quotation marks in one of the folder's scripts: most names do,
 * and then nothing has to be loaded. */
static bool is_written(const char *dir, const char *name)
{
    struct bundle b;
    struct err e = {0};
    bool found = false;
    if (bundle_read_company(&b, dir, false, &e) < 0)
        return false;
    /* As JSON has them: \"name\" or 'name'. */
    char *marked[] = {mem_printf("\"%s\\\"", name), mem_printf("'%s'", name)};
    for (int i = 0; i < 2; i++) {
        struct str all = bundle_str(&b);
        found = found || memmem(all.p, all.n, marked[i], strlen(marked[i]));
        mem_free(marked[i]);
    }
    bundle_free(&b);
    return found;
}

/* "; did you mean 'slack-url'?", or "" if none is so near. */
static void suggestion(const struct str_near *near, char *out, size_t size)
{
    const char *found = str_near_found(near);
    out[0] = '\0';
    if (found)
        snprintf(out, size, "; did you mean '%s'?", found);
}

static int offer_folder(void *arg, const char *path)
{
    char *company = parts_company_name(path);
    str_near_offer(arg, str_of(company));
    mem_free(company);
    return STATUS_OK;
}

static void tell_no_company(const char *companies, const char *company)
{
    char meant[MEANT_MAX];
    struct str_near near = {.name = str_of(company)};
    companies_each(companies, offer_folder, &near);
    suggestion(&near, meant, sizeof(meant));
    if (near.best[0])
        fprintf(stderr, "note: %s has no company '%s'%s\n", companies, company, meant);
}

static void tell_unused(const struct secret_use *u, const char *dir, const char *name)
{
    char meant[MEANT_MAX];
    struct str_near near = {.name = str_of(name)};
    for (int i = 0; i < u->n; i++) {
        if (!strcmp(u->rows[i].name, name))
            return;
        str_near_offer(&near, str_of(u->rows[i].name));
    }
    suggestion(&near, meant, sizeof(meant));
    fprintf(stderr, "note: nothing in %s uses a secret '%s'%s\n", dir, name, meant);
    if (meant[0] || !u->n)
        return;
    fprintf(stderr, "note: it uses");
    for (int i = 0; i < u->n; i++)
        fprintf(stderr, "%s '%s'", i ? "," : "", u->rows[i].name);
    fprintf(stderr, "\n");
}

void secret_use_tell(
    const struct conf *c, const char *companies, const char *company, const char *name)
{
    char *dir = mem_printf("%s/%s", companies, company);
    char *file = mem_printf("%s/company.lua", dir);
    if (!parts_is_file(file)) {
        tell_no_company(companies, company);
    } else if (!is_written(dir, name)) {
        struct err e = {0};
        struct companies all;
        struct secret_use u;
        secret_use_init(&u);
        log_set_level(LOG_ERROR);
        if (companies_open(&all, c, NULL, &e) != STATUS_OK ||
            secret_use_read(&u, &all, dir, &e) < 0)
            fprintf(stderr,
                "note: %s does not load, so nobody knows whether it uses a secret '%s': %s\n", dir,
                name, e.text);
        else
            tell_unused(&u, dir, name);
        companies_close(&all);
        secret_use_free(&u);
    }
    mem_free(file);
    mem_free(dir);
}
