#include "test_list.h"

#include "mem.h"

static void add(struct list *l, const struct jsonv *from, const char *name)
{
    struct test_name *t = mem_zalloc(1, sizeof(*t));
    t->name = mem_dup(jsonv_str(jsonv_get(from, name), ""));
    t->where = mem_dup(jsonv_str(jsonv_get(from, "where"), ""));
    list_append(l, &t->node);
}

void test_list_fill(struct list *l, const struct jsonv *listed)
{
    const struct jsonv *errors = jsonv_get(listed, "errors"), *tests = jsonv_get(listed, "tests");
    for (const struct jsonv *v = errors ? errors->child : NULL; v; v = v->next)
        add(l, v, "where");
    for (const struct jsonv *v = tests ? tests->child : NULL; v; v = v->next)
        add(l, v, "name");
}

struct test_name *test_list_next(struct list *l)
{
    struct list *node = list_shift(l);
    return node ? LIST_OF(node, struct test_name, node) : NULL;
}

void test_name_free(struct test_name *t)
{
    if (!t)
        return;
    mem_free(t->name);
    mem_free(t->where);
    mem_free(t);
}

void test_list_clear(struct list *l)
{
    struct test_name *t;
    while ((t = test_list_next(l)) != NULL)
        test_name_free(t);
}
