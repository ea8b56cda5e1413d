/* Edit distance and common runs of short words. */
#include "similarity.h"

#include <string.h>

int similarity_distance(struct str a, struct str b)
{
    if (a.n > SIMILARITY_MAX || b.n > SIMILARITY_MAX)
        return SIMILARITY_MAX;
    if (a.n == 0 || b.n == 0)
        return (int)(a.n + b.n);
    uint64_t peq[256];
    /* Only the entries that are read need to be clean. */
    for (size_t i = 0; i < b.n; i++)
        peq[(unsigned char)b.p[i]] = 0;
    for (size_t i = 0; i < a.n; i++)
        peq[(unsigned char)a.p[i]] = 0;
    for (size_t i = 0; i < a.n; i++)
        peq[(unsigned char)a.p[i]] |= (uint64_t)1 << i;
    uint64_t pv = ~(uint64_t)0, mv = 0, top = (uint64_t)1 << (a.n - 1);
    int d = (int)a.n;
    for (size_t i = 0; i < b.n; i++) {
        uint64_t eq = peq[(unsigned char)b.p[i]];
        uint64_t xv = eq | mv, xh = (((eq & pv) + pv) ^ pv) | eq;
        uint64_t ph = mv | ~(xh | pv), mh = pv & xh;
        d += (ph & top) != 0;
        d -= (mh & top) != 0;
        ph = (ph << 1) | 1;
        mh <<= 1;
        pv = mh | ~(xv | ph);
        mv = ph & xv;
    }
    return d;
}

/* Four bytes at once, as a number: equal numbers are equal bytes. */
static uint32_t four(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t bits(size_t n, size_t from)
{
    return (n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1) << from;
}

/* What of the word is in w, as bits: runs of four and more that begin or end one of the two, and
 * longer ones; four letters inside both are chance ("alli" of projektipaallikko and hallinta). */
static uint64_t runs_in(struct str word, const uint32_t *fours, struct str w)
{
    uint64_t covered = 0;
    for (size_t j = 0; j + 4 <= w.n; j++) {
        uint32_t other = four(w.p + j);
        for (size_t i = 0; i + 4 <= word.n; i++) {
            if (fours[i] != other)
                continue;
            size_t k = 4;
            while (i + k < word.n && j + k < w.n && word.p[i + k] == w.p[j + k])
                k++;
            bool edge = i == 0 || j == 0 || i + k == word.n || j + k == w.n;
            if (k > 4 || edge)
                covered |= bits(k, i);
        }
    }
    return covered;
}

uint64_t similarity_runs(struct str word, const struct str *others, int n)
{
    uint32_t fours[SIMILARITY_MAX];
    uint64_t covered = 0;
    if (word.n < 3 || word.n > SIMILARITY_MAX)
        return 0;
    for (size_t i = 0; i + 4 <= word.n; i++)
        fours[i] = four(word.p + i);
    for (int o = 0; o < n; o++) {
        struct str w = others[o];
        covered |= runs_in(word, fours, w);
        /* A whole word of three, or a common begin, is more than chance. */
        for (size_t i = 0; w.n >= 3 && i + 3 <= word.n && (i == 0 || w.n == 3); i++)
            if (!memcmp(word.p + i, w.p, 3))
                covered |= bits(3, i);
    }
    return covered;
}
