/* SPDX-License-Identifier: Apache-2.0
 *
 * Permits, orders, the accepted inventory and cases, to the millisecond, and over restarts.
 */
#include "asked.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYP  "GAS-BYP-01"
#define HALF (30 * MINUTE) /* its delay */

static void shield(struct scene *s, bool on)
{
    scene_contact(s, "gas.k2", on);
}

static struct scene *shielded_with_permit(enum gw_authority by, int64_t for_ms)
{
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    struct gw_command c = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_SHIELD, for_ms);
    c.by = by;
    asked(s, &c);
    shield(s, true);
    scene_run(s, 1);
    return s;
}

static const char byp_case[] = "paint-1:GAS-BYP-01:gas.s2#1";

/* ---- permits ---- */

static void a_local_permit_is_noted(void **state)
{
    (void)state;
    struct scene *s = shielded_with_permit(GW_BY_LOCAL, 4 * HOUR);
    scene_run(s, HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_run(s, 1);
    const struct scene_record *r = scene_last(s, BYP, "raised");
    assert_string_equal(rec_str(r, "permit/id"), "wx-1");
    assert_string_equal(rec_str(r, "permit/by"), "local");
    assert_string_equal(rec_str(r, "permit/scope"), "shield");
    assert_string_equal(rec_str(r, "permit/from"), "2026-11-22T08:00:10.000+08:00");
    assert_string_equal(rec_str(r, "permit/until"), "2026-11-22T12:00:10.000+08:00");
    scene_free(s);
}

static void a_signed_permit_withholds_until_its_end(void **state)
{
    (void)state;
    struct scene *s = shielded_with_permit(GW_BY_PLATFORM, 4 * HOUR);
    scene_run(s, HALF - 1);
    assert_null(asked_shown(s, byp_case, "state"));
    scene_run(s, 1);
    assert_string_equal(asked_shown(s, byp_case, "state"), "withheld");
    assert_string_equal(asked_shown(s, byp_case, "permit"), "wx-1");
    struct gw_engine_counts n;
    gw_engine_counts(scene_engine(s), &n);
    assert_int_equal(n.withheld, 1);
    assert_int_equal(n.leads, 0);
    /* Its end, and from there the whole delay. */
    scene_run(s, 4 * HOUR - HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_run(s, HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    assert_null(asked_shown(s, byp_case, "state"));
    scene_run(s, 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    assert_false(rec_has(scene_last(s, BYP, "raised"), "permit"));
    assert_null(scene_row(s, "permit/wx-1"));
    scene_free(s);
}

/* Alarms, other kinds and other assets go on. */
static void a_permit_covers_no_more_than_its_scope(void **state)
{
    (void)state;
    struct scene *s = shielded_with_permit(GW_BY_PLATFORM, 4 * HOUR);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_num(s, "pt.t1", 58);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    assert_int_equal(scene_count(s, "GAS-EV-MNT", "raised"), 1);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    scene_free(s);
}

/* Maintenance covers FLT; what has no interlock is a lead all the same. */
static void what_is_urgent_is_never_withheld(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_command c = asked_permit(s, "wx-2", "if-1", GW_PERMIT_MAINTENANCE, 8 * HOUR);
    asked(s, &c);
    scene_quality(s, "fi.q", GW_Q_BAD_FAULT);
    scene_num(s, "pt.t1", 58);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_free(s);
}

static void a_case_that_stands_is_not_withheld(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    shield(s, true);
    scene_run(s, HALF);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    const struct gw_command c = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_SHIELD, 4 * HOUR);
    asked(s, &c);
    scene_run(s, 8 * HOUR);
    assert_string_equal(asked_shown(s, byp_case, "state"), "open");
    assert_int_equal(scene_count(s, BYP, "cleared"), 0);
    scene_free(s);
}

static void a_check_can_be_permitted_alone(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_command c =
        asked_permit(s, "wx-1", "paint-1:GAS-BYP-01:gas.s1", GW_PERMIT_SHIELD, 4 * HOUR);
    asked(s, &c);
    scene_contact(s, "gas.k1", true);
    shield(s, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    assert_string_equal(rec_str(scene_last(s, BYP, "raised"), "subject"), "gas.s2");
    scene_free(s);
}

static void a_revoked_permit_ends_at_once(void **state)
{
    (void)state;
    struct scene *s = shielded_with_permit(GW_BY_PLATFORM, 4 * HOUR);
    scene_run(s, HOUR);
    struct gw_command c = asked_permit(s, "wx-1", "", GW_PERMIT_SHIELD, 0);
    c.kind = GW_COMMAND_REVOKE;
    c.by = GW_BY_LOCAL;
    asked_in_vain(s, &c, "only the platform");
    c.by = GW_BY_PLATFORM;
    asked(s, &c);
    assert_string_equal(rec_str(asked_last(s), "command"), "revoke");
    assert_null(scene_row(s, "permit/wx-1"));
    scene_run(s, 1); /* looked at for the first time since */
    scene_run(s, HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    asked_in_vain(s, &c, "no such permit");
    scene_free(s);
}

/* A permit that begins later withholds from then on. */
static void a_permit_has_a_beginning(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_SHIELD, 4 * HOUR);
    c.from_ms = scene_now(s).wall_ms + HALF + 1;
    asked(s, &c);
    shield(s, true);
    scene_run(s, HALF);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    scene_free(s);

    s = foundry_new();
    c.from_ms = scene_now(s).wall_ms + HALF;
    asked(s, &c);
    shield(s, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_free(s);
}

/* Several name the check: the one that holds is told, not the first. */
static void the_permit_that_holds_is_named(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_permit(s, "wx-later", "paint-1", GW_PERMIT_SHIELD, 8 * HOUR);
    c.from_ms = scene_now(s).wall_ms + 4 * HOUR;
    asked(s, &c);
    c = asked_permit(s, "wx-now", "paint-1", GW_PERMIT_SHIELD, 4 * HOUR + MINUTE);
    asked(s, &c);
    shield(s, true);
    scene_run(s, HOUR);
    assert_string_equal(asked_shown(s, byp_case, "state"), "withheld");
    assert_string_equal(asked_shown(s, byp_case, "permit"), "wx-now");
    scene_run(s, 3 * HOUR + 2 * MINUTE);
    assert_string_equal(asked_shown(s, byp_case, "permit"), "wx-later");
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_free(s);
}

static void a_clock_set_back_prolongs_nothing(void **state)
{
    (void)state;
    struct scene *s = shielded_with_permit(GW_BY_PLATFORM, 2 * HOUR);
    scene_run(s, HOUR);
    scene_clock_step(s, -20 * HOUR);
    scene_run(s, HOUR + HALF);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    assert_int_equal(scene_count(s, "DAT-INT-01", "raised"), 1);
    scene_free(s);
}

static void permit_over_a_restart(enum scene_end how, int64_t down_ms)
{
    struct scene *s = shielded_with_permit(GW_BY_PLATFORM, 4 * HOUR);
    scene_run(s, HOUR - 1);
    scene_restart(s, how, down_ms, true);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    if (down_ms < HOUR) {
        assert_string_equal(asked_shown(s, byp_case, "state"), "withheld");
        scene_run(s, 3 * HOUR - down_ms - MINUTE);
    } else {
        /* It ended while nothing ran: the delay begins with this start. */
        scene_run(s, HALF - MINUTE - 1);
        assert_int_equal(scene_count(s, BYP, "raised"), 0);
        scene_run(s, 2);
        assert_int_equal(scene_count(s, BYP, "raised"), 1);
        scene_free(s);
        return;
    }
    scene_run(s, HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 0);
    scene_run(s, 2);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    scene_free(s);
}

static void a_permit_survives_a_restart(void **state)
{
    (void)state;
    permit_over_a_restart(SCENE_CLEAN, MINUTE);
    permit_over_a_restart(SCENE_CRASH, MINUTE);
    permit_over_a_restart(SCENE_CLEAN, 5 * HOUR);
    permit_over_a_restart(SCENE_CRASH, 5 * HOUR);
}

static void a_permit_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, SECOND);
    struct gw_command good = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_SHIELD, 24 * HOUR);
    struct gw_command c = good;
    c.until_ms++;
    asked_in_vain(s, &c, "24 h at most");
    c = good;
    c.until_ms = scene_now(s).wall_ms;
    asked_in_vain(s, &c, "still to come");
    c.until_ms = 0;
    asked_in_vain(s, &c, "still to come");
    c = good;
    c.id[0] = '/';
    asked_in_vain(s, &c, "id of letters");
    c = good;
    c.reason[0] = '\0';
    asked_in_vain(s, &c, "reason");
    c = good;
    c.who[0] = '\0';
    asked_in_vain(s, &c, "who asks");
    c = good;
    c.reason[0] = '\n';
    asked_in_vain(s, &c, "malformed");
    c = good;
    c.target[0] = 'x';
    asked_in_vain(s, &c, "no such asset");
    c = good;
    c.scope = GW_PERMIT_HOT_WORK;
    asked_in_vain(s, &c, "certificate");
    c = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_HOT_WORK, HOUR);
    c.certificate_until_ms = scene_now(s).wall_ms;
    asked_in_vain(s, &c, "has ended");
    asked(s, &good);
    assert_string_equal(rec_str(asked_last(s), "ref"), "wx-1");
    assert_string_equal(rec_str(asked_last(s), "who"), "county-371311");
    asked_in_vain(s, &good, "already");
    scene_free(s);
}

static void there_are_only_so_many_permits(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_permit(s, "", "paint-1", GW_PERMIT_SHIELD, HOUR);
    for (int i = 0; i < GW_PERMITS_MAX; i++) {
        snprintf(c.id, sizeof c.id, "p%d", i);
        asked(s, &c);
    }
    snprintf(c.id, sizeof c.id, "one-more");
    asked_in_vain(s, &c, "no room");
    /* All of them are there after a restart, and gone when their time has passed. */
    scene_restart(s, SCENE_CRASH, SECOND, false);
    asked_in_vain(s, &c, "no room");
    scene_run(s, HOUR);
    asked_in_vain(s, &c, "still to come");
    c.until_ms += HOUR;
    asked(s, &c);
    scene_free(s);
}

static void a_full_journal_refuses_a_command(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_command c = asked_permit(s, "wx-1", "paint-1", GW_PERMIT_SHIELD, HOUR);
    scene_refuse(s, 100, 1);
    asked_in_vain(s, &c, "no record now");
    scene_refuse(s, 0, 1);
    shield(s, true);
    scene_run(s, HALF);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    scene_free(s);
}

/* The hot-work permit holds, but the worker's certificate ends. */
static void a_certificate_ends_before_its_permit(void **state)
{
    (void)state;
    struct scene *s = foundry_with("\"a\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{"
                                   "\"GAS\":\"gas.p1\",\"DI_HOT_WORK\":\"di.x1\"}}");
    struct gw_command c = asked_permit(s, "dh-1", "a", GW_PERMIT_HOT_WORK, 8 * HOUR);
    c.certificate_until_ms = scene_now(s).wall_ms + HOUR;
    c.by = GW_BY_LOCAL; /* the plant gives it; that is enough here */
    asked(s, &c);
    scene_contact(s, "di.x1", true);
    scene_run(s, HOUR + MINUTE - 1);
    assert_int_equal(scene_count(s, "HW-PERMIT-01", "raised"), 0);
    scene_run(s, 1);
    const struct scene_record *r = scene_last(s, "HW-PERMIT-01", "raised");
    assert_non_null(strstr(rec_str(r, "condition/text/en"), "certificate has ended"));
    scene_free(s);
}

/* ---- orders ---- */

static void strength_tells_what_was_seen(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_order(GW_ORDER_SUSPEND, "");
    asked(s, &c);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "ORD-RUN-01", "raised"), 2);
    assert_string_equal(rec_str(scene_last(s, "ORD-RUN-01", "raised"), "strength"), "A");
    scene_free(s);

    s = foundry_new();
    scene_contact(s, "di.run", false);
    scene_contact(s, "di.heat", false);
    c = asked_order(GW_ORDER_SUSPEND, "if-1");
    asked(s, &c); /* the water flows: 30 of 40 m3/h */
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "ORD-RUN-01", "raised"), 1);
    assert_string_equal(rec_str(scene_last(s, "ORD-RUN-01", "raised"), "strength"), "B");
    scene_free(s);
}

/* A furnace that gets hot although no contact says that it runs; one that cools down. */
static void a_rising_temperature_is_running(void **state)
{
    (void)state;
    for (int hot = 0; hot < 2; hot++) {
        struct scene *s = foundry_new();
        const struct gw_command c = asked_order(GW_ORDER_SUSPEND, "if-1");
        scene_contact(s, "di.run", false);
        scene_contact(s, "di.heat", false);
        scene_num(s, "fi.q", 0);
        scene_num(s, "fo.q", 0);
        asked(s, &c);
        for (int i = 0; i < 30; i++) {
            scene_num(s, "pt.t1", hot ? 30 + i * 0.5 : 48 - i * 0.5);
            scene_run(s, MINUTE);
        }
        assert_int_equal(scene_count(s, "ORD-RUN-01", "raised"), hot);
        scene_free(s);
    }
}

static void an_order_is_lifted(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_order(GW_ORDER_SUSPEND, "if-1");
    asked(s, &c);
    assert_string_equal(rec_str(asked_last(s), "order"), "suspend");
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "ORD-RUN-01", "raised"), 1);
    c.order = GW_ORDER_LIFT;
    c.by = GW_BY_LOCAL;
    asked_in_vain(s, &c, "only the platform");
    c.by = GW_BY_PLATFORM;
    asked(s, &c);
    assert_null(scene_row(s, "order/if-1"));
    asked_in_vain(s, &c, "no order");
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + 2 * MINUTE);
    assert_int_equal(scene_count(s, "ORD-RUN-01", "cleared"), 1);
    scene_free(s);
}

static void an_order_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_command c = asked_order(GW_ORDER_WATCH, "nobody");
    asked_in_vain(s, &c, "no such asset");
    c = asked_order(GW_ORDER_WATCH, "if-1");
    c.id[0] = '\0';
    asked_in_vain(s, &c, "an id");
    c = asked_order(GW_ORDER_SUSPEND, "");
    asked(s, &c);
    c = asked_order(GW_ORDER_LIFT, "if-1");
    asked_in_vain(s, &c, "whole site");
    scene_free(s);
}

/* ---- the accepted inventory ---- */

static void what_was_accepted_shows_in_records(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_site *site = gw_inventory_site(scene_inventory(s));
    struct gw_command c = asked_accept(site->config_sha256);
    scene_num(s, "pt.t1", 51);
    scene_run(s, MINUTE);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-H", "raised");
    assert_false(gw_jnode_bool(rec_at(r, "accepted")));
    asked(s, &c);
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    r = scene_last(s, "CW-EV-TOUT-H", "returned");
    assert_true(gw_jnode_bool(rec_at(r, "accepted")));
    /* Another configuration: nothing of it is accepted, and it is told. */
    scene_reload(s, FOUNDRY_FURNACE);
    scene_num(s, "pt.t1", 51);
    scene_run(s, MINUTE);
    r = scene_last(s, "CW-EV-TOUT-H", "raised");
    assert_false(gw_jnode_bool(rec_at(r, "accepted")));
    assert_string_equal(rec_str(scene_last(s, "DAT-INT-01", "raised"), "subject"), "config");
    c = asked_accept(gw_inventory_site(scene_inventory(s))->config_sha256);
    asked(s, &c);
    assert_true(gw_engine_accepted(scene_engine(s)));
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + 2 * MINUTE);
    assert_int_equal(scene_count(s, "DAT-INT-01", "cleared"), 1);
    c.hash[0] = 'G';
    asked_in_vain(s, &c, "64 digits");
    scene_free(s);
}

/* ---- cases ---- */

static struct scene *with_a_case(void)
{
    struct scene *s = foundry_new();
    shield(s, true);
    scene_run(s, HALF);
    return s;
}

static void a_rectification_is_kept_with_its_case(void **state)
{
    (void)state;
    struct scene *s = with_a_case();
    struct gw_command c = asked_case(s, GW_COMMAND_RECTIFY, byp_case);
    c.by = GW_BY_LOCAL;
    asked_in_vain(s, &c, "only the platform");
    c.by = GW_BY_PLATFORM;
    c.role[0] = '\0';
    asked_in_vain(s, &c, "a role");
    c = asked_case(s, GW_COMMAND_RECTIFY, "paint-1:GAS-BYP-01:gas.s2#2");
    asked_in_vain(s, &c, "no such case");
    c = asked_case(s, GW_COMMAND_RECTIFY, "paint-1");
    asked_in_vain(s, &c, "named as");
    c = asked_case(s, GW_COMMAND_RECTIFY, byp_case);
    asked(s, &c);
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    assert_string_equal(asked_shown(s, byp_case, "body"), "罗庄铸造");
    shield(s, false);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + 4 * MINUTE);
    const struct scene_record *r = scene_last(s, BYP, "cleared");
    assert_string_equal(rec_str(r, "rectify/role"), "设备主管");
    assert_string_equal(rec_str(r, "rectify/standard"), "GB/T 50493-2019");
    assert_string_equal(rec_str(r, "rectify/deadline"), "2026-12-02T08:30:00.000+08:00");
    scene_free(s);
}

static void a_claim_is_held_against_the_data(void **state)
{
    (void)state;
    struct scene *s = with_a_case();
    struct gw_command c = asked_case(s, GW_COMMAND_CLAIM, byp_case);
    c.by = GW_BY_LOCAL;
    asked(s, &c);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY - MINUTE);
    scene_step_ms(s, SECOND);
    scene_run(s, MINUTE - 1);
    assert_int_equal(scene_count(s, BYP, "unverified"), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, BYP, "unverified"), 1);
    assert_string_equal(asked_shown(s, byp_case, "state"), "unverified");
    const struct scene_record *r = scene_last(s, BYP, "unverified");
    assert_true(gw_jnode_bool(rec_at(r, "rectify/unverified")));
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, BYP, "unverified"), 1);
    shield(s, false);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + MINUTE);
    assert_int_equal(scene_count(s, BYP, "cleared"), 1);
    scene_free(s);
}

/* Mended indeed; and mended, but nobody can see it. */
static void a_true_claim_is_cleared(void **state)
{
    (void)state;
    for (int seen = 0; seen < 2; seen++) {
        struct scene *s = with_a_case();
        const struct gw_command c = asked_case(s, GW_COMMAND_CLAIM, byp_case);
        asked(s, &c);
        scene_run(s, HOUR);
        shield(s, false);
        if (!seen)
            scene_link(s, "gas", GW_LINK_DOWN);
        scene_step_ms(s, MINUTE);
        scene_run(s, 2 * DAY);
        assert_int_equal(scene_count(s, BYP, "unverified"), 1 - seen);
        assert_int_equal(scene_count(s, BYP, "cleared"), seen);
        scene_free(s);
    }
}

static void a_cancelled_case_that_still_holds_is_a_new_one(void **state)
{
    (void)state;
    struct scene *s = with_a_case();
    struct gw_command c = asked_case(s, GW_COMMAND_CANCEL, byp_case);
    c.by = GW_BY_LOCAL;
    asked_in_vain(s, &c, "only the platform");
    c.by = GW_BY_PLATFORM;
    asked(s, &c);
    assert_null(asked_shown(s, byp_case, "state"));
    assert_string_equal(rec_str(asked_last(s), "target"), byp_case);
    asked_in_vain(s, &c, "no such case");
    scene_restart(s, SCENE_CRASH, 0, false);
    scene_run(s, HALF - 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, BYP, "raised"), 2);
    assert_int_equal(scene_count(s, BYP, "reopened"), 0);
    assert_string_equal(rec_str(scene_last(s, BYP, "raised"), "case"),
                        "paint-1:GAS-BYP-01:gas.s2#2");
    scene_free(s);
}

/* The check was taken out of the site file: its case ends by the platform alone. */
static void a_case_without_its_check_is_cancelled(void **state)
{
    (void)state;
    struct scene *s = with_a_case();
    scene_reload(s, FOUNDRY_FURNACE);
    scene_run(s, MINUTE);
    assert_string_equal(asked_shown(s, byp_case, "state"), "open");
    const struct gw_command c = asked_case(s, GW_COMMAND_CANCEL, byp_case);
    asked(s, &c);
    assert_null(asked_shown(s, byp_case, "state"));
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    assert_null(asked_shown(s, byp_case, "state"));
    asked_in_vain(s, &c, "no such case");
    scene_free(s);
}

static void an_alarm_is_no_case(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 51);
    scene_run(s, MINUTE);
    const struct gw_command c = asked_case(s, GW_COMMAND_CANCEL, "if-1:CW-EV-TOUT-H:pt.t1#1");
    asked_in_vain(s, &c, "acknowledged");
    scene_free(s);
}

/* A detector that is shielded again and again within one case. */
static void repeats_are_counted_in_one_case(void **state)
{
    (void)state;
    struct scene *s = with_a_case();
    for (int i = 0; i < 3; i++) {
        shield(s, false);
        scene_run(s, HOUR);
        shield(s, true);
        scene_run(s, HOUR);
    }
    assert_int_equal(scene_count(s, BYP, "raised"), 1);
    assert_string_equal(asked_shown(s, byp_case, "repeats"), "3");
    scene_restart(s, SCENE_CLEAN, MINUTE, true);
    shield(s, false);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + 2 * MINUTE);
    assert_int_equal(rec_int(scene_last(s, BYP, "cleared"), "repeats"), 3);
    scene_free(s);
}

/* ---- silence ---- */

/* Off for two days, and nothing was declared that could tell whether the site ran. */
static void nobody_can_tell_whether_the_site_ran(void **state)
{
    (void)state;
    struct scene *s = foundry_with("\"a\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{"
                                   "\"GAS\":\"gas.p1\"}}");
    scene_run(s, MINUTE);
    scene_restart(s, SCENE_CRASH, 2 * DAY, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GW-OFFLINE", "raised"), 0);
    struct gw_engine_counts n;
    gw_engine_counts(scene_engine(s), &n);
    assert_true(n.unknown > 0);
    scene_free(s);
}

/* The main switch takes furnace and gateway together: that a contact says something else than before
 * proves no running in between. */
static void a_contact_that_moved_proves_nothing(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        struct scene *s = foundry_new();
        scene_contact(s, "di.run", on == 0);
        scene_run(s, 2 * MINUTE);
        scene_restart(s, SCENE_CRASH, 2 * DAY, true);
        scene_contact(s, "di.run", on == 1);
        scene_run(s, HOUR);
        assert_int_equal(scene_count(s, "GW-OFFLINE", "raised"), 0);
        scene_free(s);
    }
}

/* The service was stopped, the clock set, the service started. */
static void a_clock_set_while_nothing_ran_is_seen(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 2 * MINUTE);
    scene_restart(s, SCENE_CLEAN, MINUTE, false);
    scene_clock_step(s, -3 * HOUR);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "DAT-INT-01", "raised"), 1);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_permit_is_noted),
        cmocka_unit_test(a_signed_permit_withholds_until_its_end),
        cmocka_unit_test(a_permit_covers_no_more_than_its_scope),
        cmocka_unit_test(what_is_urgent_is_never_withheld),
        cmocka_unit_test(a_case_that_stands_is_not_withheld),
        cmocka_unit_test(a_check_can_be_permitted_alone),
        cmocka_unit_test(a_revoked_permit_ends_at_once),
        cmocka_unit_test(a_permit_has_a_beginning),
        cmocka_unit_test(the_permit_that_holds_is_named),
        cmocka_unit_test(a_clock_set_back_prolongs_nothing),
        cmocka_unit_test(a_permit_survives_a_restart),
        cmocka_unit_test(a_permit_that_cannot_be_is_refused),
        cmocka_unit_test(there_are_only_so_many_permits),
        cmocka_unit_test(a_full_journal_refuses_a_command),
        cmocka_unit_test(a_certificate_ends_before_its_permit),
        cmocka_unit_test(strength_tells_what_was_seen),
        cmocka_unit_test(a_rising_temperature_is_running),
        cmocka_unit_test(an_order_is_lifted),
        cmocka_unit_test(an_order_that_cannot_be_is_refused),
        cmocka_unit_test(what_was_accepted_shows_in_records),
        cmocka_unit_test(a_rectification_is_kept_with_its_case),
        cmocka_unit_test(a_claim_is_held_against_the_data),
        cmocka_unit_test(a_true_claim_is_cleared),
        cmocka_unit_test(a_cancelled_case_that_still_holds_is_a_new_one),
        cmocka_unit_test(a_case_without_its_check_is_cancelled),
        cmocka_unit_test(an_alarm_is_no_case),
        cmocka_unit_test(repeats_are_counted_in_one_case),
        cmocka_unit_test(nobody_can_tell_whether_the_site_ran),
        cmocka_unit_test(a_contact_that_moved_proves_nothing),
        cmocka_unit_test(a_clock_set_while_nothing_ran_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
