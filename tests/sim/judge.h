/* What must hold, whatever happens. */
#ifndef JUDGE_H
#define JUDGE_H

#include "sim.h"

void judge_begin(void);
/* A request leaves: is its intent on disk, is it its turn, was silence asked for? */
void judge_sent(
    const char *company, const char *connection, const char *path, bool write, struct str body);
void judge_returned(const char *company, const char *connection, const char *path);
/* The connection asked not to be bothered for so long. */
void judge_silence(const char *company, const char *connection, int64_t ms);
void judge_host_died(void);
/* Time is up and something has not ended: fails with what it is. */
void judge_limbo(void) __attribute__((noreturn));

#endif
