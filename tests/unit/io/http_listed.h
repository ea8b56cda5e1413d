/* Requests that made well-known HTTP servers read one message in two ways, and what must become of
 * each here. The numbers are those of the list of 62 that libevent's own server was measured by, so
 * that table and list can be read side by side; "-" is a line of that list's text without a number.
 *
 * What takes more than one message has its tests beside these: 84, a line break in an answer's
 * header (http_listed_test.c), 100 MB of body and of chunks in flat memory, the absolute deadlines,
 * the limit of the headers byte by byte and of their number (http_in_limits_test.c,
 * http_parse_test.c).
 *
 * expect: the statuses of the answers in order. seen: what the handler was given, "METHOD PATH
 * [BODY]" for each, and " !NAME" for a header that only a trailer said. */
#ifndef HTTP_LISTED_H
#define HTTP_LISTED_H

#include <stddef.h>

struct http_listed {
    const char *number, *name, *expect, *seen, *bytes;
    size_t n;
};

#define LISTED(number, name, expect, seen, text)                                                   \
    {                                                                                              \
        number, name, expect, seen, text, sizeof(text) - 1                                         \
    }
#define REFUSED(number, name, text) LISTED(number, name, "400", "", text)
#define L_POST                      "POST / HTTP/1.1\r\nHost: a\r\n"
#define L_GET                       "GET / HTTP/1.1\r\nHost: a\r\n"
#define L_CHUNKED                   L_POST "Transfer-Encoding: chunked\r\n\r\n"
#define L_CODED                     L_POST "Content-Length: 5\r\nTransfer-Encoding: "
/* Behind what is refused: must never be run. */
#define L_NEXT "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct http_listed http_listed[] = {
    /* ---- how long the body is ---- */
    REFUSED("02", "two lengths, the shorter first",
        L_POST "Content-Length: 5\r\nContent-Length: 44\r\n\r\nhello" L_NEXT),
    REFUSED("03", "two lengths, the longer first",
        L_POST "Content-Length: 44\r\nContent-Length: 5\r\n\r\nhello" L_NEXT),
    REFUSED("07", "length +5", L_POST "Content-Length: +5\r\n\r\nhello" L_NEXT),
    REFUSED("-", "negative length", L_POST "Content-Length: -5\r\n\r\nhello" L_NEXT),
    REFUSED("-", "length in hex", L_POST "Content-Length: 0x5\r\n\r\nhello" L_NEXT),
    REFUSED("-", "length over 64 bits",
        L_POST "Content-Length: 18446744073709551621\r\n\r\nhello" L_NEXT),
    LISTED("-", "length of 100 MB", "413", "", L_POST "Content-Length: 104857600\r\n\r\nhello"),
    LISTED("-", "truncated body", "", "", L_POST "Content-Length: 44\r\n\r\nhello"),
    LISTED("-", "Connection: close ends it", "202", "GET / []",
        L_GET "Connection: close\r\n\r\n" L_NEXT),
    /* ---- both a length and a coding, or a coding that is not exactly chunked, with and without a
     * length to fall back to ---- */
    REFUSED("17", "length, then coding",
        L_POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("18", "coding, then length",
        L_POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "xchunked", L_POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "xchunked, length", L_CODED "xchunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "identity", L_POST "Transfer-Encoding: identity\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "identity, length", L_CODED "identity\r\n\r\nhello" L_NEXT),
    REFUSED("19-25,27", "gzip, chunked",
        L_POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "gzip, chunked, length", L_CODED "gzip, chunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "chunked, gzip",
        L_POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "chunked, identity",
        L_POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "chunked twice in two headers",
        L_POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "chunked, then identity in another header",
        L_POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED(
        "19-25,27", "a parameter", L_POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "a vertical tab before",
        L_POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("19-25,27", "an empty coding", L_POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED("26", "a blank before the coding's colon",
        L_POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" L_NEXT),
    REFUSED(
        "26", "a blank before the length's colon", L_POST "Content-Length : 5\r\n\r\nhello" L_NEXT),
    REFUSED("26", "a tab before the colon", L_GET "X\t: y\r\n\r\n" L_NEXT),
    /* ---- chunks ---- */
    REFUSED("30", "chunk size 0x5", L_CHUNKED "0x5\r\nhello\r\n0\r\n\r\n" L_NEXT),
    REFUSED("31", "chunk size +5", L_CHUNKED "+5\r\nhello\r\n0\r\n\r\n" L_NEXT),
    REFUSED("32", "chunk size -0", L_CHUNKED "5\r\nhello\r\n-0\r\n\r\n" L_NEXT),
    REFUSED("33", "chunk size blank 5", L_CHUNKED " 5\r\nhello\r\n0\r\n\r\n" L_NEXT),
    REFUSED("39", "bare LF after the size", L_CHUNKED "5\nhello\r\n0\r\n\r\n" L_NEXT),
    REFUSED("39", "bare LF after the data", L_CHUNKED "5\r\nhello\n0\r\n\r\n" L_NEXT),
    REFUSED("39", "bare LF after the last size", L_CHUNKED "5\r\nhello\r\n0\n\r\n" L_NEXT),
    REFUSED("39", "bare LF as the end", L_CHUNKED "5\r\nhello\r\n0\r\n\n" L_NEXT),
    LISTED("43", "trailers are no headers", "202 202", "POST / [hello]|GET /after []",
        L_CHUNKED
        "5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\nwebhook-id: 1\r\nX-Webhook-Secret: y\r\n"
        "Content-Length: 9\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n"),
    REFUSED("-", "a bad chunk is 400 and no 413", L_CHUNKED "zz\r\nhello\r\n0\r\n\r\n" L_NEXT),
    LISTED("-", "chunk of 100 MB", "413", "", L_CHUNKED "6400000\r\nhello"),
    LISTED("-", "no end of the chunks", "", "", L_CHUNKED "5\r\nhello\r\n"),
    /* ---- lines and headers ---- */
    REFUSED("44", "bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n" L_NEXT),
    REFUSED("44", "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("44", "bare LF hides a header", L_GET "X: y\nContent-Length: 44\r\n\r\n" L_NEXT),
    REFUSED("46", "NUL cuts a value", L_GET "webhook-signature: good\0evil\r\n\r\n" L_NEXT),
    REFUSED("48", "folding by a blank", L_GET "X: a\r\n b\r\n\r\n" L_NEXT),
    REFUSED("49", "folding by a tab", L_GET "X: a\r\n\tb\r\n\r\n" L_NEXT),
    REFUSED("51", "empty header name", L_GET ": y\r\n\r\n" L_NEXT),
    REFUSED("53", "a bracket in a header name", L_GET "X(Y): z\r\n\r\n" L_NEXT),
    REFUSED("53", "a blank in a header name", L_GET "X Y: z\r\n\r\n" L_NEXT),
    REFUSED("53", "NUL in a header name", L_GET "X\0Y: z\r\n\r\n" L_NEXT),
    REFUSED("54", "8 bits in a header name", L_GET "X\xe4: z\r\n\r\n" L_NEXT),
    REFUSED("55", "no Host", "GET / HTTP/1.1\r\n\r\n" L_NEXT),
    REFUSED("56", "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" L_NEXT),
    REFUSED(
        "56", "two Hosts that are equal", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n" L_NEXT),
    /* ---- request line ---- */
    LISTED("58", "an absolute target leads to its path alone", "202", "GET /b []",
        "GET http://evil/b HTTP/1.1\r\nHost: a\r\n\r\n"),
    REFUSED("64", "HTTP/4294967297.1", "GET / HTTP/4294967297.1\r\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("66", "a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("67", "a control byte in the target", "GET /a\001b HTTP/1.1\r\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("67", "NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("67", "a tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n" L_NEXT),
    LISTED("71", "two slashes are a path, no host", "202", "GET //evil/x []",
        "GET //evil/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    LISTED("78", "the body of a HEAD is its own", "202 202",
        "HEAD / [GET /x HTTP/1.1]|GET /after []",
        "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\nGET /x HTTP/1.1"
        "GET /after HTTP/1.1\r\nHost: a\r\n\r\n"),
    LISTED("-", "HTTP/1.9", "505", "", "GET / HTTP/1.9\r\nHost: a\r\n\r\n" L_NEXT),
    REFUSED("-", "HTTP/0.9", "GET /\r\n" L_NEXT),
};

#endif
