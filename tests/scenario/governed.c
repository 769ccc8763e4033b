/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders, permits, dates and the gateway itself, for test_codes.c.
 */
#include <stdio.h>

#include "asked.h"
#include "story.h"

#define FURNACE                                                                                    \
    "\"a\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"               \
    "\"rated\":{\"Q_IN\":40},\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\"," \
    "\"Q_OUT\":\"fo.q\",\"DI_HEAT\":\"di.heat\"}}"
#define HOT_ROOM(area)                                                                             \
    "\"a\":{\"type\":\"paint_mix\",\"name\":\"x\",\"facts\":{\"hot_work_area\":\"" area "\"},"     \
    "\"roles\":{\"GAS\":\"gas.p1\",\"GAS_STATE\":\"gas.s1\",\"GAS_SHIELDED\":\"gas.k1\","          \
    "\"DI_HOT_WORK\":\"di.x1\"}}"
#define DUE(date)                                                                                  \
    "\"a\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"               \
    "\"roles\":{\"RUN\":\"di.run\"},\"due\":{\"extinguishers\":\"" date "\"}}"
#define COUNTED                                                                                    \
    "\"a\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"               \
    "\"roles\":{\"COUNTER\":\"fo.q\",\"RUN\":\"di.run\"}}"
#define OTHER "0000000000000000000000000000000000000000000000000000000000000000"

static void nothing(struct scene *s)
{
    (void)s;
}
static void suspended(struct scene *s)
{
    const struct gw_command c = asked_order(GW_ORDER_SUSPEND, "a");
    asked(s, &c);
}
static void suspended_and_still(struct scene *s)
{
    scene_contact(s, "di.run", false);
    scene_contact(s, "di.heat", false);
    scene_num(s, "fi.q", 0);
    scene_num(s, "fo.q", 0);
    suspended(s);
}
static void watched_and_silent(struct scene *s)
{
    const struct gw_command c = asked_order(GW_ORDER_WATCH, "a");
    asked(s, &c);
    scene_link(s, "di", GW_LINK_DOWN);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_link(s, "fi", GW_LINK_DOWN);
    scene_link(s, "fo", GW_LINK_DOWN);
}
static void watched_and_one_reports(struct scene *s)
{
    watched_and_silent(s);
    scene_link(s, "fo", GW_LINK_OK);
}
static void hot_work(struct scene *s)
{
    scene_contact(s, "di.x1", true);
}
static void hot_work_permitted(struct scene *s)
{
    const struct gw_command c = asked_permit(s, "dh-1", "a", GW_PERMIT_HOT_WORK, 8 * HOUR);
    asked(s, &c);
    hot_work(s);
}
static void shielded_in_the_area(struct scene *s)
{
    scene_contact(s, "gas.k1", true);
}
static void another_accepted(struct scene *s)
{
    const struct gw_command c = asked_accept(OTHER);
    asked(s, &c);
}
static void this_accepted(struct scene *s)
{
    const struct gw_command c = asked_accept(gw_inventory_site(scene_inventory(s))->config_sha256);
    asked(s, &c);
}
static void clock_5001(struct scene *s)
{
    scene_clock_step(s, 5001);
}
static void clock_5000(struct scene *s)
{
    scene_clock_step(s, -5000);
}
static void off_a_day(struct scene *s)
{
    scene_restart(s, SCENE_CLEAN, DAY + 1, true);
    scene_num(s, "fo.q", 31);
}
static void off_exactly_a_day(struct scene *s)
{
    scene_restart(s, SCENE_CLEAN, DAY, true);
    scene_num(s, "fo.q", 31);
}
static void off_and_still(struct scene *s)
{
    scene_restart(s, SCENE_CLEAN, 3 * DAY, true);
}
static void all_down(struct scene *s)
{
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_link(s, "fi", GW_LINK_DOWN);
    scene_link(s, "fo", GW_LINK_DOWN);
    scene_link(s, "di", GW_LINK_DOWN);
}
static void all_but_one_down(struct scene *s)
{
    all_down(s);
    scene_link(s, "gas", GW_LINK_OK);
}

/* A proof test of the RUN contact, then so many days on. */
static void proved(struct scene *s, int64_t days)
{
    struct gw_command c = {.kind = GW_COMMAND_PROOF, .by = GW_BY_LOCAL, .what = GW_PROOF_MOVED};
    (void)snprintf(c.who, sizeof c.who, "technician/uid 1000");
    (void)snprintf(c.target, sizeof c.target, "a");
    (void)snprintf(c.point, sizeof c.point, "di.run");
    scene_contact(s, "di.run", false);
    scene_run(s, 2 * SECOND);
    scene_contact(s, "di.run", true);
    scene_run(s, 2 * SECOND);
    asked(s, &c);
    scene_clock_step(s, days * DAY);
}
static void proved_a_year_ago(struct scene *s)
{
    proved(s, 365);
}
static void proved_nearly_a_year_ago(struct scene *s)
{
    proved(s, 364);
}

const struct story governed_stories[] = {
    {"ORD-RUN-01", NULL, FURNACE, suspended, suspended_and_still, NULL, 0, ""},
    {"ORD-WATCH-01", NULL, FURNACE, watched_and_silent, watched_and_one_reports, NULL, 0, ""},
    {"HW-PERMIT-01", NULL, HOT_ROOM("no"), hot_work, hot_work_permitted, NULL, 0, ""},
    {"HW-PERMIT-01", NULL, HOT_ROOM("yes"), shielded_in_the_area, NULL, HOT_ROOM("no"), 0, ""},
    /* The fake clock stands at 2026-11-22. */
    {"MNT-DUE-01", NULL, DUE("2026-11-21"), nothing, NULL, DUE("2026-11-22"), 0, "extinguishers"},
    {"MNT-DUE-02", NULL, FURNACE, proved_a_year_ago, proved_nearly_a_year_ago, NULL, 0, ""},
    {"CFG-MAP-01", NULL, "\"a\":{\"type\":\"dust_wet\",\"name\":\"x\"}", nothing, NULL,
     "\"a\":{\"type\":\"dust_wet\",\"name\":\"x\",\"roles\":{\"DI_FEED\":\"di.x1\"}}", 0, ""},
    {"DAT-INT-01", NULL, NULL, another_accepted, this_accepted, NULL, 0, "config"},
    {"DAT-INT-01", NULL, NULL, clock_5001, clock_5000, NULL, 0, "clock"},
    {"GW-OFFLINE", NULL, COUNTED, off_a_day, off_exactly_a_day, NULL, 0, "offline"},
    {"GW-OFFLINE", NULL, COUNTED, off_a_day, off_and_still, NULL, 0, "offline"},
    {"GW-SRC-LOST", NULL, NULL, all_down, all_but_one_down, NULL, 0, "sources"},
};
const size_t governed_story_count = sizeof governed_stories / sizeof governed_stories[0];
