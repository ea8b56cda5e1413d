/* Tables as records. */
#include "match_table.h"

#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "fold.h"

static const char *const roles[COLUMNS] = {
    "id", "name", "code", "gtin", "brand", "text", "price", "unit"};

/* Headings that mean a role where nobody said which does, folded and without signs; the first that
 * is there. */
#define USUAL 16
static const char *const usual[COLUMNS][USUAL] = {
    {"id", "tunnus", "productid", "itemid"},
    {"name", "title", "nimi", "tuote", "tuotenimi", "tuotteennimi", "product", "productname",
        "nimike", "itemname", "benamning", "artikelnamn", "produktnamn", "query", "kuvaus"},
    {"code", "modelno", "sku", "model", "tuotekoodi", "koodi", "productcode", "mpn", "tuotenumero",
        "itemcode", "itemnumber", "artikelnummer", "artikelnr"},
    {"gtin", "ean", "upc", "barcode", "eankoodi", "streckkod"},
    {"brand", "manufacturer", "maker", "merkki", "valmistaja", "tillverkare", "varumarke"},
    {"description", "text", "kuvaus", "selite", "beskrivning"},
    {"price", "hinta", "unitprice", "yksikkohinta", "ahinta", "pris", "apris", "listprice"},
    {"unit", "yksikko", "enhet"},
};

/* Of two columns of one heading nobody can say which is meant. */
static int only_one(const struct match_table *t, struct err *e)
{
    for (int role = 0; role < COLUMNS; role++)
        if (t->column[role] >= 0 && table_is_twice(&t->table, t->column[role]))
            return table_column(&t->table, t->table.heading[t->column[role]], e);
    return 0;
}

static int no_names(const struct match_table *t, struct err *e)
{
    struct buf b;
    buf_init(&b, 1024);
    table_put_headings(&b, &t->table);
    err_set(e, ERR_USAGE,
        "%s: which column has the names? Say --columns id=HEADING,name=HEADING; the headings of its "
        "first line are %.*s",
        t->table.path, STR_ARG(buf_str(&b)));
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

/* The column of the heading that *rest begins with, up to a comma. A heading may have commas of its
 * own: more is taken where the table has such a one. -1: there is none; *rest is behind the first
 * comma. */
static int take_heading(const struct match_table *t, struct str *rest, struct str *heading)
{
    struct str all = *rest;
    for (size_t i = 0; i <= all.n; i++) {
        if (i < all.n && all.p[i] != ',')
            continue;
        int at = table_find(&t->table, str_trim((struct str){all.p, i}));
        if (at < 0)
            continue;
        *heading = str_trim((struct str){all.p, i});
        *rest = i < all.n ? (struct str){all.p + i + 1, all.n - i - 1} : STR_NONE;
        return at;
    }
    *heading = str_trim(str_cut(all, ',', rest));
    return -1;
}

/* "id=sku,name=title" against the headings. */
static int take_columns(struct match_table *t, const char *columns, bool lax, struct err *e)
{
    struct str heading, rest = str_of(columns);
    while (rest.n > 0) {
        struct str value, name = str_trim(str_cut(rest, '=', &value));
        int role = role_of(name);
        if (role < 0 || !value.p)
            return err_set(e, ERR_USAGE,
                "columns: '%.*s' is not ROLE=HEADING; roles are id, name, code, gtin, brand, text, "
                "price, unit",
                STR_ARG(str_cut(rest, ',', &value)));
        t->column[role] = take_heading(t, &value, &heading);
        if (t->column[role] < 0 && !(lax && role != COLUMN_NAME))
            return table_column(&t->table, heading, e);
        rest = value;
    }
    return 0;
}

/* The column whose heading is the word, signs and spaces aside ("Product name", "product_name"); -1
 * if none is. */
static int find_usual(const struct table *t, const char *word)
{
    char plain[64];
    for (int i = 0; i < t->columns; i++) {
        struct buf b;
        size_t n = 0;
        buf_init(&b, CSV_ROW_MAX * 4);
        fold_text(&b, t->heading[i], FOLD_PLAIN);
        for (size_t k = 0; k < b.n && n + 1 < sizeof(plain); k++)
            if (!strchr(" _-./:", b.p[k]))
                plain[n++] = b.p[k];
        plain[n] = '\0';
        buf_free(&b);
        if (!strcmp(plain, word))
            return i;
    }
    return -1;
}

static void take_usual(struct match_table *t)
{
    for (int role = 0; role < COLUMNS; role++)
        for (int i = 0; i < USUAL && usual[role][i] && t->column[role] < 0; i++) {
            int at = find_usual(&t->table, usual[role][i]);
            if (role != COLUMN_TEXT || at != t->column[COLUMN_NAME])
                t->column[role] = at;
        }
}

int match_table_open(
    struct match_table *t, const char *path, const char *columns, bool lax, struct err *e)
{
    memset(t, 0, sizeof(*t));
    for (int i = 0; i < COLUMNS; i++)
        t->column[i] = -1;
    if (table_open(&t->table, path, e) < 0)
        return -1;
    if (columns && take_columns(t, columns, lax, e) < 0)
        return -1;
    if (!columns)
        take_usual(t);
    return t->column[COLUMN_NAME] < 0 ? no_names(t, e) : only_one(t, e);
}

void match_table_close(struct match_table *t)
{
    table_close(&t->table);
    memset(t, 0, sizeof(*t));
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

/* As much of it as a message has room for. */
static struct str clip(struct str s, size_t most)
{
    if (s.n <= most)
        return s;
    while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80)
        most--;
    return (struct str){s.p, most};
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
    enum csv_row row = table_next(&t->table, &fields, &n, line, problem);
    if (row == CSV_END)
        return row;
    for (int i = 0; i < COLUMNS; i++)
        value[i] =
            t->column[i] >= 0 && t->column[i] < n ? table_cell(fields[t->column[i]]) : STR_NONE;
    r->id = value[COLUMN_ID];
    if (n > 0 && t->column[COLUMN_ID] < 0) {
        snprintf(t->row_id, sizeof(t->row_id), "%d", t->table.rows);
        r->id = str_of(t->row_id);
    }
    if (row == CSV_BAD)
        return row;
    r->name = value[COLUMN_NAME];
    r->code = value[COLUMN_CODE];
    r->gtin = value[COLUMN_GTIN];
    r->brand = value[COLUMN_BRAND];
    r->text = value[COLUMN_TEXT];
    r->unit = value[COLUMN_UNIT];
    r->price = price_of(value[COLUMN_PRICE]);
    if (r->id.n == 0) {
        *problem = "it has no id";
        return CSV_BAD;
    }
    if (value[COLUMN_PRICE].n > 0 && r->price == 0 && is_no_zero(value[COLUMN_PRICE]))
        note_price(t, value[COLUMN_PRICE], *line);
    return CSV_ROW;
}
