/* string.format. Lua's own shows addresses of tables and the like, and takes money through a
 * float; what it is given here is text already where it would. */
#include "modules.h"

#include <string.h>
#include <lauxlib.h>
#include "decimal_value.h"

#define RESULT_MAX ((size_t)32 << 20)
#define PLACES_MAX 20 /* of decimal_text_fixed */

struct conversion {
    size_t begin, end; /* in the format, from the '%' to behind the letter */
    bool left, plus, space, zero;
    int width, places;
    bool odd;    /* more than flags, width and places: an error, which Lua's own tells */
    char letter; /* '\0': the format ends before it */
};

/* Up to two digits, as Lua's own takes. */
static int take_digits(const char *format, size_t n, size_t *i)
{
    int value = 0;
    for (size_t end = *i + 2; *i < end && *i < n && format[*i] >= '0' && format[*i] <= '9'; ++*i)
        value = value * 10 + (format[*i] - '0');
    return value;
}

static struct conversion conversion_at(const char *format, size_t n, size_t at)
{
    struct conversion c = {.begin = at, .places = 6};
    size_t i = at + 1;
    for (; i < n && format[i] && strchr("-+ #0", format[i]); i++) {
        c.left |= format[i] == '-';
        c.plus |= format[i] == '+';
        c.space |= format[i] == ' ';
        c.zero |= format[i] == '0';
    }
    c.width = take_digits(format, n, &i);
    if (i < n && format[i] == '.') {
        i++;
        c.places = take_digits(format, n, &i);
    }
    for (; i < n && format[i] && strchr("-+ #0123456789.", format[i]); i++)
        c.odd = true;
    c.letter = i < n ? format[i++] : '\0';
    c.end = i;
    return c;
}

/* The next conversion that takes an argument, from begin on; false: none. */
static bool next_conversion(const char *format, size_t n, size_t begin, struct conversion *c)
{
    const char *percent;
    for (; (percent = memchr(format + begin, '%', n - begin)); begin = c->end) {
        *c = conversion_at(format, n, (size_t)(percent - format));
        if (c->letter != '%')
            return true;
    }
    return false;
}

/* Pushes a decimal as %f writes a float, but exact, and a half goes away from zero as in d:text. */
static void push_fixed(lua_State *L, const struct decimal *d, const struct conversion *c)
{
    char text[DECIMAL_TEXT], pad[100];
    struct err e = {0};
    if (c->places > PLACES_MAX)
        luaL_error(L, "string.format: a decimal with %d places; at most %d are possible", c->places,
            PLACES_MAX);
    if (decimal_text_fixed(d, c->places, text, &e) < 0)
        luaL_error(L, "string.format: %s", e.text);
    const char *sign = text[0] == '-' ? "-" : c->plus ? "+" : c->space ? " " : "";
    const char *digits = text + (text[0] == '-');
    size_t size = strlen(sign) + strlen(digits);
    size_t npad = (size_t)c->width > size ? (size_t)c->width - size : 0;
    memset(pad, c->zero && !c->left ? '0' : ' ', npad);
    pad[npad] = '\0';
    if (c->left)
        lua_pushfstring(L, "%s%s%s", sign, digits, pad);
    else if (c->zero)
        lua_pushfstring(L, "%s%s%s", sign, pad, digits);
    else
        lua_pushfstring(L, "%s%s%s", pad, sign, digits);
}

/* Each decimal that is to be written by %f becomes its text, and its conversion %s. */
static void fix_decimals(lua_State *L, int top)
{
    size_t n, at = 0;
    const char *format = lua_tolstring(L, 1, &n);
    struct conversion c;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int index = 2; next_conversion(format, n, at, &c); index++, at = c.end) {
        const struct decimal *d = index <= top ? decimal_at(L, index) : NULL;
        if (!d) {
            luaL_addlstring(&b, format + at, c.end - at);
            continue;
        }
        push_fixed(L, d, &c);
        lua_replace(L, index);
        luaL_addlstring(&b, format + at, c.begin - at);
        luaL_addlstring(&b, "%s", 2);
    }
    luaL_addlstring(&b, format + at, n - at);
    luaL_pushresult(&b);
    lua_replace(L, 1);
}

/* Makes text of the argument at index if Lua's own must not see it; true: it is a decimal that
 * fix_decimals has to write. Other letters take decimals as the numbers that they are. */
static bool prepare(lua_State *L, int index, const struct conversion *c)
{
    int type = lua_type(L, index);
    if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING)
        return false;
    bool decimal = decimal_at(L, index);
    if (decimal && c->letter == 'f' && !c->odd)
        return true;
    if (decimal || c->letter == 's') {
        base_push_text(L, index);
        lua_replace(L, index);
    }
    return false;
}

static void check_total(lua_State *L, size_t total, int top)
{
    for (int i = 2; i <= top; i++) {
        if (lua_type(L, i) == LUA_TSTRING)
            total += lua_rawlen(L, i);
        if (total > RESULT_MAX)
            luaL_error(L, "string.format: texts of %I bytes; at most %I are possible",
                (LUAI_UACINT)total, (LUAI_UACINT)RESULT_MAX);
    }
}

int l_string_format(lua_State *L)
{
    size_t n, at = 0;
    const char *format = luaL_checklstring(L, 1, &n);
    int index = 1, top = lua_gettop(L);
    bool fix = false;
    struct conversion c;
    for (; next_conversion(format, n, at, &c); at = c.end) {
        if (c.letter == 'p')
            return luaL_error(L, "string.format: %%p is not available");
        if (++index <= top)
            fix |= prepare(L, index, &c);
    }
    check_total(L, n, top);
    if (fix)
        fix_decimals(L, top);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}
