/* The tables of versions: what belongs to each, and where a company was last switched to. */
#include <stdio.h>
#include <string.h>
#include "disk.h"

static void version_key(char key[300], const char *company, const char *version)
{
    snprintf(key, 300, "%s\n%s", company, version);
}

void tables_put_version(struct disk *d, struct op *o)
{
    char key[300];
    if (!index_get(&d->bundles, o->version.company_hash) ||
        !index_get(&d->bundles, o->version.system_hash)) {
        op_refuse(o, ERR_NOT_FOUND, "the sources of the version are not stored");
        return;
    }
    struct disk_version *v = arena_zalloc(sizeof *v);
    version_key(key, o->version.company, o->version.version);
    *v = o->version;
    index_set(&d->versions, key, v);
}

bool disk_has_version(const struct disk *d, const char *company, const char *version)
{
    char key[300];
    version_key(key, company, version);
    const struct disk_version *v = index_get(&d->versions, key);
    return v && index_get(&d->bundles, v->company_hash) && index_get(&d->bundles, v->system_hash);
}

void tables_load_version(struct disk *d, struct op *o)
{
    char key[300];
    version_key(key, o->version.company, o->version.version);
    const struct disk_version *v = index_get(&d->versions, key);
    const struct str *own = v ? index_get(&d->bundles, v->company_hash) : NULL;
    const struct str *system = v ? index_get(&d->bundles, v->system_hash) : NULL;
    if (!own || !system) {
        op_refuse(o, ERR_NOT_FOUND, "the store has no such version");
        return;
    }
    o->version = *v;
    o->bundles[0] = *own;
    o->bundles[1] = *system;
}

void tables_put_bundle(struct disk *d, struct op *o)
{
    if (index_get(&d->bundles, o->name))
        return;
    struct str *b = arena_zalloc(sizeof *b);
    *b = o->bytes.p ? o->bytes : STR_LIT("");
    index_set(&d->bundles, o->name, b);
}

/* The last of each company, in the order they came. */
void tables_add_switch(struct disk *d, struct op *o)
{
    char key[300];
    struct disk_switch **at = &d->switches, *w;
    version_key(key, o->to.company, o->to.version);
    if (!index_get(&d->versions, key)) {
        op_refuse(o, ERR_NOT_FOUND, "the version is not stored");
        return;
    }
    for (; (w = *at) != NULL && strcmp(w->company, o->to.company) != 0; at = &w->next)
        ;
    if (w && strcmp(w->version, o->to.version) == 0 && strcmp(w->folder, o->to.folder) == 0 &&
        strcmp(w->how, o->to.how) == 0)
        return;
    if (w)
        *at = w->next;
    while (*at)
        at = &(*at)->next;
    *at = arena_zalloc(sizeof **at);
    **at = o->to;
}

bool disk_was_live(const struct disk *d, const char *company)
{
    for (const struct disk_switch *w = d->switches; w; w = w->next)
        if (strcmp(w->company, company) == 0)
            return true;
    return false;
}

void tables_load_live(const struct disk *d, struct op *o)
{
    struct disk_switch **end = &o->live;
    for (const struct disk_switch *w = d->switches; w; w = w->next) {
        *end = arena_zalloc(sizeof **end);
        **end = *w;
        (*end)->next = NULL;
        end = &(*end)->next;
    }
}
