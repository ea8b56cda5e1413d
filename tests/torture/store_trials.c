/* Trials in processes of their own, several at once. */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_torture.h"

#define AT_ONCE_MAX 64

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

void trial_folder(char dir[64])
{
    snprintf(dir, 64, "%s/sauma-torture-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(1);
    }
}

void trial_remove(const char *dir)
{
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static pid_t start(struct trial *t)
{
    trial_folder(t->dir);
    if (t->shared_size)
        t->shared =
            mmap(NULL, t->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid)
        return pid;
    signal(SIGTERM, SIG_IGN); /* sent to all of the group: this one ends by itself */
    alarm(TRIAL_SECONDS);     /* one that hangs is wrong */
    _exit(t->fn(t));
}

static void finish(struct torture *all, const char *family, struct trial *t, int status)
{
    char words[512] = "";
    t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    int rc = t->judge(t, words, sizeof(words));
    if (rc) {
        all->failed++;
        printf(
            "WRONG %s trial %ld (status %d): %s\n      repeat: store_torture %s --seed %llu --trial %ld%s\n",
            family, t->n, t->status, words, family, (unsigned long long)all->seed, t->n,
            all->full ? " --full" : "");
        fflush(stdout);
    } else {
        all->passed++;
    }
    trial_remove(t->dir);
    if (t->shared_size)
        munmap(t->shared, t->shared_size);
}

/* Told to end: what is under way is judged, and the figures are said. */
static volatile sig_atomic_t told_to_end;

static void on_term(int signal_number)
{
    told_to_end = 1;
}

void trials_run(struct torture *t, const char *family, long last, int at_once,
    bool (*make)(struct torture *t, struct trial *tr, void *arg), void *arg)
{
    static struct trial slots[AT_ONCE_MAX];
    pid_t pids[AT_ONCE_MAX] = {0};
    int running = 0;
    long n = t->trial > 0 ? t->trial : t->from > 0 ? t->from : 1;
    struct sigaction end = {.sa_handler = on_term}; /* without SA_RESTART: it ends the waiting */
    sigaction(SIGTERM, &end, NULL);
    if (t->trial > 0)
        last = n;
    while (n <= last || running) {
        if (told_to_end && n <= last) {
            printf("%s: told to end before trial %ld of %ld\n", family, n, last);
            last = n - 1;
        }
        int i = 0;
        while (i < at_once && pids[i])
            i++;
        if (i < at_once && n <= last) {
            memset(&slots[i], 0, sizeof(slots[i]));
            slots[i].n = n++;
            if (!make(t, &slots[i], arg))
                continue;
            pids[i] = start(&slots[i]);
            running++;
            continue;
        }
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        for (i = 0; i < at_once; i++)
            if (pid > 0 && pids[i] == pid) {
                pids[i] = 0;
                running--;
                finish(t, family, &slots[i], status);
            }
        if (pid < 0 && errno != EINTR)
            break;
    }
}
