/* SPDX-License-Identifier: Apache-2.0
 *
 * scratch: a folder for targets whose code under test reads files; gone with the program.
 */
#ifndef GW_TESTS_FUZZ_SCRATCH_H
#define GW_TESTS_FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Its path; made at the first call. */
const char *scratch_dir(void);
/* Writes the file of that name in it; returns its path, good until the next call. */
const char *scratch_write(const char *name, const void *bytes, size_t n);

#endif
