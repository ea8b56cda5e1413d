/* Frames between the host and a script process. */
#include "wire.h"

#include <string.h>

#define HEADER        20 /* length, type, zero, parts, seq, id */
#define BEHIND_LENGTH (HEADER - 4)

static void put_le(unsigned char *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(v >> 8 * i);
}

static uint64_t get_le(const unsigned char *from, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | from[i];
    return v;
}

static bool known_type(unsigned type)
{
    return (type >= WIRE_SYSTEM && type <= WIRE_DROP) || (type >= WIRE_LOADED && type <= WIRE_END);
}

int wire_put(struct buf *b, const struct wire_msg *m)
{
    size_t length = BEHIND_LENGTH;
    if (m->nparts < 0 || m->nparts > WIRE_PARTS_MAX)
        return -1;
    for (int i = 0; i < m->nparts; i++) {
        if (m->part[i].n > WIRE_FRAME_MAX - 4 || length > WIRE_FRAME_MAX - 4 - m->part[i].n)
            return -1;
        length += 4 + m->part[i].n;
    }
    unsigned char *to = (unsigned char *)buf_room(b, 4 + length);
    if (!to)
        return -1;
    put_le(to, length, 4);
    to[4] = (unsigned char)m->type;
    to[5] = 0;
    put_le(to + 6, (uint64_t)m->nparts, 2);
    put_le(to + 8, m->seq, 4);
    put_le(to + 12, m->id, 8);
    to += HEADER;
    for (int i = 0; i < m->nparts; i++) {
        put_le(to, m->part[i].n, 4);
        if (m->part[i].n)
            memcpy(to + 4, m->part[i].p, m->part[i].n);
        to += 4 + m->part[i].n;
    }
    b->n += 4 + length;
    return 0;
}

/* The parts fill the frame's rest exactly. */
static int get_parts(
    const unsigned char *p, const unsigned char *end, struct wire_msg *m, struct err *e)
{
    for (int i = 0; i < m->nparts; i++) {
        if (end - p < 4)
            return err_set(e, ERR_INPUT, "wire: part %d of %d has no length", i + 1, m->nparts);
        uint64_t n = get_le(p, 4);
        p += 4;
        if (n > (uint64_t)(end - p))
            return err_set(
                e, ERR_INPUT, "wire: part %d of %d is longer than its frame", i + 1, m->nparts);
        m->part[i] = (struct str){(const char *)p, (size_t)n};
        p += n;
    }
    if (p != end)
        return err_set(e, ERR_INPUT, "wire: %zu bytes behind the last part", (size_t)(end - p));
    return 0;
}

int wire_get(const char *bytes, size_t n, struct wire_msg *m, size_t *used, struct err *e)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (n < 4)
        return 0;
    /* Each field is judged as soon as it is there: a broken peer must not make us wait for the
     * rest of a frame that will be refused. */
    uint64_t length = get_le(p, 4);
    if (length < BEHIND_LENGTH || length > WIRE_FRAME_MAX)
        return err_set(e, ERR_INPUT, "wire: a frame of %zu bytes", (size_t)length);
    if (n >= 5 && !known_type(p[4]))
        return err_set(e, ERR_INPUT, "wire: unknown message type %u", p[4]);
    if (n >= 6 && p[5] != 0)
        return err_set(e, ERR_INPUT, "wire: a zero byte of the header is %u", p[5]);
    if (n >= 8 && get_le(p + 6, 2) > WIRE_PARTS_MAX)
        return err_set(e, ERR_INPUT, "wire: a frame of %u parts", (unsigned)get_le(p + 6, 2));
    if (n - 4 < length)
        return 0;
    *m = (struct wire_msg){
        .type = (enum wire_type)p[4],
        .nparts = (int)get_le(p + 6, 2),
        .seq = (uint32_t)get_le(p + 8, 4),
        .id = get_le(p + 12, 8),
    };
    if (get_parts(p + HEADER, p + 4 + length, m, e) < 0)
        return -1;
    *used = 4 + (size_t)length;
    return 1;
}
