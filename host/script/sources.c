/* Bundles and their bytecode. */
#include "sources.h"

#include <string.h>
#include <lauxlib.h>
#include "buf.h"
#include "json.h"
#include "map.h"
#include "mem.h"
#include "slip.h"

#define SOURCE_MAX   ((size_t)4 << 20) /* of one file: the parser's memory is a multiple of it */
#define BYTECODE_MAX ((size_t)32 << 20)

struct source {
    char *path;
    char *text;
    size_t n;
    struct buf bytecode; /* empty until it was loaded once */
};

struct sources {
    struct map *by_path;
};

static int add_file(struct sources *s, struct str path, struct str text, struct err *e)
{
    if (memchr(path.p, '\0', path.n))
        return err_set(e, ERR_INPUT, "bundle: a path with a NUL");
    if (text.n > SOURCE_MAX)
        return err_set(e, ERR_LIMIT, "%.*s: larger than %zu bytes", STR_ARG(path), SOURCE_MAX);
    struct source *f = mem_zalloc(1, sizeof(*f));
    f->path = mem_dupn(path.p, path.n);
    f->text = mem_dupn(text.p, text.n);
    f->n = text.n;
    buf_init(&f->bytecode, BYTECODE_MAX);
    struct source *before = map_set(s->by_path, path, f);
    if (!before)
        return 0;
    mem_free(before->path);
    mem_free(before->text);
    mem_free(before);
    return err_set(e, ERR_INPUT, "bundle: %.*s is there twice", STR_ARG(path));
}

static int read_files(struct sources *s, struct json_reader *r, struct err *e)
{
    if (json_next(r) != JSON_OBJECT)
        return err_set(e, ERR_INPUT, "bundle: a JSON object is wanted");
    enum json_token t;
    while ((t = json_next(r)) == JSON_KEY) {
        char *path = mem_dupn(r->text.p, r->text.n);
        struct str key = {path, r->text.n};
        int rc;
        if (json_next(r) == JSON_STRING)
            rc = add_file(s, key, r->text, e);
        else
            rc = err_set(e, ERR_INPUT, "bundle: %s is no text", path);
        mem_free(path);
        if (rc < 0)
            return -1;
    }
    if (t != JSON_OBJECT_END || json_next(r) != JSON_END)
        return json_fail(r, e);
    return 0;
}

struct sources *sources_new(struct str json, struct err *e)
{
    struct sources *s = mem_zalloc(1, sizeof(*s));
    struct json_reader r;
    s->by_path = map_new();
    json_reader_init(&r, json);
    if (read_files(s, &r, e) < 0) {
        sources_free(s);
        s = NULL;
    }
    json_reader_free(&r);
    return s;
}

void sources_free(struct sources *s)
{
    if (!s)
        return;
    size_t at = 0;
    struct str path;
    void *value;
    while (map_next(s->by_path, &at, &path, &value)) {
        struct source *f = value;
        mem_free(f->path);
        mem_free(f->text);
        buf_free(&f->bytecode);
        mem_free(f);
    }
    map_free(s->by_path);
    mem_free(s);
}

bool sources_text(const struct sources *s, const char *path, struct str *text)
{
    const struct source *f = s ? map_get(s->by_path, str_of(path)) : NULL;
    if (!f)
        return false;
    *text = (struct str){f->text, f->n};
    return true;
}

const char *sources_next(const struct sources *s, size_t *at)
{
    struct str path;
    void *value;
    if (!s || !map_next(s->by_path, at, &path, &value))
        return NULL;
    return ((struct source *)value)->path;
}

static int write_bytecode(lua_State *L, const void *p, size_t n, void *arg)
{
    (void)L;
    return buf_add(arg, p, n) < 0;
}

/* Adds the likely slip to Lua's message "file.lua:12: ..." on top of the stack. */
static void name_slip(lua_State *L, const struct source *f)
{
    struct str message;
    int64_t line;
    message.p = lua_tolstring(L, -1, &message.n);
    size_t n = strlen(f->path) + 1;
    if (message.n <= n || strncmp(message.p, f->path, n - 1))
        return; /* a long path is shortened */
    const char *end = memchr(message.p + n, ':', message.n - n);
    if (!end || !str_to_i64((struct str){message.p + n, (size_t)(end - message.p) - n}, &line))
        return;
    const char *slip = slip_of(message, sources_line((struct str){f->text, f->n}, (int)line));
    if (slip) {
        lua_pushfstring(L, "%s (%s)", message.p, slip);
        lua_remove(L, -2);
    }
}

int sources_load(struct sources *s, lua_State *L, const char *path)
{
    struct source *f = map_get(s->by_path, str_of(path));
    const char *chunk = lua_pushfstring(L, "@%s", path);
    int status;
    if (f->n && f->text[0] == LUA_SIGNATURE[0]) {
        lua_pushfstring(L, "%s:1: this is compiled Lua; only source text is loaded", path);
        status = LUA_ERRSYNTAX;
    } else if (f->bytecode.n) {
        status = luaL_loadbufferx(L, f->bytecode.p, f->bytecode.n, chunk, "b");
    } else {
        status = luaL_loadbufferx(L, f->text, f->n, chunk, "t");
        /* With its lines: errors name them. */
        if (status == LUA_OK &&
            (lua_dump(L, write_bytecode, &f->bytecode, 0) != 0 || f->bytecode.failed))
            buf_free(&f->bytecode);
        if (status == LUA_ERRSYNTAX)
            name_slip(L, f);
    }
    lua_remove(L, -2);
    if (status == LUA_OK) {
        /* luaL_load sets the first upvalue to the globals, which this program leaves empty. */
        lua_pushnil(L);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    return status;
}

struct str sources_bytecode(const struct sources *s, const char *path)
{
    const struct source *f = s ? map_get(s->by_path, str_of(path)) : NULL;
    return f ? buf_str(&f->bytecode) : STR_NONE;
}

struct str sources_line(struct str text, int line)
{
    struct str rest = text, current = STR_NONE;
    for (int i = 0; i < line; i++) {
        if (!rest.p)
            return STR_LIT("");
        current = str_cut(rest, '\n', &rest);
    }
    if (current.n && current.p[current.n - 1] == '\r')
        current.n--;
    return current;
}
