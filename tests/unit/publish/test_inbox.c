/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gw_inbox *open_inbox(void)
{
    struct gw_inbox *in = NULL;
    assert_int_equal(gw_inbox_new(&in, NULL), GW_OK);
    return in;
}

static void a_letter_has_name_and_text(void **state)
{
    (void)state;
    struct gw_inbox *in = open_inbox();
    struct gw_letter l;
    gw_inbox_put(in, "nonsite/v1/g/command/permit", "abc", 3, true, 0);
    gw_inbox_put(in, "nonsite/v1/g/command/receipt", NULL, 0, false, 0);
    assert_true(gw_inbox_get(in, 1, &l));
    assert_string_equal(l.name, "permit");
    assert_string_equal(l.data, "abc");
    assert_true(l.retained);
    free(l.data);
    assert_true(gw_inbox_get(in, 0, &l));
    assert_int_equal(l.len, 0);
    assert_string_equal(l.data, "");
    free(l.data);
    assert_false(gw_inbox_get(in, 0, &l));
    gw_inbox_free(in);
}

static void a_flood_is_counted_and_leaves_room_for_receipts(void **state)
{
    (void)state;
    struct gw_inbox *in = open_inbox();
    struct gw_inbox_counts c;
    struct gw_letter l;
    size_t got = 0;
    for (int i = 0; i < 100000; i++)
        gw_inbox_put(in, "nonsite/v1/g/command/ack", "x", 1, false, i / 10);
    gw_inbox_put(in, "nonsite/v1/g/command/receipt", "x", 1, false, 10000);
    while (gw_inbox_get(in, 1, &l)) {
        free(l.data);
        got++;
    }
    gw_inbox_counts(in, &c);
    assert_true(got > 0 && got <= 64);
    assert_int_equal(c.flood, 100000 - got);
    assert_true(gw_inbox_get(in, 0, &l));
    free(l.data);
    gw_inbox_free(in);
}

static void the_rate_is_a_hundred_a_second(void **state)
{
    (void)state;
    struct gw_inbox *in = open_inbox();
    struct gw_letter l;
    size_t got = 0;
    for (int i = 0; i < 100000; i++) { /* for 10 s; emptied each time */
        gw_inbox_put(in, "c/ack", "x", 1, false, i / 10);
        while (gw_inbox_get(in, 1, &l)) {
            free(l.data);
            got++;
        }
    }
    assert_in_range(got, 1190, 1210);
    gw_inbox_free(in);
}

static void what_is_too_large_or_strange_is_dropped(void **state)
{
    (void)state;
    struct gw_inbox *in = open_inbox();
    struct gw_inbox_counts c;
    struct gw_letter l;
    char *big = calloc(1, GW_INBOX_BYTES + 1);
    assert_non_null(big);
    gw_inbox_put(in, "c/ack", big, GW_INBOX_BYTES + 1, false, 0);
    gw_inbox_put(in, "c/a-name-that-is-too-long", "x", 1, false, 0);
    gw_inbox_counts(in, &c);
    assert_int_equal(c.size, 1);
    assert_int_equal(c.topic, 1);
    assert_false(gw_inbox_get(in, 1, &l));
    gw_inbox_put(in, "c/ack", big, GW_INBOX_BYTES, false, 0);
    gw_inbox_free(in); /* with what is inside */
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_has_name_and_text),
        cmocka_unit_test(a_flood_is_counted_and_leaves_room_for_receipts),
        cmocka_unit_test(the_rate_is_a_hundred_a_second),
        cmocka_unit_test(what_is_too_large_or_strange_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
