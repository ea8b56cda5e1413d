/* Versions of a company's scripts, as company.c and company_load.c share them. */
#ifndef COMPANY_H
#define COMPANY_H

#include "machine.h"

/* A version that is being loaded, held once; recorded: from the store. */
struct version *version_new(struct company *c, const char *name, bool recorded);
/* The one of that name that was loaded from a folder and is not broken, or NULL. */
struct version *version_of_folder(struct company *c, const char *name);
/* Loads it in a script process; its hold by the loader is given back at the end. */
void version_load(struct version *v, const char *system_hash, struct str bundle);
/* fn is called when the load ends. */
void version_wait(struct version *v, engine_loaded_fn fn, void *arg);
/* What its folder holds is ready: it becomes current when its sources and the switch to it are on
 * disk. Those who wait for it are told then, or that it is not live yet, if the disk refused it. */
void version_publish(struct version *v);
/* What the disk refused: once more, or no longer. */
void publish_again(struct company *c);
void publish_give_up(struct company *c);
/* Those who wait for it are told. error NULL: it is live. */
void version_tell(struct version *v, const struct err *error);
/* New events take it from now on. */
void version_make_current(struct version *v);
/* The folder holds this version now. True if a rollback is in force for it: then that stays. */
bool company_in_folder(struct company *c, const char *version);
/* This version is, or was before the host started, the live one since then. */
void company_was_live(struct company *c, const char *version, int64_t since_ms);
/* The version of the rollback in force is made current, and fn told. */
void company_hold_pin(struct company *c, engine_loaded_fn fn, void *arg);
/* The version that was live last is made current, unless another is by then, and fn told. */
void company_resume(struct company *c, engine_loaded_fn fn, void *arg);
/* Those that wait for their version to be loaded; nobody is told. */
void rollbacks_free(struct company *c);
/* Takes the place of whom a load will tell: if it fails, and the company has no live version, the
 * one that was live before the host started is made current before fn is told of the error. */
void fallback_prepare(struct company *c, engine_loaded_fn *fn, void **arg);
void fallback_free(struct company *c);
/* NULL: there is none. */
void company_set_error(struct company *c, const char *text);

#endif
