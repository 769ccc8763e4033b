/* SPDX-License-Identifier: Apache-2.0
 *
 * event: housekeeping in one line for people and one JSON row for the platform: a device went
 * silent, the clock stepped, the journal set a file aside. Never an alarm, never a lead. Core
 * thread.
 */
#ifndef GW_CORE_EVENT_H
#define GW_CORE_EVENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "core/identity.h"

struct gw_event {
    const char *kind;    /* "started", "stopping", "device_down", "device_up", "bus_down", "bus_up",
                         "worker", "clock_step", "journal", "restore", "taken_over", "reload" */
    const char *subject; /* device id, file ...; "" when it is the gateway itself */
    const char *text_en;
    const char *text_zh;
};

/* Appends the canonical JSON row. */
void gw_event_write(const struct gw_event *ev, const struct gw_identity *id,
                    const struct gw_stamp *now, struct gw_buf *out);

#endif
