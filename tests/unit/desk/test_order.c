/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/order.h"

#include "base/jcs.h"
#include "proof/wire.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW INT64_C(1795305600000) /* 2026-11-22 08:00 China Standard Time */

static struct gw_key *key;

static int setup(void **state)
{
    char path[128];
    struct gw_err err;
    const char *tmp = getenv("TMPDIR");
    (void)state;
    (void)snprintf(path, sizeof path, "%s/order%ld.key", tmp && strlen(tmp) < 90 ? tmp : "/tmp",
                   (long)getpid());
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    return unlink(path);
}

static int teardown(void **state)
{
    (void)state;
    gw_key_free(key);
    return 0;
}

static enum gw_status make(const char *name, const char *const *args, size_t n, struct gw_buf *out)
{
    char hash[GW_SHA256_HEX];
    struct gw_err err = {0};
    const struct gw_desk_order o = {.gateway = "gw",
                                    .name = name,
                                    .args = args,
                                    .nargs = n,
                                    .seq = 7,
                                    .now_ms = NOW,
                                    .challenge = ""};
    const enum gw_status st = gw_desk_order(key, &o, out, hash, &err);
    if (st != GW_OK)
        assert_true(err.msg[0] != '\0');
    return st;
}

static void a_command_is_canonical_and_signed(void **state)
{
    static const char *const args[] = {"target=paint-1", "id=P-1", "scope=shield", "until=+8h",
                                       "reason=换探头"};
    struct gw_buf out;
    struct gw_wire w;
    struct gw_err err;
    (void)state;
    gw_buf_init(&out, 65536);
    assert_int_equal(make("permit", args, 5, &out), GW_OK);
    assert_int_equal(gw_wire_split(out.data, out.len, &w, &err), GW_OK);
    assert_int_equal(w.kind, GW_WIRE_COMMAND);
    assert_true(gw_wire_signed(&w, key));
    assert_non_null(strstr(out.data, "\"until\":1795334400000"));
    assert_non_null(strstr(out.data, "\"seq\":7"));
    gw_buf_free(&out);
}

static void times_are_read(void **state)
{
    static const struct {
        const char *arg, *want;
    } rows[] = {
        {"until=+90m", "\"until\":1795311000000"},
        {"until=+3d", "\"until\":1795564800000"},
        {"until=2026-11-22", "\"until\":1795363200000"}, /* its end in China */
        {"until=1795305600001", "\"until\":1795305600001"},
        {"until=2026-02-31", NULL},
        {"until=+8", NULL},
        {"until=+8w", NULL},
        {"until=tomorrow", NULL},
        {"until=-5", NULL},
        {"until=", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const args[] = {"target=a", "reason=r", rows[i].arg};
        struct gw_buf out;
        gw_buf_init(&out, 65536);
        const enum gw_status st = make("shelve", args, 3, &out);
        if (rows[i].want) {
            assert_int_equal(st, GW_OK);
            if (!strstr(out.data, rows[i].want))
                fail_msg("%s: %s", rows[i].arg, out.data);
        } else {
            assert_int_equal(st, GW_E_INVAL);
        }
        gw_buf_free(&out);
    }
}

static void what_is_typed_wrongly_is_refused(void **state)
{
    static const struct {
        const char *name, *args[3];
        size_t n;
    } rows[] = {
        {"burn", {NULL}, 0},
        {"ack", {NULL}, 0},
        {"ack", {"target="}, 1},
        {"ack", {"target=a", "target=b"}, 2},
        {"ack", {"target=a", "reason=b"}, 2},
        {"ack", {"target"}, 1},
        {"accept", {"hash=abc"}, 1},
        {"order", {"id=1", "order=lif", "reason=x"}, 3},
        {"order", {"id=1", "order=watch lift", "reason=x"}, 3},
        {"ack", {"target=\xff\xfe"}, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf out;
        gw_buf_init(&out, 65536);
        if (make(rows[i].name, rows[i].args, rows[i].n, &out) != GW_E_INVAL)
            fail_msg("row %zu was taken", i);
        gw_buf_free(&out);
    }
}

static void a_receipt_names_its_records(void **state)
{
    struct gw_place places[2] = {{.chain = "0123456789abcdef", .seq = 4},
                                 {.chain = "0123456789abcdef", .seq = 9}};
    struct gw_place head = {.chain = "0123456789abcdef", .seq = 4};
    struct gw_buf out;
    struct gw_wire w;
    struct gw_err err;
    (void)state;
    memset(places[0].hash, 'a', 64);
    memset(places[1].hash, 'b', 64);
    memset(head.hash, 'a', 64);
    gw_buf_init(&out, 65536);
    assert_int_equal(gw_desk_receipt(key, "gw", places, 2, &head, NOW, &out, &err), GW_OK);
    assert_int_equal(gw_wire_split(out.data, out.len, &w, &err), GW_OK);
    assert_true(gw_wire_signed(&w, key));
    assert_non_null(strstr(out.data, "\"seq\":9}]"));
    gw_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_canonical_and_signed),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_typed_wrongly_is_refused),
        cmocka_unit_test(a_receipt_names_its_records),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
