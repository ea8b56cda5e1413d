/* Module crypto: digests as lower-case hex. Scripts hold no secrets, so this signs nothing that
 * matters; it makes names and checks of content. */
#include <lauxlib.h>
#include <lua.h>
#include <sodium.h>

#include "modules.h"
#include "str.h"

/* crypto.sha256(bytes) -> 64 hex digits */
static int l_sha256(lua_State *L)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(digest) + 1];
    size_t n;
    const char *p = luaL_checklstring(L, 1, &n);
    crypto_hash_sha256(digest, (const unsigned char *)p, n);
    str_hex(hex, digest, sizeof(digest));
    lua_pushstring(L, hex);
    return 1;
}

/* crypto.hmac_sha256(key, bytes) -> 64 hex digits (RFC 2104) */
static int l_hmac_sha256(lua_State *L)
{
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof(digest) + 1];
    crypto_auth_hmacsha256_state state;
    size_t nkey, n;
    const char *key = luaL_checklstring(L, 1, &nkey), *p = luaL_checklstring(L, 2, &n);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, nkey);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)p, n);
    crypto_auth_hmacsha256_final(&state, digest);
    str_hex(hex, digest, sizeof(digest));
    lua_pushstring(L, hex);
    return 1;
}

int l_open_crypto(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"sha256", l_sha256},
        {"hmac_sha256", l_hmac_sha256},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
