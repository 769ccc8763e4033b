/* SPDX-License-Identifier: Apache-2.0
 *
 * record_parts: members that several kinds of records have, and the local API, too. Pure.
 */
#ifndef GW_FINDING_RECORD_PARTS_H
#define GW_FINDING_RECORD_PARTS_H

#include <stdint.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "finding/inventory.h"
#include "model/point.h"
#include "model/sample.h"

/* A text in both languages as an object. */
void gw_part_text(struct gw_jcs *j, const char *key, const struct gw_text *t);
/* A clause as an object of an array. */
void gw_part_clause(struct gw_jcs *j, const struct gw_clause *c);
void gw_part_asset(struct gw_jcs *j, const struct gw_inventory *inv,
                   const struct gw_check_def *check);
void gw_part_enterprise(struct gw_jcs *j, const struct gw_site *site);
/* observed_ms NULL: a record that observes nothing of the plant. */
void gw_part_time(struct gw_jcs *j, const char *boot_id, const int64_t *observed_ms,
                  const struct gw_stamp *now);
/* What the sample is worth as a string: decimal, "true"/"false", a state's name; no member when it
 * was not decoded. */
void gw_part_value(struct gw_jcs *j, const char *key, const struct gw_point *point,
                   const struct gw_sample *s);
/* Wall time as text. */
void gw_part_iso(struct gw_jcs *j, const char *key, int64_t wall_ms);
/* The registers as read. */
void gw_part_raw(struct gw_jcs *j, const char *key, const struct gw_sample *s);
/* The effective parameters of a check, as an object "params". */
void gw_part_params(struct gw_jcs *j, const struct gw_check_def *check);
/* The shortest decimal string that is the number, up to 9 digits after the point. */
void gw_part_number(struct gw_jcs *j, const char *key, double v);

#endif
