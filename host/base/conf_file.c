/* Config files: `name = value` lines. */
#include "conf_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "map.h"
#include "mem.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

static int slurp(const char *path, struct buf *b, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, ERR_IO, "config file '%s': %s", path, strerror(errno));
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(b, chunk, n);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    if (failed)
        return err_set(e, ERR_IO, "config file '%s': %s", path, strerror(failed));
    if (b->failed)
        return err_set(e, ERR_USAGE, "config file '%s': longer than 1 MiB", path);
    return 0;
}

/* The value without its comment or quotes; false if its quotes do not match. */
static bool value_of(struct str s, struct str *value)
{
    s = str_trim(s);
    if (s.n && s.p[0] == '"') {
        struct str rest;
        *value = str_cut((struct str){s.p + 1, s.n - 1}, '"', &rest);
        if (!rest.p)
            return false;
        rest = str_trim(rest);
        return rest.n == 0 || rest.p[0] == '#';
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '#' && (i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '\t')) {
            s.n = i;
            break;
        }
    }
    *value = str_trim(s);
    return true;
}

static int read_line(struct str line, const char *where, struct map *seen, conf_file_set *set,
    void *arg, struct err *e)
{
    line = str_trim(line);
    if (line.n == 0 || line.p[0] == '#')
        return 0;
    struct str rest, value;
    struct str name = str_trim(str_cut(line, '=', &rest));
    if (!rest.p || name.n == 0)
        return err_set(e, ERR_USAGE, "%s: a line must be `name = value`", where);
    if (!value_of(rest, &value))
        return err_set(e, ERR_USAGE, "%s: the double quotes do not match", where);
    if (value.n && memchr(value.p, '\0', value.n))
        return err_set(e, ERR_USAGE, "%s: the value has a zero byte", where);
    if (map_set(seen, name, seen))
        return err_set(e, ERR_USAGE, "%s: '%.*s' stands twice in this file", where, STR_ARG(name));
    return set(arg, name, value, where, e);
}

int conf_file_read(const char *path, conf_file_set *set, void *arg, struct err *e)
{
    struct buf b;
    buf_init(&b, FILE_MAX_BYTES);
    struct map *seen = map_new();
    int rc = slurp(path, &b, e);
    struct str rest = buf_str(&b);
    for (int number = 1; rc == 0 && rest.n; number++) {
        struct str line = str_cut(rest, '\n', &rest);
        char *where = mem_printf("%s:%d", path, number);
        rc = read_line(line, where, seen, set, arg, e);
        mem_free(where);
    }
    map_free(seen);
    buf_free(&b);
    return rc;
}
