/* SPDX-License-Identifier: Apache-2.0
 *
 * times: how much larger than usual a test is to be. GW_TEST_TIMES is set for the long runs.
 */
#ifndef GW_TESTS_SUPPORT_TIMES_H
#define GW_TESTS_SUPPORT_TIMES_H

#include <stdlib.h>

/* 1 to 100. */
static inline int test_times(void)
{
    const char *text = getenv("GW_TEST_TIMES");
    const long n = text != NULL ? strtol(text, NULL, 10) : 1;
    return n < 1 ? 1 : n > 100 ? 100 : (int)n;
}

#endif
