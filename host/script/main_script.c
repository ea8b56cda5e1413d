/* The hidden command script-process. */
#include "script.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "confine.h"
#include "process.h"
#include "watchdog.h"

#define SOCKET    3
#define PAGE      4
#define PAGE_SIZE 4096

#define SPACE_DEFAULT (INT64_C(4) << 30)

/* For contexts whose options say nothing else. */
#define MEMORY_DEFAULT   ((size_t)64 << 20)
#define BURST_MS_DEFAULT 1000
#define CALL_MS          60000
#define STEPS            10000
#define LOG_BYTES        ((size_t)64 << 10)

static int64_t setting(const char *name, int64_t fallback)
{
    int64_t value;
    const char *text = getenv(name);
    return text && str_to_i64(str_of(text), &value) && value > 0 ? value : fallback;
}

static int fail(const struct err *e)
{
    fprintf(stderr, "sauma script-process: %s\n", e->text);
    return 1;
}

int script_main(void)
{
    struct err e = {0};
    const char *no_filter = getenv("SAUMA_NO_SECCOMP");
    struct limits limits = {
        .memory = MEMORY_DEFAULT,
        .burst_ms = BURST_MS_DEFAULT,
        .call_ms = CALL_MS,
        .steps = STEPS,
        .log = LOG_BYTES,
    };
    struct child_page *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE, 0);
    if (page == MAP_FAILED) {
        err_set(&e, ERR_IO, "descriptor 4 is not the host's page: %s", strerror(errno));
        return fail(&e);
    }
    close(PAGE);
    struct timeval quiet = {.tv_sec = PROCESS_QUIET_MS / 1000};
    setsockopt(SOCKET, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
    if (sodium_init() < 0 || watchdog_start(page) < 0) {
        err_set(&e, ERR_IO, "cannot start: %s", strerror(errno));
        return fail(&e);
    }
    if (confine((size_t)setting("SAUMA_SCRIPT_SPACE", SPACE_DEFAULT),
            !no_filter || strcmp(no_filter, "1") != 0, &e) < 0)
        return fail(&e);
    struct process *p = process_new(SOCKET, page, &limits);
    int rc = process_run(p, &e);
    process_free(p);
    return rc < 0 ? fail(&e) : 0;
}
