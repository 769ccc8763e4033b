/* SPDX-License-Identifier: Apache-2.0
 *
 * The MQTT worker against a broker that the test plays itself: windows, reason codes, refusals.
 */
#include "fake_broker.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIET_MS 150 /* how long nothing must come for "nothing comes" */

struct fixture {
    struct fake_broker broker;
    struct rig_backlog *backlog;
    struct gw_site_mqtt site;
    struct gw_mqtt *mqtt;
    struct gw_clock clock;
    struct rig_fast_clock fast;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fake_open(&f->broker);
    f->backlog = rig_backlog_new();
    f->site = rig_site(f->broker.port);
    f->clock = gw_clock_system();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fake_close(&f->broker); /* a stop would wait for an answer to its goodbye */
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    rig_backlog_free(f->backlog);
    free(f);
    return 0;
}

static void start(struct fixture *f)
{
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    fake_accept(&f->broker);
}

/* Lets it connect, and answers its birth. */
static void connect_up(struct fixture *f, uint16_t receive_max)
{
    struct fake_publish p;
    start(f);
    fake_connack(&f->broker, 0, receive_max);
    fake_expect(&f->broker, "status", &p);
    assert_string_equal(p.payload, "{\"online\":true}");
    assert_true(p.retain);
    fake_puback(&f->broker, p.mid, 0);
}

static void add(struct fixture *f, int n, enum gw_parcel_kind kind, const char *topic)
{
    rig_backlog_add(f->backlog, n, (struct rig_parcel){.kind = kind, .topic = topic});
}

/* Reads parcels until it is quiet; how many. */
static int read_all(struct fixture *f, uint16_t *mids, int max)
{
    struct fake_publish p;
    int n = 0;
    while (fake_next(&f->broker, QUIET_MS, &p) == FAKE_PUBLISH) {
        assert_true(n < max);
        mids[n++] = p.mid;
    }
    return n;
}

static void test_connect_packet(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_true(f->broker.v5);
    /* Clean start, will, will QoS 1, will retained; neither user name nor password. */
    assert_int_equal(f->broker.connect_flags, 0x02 | 0x04 | 0x08 | 0x20);
    assert_int_equal(f->broker.keepalive_s, 10);
}

static void test_never_more_than_the_window(void **state)
{
    struct fixture *f = *state;
    uint16_t mids[64] = {0};
    f->site.window = 5;
    add(f, 30, GW_PARCEL_RECORD, "lead");
    connect_up(f, 0);
    int done = 0;
    int count = read_all(f, mids, 64);
    while (done < 30) {
        assert_int_equal(count - done, 30 - done < 5 ? 30 - done : 5);
        int batch = count - done > 2 ? 2 : count - done;
        for (int i = 0; i < batch; i++)
            fake_puback(&f->broker, mids[done + i], 0);
        done += batch;
        count += read_all(f, mids + count, 64 - count);
    }
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 30) == 30, 10);
    assert_int_equal(rig_backlog_most_out(f->backlog), 5);
}

static void test_brokers_receive_maximum_counts(void **state)
{
    struct fixture *f = *state;
    uint16_t mids[64] = {0};
    add(f, 10, GW_PARCEL_RECORD, "lead");
    connect_up(f, 3);
    int count = 0;
    for (int done = 0; done < 10; done++) {
        count += read_all(f, mids + count, 64 - count);
        assert_int_equal(count - done, 10 - done < 3 ? 10 - done : 3);
        fake_puback(&f->broker, mids[done], 0);
    }
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 10) == 10, 10);
    assert_int_equal(rig_backlog_most_out(f->backlog), 3);
}

static void test_only_the_newest_document_is_in_flight(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->site.window = 1;
    add(f, 1, GW_PARCEL_RECORD, "lead");
    connect_up(f, 0);
    fake_expect(&f->broker, "lead", &p); /* not answered: documents have no part in the window */
    rig_document(f->mqtt, GW_DOC_HEALTH, "{\"n\":1}");
    fake_expect(&f->broker, "health", &p);
    assert_string_equal(p.payload, "{\"n\":1}");
    assert_true(p.retain);
    rig_document(f->mqtt, GW_DOC_HEALTH, "{\"n\":2}");
    rig_document(f->mqtt, GW_DOC_HEALTH, "{\"n\":3}");
    rig_document(f->mqtt, GW_DOC_CASES, "{}");
    uint16_t health = p.mid;
    fake_expect(&f->broker, "cases", &p);
    assert_int_equal(fake_next(&f->broker, QUIET_MS, &p), FAKE_NOTHING);
    fake_puback(&f->broker, health, 0x10); /* nobody listens: kept for who comes */
    fake_expect(&f->broker, "health", &p);
    assert_string_equal(p.payload, "{\"n\":3}");
    fake_puback(&f->broker, p.mid, 0);
    assert_int_equal(fake_next(&f->broker, QUIET_MS, &p), FAKE_NOTHING);
    assert_string_equal(rig_stats(f->mqtt).fault, "");
}

static void test_a_refused_document_is_a_fault_until_mended(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->clock = rig_fast_clock(&f->fast, 20);
    connect_up(f, 0);
    rig_document(f->mqtt, GW_DOC_INVENTORY, "{}");
    fake_expect(&f->broker, "inventory", &p);
    fake_puback(&f->broker, p.mid, 0x97);
    RIG_UNTIL(rig_fault_has(f->mqtt, "inventory: Quota exceeded"), 10);
    fake_expect(&f->broker, "inventory", &p);
    fake_puback(&f->broker, p.mid, 0);
    RIG_UNTIL(rig_stats(f->mqtt).fault[0] == '\0', 10);
}

static void test_nobody_subscribed_is_no_delivery_of_a_record(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->clock = rig_fast_clock(&f->fast, 20);
    add(f, 1, GW_PARCEL_RECORD, "lead");
    add(f, 1, GW_PARCEL_TELEMETRY, "telemetry");
    add(f, 1, GW_PARCEL_EVENT, "event");
    add(f, 1, GW_PARCEL_WINDOW, "evidence/0123456789abcdef-1");
    connect_up(f, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fake_next(&f->broker, 10000, &p), FAKE_PUBLISH);
        fake_puback(&f->broker, p.mid, 0x10);
    }
    /* The window that a record's hash names is no less a proof than the record. */
    RIG_UNTIL(rig_backlog_acked(f->backlog, 1, 4) == 2, 10);
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 1), 0);
    RIG_UNTIL(rig_stats(f->mqtt).held == 2, 10);
    assert_true(rig_fault_has(f->mqtt, "nobody is subscribed"));

    int64_t from_ms = gw_clock_mono_ms(&f->clock);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fake_next(&f->broker, 10000, &p), FAKE_PUBLISH);
        assert_true(gw_clock_mono_ms(&f->clock) - from_ms >= 20000);
        fake_puback(&f->broker, p.mid, 0);
    }
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 1) == 1, 10);
    RIG_UNTIL(rig_stats(f->mqtt).held == 0 && rig_stats(f->mqtt).fault[0] == '\0', 10);
}

/* That it will not do where receipts are wanted is the journal's to know. */
static void test_with_receipts_a_puback_is_told_the_journal(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->site.receipts = true;
    f->site.window = 1;
    add(f, 2, GW_PARCEL_RECORD, "lead");
    add(f, 1, GW_PARCEL_EVENT, "event");
    connect_up(f, 0);
    for (int i = 0; i < 3; i++) { /* the slot is free again each time */
        assert_int_equal(fake_next(&f->broker, 10000, &p), FAKE_PUBLISH);
        fake_puback(&f->broker, p.mid, 0);
    }
    RIG_UNTIL(rig_stats(f->mqtt).acked == 3, 10);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 3) == 3, 10);
}

/* Refuses for as long as it tries, until the fault says that others are tried slowly. */
static void refuse_until_slow(struct fixture *f)
{
    struct fake_publish p;
    while (!rig_fault_has(f->mqtt, "64 messages are held, others are tried slowly"))
        if (fake_next(&f->broker, 20000, &p) == FAKE_PUBLISH)
            fake_puback(&f->broker, p.mid, 0x87);
}

static void test_a_broker_that_refuses_all_is_spared_the_backlog(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->clock = rig_fast_clock(&f->fast, 20);
    f->site.window = 10;
    add(f, 2000, GW_PARCEL_RECORD, "lead");
    connect_up(f, 0);
    refuse_until_slow(f);
    /* What was granted by then may still come; then one comes a second, beside what is tried again. */
    const int before = rig_backlog_out(f->backlog) + rig_backlog_granted(f->backlog);
    const int64_t from_ms = gw_clock_mono_ms(&f->clock);
    while (gw_clock_mono_ms(&f->clock) < from_ms + 30000)
        if (fake_next(&f->broker, 100, &p) == FAKE_PUBLISH)
            fake_puback(&f->broker, p.mid, 0x87);
    const int64_t took_ms = gw_clock_mono_ms(&f->clock) - from_ms;
    const int more = rig_backlog_out(f->backlog) + rig_backlog_granted(f->backlog) - before;
    assert_in_range(more, 1, 10 + took_ms / 1000 + 1);
    assert_int_equal(rig_stats(f->mqtt).held, 64);
    assert_int_equal(rig_backlog_rewinds(f->backlog), 0);

    /* Mended: the held ones show it, and what was let go comes with the rest. */
    while (rig_backlog_acked(f->backlog, 0, 2000) < 2000)
        if (fake_next(&f->broker, 100, &p) == FAKE_PUBLISH)
            fake_puback(&f->broker, p.mid, 0);
    RIG_UNTIL(rig_stats(f->mqtt).held == 0 && rig_stats(f->mqtt).fault[0] == '\0', 10);
    assert_int_equal(rig_backlog_rewinds(f->backlog), 1);
}

/* As where nobody may have windows of evidence, or listens to them. */
static void test_what_is_refused_keeps_nothing_else_waiting(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->clock = rig_fast_clock(&f->fast, 20);
    f->site.window = 10;
    add(f, 1000, GW_PARCEL_WINDOW, "evidence/0123456789abcdef-1");
    connect_up(f, 0);
    refuse_until_slow(f);
    for (int n = 1; n <= 20; n++) {
        const int64_t from_ms = gw_clock_mono_ms(&f->clock);
        add(f, 1, GW_PARCEL_RECORD, "alarm");
        while (rig_backlog_acked(f->backlog, 1000, 1000 + n) < n)
            if (fake_next(&f->broker, 100, &p) == FAKE_PUBLISH)
                fake_puback(&f->broker, p.mid, strstr(p.topic, "alarm") ? 0 : 0x87);
        /* A second for the grant; but it is one of a clock twenty times as fast as the machine. */
        assert_in_range(gw_clock_mono_ms(&f->clock) - from_ms, 0, 60000);
    }
    /* What is refused for good is asked for again at times, and no faster. */
    const int64_t from_ms = gw_clock_mono_ms(&f->clock);
    while (rig_backlog_rewinds(f->backlog) < 1)
        if (fake_next(&f->broker, 100, &p) == FAKE_PUBLISH)
            fake_puback(&f->broker, p.mid, 0x87);
    assert_true(gw_clock_mono_ms(&f->clock) - from_ms < 5 * 60000);
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 1000), 0);
    while (rig_backlog_acked(f->backlog, 0, 1020) < 1020)
        if (fake_next(&f->broker, 100, &p) == FAKE_PUBLISH)
            fake_puback(&f->broker, p.mid, 0);
}

static void test_strange_acknowledgements_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->site.window = 1;
    add(f, 2, GW_PARCEL_RECORD, "lead");
    connect_up(f, 0);
    fake_expect(&f->broker, "lead", &p);
    fake_puback(&f->broker, 4711, 0);
    assert_int_equal(fake_next(&f->broker, QUIET_MS, &p), FAKE_NOTHING);
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 2), 0);
    fake_puback(&f->broker, p.mid, 0);
    fake_puback(&f->broker, p.mid, 0); /* twice */
    fake_expect(&f->broker, "lead", &p);
    assert_non_null(strstr(p.payload, "\"n\":1"));
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 2), 1);
    fake_puback(&f->broker, p.mid, 0);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 2) == 2, 10);
    assert_int_equal(rig_stats(f->mqtt).connects, 1);
}

static void test_loss_gives_everything_back(void **state)
{
    struct fixture *f = *state;
    uint16_t mids[64] = {0};
    f->site.window = 4;
    add(f, 10, GW_PARCEL_RECORD, "lead");
    connect_up(f, 0);
    assert_int_equal(read_all(f, mids, 64), 4);
    fake_puback(&f->broker, mids[1], 0);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 10) == 1, 10);
    fake_hang_up(&f->broker);
    RIG_UNTIL(rig_backlog_rewinds(f->backlog) == 1, 10);
    assert_int_equal(rig_backlog_out(f->backlog), 0);

    fake_accept(&f->broker);
    fake_connack(&f->broker, 0, 0);
    struct fake_publish p;
    fake_expect(&f->broker, "status", &p); /* the birth again, first of all */
    fake_puback(&f->broker, p.mid, 0);
    for (int i = 0; i < 9; i++) {
        fake_expect(&f->broker, "lead", &p);
        fake_puback(&f->broker, p.mid, 0);
    }
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 10) == 10, 10);
}

static void expect_refusal(struct fixture *f, uint8_t reason, const char *fault)
{
    fake_connack(&f->broker, reason, 0);
    RIG_UNTIL(rig_fault_has(f->mqtt, fault), 10);
    assert_false(rig_stats(f->mqtt).connected);
    assert_int_equal(rig_stats(f->mqtt).connects, 0);
    assert_int_equal(rig_backlog_granted(f->backlog), 0);
}

static void test_refusals_are_told_by_class(void **state)
{
    struct fixture *f = *state;
    f->clock = rig_fast_clock(&f->fast, 20);
    start(f);
    expect_refusal(f, 0x84, "set version to 3.1.1");
    fake_accept(&f->broker);
    expect_refusal(f, 0x86, "bad credentials");
    fake_accept(&f->broker);
    expect_refusal(f, 0x87, "not authorised");
    fake_accept(&f->broker);
    f->broker.v5 = false; /* a broker of old answers in its own tongue */
    expect_refusal(f, 1, "set version to 3.1.1");
    fake_accept(&f->broker);
    expect_refusal(f, 0x9f, "0x9f");
}

static void test_refusals_of_the_older_protocol(void **state)
{
    struct fixture *f = *state;
    f->site.version = 1;
    f->clock = rig_fast_clock(&f->fast, 20);
    start(f);
    assert_false(f->broker.v5);
    expect_refusal(f, 4, "bad credentials");
    fake_accept(&f->broker);
    expect_refusal(f, 5, "not authorised");
    fake_accept(&f->broker);
    expect_refusal(f, 2, "client id");
}

static void test_session_taken_over_waits_a_minute(void **state)
{
    struct fixture *f = *state;
    connect_up(f, 0);
    fake_disconnect(&f->broker, 0x8e);
    RIG_UNTIL(rig_fault_has(f->mqtt, "taken over"), 10);
    assert_false(fake_knock(&f->broker, 2500)); /* any other loss is mended within 1.2 s */
}

static void test_silent_broker_is_given_up(void **state)
{
    struct fixture *f = *state;
    f->clock = rig_fast_clock(&f->fast, 20);
    start(f);
    RIG_UNTIL(rig_fault_has(f->mqtt, "did not answer"), 10);
    fake_accept(&f->broker); /* and tried again */
}

static void test_unanswered_goodbye_leaves_the_will(void **state)
{
    struct fixture *f = *state;
    struct fake_publish p;
    f->clock = rig_fast_clock(&f->fast, 4);
    connect_up(f, 0);
    RIG_UNTIL(rig_stats(f->mqtt).connected, 10);
    int64_t from_ms = rig_now_ms();
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    f->mqtt = NULL;
    assert_in_range(rig_now_ms() - from_ms, 0, 5000);
    fake_expect(&f->broker, "status", &p);
    assert_string_equal(p.payload, "{\"online\":false}");
    assert_int_equal(fake_next(&f->broker, 1000, &p), FAKE_DISCONNECT);
    assert_int_equal(p.mid, 4); /* disconnect with will message */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(connect_packet),
        T(never_more_than_the_window),
        T(brokers_receive_maximum_counts),
        T(only_the_newest_document_is_in_flight),
        T(a_refused_document_is_a_fault_until_mended),
        T(nobody_subscribed_is_no_delivery_of_a_record),
        T(with_receipts_a_puback_is_told_the_journal),
        T(a_broker_that_refuses_all_is_spared_the_backlog),
        T(what_is_refused_keeps_nothing_else_waiting),
        T(strange_acknowledgements_change_nothing),
        T(loss_gives_everything_back),
        T(refusals_are_told_by_class),
        T(refusals_of_the_older_protocol),
        T(session_taken_over_waits_a_minute),
        T(silent_broker_is_given_up),
        T(unanswered_goodbye_leaves_the_will),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
