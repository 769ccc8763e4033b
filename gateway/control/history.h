/* SPDX-License-Identifier: Apache-2.0
 *
 * history: what the local API tells of the past: the latest leads, and the evidence of a record.
 *
 * Read from the journal a page at a time, which keeps the journal's thread for some milliseconds;
 * what was seen of leads is kept, so that each record is read once. Owned by the local API's thread.
 */
#ifndef GW_CONTROL_HISTORY_H
#define GW_CONTROL_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "control/control.h"

#define GW_HISTORY_LEADS 50   /* kept */
#define GW_HISTORY_BACK  2048 /* records that are looked through at the first request */

struct gw_history;

/* source is lent. NULL: out of memory. */
struct gw_history *gw_history_new(const struct gw_control_records *source);
void gw_history_free(struct gw_history *h); /* NULL is fine */

/* The latest leads as an array, the newest first, at most limit. chain and seq: the journal's head.
 * Errors of the source. */
enum gw_status gw_history_leads(struct gw_history *h, const char *chain, int64_t seq, size_t limit,
                                struct gw_buf *out, struct gw_err *err) GW_MUST_CHECK;
/* The record that told of a case last, among those leads. False: none did. */
bool gw_history_record(const struct gw_history *h, const char *case_id,
                       char out[GW_RECORD_ID_SIZE]);

/* The document of /v1/evidence: the record with that id, and its window. after_ms: how long after a
 * record its window is due; now_ms: wall time. GW_E_INVAL: that is no record's id; GW_E_NOTFOUND: no
 * such record is kept; errors of the source. */
enum gw_status gw_history_evidence(struct gw_history *h, const char *record, int64_t after_ms,
                                   int64_t now_ms, struct gw_buf *out,
                                   struct gw_err *err) GW_MUST_CHECK;

#endif
