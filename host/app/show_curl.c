/* The requests of a run as command lines of curl, for a person who wants to ask again by hand. What
 * the host adds stands there as variables: the journal holds neither addresses nor credentials. */
#include <ctype.h>
#include <string.h>

#include "mem.h"
#include "show.h"

static const char *text_of(const struct jsonv *v, const char *key)
{
    return jsonv_str(jsonv_get(v, key), "");
}

/* In single quotes, as a shell reads them back byte for byte. */
static void put_quoted(struct str text, FILE *out)
{
    fputc('\'', out);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(text.p[i], out);
    }
    fputc('\'', out);
}

/* "stock-2" as STOCK_2. */
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

static void put_headers(const struct jsonv *request, FILE *out)
{
    const struct jsonv *headers = jsonv_get(request, "headers");
    for (const struct jsonv *h = headers ? headers->child : NULL; h; h = h->next) {
        char *line = mem_printf("%.*s: %.*s", STR_ARG(h->key), STR_ARG(h->text));
        put_option("-H", line, out);
        mem_free(line);
    }
}

/* A file is named as it was called; --form-string takes a text as it is. */
static void put_parts(const struct jsonv *parts, FILE *out)
{
    for (const struct jsonv *p = parts->child; p; p = p->next) {
        const struct jsonv *file = jsonv_get(p, "file");
        const char *type = text_of(p, "type"), *name = text_of(p, "filename");
        char *part = file ? mem_printf("%s=@%s%s%s", text_of(p, "name"), *name ? name : "file",
                                *type ? ";type=" : "", type)
                          : mem_printf("%s=%s", text_of(p, "name"), text_of(p, "text"));
        put_option(file ? "-F" : "--form-string", part, out);
        mem_free(part);
    }
}

static void put_body(const struct jsonv *request, FILE *out)
{
    const struct jsonv *body = jsonv_get(request, "body"), *parts = jsonv_get(request, "parts");
    if (parts) {
        put_parts(parts, out);
    } else if (jsonv_get(request, "body_file")) {
        put_option("--data-binary", "@file", out);
    } else if (body && body->type == JSONV_STRING && body->text.n) {
        put_option("--data-binary", body->text.p, out);
    } else if (body && (body->type == JSONV_OBJECT || body->type == JSONV_ARRAY)) {
        struct buf b;
        buf_init(&b, BUF_MAX_DEFAULT);
        jsonv_write(&b, body);
        buf_addc(&b, '\0');
        put_option("--data-binary", b.p, out);
        buf_free(&b);
    }
}

static void put_request(const struct jsonv *step, FILE *out)
{
    const struct jsonv *request = jsonv_get(step, "request");
    const char *connection = text_of(step, "connection"), *path = text_of(request, "path");
    bool whole = !strncmp(path, "http://", 7) || !strncmp(path, "https://", 8);
    fprintf(out, "# step %lld, %s\ncurl -X %s ", (long long)jsonv_int(jsonv_get(step, "seq"), 0),
        text_of(step, "kind"), text_of(request, "method"));
    if (!whole) {
        fputs("\"$", out);
        put_variable(connection, "_URL\"", out);
        if (*path && *path != '/' && *path != '?')
            fputc('/', out);
    }
    put_quoted(str_of(path), out);
    fputs(" \\\n    -H \"$", out);
    put_variable(connection, "_AUTHORIZATION\"", out);
    put_headers(request, out);
    put_body(request, out);
    fputc('\n', out);
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
        if (!strcmp(text_of(jsonv_get(s, "request"), "op"), "http"))
            put_request(s, out);
}
