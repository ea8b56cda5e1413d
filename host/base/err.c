/* Errors as values. */
#include "err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (!e)
        return -1;
    /* The arguments may point into e->text itself, hence the detour. */
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    e->code = code;
    memcpy(e->text, text, sizeof(text));
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    char prefix[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(prefix, sizeof(prefix), fmt, ap);
    va_end(ap);
    char text[2 * sizeof(e->text) + 2];
    snprintf(text, sizeof(text), "%s: %s", prefix, e->text);
    memcpy(e->text, text, sizeof(e->text));
    e->text[sizeof(e->text) - 1] = '\0';
    return -1;
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return "none";
    case ERR_INPUT:
        return "input";
    case ERR_LIMIT:
        return "limit";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_DENIED:
        return "denied";
    case ERR_IO:
        return "io";
    case ERR_SCRIPT:
        return "script";
    case ERR_USAGE:
        return "usage";
    }
    return "unknown";
}
