/* Settings of a command: read from four places, checked once, then only looked up. */
#include "conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf_file.h"
#include "mem.h"
#include "str.h"

enum { FROM_FALLBACK, FROM_FILE, FROM_ENVIRONMENT, FROM_COMMAND_LINE };

struct value {
    char *text; /* NULL: unset; of a list the last one */
    int from;
    char **list;
    int nlist;
};

struct conf {
    const struct conf_option *options;
    const struct conf_option *const *others; /* the caller's; until conf_parse returns */
    int noptions;
    struct value *values;
    const char **positionals;
    int npositionals;
};

static int option_of(const struct conf *c, struct str name)
{
    for (int i = 0; i < c->noptions; i++) {
        if (str_is(name, c->options[i].name))
            return i;
    }
    return -1;
}

/* "; did you mean 'port'?" if a name is near enough to be a slip, else ""; dashes go before it. */
static void suggestion(
    const struct conf *c, struct str name, const char *dashes, char *out, size_t size)
{
    struct str_near near = {.name = name};
    for (int i = 0; i < c->noptions; i++)
        str_near_offer(&near, str_of(c->options[i].name));
    const char *found = str_near_found(&near);
    out[0] = '\0';
    if (found)
        snprintf(out, size, "; did you mean '%s%s'?", dashes, found);
}

static bool flag_of(struct str s, bool *out)
{
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {
                                                                     "no", "false", "off", "0"};
    for (int i = 0; i < 4; i++) {
        if (str_ieq(s, str_of(yes[i])) || str_ieq(s, str_of(no[i]))) {
            *out = str_ieq(s, str_of(yes[i]));
            return true;
        }
    }
    return false;
}

/* What a value of the type looks like, or NULL if s is one. */
static const char *wrong(enum conf_type type, struct str s)
{
    int64_t i;
    size_t size;
    bool flag;
    switch (type) {
    case CONF_TEXT:
    case CONF_LIST:
        return NULL;
    case CONF_INT:
        return str_to_i64(s, &i) ? NULL : "a whole number";
    case CONF_MS:
        return str_to_ms(s, &i) ? NULL : "a time such as 250ms, 5s, 2m, 1h or 3d";
    case CONF_SIZE:
        return str_to_size(s, &size) ? NULL : "a size such as 100, 64k, 1m or 2g";
    case CONF_FLAG:
        return flag_of(s, &flag) ? NULL : "yes or no";
    }
    return "something else";
}

static void drop_list(struct value *v)
{
    for (int i = 0; i < v->nlist; i++)
        mem_free(v->list[i]);
    mem_free(v->list);
    v->list = NULL;
    v->nlist = 0;
}

/* Sets option i unless a place of higher rank has set it. where names the place in messages. */
static int set(struct conf *c, int i, struct str text, int from, const char *where, struct err *e)
{
    const struct conf_option *o = &c->options[i];
    const char *wanted = wrong(o->type, text);
    if (wanted)
        return err_set(e, ERR_USAGE, "%s: '%.*s' is not %s", where, STR_ARG(text), wanted);
    struct value *v = &c->values[i];
    if (v->text && v->from > from)
        return 0;
    if (v->from != from)
        drop_list(v);
    if (o->type == CONF_LIST) {
        v->list = mem_realloc(v->list, (size_t)(v->nlist + 1) * sizeof(*v->list));
        v->list[v->nlist++] = mem_dupn(text.p, text.n);
    }
    mem_free(v->text);
    v->text = mem_dupn(text.p, text.n);
    v->from = from;
    return 0;
}

/* ---- the places ---------------------------------------------------------------------------- */

/* argv[*at] is "--name", "--name=value" or "--name" with its value in the next argument. */
static int command_line_option(struct conf *c, int argc, char **argv, int *at, struct err *e)
{
    struct str text, name = str_cut(str_of(argv[*at] + 2), '=', &text);
    int i = option_of(c, name);
    if (i < 0) {
        char hint[96];
        suggestion(c, name, "--", hint, sizeof(hint));
        return err_set(e, ERR_USAGE, "there is no option '--%.*s'%s", STR_ARG(name), hint);
    }
    if (!text.p) {
        if (c->options[i].type == CONF_FLAG)
            text = STR_LIT("yes");
        else if (*at + 1 < argc)
            text = str_of(argv[++*at]);
        else
            return err_set(e, ERR_USAGE, "option '--%.*s' needs a value", STR_ARG(name));
    }
    char where[96];
    snprintf(where, sizeof(where), "option '--%s'", c->options[i].name);
    return set(c, i, text, FROM_COMMAND_LINE, where, e);
}

static int read_command_line(struct conf *c, int argc, char **argv, struct err *e)
{
    bool options = true;
    c->positionals = mem_zalloc((size_t)argc + 1, sizeof(*c->positionals));
    for (int at = 0; at < argc; at++) {
        const char *arg = argv[at];
        if (!options || arg[0] != '-' || arg[1] == '\0') {
            c->positionals[c->npositionals++] = arg;
        } else if (strcmp(arg, "--") == 0) {
            options = false;
        } else if (arg[1] != '-') {
            return err_set(e, ERR_USAGE, "there is no option '%s': options begin with --", arg);
        } else if (command_line_option(c, argc, argv, &at, e) < 0) {
            return -1;
        }
    }
    return 0;
}

/* "SAUMA_MAX_BODY" of "max-body". */
static char *environment_name(const char *name)
{
    char *s = mem_printf("SAUMA_%s", name);
    for (char *p = s; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return s;
}

/* Names that say something else, and no option: the key of the secrets, and a test's fault point.
 */
static bool is_taken(const char *name)
{
    return !strcmp(name, "SAUMA_KEY") || !strcmp(name, "SAUMA_FAULT");
}

static int read_environment(struct conf *c, struct err *e)
{
    int rc = 0;
    for (int i = 0; i < c->noptions && rc == 0; i++) {
        char *name = environment_name(c->options[i].name);
        const char *text = getenv(name);
        if (text && *text && !is_taken(name))
            rc = set(c, i, str_of(text), FROM_ENVIRONMENT, name, e);
        mem_free(name);
    }
    return rc;
}

static bool others_have(const struct conf *c, struct str name)
{
    for (int i = 0; c->others && c->others[i]; i++)
        for (const struct conf_option *o = c->others[i]; o->name; o++)
            if (str_is(name, o->name))
                return true;
    return false;
}

static int set_from_file(
    void *arg, struct str name, struct str text, const char *where, struct err *e)
{
    struct conf *c = arg;
    int i = option_of(c, name);
    if (i < 0 && others_have(c, name))
        return 0;
    if (i < 0) {
        char hint[96];
        suggestion(c, name, "", hint, sizeof(hint));
        return err_set(
            e, ERR_USAGE, "%s: there is no setting '%.*s'%s", where, STR_ARG(name), hint);
    }
    if (str_is(name, "config"))
        return err_set(e, ERR_USAGE, "%s: a config file cannot name another", where);
    return set(c, i, text, FROM_FILE, where, e);
}

static int read_file(struct conf *c, struct err *e)
{
    int i = option_of(c, STR_LIT("config"));
    const char *path = i < 0 ? NULL : c->values[i].text;
    return path ? conf_file_read(path, set_from_file, c, e) : 0;
}

static int read_fallbacks(struct conf *c, struct err *e)
{
    for (int i = 0; i < c->noptions; i++) {
        const struct conf_option *o = &c->options[i];
        if (o->fallback && !c->values[i].text &&
            set(c, i, str_of(o->fallback), FROM_FALLBACK, o->name, e) < 0)
            return -1;
    }
    return 0;
}

struct conf *conf_parse(const struct conf_option *options, const struct conf_option *const *others,
    int argc, char **argv, struct err *e)
{
    struct conf *c = mem_zalloc(1, sizeof(*c));
    c->others = others;
    c->options = options;
    while (options[c->noptions].name)
        c->noptions++;
    c->values = mem_zalloc((size_t)c->noptions, sizeof(*c->values));
    /* The file comes after those that may name it. */
    if (read_command_line(c, argc, argv, e) < 0 || read_environment(c, e) < 0 ||
        read_file(c, e) < 0 || read_fallbacks(c, e) < 0) {
        conf_free(c);
        return NULL;
    }
    c->others = NULL;
    return c;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->noptions; i++) {
        drop_list(&c->values[i]);
        mem_free(c->values[i].text);
    }
    mem_free(c->values);
    mem_free(c->positionals);
    mem_free(c);
}

/* ---- looking up ---------------------------------------------------------------------------- */

/* A name that is not in the table is a slip in this program, which no user can mend. */
static const char *lookup(const struct conf *c, const char *name)
{
    int i = option_of(c, str_of(name));
    if (i < 0) {
        fprintf(stderr, "sauma: conf: no option '%s' in the command's table\n", name);
        abort();
    }
    return c->values[i].text;
}

const char *conf_text(const struct conf *c, const char *name)
{
    return lookup(c, name);
}

int64_t conf_int(const struct conf *c, const char *name)
{
    struct str s = str_of(lookup(c, name));
    int i = option_of(c, str_of(name));
    int64_t v = 0;
    if (s.p && c->options[i].type == CONF_MS)
        str_to_ms(s, &v);
    else if (s.p)
        str_to_i64(s, &v);
    return v;
}

size_t conf_size(const struct conf *c, const char *name)
{
    struct str s = str_of(lookup(c, name));
    size_t v = 0;
    if (s.p)
        str_to_size(s, &v);
    return v;
}

bool conf_flag(const struct conf *c, const char *name)
{
    struct str s = str_of(lookup(c, name));
    bool v = false;
    if (s.p)
        flag_of(s, &v);
    return v;
}

const char *conf_item(const struct conf *c, const char *name, int i)
{
    int o = option_of(c, str_of(name));
    lookup(c, name); /* ends the program if it is a slip */
    return i >= 0 && i < c->values[o].nlist ? c->values[o].list[i] : NULL;
}

int conf_positionals(const struct conf *c)
{
    return c->npositionals;
}

const char *conf_positional(const struct conf *c, int i)
{
    return i >= 0 && i < c->npositionals ? c->positionals[i] : NULL;
}

/* ---- help ---------------------------------------------------------------------------------- */

/* Columns of a terminal that was not widened. */
#define HELP_WIDTH 80

static int left_column(const struct conf_option *o, char *out, size_t size)
{
    return snprintf(out, size, "--%s%s", o->name, o->type == CONF_FLAG ? "" : " VALUE");
}

/* Text from column `left` on, broken at spaces before the 80th; the column stands at `left`. */
static void print_wrapped(FILE *out, const char *text, int left)
{
    int at = left;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (at > left && at + 1 + n > HELP_WIDTH) {
            fprintf(out, "\n%*s", left, "");
            at = left;
        }
        at += fprintf(out, "%s%.*s", at > left ? " " : "", n, text);
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

void conf_help(const struct conf_option *options, FILE *out)
{
    char left[64];
    int width = 0;
    for (const struct conf_option *o = options; o->name; o++) {
        int n = left_column(o, left, sizeof(left));
        width = n > width ? n : width;
    }
    for (const struct conf_option *o = options; o->name; o++) {
        char *name = environment_name(o->name);
        const char *variable = is_taken(name) ? "no variable" : name;
        char *text = o->fallback ? mem_printf("%s (default %s; %s)", o->help, o->fallback, variable)
                                 : mem_printf("%s (%s)", o->help, variable);
        left_column(o, left, sizeof(left));
        fprintf(out, "  %-*s  ", width, left);
        print_wrapped(out, text, width + 4);
        mem_free(text);
        mem_free(name);
    }
}
