/* Sandbox servers of outside systems: lua/sandbox/NAME.lua behind real HTTP on a real socket. One
 * server holds one or several sandboxes; each answers below /NAME/, and a lone one at / too. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "err.h"
#include "loop.h"
#include "scripts.h"

struct sandbox_server;

/* listen: "127.0.0.1:0" takes a free port. system_hash names the bundle that scripts got. */
struct sandbox_server *sandbox_server_new(
    struct loop *l, struct scripts *s, const char *system_hash, const char *listen, struct err *e);
void sandbox_server_free(struct sandbox_server *s);
const char *sandbox_server_address(const struct sandbox_server *s); /* "127.0.0.1:41233" */

/* Adds lua/sandbox/KIND.lua as NAME. options: JSON object for its load(). fn gets what load()
 * returned, or e. -1 and e if the fault spec is wrong. */
int sandbox_server_add(struct sandbox_server *s, const char *name, const char *kind,
    struct str options, struct str faults, scripts_loaded_fn fn, void *arg, struct err *e);
/* The address that a company's connection to this sandbox has, owned by the caller: the server's
 * address, /NAME, and the `path` that the sandbox's load() returned ("/api"). */
char *sandbox_server_url(const struct sandbox_server *s, const char *name, struct str manifest);
/* Replaces the faults of a sandbox. */
int sandbox_server_fault(
    struct sandbox_server *s, const char *name, struct str faults, struct err *e);
/* Loads the sandbox anew: empty, no faults, same options. */
int sandbox_server_clear(
    struct sandbox_server *s, const char *name, scripts_loaded_fn fn, void *arg, struct err *e);
/* Calls state() or seed(argument) of a sandbox; fn gets the JSON it returned, or e. */
int sandbox_server_call(struct sandbox_server *s, const char *name, const char *function,
    struct str argument, scripts_loaded_fn fn, void *arg, struct err *e);

#endif
