/* `sauma backup` and `sauma restore`: the store of a data folder as one file, and back. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "mem.h"
#include "store_backup.h"

static const struct conf_option backup_options[] = {
    OPTION_DATA,
    {"overwrite", CONF_FLAG, NULL, "take the place of FILE if it is there"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static const struct conf_option restore_options[] = {
    OPTION_DATA,
    {"overwrite", CONF_FLAG, NULL, "move the store that is there aside, also a newer one"},
    {"mark", CONF_FLAG, NULL, "restore nothing: only mark the data as restored by other means"},
    OPTION_CONFIG,
    {NULL, CONF_TEXT, NULL, NULL},
};

static int failed(const struct err *e)
{
    return command_fail(e->code == ERR_CONFLICT ? STATUS_NO : STATUS_OUTSIDE, "%s", e->text);
}

static const char *newest(const struct store_backup *b, char when[CLOCK_TEXT])
{
    clock_format(b->newest_ms, when);
    return b->newest_ms ? when : "none";
}

static int backup_run(const struct conf *c)
{
    struct err e = {0};
    struct store_backup b;
    char when[CLOCK_TEXT];
    if (conf_positionals(c) != 1)
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_backup.usage);
    const char *file = conf_positional(c, 0), *data = conf_text(c, "data");
    if (store_backup(data, file, conf_flag(c, "overwrite"), &b, &e) < 0)
        return failed(&e);
    printf("%s: %lld bytes, %lld events, the newest %s; checked\n", file, (long long)b.bytes,
        (long long)b.events, newest(&b, when));
    if (b.secrets)
        printf("it holds %lld secret%s, sealed, and not the key: keep a copy of %s/key (or of the "
               "file of SAUMA_KEY_FILE) apart from it\n",
            (long long)b.secrets, b.secrets == 1 ? "" : "s", data);
    return STATUS_OK;
}

static int mark(const char *data)
{
    struct err e = {0};
    if (store_restore_mark(data, &e) < 0)
        return failed(&e);
    printf("%s: marked as restored\n", data);
    return STATUS_OK;
}

static int restore_run(const struct conf *c)
{
    struct err e = {0};
    struct store_backup b;
    char when[CLOCK_TEXT], taken[CLOCK_TEXT], *replaced;
    const char *data = conf_text(c, "data");
    bool only_mark = conf_flag(c, "mark");
    if (conf_positionals(c) != (only_mark ? 0 : 1))
        return command_fail(STATUS_USAGE, "usage: sauma %s", command_restore.usage);
    if (only_mark)
        return mark(data);
    int rc =
        store_restore(conf_positional(c, 0), data, conf_flag(c, "overwrite"), &b, &replaced, &e);
    if (replaced)
        printf("what was there is in %s\n", replaced);
    mem_free(replaced);
    if (rc < 0)
        return failed(&e);
    clock_format(b.taken_ms, taken);
    printf("%s: %lld events, the newest %s, backup of %s\n", data, (long long)b.events,
        newest(&b, when), b.taken_ms ? taken : "unknown time");
    if (!b.key_fits)
        printf("the key of this folder does not open the %lld secret%s: bring the key file of that "
               "time back (%s/key, mode 600) or set them again with `sauma secret set`\n",
            (long long)b.secrets, b.secrets == 1 ? "" : "s", data);
    printf("marked as restored: what the host made outside after the backup is looked for before "
           "anything is made again\n");
    return STATUS_OK;
}

const struct command command_backup = {
    .name = "backup",
    .usage = "backup FILE [--overwrite]",
    .summary = "one consistent file of all data, also while the host runs",
    .details =
        "FILE is complete, checked and on disk when this ends with 0; an older one is kept until\n"
        "then. It holds the secrets sealed and not their key: keep a copy of the key file (key in\n"
        "the data folder, or the file of SAUMA_KEY_FILE) in another place. Scripts that runs need\n"
        "are inside; the companies' folders are not.\n",
    .options = backup_options,
    .run = backup_run,
};

const struct command command_restore = {
    .name = "restore",
    .usage = "restore FILE [--overwrite] | restore --mark",
    .summary = "put a backup in the place of the data",
    .details =
        "The file is read through first; no host may be using the folder. A store that is there\n"
        "is kept unless --overwrite is given, and then moved aside. The data is marked: what was\n"
        "done outside after the backup is in no journal, so for some time the host looks before it\n"
        "makes anything. A file or folder that was copied back is recognised as well, but not if it\n"
        "was written into the same files, nor a machine's disk that was set back: after that,\n"
        "run `sauma restore --mark` before the host starts.\n",
    .options = restore_options,
    .run = restore_run,
};
