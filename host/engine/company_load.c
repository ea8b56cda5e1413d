/* Loading companies from their folders. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "company.h"
#include "mem.h"

/* Answers that are known at once are given from the loop all the same. */
struct answer {
    struct engine *engine;
    char *company, *version;
    struct err err;
    engine_loaded_fn fn;
    void *arg;
};

static void give_answer(void *arg)
{
    struct answer *a = arg;
    if (engine_held_back(a->engine) && a->fn)
        a->fn(a->arg, a->company, a->version, a->version ? NULL : &a->err);
    mem_free(a->company);
    mem_free(a->version);
    mem_free(a);
}

static void answer_later(struct engine *e, const char *company, const char *version,
    const struct err *err, engine_loaded_fn fn, void *arg)
{
    struct answer *a = mem_zalloc(1, sizeof *a);
    a->engine = e;
    a->company = mem_dup(company);
    a->version = mem_dup(version);
    if (err)
        a->err = *err;
    a->fn = fn;
    a->arg = arg;
    engine_hold(e);
    loop_post(e->parts.loop, give_answer, a);
}

bool engine_company_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 63)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-' ||
                s[i] == '_'))
            return false;
    return true;
}

static void version_name(char out[33], const struct bundle *b, const struct bundle *system)
{
    char *both = mem_printf("%s %s", b->hash, system->hash);
    id_hash(out, both, strlen(both));
    out[12] = '\0';
    mem_free(both);
}

void engine_load_company(
    struct engine *e, const char *name, const char *dir, engine_loaded_fn fn, void *arg)
{
    struct bundle b;
    struct err err = {0};
    char version[33];
    if (!engine_company_name(name)) {
        err_set(&err, ERR_INPUT,
            "%s: the name of a company's folder is 1 to 63 lower-case "
            "letters, digits, - and _",
            dir);
        answer_later(e, name, NULL, &err, fn, arg);
        return;
    }
    struct company *c = company_get(e, name, true);
    c->has_folder = true;
    fallback_prepare(c, &fn, &arg);
    c->folder[0] = '\0';
    if (bundle_read_company(&b, dir, false, &err) < 0) {
        company_set_error(c, err.text);
        answer_later(e, name, NULL, &err, fn, arg);
        return;
    }
    version_name(version, &b, e->parts.system);
    if (company_in_folder(c, version)) {
        bundle_free(&b);
        company_hold_pin(c, fn, arg);
        return;
    }
    struct version *v = version_of_folder(c, version);
    if (!v) {
        v = version_new(c, version, false); /* its hold is given back when the load ends */
        v->bundle = b;
        version_wait(v, fn, arg);
        version_load(v, e->parts.system->hash, bundle_str(&b));
        return;
    }
    version_wait(v, fn, arg);
    if (v->bundle.json)
        bundle_free(&b);
    else
        v->bundle = b;
    if (v->state == VERSION_READY)
        version_publish(v);
}

void engine_unload_company(struct engine *e, const char *name)
{
    struct company *c = company_get(e, name, false);
    if (!c)
        return;
    c->folder[0] = '\0';
    c->has_folder = false;
    company_set_error(c, NULL);
    publish_give_up(c);
    if (c->current)
        version_release(c->current);
    c->current = NULL;
    c->last[0] = '\0';
}

struct load_all {
    int left, loaded, failed;
    engine_loaded_fn fn;
    void (*done)(void *arg, int loaded, int failed);
    void *arg;
};

static void one_over(struct load_all *a)
{
    if (--a->left > 0)
        return;
    if (a->done)
        a->done(a->arg, a->loaded, a->failed);
    mem_free(a);
}

static void on_one_loaded(
    void *arg, const char *company, const char *version, const struct err *error)
{
    struct load_all *a = arg;
    if (error)
        a->failed++;
    else
        a->loaded++;
    if (a->fn)
        a->fn(a->arg, company, version, error);
    one_over(a);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_company(const char *dir, const char *name)
{
    struct stat st;
    char *path = mem_printf("%s/%s/company.lua", dir, name);
    bool yes = name[0] != '.' && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    mem_free(path);
    return yes;
}

static int list_folders(const char *dir, char ***names, struct err *err)
{
    DIR *d = opendir(dir);
    int n = 0;
    if (!d)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    struct dirent *entry;
    *names = NULL;
    while ((entry = readdir(d)) != NULL) {
        if (!is_company(dir, entry->d_name))
            continue;
        *names = mem_realloc(*names, (size_t)(n + 1) * sizeof **names);
        (*names)[n++] = mem_dup(entry->d_name);
    }
    closedir(d);
    if (n)
        qsort(*names, (size_t)n, sizeof **names, by_name);
    return n;
}

static void none_found(void *arg, const char *company, const char *version, const struct err *error)
{
    one_over(arg);
}

int engine_load_all(struct engine *e, const char *dir, engine_loaded_fn fn,
    void (*done)(void *arg, int loaded, int failed), void *arg, struct err *err)
{
    char **names = NULL;
    int n = list_folders(dir, &names, err);
    if (n < 0)
        return -1;
    struct load_all *a = mem_zalloc(1, sizeof *a);
    *a = (struct load_all){.left = n ? n : 1, .fn = fn, .done = done, .arg = arg};
    if (n == 0)
        answer_later(e, "", NULL, NULL, none_found, a);
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, names[i]);
        engine_load_company(e, names[i], path, on_one_loaded, a);
        mem_free(path);
        mem_free(names[i]);
    }
    mem_free(names);
    return 0;
}
