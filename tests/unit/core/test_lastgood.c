/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lastgood.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "modbus/driver.h"
#include "support/cmocka_all.h"

static const struct gw_conf_driver *const drivers[] = {&gw_modbus_tcp_conf, NULL};
static char dir[128], site_path[160], kept[160], profile[200];

static const char base[] =
    "{\"gateway\": {\"id\": \"g1\", \"state_dir\": \".\", \"catalogue\": \"" GW_SOURCE_DIR
    "/config/findings.json\", \"profiles\": \"devices\"},\n"
    "\"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": \"371311\","
    "\"sector\": \"machinery\"},\n"
    "\"buses\": {\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.1\"}},\n"
    "\"devices\": {\"t\": {\"bus\": \"b\", \"profile\": \"dampt100\", \"channels\": 2}},\n"
    "\"publish\": {\"mqtt\": {\"enabled\": false}}}\n";

static void put(const char *path, const char *text, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/gw-lastgood-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return -1;
    snprintf(site_path, sizeof site_path, "%s/site.json", dir);
    snprintf(kept, sizeof kept, "%s/last-good", dir);
    snprintf(profile, sizeof profile, "%s/devices", dir);
    mkdir(profile, 0700);
    snprintf(profile, sizeof profile, "%s/devices/dampt100.json", dir);
    assert_int_equal(
        gw_file_read(GW_SOURCE_DIR "/config/devices/dampt100.json", 1 << 20, &text, &len, NULL),
        GW_OK);
    put(profile, text, len);
    free(text);
    put(site_path, base, strlen(base));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char path[160];
    unlink(profile);
    unlink(site_path);
    unlink(kept);
    snprintf(path, sizeof path, "%s/devices", dir);
    rmdir(path);
    return rmdir(dir);
}

static void write_down(char sha256[GW_SHA256_HEX])
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_config *c = NULL;
    struct gw_err err = {.msg = ""};
    if (gw_config_load(site_path, drivers, issues, &c) != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    assert_int_equal(gw_lastgood_write(dir, site_path, c->load.site, &err), GW_OK);
    memcpy(sha256, c->load.site->config_sha256, GW_SHA256_HEX);
    gw_config_drop(c);
    gw_issues_free(issues);
}

static void save(char sha256[GW_SHA256_HEX])
{
    struct gw_err err = {.msg = ""};
    write_down(sha256);
    assert_int_equal(gw_lastgood_keep(dir, &err), GW_OK);
}

/* Site file, profile and all: what was kept is whole. */
static void it_needs_none_of_the_files(void **state)
{
    (void)state;
    char sha256[GW_SHA256_HEX];
    struct gw_config *c = NULL;
    struct gw_err err = {.msg = ""};
    save(sha256);
    put(site_path, "{", 1);
    unlink(profile);
    if (gw_lastgood_load(dir, site_path, drivers, &c, &err) != GW_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(c->load.site->config_sha256, sha256);
    assert_int_equal(c->load.site->npoints, 2);
    assert_int_equal(strncmp(c->load.site->gateway.state_dir, dir, strlen(dir)), 0);
    gw_config_drop(c);
    c = NULL;
    /* Of a file that cannot be read the state folder is not known; the service manager knows it. */
    unsetenv("STATE_DIRECTORY");
    assert_int_equal(gw_lastgood_find(site_path, drivers, &c, &err), GW_E_NOTFOUND);
    setenv("STATE_DIRECTORY", dir, 1);
    assert_int_equal(gw_lastgood_find(site_path, drivers, &c, &err), GW_OK);
    gw_config_drop(c);
    unsetenv("STATE_DIRECTORY");
    /* Of one with an error elsewhere it is. */
    c = NULL;
    char *text = strdup(base);
    memcpy(strstr(text, "192.0.2.1"), "         ", 9);
    put(site_path, text, strlen(text));
    free(text);
    assert_int_equal(gw_lastgood_find(site_path, drivers, &c, &err), GW_OK);
    gw_config_drop(c);
}

static void it_is_for_this_site_file_only(void **state)
{
    (void)state;
    char sha256[GW_SHA256_HEX], other[200];
    struct gw_config *c = NULL;
    struct gw_err err = {.msg = ""};
    assert_int_equal(gw_lastgood_load(dir, site_path, drivers, &c, &err), GW_E_NOTFOUND);
    save(sha256);
    snprintf(other, sizeof other, "%s/other.json", dir);
    assert_int_equal(gw_lastgood_load(dir, other, drivers, &c, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "another site file"));
    assert_null(c);
}

/* What ran is kept until the next one runs, which is not said of all that are written down. */
static void only_what_runs_is_kept(void **state)
{
    (void)state;
    char ran[GW_SHA256_HEX], next[GW_SHA256_HEX];
    struct gw_config *c = NULL;
    struct gw_err err = {.msg = ""};
    assert_int_equal(gw_lastgood_keep(dir, &err), GW_E_IO);
    save(ran);
    char *text = strdup(base);
    memcpy(strstr(text, "192.0.2.1"), "192.0.2.7", 9);
    put(site_path, text, strlen(text));
    free(text);
    write_down(next);
    assert_string_not_equal(ran, next);
    assert_int_equal(gw_lastgood_load(dir, site_path, drivers, &c, &err), GW_OK);
    assert_string_equal(c->load.site->config_sha256, ran);
    gw_config_drop(c);
    gw_lastgood_drop(dir);
    assert_int_equal(gw_lastgood_keep(dir, &err), GW_E_IO);
    save(next);
    c = NULL;
    assert_int_equal(gw_lastgood_load(dir, site_path, drivers, &c, &err), GW_OK);
    assert_string_equal(c->load.site->config_sha256, next);
    gw_config_drop(c);
}

/* Cut anywhere, or with any byte changed, it is refused or the same. */
static void damage_is_seen(void **state)
{
    (void)state;
    char sha256[GW_SHA256_HEX];
    char *text = NULL;
    size_t len = 0;
    struct gw_config *c = NULL;
    struct gw_err err = {.msg = ""};
    save(sha256);
    assert_int_equal(gw_file_read(kept, 64 << 20, &text, &len, &err), GW_OK);
    for (size_t i = 0; i < 40; i++) {
        put(kept, text, len * i / 40);
        assert_int_not_equal(gw_lastgood_load(dir, site_path, drivers, &c, &err), GW_OK);
    }
    for (size_t i = 0; i < 60; i++) {
        const size_t at = i < 30 ? i * 7 : (len - 1) * i / 60;
        text[at] ^= 4;
        put(kept, text, len);
        text[at] ^= 4;
        if (gw_lastgood_load(dir, site_path, drivers, &c, &err) == GW_OK)
            fail_msg("byte %zu", at);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_needs_none_of_the_files, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_for_this_site_file_only, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_runs_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_seen, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
