/* Company names: a name is the same as itself, comparing does not depend on the order, and the
 * reasons add up. Input: two names with a line's end between. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "names.h"
#include "names_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_evidence(struct str a, struct str b)
{
    struct names_evidence e;
    enum names_match m = names_explain(a, b, &e);
    double sum = 0;
    for (int i = 0; i < e.count; i++)
        sum += e.note[i].weight;
    if (fabs(sum - e.score) > 1e-9 || e.score < 0 || e.score > 1 || m != names_compare(a, b))
        abort();
    if (m >= NAMES_CLOSE && e.score < 0.7)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str b, a = str_cut((struct str){(const char *)data, size}, '\n', &b);
    struct buf folded;
    if (names_compare(a, b) != names_compare(b, a))
        abort();
    check_evidence(a, b);
    buf_init(&folded, BUF_MAX_DEFAULT);
    if (names_fold(&folded, a) < 0)
        abort();
    bool letters = folded.n > 0 && a.n < NAMES_WORDS_MAX;
    buf_free(&folded);
    if (letters && names_compare(a, a) == NAMES_DIFFERENT)
        abort();
    return 0;
}
