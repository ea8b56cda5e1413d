/* The script process: `sauma script-process`, started by the host and by nothing else. */
#ifndef SCRIPT_H
#define SCRIPT_H

/* Confines itself, then answers the host's messages on descriptor 3 until that is closed;
 * descriptor 4 is the shared page (page.h). From the environment:
 *   SAUMA_SCRIPT_SPACE     address space of the process in bytes (default 4 GiB)
 *   SAUMA_NO_SECCOMP=1     no system call filter: for valgrind
 * Returns the exit code: 0 when the host closed the socket, 1 when it did not keep to the
 * protocol or the process could not be confined. */
int script_main(void);

#endif
