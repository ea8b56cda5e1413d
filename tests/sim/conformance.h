/* Shared by conformance.c, which asks, and conformance_said.c, which hears. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "buf.h"
#include "disk.h"
#include "store_act.h"

enum { SIDES = 2, CONFORMANCE_SLOTS = 2 };

/* What was asked and answered of one operation. */
struct asked {
    struct buf said[SIDES];
    int side; /* that is asked at the moment */
};

/* The place where a callback writes: which operation, which side. */
struct ear {
    struct asked *of;
    int side;
};

/* Callbacks; arg is an ear. */
void on_done(void *arg, const struct err *e);
void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first, const struct err *e);
void on_alert(void *arg, bool changed, const struct err *e);
void on_journal(void *arg, const struct store_journal_step *steps, int n, const struct err *e);
void on_open(void *arg, const struct store_open_event *oe);
void on_opened(void *arg, const struct store_open_end *end, const struct err *e);
void on_body(void *arg, struct str body, const struct err *e);
void on_books(void *arg, const struct store_books *k, const struct err *e);
void on_backlog(void *arg, const struct store_backlog *k);
void on_backlog_end(void *arg, int n, const struct err *e);
void on_version(void *arg, const char *company_hash, struct str company_bundle,
    const char *system_hash, struct str system_bundle, const struct err *e);
void on_live(void *arg, const struct store_switch *sw);
void on_schedules(void *arg, const struct store_slot *slots, const struct err *e);
void on_standing(void *arg, const struct store_standing *st, const struct err *e);
void on_order(void *arg, const char *value, const char *event, const struct err *e);
void on_revision(
    void *arg, struct str body, const struct store_effect *effects, int n, const struct err *e);

#endif
