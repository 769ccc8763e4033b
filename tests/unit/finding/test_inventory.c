/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/inventory.h"

#include "base/buf.h"
#include "plant_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A furnace without an outlet flow meter, and a paint room with two detectors. */
#define POINTS                                                                                     \
    "\"gas.p1\": {\"is\": \"number\", \"unit\": \"%LEL\"},"                                        \
    "\"gas.p2\": {\"is\": \"number\", \"unit\": \"%LEL\"},"                                        \
    "\"gas.p1_state\": {\"is\": \"state\"}, \"gas.p2_state\": {\"is\": \"state\"},"                \
    "\"gas.p1_sh\": {\"is\": \"contact\"}, \"gas.p2_sh\": {\"is\": \"contact\"},"                  \
    "\"gas2.p1\": {\"is\": \"number\", \"unit\": \"%LEL\"},"                                       \
    "\"gas2.co\": {\"is\": \"number\", \"unit\": \"ppm\"},"                                        \
    "\"di.run\": {\"is\": \"contact\"}, \"di.fan\": {\"is\": \"contact\"},"                        \
    "\"di.esv\": {\"is\": \"contact\"}, \"di.c1\": {\"is\": \"contact\"},"                         \
    "\"di.t1\": {\"is\": \"number\", \"unit\": \"degC\"},"                                         \
    "\"di.t2\": {\"is\": \"number\", \"unit\": \"°C\"},"                                          \
    "\"di.tk\": {\"is\": \"number\", \"unit\": \"K\"},"                                            \
    "\"di.qi\": {\"is\": \"number\", \"unit\": \"m3/h\"},"                                         \
    "\"di.qo\": {\"is\": \"number\", \"unit\": \"m3/h\"},"                                         \
    "\"di.ql\": {\"is\": \"number\", \"unit\": \"L/min\"},"                                        \
    "\"di.pi\": {\"is\": \"number\", \"unit\": \"MPa\"},"                                          \
    "\"di.pk\": {\"is\": \"number\", \"unit\": \"kPa\"},"                                          \
    "\"di.count\": {\"is\": \"integer\"}"

#define FURNACE                                                                                    \
    "\"if-1\": {\"type\": \"if_furnace\", \"name\": \"f\", \"facts\": {\"loop\": \"closed\"}, "    \
    "\"rated\": {\"Q_IN\": 40}, \"roles\": {\"T_OUT\": \"di.t1\", \"Q_IN\": \"di.qi\", "           \
    "\"RUN\": \"di.run\"}, \"overrides\": {\"CW-ABS-02\": {\"delay_s\": 6}, "                      \
    "\"CW-FLT-01\": {\"delay_s\": 300}}}"

#define PAINT                                                                                      \
    "\"paint-1\": {\"type\": \"paint_mix\", \"name\": \"p\", \"roles\": {"                         \
    "\"GAS\": [\"gas.p1\", \"gas.p2\"], \"GAS_STATE\": [\"gas.p1_state\", \"gas.p2_state\"], "     \
    "\"GAS_SHIELDED\": [\"gas.p1_sh\", \"gas.p2_sh\"], \"DI_FAN\": \"di.fan\"}}"

static void make(struct plant_site *p, const char *sector, const char *assets)
{
    const struct plant_text t = {.sector = sector, .points = POINTS, .assets = assets};
    const enum gw_status st = plant_site_make(p, &t);
    if (st != GW_OK) {
        gw_issues_print(p->issues, stderr);
        fail_msg("%s", gw_status_name(st));
    }
}

static const struct gw_check_def *check_of(const struct plant_site *p, const char *key)
{
    for (size_t i = 0; i < gw_inventory_count(p->inv); i++)
        if (strcmp(gw_inventory_at(p->inv, i)->key, key) == 0)
            return gw_inventory_at(p->inv, i);
    return NULL;
}

static const struct gw_check_def *need_check(const struct plant_site *p, const char *key)
{
    const struct gw_check_def *c = check_of(p, key);
    if (c == NULL)
        fail_msg("there is no check %s", key);
    return c;
}

static size_t count_checks(const struct plant_site *p, const char *code)
{
    size_t n = 0;
    for (size_t i = 0; i < gw_inventory_count(p->inv); i++)
        n += strcmp(gw_inventory_at(p->inv, i)->finding->code, code) == 0;
    return n;
}

/* "T_OUT=di.t1 RUN=di.run" */
static void assert_points(const struct plant_site *p, const struct gw_check_def *c,
                          const char *expected)
{
    char text[512];
    struct gw_buf b;
    gw_buf_fixed(&b, text, sizeof text);
    gw_buf_str(&b, "");
    for (size_t i = 0; i < c->npoints; i++) {
        gw_buf_printf(&b, "%s%s=%s", i > 0 ? " " : "", c->points[i].role,
                      p->site->points[c->points[i].point].id);
    }
    assert_false(b.failed);
    assert_string_equal(text, expected);
}

static uint32_t index_of(const struct plant_site *p, const struct gw_check_def *c)
{
    return (uint32_t)(c - gw_inventory_at(p->inv, 0));
}

/* ---- which checks ---- */

static void checks_are_complete_and_in_order(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "if-1:CW-EV-TOUT-H:di.t1",
        "if-1:CW-EV-TOUT-HH:di.t1",
        "if-1:CW-EV-LOWQ",
        "if-1:DAT-EV-CHATTER",
        "paint-1:GAS-EV-LOW:gas.p1_state",
        "paint-1:GAS-EV-LOW:gas.p2_state",
        "paint-1:GAS-EV-HIGH:gas.p1_state",
        "paint-1:GAS-EV-HIGH:gas.p2_state",
        "paint-1:GAS-EV-DIFF:gas.p1",
        "paint-1:GAS-EV-DIFF:gas.p2",
        "paint-1:GAS-EV-MNT:gas.p1_state",
        "paint-1:GAS-EV-MNT:gas.p2_state",
        "paint-1:DAT-EV-CHATTER",
        "if-1:CW-ABS-01",
        "if-1:CW-ABS-02",
        "if-1:CW-FLT-01:di.t1",
        "if-1:CW-FLT-01:di.qi",
        "if-1:CW-ILK-01",
        "if-1:CW-TRP-01:di.t1",
        "if-1:CW-TRP-01:CW-EV-LOWQ",
        "if-1:CW-INT-01:di.t1",
        "if-1:CW-INT-01:di.qi",
        "if-1:ORD-RUN-01",
        "if-1:ORD-WATCH-01",
        "if-1:MNT-DUE-02",
        "if-1:CFG-MAP-01",
        "if-1:DAT-INT-04:di",
        "if-1:DAT-INT-06:di.t1",
        "if-1:DAT-INT-06:di.qi",
        "paint-1:GAS-ABS-01",
        "paint-1:GAS-FLT-01:gas.p1_state",
        "paint-1:GAS-FLT-01:gas.p2_state",
        "paint-1:GAS-FLT-02:gas.p1_state",
        "paint-1:GAS-FLT-02:gas.p2_state",
        "paint-1:GAS-FLT-04:gas.p1",
        "paint-1:GAS-FLT-04:gas.p2",
        "paint-1:GAS-BYP-01:gas.p1_state",
        "paint-1:GAS-BYP-01:gas.p2_state",
        "paint-1:GAS-BYP-02:gas",
        "paint-1:GAS-TRP-01:gas.p1_state",
        "paint-1:GAS-TRP-01:gas.p2_state",
        "paint-1:GAS-TRP-02:gas.p1_state",
        "paint-1:GAS-TRP-02:gas.p2_state",
        "paint-1:GAS-CAL-02:gas.p1_state",
        "paint-1:GAS-CAL-02:gas.p2_state",
        "paint-1:ORD-WATCH-01",
        "paint-1:MNT-DUE-02",
        "paint-1:CFG-MAP-01",
        "paint-1:DAT-INT-04:gas",
        "_gateway:DAT-INT-01:clock",
        "_gateway:DAT-INT-01:config",
        "_gateway:GW-OFFLINE:offline",
        "_gateway:GW-SRC-LOST:sources",
    };
    struct plant_site p;
    make(&p, "machinery", FURNACE ", " PAINT);
    for (size_t i = 0; i < COUNT(keys) && i < gw_inventory_count(p.inv); i++)
        assert_string_equal(gw_inventory_at(p.inv, i)->key, keys[i]);
    assert_int_equal(gw_inventory_count(p.inv), COUNT(keys));
    assert_null(gw_inventory_at(p.inv, COUNT(keys)));
    assert_ptr_equal(gw_inventory_site(p.inv), p.site);
    assert_ptr_equal(gw_inventory_catalogue(p.inv), p.cat);
    plant_site_free(&p);
}

static void a_check_for_each_instrument_knows_its_companions(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", FURNACE ", " PAINT);
    const struct gw_check_def *c = need_check(&p, "paint-1:GAS-BYP-01:gas.p2_state");
    assert_string_equal(c->subject, "gas.p2_state");
    assert_string_equal(c->role, "GAS_STATE");
    assert_int_equal(c->index, 1);
    assert_string_equal(p.site->points[gw_check_role(c, "GAS_STATE")].id, "gas.p2_state");
    assert_string_equal(p.site->points[gw_check_role(c, "GAS_SHIELDED")].id, "gas.p2_sh");
    assert_string_equal(p.site->points[gw_check_role(c, "GAS")].id, "gas.p2");
    assert_string_equal(p.site->points[gw_check_role(c, "DI_FAN")].id, "di.fan");
    assert_true(gw_check_role(c, "RUN") == GW_NO_INDEX);
    assert_points(&p, c, "GAS_STATE=gas.p2_state GAS_SHIELDED=gas.p2_sh GAS=gas.p2");
    assert_true(c->run == GW_NO_INDEX);
    assert_true(c->cause == GW_NO_INDEX);
    /* What is bound is what the names say. */
    assert_string_equal(gw_check_own(c)->role, "GAS_STATE");
    for (size_t i = 0; i < c->rule->ntests; i++)
        assert_true(gw_check_point(c, gw_check_test(c, i)) ==
                    gw_check_role(c, c->rule->tests[i].role));
    assert_null(gw_check_bound_role(c, 0));
    assert_true(gw_check_point(c, NULL) == GW_NO_INDEX);

    const struct gw_check_def *t = need_check(&p, "if-1:CW-FLT-01:di.qi");
    assert_string_equal(t->role, "Q_IN");
    assert_int_equal(t->index, 0);
    assert_points(&p, t, "Q_IN=di.qi RUN=di.run");
    assert_string_equal(p.site->points[t->run].id, "di.run");
    plant_site_free(&p);
}

static void a_check_of_a_whole_asset_has_no_role(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", FURNACE ", " PAINT);
    const struct gw_check_def *c = need_check(&p, "if-1:CW-ABS-02");
    assert_string_equal(c->subject, "");
    assert_string_equal(c->role, "");
    assert_true(c->index == GW_NO_INDEX);
    assert_points(&p, c, "Q_IN=di.qi RUN=di.run");
    assert_points(&p, need_check(&p, "paint-1:GAS-ABS-01"),
                  "GAS=gas.p1 GAS=gas.p2 GAS_STATE=gas.p1_state GAS_STATE=gas.p2_state");
    plant_site_free(&p);
}

/* ---- causes ---- */

static void interlocks_and_unhandled_alarms_know_their_alarms(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", FURNACE ", " PAINT);
    const struct gw_check_def *ilk = need_check(&p, "if-1:CW-ILK-01");
    assert_int_equal(ilk->ncauses, 2);
    assert_int_equal(ilk->causes[0], index_of(&p, need_check(&p, "if-1:CW-EV-TOUT-HH:di.t1")));
    assert_int_equal(ilk->causes[1], index_of(&p, need_check(&p, "if-1:CW-EV-LOWQ")));
    assert_true(ilk->cause == GW_NO_INDEX);
    assert_points(&p, ilk, "RUN=di.run T_OUT=di.t1 Q_IN=di.qi");

    const struct gw_check_def *trp = need_check(&p, "paint-1:GAS-TRP-01:gas.p2_state");
    assert_int_equal(trp->cause, index_of(&p, need_check(&p, "paint-1:GAS-EV-LOW:gas.p2_state")));
    assert_null(trp->causes);
    assert_string_equal(trp->role, "");
    assert_points(&p, trp, "DI_FAN=di.fan GAS_STATE=gas.p2_state GAS=gas.p2");
    const struct gw_check_def *cw = need_check(&p, "if-1:CW-TRP-01:CW-EV-LOWQ");
    assert_string_equal(cw->subject, "CW-EV-LOWQ");
    assert_int_equal(cw->cause, index_of(&p, need_check(&p, "if-1:CW-EV-LOWQ")));
    plant_site_free(&p);
}

static void an_interlock_needs_a_feedback_and_a_cause(void **state)
{
    (void)state;
    struct plant_site p;
    make(
        &p, "light",
        "\"a\": {\"type\": \"liquor_store\", \"name\": \"a\", \"roles\": {\"GAS\": \"gas.p1\"}},"
        "\"b\": {\"type\": \"liquor_store\", \"name\": \"b\", \"roles\": {\"DI_FAN\": \"di.fan\"}},"
        "\"c\": {\"type\": \"liquor_store\", \"name\": \"c\", "
        "\"roles\": {\"GAS\": \"gas.p1\", \"DI_FAN\": \"di.fan\"}}");
    assert_null(check_of(&p, "a:GAS-ILK-01"));
    assert_null(check_of(&p, "b:GAS-ILK-01"));
    const struct gw_check_def *c = need_check(&p, "c:GAS-ILK-01");
    assert_int_equal(c->ncauses, 1); /* the cause is this asset's own, not a's */
    assert_string_equal(gw_inventory_at(p.inv, c->causes[0])->key, "c:GAS-EV-HIGH:gas.p1");
    plant_site_free(&p);
}

/* ---- numbers ---- */

static void overrides_count_where_they_are_given(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", FURNACE ", " PAINT);
    const struct gw_check_def *c = need_check(&p, "if-1:CW-ABS-02");
    assert_true(c->overridden);
    assert_true(gw_check_param(c, GW_PARAM_DELAY, -1) == 6);
    assert_true(gw_check_param(c, GW_PARAM_CLEAR, -1) == 86400);
    assert_true(gw_check_param(c, GW_PARAM_HIGH, -1) == -1);
    /* Given, but no different from the catalogue. */
    const struct gw_check_def *flt = need_check(&p, "if-1:CW-FLT-01:di.t1");
    assert_false(flt->overridden);
    assert_true(gw_check_param(flt, GW_PARAM_DELAY, -1) == 300);
    assert_false(need_check(&p, "if-1:CW-ABS-01")->overridden);
    assert_true(need_check(&p, "if-1:CW-EV-LOWQ")->rated == 40);
    assert_true(isnan(c->rated) != 0);
    plant_site_free(&p);
}

/* ---- which rule ---- */

static void a_detector_without_state_is_held_to_its_value(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"spray_booth\", \"name\": \"x\", "
         "\"roles\": {\"GAS\": [\"gas.p1\", \"gas2.co\"]}}");
    const struct gw_check_def *c = need_check(&p, "x:GAS-EV-LOW:gas.p1");
    assert_int_equal(c->rule->rule, GW_RULE_LIMIT);
    assert_string_equal(c->rule->unit, "%LEL");
    assert_string_equal(c->role, "GAS");
    assert_int_equal(need_check(&p, "x:GAS-FLT-01:gas.p1")->rule->rule, GW_RULE_BAD_QUALITY);
    /* Not left out: that it cannot be evaluated is to be seen. */
    assert_non_null(check_of(&p, "x:GAS-EV-LOW:gas2.co"));
    assert_int_equal(count_checks(&p, "GAS-FLT-02"), 0);
    assert_int_equal(need_check(&p, "x:GAS-BYP-01:gas.p1")->rule->rule, GW_RULE_BAD_QUALITY);
    /* One case for each controller. */
    assert_int_equal(count_checks(&p, "GAS-BYP-02"), 2);
    assert_string_equal(need_check(&p, "x:GAS-BYP-02:gas2")->subject, "gas2");
    assert_int_equal(need_check(&p, "x:GAS-BYP-02:gas2")->index, 1);
    assert_points(&p, need_check(&p, "x:GAS-BYP-02:gas2"), "GAS=gas2.co");
    plant_site_free(&p);
}

static void a_shielded_flag_alone_is_enough(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", \"roles\": {\"GAS\": \"gas.p1\", "
         "\"GAS_SHIELDED\": \"gas.p1_sh\"}}");
    const struct gw_check_def *c = need_check(&p, "x:GAS-BYP-01:gas.p1_sh");
    assert_string_equal(c->role, "GAS_SHIELDED");
    assert_ptr_equal(c->rule, &c->finding->rules[1]);
    plant_site_free(&p);
}

static void one_controller_is_one_case(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", PAINT);
    assert_int_equal(count_checks(&p, "GAS-BYP-02"), 1);
    assert_points(&p, need_check(&p, "paint-1:GAS-BYP-02:gas"),
                  "GAS_STATE=gas.p1_state GAS_STATE=gas.p2_state GAS=gas.p1 GAS=gas.p2 "
                  "GAS_SHIELDED=gas.p1_sh GAS_SHIELDED=gas.p2_sh");
    plant_site_free(&p);
}

static void two_flows_are_compared_and_a_contact_stands_in(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"rated\": {\"Q_IN\": 40}, "
         "\"roles\": {\"Q_IN\": \"di.qi\", \"Q_OUT\": \"di.qo\", \"DI_QDIFF\": \"di.c1\"}},"
         "\"y\": {\"type\": \"if_furnace\", \"name\": \"y\", "
         "\"roles\": {\"DI_QDIFF\": \"di.c1\", \"RUN\": \"di.run\"}}");
    const struct gw_check_def *c = need_check(&p, "x:CW-EV-DIFF");
    assert_int_equal(c->rule->rule, GW_RULE_BALANCE);
    assert_true(c->rated == 40);
    assert_points(&p, c, "Q_IN=di.qi Q_OUT=di.qo");
    const struct gw_check_def *d = need_check(&p, "y:CW-EV-DIFF");
    assert_int_equal(d->rule->rule, GW_RULE_STATE);
    assert_points(&p, d, "DI_QDIFF=di.c1 RUN=di.run");
    plant_site_free(&p);
}

/* ---- which findings ---- */

static void a_finding_needs_a_clause_for_sector_and_type(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "textile", PAINT);
    assert_int_equal(count_checks(&p, "GAS-EV-LOW"), 2); /* alarms need no clause */
    assert_int_equal(count_checks(&p, "GAS-ABS-01"), 0);
    assert_int_equal(count_checks(&p, "GAS-FLT-01"), 0); /* article 14 alone demands nothing */
    plant_site_free(&p);

    make(&p, "light", PAINT);
    const struct gw_check_def *c = need_check(&p, "paint-1:GAS-FLT-01:gas.p1_state");
    char cited[64] = "";
    for (size_t i = 0; i < c->finding->nclauses; i++) {
        const struct gw_clause *cl = c->finding->clauses[i];
        if (gw_inventory_cites(p.inv, c, cl)) {
            const size_t n = strlen(cited);
            snprintf(cited + n, sizeof cited - n, "%s(%s) ", cl->article, cl->item);
        }
    }
    assert_string_equal(cited, "8(6) 14() ");
    plant_site_free(&p);
}

static void facts_decide(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"w\": {\"type\": \"paint_mix\", \"name\": \"w\", \"facts\": {\"paint\": \"water\"}},"
         "\"s\": {\"type\": \"paint_mix\", \"name\": \"s\", \"facts\": {\"paint\": \"solvent\"}},"
         "\"u\": {\"type\": \"paint_mix\", \"name\": \"u\"}");
    assert_null(check_of(&p, "w:GAS-ABS-01"));
    assert_non_null(check_of(&p, "s:GAS-ABS-01"));
    assert_non_null(check_of(&p, "u:GAS-ABS-01"));
    assert_int_equal(count_checks(&p, "GAS-ABS-06"), 0); /* switched off */
    plant_site_free(&p);

    make(&p, "nonferrous",
         "\"o\": {\"type\": \"melt_furnace\", \"name\": \"o\", \"facts\": {\"loop\": \"open\"}},"
         "\"c\": {\"type\": \"melt_furnace\", \"name\": \"c\", \"facts\": {\"loop\": \"closed\"}}");
    assert_non_null(check_of(&p, "o:CW-ABS-03"));
    assert_null(check_of(&p, "o:CW-ABS-01"));
    assert_null(check_of(&p, "o:CW-ABS-02"));
    assert_null(check_of(&p, "c:CW-ABS-03"));
    assert_non_null(check_of(&p, "c:CW-ABS-01"));
    assert_non_null(check_of(&p, "c:CW-ABS-02"));
    assert_non_null(check_of(&p, "c:CW-ABS-04"));
    assert_int_equal(count_checks(&p, "CW-ILK-01"), 0); /* 5(5) demands no interlock */
    plant_site_free(&p);

    make(&p, "machinery",
         "\"o\": {\"type\": \"if_furnace\", \"name\": \"o\", \"facts\": {\"loop\": \"open\"}}");
    assert_non_null(check_of(&p, "o:CW-ABS-01"));
    assert_null(check_of(&p, "o:CW-ABS-02"));
    plant_site_free(&p);
}

static void a_site_without_assets_has_the_gateway(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery", "");
    for (size_t i = 0; i < gw_inventory_count(p.inv); i++)
        assert_string_equal(gw_inventory_at(p.inv, i)->asset->id, GW_ASSET_GATEWAY);
    assert_int_equal(gw_inventory_count(p.inv), 4);
    plant_site_free(&p);
    gw_inventory_free(NULL);
}

/* ---- many points ---- */

static void evidence_is_capped_and_keeps_input_and_run(void **state)
{
    (void)state;
    enum { DETECTORS = 40 };
    struct gw_buf points;
    struct gw_buf list;
    gw_buf_init(&points, 1 << 16);
    gw_buf_init(&list, 1 << 16);
    gw_buf_str(&points, POINTS);
    for (int i = 0; i < DETECTORS; i++) {
        gw_buf_printf(&points, ", \"gas.d%d\": {\"is\": \"number\", \"unit\": \"%%LEL\"}", i);
        gw_buf_printf(&list, "%s\"gas.d%d\"", i > 0 ? ", " : "", i);
    }
    char assets[4096];
    snprintf(assets, sizeof assets,
             "\"x\": {\"type\": \"slag_silo\", \"name\": \"x\", \"roles\": {\"GAS\": [%s], "
             "\"DI_FAN\": \"di.fan\", \"RUN\": \"di.run\"}}",
             list.data);
    const struct plant_text t = {.sector = "building", .points = points.data, .assets = assets};
    struct plant_site p;
    assert_int_equal(plant_site_make(&p, &t), GW_OK);
    const struct gw_check_def *ilk = need_check(&p, "x:GAS-ILK-01");
    assert_int_equal(ilk->ncauses, DETECTORS);
    assert_int_equal(ilk->npoints, GW_CHECK_POINTS);
    assert_string_equal(ilk->points[0].role, "DI_FAN");
    assert_string_equal(ilk->points[GW_CHECK_POINTS - 1].role, "RUN");
    const struct gw_check_def *abs = need_check(&p, "x:GAS-ABS-05");
    assert_int_equal(abs->npoints, GW_CHECK_POINTS);
    assert_string_equal(abs->points[0].role, "GAS");
    assert_string_equal(abs->points[GW_CHECK_POINTS - 1].role, "RUN");
    assert_int_equal(count_checks(&p, "GAS-FLT-01"), DETECTORS);
    plant_site_free(&p);
    gw_buf_free(&points);
    gw_buf_free(&list);
}

/* ---- two alarms about one point ---- */

static const char two_alarms[] =
    "{\"version\": \"t\", \"asset_types\": {\"f\": {\"zh\": \"炉\", \"en\": \"f\"}},\n"
    "\"roles\": {\"T\": {\"is\": \"number\", \"many\": true, \"zh\": \"温\", \"en\": \"t\"}},\n"
    "\"documents\": {\"d\": {\"title\": \"法\", \"edition\": \"1\"}},\n"
    "\"clauses\": {\"c\": {\"document\": \"d\", \"article\": \"1\", \"item\": \"\",\n"
    "\"confirmed\": \"memory\", \"sectors\": [\"machinery\"], \"zh\": \"应\", \"en\": \"must\"}},\n"
    "\"laws\": {\"l\": {\"obligation\": {\"zh\": \"义\", \"en\": \"o\"},\n"
    "\"penalty\": {\"zh\": \"罚\", \"en\": \"p\"}}},\n"
    "\"findings\": [\n"
    "{\"code\": \"TRP\", \"class\": \"lead\", \"kind\": \"TRP\", \"severity\": \"major\",\n"
    "\"strength\": \"B\", \"priority\": 2, \"title\": {\"zh\": \"二\", \"en\": \"b\"},\n"
    "\"advice\": {\"zh\": \"二\", \"en\": \"b\"}, \"applies\": [{}], \"run\": \"none\",\n"
    "\"rules\": [{\"rule\": \"unhandled\", \"causes\": [\"H\", \"HH\"]}],\n"
    "\"params\": {\"delay_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"clear_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"improve_percent\": {\"default\": 5, \"min\": 1, \"max\": 9}},\n"
    "\"clauses\": [\"c\"], \"law\": \"l\"},\n"
    "{\"code\": \"H\", \"class\": \"alarm\", \"kind\": \"EV\", \"severity\": \"info\",\n"
    "\"strength\": \"A\", \"priority\": 1, \"title\": {\"zh\": \"一\", \"en\": \"a\"},\n"
    "\"advice\": {\"zh\": \"一\", \"en\": \"a\"}, \"applies\": [{}], \"each\": [\"T\"],\n"
    "\"run\": \"none\", \"rules\": [{\"rule\": \"limit\", \"needs\": [[\"T\"]]}],\n"
    "\"params\": {\"delay_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"off_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"high\": {\"default\": 5, \"min\": -1, \"max\": 9}}},\n"
    "{\"code\": \"HH\", \"class\": \"alarm\", \"kind\": \"EV\", \"severity\": \"info\",\n"
    "\"strength\": \"A\", \"priority\": 1, \"title\": {\"zh\": \"一\", \"en\": \"a\"},\n"
    "\"advice\": {\"zh\": \"一\", \"en\": \"a\"}, \"applies\": [{}], \"each\": [\"T\"],\n"
    "\"run\": \"none\", \"rules\": [{\"rule\": \"limit\", \"needs\": [[\"T\"]]}],\n"
    "\"params\": {\"delay_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"off_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"high\": {\"default\": 6, \"min\": -1, \"max\": 9}}}]}\n";

static void two_alarms_of_one_point_are_two_cases(void **state)
{
    (void)state;
    const struct plant_text t = {.catalogue = two_alarms,
                                 .sector = "machinery",
                                 .points = POINTS,
                                 .assets = "\"x\": {\"type\": \"f\", \"name\": \"x\", "
                                           "\"roles\": {\"T\": [\"di.t1\", \"di.t2\"]}}"};
    struct plant_site p;
    assert_int_equal(plant_site_make(&p, &t), GW_OK);
    static const char *const keys[] = {"x:H:di.t1",      "x:H:di.t2",     "x:HH:di.t1",
                                       "x:HH:di.t2",     "x:TRP:di.t1",   "x:TRP:di.t2",
                                       "x:TRP:HH.di.t1", "x:TRP:HH.di.t2"};
    assert_int_equal(gw_inventory_count(p.inv), COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_string_equal(gw_inventory_at(p.inv, i)->key, keys[i]);
    assert_int_equal(gw_inventory_at(p.inv, 6)->cause, 2);
    plant_site_free(&p);
}

/* ---- issues ---- */

#define LONG_POINT "di.a23456789012345678901234567890123456789012345678901234567890"

static const struct {
    const char *assets;
    const char *issue;
} bad[] = {
    {"\"x\": {\"type\": \"oven\", \"name\": \"x\"}",
     "/assets/x/type: the catalogue knows no asset type \"oven\""},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"T_AUS\": \"di.t1\"}}",
     "/assets/x/roles/T_AUS: the catalogue knows no role \"T_AUS\""},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"T_OUT\": \"di.run\"}}",
     "/assets/x/roles/T_OUT: point \"di.run\" is a contact, the role takes a number"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"T_OUT\": \"di.count\"}}",
     "/assets/x/roles/T_OUT: point \"di.count\" is an integer, the role takes a number"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"RUN\": \"gas.p1_state\"}}",
     "/assets/x/roles/RUN: point \"gas.p1_state\" is a state, the role takes a contact"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", "
     "\"roles\": {\"RUN\": [\"di.run\", \"di.c1\"]}}",
     "/assets/x/roles/RUN: one point plays this role, not 2"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"T_OUT\": \"di.tk\"}}",
     "/assets/x/roles/T_OUT: point \"di.tk\" is in \"K\", the role must be in °C, ℃ or degC"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"P_IN\": \"di.pk\"}}",
     "/assets/x/roles/P_IN: point \"di.pk\" is in \"kPa\", the role must be in MPa"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"rated\": {\"Q_IN\": 40}, "
     "\"roles\": {\"Q_IN\": \"di.qi\", \"Q_OUT\": \"di.ql\"}}",
     "/assets/x/roles/Q_OUT: CW-EV-DIFF compares \"di.qi\" (m3/h) with \"di.ql\" (L/min)"},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"facts\": {\"lop\": \"open\"}}",
     "/assets/x/facts/lop: the catalogue knows no fact \"lop\""},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"facts\": {\"loop\": \"opn\"}}",
     "/assets/x/facts/loop: must be closed or open, is \"opn\""},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"roles\": {\"Q_IN\": \"di.qi\"}}",
     "/assets/x: CW-EV-LOWQ needs the rated value \"Q_IN\" of this asset: add \"rated\""},
    {"\"x\": {\"type\": \"if_furnace\", \"name\": \"x\", \"rated\": {\"Q_IN\": 0}, "
     "\"roles\": {\"Q_IN\": \"di.qi\"}}",
     "/assets/x/rated/Q_IN: a rated value must be above 0, is 0"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", \"roles\": {"
     "\"GAS\": [\"gas.p1\", \"gas.p2\"], \"GAS_STATE\": \"gas.p1_state\"}}",
     "/assets/x/roles/GAS: GAS_STATE has 1 points and GAS 2: an instrument stands at the same"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-XXX-01\": {\"delay_s\": 1}}}",
     "/assets/x/overrides/GAS-XXX-01/delay_s: the catalogue knows no finding GAS-XXX-01"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-ABS-06\": {\"delay_s\": 1}}}",
     "/assets/x/overrides/GAS-ABS-06/delay_s: the catalogue has switched off GAS-ABS-06"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-EV-LOW\": {\"hihg\": 20}}}",
     "/assets/x/overrides/GAS-EV-LOW/hihg: GAS-EV-LOW has high, deadband, delay_s or off_s, not "
     "\"hihg\""},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-BYP-01\": {\"delay_s\": 1801}}}",
     "/assets/x/overrides/GAS-BYP-01/delay_s: delay_s of GAS-BYP-01 may be 0 to 1800, is 1801"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-EV-LOW\": {\"high\": 25.5}}}",
     "high of GAS-EV-LOW may be 5 to 25, is 25.5"},
    {"\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
     "\"overrides\": {\"GAS-EV-LOW\": {\"delay_s\": -1}}}",
     "delay_s of GAS-EV-LOW may be 0 to 3, is -1"},
};

static void every_slip_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct plant_text t = {
            .sector = "machinery", .points = POINTS, .assets = bad[i].assets};
        struct plant_site p;
        const enum gw_status st = plant_site_make(&p, &t);
        bool found = false;
        for (size_t k = 0; k < gw_issues_count(p.issues); k++)
            found = found || strstr(gw_issues_text(p.issues, k), bad[i].issue) != NULL;
        if (st != GW_E_PARSE || p.inv != NULL || !found) {
            gw_issues_print(p.issues, stderr);
            fail_msg("row %zu: %s, wanted: %s", i, gw_status_name(st), bad[i].issue);
        }
        plant_site_free(&p);
    }
}

static void a_slip_is_told_once(void **state)
{
    (void)state;
    const struct plant_text t = {
        .sector = "machinery",
        .points = POINTS,
        .assets = "\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", \"roles\": {"
                  "\"GAS\": [\"gas.p1\", \"gas.p2\"], \"GAS_STATE\": \"gas.p1_state\", "
                  "\"GAS_SHIELDED\": \"gas.p1_sh\"}}"};
    struct plant_site p;
    assert_int_equal(plant_site_make(&p, &t), GW_E_PARSE);
    assert_int_equal(gw_issues_count(p.issues), 2); /* GAS to each of the two others */
    plant_site_free(&p);
}

/* The bounds themselves are permitted. */
static void an_override_may_go_to_its_bound(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", \"roles\": {\"GAS\": \"gas.p1\"}, "
         "\"overrides\": {\"GAS-FLT-01\": {\"delay_s\": 1800, \"clear_s\": 10}, "
         "\"GAS-EV-LOW\": {\"high\": 5}}}");
    assert_true(gw_check_param(need_check(&p, "x:GAS-FLT-01:gas.p1"), GW_PARAM_DELAY, -1) == 1800);
    assert_true(need_check(&p, "x:GAS-EV-LOW:gas.p1")->overridden);
    plant_site_free(&p);
}

static void names_that_do_not_fit_are_told(void **state)
{
    (void)state;
    const struct plant_text t = {
        .catalogue = two_alarms,
        .sector = "machinery",
        .points = POINTS ", \"" LONG_POINT "\": {\"is\": \"number\"}",
        .assets =
            "\"x\": {\"type\": \"f\", \"name\": \"x\", \"roles\": {\"T\": \"" LONG_POINT "\"}}"};
    struct plant_site p;
    assert_int_equal(plant_site_make(&p, &t), GW_E_PARSE);
    assert_int_equal(gw_issues_count(p.issues), 1);
    assert_non_null(strstr(gw_issues_text(p.issues, 0), "is too long for TRP"));
    plant_site_free(&p);
}

/* ---- the document ---- */

static void the_document_tells_watched_and_missing(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"if_furnace\", \"name\": \"一号\", \"location\": \"东\", "
         "\"facts\": {\"loop\": \"closed\"}, \"rated\": {\"Q_IN\": 40.5}, "
         "\"roles\": {\"Q_IN\": \"di.qi\"}, \"overrides\": {\"CW-FLT-01\": {\"delay_s\": 8}}}");
    struct gw_buf b;
    struct gw_jcs j;
    gw_buf_init(&b, 1 << 20);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_inventory_write(p.inv, &j, "assets");
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    assert_true(gw_jcs_valid(b.data, b.len));
    assert_string_equal(
        b.data,
        "{\"assets\":[{\"facts\":{\"loop\":\"closed\"},\"id\":\"x\",\"location\":\"东\","
        "\"missing\":[{\"any_of\":[\"T_OUT\",\"DI_TOUT_H\"],\"finding\":\"CW-ABS-01\"},"
        "{\"any_of\":[\"Q_OUT\",\"DI_QDIFF\"],\"finding\":\"CW-ABS-02\"}],\"name\":\"一号\","
        "\"rated\":{\"Q_IN\":\"40.5\"},\"roles\":{\"Q_IN\":[\"di.qi\"]},"
        "\"title\":{\"en\":\"medium-frequency induction furnace\",\"zh\":\"中频感应炉\"},"
        "\"type\":\"if_furnace\",\"unwatched\":[\"CW-ILK-01\",\"CW-BYP-01\",\"CW-BYP-02\","
        "\"CW-INT-01\",\"CW-INT-02\",\"CW-INT-03\",\"HW-PERMIT-01\",\"MNT-DUE-01\",\"DAT-INT-02\","
        "\"DAT-INT-03\",\"DAT-INT-05\",\"DAT-INT-07\"],"
        "\"watched\":["
        "{\"class\":\"alarm\",\"finding\":\"CW-EV-LOWQ\",\"overridden\":false,\"params\":{"
        "\"deadband\":\"0.05\",\"delay_s\":\"5\",\"low\":\"0.6\",\"off_s\":\"30\"},"
        "\"rule\":\"limit\",\"run_missing\":true,\"subjects\":[]},"
        "{\"class\":\"alarm\",\"finding\":\"DAT-EV-CHATTER\",\"overridden\":false,\"params\":{"
        "\"delay_s\":\"0\",\"off_s\":\"30\"},\"rule\":\"chatter\",\"run_missing\":false,"
        "\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"CW-ABS-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"86400\"},\"rule\":\"absent\",\"run_missing\":false,"
        "\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"CW-ABS-02\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"86400\"},\"rule\":\"absent\",\"run_missing\":false,"
        "\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"CW-FLT-01\",\"overridden\":true,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"8\"},\"rule\":\"bad_quality\",\"run_missing\":true,"
        "\"subjects\":[\"di.qi\"]},"
        "{\"class\":\"lead\",\"finding\":\"CW-TRP-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"3600\",\"delay_s\":\"900\",\"improve_percent\":\"5\"},"
        "\"rule\":\"unhandled\",\"run_missing\":true,\"subjects\":[\"CW-EV-LOWQ\"]},"
        "{\"class\":\"lead\",\"finding\":\"ORD-RUN-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"600\",\"min_percent\":\"20\",\"rise\":\"5\"},"
        "\"rule\":\"order\",\"run_missing\":false,\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"ORD-WATCH-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"600\"},\"rule\":\"order\",\"run_missing\":false,"
        "\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"MNT-DUE-02\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"60\",\"delay_s\":\"3600\",\"interval_days\":\"365\"},\"rule\":\"overdue\","
        "\"run_missing\":false,\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"CFG-MAP-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"86400\"},\"rule\":\"unmapped\","
        "\"run_missing\":false,\"subjects\":[]},"
        "{\"class\":\"lead\",\"finding\":\"DAT-INT-04\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"3600\",\"delay_s\":\"60\"},\"rule\":\"swapped\",\"run_missing\":false,"
        "\"subjects\":[\"di\"]},"
        "{\"class\":\"lead\",\"finding\":\"DAT-INT-06\",\"overridden\":false,\"params\":{"
        "\"change_percent\":\"25\",\"clear_s\":\"86400\",\"delay_s\":\"60\",\"reads\":\"240\"},"
        "\"rule\":\"repeated\",\"run_missing\":true,\"subjects\":[\"di.qi\"]}]},"
        "{\"facts\":{},\"id\":\"_gateway\",\"location\":\"\",\"missing\":[],"
        "\"name\":\"g\",\"rated\":{},\"roles\":{},"
        "\"title\":{\"en\":\"monitoring gateway\",\"zh\":\"监测网关\"},\"type\":\"gateway\","
        "\"unwatched\":[],\"watched\":["
        "{\"class\":\"lead\",\"finding\":\"DAT-INT-01\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"0\"},\"rule\":\"self\",\"run_missing\":false,"
        "\"subjects\":[\"clock\",\"config\"]},"
        "{\"class\":\"lead\",\"finding\":\"GW-OFFLINE\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"0\",\"hours\":\"24\"},\"rule\":\"self\","
        "\"run_missing\":false,\"subjects\":[\"offline\"]},"
        "{\"class\":\"lead\",\"finding\":\"GW-SRC-LOST\",\"overridden\":false,\"params\":{"
        "\"clear_s\":\"86400\",\"delay_s\":\"7200\"},\"rule\":\"self\",\"run_missing\":false,"
        "\"subjects\":[\"sources\"]}]}]}");
    gw_buf_free(&b);
    plant_site_free(&p);
}

static void roles_and_facts_stand_in_order_whatever_the_file_says(void **state)
{
    (void)state;
    struct plant_site p;
    make(&p, "machinery",
         "\"x\": {\"type\": \"paint_mix\", \"name\": \"x\", "
         "\"facts\": {\"paint\": \"solvent\", \"loop\": \"open\"}, "
         "\"roles\": {\"RUN\": \"di.run\", \"GAS_STATE\": \"gas.p1_state\", \"GAS\": \"gas.p1\", "
         "\"DI_FAN\": \"di.fan\"}}");
    struct gw_buf b;
    struct gw_jcs j;
    gw_buf_init(&b, 1 << 20);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_inventory_write(p.inv, &j, "assets");
    gw_jcs_end(&j);
    assert_true(gw_jcs_valid(b.data, b.len));
    assert_non_null(strstr(b.data, "\"facts\":{\"loop\":\"open\",\"paint\":\"solvent\"}"));
    assert_non_null(strstr(b.data, "\"roles\":{\"DI_FAN\":[\"di.fan\"],\"GAS\":[\"gas.p1\"],"
                                   "\"GAS_STATE\":[\"gas.p1_state\"],\"RUN\":[\"di.run\"]}"));
    gw_buf_free(&b);
    plant_site_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_are_complete_and_in_order),
        cmocka_unit_test(a_check_for_each_instrument_knows_its_companions),
        cmocka_unit_test(a_check_of_a_whole_asset_has_no_role),
        cmocka_unit_test(interlocks_and_unhandled_alarms_know_their_alarms),
        cmocka_unit_test(an_interlock_needs_a_feedback_and_a_cause),
        cmocka_unit_test(overrides_count_where_they_are_given),
        cmocka_unit_test(a_detector_without_state_is_held_to_its_value),
        cmocka_unit_test(a_shielded_flag_alone_is_enough),
        cmocka_unit_test(one_controller_is_one_case),
        cmocka_unit_test(two_flows_are_compared_and_a_contact_stands_in),
        cmocka_unit_test(a_finding_needs_a_clause_for_sector_and_type),
        cmocka_unit_test(facts_decide),
        cmocka_unit_test(a_site_without_assets_has_the_gateway),
        cmocka_unit_test(evidence_is_capped_and_keeps_input_and_run),
        cmocka_unit_test(two_alarms_of_one_point_are_two_cases),
        cmocka_unit_test(every_slip_is_told_with_its_place),
        cmocka_unit_test(a_slip_is_told_once),
        cmocka_unit_test(an_override_may_go_to_its_bound),
        cmocka_unit_test(names_that_do_not_fit_are_told),
        cmocka_unit_test(the_document_tells_watched_and_missing),
        cmocka_unit_test(roles_and_facts_stand_in_order_whatever_the_file_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
