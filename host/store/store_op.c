/* Operations: one allocation each, with everything that was asked copied into it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "store_private.h"

void *op_new(size_t size, size_t room)
{
    struct op *o = mem_alloc(size + room);
    memset(o, 0, size);
    o->at = (char *)o + size;
    o->end = o->at + room;
    o->what = "store";
    return o;
}

size_t op_room(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

size_t op_room_bytes(struct str bytes)
{
    return bytes.n + 1;
}

struct str op_bytes(struct op *o, struct str bytes)
{
    if (!bytes.p)
        return STR_NONE;
    if ((size_t)(o->end - o->at) < bytes.n + 1)
        abort(); /* whoever made it did not count this text */
    char *p = o->at;
    memcpy(p, bytes.p, bytes.n);
    p[bytes.n] = 0;
    o->at += bytes.n + 1;
    return (struct str){p, bytes.n};
}

const char *op_text(struct op *o, const char *text)
{
    return op_bytes(o, text ? str_of(text) : STR_LIT("")).p;
}

void *op_array(struct op *o, size_t bytes)
{
    size_t align = _Alignof(max_align_t), odd = (uintptr_t)o->at % align;
    size_t pad = odd ? align - odd : 0;
    if ((size_t)(o->end - o->at) < pad + bytes)
        abort();
    char *p = o->at + pad;
    o->at = p + bytes;
    return p;
}

int op_fail(struct op *o, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    if (!o->failed)
        o->failed = mem_alloc(sizeof(*o->failed));
    char *text = o->failed->text;
    o->failed->code = code;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(o->failed->text), fmt, ap);
    va_end(ap);
    return -1;
}

void op_done_call(const struct op_done *d, const struct err *e)
{
    if (d->fn)
        d->fn(d->arg, e);
}

void op_free(struct op *o)
{
    if (o->clear)
        o->clear(o);
    mem_free(o->failed);
    mem_free(o);
}

void ops_init(struct ops *q)
{
    q->first = NULL;
    q->last = &q->first;
}

void ops_add(struct ops *q, struct op *o)
{
    o->next = NULL;
    *q->last = o;
    q->last = &o->next;
}

void ops_join(struct ops *q, struct ops *more)
{
    if (!more->first)
        return;
    *q->last = more->first;
    q->last = more->last;
    ops_init(more);
}

void ops_take(struct ops *q, struct ops *out, int n)
{
    struct op **at = &q->first;
    ops_init(out);
    while (*at && n-- > 0)
        at = &(*at)->next;
    if (at == &q->first)
        return;
    out->first = q->first;
    out->last = at;
    q->first = *at;
    if (!q->first)
        q->last = &q->first;
    *at = NULL;
}
