/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a signal was seen to move, and the rows of proofs.
 */
#include "finding/proofs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "support/cmocka_all.h"

#define ANY INT64_MIN

static struct gw_sample num(int64_t ms, double v, enum gw_quality q)
{
    return (struct gw_sample){
        .vtype = GW_V_NUM, .quality = (uint8_t)q, .valued = 1, .value.num = v, .mono_ms = ms};
}

static struct gw_sample whole(int64_t ms, enum gw_vtype type, int64_t v)
{
    return (struct gw_sample){
        .vtype = (uint8_t)type, .quality = GW_Q_GOOD, .valued = 1, .value.i = v, .mono_ms = ms};
}

static void a_quantity_must_move_enough(void **state)
{
    (void)state;
    const struct gw_point p = {.def = &(const struct gw_point_def){
                                   .vtype = GW_V_NUM, .decimals = 1, .sane_lo = 0, .sane_hi = 100}};
    struct gw_seen seen;
    struct gw_sample s[] = {num(0, 10, GW_Q_GOOD), num(1, 11.9, GW_Q_GOOD), num(2, 10, GW_Q_GOOD)};
    assert_false(gw_proof_moved(&p, s, 3, ANY, &seen));
    s[1].value.num = 12.0; /* two hundredths */
    assert_true(gw_proof_moved(&p, s, 3, ANY, &seen));
    assert_true(seen.from.value.num == 10 && seen.to.value.num == 12.0 && seen.to.mono_ms == 1);
    assert_false(gw_proof_moved(&p, s, 2, 2, &seen)); /* before does not count */
    assert_true(gw_proof_moved(&p, s, 3, 2, &seen));  /* but is where it comes from */
    assert_true(seen.from.value.num == 12.0 && seen.to.value.num == 10);
    s[1].quality = GW_Q_BAD_RANGE; /* an error is no movement */
    assert_false(gw_proof_moved(&p, s, 3, ANY, &seen));
    s[1].quality = GW_Q_INHIBIT; /* under test it is */
    assert_true(gw_proof_moved(&p, s, 3, ANY, &seen));
    assert_false(gw_proof_moved(&p, s, 0, ANY, &seen));

    /* Nothing is declared: a tenth of the greatest value, and more than the last digit's flicker. */
    const struct gw_point open = {
        .def = &(const struct gw_point_def){
            .vtype = GW_V_NUM, .decimals = 1, .sane_lo = -INFINITY, .sane_hi = INFINITY}};
    struct gw_sample t[] = {num(0, 100, GW_Q_GOOD), num(1, 109, GW_Q_GOOD)};
    assert_false(gw_proof_moved(&open, t, 2, ANY, &seen));
    t[1].value.num = 112;
    assert_true(gw_proof_moved(&open, t, 2, ANY, &seen));
    t[0].value.num = 0;
    t[1].value.num = 0.1;
    assert_false(gw_proof_moved(&open, t, 2, ANY, &seen));
}

static void the_moment_is_half_way(void **state)
{
    (void)state;
    const struct gw_point p = {
        .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .sane_lo = 0, .sane_hi = 100}};
    struct gw_seen seen;
    const struct gw_sample s[] = {num(0, 0, GW_Q_GOOD), num(10, 20, GW_Q_GOOD),
                                  num(20, 30, GW_Q_GOOD), num(30, 50, GW_Q_GOOD)};
    assert_true(gw_proof_moved(&p, s, 4, ANY, &seen));
    assert_int_equal(seen.to.mono_ms, 20);
    assert_true(seen.to.value.num == 50);
}

static void a_contact_or_state_must_change(void **state)
{
    (void)state;
    const struct gw_point di = {.def = &(const struct gw_point_def){.vtype = GW_V_BOOL}};
    const struct gw_point st = {.def = &(const struct gw_point_def){.vtype = GW_V_STATE}};
    struct gw_seen seen;
    struct gw_sample s[] = {whole(0, GW_V_BOOL, 0), whole(1, GW_V_BOOL, 0), whole(2, GW_V_BOOL, 1),
                            whole(3, GW_V_BOOL, 1)};
    assert_true(gw_proof_moved(&di, s, 4, ANY, &seen));
    assert_true(seen.from.mono_ms == 1 && seen.to.mono_ms == 2);
    assert_true(gw_proof_moved(&di, s, 4, 2, &seen));
    assert_false(gw_proof_moved(&di, s, 4, 3, &seen));
    assert_false(gw_proof_moved(&di, s, 2, 0, &seen));
    struct gw_sample g[] = {whole(0, GW_V_STATE, GW_S_NORMAL),
                            whole(1, GW_V_STATE, GW_S_COMM_FAULT),
                            whole(2, GW_V_STATE, GW_S_NORMAL)};
    assert_false(gw_proof_moved(&st, g, 3, ANY, &seen)); /* who pulls the plug proves nothing */
    g[1].value.i = GW_S_HIGH;
    assert_true(gw_proof_moved(&st, g, 3, ANY, &seen));
    assert_true(seen.from.value.i == GW_S_HIGH && seen.to.value.i == GW_S_NORMAL);
    g[1].valued = 0;
    assert_false(gw_proof_moved(&st, g, 3, ANY, &seen));
}

static struct gw_proof proof_of(const char *point, enum gw_proof_what what, int64_t at_ms)
{
    struct gw_proof p = {
        .asset = "a", .role = "GAS", .by = "technician/uid 0", .from = "0", .to = "1"};
    (void)snprintf(p.point, sizeof p.point, "%s", point);
    p.what = what;
    p.at_ms = at_ms;
    return p;
}

static void the_latest_counts(void **state)
{
    (void)state;
    struct gw_proofs p = {0};
    struct gw_proof one = proof_of("d.x", GW_PROOF_MOVED, 5);
    assert_null(gw_proofs_latest(&p, "a", "d.x"));
    assert_int_equal(gw_proofs_reserve(&p, &one), GW_OK);
    gw_proofs_set(&p, &one);
    one.at_ms = 9;
    gw_proofs_set(&p, &one);
    assert_int_equal(p.n, 1);
    struct gw_proof acted = proof_of("d.x", GW_PROOF_ACTED, 7);
    assert_int_equal(gw_proofs_reserve(&p, &acted), GW_OK);
    gw_proofs_set(&p, &acted);
    assert_int_equal(gw_proofs_latest(&p, "a", "d.x")->at_ms, 9);
    assert_int_equal(gw_proofs_find(&p, "a", "d.x", GW_PROOF_ACTED)->at_ms, 7);
    assert_null(gw_proofs_latest(&p, "b", "d.x"));
    struct gw_proofs copy = {0};
    assert_true(gw_proofs_copy(&copy, &p) && copy.n == 2);
    for (int i = 2; i < GW_PROOFS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "d.p%d", i);
        const struct gw_proof more = proof_of(name, GW_PROOF_MOVED, i);
        assert_int_equal(gw_proofs_reserve(&p, &more), GW_OK);
        gw_proofs_set(&p, &more);
    }
    const struct gw_proof full = proof_of("d.full", GW_PROOF_MOVED, 1);
    assert_int_equal(gw_proofs_reserve(&p, &full), GW_E_FULL);
    assert_int_equal(gw_proofs_reserve(&p, &one), GW_OK); /* anew is no more */
    gw_proofs_free(&copy);
    gw_proofs_free(&p);
}

static void a_row_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct gw_proofs p = {0};
    char key[GW_PROOF_KEY], again[GW_PROOF_KEY];
    char text[GW_PROOF_TEXT], same[GW_PROOF_TEXT];
    struct gw_proof one = proof_of("gas.p1", GW_PROOF_ACTED, 1795305600000);
    one.after_ms = 1200;
    gw_proof_row(&one, key, text);
    assert_string_equal(key, "proof/acted/a/gas.p1");
    assert_true(gw_proofs_is_key(key));
    assert_false(gw_proofs_is_key("permit/x"));
    assert_int_equal(gw_proofs_restore(&p, text), GW_OK);
    gw_proof_row(&p.list[0], again, same);
    assert_string_equal(text, same);
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"asset\":\"a\"}",
        "{\"after_ms\":0,\"asset\":\"a\",\"at_ms\":1,\"by\":\"t\",\"from\":\"0\",\"point\":\"d.x\","
        "\"role\":\"R\",\"to\":\"1\",\"what\":2}",
        "{\"after_ms\":0,\"asset\":\"\",\"at_ms\":1,\"by\":\"t\",\"from\":\"0\",\"point\":\"d.x\","
        "\"role\":\"R\",\"to\":\"1\",\"what\":0}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gw_proofs_restore(&p, bad[i]), GW_E_PARSE);
    assert_int_equal(p.n, 1);
    gw_proofs_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quantity_must_move_enough),     cmocka_unit_test(the_moment_is_half_way),
        cmocka_unit_test(a_contact_or_state_must_change),  cmocka_unit_test(the_latest_counts),
        cmocka_unit_test(a_row_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
