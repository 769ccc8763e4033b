/* SPDX-License-Identifier: Apache-2.0
 *
 * util: cmocka, and a seed for random tests.
 */
#ifndef GW_TESTS_MODBUS_UTIL_H
#define GW_TESTS_MODBUS_UTIL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "support/cmocka_all.h"

/* The seed of GW_TEST_SEED, or a fixed one; printed, so that a failure can be repeated. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : UINT64_C(20231122);
    printf("GW_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

#endif
