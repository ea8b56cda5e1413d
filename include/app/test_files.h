/* The files of a company that its tests may read. */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stdbool.h>

#include "buf.h"
#include "str.h"

#define TEST_FILE_MAX ((size_t)16 << 20)

/* Reads a file of the company's folder dir, which no path leaves; false if there is none. out fails
 * when the file is larger than it may become. */
bool test_file_read(const char *dir, const char *path, struct buf *out);
/* {"files": [...]}: names of the test files, which are all in the bundle. */
void test_files_list(struct str bundle, struct buf *out);

#endif
