/* SPDX-License-Identifier: Apache-2.0
 *
 * limits: a process that runs short of something.
 */
#ifndef GW_TESTS_UNIT_BASE_LIMITS_H
#define GW_TESTS_UNIT_BASE_LIMITS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

/* From here on only `left` more descriptors can be opened. *before is for limits_restore. */
static inline bool limits_descriptors(unsigned left, struct rlimit *before)
{
    int lowest = open("/dev/null", O_RDONLY);
    if (lowest < 0 || close(lowest) != 0 || getrlimit(RLIMIT_NOFILE, before) != 0)
        return false;
    struct rlimit few = {.rlim_cur = (rlim_t)lowest + left, .rlim_max = before->rlim_max};
    return setrlimit(RLIMIT_NOFILE, &few) == 0;
}

static inline bool limits_restore(const struct rlimit *before)
{
    return setrlimit(RLIMIT_NOFILE, before) == 0;
}

#endif
