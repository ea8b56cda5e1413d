/* The chunked transfer coding (RFC 9112 section 7.1) byte by byte. Written out because llhttp 8.1
 * as it builds by default takes any two bytes for the CRLF after a chunk's data, and because data
 * can then be copied once, from the socket's buffer to the body. */
#include "http_chunk.h"

#include <string.h>

#define SIZE_DIGITS_MAX 16

enum {
    SIZE,       /* hex digits */
    EXTENSION,  /* after ';': its name */
    EXT_NAME,   /* within the name */
    EXT_VALUE,  /* after '=': token or quoted string */
    EXT_TOKEN,  /* within a token */
    EXT_QUOTED, /* within quotes */
    EXT_END,    /* after the closing quote */
    SIZE_LF,    /* LF after the size line */
    DATA,       /* size bytes */
    DATA_CR,    /* CRLF after the data */
    DATA_LF,
    TRAILER,      /* first byte of a trailer line, or the last CR */
    TRAILER_NAME, /* within its name */
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF
};

static const struct http_problem BAD_SIZE = {400, "chunk size is not hexadecimal digits"};
static const struct http_problem BAD_EXTENSION = {400, "chunk extension is malformed"};
static const struct http_problem BAD_FRAME = {400, "chunk does not end with CR LF"};
static const struct http_problem BAD_TRAILER = {400, "trailer line is malformed"};
static const struct http_problem TOO_MUCH = {431, "chunk extensions or trailers are too long"};
static const struct http_problem TOO_LARGE = {413, "body is too large"};

void http_chunk_init(struct http_chunk *c)
{
    memset(c, 0, sizeof(*c));
}

static struct http_problem step_size(struct http_chunk *c, unsigned char b)
{
    int v = http_hex_value(b);
    if (v >= 0) {
        if (++c->digits > SIZE_DIGITS_MAX)
            return BAD_SIZE;
        c->size = c->size << 4 | (uint64_t)v;
        return HTTP_FINE;
    }
    if (c->digits == 0 || (b != '\r' && b != ';'))
        return BAD_SIZE;
    c->state = b == '\r' ? SIZE_LF : EXTENSION;
    return HTTP_FINE;
}

static struct http_problem step_size_lf(struct http_chunk *c, unsigned char b)
{
    if (b != '\n')
        return BAD_SIZE;
    c->state = c->size > 0 ? DATA : TRAILER;
    return HTTP_FINE;
}

/* ";" name [ "=" ( token / quoted-string ) ], once for a chunk, without blanks around and escapes
 * within: nobody sends more, and what nobody sends is where two readers differ (llhttp 8.1 takes a
 * second extension for a chunk size). */
static struct http_problem step_extension(struct http_chunk *c, unsigned char b)
{
    bool more = c->state == EXT_NAME || c->state == EXT_TOKEN || c->state == EXT_END;
    if (c->state == EXT_QUOTED) {
        if (b == '"')
            c->state = EXT_END;
        else if ((b != '\t' && (b < 0x20 || b > 0x7e)) || b == '\\')
            return BAD_EXTENSION;
    } else if (more && b == '\r') {
        c->state = SIZE_LF;
    } else if (c->state == EXT_NAME && b == '=') {
        c->state = EXT_VALUE;
    } else if (c->state == EXT_VALUE && b == '"') {
        c->state = EXT_QUOTED;
    } else if (c->state == EXT_END || !http_is_token_char(b)) {
        return BAD_EXTENSION;
    } else {
        c->state = c->state == EXTENSION || c->state == EXT_NAME ? EXT_NAME : EXT_TOKEN;
    }
    return HTTP_FINE;
}

static struct http_problem step_trailer(struct http_chunk *c, unsigned char b)
{
    switch (c->state) {
    case TRAILER:
        if (b == '\r')
            c->state = LAST_LF;
        else if (!http_is_token_char(b))
            return BAD_TRAILER;
        else
            c->state = TRAILER_NAME;
        c->trailers |= b != '\r';
        return HTTP_FINE;
    case TRAILER_NAME:
        if (b == ':')
            c->state = TRAILER_VALUE;
        else if (!http_is_token_char(b))
            return BAD_TRAILER;
        return HTTP_FINE;
    case TRAILER_VALUE:
        if (b == '\r')
            c->state = TRAILER_LF;
        else if (!http_is_value_char(b))
            return BAD_TRAILER;
        return HTTP_FINE;
    default:
        c->state = TRAILER;
        return b == '\n' ? HTTP_FINE : BAD_TRAILER;
    }
}

static struct http_problem step_data_end(struct http_chunk *c, unsigned char b)
{
    if (b != (c->state == DATA_CR ? '\r' : '\n'))
        return BAD_FRAME;
    if (c->state == DATA_CR) {
        c->state = DATA_LF;
        return HTTP_FINE;
    }
    c->state = SIZE;
    c->digits = 0;
    c->size = 0;
    return HTTP_FINE;
}

/* One byte of framing. */
static struct http_problem step(struct http_chunk *c, unsigned char b, size_t overhead_max)
{
    switch (c->state) {
    case SIZE:
        return step_size(c, b);
    case SIZE_LF:
        return step_size_lf(c, b);
    case DATA_CR:
    case DATA_LF:
        return step_data_end(c, b);
    default:
        if (++c->overhead > overhead_max)
            return TOO_MUCH;
        return c->state < SIZE_LF ? step_extension(c, b) : step_trailer(c, b);
    }
}

size_t http_chunk_feed(struct http_chunk *c, const char *bytes, size_t n, size_t max_body,
    size_t overhead_max, struct buf *body, bool *done, struct http_problem *problem)
{
    size_t used = 0;
    while (used < n) {
        if (c->state == DATA) {
            size_t take = n - used < c->size ? n - used : (size_t)c->size;
            buf_add(body, bytes + used, take);
            used += take;
            c->size -= take;
            if (c->size == 0)
                c->state = DATA_CR;
            continue;
        }
        unsigned char b = (unsigned char)bytes[used++];
        if (c->state == LAST_LF) {
            *done = b == '\n';
            *problem = *done ? HTTP_FINE : BAD_TRAILER;
            return used;
        }
        *problem = step(c, b, overhead_max);
        /* As soon as the size line is whole, before any of the data is taken. */
        if (c->state == DATA && c->size > max_body - body->n)
            *problem = TOO_LARGE;
        if (problem->status != 0)
            return used;
    }
    return used;
}
