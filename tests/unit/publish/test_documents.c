/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/documents.h"

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    struct gw_documents *d;
    if (gw_documents_new(1, &d) != GW_OK)
        return -1;
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    gw_documents_free(*state);
    return 0;
}

static void set(struct gw_documents *d, enum gw_document doc, const char *text)
{
    assert_int_equal(gw_documents_set(d, doc, text, strlen(text)), GW_OK);
}

/* Expects this document with this text to be next. */
static void expect(struct gw_documents *d, int64_t now_ms, enum gw_document want, const char *text)
{
    enum gw_document doc;
    char *data;
    size_t len;
    assert_int_equal(gw_documents_next(d, now_ms, &doc, &data, &len), GW_OK);
    assert_int_equal(doc, want);
    assert_int_equal(len, strlen(text));
    assert_string_equal(data, text);
    free(data);
}

static void expect_none(struct gw_documents *d, int64_t now_ms)
{
    enum gw_document doc;
    char *data;
    size_t len;
    assert_int_equal(gw_documents_next(d, now_ms, &doc, &data, &len), GW_E_NOTFOUND);
}

static void test_ready_needs_birth_and_will(void **state)
{
    struct gw_documents *d = *state;
    char *data;
    size_t len;
    assert_false(gw_documents_ready(d));
    assert_int_equal(gw_documents_copy(d, GW_DOC_OFFLINE, &data, &len), GW_E_NOTFOUND);
    set(d, GW_DOC_ONLINE, "on");
    assert_false(gw_documents_ready(d));
    set(d, GW_DOC_OFFLINE, "off");
    assert_true(gw_documents_ready(d));
    assert_int_equal(gw_documents_copy(d, GW_DOC_OFFLINE, &data, &len), GW_OK);
    assert_string_equal(data, "off");
    free(data);
    assert_int_equal(gw_documents_set(d, GW_DOC_COUNT, "x", 1), GW_E_INVAL);
    assert_int_equal(gw_documents_set(d, GW_DOC_HEALTH, "", 0), GW_E_INVAL);
}

static void test_online_goes_first_and_offline_never(void **state)
{
    struct gw_documents *d = *state;
    set(d, GW_DOC_HEALTH, "health");
    set(d, GW_DOC_CASES, "cases");
    set(d, GW_DOC_OFFLINE, "off");
    set(d, GW_DOC_INVENTORY, "inventory");
    set(d, GW_DOC_ONLINE, "on");
    gw_documents_restart(d);
    expect(d, 0, GW_DOC_ONLINE, "on");
    gw_documents_sent(d, GW_DOC_ONLINE, 1, 0);
    expect(d, 0, GW_DOC_INVENTORY, "inventory");
    gw_documents_sent(d, GW_DOC_INVENTORY, 2, 0);
    expect(d, 0, GW_DOC_CASES, "cases");
    gw_documents_sent(d, GW_DOC_CASES, 3, 0);
    expect(d, 0, GW_DOC_HEALTH, "health");
    gw_documents_sent(d, GW_DOC_HEALTH, 4, 0);
    expect_none(d, 0);
}

static void test_each_is_repeated_slowly(void **state)
{
    struct gw_documents *d = *state;
    enum gw_document doc;
    set(d, GW_DOC_CASES, "cases");
    gw_documents_restart(d);
    expect(d, 0, GW_DOC_CASES, "cases");
    gw_documents_sent(d, GW_DOC_CASES, 1, 1000);
    expect_none(d, 1000 + GW_DOC_REPEAT_MS); /* not while one is in flight */
    assert_true(gw_documents_acked(d, 1, false, 1010, &doc));
    expect_none(d, 999 + GW_DOC_REPEAT_MS);
    assert_int_equal(gw_documents_wanted(d), 0);
    expect_none(d, 1000 + GW_DOC_REPEAT_MS); /* its text was let go */
    assert_int_equal(gw_documents_wanted(d), 1u << GW_DOC_CASES);
    set(d, GW_DOC_CASES, "cases again");
    assert_int_equal(gw_documents_wanted(d), 0);
    expect(d, 1000 + GW_DOC_REPEAT_MS, GW_DOC_CASES, "cases again");
    gw_documents_sent(d, GW_DOC_CASES, 2, 1000 + GW_DOC_REPEAT_MS);
    assert_true(gw_documents_acked(d, 2, false, 1010 + GW_DOC_REPEAT_MS, &doc));
    expect_none(d, 1020 + GW_DOC_REPEAT_MS);
}

static void test_what_the_broker_has_is_let_go_but_birth_and_will(void **state)
{
    struct gw_documents *d = *state;
    static const enum gw_document docs[] = {GW_DOC_ONLINE, GW_DOC_INVENTORY, GW_DOC_HEALTH};
    enum gw_document doc;
    char *data;
    size_t len;
    for (int i = 0; i < 3; i++) {
        set(d, docs[i], "text");
        expect(d, 0, docs[i], "text");
        gw_documents_sent(d, docs[i], i + 1, 0);
    }
    assert_true(gw_documents_acked(d, 1, false, 0, &doc));
    assert_true(gw_documents_acked(d, 2, false, 0, &doc));
    set(d, GW_DOC_HEALTH, "newer"); /* what is acknowledged is not what is newest */
    assert_true(gw_documents_acked(d, 3, false, 0, &doc));
    assert_int_equal(gw_documents_copy(d, GW_DOC_ONLINE, &data, &len), GW_OK);
    free(data);
    assert_int_equal(gw_documents_copy(d, GW_DOC_INVENTORY, &data, &len), GW_E_NOTFOUND);
    assert_int_equal(gw_documents_copy(d, GW_DOC_HEALTH, &data, &len), GW_OK);
    assert_string_equal(data, "newer");
    free(data);
    expect(d, 0, GW_DOC_HEALTH, "newer");
    gw_documents_sent(d, GW_DOC_HEALTH, 4, 0);

    /* Lost on the way: what is in flight is still there. */
    gw_documents_restart(d);
    expect(d, 0, GW_DOC_ONLINE, "text");
    gw_documents_sent(d, GW_DOC_ONLINE, 5, 0);
    expect(d, 0, GW_DOC_HEALTH, "newer");
}

static void test_one_copy_in_flight_then_the_newest(void **state)
{
    struct gw_documents *d = *state;
    enum gw_document doc;
    set(d, GW_DOC_CASES, "1");
    gw_documents_restart(d);
    expect(d, 0, GW_DOC_CASES, "1");
    gw_documents_sent(d, GW_DOC_CASES, 5, 0);
    set(d, GW_DOC_CASES, "2");
    set(d, GW_DOC_CASES, "3");
    expect_none(d, 0);
    assert_false(gw_documents_acked(d, 6, false, 0, &doc));
    assert_true(gw_documents_acked(d, 5, false, 0, &doc));
    assert_int_equal(doc, GW_DOC_CASES);
    assert_false(gw_documents_acked(d, 5, false, 0, &doc));
    expect(d, 0, GW_DOC_CASES, "3");
    gw_documents_sent(d, GW_DOC_CASES, 6, 0);
    assert_true(gw_documents_acked(d, 6, false, 0, &doc));
    expect_none(d, 0);
    gw_documents_restart(d); /* a new broker may have nothing */
    expect_none(d, 0);
    assert_int_equal(gw_documents_wanted(d), 1u << GW_DOC_CASES);
    set(d, GW_DOC_CASES, "4");
    expect(d, 0, GW_DOC_CASES, "4");
}

static void test_a_refused_one_waits_while_others_pass(void **state)
{
    struct gw_documents *d = *state;
    enum gw_document doc;
    int64_t due_ms;
    set(d, GW_DOC_INVENTORY, "i");
    gw_documents_restart(d);
    expect(d, 100, GW_DOC_INVENTORY, "i");
    gw_documents_sent(d, GW_DOC_INVENTORY, 1, 0);
    assert_int_equal(gw_documents_waiting(d, &due_ms), 0);
    assert_true(gw_documents_acked(d, 1, true, 100, &doc));
    assert_int_equal(gw_documents_waiting(d, &due_ms), 1);
    assert_in_range(due_ms, 4100, 6100);
    expect_none(d, 4000);
    set(d, GW_DOC_HEALTH, "h");
    expect(d, 4000, GW_DOC_HEALTH, "h");
    gw_documents_sent(d, GW_DOC_HEALTH, 2, 0);

    set(d, GW_DOC_INVENTORY, "i2"); /* a newer text is not tried sooner */
    expect_none(d, due_ms - 1);
    expect(d, due_ms, GW_DOC_INVENTORY, "i2");
    gw_documents_sent(d, GW_DOC_INVENTORY, 3, 0);
    assert_int_equal(gw_documents_waiting(d, &due_ms), 1); /* not mended before it is accepted */
    assert_int_equal(due_ms, INT64_MAX);
    assert_true(gw_documents_acked(d, 3, true, 10000, &doc));
    assert_int_equal(gw_documents_waiting(d, &due_ms), 1);
    assert_in_range(due_ms, 18000, 22000);
    expect(d, due_ms, GW_DOC_INVENTORY, "i2");
    gw_documents_sent(d, GW_DOC_INVENTORY, 4, 0);
    assert_true(gw_documents_acked(d, 4, false, 30000, &doc));
    assert_int_equal(gw_documents_waiting(d, &due_ms), 0);

    expect_none(d, 30000);
    gw_documents_refused(d, GW_DOC_INVENTORY, 30000); /* the wait starts small again */
    gw_documents_waiting(d, &due_ms);
    assert_in_range(due_ms, 34000, 36000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ready_needs_birth_and_will, setup, teardown),
        cmocka_unit_test_setup_teardown(test_online_goes_first_and_offline_never, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_is_repeated_slowly, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_broker_has_is_let_go_but_birth_and_will,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_copy_in_flight_then_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_one_waits_while_others_pass, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
