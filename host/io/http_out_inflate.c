/* Answers in gzip (RFC 1952) or zlib's format (RFC 1950, which is what HTTP calls deflate). libcurl
 * inflates too, but takes one that was cut off for whole: a text that ends early, and nobody knows.
 */
#include "http_out_impl.h"
#include "mem.h"

#define WINDOW    (15 + 32) /* zlib.h: the largest window; 32 takes either format by its header */
#define ROOM_MIN  4096
#define GZIP_MARK 0x1f /* a further member begins so */

/* What an answer that is not packed at all, but says so, may have beyond its text: headers, and 5
 * bytes a block of 16 KB. */
static size_t packed_max(size_t max)
{
    return max + max / 1024 + 1024;
}

static void *take(void *arg, unsigned n, unsigned size)
{
    return mem_zalloc(n, size);
}

static void give(void *arg, void *p)
{
    mem_free(p);
}

static void begin(struct http_out_transfer *t)
{
    t->z = (z_stream){.zalloc = take, .zfree = give};
    if (inflateInit2(&t->z, WINDOW) != Z_OK)
        mem_exhausted();
    t->packing = PACKED_YET;
    t->packed = 0;
}

bool http_out_inflate_head(struct http_out_transfer *t)
{
    bool found = false;
    http_out_inflate_end(t);
    for (int i = 0; i < t->nspans; i++) {
        const struct header_span *s = &t->spans[i];
        struct str value = {t->head.p + s->value, s->nvalue};
        if (!str_ieq((struct str){t->head.p + s->name, s->nname}, STR_LIT("Content-Encoding")) ||
            !value.n || str_ieq(value, STR_LIT("identity")))
            continue;
        bool known = str_ieq(value, STR_LIT("gzip")) || str_ieq(value, STR_LIT("x-gzip")) ||
                     str_ieq(value, STR_LIT("deflate"));
        if (!known || found) {
            t->odd = "the answer is in a Content-Encoding that was not asked for";
            return false;
        }
        found = true;
    }
    if (found)
        begin(t);
    return true;
}

/* One call of zlib's into what room there is; false: nothing more is taken of this answer. */
static bool step(struct http_out_transfer *t)
{
    unsigned char one; /* whether the text ends at the limit is known when it would go on */
    if (t->body.n == t->max_body) {
        t->z.next_out = &one;
        t->z.avail_out = 1;
    } else {
        size_t left = t->max_body - t->body.n;
        size_t room = t->body.cap > t->body.n + ROOM_MIN ? t->body.cap - t->body.n - 1 : ROOM_MIN;
        room = room < left ? room : left;
        t->z.next_out = (unsigned char *)buf_room(&t->body, room);
        t->z.avail_out = (unsigned)(room < UINT32_MAX ? room : UINT32_MAX);
    }
    unsigned before = t->z.avail_out;
    int rc = inflate(&t->z, Z_NO_FLUSH);
    size_t got = before - t->z.avail_out;
    if (got && t->body.n == t->max_body) {
        t->over_body = true;
        return false;
    }
    t->body.n += got;
    if (rc == Z_STREAM_END)
        t->packing = PACKED_WHOLE;
    else if (rc == Z_MEM_ERROR)
        mem_exhausted();
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        t->odd = "the answer could not be inflated";
    return !t->odd;
}

bool http_out_inflate_add(struct http_out_transfer *t, const char *p, size_t n)
{
    t->packed += n;
    t->over_body = t->packed > packed_max(t->max_body);
    t->z.next_in = (unsigned char *)(uintptr_t)p;
    t->z.avail_in = (unsigned)n;
    bool full = true; /* zlib may hold more for the room that it gets next */
    while (!t->over_body && (t->z.avail_in || (full && t->packing == PACKED_YET))) {
        if (t->packing == PACKED_WHOLE) {
            if (*t->z.next_in != GZIP_MARK || inflateReset(&t->z) != Z_OK) {
                t->odd = "the answer goes on behind what is packed in it";
                return false;
            }
            t->packing = PACKED_YET;
        }
        if (!step(t))
            return false;
        full = t->z.avail_out == 0;
    }
    return !t->over_body;
}

bool http_out_inflate_whole(const struct http_out_transfer *t)
{
    return t->packing != PACKED_YET || !t->packed;
}

void http_out_inflate_end(struct http_out_transfer *t)
{
    if (t->packing != PACKED_NOT)
        inflateEnd(&t->z);
    t->packing = PACKED_NOT;
}
