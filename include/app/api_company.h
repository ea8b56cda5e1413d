/* /api/v1/companies/{name}/...: the live version of a company's scripts. */
#ifndef API_COMPANY_H
#define API_COMPANY_H

#include "engine.h"
#include "http_in.h"
#include "reload.h"

/* POST .../reload; POST .../rollback with {"version": "...", "by": "...", "note": "..."}. Answers x
 * with {"version": ...} of the live one. */
void api_company(struct engine *e, struct reload *r, struct http_in_exchange *x, struct str company,
    struct str verb);

#endif
