/* Runs a fuzz target over files instead of over random input: each argument is a file, or a folder
 * whose files are all run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, off_t size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    /* In its exact size, so that a read behind the end is seen. */
    uint8_t *data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
        free(data);
        fclose(f);
        return -1;
    }
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

/* How many inputs were run, or -1 if something could not be read. */
static int replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        return replay_file(path, st.st_size);
    DIR *d = opendir(path);
    if (!d)
        return -1;
    int total = 0;
    const struct dirent *entry;
    while (total >= 0 && (entry = readdir(d))) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        int n = replay(name);
        total = n < 0 ? -1 : total + n;
    }
    closedir(d);
    return total;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay(argv[i]);
        if (n < 0) {
            fprintf(stderr, "%s: cannot read %s\n", argv[0], argv[i]);
            return 1;
        }
        total += n;
    }
    /* A target that ran over nothing has shown nothing. */
    if (total == 0) {
        fprintf(stderr, "%s: no input\n", argv[0]);
        return 1;
    }
    printf("%d passed, 0 failed\n", total); /* a finding would have ended the program */
    return 0;
}
