/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_gzip.h"
#include "publish/influx_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static void expect_url(const struct gw_site_influx *site, const char *url)
{
    struct gw_buf b;
    gw_buf_init(&b, 2048);
    gw_influx_url(site, &b);
    assert_string_equal(b.data, url);
    gw_buf_free(&b);
}

static void each_version_has_its_place(void **state)
{
    (void)state;
    expect_url(&(struct gw_site_influx){.version = 1, .url = "http://h:8086/", .db = "a b"},
               "http://h:8086/write?db=a%20b&precision=ms");
    expect_url(&(struct gw_site_influx){.version = 1, .url = "http://h", .db = "d", .rp = "r&x=1"},
               "http://h/write?db=d&rp=r%26x%3D1&precision=ms");
    expect_url(
        &(struct gw_site_influx){.version = 2, .url = "https://h/x", .org = "应急", .bucket = "b"},
        "https://h/x/api/v2/write?org=%E5%BA%94%E6%80%A5&bucket=b&precision=ms");
    expect_url(&(struct gw_site_influx){.version = 3, .url = "https://h//", .db = "d"},
               "https://h/api/v3/write_lp?db=d&precision=millisecond");
}

static void expect_header(const struct gw_site_influx *site, const char *header)
{
    char *text = NULL;
    struct gw_err err = {0};
    if (gw_influx_authorization(site, &text, &err) != GW_OK)
        fail_msg("%s", err.msg);
    if (header == NULL)
        assert_null(text);
    else
        assert_string_equal(text, header);
    gw_influx_secret_free(text);
}

static void credentials_come_from_files(void **state)
{
    (void)state;
    struct rig_dir dir;
    struct gw_site_influx site = {.version = 2};
    rig_dir_make(&dir);
    rig_path(&dir, "token", site.token_file);
    rig_write(&dir, "token", "abc==\r\n", 7);
    expect_header(&site, "Authorization: Token abc==");
    rig_write(&dir, "token", "new", 3); /* read anew each time */
    expect_header(&site, "Authorization: Token new");
    site.version = 3;
    expect_header(&site, "Authorization: Bearer new");

    static const char *const codes[][3] = {
        {"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"u", "pw", "dTpwdw=="},
        {"u", "p", "dTpw"},
        {"ab", "p", "YWI6cA=="},
        {"ab", "pq", "YWI6cHE="},
    };
    struct gw_site_influx old = {.version = 1};
    expect_header(&old, NULL);
    rig_path(&dir, "password", old.password_file);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char header[100];
        snprintf(old.username, sizeof old.username, "%s", codes[i][0]);
        rig_write(&dir, "password", codes[i][1], strlen(codes[i][1]));
        snprintf(header, sizeof header, "Authorization: Basic %s", codes[i][2]);
        expect_header(&old, header);
    }
    old.password_file[0] = '\0';
    snprintf(old.username, sizeof old.username, "u");
    expect_header(&old, "Authorization: Basic dTo=");
    rig_dir_remove(&dir);
}

/* What would break out of its header line, or cannot be read, is told and never sent. */
static void bad_secrets_are_refused(void **state)
{
    (void)state;
    struct rig_dir dir;
    struct gw_site_influx site = {.version = 2};
    char *text = NULL;
    struct gw_err err = {0};
    rig_dir_make(&dir);
    rig_path(&dir, "token", site.token_file);
    assert_int_equal(gw_influx_authorization(&site, &text, &err), GW_E_REFUSED);
    assert_non_null(strstr(err.msg, "token file"));
    rig_write(&dir, "token", "abc\r\nX-Evil: 1\n", 15);
    assert_int_equal(gw_influx_authorization(&site, &text, &err), GW_E_REFUSED);
    assert_null(strstr(err.msg, "abc"));
    rig_write(&dir, "token", "a\0b", 3);
    assert_int_equal(gw_influx_authorization(&site, &text, &err), GW_E_REFUSED);
    char big[5000];
    memset(big, 'x', sizeof big);
    rig_write(&dir, "token", big, sizeof big);
    assert_int_equal(gw_influx_authorization(&site, &text, &err), GW_E_REFUSED);
    assert_null(text);
    rig_dir_remove(&dir);
}

/* gunzip of the machine is the judge. */
static void gzip_packs_again_and_again(void **state)
{
    (void)state;
    struct rig_dir dir;
    struct gw_influx_gzip *z = NULL;
    static const size_t sizes[] = {0, 1, 250000, 17, 1000000};
    rig_dir_make(&dir);
    assert_int_equal(gw_influx_gzip_new(&z), GW_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *packed = NULL;
        size_t len = 0;
        char *data = malloc(sizes[i] + 1);
        assert_non_null(data);
        for (size_t k = 0; k < sizes[i]; k++)
            data[k] = (char)('a' + k * k % 23);
        assert_int_equal(gw_influx_gzip_pack(z, data, sizes[i], &packed, &len), GW_OK);
        rig_write(&dir, "packed.gz", packed, len);
        rig_write(&dir, "plain", data, sizes[i]);
        assert_int_equal(rig_run(&dir, "gunzip -c packed.gz | cmp - plain"), 0);
        if (sizes[i] > 1000)
            assert_true(len < sizes[i] / 4);
        free(data);
    }
    gw_influx_gzip_free(z);
    gw_influx_gzip_free(NULL);
    rig_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_version_has_its_place),
        cmocka_unit_test(credentials_come_from_files),
        cmocka_unit_test(bad_secrets_are_refused),
        cmocka_unit_test(gzip_packs_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
