/* SPDX-License-Identifier: Apache-2.0
 *
 * item_count: how often memory was asked for since the start. The linker sends our own code's malloc
 * and its kin through here (tests/bench/CMakeLists.txt), and the libraries find these in place of
 * libc's. One thread.
 */
#ifndef GW_TESTS_BENCH_ITEM_COUNT_H
#define GW_TESTS_BENCH_ITEM_COUNT_H

#include <stdint.h>

struct item_count {
    uint64_t own; /* by the gateway's own code */
    uint64_t all; /* and by the libraries under it */
};

struct item_count item_count_now(void);

#endif
