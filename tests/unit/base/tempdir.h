/* SPDX-License-Identifier: Apache-2.0
 *
 * tempdir: a folder of a test's own.
 */
#ifndef GW_TESTS_UNIT_BASE_TEMPDIR_H
#define GW_TESTS_UNIT_BASE_TEMPDIR_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TEMPDIR_SIZE 200

/* Under $TMPDIR, or /tmp. */
static inline bool tempdir_make(char out[TEMPDIR_SIZE])
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(out, TEMPDIR_SIZE, "%s/gw-test-XXXXXX", base != NULL ? base : "/tmp");
    return n > 0 && n < TEMPDIR_SIZE && mkdtemp(out) != NULL;
}

/* With all that is in it. */
static inline bool tempdir_remove(const char *path)
{
    char command[TEMPDIR_SIZE + 64];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command) == 0;
}

#endif
