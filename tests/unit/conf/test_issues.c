/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/issues.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* malloc'd. */
static char *printed(const struct gw_issues *is)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    gw_issues_print(is, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void an_issue_names_file_line_and_place(void **state)
{
    (void)state;
    struct gw_issues *is = gw_issues_new();
    gw_issues_add(is, "a.json", 7, "/x/y", "must be %d to %d", 1, 9);
    gw_issues_add(is, "a.json", 7, "", "whole line");
    gw_issues_add(is, "a.json", 0, "", "whole file");
    gw_issues_add(is, "a.json", 0, "/x", "no line");
    assert_int_equal(gw_issues_count(is), 4);
    assert_string_equal(gw_issues_text(is, 0), "a.json:7: /x/y: must be 1 to 9");
    assert_string_equal(gw_issues_text(is, 1), "a.json:7: whole line");
    assert_string_equal(gw_issues_text(is, 2), "a.json: whole file");
    assert_string_equal(gw_issues_text(is, 3), "a.json: /x: no line");
    gw_issues_free(is);
}

static void they_are_printed_by_file_and_line(void **state)
{
    (void)state;
    struct gw_issues *is = gw_issues_new();
    gw_issues_add(is, "b", 1, "", "1");
    gw_issues_add(is, "a", 10, "", "2");
    gw_issues_add(is, "a", 9, "", "3");
    gw_issues_add(is, "a", 10, "", "4");
    gw_issues_add(is, "ab", 1, "", "5");
    gw_issues_add(is, "a", 0, "", "6");
    char *text = printed(is);
    assert_string_equal(text, "a: 6\na:9: 3\na:10: 2\na:10: 4\nab:1: 5\nb:1: 1\n6 issues\n");
    free(text);
    gw_issues_free(is);
}

static void numbers_are_in_words_that_fit(void **state)
{
    (void)state;
    struct gw_issues *is = gw_issues_new();
    char *none = printed(is);
    assert_string_equal(none, "0 issues\n");
    gw_issues_add(is, "f", 1, "", "x");
    char *one = printed(is);
    assert_string_equal(one, "f:1: x\n1 issue\n");
    free(none);
    free(one);
    gw_issues_free(is);
}

static void only_the_first_hundred_are_kept(void **state)
{
    (void)state;
    struct gw_issues *is = gw_issues_new();
    for (int i = 1; i <= 250; i++)
        gw_issues_add(is, "f", i, "", "x");
    assert_int_equal(gw_issues_count(is), 250);
    assert_string_equal(gw_issues_text(is, 99), "f:100: x");
    char *text = printed(is);
    assert_non_null(strstr(text, "\nf:100: x\n250 issues, the first 100 are shown\n"));
    assert_null(strstr(text, "f:101"));
    free(text);
    gw_issues_free(is);
}

static void an_issue_stays_one_line_and_bounded(void **state)
{
    (void)state;
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct gw_issues *is = gw_issues_new();
    gw_issues_add(is, "f\nile", 1, "/a\tb", "one\ntwo\x1b[31m");
    gw_issues_add(is, "f", 1, longer, "%s", longer);
    assert_string_equal(gw_issues_text(is, 0), "f ile:1: /a b: one two [31m");
    assert_true(strlen(gw_issues_text(is, 1)) < 2000);
    assert_string_equal(gw_issues_text(is, 1) + strlen(gw_issues_text(is, 1)) - 3, "...");
    gw_issues_free(is);
    gw_issues_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_issue_names_file_line_and_place),
        cmocka_unit_test(they_are_printed_by_file_and_line),
        cmocka_unit_test(numbers_are_in_words_that_fit),
        cmocka_unit_test(only_the_first_hundred_are_kept),
        cmocka_unit_test(an_issue_stays_one_line_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
