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

int similarity_cover(struct str word, const struct str *others, int n)
{
    if (word.n < 3 || word.n > SIMILARITY_MAX)
        return 0;
    uint64_t covered = 0;
    for (int o = 0; o < n; o++) {
        struct str w = others[o];
        for (size_t j = 0; j + 3 <= w.n; j++)
            for (size_t i = 0; i + 3 <= word.n; i++) {
                if (word.p[i] != w.p[j] || (i > 0 && j > 0 && word.p[i - 1] == w.p[j - 1]))
                    continue;
                size_t k = 1;
                while (i + k < word.n && j + k < w.n && word.p[i + k] == w.p[j + k])
                    k++;
                /* A whole word of three, or a common begin, is more than chance. */
                if (k >= 4 || (k == 3 && j == 0 && (i == 0 || w.n == 3)))
                    covered |= (k == 64 ? ~(uint64_t)0 : (((uint64_t)1 << k) - 1)) << i;
            }
    }
    return __builtin_popcountll(covered);
}
