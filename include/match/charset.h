/* Texts of other encodings as UTF-8: what spreadsheets and old systems export. */
#ifndef CHARSET_H
#define CHARSET_H

#include "buf.h"
#include "str.h"

enum charset { CHARSET_UTF8, CHARSET_CP1252, CHARSET_UTF16LE, CHARSET_UTF16BE };

/* By the byte order mark, whose length *mark gets; without one UTF-16 is known by the zeros of its
 * first two letters, and all else is CHARSET_UTF8. */
enum charset charset_of_mark(struct str bytes, size_t *mark);
const char *charset_name(enum charset c); /* "UTF-8", "Windows-1252", ... */

/* Appends bytes as UTF-8. What the charset does not have, half characters and lone surrogates
 * become U+FFFD; CHARSET_UTF8 is appended as it is. */
void charset_decode(struct buf *out, enum charset c, struct str bytes);

#endif
