/* SPDX-License-Identifier: Apache-2.0
 *
 * The example file as it ships, with the drivers and profiles that ship.
 */
#include "conf/site.h"
#include "modbus/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define EXAMPLE GW_SOURCE_DIR "/config/site.example.json"

static const struct gw_conf_driver *const drivers[] = {&gw_modbus_tcp_conf, NULL};

static struct gw_site *load(const char *path)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    if (gw_site_load(path, drivers, issues, &site) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    gw_issues_free(issues);
    return site;
}

static void the_example_is_right(void **state)
{
    (void)state;
    struct gw_site *site = load(EXAMPLE);
    static const char *const points[] = {"gas.p4_shielded",     "gas.mains_fault", "flow-in.flow",
                                         "flow-out.empty_pipe", "pt.t2",           "di.di8",
                                         "di.fan_tripped"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint32_t at = 0;
        assert_true(gw_site_find_point(site, points[i], &at));
    }
    assert_int_equal(site->nassets, 2);
    assert_int_equal(strlen(site->config_sha256), 64);
    gw_site_free(site);
}

static char *print(const struct gw_site *site, size_t *len)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    gw_site_print(site, &b);
    char *text = gw_buf_take(&b, len);
    assert_non_null(text);
    return text;
}

static void the_example_prints_and_reads_back(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char path[256];
    (void)snprintf(path, sizeof path, "%s/gw-example-XXXXXX", tmp != NULL ? tmp : "/tmp");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct gw_site *site = load(EXAMPLE);
    size_t len = 0;
    char *printed = print(site, &len);
    assert_int_equal(write(fd, printed, len), len);
    assert_int_equal(close(fd), 0);
    struct gw_site *second = load(path);
    (void)unlink(path);
    size_t again_len = 0;
    char *again = print(second, &again_len);
    assert_string_equal(printed, again);
    assert_null(strstr(printed, "mqtt.password"));
    free(again);
    free(printed);
    gw_site_free(second);
    gw_site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_right),
        cmocka_unit_test(the_example_prints_and_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
