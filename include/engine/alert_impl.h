/* Shared by alert.c and alert_event.c. */
#ifndef ALERT_IMPL_H
#define ALERT_IMPL_H

#include "alert.h"
#include "store.h"

/* Stores the event of an alert that became open (at_ms: since when) or is over, if the company has
 * a rule for it. */
void alert_tell(struct engine *e, const struct store_alert *a, bool over);

#endif
