/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "// head\n"
                           "{\n"
                           "  \"num\": -12.5e1, \"int\": 9007199254740992,\n"
                           "  \"str\": \"a\\u4e2d\\n\\uD83D\\uDE00\", /* two\n"
                           "  lines */ \"yes\": true, \"no\": false,\n"
                           "  \"nil\": null,\n"
                           "  \"list\": [1, [], {},\n"
                           "    {\"deep\": [true]}],\n"
                           "  \"a/b~c\": {\"Str\": \"A\", \"str\": \"a\", \"\": 0}\n"
                           "}\n";

static int setup(void **state)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    const enum gw_status status = gw_json_parse(text, strlen(text), "x.json", issues, &doc);
    gw_issues_free(issues);
    *state = doc;
    return status == GW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    gw_json_free(*state);
    return 0;
}

static void check_node(const struct gw_jnode *n, enum gw_jtype type, int line, const char *pointer)
{
    char is[128];
    assert_non_null(n);
    assert_int_equal(gw_jnode_type(n), type);
    assert_int_equal(gw_jnode_line(n), line);
    gw_jnode_pointer(n, is, sizeof is);
    assert_string_equal(is, pointer);
}

static void every_value_has_type_line_and_pointer(void **state)
{
    const struct gw_jnode *root = gw_json_root(*state);
    check_node(root, GW_J_OBJ, 2, "");
    check_node(gw_jnode_get(root, "num"), GW_J_NUM, 3, "/num");
    check_node(gw_jnode_get(root, "str"), GW_J_STR, 4, "/str");
    check_node(gw_jnode_get(root, "yes"), GW_J_BOOL, 5, "/yes");
    check_node(gw_jnode_get(root, "nil"), GW_J_NULL, 6, "/nil");
    const struct gw_jnode *list = gw_jnode_get(root, "list");
    check_node(list, GW_J_ARR, 7, "/list");
    const struct gw_jnode *n = gw_jnode_first(list);
    check_node(n, GW_J_NUM, 7, "/list/0");
    n = gw_jnode_next(n);
    check_node(n, GW_J_ARR, 7, "/list/1");
    assert_null(gw_jnode_first(n));
    n = gw_jnode_next(n);
    check_node(n, GW_J_OBJ, 7, "/list/2");
    n = gw_jnode_next(n);
    check_node(n, GW_J_OBJ, 8, "/list/3");
    check_node(gw_jnode_get(n, "deep"), GW_J_ARR, 8, "/list/3/deep");
    check_node(gw_jnode_first(gw_jnode_get(n, "deep")), GW_J_BOOL, 8, "/list/3/deep/0");
    assert_null(gw_jnode_next(n));
    const struct gw_jnode *odd = gw_jnode_get(root, "a/b~c");
    check_node(gw_jnode_get(odd, ""), GW_J_NUM, 9, "/a~1b~0c/");
    assert_null(gw_jnode_next(odd));
}

static void values_are_what_the_text_says(void **state)
{
    const struct gw_jnode *root = gw_json_root(*state);
    assert_true(gw_jnode_num(gw_jnode_get(root, "num")) == -125.0);
    assert_string_equal(gw_jnode_str(gw_jnode_get(root, "str")), "a\xE4\xB8\xAD\n\xF0\x9F\x98\x80");
    assert_true(gw_jnode_bool(gw_jnode_get(root, "yes")));
    assert_false(gw_jnode_bool(gw_jnode_get(root, "no")));
    assert_int_equal(gw_jnode_count(root), 8);
    assert_int_equal(gw_jnode_count(gw_jnode_get(root, "list")), 4);
    assert_int_equal(gw_jnode_count(gw_jnode_get(root, "nil")), 0);
    assert_string_equal(gw_jnode_key(gw_jnode_get(root, "yes")), "yes");
    assert_string_equal(gw_jnode_key(root), "");
    assert_string_equal(gw_jnode_key(gw_jnode_first(gw_jnode_get(root, "list"))), "");
}

static void members_are_found_by_their_exact_key(void **state)
{
    const struct gw_jnode *root = gw_json_root(*state);
    const struct gw_jnode *odd = gw_jnode_get(root, "a/b~c");
    assert_string_equal(gw_jnode_str(gw_jnode_get(odd, "Str")), "A");
    assert_string_equal(gw_jnode_str(gw_jnode_get(odd, "str")), "a");
    assert_string_equal(gw_jnode_text(odd, "Str"), "A");
    assert_string_equal(gw_jnode_text(odd, "none"), "");
    assert_string_equal(gw_jnode_text(root, "a/b~c"), ""); /* an object is no text */
    assert_string_equal(gw_jnode_text(NULL, "str"), "");
    assert_null(gw_jnode_get(odd, "STR"));
    assert_null(gw_jnode_get(NULL, "x"));
    assert_null(gw_jnode_get(gw_jnode_get(root, "list"), "0"));
    assert_null(gw_jnode_get(gw_jnode_get(root, "num"), "x"));
}

static bool is_int(const char *number)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    assert_int_equal(gw_json_parse(number, strlen(number), "n", issues, &doc), GW_OK);
    const bool is = gw_jnode_is_int(gw_json_root(doc));
    gw_json_free(doc);
    gw_issues_free(issues);
    return is;
}

static void whole_numbers_end_where_doubles_do(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "0", "-0", "-1", "1e3", "1.0", "9007199254740992", "-9007199254740992"};
    static const char *const other[] = {
        "0.5", "1e-3", "9007199254740994", "1e300", "-1e16", "\"1\"", "true", "null", "[]"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        assert_true(is_int(whole[i]));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        assert_false(is_int(other[i]));
}

static void a_pointer_that_does_not_fit_is_cut(void **state)
{
    const struct gw_jnode *n = gw_jnode_get(gw_json_root(*state), "list");
    n = gw_jnode_first(
        gw_jnode_get(gw_jnode_next(gw_jnode_next(gw_jnode_next(gw_jnode_first(n)))), "deep"));
    char out[20];
    gw_jnode_pointer(n, out, sizeof out);
    assert_string_equal(out, "/list/3/deep/0");
    gw_jnode_pointer(n, out, 14);
    assert_string_equal(out, "/list/3...");
    gw_jnode_pointer(n, out, 9);
    assert_string_equal(out, "/list...");
    gw_jnode_pointer(n, out, 4);
    assert_string_equal(out, "...");
}

static void issues_stand_at_the_node(void **state)
{
    struct gw_issues *issues = gw_issues_new();
    gw_jnode_issue(gw_jnode_get(gw_json_root(*state), "nil"), issues, "must not be %s", "null");
    assert_string_equal(gw_issues_text(issues, 0), "x.json:6: /nil: must not be null");
    gw_jnode_issue(gw_json_root(*state), issues, "all wrong");
    assert_string_equal(gw_issues_text(issues, 1), "x.json:2: all wrong");
    gw_issues_free(issues);
}

static void type_names_read_well(void **state)
{
    (void)state;
    assert_string_equal(gw_jtype_name(GW_J_OBJ), "an object");
    assert_string_equal(gw_jtype_name(GW_J_BOOL), "true or false");
    assert_string_equal(gw_jtype_name((enum gw_jtype)99), "?");
}

static void check_folder(const char *name, const char *folder)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    assert_int_equal(gw_json_parse("1", 1, name, issues, &doc), GW_OK);
    assert_string_equal(gw_json_folder(doc), folder);
    assert_string_equal(gw_json_name(doc), name);
    gw_json_free(doc);
    gw_issues_free(issues);
}

static void the_folder_is_absolute(void **state)
{
    (void)state;
    char here[400];
    char sub[440];
    assert_non_null(getcwd(here, sizeof here));
    check_folder("/etc/nonsite/site.json", "/etc/nonsite");
    check_folder("/site.json", "");
    check_folder("site.json", here);
    check_folder("./site.json", here);
    (void)snprintf(sub, sizeof sub, "%s/conf/x", here);
    check_folder("conf/x/site.json", sub);
    check_folder("./conf/x/site.json", sub);
}

static void files_are_loaded_or_told(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    assert_int_equal(gw_json_load("/nonexistent/x.json", issues, &doc), GW_E_NOTFOUND);
    assert_string_equal(gw_issues_text(issues, 0),
                        "/nonexistent/x.json: No such file or directory");
    assert_int_equal(gw_json_load("/dev/zero", issues, &doc), GW_E_RANGE);
    assert_string_equal(gw_issues_text(issues, 1), "/dev/zero: is larger than 1048576 bytes");
    assert_int_equal(gw_json_load("/dev/null", issues, &doc), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 2),
                        "/dev/null:1: expected a value, found the end of the file");
    assert_int_equal(gw_json_load("/", issues, &doc), GW_E_IO);
    assert_string_equal(gw_issues_text(issues, 3), "/: Is a directory");
    assert_null(doc);
    gw_json_free(NULL);
    gw_issues_free(issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_type_line_and_pointer),
        cmocka_unit_test(values_are_what_the_text_says),
        cmocka_unit_test(members_are_found_by_their_exact_key),
        cmocka_unit_test(whole_numbers_end_where_doubles_do),
        cmocka_unit_test(a_pointer_that_does_not_fit_is_cut),
        cmocka_unit_test(issues_stand_at_the_node),
        cmocka_unit_test(type_names_read_well),
        cmocka_unit_test(the_folder_is_absolute),
        cmocka_unit_test(files_are_loaded_or_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
