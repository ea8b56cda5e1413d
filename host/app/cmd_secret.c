/* `sauma secret`: a company's credentials, kept encrypted in the data folder. A value comes from
 * standard input, so that it stands in no shell history and no process list. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "command.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "secret_use.h"
#include "secrets.h"

#define SECRET_MAX ((size_t)64 * 1024)

static const struct conf_option options[] = {
    OPTION_DATA,
    {"companies", CONF_TEXT, "companies",
        "folder whose folders are the companies: which secrets they use"},
    OPTION_JSON,
    OPTION_PARTS,
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* Reads standard input to its end, or one line without echo at a terminal; a last newline is not
 * part of the value. */
static int read_value(struct buf *b)
{
    struct termios old;
    bool terminal = isatty(0) && tcgetattr(0, &old) == 0;
    if (terminal) {
        struct termios quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(0, TCSANOW, &quiet);
        fputs("value: ", stderr);
    }
    char chunk[4096];
    ssize_t n;
    while ((n = read(0, chunk, sizeof(chunk))) > 0) {
        buf_add(b, chunk, (size_t)n);
        if (terminal && memchr(chunk, '\n', (size_t)n))
            break;
    }
    if (terminal) {
        tcsetattr(0, TCSANOW, &old);
        fputc('\n', stderr);
    }
    if (b->n && b->p[b->n - 1] == '\n')
        b->n--;
    if (b->n && b->p[b->n - 1] == '\r')
        b->n--;
    return n < 0 || b->failed ? -1 : 0;
}

static int set(struct secrets *s, const char *company, const char *name)
{
    struct buf value;
    struct err e = {0};
    buf_init(&value, SECRET_MAX);
    int status = STATUS_OK;
    if (read_value(&value) < 0)
        status = command_fail(STATUS_USAGE, "the value is longer than 64 KiB or cannot be read");
    else if (value.n == 0)
        status = command_fail(STATUS_USAGE, "the value is empty: give it on standard input");
    else if (secrets_set(s, company, name, buf_str(&value), &e) < 0)
        status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    else
        printf("%s: secret '%s' is set\n", company, name);
    if (value.p)
        explicit_bzero(value.p, value.cap);
    buf_free(&value);
    return status;
}

static int rotate(struct secrets *s)
{
    struct err e = {0};
    int n;
    if (secrets_rotate(s, &n, &e) < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    printf("%d secret%s sealed with a new key; the old one is gone, and with it what opens the "
           "secrets in older backups: copy the key file anew, and take a backup\n",
        n, n == 1 ? " is" : "s are");
    return STATUS_OK;
}

/* ---- list ---- */

static int keep_one(void *arg, const char *company, const char *name, int64_t set_ms)
{
    secret_use_keep(arg, company, name, set_ms);
    return 0;
}

static void print_json(const struct secret_row *row, const char *when, bool known)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "{\"company\":");
    json_put_cstring(&b, row->company);
    json_put_key(&b, "name");
    json_put_cstring(&b, row->name);
    json_put_key(&b, "set_at");
    json_put_cstring(&b, row->is_kept ? when : NULL);
    json_put_key(&b, "used");
    buf_adds(&b, !known ? "null" : row->where ? "true" : "false");
    json_put_key(&b, "where");
    json_put_cstring(&b, row->where);
    printf("%.*s}\n", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

static void print_row(const struct secret_row *row, bool known, bool json)
{
    char when[CLOCK_TEXT] = "";
    if (row->is_kept)
        clock_format(row->set_ms, when);
    if (json)
        print_json(row, when, known);
    else if (row->is_kept)
        printf("%-24s %-32s set %s%s\n", row->company, row->name, when,
            known && !row->where ? "  nothing uses it" : "");
    else
        printf("%-24s %-32s is missing: %s uses it\n", row->company, row->name, row->where);
}

struct listing {
    struct companies all;
    struct secret_use use;
};

static int read_company(void *arg, const char *path)
{
    struct listing *l = arg;
    struct err e = {0};
    if (secret_use_read(&l->use, &l->all, path, &e) < 0)
        fprintf(stderr, "note: %s does not load, so nobody knows what it uses: %s\n", path, e.text);
    return STATUS_OK;
}

/* What the scripts use, as far as they are there. */
static int read_companies(struct listing *l, const struct conf *c, const char *company)
{
    struct err e = {0};
    const char *dir = conf_text(c, "companies");
    if (!parts_is_folder(dir))
        return STATUS_OK;
    log_set_level(LOG_ERROR);
    int status = companies_open(&l->all, c, NULL, &e);
    char *one = company ? mem_printf("%s/%s", dir, company) : NULL;
    char *file = company ? mem_printf("%s/company.lua", one) : NULL;
    if (status != STATUS_OK)
        command_fail(status, "%s", e.text);
    else if (!company && companies_each(dir, read_company, l) < 0)
        fprintf(stderr, "note: %s cannot be read, so nobody knows what is used\n", dir);
    else if (company && parts_is_file(file))
        read_company(l, one);
    mem_free(file);
    mem_free(one);
    companies_close(&l->all);
    return status;
}

static int list(struct secrets *s, const struct conf *c, const char *company)
{
    struct listing l;
    struct err e = {0};
    secret_use_init(&l.use);
    int status = read_companies(&l, c, company);
    if (status == STATUS_OK && secrets_list(s, company, keep_one, &l.use, &e) < 0)
        status = command_fail(STATUS_OUTSIDE, "%s", e.text);
    secret_use_sort(&l.use);
    for (int i = 0; status == STATUS_OK && i < l.use.n; i++) {
        const struct secret_row *row = &l.use.rows[i];
        print_row(row, secret_use_is_loaded(&l.use, row->company), conf_flag(c, "json"));
    }
    secret_use_free(&l.use);
    return status;
}

static int secret_run(const struct conf *c)
{
    int n = conf_positionals(c);
    const char *verb = n > 0 ? conf_positional(c, 0) : "";
    const char *company = n > 1 ? conf_positional(c, 1) : NULL;
    const char *name = n > 2 ? conf_positional(c, 2) : NULL;
    bool is_set = !strcmp(verb, "set"), is_remove = !strcmp(verb, "remove");
    bool is_list = !strcmp(verb, "list"), is_rotate = !strcmp(verb, "rotate-key");
    if (!(is_rotate && n == 1) && !(is_list && n <= 2) && !((is_set || is_remove) && n == 3))
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_secret.usage);
    if (name && !strncmp(name, SECRETS_OWN, strlen(SECRETS_OWN)))
        return command_fail(STATUS_USAGE, "'%s': a name does not begin with " SECRETS_OWN, name);
    struct err e = {0};
    /* Only set makes the folder: a misspelled one has no secrets, and does not come to be. */
    if (!is_set && !parts_is_folder(conf_text(c, "data")))
        return command_fail(STATUS_OUTSIDE, "no data in %s: --data says where the host keeps it",
            conf_text(c, "data"));
    struct secrets *s = secrets_open(conf_text(c, "data"), &e);
    if (!s)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    int status = STATUS_OK;
    if (is_set) {
        status = set(s, company, name);
        int64_t other = status == STATUS_OK ? secrets_unopened(s) : 0;
        if (other > 0)
            fprintf(stderr,
                "note: %lld other secret%s sealed with another key: bring that key file back before "
                "more are set, or set all again\n",
                (long long)other, other == 1 ? " was" : "s were");
        if (status == STATUS_OK)
            secret_use_tell(c, conf_text(c, "companies"), company, name);
    } else if (is_rotate) {
        status = rotate(s);
    } else if (is_list) {
        status = list(s, c, company);
    } else {
        int removed = secrets_remove(s, company, name, &e);
        if (removed < 0)
            status = command_fail(STATUS_OUTSIDE, "%s", e.text);
        else if (!removed)
            status = command_fail(STATUS_NO, "%s has no secret '%s'", company, name);
        else
            printf("%s: secret '%s' is removed\n", company, name);
    }
    secrets_close(s);
    return status;
}

const struct command command_secret = {
    .name = "secret",
    .usage = "secret set COMPANY NAME < value | list [COMPANY] | remove COMPANY NAME | "
             "rotate-key",
    .summary = "a company's credentials, encrypted at rest",
    .details =
        "COMPANY is the name of the company's folder. A running host uses a new value within 5 s, and\n"
        "at once where the old one was refused. A name that nothing in the company's folder uses is\n"
        "kept all the same, and told; list says which those are, and which are missing, of companies\n"
        "whose folders are in --companies. rotate-key seals all with a new key, also while a host runs;\n"
        "stopped half way, it goes on when it is said again. The key is in DIR/key, the file that\n"
        "SAUMA_KEY_FILE names, SAUMA_KEY, or the systemd credential sauma-key.\n",
    .options = options,
    .run = secret_run,
};
