/* The requests of a run as command lines of curl, for a person who wants to ask again by hand. What
 * the host adds stands there as variables: the journal holds neither addresses nor credentials.
 * Paths, texts and names of files are others' words, and curl reads much into such: @ and < as
 * files of whoever runs it, brackets in an address as many addresses. So each is given in the one
 * way in which it counts as it stands. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "show.h"

static const char *text_of(const struct jsonv *v, const char *key)
{
    return jsonv_str(jsonv_get(v, key), "");
}

/* In single quotes, as a shell reads them back byte for byte. What would steer the terminal on
 * which they are printed cannot be among them: see put_piped. */
static void put_quoted(struct str text, FILE *out)
{
    fputc('\'', out);
    for (size_t i = 0; i < text.n; i++) {
        size_t steers = show_steers(text.p + i, text.n - i);
        if (text.p[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(steers ? '?' : text.p[i], out);
        i += steers ? steers - 1 : 0;
    }
    fputc('\'', out);
}

static bool steers_anywhere(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (show_steers(text.p + i, text.n - i))
            return true;
    return false;
}

/* A text with such characters as what a printf gives to curl. */
static void put_piped(struct str text, FILE *out)
{
    fputs("printf -- '", out);
    for (size_t i = 0; i < text.n; i++) {
        size_t steers = show_steers(text.p + i, text.n - i);
        char c = text.p[i];
        for (size_t k = 0; k < steers; k++)
            fprintf(out, "\\%03o", (unsigned)(unsigned char)text.p[i + k]);
        i += steers ? steers - 1 : 0;
        if (!steers)
            fprintf(out, c == '\'' ? "'\\''" : c == '%' ? "%%%%" : c == '\\' ? "\\\\" : "%c", c);
    }
    fputs("' |\n", out);
}

/* "stock_2" as STOCK_2. */
static void put_variable(const char *connection, const char *what, FILE *out)
{
    for (const char *p = connection; *p; p++)
        fputc(isalnum((unsigned char)*p) ? toupper((unsigned char)*p) : '_', out);
    fputs(what, out);
}

static void put_option(const char *option, const char *text, FILE *out)
{
    fprintf(out, " \\\n    %s ", option);
    put_quoted(str_of(text), out);
}

/* ---- headers ---- */

/* True if there is a Content-Type among them. */
static bool put_headers(const struct jsonv *request, FILE *out)
{
    const struct jsonv *headers = jsonv_get(request, "headers");
    bool typed = false;
    for (const struct jsonv *h = headers ? headers->child : NULL; h; h = h->next) {
        /* "name:" would leave it out. */
        bool empty = !str_trim(h->text).n;
        char *line = mem_printf("%.*s%s%.*s", STR_ARG(h->key), empty ? ";" : ": ",
            empty ? 0 : (int)h->text.n, h->text.p);
        put_option("-H", line, out);
        mem_free(line);
        typed |= str_ieq(h->key, STR_LIT("Content-Type"));
    }
    return typed;
}

/* ---- parts ---- */

/* A value within an option of curl: in double quotes, where @ < ; and , are as all others. */
static void add_value(struct buf *b, const char *text)
{
    buf_addc(b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
    buf_addc(b, '"');
}

/* In the folder where one is, whatever folders its name speaks of. */
static void add_file(struct buf *b, const char *name)
{
    const char *slash = strrchr(name, '/');
    char *path = mem_printf("./%s", slash ? slash + 1 : name);
    buf_addc(b, '@');
    add_value(b, path[2] ? path : "./file");
    mem_free(path);
}

static void put_part(const struct jsonv *p, FILE *out)
{
    const char *type = text_of(p, "type"), *name = text_of(p, "filename");
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "%s=", text_of(p, "name"));
    if (jsonv_get(p, "file"))
        add_file(&b, name);
    else
        add_value(&b, text_of(p, "text"));
    if (*name) {
        buf_adds(&b, ";filename=");
        add_value(&b, name);
    }
    if (*type)
        buf_addf(&b, ";type=%s", type);
    buf_addc(&b, '\0');
    put_option("-F", b.failed ? "" : b.p, out);
    buf_free(&b);
}

/* ---- bodies ---- */

static bool says_json(const struct jsonv *request)
{
    const struct jsonv *headers = jsonv_get(request, "headers");
    return strstr(text_of(headers, "content-type"), "json") != NULL;
}

/* The bytes of a body that is no text, as the journal shows it; NULL: it is another one. */
static const char *base64_of(const struct jsonv *request)
{
    const struct jsonv *body = jsonv_get(request, "body"), *only = body ? body->child : NULL;
    bool is = body && body->type == JSONV_OBJECT && only && !only->next && !says_json(request);
    return is ? jsonv_str(jsonv_get(body, "base64"), NULL) : NULL;
}

/* The body as it was sent, with a NUL behind it. Of JSON the journal shows the value. */
static void make_body(const struct jsonv *request, struct buf *b)
{
    const struct jsonv *body = jsonv_get(request, "body");
    if (body && body->type == JSONV_STRING && !says_json(request))
        buf_add(b, body->text.p, body->text.n);
    else if (body && body->type != JSONV_NULL)
        jsonv_write(b, body);
    buf_addc(b, '\0');
    if (b->failed)
        buf_clear(b);
}

static bool wants_body(const struct jsonv *request)
{
    const char *method = text_of(request, "method");
    const struct jsonv *body = jsonv_get(request, "body");
    return (body && body->type != JSONV_NULL) || !strcmp(method, "POST") ||
           !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

/* What goes before curl, if it is to read the body; true if it is. */
static bool put_source(const struct jsonv *request, struct str body, FILE *out)
{
    const char *base64 = base64_of(request);
    if (base64) {
        fputs("echo ", out);
        put_quoted(str_of(base64), out);
        fputs(" | base64 -d |\n", out);
    } else if (steers_anywhere(body)) {
        put_piped(body, out);
    } else {
        return false;
    }
    return true;
}

/* What is sent, and how curl is kept from adding a type of its own. */
static void put_content(
    const struct jsonv *request, const char *body, bool piped, bool typed, FILE *out)
{
    const struct jsonv *parts = jsonv_get(request, "parts");
    if (parts) {
        for (const struct jsonv *p = parts->child; p; p = p->next)
            put_part(p, out);
        return;
    }
    if (jsonv_get(request, "body_file"))
        put_option("--data-binary", "@file", out);
    else if (piped)
        put_option("--data-binary", "@-", out);
    else if (wants_body(request))
        put_option("--data-raw", body, out);
    else
        return;
    if (!typed)
        put_option("-H", "Content-Type:", out);
}

/* ---- the whole ---- */

static void put_request(const struct jsonv *step, FILE *out)
{
    const struct jsonv *request = jsonv_get(step, "request");
    const char *connection = text_of(step, "connection"), *path = text_of(request, "path");
    const char *method = text_of(request, "method");
    bool whole = !strncasecmp(path, "http://", 7) || !strncasecmp(path, "https://", 8);
    fprintf(out, "# step %lld, %s\n", (long long)jsonv_int(jsonv_get(step, "seq"), 0),
        text_of(step, "kind"));
    struct buf body;
    buf_init(&body, BUF_MAX_DEFAULT);
    make_body(request, &body);
    const char *text = body.n ? body.p : "";
    bool piped = put_source(request, str_of(text), out);
    /* -g: brackets and braces are parts of an address. */
    fputs("curl -g ", out);
    fputs(strcmp(method, "HEAD") ? "-X " : "--head ", out);
    if (strcmp(method, "HEAD"))
        fprintf(out, "%s ", method);
    if (!whole) {
        fputs("\"$", out);
        put_variable(connection, "_URL\"", out);
        if (*path && *path != '/' && *path != '?')
            fputc('/', out);
    }
    put_quoted(str_of(path), out);
    fputs(" \\\n    -H \"$", out);
    put_variable(connection, "_AUTHORIZATION\"", out);
    bool typed = put_headers(request, out);
    put_content(request, text, piped, typed, out);
    fputc('\n', out);
    buf_free(&body);
}

/* A mail is sent by no command line of curl that a person would want. */
static bool is_http(const struct jsonv *request)
{
    return !strcmp(text_of(request, "op"), "http") && strcmp(text_of(request, "method"), "MAIL");
}

void show_curl(const struct jsonv *run, FILE *out)
{
    const struct jsonv *steps = jsonv_get(run, "steps");
    fputs(
        "# $NAME_URL is the address of the connection, $NAME_AUTHORIZATION its header\n"
        "# \"Authorization: ...\" (or the one that its auth names, or none). A write is carried out\n"
        "# once more.\n",
        out);
    for (const struct jsonv *s = steps ? steps->child : NULL; s; s = s->next)
        if (is_http(jsonv_get(s, "request")))
            put_request(s, out);
}
