/* The button of an outside system: POST /api/v1/send/{company}/{connection} sends what that
 * connection's events left held, and nothing else. Its bearer token is the connection's `button`
 * secret, so that a CRM never holds the operator's token. */
#ifndef API_BUTTON_H
#define API_BUTTON_H

#include "api_read.h"
#include "engine.h"
#include "http_in.h"

/* Body: {"id": "D-881", "by": "mira@example.org"}: the deal's or contract's id as the connection's
 * events name it, and who pressed. 202 {"run","state":"queued"}: it is sent; 200 {"run","state",
 * "reason"}: it is not held, and that is how it stands; 404: no event of that id made a run; 401
 * for any other token, company or connection. */
void api_button(struct engine *engine, struct api_reader *reader, struct http_in_exchange *x,
    struct str company, struct str connection);

#endif
