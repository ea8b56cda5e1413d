/* Editing JSON as people write it: "PATH=TEXT", "PATH:=JSON" or "-PATH" in the first line, the
 * document in the others. Whatever the bytes: an error in words, or a document that can be read,
 * that the same change leaves as it is, in which nothing differs from itself, and that differs from
 * the one before by what was changed: nothing only if it is the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "json_edit.h"
#include "jsondoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static bool edit(struct str document, const struct json_change *c, struct buf *out)
{
    struct err e = {0};
    buf_init(out, 1 << 20);
    if (json_edit(document, c, out, &e) == 0)
        return !out->failed;
    check(e.text[0] != '\0');
    return false;
}

static void compact(struct str json, struct buf *out)
{
    struct jsondoc *d = jsondoc_parse(json, NULL);
    buf_init(out, 1 << 20);
    check(d && jsonv_write(out, jsondoc_root(d)) == 0);
    jsondoc_free(d);
}

static void check_difference(struct str document, struct str edited, const struct json_change *c)
{
    struct buf differs, before, after;
    buf_init(&differs, 1 << 20);
    int n = json_diff(document, edited, 10, &differs);
    compact(document, &before);
    compact(edited, &after);
    /* A member may be put in anew in another order, by a value of JSON alone. */
    if (n == 0 && c->kind != JSON_CHANGE_JSON)
        check(str_eq(buf_str(&before), buf_str(&after)));
    if (n > 0)
        check(!str_eq(buf_str(&before), buf_str(&after)));
    check(c->kind != JSON_CHANGE_TEXT || n <= 1);
    check(c->kind != JSON_CHANGE_REMOVE || n >= 1);
    buf_addc(&differs, '\0');
    check(json_check(str_of(differs.p), NULL) == 0);
    buf_free(&differs);
    buf_free(&before);
    buf_free(&after);
}

static void change(struct str document, const struct json_change *c)
{
    struct buf once, twice, differs;
    if (edit(document, c, &once)) {
        struct jsondoc *d = jsondoc_parse(buf_str(&once), NULL);
        check(d != NULL);
        jsondoc_free(d);
        /* Once removed, the next element of a list has its place. */
        if (edit(buf_str(&once), c, &twice) && c->kind != JSON_CHANGE_REMOVE)
            check(twice.n == once.n && memcmp(twice.p, once.p, once.n) == 0);
        buf_free(&twice);
        buf_init(&differs, 1 << 20);
        check(json_diff(buf_str(&once), buf_str(&once), 10, &differs) == 0);
        buf_free(&differs);
        check_difference(document, buf_str(&once), c);
    }
    buf_free(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = {(const char *)data, size}, document;
    struct str line = str_cut(all, '\n', &document);
    struct json_change c = {JSON_CHANGE_REMOVE, STR_NONE, STR_NONE};
    struct err e = {0};
    if (!document.p)
        return 0;
    if (line.n && line.p[0] == '-')
        c.path = (struct str){line.p + 1, line.n - 1};
    else if (json_change_parse(line, &c, &e) < 0) {
        check(e.text[0] != '\0');
        return 0;
    }
    change(document, &c);
    return 0;
}
