/* SPDX-License-Identifier: Apache-2.0
 *
 * tempdir: a folder of a test's own, and shell commands in it.
 */
#ifndef GW_TESTS_UNIT_BASE_TEMPDIR_H
#define GW_TESTS_UNIT_BASE_TEMPDIR_H

#include <stdbool.h>

#define TEMPDIR_SIZE 200

/* Under $TMPDIR, or /tmp. */
bool tempdir_make(char out[TEMPDIR_SIZE]);
/* With all that is in it. */
bool tempdir_remove(const char *path);
/* Runs a shell command in the folder, without input; what it says goes to out.txt there. Its exit
 * status, or -1. */
int tempdir_shell(const char *path, const char *command);

#endif
