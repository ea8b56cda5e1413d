/* When a schedule came last and comes next. */
#ifndef UPCOMING_H
#define UPCOMING_H

#include "buf.h"

/* Writes the row (store_read_schedules) as {company, schedule, when, last, next}, times as clocks
 * of its zone show them ("2026-11-25T03:00:00+02:00"); last: the time that came last, or the one
 * before it began. A next in the past comes when the host runs, as `missed` says. */
void upcoming_put(struct buf *b, struct str row);

#endif
