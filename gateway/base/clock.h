/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: every reading of time goes through here, so that a test can hold it.
 *
 * Monotonic time schedules and measures; wall time only stamps. The system clock may be read by
 * any thread; a test's clock says for itself.
 */
#ifndef GW_BASE_CLOCK_H
#define GW_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All readings of one moment. */
struct gw_stamp {
    int64_t mono_ms; /* CLOCK_MONOTONIC */
    int64_t boot_ms; /* CLOCK_BOOTTIME: survives suspend, starts at 0 with the kernel */
    int64_t wall_ms; /* CLOCK_REALTIME, ms since 1970 UTC */
    bool sync;       /* the kernel says that wall time is synchronised (maxerror < 16 s); of the
                      * machine's clocks, it said so no more than 100 ms ago */
};

struct gw_clock {
    void (*now)(void *ctx, struct gw_stamp *out);
    void *ctx;
};

/* The machine's clocks. */
struct gw_clock gw_clock_system(void);

static inline struct gw_stamp gw_clock_now(const struct gw_clock *clock)
{
    struct gw_stamp s;
    clock->now(clock->ctx, &s);
    return s;
}

/* Monotonic milliseconds only. */
int64_t gw_clock_mono_ms(const struct gw_clock *clock);

#define GW_ISO_SIZE 30

/* Writes wall_ms as China Standard Time, "2026-11-22T13:10:00.123+08:00", whatever the zone of the
 * machine is. Years outside 1970..9999 are clamped to the nearest end. */
void gw_clock_iso(int64_t wall_ms, char out[GW_ISO_SIZE]);

/* Reads what gw_clock_iso writes, or a day alone, "2026-12-01": its first moment in China. false:
 * something else, or a day that the calendar does not have. */
bool gw_clock_parse(const char *text, int64_t *wall_ms);

#define GW_BOOT_ID_SIZE 37

#define GW_BOOT_UNKNOWN "unknown"
/* The kernel's boot id, or, where /proc hides it (ProcSubset=pid of a systemd unit), that of the
 * environment variable NONSITE_BOOT_ID; GW_BOOT_UNKNOWN where neither has one. */
void gw_clock_boot_id(char out[GW_BOOT_ID_SIZE]);
/* Reads one with its dashes or, as systemd writes it, without. False: it is none. */
bool gw_clock_parse_boot_id(const char *text, char out[GW_BOOT_ID_SIZE]);

#endif
