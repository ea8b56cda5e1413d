/* Editing JSON as people write it: "PATH=TEXT", "PATH:=JSON" or "-PATH" in the first line, the
 * document in the others. Whatever the bytes: an error in words, or a document that can be read,
 * that the same change leaves as it is, and in which nothing differs from itself. */
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
        check(json_diff(document, buf_str(&once), 10, &differs) >= 0);
        buf_free(&differs);
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
