/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of its own for a test's sockets, short enough for their paths.
 */
#ifndef GW_TESTS_CONTROL_TEMPDIR_H
#define GW_TESTS_CONTROL_TEMPDIR_H

#define TEMPDIR_PATH 108

/* Makes the folder: out has TEMPDIR_PATH bytes. */
void tempdir_make(char *out);
/* Removes it with the files in it (no folders). */
void tempdir_remove(const char *dir);

#endif
