#include "test_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "jsondoc.h"
#include "mem.h"

/* Neither ".." nor a link leads out of the folder. */
static int open_inside(const char *dir, const char *path)
{
    char *full = mem_printf("%s/%s", dir, path);
    char *real = realpath(full, NULL), *root = realpath(dir, NULL);
    size_t n = root ? strlen(root) : 0;
    int fd = -1;
    if (real && root && !strncmp(real, root, n) && real[n] == '/')
        fd = open(real, O_RDONLY | O_CLOEXEC);
    free(real);
    free(root);
    mem_free(full);
    return fd;
}

bool test_file_read(const char *dir, const char *path, struct buf *out)
{
    struct stat st;
    int fd = open_inside(dir, path);
    bool found = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    while (found && !out->failed) {
        char *room = buf_room(out, 65536);
        ssize_t n = room ? read(fd, room, 65536) : -1;
        if (n < 0 && room && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        out->n += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return found;
}

void test_files_list(struct str bundle, struct buf *out)
{
    struct jsondoc *d = jsondoc_parse(bundle, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    bool first = true;
    buf_adds(out, "{\"files\":[");
    for (const struct jsonv *v = root ? root->child : NULL; v; v = v->next) {
        if (!str_starts(v->key, "tests/") || !str_ends(v->key, "_test.lua"))
            continue;
        if (!first)
            buf_addc(out, ',');
        first = false;
        json_put_string(out, v->key);
    }
    buf_adds(out, "]}");
    jsondoc_free(d);
}
