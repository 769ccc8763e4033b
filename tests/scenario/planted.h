/* SPDX-License-Identifier: Apache-2.0
 *
 * planted: forty violations in the month, each with the case that it must raise and the time that
 * the catalogue gives it.
 */
#ifndef GW_TESTS_SCENARIO_PLANTED_H
#define GW_TESTS_SCENARIO_PLANTED_H

#include "month.h"

struct planted {
    const char *key; /* of the case */
    int64_t from_ms, for_ms;
    int64_t delay_ms; /* from then until the lead, at its earliest */
    void (*wrong)(struct scene *s);
    void (*right)(struct scene *s); /* puts back what the month does not set itself; or NULL */
};

extern const struct planted planted[];
extern const size_t planted_count;
/* Assets that lack what they must have. */
extern const char planted_assets[];

/* For month_step: does what is planted for this time. ctx: NULL. */
void planted_step(void *ctx, struct month *m);

#endif
