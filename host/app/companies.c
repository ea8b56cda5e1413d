#include "companies.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mem.h"

int companies_open(
    struct companies *all, const struct conf *c, const char *secrets_data, struct err *e)
{
    struct parts_options o;
    struct engine_settings s;
    memset(all, 0, sizeof(*all));
    if (parts_read_options(c, &o, &s, e) < 0)
        return STATUS_USAGE;
    o.secrets_data = secrets_data;
    return parts_open(&all->parts, &o, &s, e) < 0 ? STATUS_OUTSIDE : STATUS_OK;
}

void companies_close(struct companies *all)
{
    parts_close(&all->parts);
}

struct looking {
    struct companies *all;
    engine_loaded_fn fn;
    void *arg;
};

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct looking *l = arg;
    l->fn(l->arg, company, version, error);
    loop_stop(l->all->parts.loop);
}

void companies_look(struct companies *all, const char *dir, engine_loaded_fn fn, void *arg)
{
    struct looking l = {.all = all, .fn = fn, .arg = arg};
    char *name = parts_company_name(dir);
    engine_load_company(all->parts.engine, name, dir, on_loaded, &l);
    loop_run(all->parts.loop);
    /* Another folder may have the same name, and nothing of this one is live there. */
    engine_unload_company(all->parts.engine, name);
    mem_free(name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int companies_each(const char *dir, int (*fn)(void *arg, const char *path), void *arg)
{
    struct dirent **names;
    int status = STATUS_OK, n = scandir(dir, &names, is_visible, alphasort);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, names[i]->d_name);
        char *file = mem_printf("%s/company.lua", path);
        if (status == STATUS_OK && parts_is_file(file))
            status = fn(arg, path);
        mem_free(file);
        mem_free(path);
        free(names[i]);
    }
    free(names);
    return status;
}

char *companies_secret_command(const struct companies *all, const char *company, const char *secret)
{
    const struct manifest *m = engine_manifest(all->parts.engine, company);
    for (int i = 0; m && i < m->nconnections; i++)
        if (connect_by_key(&m->connections[i].auth) &&
            !strcmp(m->connections[i].auth.key_secret, secret))
            return mem_printf("sauma connect %s %s, or sauma secret set %s %s", company,
                m->connections[i].name, company, secret);
    return mem_printf("sauma secret set %s %s", company, secret);
}

bool companies_waits_for_person(const struct connection_info *i)
{
    return !strcmp(i->state, "connect") || !strcmp(i->state, "reconnect");
}
