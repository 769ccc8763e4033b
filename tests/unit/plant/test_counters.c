/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "conf/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char plant[] =
    "{\"endpoints\": {\"a\": {\"units\": {\"1\": \"m\"}}, \"b\": {\"units\": {\"1\": \"di\"}}},"
    " \"devices\": {\"m\": {\"kind\": \"map\", \"regs\": {\"0\": [1]}},"
    "               \"di\": {\"kind\": \"di-module\"}}}";

static struct gw_json *parse(const struct gw_buf *text)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    enum gw_status status = gw_json_parse(text->data, text->len, "counters", issues, &doc);
    if (status != GW_OK)
        gw_issues_print(issues, stderr);
    assert_int_equal(status, GW_OK);
    gw_issues_free(issues);
    return doc;
}

/* The number at a path of keys separated by '/'. */
static double at(const struct gw_json *doc, const char *path)
{
    const struct gw_jnode *n = gw_json_root(doc);
    char key[64];
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        snprintf(key, sizeof key, "%.*s", (int)len, path);
        n = gw_jnode_get(n, key);
        if (n == NULL)
            fail_msg("no member '%s'", key);
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return gw_jnode_num(n);
}

static void test_json_says_what_was_counted(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 01 03 0000 0001");
    rig_send(&r, fd, "0001 0000 0006 01 03 0000 0002"); /* exception 2 */
    rig_send(&r, fd, "0001 0000 0006 01 06 0000 0001"); /* a write */
    rig_send(&r, fd, "0001 0000 0006 07 10 0000 0001"); /* to nobody */
    rig_send(&r, fd, "0001 0000 0002 01 11");
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"silence\"}");
    rig_send(&r, fd, "0001 0000 0006 01 04 0000 0001");
    rig_send(&r, fd, "FFFF FFFF FFFF FF");
    close(fd);

    struct gw_buf text;
    gw_buf_init(&text, 1u << 20);
    gw_counters_json(r.counters, 4711, &text);
    assert_false(text.failed);
    struct gw_json *doc = parse(&text);
    assert_true(at(doc, "pid") == 4711);
    assert_true(at(doc, "connections") == 1);
    assert_true(at(doc, "requests") == 6);
    assert_true(at(doc, "replies") == 5);
    assert_true(at(doc, "exceptions") == 3);
    assert_true(at(doc, "forbidden") == 2);
    assert_true(at(doc, "malformed") == 1);
    assert_true(at(doc, "unknown_unit") == 1);
    assert_true(at(doc, "functions/3") == 2);
    assert_true(at(doc, "functions/4") == 1);
    assert_true(at(doc, "functions/6") == 1);
    assert_true(at(doc, "functions/16") == 1);
    assert_true(at(doc, "functions/17") == 1);
    assert_int_equal(gw_jnode_count(gw_jnode_get(gw_json_root(doc), "functions")), 5);
    assert_true(at(doc, "devices/m/requests") == 5);
    assert_true(at(doc, "devices/m/replies") == 4);
    assert_true(at(doc, "devices/m/exceptions") == 2);
    assert_true(at(doc, "devices/m/forbidden") == 1);
    assert_true(at(doc, "devices/m/functions/4") == 1);
    assert_true(at(doc, "devices/di/requests") == 0);
    assert_true(at(doc, "endpoints/a/connections") == 1);
    assert_true(at(doc, "endpoints/a/malformed") == 1);
    assert_true(at(doc, "endpoints/a/unknown_unit") == 1);
    assert_true(at(doc, "endpoints/b/connections") == 0);
    gw_json_free(doc);
    gw_buf_free(&text);
    rig_close(&r);
}

static void test_answer_that_never_went_out_is_no_reply(void **state)
{
    (void)state;
    struct rig r;
    rig_serve(&r, plant, false);
    rig_do(&r, "{\"device\": \"m\", \"fault\": \"delay\", \"ms\": 500}");
    int fd = rig_connect(&r);
    rig_send(&r, fd, "0001 0000 0006 01 03 0000 0001");
    rig_do(&r, "{\"endpoint\": \"a\", \"fault\": \"refuse\"}");
    rig_expect_closed(&r, fd);
    rig_pass(&r, 1000);
    assert_int_equal(r.counters->sum.requests, 1);
    assert_int_equal(r.counters->sum.replies, 0);
    rig_close(&r);
}

static void test_file_is_whole_or_not_there(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char dir[200];
    char path[256];
    struct gw_err err = {.msg = ""};
    snprintf(dir, sizeof dir, "%s/plant.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/c.json", dir);

    struct gw_buf text;
    gw_buf_init(&text, 1000);
    gw_buf_str(&text, "{\"a\": 1}\n");
    assert_int_equal(gw_counters_write(path, &text, &err), GW_OK);
    gw_buf_clear(&text);
    gw_buf_str(&text, "{}\n");
    assert_int_equal(gw_counters_write(path, &text, &err), GW_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 3);

    /* nothing else is left in the folder */
    int entries = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d) != NULL)
        entries++;
    closedir(d);
    assert_int_equal(entries, 3);

    /* a document that did not fit replaces nothing */
    char small[4];
    struct gw_buf cut;
    gw_buf_fixed(&cut, small, sizeof small);
    gw_buf_str(&cut, "too long");
    assert_int_equal(gw_counters_write(path, &cut, &err), GW_E_NOMEM);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 3);

    unlink(path);
    rmdir(dir);
    assert_int_equal(gw_counters_write(path, &text, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, path));
    gw_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_says_what_was_counted),
        cmocka_unit_test(test_answer_that_never_went_out_is_no_reply),
        cmocka_unit_test(test_file_is_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
