/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out at every place in turn: loading and printing fail whole, and leave nothing behind
 * (which a run under the address sanitizer proves). The allocating calls of our own code are
 * replaced by the linker; those inside cJSON are not.
 */
#include "conf/site.h"

#include "site_fixture.h"
#include "stub_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The linker gives these names. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static struct site_fixture fixture;
static long left = -1; /* allocations until one fails; -1: none does */
static bool sticky;    /* all fail after it */
static bool hit;       /* one did */

static bool fails(void)
{
    if (left < 0)
        return false;
    if (left == 0) {
        left = sticky ? 0 : -1;
        hit = true;
        return true;
    }
    left--;
    return false;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

static int setup(void **state)
{
    (void)state;
    if (site_fixture_make(&fixture) != 0)
        return -1;
    site_fixture_write(&fixture, "site.json", site_base, strlen(site_base));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    site_fixture_remove(&fixture);
    return 0;
}

/* Loads with the n-th allocation failing; true when there was none. */
static bool load_failing_at(long n, bool all_after)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_non_null(issues);
    left = n;
    sticky = all_after;
    hit = false;
    const enum gw_status status = gw_site_load(fixture.site, stub_drivers, issues, &site);
    left = -1;
    if (status == GW_OK) {
        assert_int_equal(gw_issues_count(issues), 0);
        assert_non_null(site);
    } else {
        assert_int_equal(status, GW_E_NOMEM);
        assert_null(site);
        assert_true(gw_issues_count(issues) > 0);
    }
    /* A failure that nobody noticed would be a site that lacks something. */
    assert_int_equal(hit, status != GW_OK);
    gw_site_free(site);
    gw_issues_free(issues);
    return status == GW_OK;
}

static void loading_fails_whole(void **state)
{
    (void)state;
    for (int all_after = 0; all_after < 2; all_after++) {
        long n = 0;
        while (!load_failing_at(n, all_after != 0)) {
            n++;
            assert_true(n < 10000);
        }
        print_message("%ld allocations\n", n);
        assert_true(n > 50);
    }
}

static void printing_fails_whole(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(gw_site_load(fixture.site, stub_drivers, issues, &site), GW_OK);
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct gw_buf b;
        gw_buf_init(&b, 1 << 20);
        left = n;
        sticky = false;
        hit = false;
        gw_site_print(site, &b);
        left = -1;
        failed = b.failed;
        assert_int_equal(failed, hit);
        gw_buf_free(&b);
    }
    gw_site_free(site);
    gw_issues_free(issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_fails_whole),
        cmocka_unit_test(printing_fails_whole),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
