/* Small answers of the host's own paths. */
#ifndef REPLY_H
#define REPLY_H

#include "http_in.h"

void reply_json(struct http_in_exchange *x, int status, struct str json);
/* {"error": message} */
void reply_error(struct http_in_exchange *x, int status, const char *message);
void reply_text(struct http_in_exchange *x, int status, const char *text);
/* 405 with the methods that the path takes. */
void reply_method(struct http_in_exchange *x, const char *allowed);

#endif
