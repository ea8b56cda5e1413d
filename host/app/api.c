#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "act_request.h"
#include "api_button.h"
#include "alert.h"
#include "api_company.h"
#include "api_connect.h"
#include "api_once.h"
#include "api_people.h"
#include "jsondoc.h"
#include "mem.h"
#include "reply.h"

#define TOKEN_BYTES 32
#define FILE_MAX    4096

struct api {
    struct engine *engine;
    struct reload *reload;
    char *token;
    struct api_people *people;
    struct api_once *once;       /* NULL: Idempotency-Key is not heeded */
    struct api_connect *connect; /* NULL until announced */
    char *host_path;             /* NULL until announced */
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

struct api *api_new(struct engine *engine, struct reload *reload, struct loop *l, const char *dir,
    int64_t bulk_limit, struct err *e)
{
    struct api *a = mem_zalloc(1, sizeof(*a));
    a->engine = engine;
    a->reload = reload;
    a->dir = mem_dup(dir);
    a->token = read_file(dir, "api-token");
    if ((!a->token && make_token(a, e) < 0) || !(a->people = api_people_new(engine, l, dir, e))) {
        api_free(a);
        return NULL;
    }
    api_people_set_limit(a->people, bulk_limit);
    return a;
}

void api_free(struct api *a)
{
    if (!a)
        return;
    api_people_free(a->people);
    api_once_free(a->once);
    api_connect_free(a->connect);
    if (a->host_path)
        unlink(a->host_path);
    if (a->token)
        sodium_memzero(a->token, strlen(a->token));
    mem_free(a->token);
    mem_free(a->host_path);
    mem_free(a->dir);
    mem_free(a);
}

int api_announce(struct api *a, const char *address, const char *public_url, struct err *e)
{
    char *own = mem_printf("http://%s", address);
    char *url = mem_dup(public_url ? public_url : own);
    for (size_t n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
        url[n - 1] = 0;
    a->connect = api_connect_new(a->engine, url);
    mem_free(own);
    mem_free(url);
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

static void on_closed(void *arg, const struct err *e)
{
    struct http_in_exchange *x = arg;
    if (!e)
        reply_json(x, 200, STR_LIT("{\"ok\":true}"));
    else
        reply_error(x, act_status(e), e->text);
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
        alert_close(a->engine, n, by, on_closed, x);
    jsondoc_free(d);
}

static bool is_verb(struct str s)
{
    return str_is(s, "send") || str_is(s, "retry") || str_is(s, "skip") || str_is(s, "edit");
}

/* POST runs/{id}/{verb}, events/{id}/{verb}, runs/{verb}. */
static void act(
    struct api *a, struct http_in_exchange *x, bool event, struct str id, struct str verb)
{
    if (strcmp(http_in_request(x)->method, "POST"))
        reply_method(x, "POST");
    else if (!verb.p)
        api_people_bulk(a->people, x, STR_NONE, id);
    else if (event)
        api_people_bulk(a->people, x, id, verb);
    else
        api_people_act(a->people, x, id, verb);
}

static void carry_out(void *arg, struct http_in_exchange *x)
{
    struct api *a = arg;
    struct str path = http_in_request(x)->path, rest, verb;
    bool reads = http_in_reads(http_in_request(x));
    path = (struct str){path.p + strlen(API_PATH), path.n - strlen(API_PATH)};
    struct str kind = str_cut(path, '/', &rest);
    struct str id = str_cut(rest, '/', &verb);
    bool runs = str_is(kind, "runs"), events = str_is(kind, "events");
    bool many = runs && !verb.p && is_verb(id);
    if (str_is(kind, "alerts") && verb.p)
        close_alert(a, x, id, verb);
    else if (str_is(kind, "companies") && verb.p)
        api_company(a->engine, a->reload, x, id, verb);
    else if (many || ((runs || events) && verb.p && id.n))
        act(a, x, events, id, verb);
    else if (a->connect && api_connect_handle(a->connect, x, kind, id))
        return;
    else if (reads && api_people_get(a->people, x, kind, id))
        return;
    else if (!reads && (runs || events || str_is(kind, "attention") || str_is(kind, "acts")))
        reply_method(x, "GET, HEAD");
    else
        reply_error(x, 404,
            "there is nothing at this path: events, runs, runs/{id}, attention, acts can be read; "
            "runs/{id}/send, retry, skip, edit, runs/retry (many) and events/{id}/edit take POST");
}

/* POST send/{company}/{connection}: the one path that has a token of its own. */
static bool is_button(struct api *a, struct http_in_exchange *x)
{
    struct str path = http_in_request(x)->path, connection;
    path = (struct str){path.p + strlen(API_PATH), path.n - strlen(API_PATH)};
    if (!str_starts(path, "send/"))
        return false;
    struct str company = str_cut((struct str){path.p + 5, path.n - 5}, '/', &connection);
    api_button(a->engine, api_people_reader(a->people), x, company, connection);
    return true;
}

void api_handle(struct api *a, struct http_in_exchange *x)
{
    if (is_button(a, x))
        return;
    if (!authorised(a, http_in_request(x)))
        reply_error(x, 401, "the API wants the bearer token of the data folder (api-token)");
    else
        api_once_handle(a->once, x, carry_out, a);
}

void api_keep_answers(struct api *a, struct store *s, int64_t keep_ms)
{
    a->once = api_once_new(s, keep_ms);
}

void api_callback(struct api *a, struct http_in_exchange *x)
{
    api_connect_callback(a->connect, x);
}
