/* The clock that libcurl looks at: it stands still while libcurl deals with one thing that
 * happened.
 */
#ifndef HTTP_OUT_CLOCK_H
#define HTTP_OUT_CLOCK_H

/* Looks of one thread that get the same answer; the next one is at the clock itself again, so that
 * whoever waits for a time to come is not held for ever. */
#define HTTP_OUT_CLOCK_LOOKS 16

/* From here until release CLOCK_MONOTONIC stands still for this thread, as said above: for a moment
 * without any waiting. Not nested. */
void http_out_clock_hold(void);
void http_out_clock_release(void);

#endif
