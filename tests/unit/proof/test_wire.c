/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/wire.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#define SIG "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static enum gw_status split(const char *text, struct gw_wire *w)
{
    struct gw_err err = {0};
    const enum gw_status st = gw_wire_split(text, strlen(text), w, &err);
    if (st != GW_OK)
        assert_true(strlen(err.msg) > 0);
    return st;
}

static void each_kind_is_taken_apart(void **state)
{
    (void)state;
    for (size_t k = 0; k < GW_WIRE_COUNT; k++) {
        char text[256];
        struct gw_wire w;
        const enum gw_wire_kind kind = (enum gw_wire_kind)k;
        (void)snprintf(text, sizeof text, "{\"%s\":{\"a\":1},\"sig\":\"" SIG "\"}",
                       gw_wire_name(kind));
        assert_int_equal(split(text, &w), GW_OK);
        assert_int_equal(w.kind, kind);
        assert_int_equal(w.len, strlen("{\"a\":1}"));
        assert_memory_equal(w.bytes, "{\"a\":1}", w.len);
        const char *domain = gw_wire_domain(kind);
        assert_int_equal(domain[strlen(domain) - 1], '\n');
        assert_non_null(strstr(domain, gw_wire_name(kind)));
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "{\"record\":{}",
        "{\"record\":{\"a\":1},\"sig\":\"" SIG "\"} ",
        " {\"record\":{\"a\":1},\"sig\":\"" SIG "\"}",
        "{\"record\": {\"a\":1},\"sig\":\"" SIG "\"}",
        "{\"record\":{\"b\":1,\"a\":1},\"sig\":\"" SIG "\"}",
        "{\"record\":{\"a\":1.5},\"sig\":\"" SIG "\"}",
        "{\"record\":[1],\"sig\":\"" SIG "\"}",
        "{\"record\":,\"sig\":\"" SIG "\"}",
        "{\"record\":{\"a\":1},\"sig\":\"A" SIG "\"}",
        "{\"record\":{\"a\":1},\"sig\":\"="
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"records\":{\"a\":1},\"sig\":\"" SIG "\"}",
        "{\"sig\":\"" SIG "\",\"record\":{\"a\":1}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct gw_wire w;
        if (split(texts[i], &w) != GW_E_PARSE)
            fail_msg("taken: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_taken_apart),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
