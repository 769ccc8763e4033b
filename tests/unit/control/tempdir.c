/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* mkdtemp */
#include "tempdir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"

void tempdir_make(char *out)
{
    const char *tmp = getenv("TMPDIR");
    /* A socket's path is short: a long TMPDIR cannot be used. */
    const char *base = tmp && strlen(tmp) < 60 ? tmp : "/tmp";
    (void)snprintf(out, TEMPDIR_PATH, "%s/gw-control-XXXXXX", base);
    assert_non_null(mkdtemp(out));
}

void tempdir_remove(const char *dir)
{
    char path[TEMPDIR_PATH + 260];
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        assert_int_equal(unlink(path), 0);
    }
    closedir(d);
    assert_int_equal(rmdir(dir), 0);
}
