/* Byte-level checks of HTTP/1.1 syntax (RFC 9110, 9112), without any of its lenient readings:
 * what two servers could read differently is refused. Pure functions. */
#ifndef HTTP_STRICT_H
#define HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "str.h"

/* A refusal: status 0 means that all is well. why is a constant string without quotes. */
struct http_problem {
    int status;
    const char *why;
};
#define HTTP_FINE ((struct http_problem){0, NULL})

/* One character: of a token (method, header name); allowed inside a header value. */
bool http_is_token_char(unsigned char c);
bool http_is_value_char(unsigned char c);
/* 0 to 15, or -1 if c is no hexadecimal digit. */
int http_hex_value(unsigned char c);

/* A whole line without its CRLF. The request line must be METHOD SP target SP HTTP/1.0 or 1.1, the
 * method one of those served. The header line must be name ":" value. */
struct http_problem http_check_request_line(struct str line);
struct http_problem http_check_header_line(struct str line);
/* What stands between the first two blanks of a request line, whole or not, if it could be a
 * target; else STR_NONE. */
struct str http_line_target(struct str line);
/* Value of a Host header. */
bool http_host_valid(struct str host);
/* Digits alone, at most 2^63 - 1. */
bool http_length_valid(struct str value, uint64_t *length);

/* Splits a target of origin, absolute (http) or asterisk form into its raw path and query. */
struct http_problem http_split_target(
    struct str target, bool asterisk_allowed, struct str *path, struct str *query);
/* A target from its path on, as it came: of the absolute form what follows the authority, which may
 * be nothing or begin with the query. */
struct str http_target_local(struct str target);
/* Percent-decodes into out (room for raw.n bytes) and returns the length, or -1 for a broken
 * escape or %00. plus: '+' means a space, as in query parameters. */
long http_percent_decode(char *out, struct str raw, bool plus);
/* The same of a path, but %2F stays as it came: it is no separator of parts (RFC 3986 2.2), which a
 * slash would be. */
long http_path_decode(char *out, struct str raw);

#endif
