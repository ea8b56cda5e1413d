/* Slices of bytes, and strict conversions. A slice does not own its bytes. */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p;
    size_t n;
};

#define STR_LIT(s) ((struct str){(s), sizeof(s) - 1})
#define STR_NONE   ((struct str){NULL, 0})
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *s); /* NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *s);
bool str_ieq(struct str a, struct str b); /* ASCII case folded */
bool str_starts(struct str a, const char *prefix);
bool str_ends(struct str a, const char *suffix);
struct str str_trim(struct str a); /* ASCII white space */
/* Cuts at the first c: returns the part before it, *rest the part after (STR_NONE if no c). */
struct str str_cut(struct str a, char c, struct str *rest);
/* Whole slice is a decimal integer: digits, a minus in front if below zero; no plus, spaces or
 * overflow. */
bool str_to_i64(struct str a, int64_t *out);
/* Durations as people write them in settings: "250ms", "5s", "2m", "1h", "3d", "10" (seconds). */
bool str_to_ms(struct str a, int64_t *out);
/* Sizes: "100", "64k", "1m", "2g" (powers of 1024). */
bool str_to_size(struct str a, size_t *out);
/* Valid UTF-8: no surrogates, no overlong forms, at most U+10FFFF. */
bool str_utf8_valid(struct str a);
/* Length of the valid UTF-8 character at p, or 0 if there is none before end. */
size_t str_utf8_step(const char *p, const char *end);
/* Words of somebody else, fit for one line of a log, a page or a terminal: a blank for what steers
 * it, ? for what is no UTF-8, and cut between characters where out, of room bytes, is full. */
void str_line(char *out, size_t room, struct str text);
/* True if both are equal, in time that depends on the lengths alone. */
bool str_same_secret(struct str a, struct str b);
/* Lower-case hex into out, which holds 2 * n + 1 bytes. */
void str_hex(char *out, const void *bytes, size_t n);
/* Edit distance of two short names, for "did you mean"; more than 64 bytes gives 64. */
int str_distance(struct str a, struct str b);
#define STR_NEAR_MAX 64 /* bytes; a longer name is nobody's slip */
/* Of the names that were offered the nearest to `name`, for "did you mean". Begin with
 * {.name = ...}. */
struct str_near {
    struct str name;
    char best[STR_NEAR_MAX + 1]; /* "": none was offered */
    int distance;
};
void str_near_offer(struct str_near *n, struct str other);
/* The nearest if it is near enough to be a slip (one letter, and one more in four), else NULL. */
const char *str_near_found(const struct str_near *n);

#endif
