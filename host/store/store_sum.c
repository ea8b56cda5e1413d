/* SQLite finds damage to its own structure, not to what is kept in it: a bit that flips in a body
 * may be a digit of a sum. So what runs go on from is compared with what was written. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store_private.h"

void body_hash(struct str body, unsigned char hash[BODY_HASH_BYTES])
{
    crypto_generichash(hash, BODY_HASH_BYTES, (const unsigned char *)body.p, body.n, NULL, 0);
}

static int damaged(struct sql *s, const char *what, const char *whose)
{
    s->rc = SQLITE_CORRUPT;
    snprintf(s->problem, sizeof(s->problem), "%s of %s is not what was written", what, whose);
    return -1;
}

int body_check(struct sql *s, const char *event, struct str body, struct str hash)
{
    unsigned char now[BODY_HASH_BYTES];
    body_hash(body, now);
    if (str_eq((struct str){(const char *)now, sizeof(now)}, hash))
        return 0;
    return damaged(s, "the body", event);
}

/* Not against forgers: whoever can write the file can write the sum. */
int64_t answer_sum(const struct store_answer *a)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES];
    const struct str parts[] = {str_of(a->outcome ? a->outcome : ""), a->meta, a->body};
    unsigned char hash[crypto_shorthash_BYTES], all[3 * sizeof(hash)];
    int64_t sum;
    for (size_t i = 0; i < 3; i++)
        crypto_shorthash(all + i * sizeof(hash),
            (const unsigned char *)(parts[i].p ? parts[i].p : ""), parts[i].n, key);
    crypto_shorthash(hash, all, sizeof(all), key);
    memcpy(&sum, hash, sizeof(sum));
    return sum;
}

int answer_check(struct sql *s, const char *run, const struct store_answer *a, int64_t sum)
{
    return answer_sum(a) == sum ? 0 : damaged(s, "an answer in the journal", run);
}
