/* Any bytes through json.decode and json.encode: what base's reader accepts is decoded unless a
 * number is beyond a decimal, and what is written reads back as the same bytes. An object of texts
 * is the same if it becomes a table only when somebody looks, and is the same JSON before that. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lua.h>
#include "codec.h"
#include "unread.h"
#include "vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

static bool reads_as_texts(struct str object)
{
    struct str at = unread_members(object), name, value;
    bool bad;
    while (unread_next(&at, &name, &value, &bad))
        must(name.p > object.p && value.p > name.p && value.p + value.n < object.p + object.n);
    return !bad;
}

static void expect_json(struct vm *vm, lua_State *L, struct str wanted)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, (size_t)1 << 24);
    must(codec_encode(vm, L, -1, &out, &e) == 0);
    must(str_eq(buf_str(&out), wanted));
    buf_free(&out);
}

/* wanted: its JSON as a table that was decoded; without bytes if it is none. */
static void try_unread(struct vm *vm, lua_State *L, struct str object, struct str wanted)
{
    struct buf out;
    struct err e = {0};
    if (memchr(object.p ? object.p : "", '\\', object.n) || !reads_as_texts(object))
        return;
    unread_open(L);
    unread_push_mark(L);
    unread_push(L, object, -1);
    if (wanted.n) {
        expect_json(vm, L, wanted);
        unread_fill(L, -1);
        expect_json(vm, L, wanted);
    } else {
        buf_init(&out, (size_t)1 << 24);
        codec_encode(vm, L, -1, &out, &e);
        unread_fill(L, -1);
        buf_free(&out);
    }
    lua_pop(L, 2);
}

static int l_round_trip(lua_State *L)
{
    const struct str *text = lua_touserdata(L, 1);
    struct vm *vm = vm_of(L);
    struct err e = {0};
    struct buf once, again;
    codec_open(L);
    if (codec_decode(L, *text, CODEC_FLOATS, &e) == 0)
        lua_pop(L, 1);
    if (codec_decode(L, *text, 0, &e) < 0) {
        must(json_check(*text, NULL) < 0 || strstr(e.text, "a decimal of 38 digits") != NULL);
        try_unread(vm, L, *text, STR_NONE);
        return 0;
    }
    must(json_check(*text, NULL) == 0);
    must(lua_gettop(L) == 2);
    buf_init(&once, (size_t)1 << 24);
    buf_init(&again, (size_t)1 << 24);
    must(codec_encode(vm, L, 2, &once, &e) == 0);
    must(codec_decode(L, buf_str(&once), 0, &e) == 0);
    must(codec_encode(vm, L, 3, &again, &e) == 0);
    must(once.n == again.n && memcmp(once.p, again.p, once.n) == 0);
    must(lua_gettop(L) == 3);
    try_unread(vm, L, *text, buf_str(&once));
    buf_free(&once);
    buf_free(&again);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct vm *vm = vm_new(NULL, (size_t)256 << 20, 0);
    must(vm && vm_protect(vm, l_round_trip, &text) == LUA_OK);
    vm_free(vm);
    return 0;
}
