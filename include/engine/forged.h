/* Deliveries that are not authentic: anybody can send them, so they fill no log; and they are what
 * a sender's come as whose secret is another one than ours, so a person must hear of it. */
#ifndef FORGED_H
#define FORGED_H

#include <stdint.h>
#include "health.h"

struct channel;

struct forged {
    int n;            /* since the last authentic one */
    int64_t since_ms; /* monotonic: the first of them */
    int64_t told_ms;  /* of the log; 0: never */
    int64_t unsaid;   /* that have no line of their own */
    struct health_alert alert;
};

/* One was refused: a line in the log at most every log-again, with how many there were; an alert,
 * if no authentic one comes between them for as long. */
void forged_seen(struct channel *ch, const char *problem);
/* An authentic one came. */
void forged_not(struct channel *ch);

#endif
