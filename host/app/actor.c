#include "actor.h"

#include <pwd.h>
#include <unistd.h>

const char *actor_name(const struct conf *c)
{
    const char *by = conf_text(c, "by");
    if (by && *by)
        return by;
    const struct passwd *p = getpwuid(getuid());
    return p && p->pw_name[0] ? p->pw_name : "operator";
}
