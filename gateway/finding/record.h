/* SPDX-License-Identifier: Apache-2.0
 *
 * record: the body of an alarm, a lead or an evidence record, as canonical JSON.
 *
 * What is written here is the record of config/interface without chain, id, kid, prev and seq,
 * which the journal's sealer adds. Quantities are decimal strings; raw registers are integers.
 * Pure.
 */
#ifndef GW_FINDING_RECORD_H
#define GW_FINDING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "finding/inventory.h"
#include "finding/rule.h"
#include "finding/shelf.h"
#include "model/table.h"

#define GW_RECORD_MAX                                                                              \
    16384 /* bytes of a body; larger ones never arise from GW_CHECK_POINTS points */

struct gw_record {
    const struct gw_inventory *inventory;
    const struct gw_check_def *check;
    const struct gw_rule_ctx *decided; /* why, value, limit */
    const struct gw_table *table;
    const char *boot_id;
    const char *state;   /* "raised", "returned", "reopened", "cleared", "acknowledged", "summary",
                          "unverified" */
    const char *case_id; /* "<key>#<number>" */
    int64_t reopened, repeats;
    bool accepted;                    /* the inventory is the one that the platform accepted */
    const struct gw_permit *permit;   /* that is noted; NULL: none */
    const struct gw_rectify *rectify; /* what was said of the case; NULL: nothing */
    const char *alarm_id;             /* record id of the quoted alarm (TRP, ILK); "" = none */
    const struct gw_shelf *shelf;     /* the alarm is shelved; NULL: it is not */
    const struct gw_command *ack;     /* that acknowledged the alarm; NULL: none did now */
    int priority;                     /* as it is to leave */
    const char *summary;              /* "chatter", "flood": it came and went so often ... */
    int64_t count;                    /* ... without a record of its own; NULL: it did not */
    int64_t delay_ms;                 /* the delay that was applied */
    struct gw_stamp now;              /* time of the decision */
    int64_t observed_wall_ms;         /* since when the condition held */
    int64_t before_ms, after_ms; /* the window that an evidence record will name; both 0: none */
};

/* Strength as recorded: 'A', 'B' or 'C'. A finding that should be gated by RUN on an asset that
 * declares no RUN point is one step weaker than the catalogue says. */
char gw_record_strength(const struct gw_check_def *check);

/* Appends the body to out, which latches failure. A body that does not fit is written again with
 * fewer of its points, the deciding ones last to go, and says how many were omitted. */
void gw_record_write(const struct gw_record *r, struct gw_buf *out);

/* Body of the record of a command that was carried out. */
struct gw_command_record {
    const struct gw_inventory *inventory;
    const char *boot_id;
    const struct gw_command *command; /* with from and until as they became effective */
    const struct gw_text *text;       /* what was done */
    struct gw_stamp now;
};
void gw_command_record_write(const struct gw_command_record *r, struct gw_buf *out);

/* What was said of a case, as an object under key. */
void gw_record_rectify(struct gw_jcs *j, const char *key, const struct gw_rectify *r);

/* The evidence window: all samples of the check's points between from and to (monotonic), as one
 * canonical JSON document, to be published as evidence/<id of the record>. */
struct gw_window {
    const struct gw_inventory *inventory;
    const struct gw_check_def *check;
    const struct gw_table *table;
    const char *record_id;     /* of the record it belongs to */
    int64_t from_ms, to_ms;    /* monotonic */
    bool cut;                  /* known not to be whole: it ended early, or the gateway restarted */
    struct gw_sample *scratch; /* GW_HISTORY_MAX samples */
};
/* Returns through *complete whether the history covered the whole window. */
void gw_window_write(const struct gw_window *w, struct gw_buf *out, bool *complete);

/* Body of the evidence record that names the window by its SHA-256. */
struct gw_evidence {
    const struct gw_inventory *inventory;
    const struct gw_check_def *check;
    const char *boot_id;
    const char *case_id;
    const char *record_id;
    const char *sha256;
    size_t bytes;
    int64_t before_ms, after_ms;
    bool complete;
    struct gw_stamp now;
};
void gw_evidence_write(const struct gw_evidence *ev, struct gw_buf *out);

#endif
