/* How a child process comes to be; child.c then speaks with it. */
#ifndef CHILD_SPAWN_H
#define CHILD_SPAWN_H

#include <sys/types.h>
#include "child.h"

struct child_spawned {
    pid_t pid;
    int pidfd;               /* readable when the child has ended */
    int socket;              /* non-blocking */
    int group;               /* /proc/PID/autogroup, if it has a group of its own; or -1 */
    struct child_page *page; /* mapped */
};

/* Starts the program argv[0] with the environment env alone; own_group as in child_start; out is
 * the caller's to close. -1 and e, also if it could not be executed: nothing is left then. */
int child_spawn(char *const argv[], char *const env[], bool own_group, struct child_spawned *out,
    struct err *e);
/* Gives the page of a child that is gone back; NULL is none. */
void child_unmap(struct child_page *page);

#endif
