/* Hash map from byte strings to pointers. Keys are copied; values belong to the caller.
 * Keyed hashing (SipHash), so outside input cannot choose collisions. */
#ifndef MAP_H
#define MAP_H

#include <stddef.h>
#include "str.h"

struct map;

struct map *map_new(void);
void map_free(struct map *m);
/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Sets and returns the value that was there before, or NULL. value must not be NULL. */
void *map_set(struct map *m, struct str key, void *value);
/* Removes and returns the value, or NULL. */
void *map_remove(struct map *m, struct str key);
size_t map_count(const struct map *m);
/* Iterates in the order of insertion: start with *at = 0; false at the end.
 * Removing the entry just returned is allowed, adding is not. */
bool map_next(const struct map *m, size_t *at, struct str *key, void **value);

#endif
