/* Words and their spellings. */
#include "vocabulary.h"

#include <string.h>

#include "clock.h"
#include "mem.h"

#define BLOCK       ((size_t)1 << 18)
#define SYMBOLS     40
#define PAD         37
#define GRAMS_MAX   66
#define TOUCH_MAX   5000 /* trigram entries looked at for one word, beyond its rarest trigrams */
#define RAREST      3
#define PERCENT_MIN 40

struct word {
    uint32_t text; /* block << 18 | offset; there its length in a byte, then its bytes */
    uint32_t hash;
    struct postings postings;
};

struct vocabulary {
    struct word *words;
    uint32_t n, cap, used;
    uint32_t *slots, mask; /* word + 1, open addressing */
    char **blocks;
    size_t blocks_n, block_used;
    uint64_t seed;
    struct postings *grams[SYMBOLS * SYMBOLS]; /* each SYMBOLS lists, made when first needed */
    uint16_t *count;                           /* per word, zero between questions */
    uint32_t count_cap;
    uint32_t *touched;
    size_t touched_cap, gram_bytes, posting_bytes;
};

static uint32_t hash_of(const struct vocabulary *v, struct str s)
{
    uint64_t h = v->seed ^ s.n;
    for (size_t i = 0; i < s.n; i += 8) {
        uint64_t w = 0;
        memcpy(&w, s.p + i, s.n - i < 8 ? s.n - i : 8);
        h = (h ^ w) * 0x9FB21C651E98DF25u;
        h ^= h >> 32;
    }
    h *= 0x9FB21C651E98DF25u;
    return (uint32_t)(h >> 32);
}

struct vocabulary *vocabulary_new(void)
{
    struct vocabulary *v = mem_zalloc(1, sizeof(*v));
    v->mask = 63;
    v->slots = mem_zalloc(v->mask + 1, sizeof(uint32_t));
    v->seed = (uint64_t)clock_mono_us() * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)v;
    return v;
}

void vocabulary_free(struct vocabulary *v)
{
    if (!v)
        return;
    for (uint32_t i = 0; i < v->n; i++)
        postings_free(&v->words[i].postings);
    for (int i = 0; i < SYMBOLS * SYMBOLS; i++) {
        for (int k = 0; v->grams[i] && k < SYMBOLS; k++)
            postings_free(&v->grams[i][k]);
        mem_free(v->grams[i]);
    }
    for (size_t i = 0; i < v->blocks_n; i++)
        mem_free(v->blocks[i]);
    mem_free(v->blocks);
    mem_free(v->words);
    mem_free(v->slots);
    mem_free(v->count);
    mem_free(v->touched);
    mem_free(v);
}

struct str vocabulary_text(const struct vocabulary *v, uint32_t word)
{
    uint32_t at = v->words[word].text;
    const char *p = v->blocks[at / BLOCK] + at % BLOCK;
    return (struct str){p + 1, (unsigned char)*p};
}

static uint32_t *slot_of(const struct vocabulary *v, struct str word, uint32_t hash)
{
    uint32_t i = hash & v->mask;
    while (v->slots[i]) {
        const struct word *w = &v->words[v->slots[i] - 1];
        if (w->hash == hash && str_eq(vocabulary_text(v, v->slots[i] - 1), word))
            break;
        i = (i + 1) & v->mask;
    }
    return &v->slots[i];
}

uint32_t vocabulary_find(const struct vocabulary *v, struct str word)
{
    uint32_t *slot = slot_of(v, word, hash_of(v, word));
    return *slot ? *slot - 1 : VOCABULARY_NONE;
}

static void grow(struct vocabulary *v)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap + v->cap / 2 : 32;
        v->words = mem_realloc(v->words, v->cap * sizeof(*v->words));
    }
    if ((uint64_t)v->n * 4 < (uint64_t)v->mask * 3)
        return;
    v->mask = v->mask * 2 + 1;
    mem_free(v->slots);
    v->slots = mem_zalloc((size_t)v->mask + 1, sizeof(uint32_t));
    for (uint32_t w = 0; w < v->n; w++) {
        uint32_t i = v->words[w].hash & v->mask;
        while (v->slots[i])
            i = (i + 1) & v->mask;
        v->slots[i] = w + 1;
    }
}

static uint32_t keep(struct vocabulary *v, struct str word)
{
    if (v->blocks_n == 0 || v->block_used + 1 + word.n > BLOCK) {
        v->blocks = mem_realloc(v->blocks, (v->blocks_n + 1) * sizeof(*v->blocks));
        v->blocks[v->blocks_n++] = mem_alloc(BLOCK);
        v->block_used = 0;
    }
    char *p = v->blocks[v->blocks_n - 1] + v->block_used;
    *p = (char)word.n;
    memcpy(p + 1, word.p, word.n);
    uint32_t at = (uint32_t)((v->blocks_n - 1) * BLOCK + v->block_used);
    v->block_used += 1 + word.n;
    return at;
}

/* ---- spelling -------------------------------------------------------------------------------- */

static unsigned symbol(char c)
{
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 1;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 27;
    return 38 + ((unsigned char)c & 1);
}

/* The padded trigrams of a word, each once. */
static int grams_of(struct str word, uint16_t out[GRAMS_MAX])
{
    int n = 0;
    unsigned a = PAD, b = PAD, c;
    if (word.n > 60)
        word.n = 60;
    for (size_t i = 0; i <= word.n; i++, a = b, b = c) {
        c = i < word.n ? symbol(word.p[i]) : PAD;
        if (i == 0)
            continue; /* two pads and a letter say little */
        uint16_t g = (uint16_t)((a * SYMBOLS + b) * SYMBOLS + c);
        int k = 0;
        while (k < n && out[k] != g)
            k++;
        if (k == n)
            out[n++] = g;
    }
    return n;
}

/* Keys of values and of codes begin with a sign: nobody misspells those. */
static bool is_spelt(struct str text)
{
    return text.n >= 3 && *text.p != '=' && *text.p != '@';
}

static void add_spelling(struct vocabulary *v, uint32_t word)
{
    uint16_t grams[GRAMS_MAX];
    struct str text = vocabulary_text(v, word);
    int n = is_spelt(text) ? grams_of(text, grams) : 0;
    for (int i = 0; i < n; i++) {
        struct postings **row = &v->grams[grams[i] / SYMBOLS];
        if (!*row) {
            *row = mem_zalloc(SYMBOLS, sizeof(**row));
            v->gram_bytes += SYMBOLS * sizeof(**row);
        }
        postings_add(&(*row)[grams[i] % SYMBOLS], word);
        v->gram_bytes += sizeof(uint32_t);
    }
}

static void remove_spelling(struct vocabulary *v, uint32_t word)
{
    uint16_t grams[GRAMS_MAX];
    struct str text = vocabulary_text(v, word);
    int n = is_spelt(text) ? grams_of(text, grams) : 0;
    for (int i = 0; i < n; i++)
        postings_remove(&v->grams[grams[i] / SYMBOLS][grams[i] % SYMBOLS], word);
    v->gram_bytes -= (size_t)n * sizeof(uint32_t);
}

bool vocabulary_link(struct vocabulary *v, uint32_t word, uint32_t record)
{
    struct postings *p = &v->words[word].postings;
    uint32_t cap = p->cap;
    if (!postings_add(p, record))
        return false;
    v->posting_bytes += (p->cap - cap) * sizeof(uint32_t);
    if (p->n == 1) {
        v->used++;
        add_spelling(v, word);
    }
    return true;
}

void vocabulary_unlink(struct vocabulary *v, uint32_t word, uint32_t record)
{
    struct postings *p = &v->words[word].postings;
    uint32_t cap = p->cap;
    if (postings_remove(p, record) && p->n == 0) {
        v->used--;
        v->posting_bytes -= cap * sizeof(uint32_t);
        remove_spelling(v, word);
    }
}

uint32_t vocabulary_used(const struct vocabulary *v)
{
    return v->used;
}

uint32_t vocabulary_add(struct vocabulary *v, struct str word)
{
    uint32_t hash = hash_of(v, word), *slot = slot_of(v, word, hash);
    if (*slot)
        return *slot - 1;
    grow(v);
    uint32_t w = v->n++;
    v->words[w] = (struct word){.text = keep(v, word), .hash = hash};
    *slot_of(v, word, hash) = w + 1;
    return w;
}

uint32_t vocabulary_count(const struct vocabulary *v)
{
    return v->n;
}

const struct postings *vocabulary_postings(const struct vocabulary *v, uint32_t word)
{
    return &v->words[word].postings;
}

static const struct postings *grams_at(const struct vocabulary *v, uint16_t g)
{
    const struct postings *row = v->grams[g / SYMBOLS];
    return row && row[g % SYMBOLS].n > 0 ? &row[g % SYMBOLS] : NULL;
}

static bool better(const struct vocabulary *v, struct vocabulary_alike a, struct vocabulary_alike b)
{
    if (a.percent != b.percent)
        return a.percent > b.percent;
    struct str x = vocabulary_text(v, a.word), y = vocabulary_text(v, b.word);
    size_t n = x.n < y.n ? x.n : y.n;
    int c = memcmp(x.p, y.p, n);
    return c ? c < 0 : x.n < y.n;
}

static void consider(const struct vocabulary *v, struct vocabulary_alike one,
    struct vocabulary_alike *out, int *n, int max)
{
    int at = *n;
    while (at > 0 && better(v, one, out[at - 1]))
        at--;
    if (at == max)
        return;
    if (*n < max)
        (*n)++;
    memmove(out + at + 1, out + at, (size_t)(*n - at - 1) * sizeof(*out));
    out[at] = one;
}

/* Of a hundred: the trigrams in common of those that both have, or (for less) of the shorter's. */
static uint32_t percent_of(uint32_t common, uint32_t mine, struct str text)
{
    uint32_t other = (uint32_t)(text.n > 60 ? 60 : text.n), least = other < mine ? other : mine;
    uint32_t both = 200 * common / (other + mine), one = 70 * common / least;
    return both > one ? both : one;
}

static uint32_t common_grams(const uint16_t *grams, int n, struct str text)
{
    uint16_t others[GRAMS_MAX];
    int m = grams_of(text, others);
    uint32_t common = 0;
    for (int i = 0; i < m; i++)
        for (int k = 0; k < n; k++)
            common += grams[k] == others[i];
    return common;
}

int vocabulary_alike(struct vocabulary *v, struct str word, struct vocabulary_alike *out, int max)
{
    uint16_t grams[GRAMS_MAX];
    int n = grams_of(word, grams), found = 0;
    if (v->count_cap < v->n) {
        mem_free(v->count);
        v->count_cap = v->cap;
        v->count = mem_zalloc(v->count_cap, sizeof(*v->count));
    }
    /* The rarest first, so that the common ones can be left out where there are many. */
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0; k--) {
            const struct postings *a = grams_at(v, grams[k - 1]), *b = grams_at(v, grams[k]);
            if ((a ? a->n : 0) <= (b ? b->n : 0))
                break;
            uint16_t t = grams[k];
            grams[k] = grams[k - 1];
            grams[k - 1] = t;
        }
    size_t touched = 0;
    int used = 0, lists = 0;
    for (; used < n; used++) {
        const struct postings *p = grams_at(v, grams[used]);
        if (!p)
            continue;
        if (lists >= RAREST && touched + p->n > TOUCH_MAX)
            break;
        if (touched + p->n > v->touched_cap) {
            v->touched_cap = (touched + p->n) * 2;
            v->touched = mem_realloc(v->touched, v->touched_cap * sizeof(*v->touched));
        }
        lists++;
        const uint32_t *list = postings_list(p);
        for (uint32_t k = 0; k < p->n; k++)
            if (v->count[list[k]]++ == 0)
                v->touched[touched++] = list[k];
    }
    for (size_t i = 0; i < touched; i++) {
        uint32_t w = v->touched[i], seen = v->count[w], most = seen + (uint32_t)(n - used);
        v->count[w] = 0;
        if (most < 2 || (seen < 2 && lists >= RAREST))
            continue;
        struct str text = vocabulary_text(v, w);
        if (percent_of(most, (uint32_t)n, text) < PERCENT_MIN || str_eq(text, word))
            continue;
        uint32_t percent =
            percent_of(used == n ? most : common_grams(grams, n, text), (uint32_t)n, text);
        if (percent >= PERCENT_MIN)
            consider(v, (struct vocabulary_alike){w, percent}, out, &found, max);
    }
    return found;
}

size_t vocabulary_bytes(const struct vocabulary *v)
{
    return v->cap * sizeof(*v->words) + ((size_t)v->mask + 1) * 4 +
           (v->blocks_n ? (v->blocks_n - 1) * BLOCK : 0) + v->block_used + v->gram_bytes +
           v->posting_bytes + v->count_cap * 2 + v->touched_cap * 4 + sizeof(*v);
}
