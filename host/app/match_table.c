/* Tables as records. */
#include "match_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "fold.h"
#include "mem.h"

static const char *const roles[COLUMNS] = {
    "id", "name", "code", "gtin", "brand", "text", "price", "unit"};

/* Headings that mean a role where nobody said which does, folded; the first that is there. */
static const char *const usual[COLUMNS][12] = {
    {"id", "tunnus", "product_id", "productid"},
    {"name", "title", "nimi", "tuote", "tuotenimi", "product", "product_name", "nimike", "query",
        "kuvaus"},
    {"code", "modelno", "sku", "model", "tuotekoodi", "koodi", "product_code", "mpn"},
    {"gtin", "ean", "upc", "barcode"},
    {"brand", "manufacturer", "maker", "merkki", "valmistaja"},
    {"description", "text", "kuvaus", "selite"},
    {"price", "hinta", "unit_price", "yksikkohinta", "a-hinta"},
    {"unit", "yksikko"},
};

char *match_table_read(const char *path, size_t *n, struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct buf b;
    buf_init(&b, (size_t)4 << 30);
    char *room;
    size_t got;
    do {
        room = buf_room(&b, 1 << 16);
        got = room ? fread(room, 1, 1 << 16, f) : 0;
        b.n += got;
    } while (got > 0);
    bool failed = ferror(f) || b.failed;
    fclose(f);
    if (failed) {
        err_set(e, ERR_IO, "%s: %s", path, b.failed ? "larger than 4 GB" : strerror(errno));
        buf_free(&b);
        return NULL;
    }
    return buf_take(&b, n);
}

static char *folded(struct str s)
{
    struct buf b;
    buf_init(&b, CSV_ROW_MAX * 4);
    fold_text(&b, s, FOLD_PLAIN);
    return buf_take(&b, NULL);
}

static int heading(const struct str *fields, int n, struct str wanted)
{
    char *w = folded(wanted);
    int found = -1;
    for (int i = 0; i < n && found < 0; i++) {
        char *h = folded(fields[i]);
        if (!strcmp(h, w))
            found = i;
        mem_free(h);
    }
    mem_free(w);
    return found;
}

/* As much of it as a message has room for. */
static struct str clip(struct str s, size_t most)
{
    if (s.n <= most)
        return s;
    while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80)
        most--;
    return (struct str){s.p, most};
}

/* Of two columns of one heading nobody can say which is meant. */
static int only_one(const struct match_table *t, const struct str *fields, int n, struct err *e)
{
    for (int role = 0; role < COLUMNS; role++) {
        int at = t->column[role];
        if (at >= 0 && at + 1 < n && heading(fields + at + 1, n - at - 1, fields[at]) >= 0)
            return err_set(e, ERR_USAGE,
                "%s: two columns have the heading '%.*s': rename the one that is not meant",
                t->path, STR_ARG(fields[at]));
    }
    return 0;
}

static int no_names(const struct match_table *t, const struct str *fields, int n, struct err *e)
{
    struct buf b;
    buf_init(&b, 1024);
    for (int i = 0; i < n && b.n < 300; i++) {
        struct str one = clip(fields[i], 60);
        buf_addf(&b, "%s'%.*s'", i ? ", " : "", STR_ARG(one));
    }
    err_set(e, ERR_USAGE,
        "%s: which column has the names? Say --columns id=HEADING,name=HEADING; the headings of its "
        "first line are %.*s%s",
        t->path, STR_ARG(buf_str(&b)), b.n < 300 ? "" : " ...");
    buf_free(&b);
    return -1;
}

static int role_of(struct str name)
{
    for (int i = 0; i < COLUMNS; i++)
        if (str_is(name, roles[i]))
            return i;
    return -1;
}

/* "id=sku,name=title" against the headings. */
static int take_columns(struct match_table *t, const char *columns, bool lax,
    const struct str *fields, int n, struct err *e)
{
    struct str rest = str_of(columns);
    while (rest.n > 0) {
        struct str value, pair = str_cut(rest, ',', &rest);
        struct str name = str_trim(str_cut(pair, '=', &value));
        int role = role_of(name);
        if (role < 0 || !value.p)
            return err_set(e, ERR_USAGE,
                "columns: '%.*s' is not ROLE=HEADING; roles are id, name, code, gtin, brand, text, "
                "price, unit",
                STR_ARG(pair));
        t->column[role] = heading(fields, n, str_trim(value));
        if (t->column[role] < 0 && !(lax && role != COLUMN_NAME))
            return err_set(e, ERR_USAGE, "%s: there is no column '%.*s' (it begins with '%.*s')",
                t->path, STR_ARG(str_trim(value)), STR_ARG(fields[0]));
    }
    return 0;
}

static void take_usual(struct match_table *t, const struct str *fields, int n)
{
    for (int role = 0; role < COLUMNS; role++)
        for (int i = 0; i < 12 && usual[role][i] && t->column[role] < 0; i++) {
            int at = heading(fields, n, str_of(usual[role][i]));
            if (role != COLUMN_TEXT || at != t->column[COLUMN_NAME])
                t->column[role] = at;
        }
}

int match_table_open(
    struct match_table *t, const char *path, const char *columns, bool lax, struct err *e)
{
    const struct str *fields;
    const char *problem;
    int n, line;
    size_t size = 0;
    memset(t, 0, sizeof(*t));
    for (int i = 0; i < COLUMNS; i++)
        t->column[i] = -1;
    t->path = mem_dup(path);
    t->bytes = match_table_read(path, &size, e);
    if (!t->bytes)
        return -1;
    t->csv = csv_open((struct str){t->bytes, size}, e);
    if (!t->csv)
        return err_prefix(e, "%s", path);
    if (csv_next(t->csv, &fields, &n, &line, &problem) != CSV_ROW)
        return err_set(e, ERR_USAGE, "%s: the first line has no headings", path);
    if (columns && take_columns(t, columns, lax, fields, n, e) < 0)
        return -1;
    if (!columns)
        take_usual(t, fields, n);
    t->columns = n;
    return t->column[COLUMN_NAME] < 0 ? no_names(t, fields, n, e) : only_one(t, fields, n, e);
}

void match_table_close(struct match_table *t)
{
    csv_free(t->csv);
    mem_free(t->bytes);
    mem_free(t->path);
    memset(t, 0, sizeof(*t));
}

/* A number that was kept from being one: ="0012". */
static struct str plain_cell(struct str s)
{
    s = str_trim(s);
    if (s.n >= 3 && s.p[0] == '=' && s.p[1] == '"' && s.p[s.n - 1] == '"')
        return (struct str){s.p + 2, s.n - 3};
    return s;
}

/* More fields than headings: a separator stands in a text, and the fields behind it are not what
 * their headings say. */
static bool is_torn(const struct match_table *t, const struct str *fields, int n)
{
    while (n > t->columns && str_trim(fields[n - 1]).n == 0)
        n--;
    return n > t->columns;
}

/* Ten-thousandths; 0 for what is no price, or could be read in two ways. */
static int64_t price_of(struct str s)
{
    struct decimal_found found;
    struct decimal d, ten = decimal_of(10000);
    int64_t v;
    char plain[64];
    size_t n = 0;
    s = str_trim(s);
    /* Signs of currencies that decimal_parse_people need not know. */
    for (size_t i = 0; i < s.n && n < sizeof(plain); i++)
        if (s.p[i] != '$' && s.p[i] != '"')
            plain[n++] = s.p[i];
    if (n == 0 ||
        decimal_parse_people((struct str){plain, n}, DECIMAL_LANGUAGE_NONE, &found, NULL) < 0 ||
        decimal_mul(&found.value, &ten, &d, NULL) < 0 ||
        decimal_round(&d, 0, DECIMAL_HALF_UP, &d, NULL) < 0 || !decimal_to_i64(&d, &v) || v < 0)
        return 0;
    return v;
}

static bool is_no_zero(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0.,- ", s.p[i]))
            return true;
    return false;
}

/* What is no price takes no part in a decision; it is told once. */
static void note_price(struct match_table *t, struct str price, int line)
{
    if (t->unread++ == 0) {
        t->unread_line = line;
        price = clip(price, 40);
        snprintf(t->unread_price, sizeof(t->unread_price), "%.*s", STR_ARG(price));
    }
}

enum csv_row match_table_next(
    struct match_table *t, struct catalog_record *r, int *line, const char **problem)
{
    const struct str *fields;
    struct str value[COLUMNS];
    int n;
    memset(r, 0, sizeof(*r));
    enum csv_row row = csv_next(t->csv, &fields, &n, line, problem);
    if (row == CSV_END)
        return row;
    t->rows++;
    if (row == CSV_BAD)
        return row;
    for (int i = 0; i < COLUMNS; i++)
        value[i] =
            t->column[i] >= 0 && t->column[i] < n ? plain_cell(fields[t->column[i]]) : STR_NONE;
    r->id = value[COLUMN_ID];
    if (t->column[COLUMN_ID] < 0) {
        snprintf(t->row_id, sizeof(t->row_id), "%d", t->rows);
        r->id = str_of(t->row_id);
    }
    r->name = value[COLUMN_NAME];
    r->code = value[COLUMN_CODE];
    r->gtin = value[COLUMN_GTIN];
    r->brand = value[COLUMN_BRAND];
    r->text = value[COLUMN_TEXT];
    r->unit = value[COLUMN_UNIT];
    r->price = price_of(value[COLUMN_PRICE]);
    if (is_torn(t, fields, n)) {
        *problem =
            "it has more fields than there are headings: a text with the separator in it needs "
            "quotes";
        return CSV_BAD;
    }
    if (r->id.n == 0) {
        *problem = "it has no id";
        return CSV_BAD;
    }
    if (value[COLUMN_PRICE].n > 0 && r->price == 0 && is_no_zero(value[COLUMN_PRICE]))
        note_price(t, value[COLUMN_PRICE], *line);
    return CSV_ROW;
}
