/* Files: bodies that the host fetches, keeps and sends on while the script has a handle alone, {id,
 * size, type, name}. The bytes are those of the answer in the journal, so they are stored,
 * replayed, pruned, backed up and erased with it; their id is the hash of their content, so what is
 * asked of a file is the same whenever its content is. */
#ifndef STEP_FILE_H
#define STEP_FILE_H

#include "step.h"

/* True if the step's answer, if it is good, is to be kept as a file. */
bool step_file_wanted(const struct jsonv *spec);
/* Adds the members "file" and, of an answer of several parts (multipart/...), "text": the first
 * part that is JSON; the file is the first that is not. *bytes: what is to be kept. */
void step_file_put(struct buf *meta, const struct http_out_result *r, struct str *bytes);

/* True if the request is made by the host: of parts, or of a file as its body. */
bool step_content_wanted(const struct jsonv *spec);
/* Bytes of the files in it, as the script says; step_content_make refuses if that is not so. */
int64_t step_content_bytes(const struct jsonv *spec);
/* Reads the files from the store, then calls loaded; fails the step if one is not there. */
void step_content_load(struct step *s, void (*loaded)(struct step *s));
/* The body, and its Content-Type in type unless the script gave one ("" then). What was loaded is
 * given up: another try loads it again. -1 and e. */
int step_content_make(struct step *s, struct buf *body, struct buf *type, struct err *e);
void step_content_free(struct step *s);
/* What a dry run and a comparison see of it: the parts as JSON. */
void step_content_words(struct buf *b, const struct jsonv *spec);

#endif
