/* Errors as values: a fallible function returns 0 or -1 and fills a struct err. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>

enum err_code {
    ERR_NONE = 0,
    ERR_INPUT,     /* what was given is malformed */
    ERR_LIMIT,     /* a named limit was hit */
    ERR_NOT_FOUND, /* no such thing */
    ERR_CONFLICT,  /* contradicts what is already there */
    ERR_DENIED,    /* authentication or permission */
    ERR_IO,        /* the operating system, the disk or the network failed */
    ERR_SCRIPT,    /* a Lua script is wrong */
    ERR_USAGE      /* the caller asked for something that does not exist */
};

/* An error: its class and one line that says what was wrong, where, and what to do next. */
struct err {
    enum err_code code;
    char text[1024];
};

/* Fills e (may be NULL) and returns -1, so that `return err_set(e, ...)` reads well. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text of e, for context on the way up; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The code as a word for logs and JSON: "input", "limit", "not_found" ... */
const char *err_code_name(enum err_code code);

#endif
