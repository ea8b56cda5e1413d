/* Module text: characters, not bytes. Text that is not UTF-8 is taken byte by byte. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "cp1252.h"
#include "modules.h"
#include "vm.h"

static struct str text_at(lua_State *L, int index)
{
    size_t n;
    const char *p = luaL_checklstring(L, index, &n);
    return (struct str){p, n};
}

/* Bytes of the white space character at the beginning of s, 0 if there is none: ASCII, no-break
 * space, and U+2000 to U+200A, U+202F, U+3000. */
static size_t space_bytes(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n >= 1 && (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r')))
        return 1;
    if (s.n >= 2 && p[0] == 0xC2 && p[1] == 0xA0)
        return 2;
    if (s.n >= 3 && p[0] == 0xE2 && p[1] == 0x80 &&
        ((p[2] >= 0x80 && p[2] <= 0x8A) || p[2] == 0xAF))
        return 3;
    return s.n >= 3 && p[0] == 0xE3 && p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
}

/* text.trim(s): without white space at both ends, no-break spaces included */
static int l_trim(lua_State *L)
{
    struct str s = text_at(L, 1);
    size_t n;
    while ((n = space_bytes(s)) > 0)
        s = (struct str){s.p + n, s.n - n};
    for (n = 1; n <= 3 && n <= s.n; n++)
        if (space_bytes((struct str){s.p + s.n - n, n}) == n) {
            s.n -= n;
            n = 0; /* look again from the new end */
        }
    lua_pushlstring(L, s.p, s.n);
    return 1;
}

/* Bytes of the no-break space at the beginning of s that comes along with what is copied from a
 * document, the usual one or the narrow one; 0 if there is none. */
static size_t no_break_bytes(struct str s)
{
    if (s.n >= 2 && memcmp(s.p, "\xC2\xA0", 2) == 0)
        return 2;
    return s.n >= 3 && memcmp(s.p, "\xE2\x80\xAF", 3) == 0 ? 3 : 0;
}

/* s with spaces for its no-break spaces, in out; s itself if it has none. */
static struct str with_plain_spaces(struct str s, struct buf *out)
{
    size_t from = 0;
    buf_clear(out);
    for (size_t i = 0; i < s.n;) {
        size_t n = no_break_bytes((struct str){s.p + i, s.n - i});
        if (n) {
            buf_add(out, s.p + from, i - from);
            buf_addc(out, ' ');
            from = i + n;
        }
        i += n ? n : 1;
    }
    if (!from)
        return s;
    buf_add(out, s.p + from, s.n - from);
    return buf_str(out);
}

int l_host_trimmed(lua_State *L)
{
    struct str whole = text_at(L, 1);
    struct buf *out = &vm_of(L)->text; /* the state's own: nothing leaks if the push raises */
    struct str s = with_plain_spaces(whole, out);
    if (s.p != whole.p && out->failed)
        return luaL_error(L, "not enough memory for a text of %d bytes", (int)whole.n);
    s = str_trim(s);
    if (s.n == 0)
        lua_pushnil(L);
    else if (s.p == whole.p && s.n == whole.n)
        lua_pushvalue(L, 1);
    else
        lua_pushlstring(L, s.p, s.n);
    return 1;
}

/* text.truncate(s, n): its first n characters */
static int l_truncate(lua_State *L)
{
    struct str s = text_at(L, 1);
    lua_Integer left = luaL_checkinteger(L, 2);
    size_t n = 0;
    luaL_argcheck(L, left >= 0, 2, "a number of characters");
    while (n < s.n) {
        bool begins = ((unsigned char)s.p[n] & 0xC0) != 0x80;
        if (begins && left-- == 0)
            break;
        n++;
    }
    lua_pushlstring(L, s.p, n);
    return 1;
}

/* Pushes false, the character and its place. */
static int push_misfit(lua_State *L, const struct cp1252_misfit *m)
{
    char utf8[8];
    size_t n = 0;
    uint32_t c = m->code;
    if (c < 0x80) {
        utf8[n++] = (char)c;
    } else if (c < 0x800) {
        utf8[n++] = (char)(0xC0 | c >> 6);
        utf8[n++] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        utf8[n++] = (char)(0xE0 | c >> 12);
        utf8[n++] = (char)(0x80 | (c >> 6 & 63));
        utf8[n++] = (char)(0x80 | (c & 63));
    } else {
        utf8[n++] = (char)(0xF0 | c >> 18);
        utf8[n++] = (char)(0x80 | (c >> 12 & 63));
        utf8[n++] = (char)(0x80 | (c >> 6 & 63));
        utf8[n++] = (char)(0x80 | (c & 63));
    }
    lua_pushboolean(L, 0);
    lua_pushlstring(L, utf8, n);
    lua_pushinteger(L, (lua_Integer)m->position);
    return 3;
}

/* text.fits_cp1252(s) -> true; or false, the first character that Windows-1252 does not have, and
 * its place in characters from 1 */
static int l_fits_cp1252(lua_State *L)
{
    struct cp1252_misfit m;
    if (!cp1252_fits(text_at(L, 1), &m))
        return push_misfit(L, &m);
    lua_pushboolean(L, 1);
    return 1;
}

/* text.transliterate_cp1252(s) -> the nearest text that fits; what has no likeness becomes "?" */
static int l_transliterate_cp1252(lua_State *L)
{
    struct str s = text_at(L, 1);
    struct buf *out = &vm_of(L)->text; /* the state's own: nothing leaks if the push raises */
    buf_clear(out);
    cp1252_transliterate(out, s, NULL);
    lua_pushlstring(L, out->p ? out->p : "", out->n);
    return 1;
}

int l_open_text(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"trim", l_trim},
        {"truncate", l_truncate},
        {"fits_cp1252", l_fits_cp1252},
        {"transliterate_cp1252", l_transliterate_cp1252},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
