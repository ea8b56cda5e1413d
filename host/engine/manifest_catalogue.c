/* Catalogues of a connection, as its connector declares them. */
#include <string.h>

#include "jsondoc.h"
#include "manifest.h"
#include "mem.h"

#define CATALOGUES_MAX 8
#define PAGE_MAX       10000

static const char *const fields[MANIFEST_CATALOGUE_FIELDS] = {
    "id", "name", "code", "gtin", "brand", "text", "unit", "price"};

static bool is_plain(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
    return n > 0 && n <= 32 && !s[n];
}

static int parse_one(
    const struct jsonv *v, const char *where, struct manifest_catalogue *c, struct err *e)
{
    c->name = mem_dup(jsonv_str(jsonv_get(v, "name"), ""));
    c->path = mem_dup(jsonv_str(jsonv_get(v, "path"), ""));
    c->list = mem_dup(jsonv_str(jsonv_get(v, "list"), ""));
    c->after = mem_dup(jsonv_str(jsonv_get(v, "after"), ""));
    c->since = mem_dup(jsonv_str(jsonv_get(v, "since"), ""));
    c->written = jsonv_bool(jsonv_get(v, "written"), false);
    int64_t size = jsonv_int(jsonv_get(v, "size"), 0);
    for (int i = 0; i < MANIFEST_CATALOGUE_FIELDS; i++)
        c->field[i] = mem_dup(jsonv_str(jsonv_get(jsonv_get(v, "fields"), fields[i]), NULL));
    if (!is_plain(c->name))
        return err_set(e, ERR_SCRIPT,
            "%s: the name of a catalogue is 1 to 32 small letters, not \"%.40s\"", where, c->name);
    if (c->path[0] != '/' || !c->list[0] || !c->after[0] || size < 1 || size > PAGE_MAX)
        return err_set(e, ERR_SCRIPT, "%s: catalogue %s needs path, list, after and size (1 to %d)",
            where, c->name, PAGE_MAX);
    if (!c->field[CATALOGUE_ID] || !c->field[CATALOGUE_NAME])
        return err_set(e, ERR_SCRIPT, "%s: catalogue %s needs fields id and name", where, c->name);
    c->size = (int)size;
    return 0;
}

int manifest_parse_catalogues(
    const struct jsonv *connection, struct manifest_connection *c, struct err *e)
{
    const struct jsonv *list = jsonv_get(connection, "catalogues");
    if (!list || list->type != JSONV_ARRAY)
        return 0;
    c->catalogues = mem_zalloc(CATALOGUES_MAX, sizeof *c->catalogues);
    for (const struct jsonv *v = list->child; v; v = v->next) {
        if (c->ncatalogues == CATALOGUES_MAX)
            return err_set(e, ERR_LIMIT, "%s: more than %d catalogues", c->where, CATALOGUES_MAX);
        struct manifest_catalogue *one = &c->catalogues[c->ncatalogues++];
        if (parse_one(v, c->where, one, e) < 0)
            return -1;
        if (manifest_catalogue(c, one->name) != one)
            return err_set(e, ERR_SCRIPT, "%s: two catalogues \"%s\"", c->where, one->name);
    }
    return 0;
}

const struct manifest_catalogue *manifest_catalogue(
    const struct manifest_connection *c, const char *name)
{
    for (int i = 0; i < c->ncatalogues; i++)
        if (!strcmp(c->catalogues[i].name, name))
            return &c->catalogues[i];
    return NULL;
}

void manifest_catalogue_copy(struct manifest_catalogue *to, const struct manifest_catalogue *from)
{
    *to = *from;
    to->name = mem_dup(from->name);
    to->path = mem_dup(from->path);
    to->list = mem_dup(from->list);
    to->after = mem_dup(from->after);
    to->since = mem_dup(from->since);
    for (int i = 0; i < MANIFEST_CATALOGUE_FIELDS; i++)
        to->field[i] = mem_dup(from->field[i]);
}

void manifest_catalogue_free(struct manifest_catalogue *c)
{
    mem_free(c->name);
    mem_free(c->path);
    mem_free(c->list);
    mem_free(c->after);
    mem_free(c->since);
    for (int i = 0; i < MANIFEST_CATALOGUE_FIELDS; i++)
        mem_free(c->field[i]);
}
