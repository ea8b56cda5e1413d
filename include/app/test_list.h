/* The tests of a company still to be run, in the order in which they are run: one call for each, so
 * that a test that has to be ended ends alone. */
#ifndef TEST_LIST_H
#define TEST_LIST_H

#include "jsondoc.h"
#include "list.h"
#include "str.h"

struct test_name {
    struct list node;
    char *name, *where;
};

/* What "list" of lua/testing.lua returned: files that do not load first, then the tests. */
void test_list_fill(struct list *l, const struct jsonv *listed);
/* The next one, which is the caller's; NULL when all were run. */
struct test_name *test_list_next(struct list *l);
void test_name_free(struct test_name *t);
void test_list_clear(struct list *l);

#endif
