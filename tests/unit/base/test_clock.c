/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/backoff.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

static void system_clock_agrees_with_the_kernel(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    struct timespec before;
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    struct gw_stamp s = gw_clock_now(&clock);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(s.mono_ms >= (int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000);
    assert_true(s.mono_ms <= (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000);
    /* Boot time counts suspend, too; a container's time namespace may shift both. */
    assert_true(s.boot_ms > 0);
    /* Between 2020 and 2100, or the machine has no clock at all. */
    assert_true(s.wall_ms > INT64_C(1577836800000) || s.wall_ms < INT64_C(86400000) * 365);
    assert_true(s.wall_ms < INT64_C(4102444800000));
}

static void system_clock_does_not_go_back(void **state)
{
    (void)state;
    struct gw_clock clock = gw_clock_system();
    int64_t last = gw_clock_mono_ms(&clock);
    for (int i = 0; i < 10000; i++) {
        int64_t now = gw_clock_mono_ms(&clock);
        assert_true(now >= last);
        last = now;
    }
    assert_true(gw_clock_now(&clock).mono_ms >= last);
}

static void fake_clock_is_obeyed(void **state)
{
    (void)state;
    struct gw_fake_clock fake;
    gw_fake_clock_init(&fake);
    struct gw_clock clock = gw_fake_clock_clock(&fake);
    assert_int_equal(gw_clock_mono_ms(&clock), 1000000);
    gw_fake_clock_advance(&fake, 250);
    assert_int_equal(gw_clock_mono_ms(&clock), 1000250);
    struct gw_stamp s = gw_clock_now(&clock);
    gw_fake_clock_step(&fake, -3600000);
    assert_int_equal(gw_clock_now(&clock).wall_ms, s.wall_ms - 3600000);
    assert_int_equal(gw_clock_mono_ms(&clock), 1000250);
}

static void iso_examples(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms;
        const char *want;
    } rows[] = {
        {0, "1970-01-01T08:00:00.000+08:00"},
        {-INT64_C(28800000), "1970-01-01T00:00:00.000+08:00"},
        {INT64_C(1795324200123), "2026-11-22T13:10:00.123+08:00"},
        {INT64_C(1795305600000), "2026-11-22T08:00:00.000+08:00"},
        {INT64_C(951753599999), "2000-02-28T23:59:59.999+08:00"},
        {INT64_C(951753600000), "2000-02-29T00:00:00.000+08:00"},
        {INT64_C(951840000000), "2000-03-01T00:00:00.000+08:00"},
        {INT64_C(4107513600000), "2100-03-01T00:00:00.000+08:00"}, /* 2100 has no leap day */
        {INT64_C(253402271999999), "9999-12-31T23:59:59.999+08:00"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[GW_ISO_SIZE];
        gw_clock_iso(rows[i].wall_ms, out);
        assert_string_equal(out, rows[i].want);
    }
}

static void iso_is_clamped(void **state)
{
    (void)state;
    char out[GW_ISO_SIZE];
    gw_clock_iso(-INT64_C(28800001), out);
    assert_string_equal(out, "1970-01-01T00:00:00.000+08:00");
    gw_clock_iso(INT64_MIN, out);
    assert_string_equal(out, "1970-01-01T00:00:00.000+08:00");
    gw_clock_iso(INT64_C(253402272000000), out);
    assert_string_equal(out, "9999-12-31T23:59:59.999+08:00");
    gw_clock_iso(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999+08:00");
}

static void iso_does_not_ask_the_zone(void **state)
{
    (void)state;
    setenv("TZ", "America/New_York", 1);
    tzset();
    char out[GW_ISO_SIZE];
    gw_clock_iso(INT64_C(1795324200123), out);
    unsetenv("TZ");
    tzset();
    assert_string_equal(out, "2026-11-22T13:10:00.123+08:00");
}

/* The C library's calendar agrees for any moment. */
static void iso_agrees_with_gmtime(void **state)
{
    uint64_t *seed = *state;
    for (int i = 0; i < 200000; i++) {
        int64_t wall_ms = (int64_t)gw_rand_below(seed, UINT64_C(253402272000000));
        time_t t = (time_t)(wall_ms / 1000 + INT64_C(8) * 3600);
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        char date[64];
        assert_true(strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) > 0);
        char want[128];
        snprintf(want, sizeof want, "%s.%03d+08:00", date, (int)(wall_ms % 1000));
        char out[GW_ISO_SIZE];
        gw_clock_iso(wall_ms, out);
        assert_string_equal(out, want);
    }
}

static void boot_ids_are_read(void **state)
{
    (void)state;
    static const char whole[] = "0d2c1f5a-9b3e-4c77-8a10-00ff12345678";
    static const char *const bad[] = {
        "",
        "unknown",
        "0d2c1f5a-9b3e-4c77-8a10-00ff1234567",
        "0d2c1f5a-9b3e-4c77-8a10-00ff123456789",
        "0d2c1f5a9b3e4c778a1000ff1234567",
        "0d2c1f5a9b3e4c778a1000ff123456789",
        "0D2C1F5A-9B3E-4C77-8A10-00FF12345678",
        "0d2c1f5a9-b3e-4c77-8a10-00ff12345678",
    };
    char out[GW_BOOT_ID_SIZE] = "kept";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(gw_clock_parse_boot_id(bad[i], out));
        assert_string_equal(out, "kept");
    }
    assert_true(gw_clock_parse_boot_id(whole, out));
    assert_string_equal(out, whole);
    memset(out, 0, sizeof out);
    assert_true(gw_clock_parse_boot_id("0d2c1f5a9b3e4c778a1000ff12345678", out));
    assert_string_equal(out, whole);
}

static void boot_id_is_stable(void **state)
{
    (void)state;
    char a[GW_BOOT_ID_SIZE];
    char b[GW_BOOT_ID_SIZE];
    gw_clock_boot_id(a);
    gw_clock_boot_id(b);
    assert_string_equal(a, b);
    if (strcmp(a, "unknown") != 0) {
        assert_int_equal(strlen(a), 36);
        for (size_t i = 0; i < 36; i++) {
            bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            assert_int_equal(a[i] == '-', dash);
        }
    }
}

static void what_is_written_reads_back(void **state)
{
    static const int64_t stamps[] = {0, 1795305600123, 951753600000, 4102444799999};
    static const char *const wrong[] = {"",
                                        "2026-02-30",
                                        "2026-13-01",
                                        "2026-1-01",
                                        "2026-11-22T08:00:00.000Z",
                                        "2026-11-22T24:00:00.000+08:00",
                                        "2026-11-22 ",
                                        "1969-12-30"};
    int64_t ms = 0;
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char iso[GW_ISO_SIZE];
        gw_clock_iso(stamps[i], iso);
        assert_true(gw_clock_parse(iso, &ms));
        assert_int_equal(ms, stamps[i]);
    }
    assert_true(gw_clock_parse("2026-11-22", &ms));
    assert_int_equal(ms, 1795276800000); /* midnight in China */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (gw_clock_parse(wrong[i], &ms))
            fail_msg("taken: %s", wrong[i]);
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(system_clock_agrees_with_the_kernel),
        cmocka_unit_test(system_clock_does_not_go_back),
        cmocka_unit_test(fake_clock_is_obeyed),
        cmocka_unit_test(iso_examples),
        cmocka_unit_test(iso_is_clamped),
        cmocka_unit_test(iso_does_not_ask_the_zone),
        cmocka_unit_test_prestate(iso_agrees_with_gmtime, &seed),
        cmocka_unit_test(boot_id_is_stable),
        cmocka_unit_test(boot_ids_are_read),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
