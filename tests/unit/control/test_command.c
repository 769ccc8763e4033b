/* SPDX-License-Identifier: Apache-2.0
 *
 * The door for commands: every reason for a refusal, in its order, and what is let in.
 */
#include "control/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW       INT64_C(1790000000000)
#define CHALLENGE "00112233445566778899aabbccddeeff"
#define HASH64    "cafe567890123456789012345678901234567890123456789012345678901234"
#define ALL       ((UINT32_C(1) << GW_ASK_COUNT) - 1)

struct rig {
    char dir[64];
    struct gw_site site;
    struct gw_key *keys[3]; /* may all; may only ack; a stranger's */
    struct gw_gate *gate;
    struct gw_stamp now;
    struct gw_asked asked;
    struct gw_place places[GW_ASK_RECEIPTS];
    char text[70000];
};

static void open_gate(struct rig *r)
{
    struct gw_err err = {0};
    gw_gate_free(r->gate);
    if (gw_gate_new(&r->site, CHALLENGE, &r->gate, &err) != GW_OK)
        fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct gw_err err = {0};
    assert_non_null(r);
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(r->dir, sizeof r->dir, "%s/nonsite-gate.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(r->dir));
    for (int i = 0; i < 3; i++) {
        char path[128], pub[128];
        (void)snprintf(path, sizeof path, "%s/%d.key", r->dir, i);
        (void)snprintf(pub, sizeof pub, "%s/%d.pub", r->dir, i);
        assert_int_equal(gw_key_create(path, &r->keys[i], &err), GW_OK);
        assert_int_equal(gw_key_save_public(r->keys[i], pub, &err), GW_OK);
        assert_int_equal(unlink(path), 0);
        if (i < 2)
            (void)snprintf(r->site.platform.keys[i].file, GW_PATH_SIZE, "%s", pub);
    }
    r->site.platform.nkeys = 2;
    r->site.platform.keys[0].may = ALL;
    r->site.platform.keys[1].may = UINT32_C(1) << GW_COMMAND_ACK;
    (void)snprintf(r->site.gateway.id, sizeof r->site.gateway.id, "g1");
    r->now = (struct gw_stamp){.wall_ms = NOW, .mono_ms = 1000, .boot_ms = 1000, .sync = true};
    r->asked.places = r->places;
    open_gate(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    char path[128];
    gw_gate_free(r->gate);
    for (int i = 0; i < 3; i++) {
        gw_key_free(r->keys[i]);
        (void)snprintf(path, sizeof path, "%s/%d.pub", r->dir, i);
        (void)unlink(path);
    }
    (void)rmdir(r->dir);
    free(r);
    return 0;
}

/* ---- messages ---- */

/* What a command is made of; NULL: as it should be. */
struct made {
    const char *args, *challenge, *exp, *gateway, *iat, *kid, *name, *seq, *v, *more;
    const char *topic;
    int key; /* that signs, and whose kid stands in it */
    bool retained;
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static void sign(struct rig *r, int key, const char *bytes)
{
    uint8_t raw[GW_SIG_SIZE];
    char sig[GW_SIG_B64];
    assert_int_equal(gw_key_sign(r->keys[key], "nonsite-command-v1\n", bytes, strlen(bytes), raw),
                     GW_OK);
    gw_base64url(raw, sizeof raw, sig, sizeof sig);
    (void)snprintf(r->text, sizeof r->text, "{\"command\":%s,\"sig\":\"%s\"}", bytes, sig);
}

static void make(struct rig *r, const struct made *m)
{
    char bytes[4096];
    char kid[32];
    (void)snprintf(kid, sizeof kid, "\"%s\"", gw_key_id(r->keys[m->key]));
    (void)snprintf(bytes, sizeof bytes,
                   "{\"args\":%s%s,\"exp\":%s,\"gateway\":%s,\"iat\":%s,\"kid\":%s,"
                   "\"name\":%s,\"seq\":%s,\"v\":%s%s}",
                   or_else(m->args, "{\"target\":\"a:F\"}"), or_else(m->challenge, ""),
                   or_else(m->exp, "1790000060000"), or_else(m->gateway, "\"g1\""),
                   or_else(m->iat, "1790000000000"), or_else(m->kid, kid),
                   or_else(m->name, "\"ack\""), or_else(m->seq, "7"), or_else(m->v, "1"),
                   or_else(m->more, ""));
    sign(r, m->key, bytes);
}

static enum gw_refusal judge_text(struct rig *r, const char *topic, bool retained)
{
    const struct gw_ask_message m = {topic, r->text, strlen(r->text), retained};
    return gw_gate_judge(r->gate, &m, &r->now, &r->asked);
}

static enum gw_refusal judge(struct rig *r, const struct made *m)
{
    make(r, m);
    return judge_text(r, or_else(m->topic, "ack"), m->retained);
}

static uint64_t counted(struct rig *r, enum gw_refusal why)
{
    struct gw_gate_counts c;
    gw_gate_counts(r->gate, &c);
    return c.refused[why];
}

/* ---- tests ---- */

static void a_good_command_is_let_in(void **state)
{
    struct rig *r = *state;
    char hash[GW_SHA256_HEX];

    assert_int_equal(judge(r, &(struct made){0}), GW_REFUSED_NOT);
    assert_true(r->asked.signed_well);
    assert_int_equal(r->asked.ask, GW_COMMAND_ACK);
    assert_int_equal(r->asked.seq, 7);
    assert_int_equal(r->asked.command.by, GW_BY_PLATFORM);
    assert_string_equal(r->asked.command.who, gw_key_id(r->keys[0]));
    assert_string_equal(r->asked.command.target, "a:F");
    const char *bytes = r->text + strlen("{\"command\":");
    const char *end = strstr(bytes, ",\"sig\"");
    assert_int_equal(gw_sha256_hex(bytes, (size_t)(end - bytes), hash), GW_OK);
    assert_string_equal(r->asked.hash, hash);
}

static void every_refusal_has_its_reason(void **state)
{
    struct rig *r = *state;
    static const struct {
        struct made made;
        enum gw_refusal why;
        bool answered;
    } cases[] = {
        {{.retained = true}, GW_REFUSED_RETAINED, false},
        {{.key = 2}, GW_REFUSED_SIGNATURE, false},
        {{.kid = "\"0123456789abcdef\""}, GW_REFUSED_SIGNATURE, false},
        {{.kid = "1"}, GW_REFUSED_SIGNATURE, false},
        {{.v = "2"}, GW_REFUSED_FORM, false},
        {{.more = ",\"z\":1"}, GW_REFUSED_FORM, false},
        {{.seq = "0"}, GW_REFUSED_FORM, false},
        {{.seq = "\"7\""}, GW_REFUSED_FORM, false},
        {{.seq = "-7"}, GW_REFUSED_FORM, false},
        {{.exp = "true"}, GW_REFUSED_FORM, false},
        {{.args = "[]"}, GW_REFUSED_FORM, false},
        {{.args = "{},\"b\":1"}, GW_REFUSED_FORM, false},
        {{.gateway = "\"g2\""}, GW_REFUSED_GATEWAY, true},
        {{.gateway = "\"g2\"", .seq = "1", .exp = "1"}, GW_REFUSED_GATEWAY, true},
        {{.topic = "shelve"}, GW_REFUSED_NAME, true},
        {{.name = "\"burn\"", .topic = "burn"}, GW_REFUSED_NAME, false},
        {{.name = "\"cancel\"", .topic = "cancel", .key = 1}, GW_REFUSED_NAME, true},
        {{.seq = "5", .exp = "1"}, GW_REFUSED_SEQUENCE, true},
        {{.seq = "4"}, GW_REFUSED_SEQUENCE, true},
        {{.exp = "1789999999999", .iat = "1789999990000"}, GW_REFUSED_EXPIRED, true},
        {{.exp = "1790086400001"}, GW_REFUSED_EXPIRED, true},
        {{.exp = "1790000000001", .iat = "1790000000002"}, GW_REFUSED_EXPIRED, true},
        {{.args = "{}"}, GW_REFUSED_ARGUMENTS, true},
        {{.args = "{\"reason\":\"x\",\"target\":\"a\"}"}, GW_REFUSED_ARGUMENTS, true},
        {{.args = "{\"target\":\"\"}"}, GW_REFUSED_ARGUMENTS, true},
        {{.args = "{\"target\":1}"}, GW_REFUSED_ARGUMENTS, true},
        {{.args = "{\"target\":\"a\\nb\"}"}, GW_REFUSED_ARGUMENTS, true},
    };

    assert_int_equal(judge(r, &(struct made){.seq = "5"}), GW_REFUSED_NOT);
    gw_gate_take(r->gate, &r->asked);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t before = counted(r, cases[i].why);
        r->now.mono_ms += 1000;
        const enum gw_refusal why = judge(r, &cases[i].made);
        if (why != cases[i].why || r->asked.signed_well != cases[i].answered)
            fail_msg("%s gives %s, %d", r->text, gw_refusal_name(why), r->asked.signed_well);
        assert_int_equal(counted(r, why), before + 1);
        if (cases[i].answered)
            assert_true(r->asked.why[0] != '\0' && r->asked.why_zh[0] != '\0');
    }
    assert_int_equal(counted(r, GW_REFUSED_NOT), 1);
    assert_int_equal(gw_gate_seq(r->gate, 0, GW_COMMAND_ACK), 5);
}

static void what_is_no_message_is_refused(void **state)
{
    struct rig *r = *state;
    static const char *const texts[] = {
        "", "{}", "x", "{\"command\":{},\"sig\":\"\"}",
        "{\"record\":{},\"sig\":\"AAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)snprintf(r->text, sizeof r->text, "%s", texts[i]);
        assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_FORM);
    }
    /* A space is not canonical, whoever signed it. */
    sign(r, 0, "{\"args\": {}}");
    assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_FORM);
    /* Signed for another domain, and one byte changed. */
    make(r, &(struct made){0});
    *strstr(r->text, "a:F") = 'b';
    assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_SIGNATURE);
    memset(r->text, 'x', GW_ASK_SIZE_MAX + 1);
    r->text[GW_ASK_SIZE_MAX + 1] = '\0';
    assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_SIZE);
    r->text[GW_ASK_SIZE_MAX] = '\0';
    assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_FORM);
    assert_false(r->asked.signed_well);
}

static void every_bit_of_a_message_counts(void **state)
{
    struct rig *r = *state;
    char good[2048];

    make(r, &(struct made){0});
    assert_true(strlen(r->text) < sizeof good);
    memcpy(good, r->text, strlen(r->text) + 1);
    for (size_t i = 0; i < strlen(good); i++) {
        (void)snprintf(r->text, sizeof r->text, "%s", good);
        r->text[i] ^= 1;
        const enum gw_refusal why = judge_text(r, "ack", false);
        assert_true(why == GW_REFUSED_FORM || why == GW_REFUSED_SIGNATURE);
    }
    (void)snprintf(r->text, sizeof r->text, "%s", good);
    assert_int_equal(judge_text(r, "ack", false), GW_REFUSED_NOT);
}

static void without_a_clock_the_challenge_counts(void **state)
{
    struct rig *r = *state;

    r->now.sync = false;
    assert_int_equal(judge(r, &(struct made){0}), GW_REFUSED_CHALLENGE);
    assert_int_equal(judge(r, &(struct made){.challenge = ",\"challenge\":\"00\""}),
                     GW_REFUSED_CHALLENGE);
    r->now.wall_ms = 0; /* 1970: exp says nothing */
    assert_int_equal(judge(r, &(struct made){.challenge = ",\"challenge\":\"" CHALLENGE "\"",
                                             .exp = "1790000000000"}),
                     GW_REFUSED_NOT);
    r->now.sync = true; /* and with one it is ignored */
    assert_int_equal(judge(r, &(struct made){.challenge = ",\"challenge\":\"00\""}),
                     GW_REFUSED_NOT);
}

static void numbers_last(void **state)
{
    struct rig *r = *state;
    char key[GW_GATE_KEY], text[64];
    struct gw_buf b;

    assert_int_equal(judge(r, &(struct made){.seq = "12"}), GW_REFUSED_NOT);
    gw_gate_take(r->gate, &r->asked);
    assert_int_equal(judge(r, &(struct made){.seq = "12"}), GW_REFUSED_SEQUENCE);
    assert_int_equal(judge(r, &(struct made){.seq = "12", .key = 1}), GW_REFUSED_NOT);
    gw_gate_row_key(r->gate, 0, GW_COMMAND_ACK, key);
    gw_buf_fixed(&b, text, sizeof text);
    gw_gate_row(12, &b);
    assert_string_equal(text, "{\"seq\":12}");

    open_gate(r); /* as after a restart */
    assert_false(gw_gate_restore(r->gate, "if-1:CW-FLT-01", "{}"));
    assert_true(gw_gate_restore(r->gate, key, text));
    assert_int_equal(judge(r, &(struct made){.seq = "12"}), GW_REFUSED_SEQUENCE);
    assert_int_equal(judge(r, &(struct made){.seq = "13"}), GW_REFUSED_NOT);
    /* A key that is no longer trusted; rows that cannot be read let nothing act twice. */
    assert_true(gw_gate_restore(r->gate, "_command:0000000000000000:ack", text));
    assert_true(gw_gate_restore(r->gate, key, "{\"seq\":12} "));
    assert_int_equal(judge(r, &(struct made){.seq = "99"}), GW_REFUSED_SEQUENCE);
}

static void ten_at_once_then_one_a_second(void **state)
{
    struct rig *r = *state;
    int in = 0;

    for (int i = 0; i < 20; i++)
        in += judge(r, &(struct made){0}) == GW_REFUSED_NOT;
    assert_int_equal(in, 10);
    assert_int_equal(counted(r, GW_REFUSED_RATE), 10);
    r->now.mono_ms += 999;
    assert_int_equal(judge(r, &(struct made){0}), GW_REFUSED_RATE);
    r->now.mono_ms += 1;
    assert_int_equal(judge(r, &(struct made){0}), GW_REFUSED_NOT);
    in = 0;
    for (int i = 0; i < 20; i++)
        in += gw_gate_may_answer(r->gate, &r->now);
    assert_int_equal(in, 10);
}

/* ---- receipts ---- */

static enum gw_refusal judge_receipt(struct rig *r, int key, const char *args, const char *more)
{
    char bytes[32768];
    (void)snprintf(
        bytes, sizeof bytes,
        "{\"args\":%s,\"gateway\":\"g1\",\"iat\":1,\"kid\":\"%s\",\"name\":\"receipt\"%s,"
        "\"v\":1}",
        args, gw_key_id(r->keys[key]), more);
    sign(r, key, bytes);
    return judge_text(r, "receipt", false);
}

static void receipts_need_no_number(void **state)
{
    struct rig *r = *state;
    static const char good[] =
        "{\"chain\":\"0123456789abcdef\",\"head\":{\"hash\":\"" HASH64 "\",\"seq\":9},"
        "\"records\":[{\"hash\":\"" HASH64 "\",\"seq\":8},{\"hash\":\"" HASH64 "\",\"seq\":9}]}";
    char many[32768];

    for (int i = 0; i < 50; i++)
        assert_int_equal(judge_receipt(r, 0, good, ""), GW_REFUSED_NOT);
    assert_int_equal(r->asked.nplaces, 2);
    assert_int_equal(r->places[1].seq, 9);
    assert_string_equal(r->places[1].chain, "0123456789abcdef");
    assert_string_equal(r->places[1].hash, HASH64);
    assert_int_equal(
        judge_receipt(r, 0,
                      "{\"chain\":\"0123456789abcdef\",\"head\":{\"hash\":\"\",\"seq\":0},"
                      "\"records\":[]}",
                      ""),
        GW_REFUSED_NOT);
    assert_int_equal(judge_receipt(r, 1, good, ""), GW_REFUSED_NAME);
    assert_int_equal(judge_receipt(r, 0, good, ",\"seq\":1"), GW_REFUSED_FORM);
    assert_int_equal(judge_receipt(r, 0, "{}", ""), GW_REFUSED_ARGUMENTS);

    int n = snprintf(many, sizeof many,
                     "{\"chain\":\"0123456789abcdef\",\"head\":{\"hash\":\"" HASH64
                     "\",\"seq\":9},\"records\":[");
    for (int i = 0; i <= GW_ASK_RECEIPTS; i++)
        n += snprintf(many + n, sizeof many - (size_t)n, "%s{\"hash\":\"" HASH64 "\",\"seq\":8}",
                      i > 0 ? "," : "");
    (void)snprintf(many + n, sizeof many - (size_t)n, "]}");
    assert_int_equal(judge_receipt(r, 0, many, ""), GW_REFUSED_ARGUMENTS);
}

/* ---- arguments ---- */

static void arguments_of_every_name(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *name, *args;
        bool good;
    } cases[] = {
        {"shelve", "{\"reason\":\"r\",\"target\":\"t\",\"until\":5}", true},
        {"shelve", "{\"reason\":\"r\",\"target\":\"t\",\"until\":\"5\"}", false},
        {"unshelve", "{\"target\":\"t\"}", true},
        {"permit",
         "{\"id\":\"p1\",\"reason\":\"r\",\"scope\":\"shield\",\"target\":\"t\",\"until\":5}",
         true},
        {"permit",
         "{\"from\":6,\"id\":\"p1\",\"reason\":\"r\",\"scope\":\"shield\",\"target\":\"t\","
         "\"until\":5}",
         false},
        {"permit",
         "{\"id\":\"p1\",\"reason\":\"r\",\"scope\":\"play\",\"target\":\"t\",\"until\":5}", false},
        {"permit",
         "{\"id\":\"p1\",\"reason\":\"r\",\"scope\":\"hot_work\",\"target\":\"t\",\"until\":5}",
         false},
        {"permit",
         "{\"certificate\":\"c\",\"certificate_until\":9,\"id\":\"p1\",\"reason\":\"r\",\"scope\":"
         "\"hot_work\",\"target\":\"t\",\"until\":5}",
         true},
        {"revoke", "{\"id\":\"p1\"}", true},
        {"revoke", "{\"id\":\"p 1\"}", false},
        {"order", "{\"id\":\"o1\",\"order\":\"suspend\",\"reason\":\"r\"}", true},
        {"order", "{\"id\":\"o1\",\"order\":\"suspend\",\"reason\":\"r\",\"target\":\"\"}", true},
        {"order", "{\"id\":\"o1\",\"order\":\"burn\",\"reason\":\"r\"}", false},
        {"accept", "{\"hash\":\"" HASH64 "\"}", true},
        {"accept", "{\"hash\":\"CAFE\"}", false},
        {"rectify", "{\"body\":\"b\",\"case\":\"c\",\"role\":\"r\",\"standard\":\"s\",\"until\":5}",
         true},
        {"rectify", "{\"body\":\"b\",\"case\":\"c\",\"role\":\"r\",\"until\":5}", false},
        {"claim", "{\"case\":\"c\",\"reason\":\"r\"}", true},
        {"cancel", "{\"case\":\"c\",\"reason\":\"r\"}", true},
        {"cancel", "{\"case\":\"c\"}", false},
        {"evidence", "{\"record\":\"0123456789abcdef-7\"}", true},
        {"evidence", "{\"case\":\"a:F#1\"}", true},
        {"evidence", "{\"case\":\"a:F#1\",\"record\":\"0123456789abcdef-7\"}", false},
        {"evidence", "{}", false},
        {"challenge", "{\"nonce\":\"0123456789abcdef\"}", true},
        {"challenge", "{\"nonce\":\"0123456789abcde\"}", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "\"%s\"", cases[i].name);
        r->now.mono_ms += 1000;
        const enum gw_refusal why =
            judge(r, &(struct made){.name = name, .topic = cases[i].name, .args = cases[i].args});
        if (why != (cases[i].good ? GW_REFUSED_NOT : GW_REFUSED_ARGUMENTS))
            fail_msg("%s %s: %s %s", cases[i].name, cases[i].args, gw_refusal_name(why),
                     r->asked.why);
        if (cases[i].good && r->asked.ask < GW_COMMAND_COUNT)
            assert_int_equal(r->asked.command.kind, r->asked.ask);
    }
    char args[400];
    (void)snprintf(args, sizeof args, "{\"target\":\"%0300d\"}", 0);
    assert_int_equal(judge(r, &(struct made){.args = args}), GW_REFUSED_ARGUMENTS);
}

static void keys_must_be_there_and_differ(void **state)
{
    struct rig *r = *state;
    struct gw_gate *gate = NULL;
    struct gw_err err = {0};
    char kept[GW_PATH_SIZE];

    memcpy(kept, r->site.platform.keys[1].file, sizeof kept);
    (void)snprintf(r->site.platform.keys[1].file, GW_PATH_SIZE, "%s/none", r->dir);
    assert_int_equal(gw_gate_new(&r->site, CHALLENGE, &gate, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "none"));
    (void)snprintf(r->site.platform.keys[1].file, GW_PATH_SIZE, "%s/./0.pub", r->dir);
    assert_int_equal(gw_gate_new(&r->site, CHALLENGE, &gate, &err), GW_E_INVAL);
    memcpy(r->site.platform.keys[1].file, kept, sizeof kept);
    assert_null(gate);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_good_command_is_let_in),
        T(every_refusal_has_its_reason),
        T(what_is_no_message_is_refused),
        T(every_bit_of_a_message_counts),
        T(without_a_clock_the_challenge_counts),
        T(numbers_last),
        T(ten_at_once_then_one_a_second),
        T(receipts_need_no_number),
        T(arguments_of_every_name),
        T(keys_must_be_there_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
