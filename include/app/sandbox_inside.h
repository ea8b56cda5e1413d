/* The inside of the sandbox server: what sandbox_server.c (sandboxes), sandbox_exchange.c (a
 * request on its way) and sandbox_control.c (/_control and /_ledger) share. */
#ifndef SANDBOX_INSIDE_H
#define SANDBOX_INSIDE_H

#include "http_in.h"
#include "list.h"
#include "sandbox_deliver.h"
#include "sandbox_fault.h"
#include "sandbox_ledger.h"
#include "sandbox_lines.h"
#include "sandbox_server.h"

struct sandbox {
    struct list node;
    char *name, *kind, *context;
    char *options;
    struct sandbox_lines *lines; /* NULL: it has only pages */
    struct fault_list *faults;
    struct sandbox_server *server;
};

struct sandbox_server {
    struct loop *loop;
    struct scripts *scripts;
    char *system_hash;
    struct http_in *http;
    struct list sandboxes;
    struct list requests; /* under way */
    struct list lates;    /* to be carried out later */
    struct list drips;    /* answers that leave bit by bit */
    struct list controls; /* requests of sandbox_control.c that wait for a script */
    struct sandbox_ledger *ledger;
    struct sandbox_deliver *deliver;
    bool fixed_port;
    unsigned loads; /* makes the names of contexts unique */
};

/* The sandbox that a path belongs to, and the path as the sandbox sees it; or NULL. */
struct sandbox *sandbox_find(struct sandbox_server *s, struct str path, struct str *inner);

/* ---- sandbox_index.c ---- */
/* The list of all, for the root and, with 404, for paths that are nobody's. */
void sandbox_index_reply(struct sandbox_server *s, struct http_in_exchange *x);

/* ---- sandbox_exchange.c ---- */
void sandbox_exchange_begin(struct sandbox_server *s, struct http_in_exchange *x);
/* Drops all that is under way or to be carried out later. */
void sandbox_exchange_stop(struct sandbox_server *s);

/* ---- sandbox_control.c ---- */
/* Answers requests to the server itself; false if it is none. */
bool sandbox_control_takes(struct sandbox_server *s, struct http_in_exchange *x);
void sandbox_control_stop(struct sandbox_server *s);

#endif
