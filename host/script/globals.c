/* Reads what ldump.c of Lua 5.4 writes: of each function its code, constants, upvalues, inner
 * functions and lines. It is this process's own compiler's, so it is read with care for its end
 * only. */
#include "globals.h"

#include <stdint.h>
#include <string.h>
#include <lua.h>
#include "mem.h"

/* lopcodes.h, which is not installed; the same in all of 5.4. */
enum {
    OP_GETTABUP = 11,
    OP_GETFIELD = 14,
    OP_SETTABUP = 15,
    OP_NOT = 51,
    OP_EQ = 57,
    OP_EQK = 60,
    OP_EQI = 61,
    OP_TEST = 66,
    OP_TESTSET = 67
};
#define CODE_OP(i) ((i)&0x7f)
#define CODE_A(i)  (((i) >> 7) & 0xff)
#define CODE_B(i)  (((i) >> 16) & 0xff)
#define CODE_C(i)  (((i) >> 24) & 0xff)

/* lobject.h: type and variant of constants. */
enum {
    K_NIL = 0x00,
    K_FALSE = 0x01,
    K_TRUE = 0x11,
    K_INTEGER = 0x03,
    K_FLOAT = 0x13,
    K_SHORT = 0x04,
    K_LONG = 0x14
};

#define LINE_ABSOLUTE (-0x80)
#define DEPTH_MAX     200 /* of functions in functions, as the compiler's own limit */
#define UPVALUES_MAX  255

struct reading {
    struct str rest;
    bool bad;
    globals_fn fn;
    void *arg;
};

/* What a function needs to know of the one around it: which of that one's upvalues are _ENV. */
struct outer {
    bool env[UPVALUES_MAX + 1];
};

static const char *take(struct reading *r, size_t n)
{
    static const char nothing[16] = {0};
    if (r->bad || n > r->rest.n) {
        r->bad = true;
        return n <= sizeof nothing ? nothing : NULL;
    }
    const char *p = r->rest.p;
    r->rest = (struct str){p + n, r->rest.n - n};
    return p;
}

static unsigned take_byte(struct reading *r)
{
    return (unsigned char)*take(r, 1);
}

/* Seven bits a byte, the highest first; the last has its top bit set. */
static size_t take_size(struct reading *r)
{
    size_t n = 0;
    for (int i = 0; i < 10 && !r->bad; i++) {
        unsigned byte = take_byte(r);
        n = n << 7 | (byte & 0x7f);
        if (byte & 0x80)
            return n;
    }
    r->bad = true;
    return 0;
}

/* A count of things of so many bytes each at least; 0 if they cannot all be there. */
static size_t take_count(struct reading *r, size_t each)
{
    size_t n = take_size(r);
    if (n > r->rest.n / each)
        r->bad = true;
    return r->bad ? 0 : n;
}

static struct str take_string(struct reading *r)
{
    size_t n = take_size(r);
    if (n == 0)
        return STR_NONE;
    const char *p = take(r, n - 1);
    return r->bad ? STR_NONE : (struct str){p, n - 1};
}

static bool take_header(struct reading *r)
{
    static const char head[] = LUA_SIGNATURE "\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08";
    lua_Integer integer;
    lua_Number number;
    if (r->rest.n < sizeof head - 1 || memcmp(take(r, sizeof head - 1), head, sizeof head - 1) != 0)
        return false;
    memcpy(&integer, take(r, sizeof integer), sizeof integer);
    memcpy(&number, take(r, sizeof number), sizeof number);
    take_byte(r); /* how many upvalues the main part has: it says so itself */
    return !r->bad && integer == 0x5678 && number == (lua_Number)370.5;
}

/* In the place of a constant that is a number with a fraction. */
static const char fraction[] = "";

/* The names among the first 256 constants, which is as far as the instructions reach. */
static void take_constants(struct reading *r, struct str names[256])
{
    size_t n = take_count(r, 1);
    for (size_t i = 0; i < n && !r->bad; i++) {
        struct str name = STR_NONE;
        switch (take_byte(r)) {
        case K_FLOAT:
            name = (struct str){fraction, 0};
            take(r, 8);
            break;
        case K_INTEGER:
            take(r, 8);
            break;
        case K_SHORT:
        case K_LONG:
            name = take_string(r);
            break;
        case K_NIL:
        case K_FALSE:
        case K_TRUE:
            break;
        default:
            r->bad = true;
        }
        if (i < 256)
            names[i] = name;
    }
}

static void take_upvalues(struct reading *r, const struct outer *around, struct outer *own)
{
    size_t n = take_count(r, 3);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = (const unsigned char *)take(r, 3);
        if (!around)
            own->env[0] = true; /* the main part's only one */
        else if (i <= UPVALUES_MAX && p[0] == 0)
            own->env[i] = around->env[p[1]];
    }
}

struct lines {
    const signed char *step; /* of each instruction */
    size_t n;
    struct str far; /* pairs of an instruction and its line, where the step is too far */
};

static void take_lines(struct reading *r, struct lines *l)
{
    l->n = take_count(r, 1);
    l->step = (const signed char *)take(r, l->n);
    size_t nfar = take_count(r, 2);
    l->far.p = r->rest.p;
    for (size_t i = 0; i < 2 * nfar; i++)
        take_size(r);
    l->far.n = (size_t)(r->rest.p - l->far.p);
    for (size_t i = take_count(r, 3); i > 0 && !r->bad; i--) { /* local variables */
        take_string(r);
        take_size(r);
        take_size(r);
    }
    for (size_t i = take_count(r, 1); i > 0 && !r->bad; i--) /* names of upvalues */
        take_string(r);
}

static uint32_t op_at(const char *code, size_t i)
{
    uint32_t op;
    memcpy(&op, code + i * sizeof op, sizeof op);
    return op;
}

/* What the instructions behind the i-th read of the value that it has read. */
static void add_members(
    struct globals_use *use, const char *code, size_t n, size_t i, const struct str *names)
{
    unsigned at = CODE_A(op_at(code, i));
    for (size_t k = i + 1; k < n; k++) {
        uint32_t op = op_at(code, k);
        switch (CODE_OP(op)) {
        case OP_GETFIELD:
            if (CODE_B(op) != at || use->nmembers == GLOBALS_MEMBERS || !names[CODE_C(op)].p)
                return;
            use->members[use->nmembers++] = names[CODE_C(op)];
            at = CODE_A(op);
            break;
        case OP_NOT:
        case OP_EQ:
        case OP_EQK:
        case OP_TEST:
        case OP_TESTSET:
            use->tested = true;
            return;
        default:
            return;
        }
    }
}

static void report(struct reading *r, const char *code, const struct outer *own,
    const struct str *names, const struct lines *l, int line)
{
    struct reading far = {.rest = l->far};
    for (size_t i = 0; i < l->n; i++) {
        uint32_t op = op_at(code, i);
        if (l->step[i] == LINE_ABSOLUTE) {
            take_size(&far);
            line = (int)take_size(&far);
        } else {
            line += l->step[i];
        }
        struct globals_use use = {.line = line, .set = CODE_OP(op) == OP_SETTABUP};
        use.fraction = CODE_OP(op) == OP_EQK ? names[CODE_B(op)].p == fraction
                                             : CODE_OP(op) == OP_EQI && CODE_C(op);
        if (CODE_OP(op) == OP_GETTABUP && own->env[CODE_B(op)])
            use.name = names[CODE_C(op)];
        else if (use.set && own->env[CODE_A(op)])
            use.name = names[CODE_B(op)];
        if (!use.name.p && !use.fraction)
            continue;
        if (use.name.p && !use.set)
            add_members(&use, code, l->n, i, names);
        r->fn(r->arg, &use);
    }
}

static void take_function(struct reading *r, const struct outer *around, int depth)
{
    struct outer own = {{false}};
    struct str names[256] = {{0}};
    struct lines lines;
    take_string(r); /* its file, where that is not the outer one's */
    int first = (int)take_size(r);
    take_size(r);
    take(r, 3);
    size_t n = take_count(r, sizeof(uint32_t));
    const char *code = take(r, n * sizeof(uint32_t));
    take_constants(r, names);
    take_upvalues(r, around, &own);
    /* The lines stand behind the inner functions, which are reported first. */
    for (size_t i = take_count(r, 1); i > 0 && !r->bad; i--) {
        r->bad = r->bad || depth == DEPTH_MAX;
        if (!r->bad)
            take_function(r, &own, depth + 1);
    }
    take_lines(r, &lines);
    if (!r->bad && lines.n == n)
        report(r, code, &own, names, &lines, first);
}

void globals_each(struct str bytecode, globals_fn fn, void *arg)
{
    struct reading r = {bytecode, false, fn, arg};
    if (take_header(&r))
        take_function(&r, NULL, 0);
}
