/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/flight.h"

#include "support/cmocka_all.h"

#include <limits.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct gw_shipment shipment(int64_t key, unsigned refusals)
{
    struct gw_shipment s = {.parcel = {.key = key, .data = strdup("{}"), .len = 2},
                            .refusals = refusals};
    assert_non_null(s.parcel.data);
    return s;
}

static void fly(struct gw_flight *f, int mid, int64_t key, unsigned refusals)
{
    struct gw_shipment s = shipment(key, refusals);
    gw_flight_add(f, mid, &s);
}

static void land(struct gw_flight *f, int mid, int64_t key)
{
    struct gw_shipment s;
    assert_true(gw_flight_take(f, mid, &s));
    assert_int_equal(s.parcel.key, key);
    gw_shipment_clear(&s);
}

static void test_grants_fill_the_window_and_no_more(void **state)
{
    struct gw_flight *f;
    (void)state;
    assert_int_equal(gw_flight_new(4, &f), GW_OK);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 4);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 0);

    gw_flight_arrived(f);
    fly(f, 10, 1, 0);
    gw_flight_arrived(f);
    fly(f, 11, 2, 0);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 0); /* 2 in flight, 2 still granted */
    land(f, 11, 2);                                    /* out of order */
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 1);
    land(f, 10, 1);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 1);
    assert_int_equal(gw_flight_count(f), 0);
    gw_flight_free(f);
}

static void test_unknown_ids_are_nobodys(void **state)
{
    struct gw_flight *f;
    struct gw_shipment s;
    (void)state;
    assert_int_equal(gw_flight_new(2, &f), GW_OK);
    assert_false(gw_flight_take(f, 1, &s));
    fly(f, 1, 5, 0);
    assert_false(gw_flight_take(f, 2, &s));
    land(f, 1, 5);
    assert_false(gw_flight_take(f, 1, &s)); /* acknowledged twice */
    gw_flight_free(f);
}

static void test_limit_is_within_the_capacity(void **state)
{
    struct gw_flight *f;
    (void)state;
    assert_int_equal(gw_flight_new(8, &f), GW_OK);
    gw_flight_limit(f, 100);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 8);
    gw_flight_clear(f);
    gw_flight_limit(f, 0); /* a broker cannot take less than one */
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 1);
    gw_flight_clear(f);

    gw_flight_limit(f, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(gw_flight_room(f));
        fly(f, i, i, 0);
    }
    assert_false(gw_flight_room(f));
    gw_flight_free(f); /* frees what is in flight: a leak would show under ASan */
}

static void test_a_retry_needs_no_grant(void **state)
{
    struct gw_flight *f;
    (void)state;
    assert_int_equal(gw_flight_new(2, &f), GW_OK);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 2); /* an idle backlog keeps them */
    fly(f, 1, 7, 3);
    assert_int_equal(gw_flight_retried(f), 1);
    assert_true(gw_flight_room(f));
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 0); /* 2 are granted already */
    fly(f, 2, 8, 0);
    assert_false(gw_flight_room(f)); /* what is on the wire stays within the limit all the same */
    land(f, 1, 7);
    assert_int_equal(gw_flight_retried(f), 0);
    gw_flight_free(f);
}

static void test_clear_forgets_the_grants(void **state)
{
    struct gw_flight *f;
    (void)state;
    assert_int_equal(gw_flight_new(3, &f), GW_OK);
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 3);
    fly(f, 1, 1, 1);
    gw_flight_clear(f);
    assert_int_equal(gw_flight_count(f), 0);
    assert_int_equal(gw_flight_retried(f), 0);
    gw_flight_arrived(f); /* a stale parcel takes nothing away */
    assert_int_equal(gw_flight_grant(f, UINT_MAX), 3);
    gw_flight_free(f);
    gw_flight_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grants_fill_the_window_and_no_more),
        cmocka_unit_test(test_unknown_ids_are_nobodys),
        cmocka_unit_test(test_limit_is_within_the_capacity),
        cmocka_unit_test(test_a_retry_needs_no_grant),
        cmocka_unit_test(test_clear_forgets_the_grants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
