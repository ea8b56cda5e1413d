/* What of a request may stand in a log: see access_log.h. */
#include <arpa/inet.h>
#include <string.h>

#include "access_log.h"
#include "http_strict.h"

#define WORD_MAX   128 /* as long as the name of a company or connection may be */
#define PARAMS_MAX 16

/* How many parts of a path are ours, by the first one; of any other path it is the first alone. */
static const struct {
    const char *first;
    int parts;
} paths[] = {{"hooks", 3}, {"api", 5}, {"oauth", 2}};

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
        if (!word)
            return false;
    }
    return s.n > 0 && s.n <= WORD_MAX;
}

static void put_word(struct buf *b, struct str s)
{
    if (s.n > 0 && is_word(s))
        buf_add(b, s.p, s.n);
    else if (s.n > 0)
        buf_addc(b, '*');
}

static void put_path(struct buf *b, struct str path)
{
    struct str part, rest = {path.p + 1, path.n - 1};
    int most = 1;
    for (int n = 0; rest.p != NULL; n++) {
        part = str_cut(rest, '/', &rest);
        for (size_t i = 0; n == 0 && i < sizeof(paths) / sizeof(*paths); i++)
            if (str_is(part, paths[i].first))
                most = paths[i].parts;
        buf_addc(b, '/');
        if (n >= most) {
            buf_addc(b, '*');
            return;
        }
        put_word(b, part);
    }
}

void access_target_put(struct buf *b, struct str target)
{
    struct str query, path = str_cut(http_target_local(target), '?', &query);
    if (path.n > 0 && path.p[0] == '/')
        put_path(b, path);
    else if (path.n > 0)
        buf_addc(b, '*');
    else if (target.n > 0) /* the absolute form, without a path */
        buf_addc(b, '/');
    char before = '?';
    for (int i = 0; query.n > 0; i++) {
        struct str value, name = str_cut(str_cut(query, '&', &query), '=', &value);
        buf_addc(b, before);
        before = '&';
        if (i == PARAMS_MAX) {
            buf_adds(b, "...");
            return;
        }
        /* Without a value the name may be one. */
        put_word(b, value.p != NULL ? name : STR_LIT("*"));
        if (value.p != NULL)
            buf_adds(b, "=*");
    }
}

void access_address_put(struct buf *b, const char *address, bool full)
{
    char text[HTTP_ADDRESS_TEXT];
    unsigned char a[16];
    int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    if (!full && inet_pton(family, address, a) == 1) {
        size_t kept = family == AF_INET ? 3 : 6, n = family == AF_INET ? 4 : 16;
        static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        if (family == AF_INET6 && memcmp(a, mapped, sizeof(mapped)) == 0)
            kept = 15;
        memset(a + kept, 0, n - kept);
        address = inet_ntop(family, a, text, sizeof(text));
    }
    buf_adds(b, address);
}
