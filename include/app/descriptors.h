/* How many files and sockets the process may have open. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

/* Raises the soft limit as far as it goes: Linux gives 1024, for the sake of select. Returns how
 * many of `wanted` incoming connections fit beside what the host needs for itself (its store,
 * script processes and connections to the outside), which is at most half of all: deliveries that
 * come in must never leave none for handling them. */
int descriptors_for_connections(int wanted);

#endif
