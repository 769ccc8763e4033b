/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of permits, orders and the rest: what is written is read, and nothing else.
 */
#include "finding/govern.h"

#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

#define PUT(to, text) (void)snprintf(to, sizeof to, "%s", text)

static struct gw_permit a_permit(void)
{
    struct gw_permit p = {
        .scope = GW_PERMIT_HOT_WORK,
        .by = GW_BY_PLATFORM,
        .from_ms = 1795305600000,
        .until_ms = 1795309200000,
        .certificate_until_ms = 1800000000000,
    };
    PUT(p.id, "dh-1");
    PUT(p.target, "paint-1");
    PUT(p.who, "county-371311");
    PUT(p.reason, "检修 \"1号\"");
    PUT(p.certificate, "T3713");
    return p;
}

static void rows_come_back_as_they_were(void **state)
{
    (void)state;
    static struct gw_govern g;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    char again[GW_GOVERN_TEXT];
    struct gw_permit p = a_permit();
    struct gw_standing_order o = {.order = GW_ORDER_WATCH, .since_ms = 7};
    struct gw_rectify r = {.number = 3, .asked = true, .deadline_ms = 9, .unverified = true};
    struct gw_accepted a = {.at_ms = 5};
    g = (struct gw_govern){.npermits = 0};
    PUT(o.id, "lin-1");
    PUT(r.key, "if-1:CW-FLT-01:fi.q");
    PUT(r.body, "铸造");
    memset(a.hash, 'a', 64);

    gw_permit_row(&p, key, text);
    assert_string_equal(key, "permit/dh-1");
    assert_true(gw_govern_is_key(key));
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
    gw_permit_row(&g.permits[0], key, again);
    assert_string_equal(again, text);

    gw_order_row(&o, key, text);
    assert_string_equal(key, "order/*");
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
    gw_order_row(&g.orders[0], key, again);
    assert_string_equal(again, text);

    gw_rectify_row(&r, key, text);
    assert_string_equal(key, "rectify/if-1:CW-FLT-01:fi.q");
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
    gw_rectify_row(&g.rectifies[0], key, again);
    assert_string_equal(again, text);

    gw_accepted_row(&a, key, text);
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
    assert_string_equal(g.accepted.hash, a.hash);
    assert_false(gw_govern_is_key("if-1:CW-FLT-01:fi.q"));
}

static void the_longest_row_fits(void **state)
{
    (void)state;
    static struct gw_govern g;
    char key[GW_GOVERN_KEY];
    char text[GW_GOVERN_TEXT];
    struct gw_rectify r = {.number = INT64_C(1) << 53, .deadline_ms = INT64_C(1) << 52};
    struct gw_permit p = a_permit();
    g = (struct gw_govern){.npermits = 0};
    memset(r.key, '"', sizeof r.key - 1);
    memset(r.body, '"', sizeof r.body - 1);
    memset(r.role, '\\', sizeof r.role - 1);
    memset(r.standard, '"', sizeof r.standard - 1);
    memset(r.claimed_by, '"', sizeof r.claimed_by - 1);
    gw_rectify_row(&r, key, text);
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
    memset(p.target, '"', sizeof p.target - 1);
    memset(p.who, '"', sizeof p.who - 1);
    memset(p.reason, '"', sizeof p.reason - 1);
    memset(p.certificate, '"', sizeof p.certificate - 1);
    gw_permit_row(&p, key, text);
    assert_int_equal(gw_govern_restore(&g, key, text), GW_OK);
}

static void what_is_no_row_is_refused(void **state)
{
    (void)state;
    static struct gw_govern g;
    static const struct {
        const char *key, *text;
    } bad[] = {
        {"permit/x", ""},
        {"permit/x", "[]"},
        {"permit/x", "{}"},
        {"permit/x", "{\"by\":2,\"certificate\":\"\",\"certificate_until_ms\":0,\"from_ms\":1,"
                     "\"id\":\"x\",\"reason\":\"\",\"scope\":0,\"target\":\"a\",\"until_ms\":2,"
                     "\"who\":\"w\"}"},
        {"permit/x", "{\"by\":0,\"certificate\":\"\",\"certificate_until_ms\":0,\"from_ms\":2,"
                     "\"id\":\"x\",\"reason\":\"\",\"scope\":0,\"target\":\"a\",\"until_ms\":2,"
                     "\"who\":\"w\"}"},
        {"permit/x", "{\"by\":0,\"certificate\":\"\",\"certificate_until_ms\":0,\"from_ms\":1,"
                     "\"id\":\"x\",\"more\":1,\"reason\":\"\",\"scope\":0,\"target\":\"a\","
                     "\"until_ms\":2,\"who\":\"w\"}"},
        {"order/x", "{\"id\":\"x\",\"order\":2,\"reason\":\"\",\"since_ms\":1,\"target\":\"\","
                    "\"who\":\"\"}"},
        {"rectify/x", "{\"asked\":1}"},
        {"accept/inventory", "{\"at_ms\":1,\"hash\":7,\"who\":\"\"}"},
        {"accept/other", "{\"at_ms\":1,\"hash\":\"\",\"who\":\"\"}"},
        {"strange/x", "{}"},
    };
    g = (struct gw_govern){.npermits = 0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(gw_govern_restore(&g, bad[i].key, bad[i].text), GW_E_PARSE);
    assert_int_equal(g.npermits + g.norders + g.nrectifies, 0);
}

static void a_permit_holds_between_its_ends(void **state)
{
    (void)state;
    struct gw_permit p = a_permit();
    struct gw_stamp now = {.wall_ms = p.from_ms - 1, .mono_ms = 100, .sync = true};
    assert_false(gw_permit_holds(&p, &now, 0));
    now.wall_ms++;
    assert_true(gw_permit_holds(&p, &now, 0));
    now.wall_ms = p.until_ms - 1;
    assert_true(gw_permit_holds(&p, &now, 0));
    p.ends_ms = 100;
    assert_false(gw_permit_holds(&p, &now, 0));
    p.ends_ms = 101;
    assert_true(gw_permit_holds(&p, &now, 0));
    now.sync = false;
    assert_true(gw_permit_holds(&p, &now, now.wall_ms));
    assert_false(gw_permit_holds(&p, &now, now.wall_ms + 1));
    /* A clock that is not set cannot say that it is over; the machine's own time bounds it. */
    now.boot_ms = p.until_ms - p.from_ms - 1;
    assert_true(gw_permit_may_hold(&p, &now, now.wall_ms + 1));
    now.boot_ms++;
    assert_false(gw_permit_may_hold(&p, &now, now.wall_ms + 1));
    assert_true(gw_permit_may_hold(&p, &now, now.wall_ms));
    now.sync = true;
    now.wall_ms++;
    assert_false(gw_permit_holds(&p, &now, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(the_longest_row_fits),
        cmocka_unit_test(what_is_no_row_is_refused),
        cmocka_unit_test(a_permit_holds_between_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
