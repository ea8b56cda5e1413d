/* Places where a test build breaks on purpose. Only with SAUMA_FAULTS; a release build has none.
 *   SAUMA_FAULT=name:n    the process is killed (SIGKILL) at the n-th pass of FAULT_POINT(name)
 *   SAUMA_FAIL=name:n     FAULT_FAIL(name) is true at its n-th pass; name:n-m: from n to m
 * Passes count from 1, all threads together. One name of each kind can be set at a time. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#ifdef SAUMA_FAULTS
void fault_point(const char *name);
bool fault_fail(const char *name);
#define FAULT_POINT(name) fault_point(name)
#define FAULT_FAIL(name)  fault_fail(name)
#else
#define FAULT_POINT(name) ((void)0)
#define FAULT_FAIL(name)  false
#endif

#endif
