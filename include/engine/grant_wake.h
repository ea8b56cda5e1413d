/* Runs that wait for a person to connect a connection. */
#ifndef GRANT_WAKE_H
#define GRANT_WAKE_H

struct company;

/* All runs of the company that wait for it go on. */
void grant_wake(struct company *c, const char *connection);

#endif
