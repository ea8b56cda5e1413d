/* Texts taken apart. */
#include "token.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

/* Signs that hold a chunk together when a letter or digit follows. */
static bool is_joiner(char c)
{
    return c == '-' || c == '/' || c == '.' || c == '\'' || c == '+' || c == '_' || c == '&';
}

struct reader {
    struct profile *out;
    enum token_field field;
    const char *begin, *p, *end;
    uint16_t chunk;
};

void profile_clear(struct profile *p)
{
    p->n = p->chunks = 0;
    p->keys_n = 0;
}

/* A new token with its key; NULL if there is no room. */
static struct token *put(struct reader *r, enum token_kind kind, const char *key, size_t n)
{
    struct profile *o = r->out;
    if (n == 0 || n > 64 || o->n == TOKEN_MAX || o->keys_n + n > TOKEN_KEYS ||
        (r->field == TOKEN_NAME && o->n >= TOKEN_NAME_MAX))
        return NULL;
    struct token *t = &o->token[o->n++];
    memset(t, 0, sizeof(*t));
    t->at = (uint16_t)o->keys_n;
    t->n = (uint16_t)n;
    t->kind = (uint8_t)kind;
    t->field = (uint8_t)r->field;
    t->chunk = r->chunk;
    t->word = TOKEN_NO_WORD;
    memcpy(o->keys + o->keys_n, key, n);
    o->keys_n += (uint32_t)n;
    return t;
}

static size_t put_number_text(char *out, int64_t v)
{
    char digits[24];
    size_t n = 0, i = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        out[i++] = digits[--n];
    return i;
}

/* A token whose key says its values: no word can be equal to it. */
static void put_values(struct reader *r, enum token_kind kind, enum quantity_unit unit,
    const int64_t v[3], int64_t bare)
{
    char key[80] = {'=', (char)('A' + kind), (char)('A' + unit)};
    size_t n = 3;
    for (int i = 0; i < 3 && (i == 0 || v[i] > 0); i++) {
        if (i > 0)
            key[n++] = 'x';
        n += put_number_text(key + n, v[i]);
    }
    struct token *t = put(r, kind, key, n);
    if (!t)
        return;
    t->unit = (uint8_t)unit;
    t->value = v[0];
    t->value2 = v[1];
    t->value3 = v[2];
    t->bare = bare;
}

static const char *skip_spaces(const char *p, const char *end)
{
    while (p < end && *p == ' ')
        p++;
    return p;
}

/* The unit behind a number at *p: at once, or after a space or hyphen. */
static bool unit_behind(const char **p, const char *end, enum quantity_unit *unit, double *factor)
{
    const char *s = *p;
    if (quantity_unit_at(&s, end, true, unit, factor)) {
        *p = s;
        return true;
    }
    if (s < end && (*s == ' ' || *s == '-' || *s == '/') &&
        quantity_unit_at((s++, &s), end, false, unit, factor)) {
        *p = s;
        return true;
    }
    return false;
}

/* "60cm x 60cm": over the unit of length behind the first number, if an x follows it. False: what
 * stands there is no x and no such unit. */
static bool over_first_unit(const struct reader *r, const char **x, int64_t *first)
{
    enum quantity_unit unit;
    double factor;
    const char *s = *x;
    if (s == r->end || !is_letter(*s) || *s == 'x' ||
        !quantity_unit_at(&s, r->end, true, &unit, &factor) || unit != QUANTITY_LENGTH)
        return true;
    *first = quantity_scale(*first, factor);
    *x = skip_spaces(s, r->end);
    return *x < r->end && **x == 'x';
}

/* The numbers with an x between them; *behind gets where they end. How many there are, of which v
 * has the first three; 0 if it is no size. */
static int read_sides(const struct reader *r, int64_t v[3], const char **behind)
{
    const char *s = r->p;
    int n = 1;
    if (!quantity_number(&s, r->end, &v[0]))
        return 0;
    for (;;) {
        int64_t more;
        *behind = s;
        const char *x = skip_spaces(s, r->end);
        if (n == 1 && !over_first_unit(r, &x, &v[0]))
            return 0;
        if (x >= r->end || *x != 'x')
            return n;
        x = skip_spaces(x + 1, r->end);
        if (!quantity_number(&x, r->end, &more))
            return n;
        s = x;
        if (n < 3)
            v[n++] = more;
    }
}

/* 60x60, 3 x 1,5, 13x1200x2600 mm. Without a unit of length the numbers stand for themselves;
 * with another unit ("6 x 330 ml") it is a count of quantities. */
static bool read_size(struct reader *r)
{
    int64_t v[3] = {0};
    const char *after;
    int n = read_sides(r, v, &after);
    if (n < 2)
        return false;
    enum quantity_unit unit = QUANTITY_NONE;
    double factor = 1;
    bool with_unit = unit_behind(&after, r->end, &unit, &factor);
    if (!with_unit) {
        /* One letter may follow: 3x1,5s. */
        if (after < r->end && is_letter(*after))
            after++;
        if (after < r->end && is_word(*after))
            return false;
    }
    r->p = after;
    if (with_unit && unit != QUANTITY_LENGTH && unit != QUANTITY_AREA &&
        unit != QUANTITY_APOSTROPHE && n == 2) {
        int64_t count[3] = {v[0], 0, 0}, each[3] = {quantity_scale(v[1], factor), 0, 0};
        put_values(r, TOKEN_QUANTITY, QUANTITY_COUNT, count, v[0]);
        put_values(r, TOKEN_QUANTITY, unit, each, v[1]);
        return true;
    }
    bool length = with_unit && unit == QUANTITY_LENGTH;
    for (int i = 0; length && i < n; i++)
        v[i] = quantity_scale(v[i], factor);
    put_values(r, TOKEN_SIZE, length ? QUANTITY_LENGTH : QUANTITY_NONE, v, 0);
    return true;
}

/* What stands at p belongs to what was before: 79g is no mass in 79g-00007. */
static bool goes_on(const char *p, const char *end)
{
    return p < end &&
           (is_word(*p) || (*p == '-' && p + 2 < end && is_digit(p[1]) && is_digit(p[2])));
}

/* 1-5, 10-30 kg: a range; 500 g, 8-port: a quantity; 27: a number. */
static bool read_number(struct reader *r)
{
    int64_t v[3] = {0};
    const char *s = r->p, *start = s;
    if (!quantity_number(&s, r->end, &v[0]))
        return false;
    enum quantity_unit unit = QUANTITY_NONE;
    double factor = 1;
    bool range = false;
    if (s + 1 < r->end && *s == '-' && is_digit(s[1]) && s - start <= 4) {
        const char *b = s + 1;
        if (quantity_number(&b, r->end, &v[1]) && v[1] > v[0] && b - s <= 6 &&
            (b == r->end || !is_joiner(*b) || b + 1 == r->end || !is_digit(b[1]))) {
            s = b;
            range = true;
        } else {
            v[1] = 0;
        }
    }
    const char *after = s;
    if (unit_behind(&after, r->end, &unit, &factor) && !goes_on(after, r->end)) {
        int64_t bare = v[0];
        v[0] = quantity_scale(v[0], factor);
        v[1] = quantity_scale(v[1], factor);
        r->p = after;
        put_values(r, TOKEN_QUANTITY, unit, v, bare);
        return true;
    }
    if (s < r->end && is_word(*s))
        return false;
    if (!range && s + 1 < r->end && is_joiner(*s) && is_word(s[1]) && *s != '/') {
        /* 3-way is a number and a word; 10-1234b is a code. */
        const char *b = s + 1;
        while (b < r->end && is_letter(*b))
            b++;
        if (b == s + 1 || (b < r->end && is_digit(*b)) || s - start > 3)
            return false;
    }
    size_t digits = 0;
    for (const char *c = start; c < s; c++)
        digits += is_digit(*c);
    if (!range && digits >= 5 && v[0] % 1000 == 0 && (size_t)(s - start) == digits)
        return false;
    r->p = s;
    put_values(r, range ? TOKEN_QUANTITY : TOKEN_NUMBER, QUANTITY_NONE, v, v[0]);
    return true;
}

/* What a piece of letters and digits is. */
static enum token_kind kind_of(const char *p, size_t n)
{
    size_t digits = 0;
    for (size_t i = 0; i < n; i++)
        digits += is_digit(p[i]);
    if (digits == 0)
        return TOKEN_WORD;
    if (digits == n)
        return n >= 5 ? TOKEN_CODE : TOKEN_NUMBER;
    if (n < 4 || (digits == 1 && (n < 5 || n > 9)))
        return TOKEN_MARK;
    return TOKEN_CODE;
}

static void put_piece(struct reader *r, const char *p, size_t n)
{
    enum token_kind kind = kind_of(p, n);
    if (kind == TOKEN_NUMBER) {
        int64_t v[3] = {0};
        const char *s = p;
        if (quantity_number(&s, p + n, &v[0]))
            put_values(r, TOKEN_NUMBER, QUANTITY_NONE, v, v[0]);
        return;
    }
    struct token *t = put(r, kind, p, n);
    if (t && kind == TOKEN_WORD)
        token_group_of((struct str){p, n}, &t->group, &t->variant);
}

struct chunk {
    const char *at[16];
    size_t n[16];
    int pieces;
    char joined[64];
    size_t joined_n;
    size_t digits, longest_word;
    bool point; /* a point between digits: a version */
};

static const char *chunk_of(const char *p, const char *end, struct chunk *c)
{
    c->pieces = 0;
    c->joined_n = c->digits = c->longest_word = 0;
    c->point = false;
    while (p < end && c->pieces < 16) {
        const char *s = p;
        size_t digits = 0;
        while (s < end && is_word(*s))
            digits += is_digit(*s++);
        size_t n = (size_t)(s - p);
        c->at[c->pieces] = p;
        c->n[c->pieces++] = n;
        c->digits += digits;
        if (digits == 0 && n > c->longest_word)
            c->longest_word = n;
        for (size_t i = 0; i < n && c->joined_n < sizeof(c->joined); i++)
            c->joined[c->joined_n++] = p[i];
        p = s;
        if (p + 1 >= end || !is_joiner(*p) || !is_word(p[1]))
            break;
        /* usb2.0, but not 9n00.101 */
        if (*p == '.' && is_digit(p[1]) && is_digit(p[-1]) && (p + 2 >= end || !is_word(p[2])))
            c->point = true;
        p++;
    }
    return p;
}

static const char *end_of_chunk(const char *p, const char *end)
{
    while (p < end && (is_word(*p) || (is_joiner(*p) && p + 1 < end && is_word(p[1]))))
        p++;
    return p;
}

/* v7.5, v10: the number of a version. */
static bool read_version(struct reader *r)
{
    int64_t v[3] = {0};
    const char *s = r->p + 1;
    if (*r->p != 'v' || s == r->end || !is_digit(*s) || !quantity_number(&s, r->end, &v[0]) ||
        s - r->p > 5 ||
        (s < r->end && (is_word(*s) || (is_joiner(*s) && s + 1 < r->end && is_word(s[1])))))
        return false;
    r->p = s;
    put_values(r, TOKEN_NUMBER, QUANTITY_NONE, v, v[0]);
    return true;
}

/* DVM-63 HD: the letters behind belong to the code for some. */
static void put_apart(struct reader *r, const struct chunk *c, const char *after)
{
    char key[64];
    size_t n = c->joined_n;
    const char *s = after;
    if (n + 3 > sizeof(key) || !is_digit(c->joined[n - 1]) || s == r->end || *s++ != ' ')
        return;
    memcpy(key, c->joined, n);
    while (s < r->end && *s >= 'a' && *s <= 'z' && n < c->joined_n + 3)
        key[n++] = *s++;
    if (n > c->joined_n && (s == r->end || *s == ' ' || *s == ','))
        put(r, TOKEN_ALIAS, key, n);
}

/* usb3.2: the word and its number, as in "usb 3.2". False if the chunk is something else. */
static bool read_word_with_version(struct reader *r, const struct chunk *c, const char *after)
{
    int64_t v[3] = {0};
    const char *s = r->p;
    while (s < after && is_letter(*s))
        s++;
    size_t n = (size_t)(s - r->p);
    if (!c->point || n < 2 || s == after || !quantity_number(&s, after, &v[0]) || s != after)
        return false;
    put_piece(r, r->p, n);
    put_values(r, TOKEN_NUMBER, QUANTITY_NONE, v, v[0]);
    r->p = after;
    return true;
}

/* A chunk that does not begin with a number of its own. */
static void read_chunk(struct reader *r)
{
    struct chunk c;
    if (read_version(r))
        return;
    const char *after = chunk_of(r->p, r->end, &c);
    if (read_word_with_version(r, &c, after))
        return;
    bool code = c.pieces > 1 && !c.point && c.longest_word < 4 && c.joined_n < sizeof(c.joined) &&
                kind_of(c.joined, c.joined_n) == TOKEN_CODE;
    if (code) {
        put(r, TOKEN_CODE, c.joined, c.joined_n);
        size_t tail = c.n[c.pieces - 1];
        /* Without its tail it may be a short code: sc1a-b1. */
        size_t rest = c.joined_n - tail;
        enum token_kind kind = kind_of(c.joined, rest);
        if (tail <= 3 && (kind == TOKEN_CODE || (kind == TOKEN_MARK && rest >= 4)))
            put(r, TOKEN_ALIAS, c.joined, rest);
        for (int i = 0; i < c.pieces; i++)
            if (kind_of(c.at[i], c.n[i]) == TOKEN_CODE)
                put(r, TOKEN_ALIAS, c.at[i], c.n[i]);
        put_apart(r, &c, after);
        r->p = after;
        return;
    }
    if (c.pieces > 1 && c.joined_n < sizeof(c.joined) && c.longest_word > 0)
        put(r, TOKEN_ALIAS, c.joined, c.joined_n);
    /* Piece by piece, so that a quantity in the middle is seen. */
    put_piece(r, c.at[0], c.n[0]);
    r->p = c.at[0] + c.n[0];
    if (c.n[0] <= 3 && c.at[0] - r->begin >= 2 && c.at[0][-1] == '-' && is_digit(c.at[0][-2]) &&
        r->out->n > 0)
        r->out->token[r->out->n - 1].cut = true;
    if (c.pieces == 1 && r->p < r->end && *r->p == '.' && r->out->n > 0)
        r->out->token[r->out->n - 1].cut = true;
}

/* C 25/30: the letter in front belongs to the code for some. */
static void put_with_letter(struct reader *r, const char *begin)
{
    struct chunk c;
    char key[66];
    if (r->p - begin < 2 || r->p[-1] != ' ' || !is_letter(r->p[-2]) ||
        (r->p - begin > 2 && r->p[-3] != ' '))
        return;
    chunk_of(r->p, r->end, &c);
    if (c.pieces != 2 || c.digits != c.joined_n || c.joined_n > 8)
        return;
    key[0] = r->p[-2];
    memcpy(key + 1, c.joined, c.joined_n);
    put(r, TOKEN_ALIAS, key, c.joined_n + 1);
}

void profile_add(struct profile *p, enum token_field field, struct str folded)
{
    struct reader r = {p, field, folded.p, folded.p, folded.p + folded.n, 0};
    const char *chunk_end = r.p;
    r.chunk = (uint16_t)p->chunks++;
    while (r.p < r.end) {
        if (!is_word(*r.p)) {
            r.p++;
            continue;
        }
        if (r.p >= chunk_end) {
            chunk_end = end_of_chunk(r.p, r.end);
            r.chunk = (uint16_t)p->chunks++;
            if (is_digit(*r.p))
                put_with_letter(&r, folded.p);
        }
        if (is_digit(*r.p) && (read_size(&r) || read_number(&r)))
            continue;
        read_chunk(&r);
    }
    p->chunks++;
}

/* "6.41e+12": what a spreadsheet makes of a long number is no number any more. */
static bool is_shortened(struct str s)
{
    size_t i = 0;
    while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '.' || s.p[i] == ','))
        i++;
    return i > 0 && is_digit(s.p[0]) && i + 2 < s.n && s.p[i] == 'e' && s.p[i + 1] == '+' &&
           is_digit(s.p[i + 2]);
}

void profile_add_code(struct profile *p, struct str folded)
{
    struct reader r = {p, TOKEN_NAME, NULL, NULL, NULL, (uint16_t)p->chunks++};
    char key[66] = {'@'};
    size_t n = 1;
    if (is_shortened(folded))
        return;
    for (size_t i = 0; i < folded.n && n < 64; i++)
        if (is_word(folded.p[i]))
            key[n++] = folded.p[i];
    size_t digits = 0, zeros = 0;
    while (1 + digits < n && is_digit(key[1 + digits]))
        digits++;
    if (digits + 1 == n && digits >= 12 && digits <= 14) {
        /* A GTIN is the same with and without its leading zeros. */
        while (key[1 + zeros] == '0' && zeros + 1 < digits)
            zeros++;
        memmove(key + 1, key + 1 + zeros, digits - zeros);
        n -= zeros;
    }
    if (n > 1)
        put(&r, TOKEN_EXACT, key, n);
    if (n > 4 && kind_of(key + 1, n - 1) == TOKEN_CODE)
        put(&r, TOKEN_COLUMN, key + 1, n - 1);
}
