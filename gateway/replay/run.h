/* SPDX-License-Identifier: Apache-2.0
 *
 * run: the engine of the daemon over recorded telemetry, on the clock of the recording.
 *
 * The same pipeline, table, rules and delays; only the clock, the polling and the journal are
 * replaced: time is that of the rows, links are told by the qualities (a pass of which every point
 * is BAD_COMM got no answer), and what is decided goes to the caller. Between two rows the checks
 * are looked at every one to four seconds, and when a delay ends. A time without any row that is
 * longer than a polling gateway can be silent was spent without the gateway: the engine is stopped
 * and started over it, as by a clean restart. One thread.
 */
#ifndef GW_REPLAY_RUN_H
#define GW_REPLAY_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "finding/inventory.h"
#include "model/draft.h"
#include "replay/tape.h"

struct gw_run_conf {
    const struct gw_inventory *inventory; /* lent */
    struct gw_tape *tape;                 /* lent */
    /* An alarm or a lead, decided at this wall time of the recording. A status other than GW_OK ends
     * the run. */
    enum gw_status (*record)(void *ctx, const struct gw_draft *draft, int64_t wall_ms);
    void *ctx;
};

struct gw_run_stats {
    uint64_t passes;
    uint64_t gaps; /* times without the gateway */
    int64_t gap_ms;
    size_t alarms, leads, unknown; /* as they stand at the end */
};

/* Runs to the end of the tape. GW_E_IO, GW_E_NOMEM and what `record` returned. */
enum gw_status gw_run(const struct gw_run_conf *conf, struct gw_run_stats *out,
                      struct gw_err *err) GW_MUST_CHECK;

#endif
