/* SPDX-License-Identifier: Apache-2.0 */
#include "core/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/cmocka_all.h"

static char dir[] = "/tmp/nonsite-identity.XXXXXX";
static char key_path[128], pub_path[128];
static struct gw_site site;

static int setup(void **state)
{
    (void)state;
    memcpy(strrchr(dir, '.') + 1, "XXXXXX", 6);
    if (!mkdtemp(dir))
        return -1;
    memset(&site, 0, sizeof site);
    (void)snprintf(site.gateway.state_dir, sizeof site.gateway.state_dir, "%s", dir);
    (void)snprintf(key_path, sizeof key_path, "%s/signing.key", dir);
    (void)snprintf(pub_path, sizeof pub_path, "%s/signing.key.pub", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(key_path);
    (void)unlink(pub_path);
    return rmdir(dir);
}

static void made_once_and_kept(void **state)
{
    struct gw_key *first = NULL, *second = NULL;
    struct gw_err err;
    struct stat st;
    bool made = false;
    char *pub = NULL, *pem = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(gw_identity_key(&site, &first, &made, &err), GW_OK);
    assert_true(made);
    assert_int_equal(stat(key_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(gw_identity_key(&site, &second, &made, &err), GW_OK);
    assert_false(made);
    assert_string_equal(gw_key_id(first), gw_key_id(second));
    assert_int_equal(gw_file_read(pub_path, 4096, &pub, &len, &err), GW_OK);
    pem = gw_key_pem(first);
    assert_string_equal(pub, pem);
    free(pem);
    free(pub);
    gw_key_free(first);
    gw_key_free(second);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    struct gw_key *key = NULL;
    struct gw_err err;
    bool made = false;

    (void)state;
    assert_int_equal(gw_identity_key(&site, &key, &made, &err), GW_OK);
    gw_key_free(key);
    key = NULL;
    assert_int_equal(chmod(key_path, 0644), 0);
    assert_int_equal(gw_identity_key(&site, &key, &made, &err), GW_E_REFUSED);
    assert_null(key);
    assert_non_null(strstr(err.msg, "signing.key"));
}

static void a_damaged_key_is_not_replaced(void **state)
{
    struct gw_key *key = NULL;
    struct gw_err err;
    bool made = false;
    FILE *f;

    (void)state;
    f = fopen(key_path, "w");
    assert_non_null(f);
    assert_true(fputs("not a key\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(key_path, 0600), 0);
    assert_int_equal(gw_identity_key(&site, &key, &made, &err), GW_E_PARSE);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(made_once_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_others_may_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_key_is_not_replaced, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
