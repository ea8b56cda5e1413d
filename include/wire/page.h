/* What the host and a script process share without a message: which call is being run, and a
 * beat, written by the script process and read by the host; and how much it may take of a
 * processor, written by the host. */
#ifndef PAGE_H
#define PAGE_H

#include <stdint.h>

struct child_page {
    volatile uint64_t current; /* id of the call or load being run, 0 when idle */
    volatile uint64_t beat;    /* grows with each burst that is begun */
    volatile uint32_t percent; /* of a processor while it computes; 0 is 100 */
};

#endif
