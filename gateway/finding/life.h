/* SPDX-License-Identifier: Apache-2.0
 *
 * life: what the gateway notices of its own silence: that it was off while the site ran, that no
 * device answers, that somebody set the wall clock. Plain data in the engine; core thread.
 *
 * When it was last seen is stored every minute while the clock can be right, with what RUN contacts
 * and counters (role COUNTER) said, GW_LIFE_POINTS of them at most. At the next start the time
 * between is the time off. The site ran if one of these points then says something else, it stood if
 * no counter moved; where none of them answers within ten minutes of the start, or there are none,
 * nobody can tell, and nothing is raised.
 *
 * The clock was set when wall time and time since boot parted by more than 5 s between two looks, or
 * over a restart without reboot (there 1 s more for every 2000 s, for what a daemon may slew). A
 * clock that could not be right before (neither synchronised nor past the day of the build) is not
 * set but corrected: that is no sign.
 *
 * What it cannot see: a clock that is moved by less than 5 s at a time, or over a reboot; a site that
 * ran while the gateway was off and came back to the same contacts without any counter.
 */
#ifndef GW_FINDING_LIFE_H
#define GW_FINDING_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "finding/rule.h"
#include "model/table.h"

#define GW_LIFE_POINTS  16
#define GW_LIFE_KEY     "life/gateway"
#define GW_LIFE_TEXT    2048 /* the row's text with its NUL is never longer */
#define GW_LIFE_STEP_MS 5000

/* A point that tells whether the site ran. */
struct gw_life_point {
    uint32_t point;
    bool counter;
    bool known; /* `was` was stored */
    double was; /* when the gateway was last seen */
};

struct gw_life {
    const struct gw_site *site;
    const struct gw_table *table;
    struct gw_life_point points[GW_LIFE_POINTS]; /* by id */
    size_t npoints;
    struct gw_signs signs;

    bool restored; /* the next three are of the stored row */
    int64_t seen_wall_ms, seen_boot_ms;
    char seen_boot[GW_BOOT_ID_SIZE];

    bool judging;       /* whether the site ran is not known yet */
    int64_t started_ms; /* monotonic time of the first look with a clock that can be right */
    bool started;
    bool trusted;      /* the clock could be right at the last look, and ... */
    int64_t offset_ms; /* ... wall minus boot time was this */
    int64_t stored_ms; /* monotonic time of the last row; valid when `stored` */
    bool stored;
};

void gw_life_init(struct gw_life *l, const struct gw_site *site, const struct gw_table *table);
/* Goes on where `from` is, of another inventory: the gateway was never away. Points that are not
 * told by a counter or contact any more are left out. l is new. */
void gw_life_inherit(struct gw_life *l, const struct gw_life *from);
/* Takes in the stored row; GW_E_PARSE. */
enum gw_status gw_life_restore(struct gw_life *l, const char *text) GW_MUST_CHECK;
/* Looks around; l->signs is what there is to say. */
void gw_life_look(struct gw_life *l, const struct gw_stamp *now, int64_t built_ms,
                  const char *boot_id);
/* A lead was raised from the sign: it is over. */
void gw_life_told(struct gw_life *l, enum gw_sign sign);
/* Whether the row is to be stored now; `final`: at a clean end. */
bool gw_life_due(const struct gw_life *l, const struct gw_stamp *now, bool final);
void gw_life_row(const struct gw_life *l, const struct gw_stamp *now, const char *boot_id,
                 char text[GW_LIFE_TEXT]);

#endif
