/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over files and folders of files, without a fuzzer.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

#define PATH_SIZE 1024

static unsigned count;

static int run_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = malloc(size > 0 ? size : 1); /* just as many, so that one too far is seen */
    int rc = -1;
    if (f != NULL && bytes != NULL && fread(bytes, 1, size, f) == size) {
        (void)LLVMFuzzerTestOneInput(bytes, size);
        count++;
        rc = 0;
    } else {
        (void)fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
    }
    free(bytes);
    if (f != NULL)
        (void)fclose(f);
    return rc;
}

static int run_path(const char *path, int depth)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    if (S_ISREG(st.st_mode))
        return run_file(path, (size_t)st.st_size);
    DIR *dir = depth > 0 ? opendir(path) : NULL;
    int rc = dir != NULL ? 0 : -1;
    const struct dirent *e = NULL;
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        char below[PATH_SIZE];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (run_path(below, depth - 1) != 0)
            rc = -1;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    int rc = 0;
    for (int i = 1; i < argc; i++)
        if (run_path(argv[i], 1) != 0)
            rc = 1;
    printf("%u inputs\n", count);
    return count > 0 ? rc : 1;
}
