/* SPDX-License-Identifier: Apache-2.0 */
#include "sitefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gpio/driver.h"
#include "support/cmocka_all.h"

static const char frame[] =
    "{\"gateway\": {\"id\": \"t\", \"state_dir\": \"state\", \"catalogue\": \"" GW_SOURCE_DIR
    "/config/findings.json\",\n"
    " \"profiles\": \"" GW_SOURCE_DIR "/config/devices\"},\n"
    "\"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\": \"371311\",\n"
    " \"sector\": \"machinery\"},\n"
    "\"publish\": {\"mqtt\": {\"host\": \"127.0.0.1\", \"receipts\": false}},\n"
    "\"buses\": {%s},\n\"devices\": {%s},\n\"points\": {%s}}\n";

void sitefile_load_text(struct sitefile *f, const char *text)
{
    const char *tmp = getenv("TMPDIR");
    char path[200];
    (void)snprintf(path, sizeof path, "%s/gw-gpio-XXXXXX", tmp != NULL ? tmp : "/tmp");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    f->issues = gw_issues_new();
    assert_non_null(f->issues);
    f->site = NULL;
    static const struct gw_conf_driver *const drivers[] = {&gw_gpio_conf, NULL};
    const enum gw_status status = gw_site_load(path, drivers, f->issues, &f->site);
    /* All of it is in memory now; a test that fails later leaves nothing behind. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(status, f->site != NULL ? GW_OK : GW_E_PARSE);
}

void sitefile_load(struct sitefile *f, const char *buses, const char *devices, const char *points)
{
    char *text = malloc(1 << 20);
    assert_non_null(text);
    const int n = snprintf(text, 1 << 20, frame, buses, devices, points);
    assert_in_range(n, 1, (1 << 20) - 1);
    sitefile_load_text(f, text);
    free(text);
}

void sitefile_free(struct sitefile *f)
{
    gw_site_free(f->site);
    gw_issues_free(f->issues);
}

uint32_t sitefile_point(const struct sitefile *f, const char *id)
{
    uint32_t index = 0;
    if (!gw_site_find_point(f->site, id, &index))
        fail_msg("no point %s", id);
    return index;
}
