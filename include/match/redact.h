/* What people are shown of what is kept: personal identity codes masked wherever they stand, and
 * the fields that a company's rules name. What is kept stays as it came, because runs go on from
 * it; `sauma erase` takes it away. */
#ifndef REDACT_H
#define REDACT_H

#include "buf.h"

#define REDACT_RULES_MAX 100

/* Appends the object `row` (JSON of one of the lists): its strings with personal identity codes
 * made unreadable, and "***" for each member below body, result, about, data, before or after whose
 * path ends as a rule says. rules: a JSON list of paths, parts between dots, a part * being any
 * one or none: "buyer.person_id", "*.phone"; arrays count as nothing. An object with path, before
 * and after (or now) says what changed at that path of the data. If it is no JSON, it is left out.
 */
void redact_row(struct buf *out, struct str rules, struct str row);
/* Appends the text with each personal identity code as stars, whatever dash it has. */
void redact_text(struct buf *out, struct str text);
/* The same, and "***" for the value of each member of JSON that stands in the text, whole or cut,
 * and of each field of a query or form, whose name is the last part of a rule: what a rule logged,
 * or another system's words. Rows have their texts so. */
void redact_words(struct buf *out, struct str rules, struct str text);
/* -1 and e: it is no list of such paths. */
struct err;
int redact_check(struct str rules, struct err *e);

#endif
