/* What both directions of HTTP share. */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include "str.h"

struct http_header {
    struct str name; /* as it came; compare with str_ieq */
    struct str value;
};

/* First header of that name, or STR_NONE. */
struct str http_header_get(const struct http_header *h, int n, const char *name);
/* "Not Found" for 404. */
const char *http_reason(int status);

#endif
