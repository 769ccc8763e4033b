/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/hold.h"

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static struct gw_shipment shipment(int64_t key)
{
    struct gw_shipment s = {.parcel = {.key = key, .data = strdup("{}"), .len = 2}};
    assert_non_null(s.parcel.data);
    return s;
}

static void test_waits_double_up_to_ten_minutes(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s = shipment(1);
    int64_t now_ms = 1000;
    int64_t nominal_ms = GW_HOLD_FIRST_MS;
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    assert_int_equal(gw_hold_next_ms(h), INT64_MAX);

    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(s.refusals, i);
        (void)gw_hold_put(h, &s, now_ms, false);
        int64_t wait_ms = gw_hold_next_ms(h) - now_ms;
        assert_in_range(wait_ms, nominal_ms * 8 / 10, nominal_ms * 12 / 10);
        assert_false(gw_hold_due(h, now_ms + wait_ms - 1, &s));
        assert_true(gw_hold_due(h, now_ms + wait_ms, &s));
        assert_false(gw_hold_due(h, INT64_MAX, &s));
        now_ms += wait_ms;
        nominal_ms = nominal_ms * 2 < GW_HOLD_CAP_MS ? nominal_ms * 2 : GW_HOLD_CAP_MS;
    }
    gw_shipment_clear(&s);
    gw_hold_free(h);
}

static void test_nobody_listening_waits_half_a_minute(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s = shipment(1);
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    for (int i = 0; i < 5; i++) {
        (void)gw_hold_put(h, &s, 0, true);
        assert_in_range(gw_hold_next_ms(h), 24000, 36000);
        assert_true(gw_hold_due(h, 36000, &s));
    }
    gw_shipment_clear(&s);
    gw_hold_free(h);
}

static void test_the_longest_due_comes_first(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s;
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    for (int64_t key = 0; key < 3; key++) {
        s = shipment(key);
        (void)gw_hold_put(h, &s, 20000 * key, false); /* far apart whatever the jitter */
    }
    for (int64_t key = 0; key < 3; key++) {
        assert_true(gw_hold_due(h, INT64_MAX, &s));
        assert_int_equal(s.parcel.key, key);
        gw_shipment_clear(&s);
    }
    gw_hold_free(h);
}

static void test_beyond_the_limit_the_least_important_goes(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s;
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    /* One of each kind, then records. */
    for (int64_t key = 0; key < GW_HOLD_LIMIT; key++) {
        s = shipment(key);
        s.parcel.kind = key < 4 ? (enum gw_parcel_kind)key : GW_PARCEL_RECORD;
        assert_false(gw_hold_put(h, &s, 100000 * key, false));
    }
    s = shipment(1000);
    s.parcel.kind = GW_PARCEL_TELEMETRY; /* is due later than the one that is there */
    assert_true(gw_hold_put(h, &s, 5000000, false));
    for (int64_t key = GW_HOLD_LIMIT; key < GW_HOLD_LIMIT + 4; key++) {
        s = shipment(key);
        assert_true(gw_hold_put(h, &s, 100000 * key, false));
    }
    assert_int_equal(gw_hold_count(h), GW_HOLD_LIMIT);
    /* Telemetry, event, window went; then of the records the one that was due last. */
    for (int64_t key = 0; key < GW_HOLD_LIMIT + 3; key++) {
        if (key > 0 && key < 4)
            continue;
        assert_true(gw_hold_due(h, INT64_MAX, &s));
        assert_int_equal(s.parcel.key, key);
        gw_shipment_clear(&s);
    }
    assert_false(gw_hold_due(h, INT64_MAX, &s));
    gw_hold_free(h);
}

static void test_hastened_all_are_due(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s;
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    for (int64_t key = 0; key < 3; key++) {
        s = shipment(key);
        s.refusals = 5;
        assert_false(gw_hold_put(h, &s, 0, false));
    }
    assert_false(gw_hold_due(h, 1000, &s));
    gw_hold_hasten(h, 1000);
    for (int i = 0; i < 3; i++) {
        assert_true(gw_hold_due(h, 1000, &s));
        assert_int_equal(s.refusals, 6); /* its next wait is the longer all the same */
        gw_shipment_clear(&s);
    }
    gw_hold_free(h);
}

static void test_clears_what_is_held(void **state)
{
    struct gw_hold *h;
    struct gw_shipment s = shipment(1);
    (void)state;
    assert_int_equal(gw_hold_new(42, &h), GW_OK);
    assert_false(gw_hold_put(h, &s, 0, false));
    assert_int_equal(gw_hold_count(h), 1);
    gw_hold_clear(h);
    assert_int_equal(gw_hold_count(h), 0);
    s = shipment(1);
    (void)gw_hold_put(h, &s, 0, false);
    gw_hold_free(h); /* frees what is held: a leak would show under ASan */
    gw_hold_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_double_up_to_ten_minutes),
        cmocka_unit_test(test_nobody_listening_waits_half_a_minute),
        cmocka_unit_test(test_the_longest_due_comes_first),
        cmocka_unit_test(test_beyond_the_limit_the_least_important_goes),
        cmocka_unit_test(test_hastened_all_are_due),
        cmocka_unit_test(test_clears_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
