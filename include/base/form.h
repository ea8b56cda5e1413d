/* application/x-www-form-urlencoded, as queries and token requests want it. */
#ifndef FORM_H
#define FORM_H

#include "buf.h"

/* Percent-encodes all but letters, digits and -._~ */
void form_put_value(struct buf *b, struct str value);
/* name=value, with a & before it unless b is empty or ends with ?. */
void form_put(struct buf *b, const char *name, const char *value);
/* The decoded value of the first parameter of that name, owned by the caller; NULL if there is
 * none, or if it is not decodable or holds a NUL. *many (may be NULL): it is there more than once.
 */
char *form_get(struct str form, const char *name, bool *many);

#endif
