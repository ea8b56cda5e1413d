#include "descriptors.h"

#include <sys/resource.h>

/* 512 connections outwards (io/http_out.h), and what store, script processes and logs have open. */
#define OWN 640

int descriptors_for_connections(int wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return wanted;
    if (files.rlim_cur < files.rlim_max) {
        struct rlimit raised = {.rlim_cur = files.rlim_max, .rlim_max = files.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            files = raised;
    }
    rlim_t own = files.rlim_cur / 2 < OWN ? files.rlim_cur / 2 : OWN;
    return files.rlim_cur - own < (rlim_t)wanted ? (int)(files.rlim_cur - own) : wanted;
}
