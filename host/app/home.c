#include "home.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

static char *if_home(char *dir)
{
    char *probe = mem_printf("%s/lua/boot.lua", dir);
    bool there = access(probe, R_OK) == 0;
    mem_free(probe);
    if (there)
        return dir;
    mem_free(dir);
    return NULL;
}

char *home_find(void)
{
    const char *set = getenv("SAUMA_HOME");
    if (set && *set)
        return if_home(mem_dup(set));
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));
    if (n <= 0)
        return NULL;
    char *dir = mem_dupn(exe, (size_t)n);
    char *found = NULL;
    /* From the folder of the executable upwards: build/sauma and build/asan/sauma both stand in
     * the checkout; an installed PREFIX/bin/sauma finds PREFIX/share/sauma. */
    for (int up = 0; up < 4 && !found; up++) {
        char *slash = strrchr(dir, '/');
        if (!slash)
            break;
        *slash = 0;
        found = if_home(mem_printf("%s/share/sauma", dir));
        if (!found)
            found = if_home(mem_dup(*dir ? dir : "/"));
    }
    mem_free(dir);
    return found;
}
