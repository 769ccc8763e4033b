/* SPDX-License-Identifier: Apache-2.0 */
#include "sitefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modbus/driver.h"
#include "util.h"

static const char frame[] =
    "{\"gateway\": {\"id\": \"t\", \"state_dir\": \"state\", \"catalogue\": \"" GW_SOURCE_DIR
    "/config/findings.json\",\n"
    " \"profiles\": \"%s\"},\n"
    "\"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": \"371311\",\n"
    " \"sector\": \"machinery\"},\n"
    "\"publish\": {\"mqtt\": {\"host\": \"127.0.0.1\", \"receipts\": false}},\n"
    "\"buses\": {%s},\n\"devices\": {%s},\n\"points\": {%s}}\n";

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
}

static void make_dir(char out[200])
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(out, 200, "%s/gw-modbus-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(out));
}

static void remove_dir(const char *dir, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

void sitefile_load_text(struct sitefile *f, const char *text)
{
    char dir[200];
    make_dir(dir);
    f->issues = gw_issues_new();
    assert_non_null(f->issues);
    f->site = NULL;
    write_file(dir, "site.json", text);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/site.json", dir);
    static const struct gw_conf_driver *const drivers[] = {&gw_modbus_tcp_conf, &gw_modbus_rtu_conf,
                                                           NULL};
    const enum gw_status status = gw_site_load(path, drivers, f->issues, &f->site);
    /* All of it is in memory now; a test that fails later leaves nothing behind. */
    remove_dir(dir, "site.json");
    assert_int_equal(status, f->site != NULL ? GW_OK : GW_E_PARSE);
}

void sitefile_load(struct sitefile *f, const char *buses, const char *devices, const char *points,
                   const char *profile)
{
    char dir[200];
    if (profile != NULL) {
        make_dir(dir);
        write_file(dir, "test.json", profile);
    }
    char *text = malloc(1 << 20);
    assert_non_null(text);
    const int n =
        snprintf(text, 1 << 20, frame, profile != NULL ? dir : GW_SOURCE_DIR "/config/devices",
                 buses, devices, points);
    assert_in_range(n, 1, (1 << 20) - 1);
    sitefile_load_text(f, text);
    free(text);
    if (profile != NULL)
        remove_dir(dir, "test.json");
}

void sitefile_free(struct sitefile *f)
{
    gw_site_free(f->site);
    gw_issues_free(f->issues);
}

bool sitefile_good(const struct sitefile *f)
{
    if (f->site == NULL)
        gw_issues_print(f->issues, stdout);
    return f->site != NULL;
}

bool sitefile_has_issue(const struct sitefile *f, const char *text)
{
    const size_t n = gw_issues_count(f->issues);
    for (size_t i = 0; i < n && i < 100; i++)
        if (strstr(gw_issues_text(f->issues, i), text) != NULL)
            return true;
    for (size_t i = 0; i < n && i < 100; i++)
        print_message("issue: %s\n", gw_issues_text(f->issues, i));
    return false;
}

uint32_t sitefile_point(const struct sitefile *f, const char *id)
{
    uint32_t index = 0;
    if (!gw_site_find_point(f->site, id, &index))
        fail_msg("no point %s", id);
    return index;
}
