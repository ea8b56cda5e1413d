/* Texts of single values, for JSON. */
#ifndef ENCODE_SCALAR_H
#define ENCODE_SCALAR_H

#include <stddef.h>
#include "buf.h"
#include "str.h"

#define SCALAR_TEXT 40

/* Both write into out and return the length. */
size_t scalar_integer(int64_t v, char out[SCALAR_TEXT]);
/* The shortest text that reads back as the same float; without a fraction as an integer ("3", not
 * "3.0"), since that is what it is everywhere else. v is finite. */
size_t scalar_float(double v, char out[SCALAR_TEXT]);
/* Appends s with quotes and escapes; -1 at invalid UTF-8. */
int scalar_string(struct buf *b, struct str s);

#endif
