/* Retry-After: the first line is its value, the second that of Date. Whatever the bytes, it is not
 * said (-1) or a wait from nothing to the longest. */
#include <stdint.h>
#include <stdlib.h>
#include "retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str date, value = str_cut((struct str){(const char *)data, size}, '\n', &date);
    int64_t ms = retry_after_ms(value, date, 3600000);
    if (ms < -1 || ms > 3600000)
        abort();
    return 0;
}
