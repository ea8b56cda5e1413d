/* How a child process comes to be; child.c then speaks with it. */
#ifndef CHILD_SPAWN_H
#define CHILD_SPAWN_H

#include <sys/types.h>
#include "child.h"

struct child_spawned {
    pid_t pid;
    int pidfd;               /* readable when the child has ended */
    int socket;              /* non-blocking */
    struct child_page *page; /* mapped */
};

int child_spawn(char *const argv[], char *const env[], struct child_spawned *out, struct err *e);
void child_unmap(struct child_page *page);

#endif
