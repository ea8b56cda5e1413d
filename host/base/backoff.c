/* Exponential backoff with full jitter. */
#include "backoff.h"

int64_t backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms, int64_t floor_ms, uint32_t random)
{
    int64_t most = base_ms > 0 ? base_ms : 0;
    for (int i = 1; i < attempt && most < cap_ms; i++) {
        if (most == 0 || __builtin_mul_overflow(most, 2, &most))
            break;
    }
    if (most > cap_ms || most < 0)
        most = cap_ms > 0 ? cap_ms : 0;
    unsigned __int128 wide = (unsigned __int128)random * ((uint64_t)most + 1);
    int64_t wait = (int64_t)(wide >> 32);
    return wait < floor_ms ? floor_ms : wait;
}
