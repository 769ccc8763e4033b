/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static char folder[200];

static void clean(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *e = NULL;
    while (dir != NULL && (e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(folder);
}

const char *scratch_dir(void)
{
    if (folder[0] != '\0')
        return folder;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/gw-fuzz-XXXXXX", tmp != NULL ? tmp : "/tmp");
    FUZZ_HOLDS(mkdtemp(folder) != NULL);
    FUZZ_HOLDS(atexit(clean) == 0);
    return folder;
}

const char *scratch_write(const char *name, const void *bytes, size_t n)
{
    static char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
    FILE *to = fopen(path, "wb");
    FUZZ_HOLDS(to != NULL && fwrite(bytes, 1, n, to) == n && fclose(to) == 0);
    return path;
}
