#include "effect.h"

#include "jsondoc.h"
#include "store_row.h"

/* Members of an answer by which people find the record again. */
static const char *const id_names[] = {"id", "uuid", NULL};
static const char *const number_names[] = {"invoiceNumber", "number", NULL};

/* The first of the names that the answer has as a text or a number; NULL if none. */
static const struct jsonv *member(const struct jsonv *answer, const char *const *names)
{
    for (; *names; names++) {
        const struct jsonv *v = jsonv_get(answer, *names);
        if (v && (v->type == JSONV_INTEGER || (v->type == JSONV_STRING && v->text.n)))
            return v;
    }
    return NULL;
}

/* What the connector calls it, if it does. */
static const char *label(const struct jsonv *spec)
{
    return jsonv_str(jsonv_get(spec, "what"), NULL);
}

static void put_what(struct buf *b, const struct effect *e, const struct jsonv *spec)
{
    const char *what = label(spec);
    if (what)
        buf_addf(b, "%s in %s", what, e->connection);
    else
        buf_addf(b, "%s to %s", e->title, e->connection);
}

void effect_words(struct buf *b, const struct effect *e)
{
    struct jsondoc *spec = jsondoc_parse(e->spec, NULL), *answer = jsondoc_parse(e->answer, NULL);
    const struct jsonv *id = member(jsondoc_root(answer), id_names);
    const struct jsonv *number = member(jsondoc_root(answer), number_names);
    put_what(b, e, jsondoc_root(spec));
    if (id || number)
        buf_addf(b, " (%s%.*s%s%s%.*s)", number ? "number " : "", number ? (int)number->text.n : 0,
            number ? number->text.p : "", number && id ? ", " : "", id ? "id " : "",
            id ? (int)id->text.n : 0, id ? id->text.p : "");
    jsondoc_free(spec);
    jsondoc_free(answer);
}

static void put_member(struct buf *b, const char *key, const struct jsonv *v)
{
    json_put_key(b, key);
    if (v)
        json_put_string(b, v->text);
    else
        buf_adds(b, "null");
}

void effect_put(struct buf *b, const struct effect *e)
{
    struct jsondoc *spec = jsondoc_parse(e->spec, NULL), *answer = jsondoc_parse(e->answer, NULL);
    struct buf words;
    buf_init(&words, 1 << 16);
    put_what(&words, e, jsondoc_root(spec));
    buf_addc(b, '{');
    row_int(b, "step", e->seq);
    row_text(b, "connection", e->connection);
    json_put_key(b, "what");
    json_put_string(b, buf_str(&words));
    row_text(b, "title", e->title);
    put_member(b, "id", member(jsondoc_root(answer), id_names));
    put_member(b, "number", member(jsondoc_root(answer), number_names));
    row_time(b, "at", e->at_ms);
    buf_addc(b, '}');
    buf_free(&words);
    jsondoc_free(spec);
    jsondoc_free(answer);
}
