/* The line of a source that an error is about. */
#ifndef BUNDLE_LINE_H
#define BUNDLE_LINE_H

#include "err.h"
#include "str.h"

/* Where e's text begins with "path:line:" and the bundle (JSON, see bundle.h) has that line, the
 * line is added to it: `company.lua:3: what is wrong  | local x = `. Not so a line that sets a
 * secret in plain text. */
void bundle_show_line(struct str bundle, struct err *e);

#endif
