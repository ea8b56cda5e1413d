/* `sauma new`: a company's folder, from an example. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "engine.h"
#include "err.h"
#include "home.h"
#include "mem.h"

static const struct conf_option options[] = {
    {"from", CONF_TEXT, "minimal", "the example it begins as"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

/* Levels of folders that an example may have. */
#define DEPTH_MAX 8

static int copy_file(const char *from, const char *to, struct err *e)
{
    char block[16384];
    int rc = 0;
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wbx") : NULL;
    if (!out) {
        rc = err_set(e, ERR_IO, "%s: %s", in ? to : from, strerror(errno));
        if (in)
            fclose(in);
        return rc;
    }
    size_t n;
    while (rc == 0 && (n = fread(block, 1, sizeof(block), in)) > 0)
        if (fwrite(block, 1, n, out) != n)
            rc = err_set(e, ERR_IO, "%s: %s", to, strerror(errno));
    if (rc == 0 && ferror(in))
        rc = err_set(e, ERR_IO, "%s: %s", from, strerror(errno));
    if (fclose(out) != 0 && rc == 0)
        rc = err_set(e, ERR_IO, "%s: %s", to, strerror(errno));
    fclose(in);
    return rc;
}

static int copy_folder(const char *from, const char *to, int depth, struct err *e);

static int copy_entry(const char *from, const char *to, int depth, struct err *e)
{
    struct stat st;
    if (stat(from, &st) < 0)
        return err_set(e, ERR_IO, "%s: %s", from, strerror(errno));
    return S_ISDIR(st.st_mode) ? copy_folder(from, to, depth + 1, e) : copy_file(from, to, e);
}

static int copy_folder(const char *from, const char *to, int depth, struct err *e)
{
    if (depth > DEPTH_MAX)
        return err_set(e, ERR_INPUT, "%s: more than %d folders deep", from, DEPTH_MAX);
    DIR *d = opendir(from);
    if (!d)
        return err_set(e, ERR_IO, "%s: %s", from, strerror(errno));
    int rc = mkdir(to, 0777) == 0 ? 0 : err_set(e, ERR_IO, "%s: %s", to, strerror(errno));
    struct dirent *entry;
    while (rc == 0 && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *a = mem_printf("%s/%s", from, entry->d_name);
        char *b = mem_printf("%s/%s", to, entry->d_name);
        rc = copy_entry(a, b, depth, e);
        mem_free(a);
        mem_free(b);
    }
    closedir(d);
    return rc;
}

/* The folders above path are made; who had them already keeps them as they are. */
static int make_parents(char *path, struct err *e)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        int made = mkdir(path, 0777);
        if (made < 0 && errno != EEXIST) {
            err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
            *p = '/';
            return -1;
        }
        *p = '/';
    }
    return 0;
}

/* What stands at the head of an example's company.lua: the comment that it begins with. */
static void print_example(const char *examples, const char *name)
{
    char line[256];
    char *path = mem_printf("%s/%s/company.lua", examples, name);
    FILE *in = fopen(path, "rb");
    for (int i = 0; in && fgets(line, sizeof(line), in) && !strncmp(line, "-- ", 3); i++)
        printf("  %-9s %s", i ? "" : name, line + 3);
    if (in)
        fclose(in);
    mem_free(path);
}

static int is_example(const char *examples, const char *name)
{
    char *path = mem_printf("%s/%s/company.lua", examples, name);
    int there = name[0] != '.' && !strchr(name, '/') && access(path, R_OK) == 0;
    mem_free(path);
    return there;
}

static void print_examples(const char *examples)
{
    struct dirent **found;
    int n = scandir(examples, &found, NULL, alphasort);
    printf("examples (--from NAME):\n");
    for (int i = 0; i < n; i++) {
        if (is_example(examples, found[i]->d_name))
            print_example(examples, found[i]->d_name);
        free(found[i]);
    }
    if (n >= 0)
        free(found);
}

/* The copy is made under a hidden name beside its place and moved there whole: a host that watches
 * the folder sees a company appear, never a part of one. */
static int place(const char *from, const char *dir, struct err *e)
{
    char *path = mem_dup(dir);
    int rc = make_parents(path, e);
    char *slash = strrchr(path, '/');
    char *draft = slash ? mem_printf("%.*s/.new-%ld", (int)(slash - path), path, (long)getpid())
                        : mem_printf(".new-%ld", (long)getpid());
    if (rc == 0)
        rc = copy_folder(from, draft, 0, e);
    if (rc == 0 && rename(draft, dir) < 0)
        rc = err_set(e, ERR_IO, "%s: %s", dir, strerror(errno));
    if (rc < 0 && access(draft, F_OK) == 0)
        fprintf(stderr, "sauma: what was copied so far is in %s\n", draft);
    mem_free(draft);
    mem_free(path);
    return rc;
}

static int make(const char *examples, const char *name, const char *dir)
{
    struct err e = {0};
    if (!is_example(examples, name)) {
        command_fail(STATUS_USAGE, "there is no example '%s'", name);
        print_examples(examples);
        return STATUS_USAGE;
    }
    struct stat st;
    const char *slash = strrchr(dir, '/'), *folder = slash ? slash + 1 : dir;
    if (!engine_company_name(folder))
        return command_fail(STATUS_USAGE,
            "'%s': a company's folder is named by 1 to 63 lower-case letters, digits, - and _, "
            "since its name is a part of the address of its webhooks (its name for people stands "
            "in company.lua)",
            folder);
    if (lstat(dir, &st) == 0)
        return command_fail(STATUS_NO, "%s is there already, and stays as it is", dir);
    char *from = mem_printf("%s/%s", examples, name);
    int rc = place(from, dir, &e);
    mem_free(from);
    if (rc < 0)
        return command_fail(STATUS_OUTSIDE, "%s", e.text);
    printf("%s is made, as examples/%s: company.lua says what it connects and does.\n"
           "Next: sauma check %s    what it needs\n"
           "      sauma test %s     whether it works, against sandboxes\n",
        dir, name, dir, dir);
    return STATUS_OK;
}

static int new_run(const struct conf *c)
{
    char *home = home_find();
    if (!home)
        return command_fail(STATUS_OUTSIDE,
            "the folder with lua/, rules/ and examples/ is not found: set SAUMA_HOME to the "
            "checkout or to PREFIX/share/sauma");
    char *examples = mem_printf("%s/examples", home);
    int status = STATUS_OK;
    if (conf_positionals(c) == 1) {
        char *dir = mem_dup(conf_positional(c, 0));
        for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
            dir[n - 1] = 0;
        status = make(examples, conf_text(c, "from"), dir);
        mem_free(dir);
    } else {
        status = command_fail(STATUS_USAGE, "usage: sauma %s", command_new.usage);
        print_examples(examples);
    }
    mem_free(examples);
    mem_free(home);
    return status;
}

const struct command command_new = {
    .name = "new",
    .usage = "new DIR [--from EXAMPLE]",
    .summary = "make a company's folder from an example; without DIR: which there are",
    .details =
        "DIR must not be there yet. A host that watches the folder DIR is in runs the company at\n"
        "once. `sauma new` alone lists the examples.\n",
    .options = options,
    .run = new_run,
};
