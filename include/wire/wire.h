/* The messages between the host and a script process, over one stream socket.
 * Frame: u32 length of what follows, u8 type, u8 zero, u16 number of parts, u32 seq, u64 id, then
 * each part as u32 length and bytes. All little endian. Both sides check all of it: a script
 * process is not trusted by the host. */
#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "str.h"

enum wire_type {
    /* host -> script process */
    WIRE_SYSTEM = 1, /* [hash, bundle]: the installation's lua/ and rules/ files; once per hash */
    WIRE_LOAD,       /* id; [context, mode, module, system hash, bundle, options JSON] */
    WIRE_UNLOAD,     /* [context] */
    WIRE_CALL,       /* id; [context, function, arguments JSON, body]: start a coroutine */
    WIRE_ANSWER,     /* id, seq; [meta JSON, body]: the answer to a step */
    WIRE_DROP,       /* id: forget the call; nothing more comes from it */
    /* script process -> host */
    WIRE_LOADED = 32, /* id; ["ok", manifest JSON] or ["error", message] */
    WIRE_STEP,        /* id, seq from 1; [spec JSON, body]: the coroutine waits for its answer */
    WIRE_LOG,         /* id; [level, text] */
    WIRE_END          /* id; [outcome, JSON, body]: the coroutine ended, see design of END below */
};

#define WIRE_PARTS_MAX 8
#define WIRE_FRAME_MAX ((size_t)64 << 20)

struct wire_msg {
    enum wire_type type;
    uint32_t seq;
    uint64_t id;
    int nparts;
    struct str part[WIRE_PARTS_MAX];
};

/* Appends the message to b: 0, or -1 if b's maximum was hit. */
int wire_put(struct buf *b, const struct wire_msg *m);
/* Reads one frame from the first n bytes at p. 1: *m is filled (its parts point into p) and *used
 * bytes were consumed; 0: more bytes are needed; -1: malformed, e says how. */
int wire_get(const char *p, size_t n, struct wire_msg *m, size_t *used, struct err *e);

#endif
