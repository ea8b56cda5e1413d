/* Changing single values in a JSON document and naming what differs between two. Paths are written
 * as messages name fields: customer.business_id, pricing_table.rows[0].quantity (lists count from
 * 0), ["a name with dots"].x. What is not changed keeps its text: numbers are never read as floats,
 * members keep their order. */
#ifndef JSON_EDIT_H
#define JSON_EDIT_H

#include "json.h"

enum json_change_kind {
    JSON_CHANGE_TEXT,  /* value is a text, or what the value there now is (number, true, false) */
    JSON_CHANGE_JSON,  /* value is JSON */
    JSON_CHANGE_REMOVE /* the member or element goes */
};
struct json_change {
    enum json_change_kind kind;
    struct str path, value;
};

/* "PATH=TEXT" or "PATH:=JSON" as people write it; the slices point into text. -1 and e. */
int json_change_parse(struct str text, struct json_change *c, struct err *e);

/* Writes src with the change to out. A missing member is added, in objects on the way to it too; an
 * element is added at the end of its list. -1 and e if src is not JSON, the path leads through what
 * is no object or list, the place to be removed is not there, or a number is to become a text
 * (which wants PATH:="..."). */
int json_edit(struct str src, const struct json_change *c, struct buf *out, struct err *e);

/* Writes the differences as a JSON list of {"path","before","after"} (null: not there) to out, at
 * most max of them and then {"path":"...","before":null,"after":null}. Both must be JSON; numbers
 * are compared as they are written. Returns how many there are. */
int json_diff(struct str before, struct str after, int max, struct buf *out);

#endif
