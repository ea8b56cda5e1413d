/* A command's call to the running host of a data folder. */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include <stdbool.h>
#include "err.h"
#include "jsondoc.h"

/* Sends METHOD /api/v1/PATH with body (JSON; "" for none) to the host that runs on dir and waits
 * for its answer: 0 with the status and the answer's JSON (the caller frees it; NULL if it is
 * none), or -1 and e: no host runs there, or it gave no answer. */
int api_call(const char *dir, const char *method, const char *path, struct str body, int *status,
    struct jsondoc **answer, struct err *e);
/* The answer's "error" in words, or a general word. */
const char *api_problem(const struct jsondoc *answer);

#endif
