#include "bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "buf.h"
#include "id.h"
#include "json.h"
#include "mem.h"

#define FILE_MAX_BYTES   ((size_t)1 << 20)
#define BUNDLE_MAX_BYTES ((size_t)8 << 20)
#define BUNDLE_MAX_FILES 1000
#define DEPTH_MAX        8

struct walk {
    const char *root;
    char **paths; /* relative to root */
    int n;
    bool (*take)(const char *path, bool folder);
    bool own_only; /* nothing that a link leads to outside of root */
    struct err *e;
};

static bool ends(const char *s, const char *suffix)
{
    return str_ends(str_of(s), suffix);
}
static bool starts(const char *s, const char *prefix)
{
    return str_starts(str_of(s), prefix);
}

/* What a host runs: all Lua files but the tests, which must not make a new version. */
static bool take_company(const char *path, bool folder)
{
    if (folder)
        return strcmp(path, "tests") != 0 && strcmp(path, "fixtures") != 0;
    return ends(path, ".lua");
}
static bool take_with_tests(const char *path, bool folder)
{
    return folder || ends(path, ".lua") || (starts(path, "fixtures/") && ends(path, ".json"));
}
static bool take_system(const char *path, bool folder)
{
    return folder ? strcmp(path, "lua/meta") != 0 : ends(path, ".lua");
}

static int walk_folder(struct walk *w, const char *path, int depth);

static int walk_entry(struct walk *w, const char *path, int depth)
{
    struct stat st;
    char *full = mem_printf("%s/%s", w->root, path);
    int rc = 0;
    /* A link that leads nowhere is an editor's lock file, say. */
    if (stat(full, &st) < 0)
        rc = errno == ENOENT ? 0 : err_set(w->e, ERR_IO, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(st.st_mode) && w->take(path, true))
        rc = walk_folder(w, path, depth + 1);
    else if (S_ISREG(st.st_mode) && w->take(path, false)) {
        if (w->n == BUNDLE_MAX_FILES)
            rc = err_set(w->e, ERR_LIMIT, "%s: more than %d files", w->root, BUNDLE_MAX_FILES);
        else
            w->paths[w->n++] = mem_dup(path);
    }
    mem_free(full);
    return rc;
}

static int walk_folder(struct walk *w, const char *path, int depth)
{
    char *full = mem_printf("%s/%s", w->root, path);
    DIR *d = depth > DEPTH_MAX ? NULL : opendir(full);
    int rc = 0;
    if (!d)
        rc = err_set(w->e, ERR_IO, "%s: %s", path[0] ? path : w->root,
            depth > DEPTH_MAX ? "folders too deep" : strerror(errno));
    mem_free(full);
    struct dirent *entry;
    while (rc == 0 && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *child = path[0] ? mem_printf("%s/%s", path, entry->d_name) : mem_dup(entry->d_name);
        rc = walk_entry(w, child, depth);
        mem_free(child);
    }
    if (d)
        closedir(d);
    return rc;
}

/* Where an open file really is; false if that cannot be told. */
static bool real_place(int fd, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    out[n < 0 ? 0 : n] = '\0';
    return n > 0;
}

/* A link may lead anywhere that the host can read, and whose files those are is not the company's
 * to say: the line of an error would show them. It is looked at where the open file is, so that
 * nobody can exchange it in between. */
static bool is_within(int fd, const char *root)
{
    char place[PATH_MAX], home[PATH_MAX];
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool known = folder >= 0 && real_place(folder, home) && real_place(fd, place);
    if (folder >= 0)
        close(folder);
    size_t n = known ? strlen(home) : 0;
    return known && strncmp(place, home, n) == 0 && (place[n] == '/' || home[n - 1] == '/');
}

static int open_file(const char *full, const struct walk *w, const char *path)
{
    struct stat st;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would keep the host waiting */
    if (fd < 0)
        return err_set(w->e, ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (!w->own_only || is_within(fd, w->root)))
        return fd;
    close(fd);
    return err_set(w->e, ERR_INPUT,
        "%s: a link that leads out of the company's folder; put the file itself here", path);
}

static int read_all(const char *full, const struct walk *w, const char *path, struct buf *out)
{
    struct err *e = w->e;
    int fd = open_file(full, w, path);
    if (fd < 0)
        return -1;
    ssize_t n;
    char chunk[16384];
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0)
            buf_add(out, chunk, (size_t)n);
        if (out->failed)
            break;
    }
    int saved = errno;
    close(fd);
    if (n < 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(saved));
    if (out->failed)
        return err_set(e, ERR_LIMIT, "%s: larger than %zu bytes", path, FILE_MAX_BYTES);
    return 0;
}

/* Scripts are text: a line that is none is named. */
static int check_text(const char *path, struct str text, struct err *e)
{
    int line = 1;
    for (struct str rest = text; rest.n; line++) {
        struct str one = str_cut(rest, '\n', &rest);
        if (one.n && memchr(one.p, '\0', one.n))
            return err_set(e, ERR_INPUT, "%s:%d: holds a NUL byte; is this a text?", path, line);
        if (!str_utf8_valid(one))
            return err_set(
                e, ERR_INPUT, "%s:%d: not UTF-8 text; save the file as UTF-8", path, line);
    }
    return 0;
}

/* Windows editors begin UTF-8 files with a byte order mark, which Lua would stumble over. */
static struct str without_mark(const char *path, struct str text)
{
    if (ends(path, ".lua") && str_starts(text, "\xef\xbb\xbf"))
        return (struct str){text.p + 3, text.n - 3};
    return text;
}

static int put_file(struct walk *w, struct buf *json, const char *path)
{
    struct buf source;
    buf_init(&source, FILE_MAX_BYTES);
    char *full = mem_printf("%s/%s", w->root, path);
    int rc = -1;
    if (!str_utf8_valid(str_of(path)))
        err_set(w->e, ERR_INPUT, "%s: the name of a file is not UTF-8", w->root);
    else
        rc = read_all(full, w, path, &source);
    if (rc == 0)
        rc = check_text(path, buf_str(&source), w->e);
    if (rc == 0) {
        if (json->n > 1)
            buf_addc(json, ',');
        json_put_cstring(json, path);
        buf_addc(json, ':');
        json_put_string(json, source.p ? without_mark(path, buf_str(&source)) : STR_LIT(""));
        if (json->failed)
            rc = err_set(
                w->e, ERR_LIMIT, "%s: more than %zu bytes of scripts", w->root, BUNDLE_MAX_BYTES);
    }
    mem_free(full);
    buf_free(&source);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads the given folders below root ("" is root itself). */
static int read_bundle(struct bundle *b, const char *root, const char *const *folders,
    bool (*take)(const char *, bool), bool own_only, struct err *e)
{
    struct walk w = {.root = root,
        .paths = mem_zalloc(BUNDLE_MAX_FILES, sizeof(char *)),
        .take = take,
        .own_only = own_only,
        .e = e};
    struct buf json;
    int rc = 0;
    memset(b, 0, sizeof *b);
    buf_init(&json, BUNDLE_MAX_BYTES);
    buf_addc(&json, '{');
    for (; *folders && rc == 0; folders++)
        rc = walk_folder(&w, *folders, 0);
    qsort(w.paths, (size_t)w.n, sizeof *w.paths, by_path);
    for (int i = 0; i < w.n && rc == 0; i++)
        rc = put_file(&w, &json, w.paths[i]);
    buf_addc(&json, '}');
    if (rc == 0) {
        b->files = w.n;
        b->json = buf_take(&json, &b->n);
        id_hash(b->hash, b->json, b->n);
    }
    for (int i = 0; i < w.n; i++)
        mem_free(w.paths[i]);
    mem_free(w.paths);
    buf_free(&json);
    return rc;
}

int bundle_read_company(struct bundle *b, const char *dir, bool tests, struct err *e)
{
    static const char *const folders[] = {"", NULL};
    return read_bundle(b, dir, folders, tests ? take_with_tests : take_company, true, e);
}

int bundle_read_system(struct bundle *b, const char *home, struct err *e)
{
    static const char *const folders[] = {"lua", "rules", NULL};
    int rc = read_bundle(b, home, folders, take_system, false, e);
    return rc < 0 ? err_prefix(e, "%s", home) : rc;
}

void bundle_free(struct bundle *b)
{
    mem_free(b->json);
    memset(b, 0, sizeof *b);
}

struct str bundle_str(const struct bundle *b)
{
    return (struct str){b->json, b->n};
}
