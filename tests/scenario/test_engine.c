/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's own promises: what it looks at, what it stores, what it takes back, what it
 * allocates.
 */
#include "asked.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- counting allocations ----
 *
 * The linker sends malloc and its kin through here (see CMakeLists.txt), and the scene's journal as
 * well, whose own allocations are not the engine's. */

static struct {
    bool on;
    int outside; /* depth of calls into the scene's journal */
    size_t count;
} meter;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
enum gw_status __real_ledger_emit(void *ctx, const struct gw_draft *draft);
enum gw_status __wrap_ledger_emit(void *ctx, const struct gw_draft *draft);

static void note(void)
{
    if (meter.on && meter.outside == 0)
        meter.count++;
}

void *__wrap_malloc(size_t n)
{
    note();
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    note();
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    note();
    return __real_realloc(p, n);
}

enum gw_status __wrap_ledger_emit(void *ctx, const struct gw_draft *draft)
{
    meter.outside++;
    const enum gw_status status = __real_ledger_emit(ctx, draft);
    meter.outside--;
    return status;
}

static void nothing_is_allocated_in_the_steady_state(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    static const char *const devices[] = {"gas", "pt", "fi", "fo", "di"};
    scene_run(s, 10 * MINUTE);
    /* The first window of this size takes its memory; later ones find it. */
    scene_state(s, "gas.s1", GW_S_LOW);
    scene_run(s, 5 * MINUTE);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, 5 * MINUTE);
    for (int i = 0; i < 600; i++) {
        if (i == 100) {
            scene_state(s, "gas.s1", GW_S_LOW); /* raise, window, return */
            scene_num(s, "pt.t1", 58);          /* alarms, a lead */
            scene_quality(s, "fi.q", GW_Q_BAD_FAULT);
        }
        if (i == 300)
            scene_state(s, "gas.s1", GW_S_NORMAL);
        scene_wait(s, SECOND);
        const struct gw_stamp now = scene_now(s);
        for (size_t d = 0; d < sizeof devices / sizeof devices[0]; d++) {
            const uint32_t device = scene_poll(s, devices[d]);
            meter.on = i < 590; /* evidence of the lead is larger than what came before */
            gw_engine_device(scene_engine(s), device, &now);
            meter.on = false;
        }
        struct gw_engine_counts c;
        gw_engine_counts(scene_engine(s), &c);
        const bool windows = c.leads == 0;
        meter.on = windows;
        gw_engine_all(scene_engine(s), &now);
        gw_engine_checkpoint(scene_engine(s), &now, false);
        meter.on = false;
        scene_commit(s);
    }
    /* The lead's, which has something to remember for the first time; no alarm asks for memory. */
    assert_int_equal(meter.count, 1);
    assert_true(scene_count(s, "GAS-EV-LOW", "raised") == 2);
    assert_true(scene_count(s, "CW-ILK-01", "raised") == 1);
    scene_free(s);
}

/* ---- which device ---- */

static void a_device_wakes_only_its_own_checks(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_wait(s, SECOND);
    struct gw_stamp now = scene_now(s);
    const uint32_t gas = scene_poll(s, "gas");
    const uint32_t fi = scene_poll(s, "fi");
    gw_engine_device(scene_engine(s), fi, &now);
    gw_engine_device(scene_engine(s), 4711, &now);
    scene_commit(s);
    assert_int_equal(scene_records(s), 0);
    gw_engine_device(scene_engine(s), gas, &now);
    scene_commit(s);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    scene_free(s);
}

/* Evaluates all a quarter of a second later; returns how often GAS-EV-HIGH was raised. */
static size_t look(struct scene *s)
{
    scene_wait(s, SECOND / 4);
    const struct gw_stamp now = scene_now(s);
    gw_engine_all(scene_engine(s), &now);
    scene_commit(s);
    return scene_count(s, "GAS-EV-HIGH", "raised");
}

/* What no pass brought, time may: it is seen within a second. */
static void a_check_at_rest_is_looked_at_once_a_second(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_HIGH);
    (void)scene_poll(s, "gas"); /* into the table; the engine is not told */
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(s), 0);
    assert_int_equal(look(s), 1);
    scene_free(s);
}

/* A pass over the thermometer wakes the interlock lead as well, which does not look at it itself.
 */
static void a_device_wakes_what_watches_its_alarms(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_run(s, 12 * SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 0);
    for (int i = 0; i < 10; i++) {
        scene_wait(s, SECOND);
        const struct gw_stamp now = scene_now(s);
        (void)scene_poll(s, "di");
        gw_engine_device(scene_engine(s), scene_poll(s, "pt"), &now);
        scene_commit(s);
    }
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    scene_free(s);
}

/* ---- what is stored while a delay runs ---- */

static void a_running_delay_is_stored_by_tenths(void **state)
{
    (void)state;
    static const struct {
        int64_t run_ms;
        size_t rows;
        bool hour; /* the delay of one hour (a row a minute), or the one of ten seconds (a row a
                      second) */
    } rows[] = {{10 * MINUTE, 10, true}, {9 * SECOND, 9, false}};
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = foundry_new();
        scene_run(s, 10 * SECOND);
        const size_t before = scene_rows_written(s);
        scene_run(s, 10 * MINUTE);
        assert_int_equal(scene_rows_written(s), before); /* nothing runs, nothing is written */
        if (rows[i].hour)
            scene_contact(s, "gas.mains", true);
        else
            scene_num(s, "pt.t1", 52); /* one alarm of the two */
        scene_run(s, SECOND);
        scene_run(s, rows[i].run_ms);
        assert_int_equal(scene_rows_written(s) - before, rows[i].rows);
        scene_free(s);
    }
}

static void a_clean_end_stores_everything(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_contact(s, "gas.mains", true);
    scene_run(s, SECOND);
    scene_run(s, 500);
    assert_null(scene_row(s, "paint-1:GAS-FLT-03:gas.mains"));
    const struct gw_stamp now = scene_now(s);
    scene_refuse(s, 100, 1);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    scene_refuse(s, 0, 1);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    scene_commit(s);
    const char *row = scene_row(s, "paint-1:GAS-FLT-03:gas.mains");
    assert_non_null(row);
    assert_non_null(strstr(row, "\"ran_on\":500,"));
    assert_non_null(strstr(row, "\"was\":true"));
    const size_t rows = scene_rows_written(s);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    assert_int_equal(scene_rows_written(s), rows); /* all is stored */
    scene_free(s);
}

/* A store that was replaced while the engine ran gets every row back; records of the old chain can
 * no longer be named. The same chain again (a store that was away for a while) changes nothing. */
static void a_new_store_gets_all_rows_back(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    const struct gw_stamp now = scene_now(s);
    char chain[GW_CHAIN_SIZE];
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, "GAS-FLT-01", "raised"), id);
    snprintf(chain, sizeof chain, "%.16s", id);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    size_t rows = scene_rows_written(s);
    gw_engine_chain(scene_engine(s), chain);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    assert_int_equal(scene_rows_written(s), rows);

    gw_engine_chain(scene_engine(s), "00000000deadbeef");
    gw_engine_checkpoint(scene_engine(s), &now, true);
    assert_true(scene_rows_written(s) > rows);
    const char *row = scene_row(s, "paint-1:GAS-FLT-01:gas.s1");
    assert_non_null(row);
    assert_non_null(strstr(row, "\"active\":true"));
    rows = scene_rows_written(s);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    assert_int_equal(scene_rows_written(s), rows);
    char *standing = scene_standing(s); /* still open, and not raised again */
    assert_non_null(strstr(standing, "paint-1:GAS-FLT-01:gas.s1#1:0"));
    free(standing);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    scene_free(s);
}

#define NEW_CHAIN "00000000deadbeef"

/* Fails when a text names a record of the new chain that was committed to the old one. */
static void expect_no_foreign(const char *text, int64_t last_of_old)
{
    for (const char *at = strstr(text, NEW_CHAIN "-"); at != NULL;
         at = strstr(at + 1, NEW_CHAIN "-"))
        if (strtoll(at + sizeof(NEW_CHAIN), NULL, 10) <= last_of_old)
            fail_msg("a record of another chain in %s", text);
}

/* All standing cases as the engine would publish them. malloc'd. */
static char *cases_text(struct scene *s)
{
    struct gw_buf doc;
    struct gw_jcs j;
    gw_buf_init(&doc, 1 << 20);
    gw_jcs_init(&j, &doc);
    gw_jcs_obj(&j, NULL);
    gw_engine_write_cases(scene_engine(s), &j, "cases");
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    char *text = gw_buf_take(&doc, NULL);
    gw_buf_free(&doc);
    assert_non_null(text);
    return text;
}

/* Numbers of the old chain name other records, or none, in the new one: not in the list of cases,
 * not as the quoted alarm, not in evidence that was due when the store was replaced. Cases of
 * assets that are no longer declared are listed as well. */
static void a_new_store_names_no_record_of_the_old(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    scene_reload(s, FOUNDRY_FURNACE);
    gw_engine_chain(scene_engine(s), "00112233445566ff");
    scene_num(s, "pt.t1", 58);
    scene_run(s, 30 * SECOND); /* the alarm and an interlock lead, their windows open */
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    const size_t old = scene_records(s);
    const int64_t last = scene_record(s, old - 1)->seq;
    const size_t evidence = scene_count(s, "CW-ILK-01", NULL);

    struct gw_stamp now = scene_now(s);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    scene_commit(s);
    const size_t rows = scene_rows_written(s);
    gw_engine_chain(scene_engine(s), NEW_CHAIN);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    gw_engine_checkpoint(scene_engine(s), &now, true);
    scene_commit(s);
    size_t stored = 1; /* the undeclared one */
    for (size_t i = 0; i < gw_inventory_count(scene_inventory(s)); i++)
        stored += scene_row(s, gw_inventory_at(scene_inventory(s), i)->key) != NULL ? 1 : 0;
    assert_int_equal(scene_rows_written(s) - rows, stored);
    char *cases = cases_text(s);
    assert_non_null(strstr(cases, "GAS-FLT-01"));
    assert_non_null(strstr(cases, "CW-ILK-01"));
    expect_no_foreign(cases, last);
    free(cases);
    scene_run(s, 20 * MINUTE); /* unhandled: quotes the alarm */
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", NULL), evidence);
    now = scene_now(s);
    assert_int_equal(asked_ack(s, "if-1:CW-EV-TOUT-HH:pt.t1", &now), GW_OK);
    scene_num(s, "pt.t1", 40);
    scene_run(s, 2 * HOUR); /* the alarm returns, the leads clear */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "cleared"), 1);
    for (size_t i = old; i < scene_records(s); i++) {
        const struct scene_record *r = scene_record(s, i);
        expect_no_foreign(r->body, last);
        expect_no_foreign(r->window_id, last);
        expect_no_foreign(r->window != NULL ? r->window : "", last);
    }
    /* What opens in the new chain has its name again. */
    scene_num(s, "pt.t1", 58);
    scene_run(s, 5 * MINUTE);
    char id[GW_RECORD_ID_SIZE];
    snprintf(id, sizeof id, NEW_CHAIN "-%lld",
             (long long)scene_last(s, "CW-EV-TOUT-HH", "raised")->seq);
    assert_non_null(strstr(scene_last(s, "CW-ILK-01", "reopened")->body, id));
    scene_free(s);
}

/* What was restored is stored already. */
static void a_restart_writes_no_rows(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_contact(s, "di.x1", true);
    scene_run(s, HOUR);
    scene_restart(s, SCENE_CLEAN, SECOND, true);
    const size_t before = scene_rows_written(s);
    scene_run(s, HOUR);
    assert_int_equal(scene_rows_written(s), before);
    scene_free(s);
}

/* The next pass after a raise says the opposite: that is when the return was first seen. */
static void a_return_is_observed_at_the_first_good_sample(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, SECOND);
    const uint32_t gas = scene_poll(s, "gas");
    for (int i = 0; i < 32; i++) {
        scene_state(s, "gas.s1", i == 0 ? GW_S_LOW : GW_S_NORMAL);
        scene_wait(s, SECOND);
        (void)scene_poll(s, "gas");
        const struct gw_stamp now = scene_now(s);
        gw_engine_device(scene_engine(s), gas, &now);
        scene_commit(s);
    }
    assert_string_equal(rec_str(scene_last(s, "GAS-EV-LOW", "raised"), "time/observed"),
                        "2026-11-22T08:00:02.000+08:00");
    assert_string_equal(rec_str(scene_last(s, "GAS-EV-LOW", "returned"), "time/observed"),
                        "2026-11-22T08:00:03.000+08:00");
    assert_string_equal(rec_str(scene_last(s, "GAS-EV-LOW", "returned"), "time/recorded"),
                        "2026-11-22T08:00:33.000+08:00");
    scene_free(s);
}

/* The worst value moves with every sample; its row follows at most once a minute. */
static void the_worst_value_is_stored_now_and_then(void **state)
{
    (void)state;
    struct scene *s = foundry_with("\"p\":{\"type\":\"paint_mix\",\"name\":\"x\",\"facts\":{"
                                   "\"paint\":\"water\"},\"roles\":{\"GAS\":\"gas.p1\"}}");
    scene_num(s, "gas.p1", 30);
    scene_run(s, SECOND);
    const size_t before = scene_rows_written(s);
    for (int i = 0; i < 600; i++) {
        scene_num(s, "gas.p1", 30 + i / 100.0);
        scene_run(s, SECOND);
    }
    assert_in_range(scene_rows_written(s) - before, 8, 10);
    scene_free(s);
}

/* ---- what is taken back ---- */

static const char good_row[] =
    "{\"active\":true,\"alarm\":\"normal\",\"alarm_seq\":0,\"case\":\"open\",\"cleared_ms\":0,"
    "\"evidence\":false,\"number\":1,\"raised_ms\":1795305000000,\"ran_off\":0,\"ran_on\":0,"
    "\"reopened\":0,\"seen\":0,\"since_ms\":0,\"v\":1,\"was\":true,\"worst\":\"\"}";

static void rows_that_are_none_are_refused(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_engine *e = scene_engine(s);
    char long_key[200];
    memset(long_key, 'a', sizeof long_key - 1);
    memcpy(long_key + 10, ":GAS-FLT-01:", 12);
    long_key[sizeof long_key - 1] = '\0';
    static const char *const bad_keys[] = {
        "", "if-1", ":CW-FLT-01", "if-1:", "if-1:CW-FLT-01:", "a:GAS-FLT-01-WITH-A-NAME-TOO-LONG"};
    for (size_t i = 0; i < sizeof bad_keys / sizeof bad_keys[0]; i++)
        assert_int_equal(gw_engine_restore(e, bad_keys[i], good_row, 1), GW_E_PARSE);
    assert_int_equal(gw_engine_restore(e, long_key, good_row, 1), GW_E_PARSE);
    assert_int_equal(gw_engine_restore(e, "if-1:CW-FLT-01:pt.t1", "{}", 1), GW_E_PARSE);
    assert_int_equal(gw_engine_restore(e, "if-1:CW-FLT-01:pt.t1", "", 1), GW_E_PARSE);
    /* A lead's row for an alarm, and the other way round. */
    assert_int_equal(gw_engine_restore(e, "if-1:CW-EV-TOUT-H:pt.t1", good_row, 1), GW_E_PARSE);
    char alarm_row[sizeof good_row + 8];
    const char *at = strstr(good_row, "normal");
    snprintf(alarm_row, sizeof alarm_row, "%.*sacked%s", (int)(at - good_row), good_row, at + 6);
    assert_int_equal(gw_engine_restore(e, "if-1:CW-FLT-01:pt.t1", alarm_row, 1), GW_E_PARSE);
    struct gw_engine_counts c;
    gw_engine_counts(e, &c);
    assert_int_equal(c.alarms + c.leads, 0);
    assert_int_equal(gw_engine_restore(e, "if-1:CW-FLT-01:pt.t1", good_row, 9), GW_OK);
    assert_int_equal(gw_engine_restore(e, "if-1:CW-EV-TOUT-H:pt.t1", alarm_row, 8), GW_OK);
    gw_engine_counts(e, &c);
    assert_int_equal(c.alarms, 1);
    assert_int_equal(c.leads, 1);
    scene_free(s);
}

static void undeclared_cases_stand_with_what_is_known(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    struct gw_engine *e = scene_engine(s);
    char closed[sizeof good_row];
    snprintf(closed, sizeof closed, "%s", good_row);
    assert_int_equal(gw_engine_restore(e, "old:CW-FLT-01:pt.t9", good_row, 7), GW_OK);
    assert_int_equal(gw_engine_restore(e, "old:XX-FLT-99", good_row, 5), GW_OK);
    /* What is closed and undeclared does not stand. */
    static const char cleared[] =
        "{\"active\":false,\"alarm\":\"normal\",\"alarm_seq\":0,\"case\":\"cleared\","
        "\"cleared_ms\":1795305000000,\"evidence\":false,\"number\":1,"
        "\"raised_ms\":1795305000000,\"ran_off\":0,\"ran_on\":0,\"reopened\":0,\"seen\":0,"
        "\"since_ms\":0,\"v\":1,\"was\":false,\"worst\":\"\"}";
    assert_int_equal(gw_engine_restore(e, "old:CW-BYP-01", cleared, 6), GW_OK);
    struct gw_buf doc;
    struct gw_jcs j;
    gw_buf_init(&doc, 65536);
    gw_jcs_init(&j, &doc);
    gw_engine_chain(e, "00112233445566ff");
    gw_jcs_obj(&j, NULL);
    gw_engine_write_cases(e, &j, "cases");
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    assert_string_equal(
        doc.data,
        "{\"cases\":[{\"asset\":\"old\",\"case\":\"old:CW-FLT-01:pt.t9#1\",\"declared\":false,"
        "\"finding\":\"CW-FLT-01\",\"kind\":\"FLT\",\"record\":\"00112233445566ff-7\","
        "\"reopened\":0,\"since\":\"2026-11-22T07:50:00.000+08:00\",\"state\":\"open\","
        "\"subject\":\"pt.t9\"},{\"asset\":\"old\",\"case\":\"old:XX-FLT-99#1\","
        "\"declared\":false,\"finding\":\"XX-FLT-99\",\"kind\":\"\","
        "\"record\":\"00112233445566ff-5\",\"reopened\":0,"
        "\"since\":\"2026-11-22T07:50:00.000+08:00\",\"state\":\"open\",\"subject\":\"\"}]}");
    gw_buf_free(&doc);
    scene_free(s);
}

static void notices_of_nobody_are_ignored(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    gw_engine_committed(scene_engine(s), 0, 1);
    gw_engine_committed(scene_engine(s), 1, 1);
    gw_engine_committed(scene_engine(s), UINT64_MAX, 1);
    scene_num(s, "pt.t1", 58);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_allocated_in_the_steady_state),
        cmocka_unit_test(a_device_wakes_only_its_own_checks),
        cmocka_unit_test(a_check_at_rest_is_looked_at_once_a_second),
        cmocka_unit_test(a_device_wakes_what_watches_its_alarms),
        cmocka_unit_test(a_running_delay_is_stored_by_tenths),
        cmocka_unit_test(a_clean_end_stores_everything),
        cmocka_unit_test(a_new_store_gets_all_rows_back),
        cmocka_unit_test(a_new_store_names_no_record_of_the_old),
        cmocka_unit_test(a_restart_writes_no_rows),
        cmocka_unit_test(a_return_is_observed_at_the_first_good_sample),
        cmocka_unit_test(the_worst_value_is_stored_now_and_then),
        cmocka_unit_test(rows_that_are_none_are_refused),
        cmocka_unit_test(undeclared_cases_stand_with_what_is_known),
        cmocka_unit_test(notices_of_nobody_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
