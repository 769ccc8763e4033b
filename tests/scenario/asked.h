/* SPDX-License-Identifier: Apache-2.0
 *
 * asked: commands of people and the platform, as tests give them. A command that is not carried out
 * as expected ends the test.
 */
#ifndef GW_TESTS_SCENARIO_ASKED_H
#define GW_TESTS_SCENARIO_ASKED_H

#include "model/command.h"
#include "scene.h"

/* A permit for the target from now on, so long. Hot work names a certificate of a year. */
struct gw_command asked_permit(struct scene *s, const char *id, const char *target,
                               enum gw_permit_scope scope, int64_t for_ms);
struct gw_command asked_order(enum gw_order order, const char *target);
struct gw_command asked_accept(const char *hash);
/* RECTIFY (with a deadline in ten days), CLAIM or CANCEL. */
struct gw_command asked_case(struct scene *s, enum gw_command_kind kind, const char *id);

/* Gives the command; the platform's unless cmd.by says otherwise. Done, committed. */
void asked(struct scene *s, const struct gw_command *cmd);
/* Refused, in both languages, and nothing was recorded or stored. `why`: a part of it. */
void asked_in_vain(struct scene *s, const struct gw_command *cmd, const char *why);

/* The technician on the spot acknowledges the alarm of this check; not committed. */
enum gw_status asked_ack(struct scene *s, const char *key, const struct gw_stamp *now);

/* The last record of class command; fails when there is none. */
const struct scene_record *asked_last(struct scene *s);

/* The member of the entry of "cases" with this id, as text; NULL: no entry, or no such member. Lent
 * until the next call. */
const char *asked_shown(struct scene *s, const char *case_id, const char *member);

#endif
