/* SPDX-License-Identifier: Apache-2.0 */
#include "control/told.h"

#include <string.h>

#include "support/cmocka_all.h"

#define NOW INT64_C(1795305600000)

static struct gw_command cmd;
static struct gw_err err;

static enum gw_status tell(const char *path, const char *body)
{
    const struct gw_told_verb *verb = gw_told_find(path);
    assert_non_null(verb);
    err.msg[0] = '\0';
    memset(&cmd, 0, sizeof cmd);
    return gw_told_read(verb, body, strlen(body), "uid 1000", NOW, &cmd, &err);
}

static void an_acknowledgement(void **state)
{
    (void)state;
    assert_int_equal(tell("/v1/ack", "{\"case\": \"a:GAS-EV-LOW:g.p1#3\", \"role\": \"值班员\"}"),
                     GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_ACK);
    assert_int_equal(cmd.by, GW_BY_LOCAL);
    assert_string_equal(cmd.target, "a:GAS-EV-LOW:g.p1#3");
    assert_string_equal(cmd.who, "值班员/uid 1000");
    assert_string_equal(cmd.reason, "");
    assert_int_equal(tell("/v1/ack", "{\"case\":\"c#1\",\"role\":\"r\",\"note\":\"seen on site\"}"),
                     GW_OK);
    assert_string_equal(cmd.reason, "seen on site");
}

static void shelving(void **state)
{
    (void)state;
    assert_int_equal(
        tell("/v1/shelve",
             "{\"case\":\"c#1\",\"minutes\":30,\"reason\":\"chatters\",\"role\":\"shift\"}"),
        GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_SHELVE);
    assert_int_equal(cmd.until_ms, NOW + 30 * 60000);
    assert_string_equal(cmd.reason, "chatters");
    assert_int_equal(tell("/v1/unshelve", "{\"case\":\"c#1\",\"role\":\"shift\"}"), GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_UNSHELVE);
}

static void permits(void **state)
{
    (void)state;
    assert_int_equal(tell("/v1/permit", "{\"asset\":\"*\",\"kind\":\"hot_work\",\"until\":"
                                        "1795305700000,\"reason\":\"weld\",\"role\":\"safety\","
                                        "\"certificate\":\"T-1\",\"certificate_until\":"
                                        "1795305900000,\"number\":\"HW-7\",\"from\":0}"),
                     GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_PERMIT);
    assert_int_equal(cmd.scope, GW_PERMIT_HOT_WORK);
    assert_string_equal(cmd.target, "*");
    assert_string_equal(cmd.id, "HW-7");
    assert_int_equal(cmd.certificate_until_ms, INT64_C(1795305900000));
    assert_int_equal(tell("/v1/permit", "{\"asset\":\"a\",\"kind\":\"shield\",\"until\":"
                                        "1795305700000,\"reason\":\"x\",\"role\":\"y\"}"),
                     GW_OK);
    assert_string_equal(cmd.id, "local-1795305600000");
    assert_int_equal(tell("/v1/permit_end", "{\"id\":\"HW-7\",\"role\":\"safety\"}"), GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_REVOKE);
}

static void a_proof(void **state)
{
    (void)state;
    const char *body = "{\"asset\":\"a\",\"point\":\"d.x\",\"role\":\"technician\",\"since\":"
                       "1795305590000,\"what\":\"acted\"}";
    assert_int_equal(tell("/v1/proof", body), GW_OK);
    assert_int_equal(cmd.kind, GW_COMMAND_PROOF);
    assert_int_equal(cmd.what, GW_PROOF_ACTED);
    assert_string_equal(cmd.point, "d.x");
    assert_int_equal(cmd.since_ms, INT64_C(1795305590000));
}

#define LONG36 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *path, *body, *why;
    } bad[] = {
        {"/v1/ack", "", "the body is no JSON object"},
        {"/v1/ack", "{", "the body is no JSON object"},
        {"/v1/ack", "[]", "the body must be an object"},
        {"/v1/ack", "{\"case\":\"c\",\"case\":\"d\",\"role\":\"r\"}", "the body is no JSON object"},
        {"/v1/ack", "{\"case\":\"c#1\"}", "role is missing"},
        {"/v1/ack", "{\"case\":\"\",\"role\":\"r\"}", "case is empty"},
        {"/v1/ack", "{\"case\":7,\"role\":\"r\"}", "case must be a string"},
        {"/v1/ack", "{\"case\":\"c\",\"role\":\"r\\n\"}", "role has control characters"},
        {"/v1/ack", "{\"case\":\"c\",\"role\":\"a/b\"}", "role has a '/'"},
        {"/v1/ack", "{\"case\":\"c\",\"role\":\"" LONG36 "a\"}", "role is too long"},
        {"/v1/ack", "{\"case\":\"c\",\"role\":\"r\",\"by\":\"platform\"}",
         "by is no member of this"},
        {"/v1/shelve", "{\"case\":\"c\",\"minutes\":0,\"reason\":\"x\",\"role\":\"r\"}",
         "minutes must be a whole number of minutes, 1 or more"},
        {"/v1/shelve", "{\"case\":\"c\",\"minutes\":1.5,\"reason\":\"x\",\"role\":\"r\"}",
         "minutes must be a whole number of minutes, 1 or more"},
        {"/v1/shelve", "{\"case\":\"c\",\"minutes\":1e18,\"reason\":\"x\",\"role\":\"r\"}",
         "minutes must be a whole number of minutes, 1 or more"},
        {"/v1/permit",
         "{\"asset\":\"a\",\"kind\":\"party\",\"until\":1,\"reason\":\"x\",\"role\":\"r\"}",
         "kind must be maintenance, shield, calibration or hot_work"},
        {"/v1/permit",
         "{\"asset\":\"a\",\"kind\":\"shield\",\"until\":-1,\"reason\":\"x\",\"role\":\"r\"}",
         "until must be milliseconds since 1970"},
        {"/v1/proof", "{\"asset\":\"a\",\"point\":\"p\",\"role\":\"r\",\"what\":\"moved\"}",
         "since is missing"},
        {"/v1/proof",
         "{\"asset\":\"a\",\"point\":\"p\",\"role\":\"r\",\"since\":\"now\",\"what\":\"moved\"}",
         "since must be milliseconds since 1970"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(tell(bad[i].path, bad[i].body), GW_OK);
        assert_string_equal(err.msg, bad[i].why);
    }
    assert_int_equal(tell("/v1/ack", "{\"case\":\"c\",\"role\":\"" LONG36 "\"}"), GW_OK);
    assert_string_equal(cmd.who, LONG36 "/uid 1000");
}

static void no_other_verb(void **state)
{
    static const char *const none[] = {
        "/v1/order", "/v1/accept", "/v1/cancel", "/v1/rectify", "/v1/status", "ack", ""};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(gw_told_find(none[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_acknowledgement),
        cmocka_unit_test(shelving),
        cmocka_unit_test(permits),
        cmocka_unit_test(a_proof),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(no_other_verb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
