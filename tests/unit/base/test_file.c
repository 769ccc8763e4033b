/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "tempdir.h"

static char dir[TEMPDIR_SIZE];

static int setup(void **state)
{
    (void)state;
    return tempdir_make(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return tempdir_remove(dir) ? 0 : -1;
}

static const char *in_dir(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void put_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void reads_the_whole(void **state)
{
    (void)state;
    char data[10000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7);
    const char *path = in_dir("whole");
    put_file(path, data, sizeof data);
    char *out = NULL;
    size_t len = 0;
    struct gw_err err = {0};
    assert_int_equal(gw_file_read(path, sizeof data, &out, &len, &err), GW_OK);
    assert_int_equal(len, sizeof data);
    assert_memory_equal(out, data, sizeof data);
    assert_int_equal(out[len], '\0');
    free(out);
}

static void reads_an_empty_file(void **state)
{
    (void)state;
    const char *path = in_dir("empty");
    put_file(path, "", 0);
    char *out = NULL;
    size_t len = 99;
    assert_int_equal(gw_file_read(path, 0, &out, &len, NULL), GW_OK);
    assert_int_equal(len, 0);
    assert_string_equal(out, "");
    free(out);
}

/* Files of /proc say that they have no size. */
static void reads_a_file_without_size(void **state)
{
    (void)state;
    char *out = NULL;
    size_t len = 0;
    assert_int_equal(gw_file_read("/proc/self/stat", 100000, &out, &len, NULL), GW_OK);
    assert_true(len > 10);
    free(out);
    out = NULL;
    assert_int_equal(gw_file_read("/proc/self/stat", 5, &out, &len, NULL), GW_E_RANGE);
    assert_null(out);
}

static void refuses_a_larger_file(void **state)
{
    (void)state;
    const char *path = in_dir("large");
    put_file(path, "123456", 6);
    char *out = NULL;
    size_t len = 77;
    struct gw_err err = {0};
    assert_int_equal(gw_file_read(path, 5, &out, &len, &err), GW_E_RANGE);
    assert_null(out);
    assert_int_equal(len, 77);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "larger than 5 bytes"));
    assert_int_equal(gw_file_read(path, 6, &out, &len, NULL), GW_OK);
    assert_string_equal(out, "123456");
    free(out);
    assert_int_equal(gw_file_read(path, SIZE_MAX, &out, &len, NULL), GW_OK);
    assert_string_equal(out, "123456");
    free(out);
}

static void says_why_it_cannot(void **state)
{
    (void)state;
    char *out = NULL;
    size_t len = 0;
    struct gw_err err = {0};
    assert_int_equal(gw_file_read(in_dir("none"), 10, &out, &len, &err), GW_E_NOTFOUND);
    assert_int_equal(err.status, GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, in_dir("none")));
    assert_int_equal(gw_file_read(dir, 10, &out, &len, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, dir));
    const char *path = in_dir("secret");
    put_file(path, "x", 1);
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0)
        assert_int_equal(gw_file_read(path, 10, &out, &len, &err), GW_E_REFUSED);
    assert_null(out);
}

static void makes_folders_with_parents(void **state)
{
    (void)state;
    struct gw_err err = {0};
    const char *path = in_dir("a/b//c/");
    assert_int_equal(gw_dir_make(path, &err), GW_OK);
    struct stat st;
    assert_int_equal(stat(in_dir("a/b/c"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(gw_dir_make(in_dir("a/b/c"), NULL), GW_OK); /* again */
    assert_int_equal(gw_dir_make("/", NULL), GW_OK);
    assert_int_equal(gw_dir_make(".", NULL), GW_OK);
}

static void folder_errors(void **state)
{
    (void)state;
    struct gw_err err = {0};
    assert_int_equal(gw_dir_make("", &err), GW_E_INVAL);
    put_file(in_dir("plain"), "x", 1);
    assert_int_equal(gw_dir_make(in_dir("plain"), &err), GW_E_IO);
    assert_non_null(strstr(err.msg, "is not a folder"));
    assert_int_equal(gw_dir_make(in_dir("plain/below"), &err), GW_E_IO);
    assert_non_null(strstr(err.msg, "plain"));
    assert_int_equal(gw_dir_make("/proc/no/such", &err), GW_E_NOTFOUND);
    if (geteuid() != 0) {
        assert_int_equal(mkdir(in_dir("locked"), 0500), 0);
        assert_int_equal(gw_dir_make(in_dir("locked/x"), &err), GW_E_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_whole),
        cmocka_unit_test(reads_an_empty_file),
        cmocka_unit_test(reads_a_file_without_size),
        cmocka_unit_test(refuses_a_larger_file),
        cmocka_unit_test(says_why_it_cannot),
        cmocka_unit_test(makes_folders_with_parents),
        cmocka_unit_test(folder_errors),
    };
    return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
