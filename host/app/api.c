#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "alert.h"
#include "api_company.h"
#include "jsondoc.h"
#include "mem.h"
#include "reply.h"

#define TOKEN_BYTES 32
#define FILE_MAX    4096

struct api {
    struct engine *engine;
    struct reload *reload;
    char *token;
    char *host_path; /* NULL until announced */
    char *dir;
};

/* A small file's text without its last newline, owned; NULL if it cannot be read. */
static char *read_file(const char *dir, const char *name)
{
    char text[FILE_MAX];
    char *path = mem_printf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    mem_free(path);
    if (fd < 0)
        return NULL;
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    return n > 0 ? mem_dupn(text, (size_t)n) : NULL;
}

static int write_file(const char *path, const char *text, int flags, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    size_t n = strlen(text);
    if (fd < 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    bool whole = write(fd, text, n) == (ssize_t)n && write(fd, "\n", 1) == 1;
    if (close(fd) < 0 || !whole)
        return err_set(e, ERR_IO, "%s cannot be written", path);
    return 0;
}

static int make_token(struct api *a, struct err *e)
{
    unsigned char raw[TOKEN_BYTES];
    char text[sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    randombytes_buf(raw, sizeof(raw));
    sodium_bin2base64(
        text, sizeof(text), raw, sizeof(raw), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *path = mem_printf("%s/api-token", a->dir);
    int rc = write_file(path, text, O_EXCL, e);
    mem_free(path);
    if (rc == 0)
        a->token = mem_dup(text);
    return rc;
}

struct api *api_new(struct engine *engine, struct reload *reload, const char *dir, struct err *e)
{
    struct api *a = mem_zalloc(1, sizeof(*a));
    a->engine = engine;
    a->reload = reload;
    a->dir = mem_dup(dir);
    a->token = read_file(dir, "api-token");
    if (!a->token && make_token(a, e) < 0) {
        api_free(a);
        return NULL;
    }
    return a;
}

void api_free(struct api *a)
{
    if (!a)
        return;
    if (a->host_path)
        unlink(a->host_path);
    if (a->token)
        sodium_memzero(a->token, strlen(a->token));
    mem_free(a->token);
    mem_free(a->host_path);
    mem_free(a->dir);
    mem_free(a);
}

int api_announce(struct api *a, const char *address, struct err *e)
{
    a->host_path = mem_printf("%s/host", a->dir);
    return write_file(a->host_path, address, O_TRUNC, e);
}

int api_find(const char *dir, char **address, char **token, struct err *e)
{
    *token = read_file(dir, "api-token");
    *address = read_file(dir, "host");
    if (*token && *address)
        return 0;
    mem_free(*token);
    mem_free(*address);
    *token = *address = NULL;
    return err_set(e, ERR_NOT_FOUND,
        "no host runs on the data folder %s (or you may not read it): start `sauma serve` there",
        dir);
}

static bool authorised(const struct api *a, const struct http_in_request *q)
{
    struct str given = http_header_get(q->headers, q->nheaders, "Authorization");
    if (given.n < 7 || !str_ieq((struct str){given.p, 7}, STR_LIT("Bearer ")))
        return false;
    return str_same_secret((struct str){given.p + 7, given.n - 7}, str_of(a->token));
}

static void on_acted(void *arg, const struct err *e)
{
    struct http_in_exchange *x = arg;
    if (!e)
        reply_json(x, 200, STR_LIT("{\"ok\":true}"));
    else
        reply_error(x,
            e->code == ERR_NOT_FOUND  ? 404
            : e->code == ERR_CONFLICT ? 409
                                      : 503,
            e->text);
}

/* POST /api/v1/runs/{id}/send|retry|skip; skip takes {"reason": "..."}. */
static void act(struct api *a, struct http_in_exchange *x, struct str run, struct str verb)
{
    const struct http_in_request *q = http_in_request(x);
    char id[64];
    bool skip = str_is(verb, "skip");
    if (!run.n || run.n >= sizeof(id) ||
        (!skip && !str_is(verb, "send") && !str_is(verb, "retry"))) {
        reply_error(x, 404, "runs take /send, /retry and /skip");
        return;
    }
    if (strcmp(q->method, "POST")) {
        reply_method(x, "POST");
        return;
    }
    memcpy(id, run.p, run.n);
    id[run.n] = 0;
    struct jsondoc *d = q->body.n ? jsondoc_parse(q->body, NULL) : NULL;
    const char *reason = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "reason"), "");
    if (skip && !*reason)
        reply_error(x, 400, "to skip a run, say why: {\"reason\": \"...\"}");
    else
        engine_act(a->engine, id, skip ? ENGINE_SKIP : ENGINE_GO_ON, reason, on_acted, x);
    jsondoc_free(d);
}

/* POST /api/v1/alerts/{n}/close, with {"by": "..."}. */
static void close_alert(
    struct api *a, struct http_in_exchange *x, struct str number, struct str verb)
{
    const struct http_in_request *q = http_in_request(x);
    int64_t n;
    if (!str_to_i64(number, &n) || n < 1 || !str_is(verb, "close")) {
        reply_error(x, 404, "alerts take /close");
        return;
    }
    if (strcmp(q->method, "POST")) {
        reply_method(x, "POST");
        return;
    }
    struct jsondoc *d = q->body.n ? jsondoc_parse(q->body, NULL) : NULL;
    const char *by = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "by"), "");
    if (!*by)
        reply_error(x, 400, "to close an alert, say who does: {\"by\": \"...\"}");
    else
        alert_close(a->engine, n, by, on_acted, x);
    jsondoc_free(d);
}

void api_handle(struct api *a, struct http_in_exchange *x, struct str path)
{
    if (!authorised(a, http_in_request(x))) {
        reply_error(x, 401, "the API wants the bearer token of the data folder (api-token)");
        return;
    }
    struct str rest, verb;
    struct str kind = str_cut(path, '/', &rest);
    struct str run = str_cut(rest, '/', &verb);
    if (str_is(kind, "runs") && verb.p)
        act(a, x, run, verb);
    else if (str_is(kind, "alerts") && verb.p)
        close_alert(a, x, run, verb);
    else if (str_is(kind, "companies") && verb.p)
        api_company(a->engine, a->reload, x, run, verb);
    else
        reply_error(x, 404, "there is nothing at this path");
}
