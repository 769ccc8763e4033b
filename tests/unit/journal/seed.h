/* SPDX-License-Identifier: Apache-2.0
 *
 * seed: the seed of a random test, from GW_TEST_SEED or the time, printed so that a failure can be
 * repeated.
 */
#ifndef GW_TESTS_UNIT_JOURNAL_SEED_H
#define GW_TESTS_UNIT_JOURNAL_SEED_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t test_seed(void)
{
    const char *text = getenv("GW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

#endif
