/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/pass: one pass over one device: which requests, and what samples come of the answers.
 *
 * Pure: the owner carries requests and answers to and fro and says what time it is. Points of one
 * period form a group with its own request plan; a pass reads the groups that are due. Everything
 * is sized by _new; a pass allocates nothing but the text in which the device says who it is, while
 * it is asked. Owned by one thread.
 *
 * A pass that breaks (no answer, or a wrong one) makes every due point BAD_COMM. An exception makes
 * the points of its block BAD_COMM, and the others go on; a block that is refused may be divided
 * first (refusal.h). After the last answer a value takes the
 * quality of the state that its device reports for it ("state_from"), and is BAD_FAULT when a flag
 * of "fault_if" is set; it is UNCERTAIN when such a flag could not be read. It has no number when
 * the place of its decimal point ("decimals_from") is not known.
 *
 * What a point must be ("expect") is asked anew after every broken pass, since another device may
 * answer then; values that depend on it ("valid_if") are UNCERTAIN until it fits. A device came up
 * with its first answer, after having been down, and when a counter of "restart_if_less" fell:
 * for search_s from then on a missing detector is UNKNOWN, not ABSENT, and for warmup_s a good
 * number is WARMUP; what is read seldom is read in the next pass, and behind the values the device
 * is asked who it is (modbus/ident.h). When only that is not answered, the values stand.
 */
#ifndef GW_MODBUS_PASS_H
#define GW_MODBUS_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "conf/site.h"
#include "modbus/pdu.h"
#include "modbus/poll.h"
#include "model/sample.h"

struct gw_mb_pass;

/* For the device of that index; site and where (the endpoint, for people: "10.0.0.7:502") are lent
 * and outlive the pass. GW_E_NOTFOUND when the device has no points: there is nothing to ask.
 * GW_E_NOMEM, GW_E_RANGE. */
enum gw_status gw_mb_pass_new(const struct gw_site *site, uint32_t device, const char *where,
                              struct gw_mb_pass **out, struct gw_err *err) GW_MUST_CHECK;
void gw_mb_pass_free(struct gw_mb_pass *pass);

/* Whether `other`, made for the same device from another loading of the site file, asks for the
 * same in the same order. */
bool gw_mb_pass_same(const struct gw_mb_pass *pass, const struct gw_mb_pass *other);
/* Takes over what `other`, which is the same, was made from: device, points and their
 * configuration; goes on as if nothing had happened, and frees it. */
void gw_mb_pass_take(struct gw_mb_pass *pass, struct gw_mb_pass *other);

/* The shortest period of the device's points: how often there is a pass. */
int64_t gw_mb_pass_period_ms(const struct gw_mb_pass *pass);
/* Every group is due from first_ms on. */
void gw_mb_pass_start(struct gw_mb_pass *pass, int64_t first_ms);

/* Begins the pass of a tick; one that broke may begin anew instead of ending. probing: the device is down; when a gateway answers the first request
 * in its place, the pass breaks and does not ask for the rest. */
void gw_mb_pass_begin(struct gw_mb_pass *pass, int64_t tick_ms, bool probing);
/* To be called after begin when the framing has no transaction id and the unit's last request got
 * no answer, or a wrong one: that answer may still come. The pass first asks for less than the
 * block that is next, where it can, so that a late answer to the whole block does not fit, and
 * throws the answer away; what comes after it was measured in this pass. */
void gw_mb_pass_doubt(struct gw_mb_pass *pass);
/* The next request; false when there is none left. Stays the same until it is answered. */
bool gw_mb_pass_next(const struct gw_mb_pass *pass, struct gw_mb_request *out);
/* The answer to that request, checked by the framing. */
void gw_mb_pass_answer(struct gw_mb_pass *pass, const struct gw_mb_reply *reply,
                       const struct gw_stamp *stamp);
/* That request failed for the reason given: nothing more is asked in this pass. */
void gw_mb_pass_break(struct gw_mb_pass *pass, const char *reason);
/* Ends the pass: settles all samples and says how it went. */
enum gw_mb_outcome gw_mb_pass_end(struct gw_mb_pass *pass, const struct gw_stamp *stamp);

/* Whether the pass under way was answered yet, and whether it broke. */
bool gw_mb_pass_answered(const struct gw_mb_pass *pass);
bool gw_mb_pass_broken(const struct gw_mb_pass *pass);
/* After the end of a pass: tells stats what poll and pass know of the device. */
void gw_mb_note(const struct gw_mb_poll *poll, const struct gw_mb_pass *pass, int64_t now_ms,
                struct gw_bus_stats *stats);

/* Why the pass that ended failed, or what of it; "" when all is well. Lent until the next begin. */
const char *gw_mb_pass_fault(const struct gw_mb_pass *pass);
/* Copies the samples of the pass that ended into out, GW_BATCH_MAX at a time, and sets n, last,
 * device, fault and stamps; the caller adds link and polls. *from starts as 0 and is moved on;
 * false when all were taken. */
bool gw_mb_pass_batch(const struct gw_mb_pass *pass, size_t *from, struct gw_batch *out);

#endif
