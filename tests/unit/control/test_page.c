/* SPDX-License-Identifier: Apache-2.0 */
#include "control/page.h"

#include "base/crypto.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL_MAX 120000 /* bytes of all files together */

static const char folder[] = GW_SOURCE_DIR "/gateway/control/page";

/* What is compiled in is what lies in the folder, byte for byte. */
static void same_as_the_files(void **state)
{
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i < gw_page_nassets; i++) {
        const struct gw_page_asset *a = &gw_page_assets[i];
        char path[512];
        unsigned char *bytes = malloc(a->len + 1);
        assert_non_null(bytes);
        assert_int_equal(a->path[0], '/');
        snprintf(path, sizeof path, "%s/%s", folder, a->path[1] ? a->path + 1 : "index.html");
        FILE *f = fopen(path, "rb");
        if (!f)
            fail_msg("%s is not in the folder", path);
        assert_int_equal(fread(bytes, 1, a->len + 1, f), a->len);
        assert_memory_equal(bytes, a->bytes, a->len);
        fclose(f);
        free(bytes);
        total += a->len;
    }
    assert_in_range(total, 1, TOTAL_MAX);
}

static void hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < gw_page_nassets; i++) {
        char hex[GW_SHA256_HEX];
        assert_int_equal(gw_sha256_hex(gw_page_assets[i].bytes, gw_page_assets[i].len, hex), GW_OK);
        assert_string_equal(hex, gw_page_assets[i].sha);
    }
}

static void types(void **state)
{
    static const struct {
        const char *path, *type;
    } expected[] = {
        {"/", "text/html; charset=utf-8"},
        {"/page.css", "text/css; charset=utf-8"},
        {"/page.js", "text/javascript; charset=utf-8"},
        {"/favicon.svg", "image/svg+xml"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct gw_page_asset *a = gw_page_find(expected[i].path);
        assert_non_null(a);
        assert_string_equal(a->path, expected[i].path);
        assert_string_equal(a->type, expected[i].type);
    }
}

static void nothing_else(void **state)
{
    static const char *const paths[] = {
        "", "/index.html", "/page", "/page.css/", "/../page.css", "/PAGE.CSS", "//", "page.css"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_null(gw_page_find(paths[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_files),
        cmocka_unit_test(hashes),
        cmocka_unit_test(types),
        cmocka_unit_test(nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
