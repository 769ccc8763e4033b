/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "support/cmocka_all.h"

static char line[8192];

static int plain(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    gw_log_set_level(GW_LOG_INFO);
    return 0;
}

static int under_systemd(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:12345", 1);
    gw_log_set_level(GW_LOG_DEBUG);
    return 0;
}

static void level_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum gw_log_level level;
    } good[] = {
        {"err", GW_LOG_ERR}, {"warn", GW_LOG_WARN}, {"info", GW_LOG_INFO}, {"debug", GW_LOG_DEBUG}};
    enum gw_log_level level = GW_LOG_ERR;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(gw_log_level_parse(good[i].name, &level));
        assert_int_equal(level, good[i].level);
    }
    level = GW_LOG_WARN;
    static const char *const bad[] = {"", "Err", "error", "warning", "3", "debug "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(gw_log_level_parse(bad[i], &level));
        assert_int_equal(level, GW_LOG_WARN);
    }
}

/* "2026-11-22 13:10:00.123 " */
static bool has_time(const char *s)
{
    static const char shape[] = "dddd-dd-dd dd:dd:dd.ddd ";
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != shape[i])
            return false;
    return true;
}

static void plain_line(void **state)
{
    (void)state;
    capture_start();
    gw_log(GW_LOG_WARN, "mqtt", "broker %s: %d", "away", 7);
    bool one = capture_next(line, sizeof line);
    char more[16];
    bool two = capture_next(more, sizeof more);
    capture_stop();
    assert_true(one);
    assert_false(two);
    assert_true(has_time(line));
    assert_string_equal(line + 24, "warn mqtt: broker away: 7\n");
}

static void journal_lines(void **state)
{
    (void)state;
    static const char *const want[] = {"<3>bus: x1\n", "<4>bus: x1\n", "<6>bus: x1\n",
                                       "<7>bus: x1\n"};
    for (int level = GW_LOG_ERR; level <= GW_LOG_DEBUG; level++) {
        capture_start();
        gw_log((enum gw_log_level)level, "bus", "x%d", 1);
        capture_next(line, sizeof line);
        capture_stop();
        assert_string_equal(line, want[level]);
    }
}

static void level_filters(void **state)
{
    (void)state;
    for (int limit = GW_LOG_ERR; limit <= GW_LOG_DEBUG; limit++) {
        gw_log_set_level((enum gw_log_level)limit);
        for (int level = GW_LOG_ERR; level <= GW_LOG_DEBUG; level++) {
            capture_start();
            gw_log((enum gw_log_level)level, "t", "text");
            bool written = capture_next(line, sizeof line);
            capture_stop();
            assert_int_equal(written, level <= limit);
        }
    }
}

static void newlines_cannot_forge_lines(void **state)
{
    (void)state;
    capture_start();
    gw_log(GW_LOG_ERR, "t", "%s", "a\n<3>t: forged\r\n");
    capture_next(line, sizeof line);
    capture_stop();
    assert_string_equal(line, "<3>t: a <3>t: forged  \n");
}

static void long_line_is_one_write(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'z', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start();
    gw_log(GW_LOG_ERR, "t", "%s", text);
    bool one = capture_next(line, sizeof line);
    char more[16];
    bool two = capture_next(more, sizeof more);
    capture_stop();
    assert_true(one);
    assert_false(two);
    size_t n = strlen(line);
    assert_true(n > 1500 && n < 3000);
    assert_string_equal(line + n - 4, "...\n");
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
}

/* A tag is ours and short; a long one must still not hurt. */
static void long_tag_is_bounded(void **state)
{
    (void)state;
    char tag[4000];
    memset(tag, 't', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    capture_start();
    gw_log(GW_LOG_ERR, tag, "the message");
    capture_next(line, sizeof line);
    capture_stop();
    assert_non_null(strstr(line, ": the message\n"));
    assert_true(strlen(line) < 100);
}

static void errno_is_kept(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    close(STDERR_FILENO);
    errno = ENOSPC;
    gw_log(GW_LOG_ERR, "t", "into nothing");
    int after = errno;
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    assert_int_equal(after, ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_names),
        cmocka_unit_test_setup(plain_line, plain),
        cmocka_unit_test_setup(journal_lines, under_systemd),
        cmocka_unit_test_setup(level_filters, plain),
        cmocka_unit_test_setup(newlines_cannot_forge_lines, under_systemd),
        cmocka_unit_test_setup(long_line_is_one_write, plain),
        cmocka_unit_test_setup(long_tag_is_bounded, plain),
        cmocka_unit_test_setup(errno_is_kept, plain),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
