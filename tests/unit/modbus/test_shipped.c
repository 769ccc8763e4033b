/* SPDX-License-Identifier: Apache-2.0
 *
 * Every profile in config/devices can be used, and config/README.md names it.
 */
#include <dirent.h>
#include <string.h>

#include "base/file.h"
#include "modbus/profile.h"
#include "sitefile.h"
#include "util.h"

#define FOLDER GW_SOURCE_DIR "/config/devices"
#define BUS    "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"

static void load_device(const char *name, int channels, struct sitefile *f)
{
    char device[128];
    (void)snprintf(device, sizeof device,
                   "\"d\": {\"bus\": \"b\", \"profile\": \"%s\", \"channels\": %d}", name,
                   channels);
    sitefile_load(f, BUS, device, "", NULL);
}

static void load_signal(const char *name, struct sitefile *f)
{
    char points[160];
    (void)snprintf(points, sizeof points,
                   "\"d.x\": {\"address\": 0, \"signal\": \"%s\", \"range\": [0, 100]}", name);
    sitefile_load(f, BUS, "\"d\": {\"bus\": \"b\"}", points, NULL);
}

/* The most channels that it can have; a signal has one. */
static int most_channels(const char *name, bool *signal)
{
    char path[300];
    (void)snprintf(path, sizeof path, FOLDER "/%s.json", name);
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    assert_int_equal(gw_json_load(path, issues, &doc), GW_OK);
    struct gw_mb_profile p;
    struct gw_mb_device limits = gw_mb_device_default();
    if (!gw_mb_profile_read(gw_json_root(doc), name, &p, &limits, issues)) {
        gw_issues_print(issues, stdout);
        fail();
    }
    *signal = p.bands != NULL;
    /* Whoever held it against a real one says when: "... checked on site 2027-03-31". */
    if (p.confirmed == GW_MB_DEVICE && strstr(p.source, " 20") == NULL)
        fail_msg("%s: confirmed by the device, and source does not say when", name);
    const int most = (int)p.channels_max;
    gw_json_free(doc);
    gw_issues_free(issues);
    return most;
}

static void check_profile(const char *name, const char *readme)
{
    bool signal = false;
    const int most = most_channels(name, &signal);
    struct sitefile f;
    if (signal) {
        load_signal(name, &f);
        assert_true(sitefile_good(&f));
        sitefile_free(&f);
    } else {
        const int counts[] = {1, most};
        for (size_t i = 0; i < 2; i++) {
            load_device(name, counts[i], &f);
            assert_true(sitefile_good(&f));
            assert_true(f.site->npoints > 0);
            sitefile_free(&f);
        }
    }
    if (strstr(readme, name) == NULL)
        fail_msg("config/README.md does not name %s", name);
}

static void every_shipped_profile_can_be_used(void **state)
{
    (void)state;
    char *readme = NULL;
    size_t len = 0;
    assert_int_equal(gw_file_read(GW_SOURCE_DIR "/config/README.md", 1 << 20, &readme, &len, NULL),
                     GW_OK);
    DIR *dir = opendir(FOLDER);
    assert_non_null(dir);
    unsigned n = 0;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char name[GW_ID_SIZE];
        const size_t size = strlen(e->d_name);
        if (size < 6 || strcmp(e->d_name + size - 5, ".json") != 0)
            continue;
        assert_true(size - 5 < sizeof name);
        memcpy(name, e->d_name, size - 5);
        name[size - 5] = '\0';
        check_profile(name, readme);
        n++;
    }
    (void)closedir(dir);
    free(readme);
    assert_true(n >= 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_profile_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
