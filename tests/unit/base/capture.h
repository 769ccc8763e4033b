/* SPDX-License-Identifier: Apache-2.0
 *
 * capture: what a test's code writes to stderr, write by write.
 */
#ifndef GW_TESTS_UNIT_BASE_CAPTURE_H
#define GW_TESTS_UNIT_BASE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

/* From here on stderr is ours. */
void capture_start(void);
/* stderr is as before; what was not read is lost. */
void capture_stop(void);
/* The oldest write that was not read yet, with a NUL behind it; false when there is none. */
bool capture_next(char *out, size_t size);

#endif
