/* SPDX-License-Identifier: Apache-2.0
 *
 * A command between its message and its reply. The journal and the engine are the test's: they
 * commit, refuse and answer when it says so.
 */
#include "core/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/fake_clock.h"

#define CHALLENGE "00112233445566778899aabbccddeeff"
#define RECORD    "0123456789abcdef-7"
#define CASE      "paint-1:GAS-FLT-01:gas.p2#1"
#define TEXTS     16

/* What the code under test has done, and what it is told. */
static struct {
    enum gw_status post, resend; /* the answers */
    uint64_t tokens[TEXTS];      /* of what was posted */
    size_t nposts;
    char replies[TEXTS][1024];
    size_t nreplies;
    char asked[GW_RECORD_ID_SIZE]; /* window */
    uint64_t asked_token;
    bool done;
    unsigned carried_out;
    char who[GW_COMMAND_ID];
    struct gw_commands *marked;         /* the engine hands a draft over, as the gateway does */
    uint64_t record_token;              /* that it got */
    struct gw_call_answer *told[TEXTS]; /* answers to what people told */
    size_t ntold;
    bool tight; /* the journal is nearly full */
} world;

bool gw_journal_tight(struct gw_journal *j)
{
    (void)j;
    return world.tight;
}

enum gw_status gw_journal_post(struct gw_journal *j, const struct gw_draft *draft)
{
    (void)j;
    if (world.post != GW_OK)
        return world.post;
    assert_true(world.nposts < TEXTS);
    world.tokens[world.nposts++] = draft->token;
    return GW_OK;
}

enum gw_status gw_journal_row(struct gw_journal *j, enum gw_parcel_kind kind, const char *topic,
                              const char *data, size_t len)
{
    (void)j;
    assert_int_equal(kind, GW_PARCEL_EVENT);
    assert_string_equal(topic, "reply");
    assert_true(world.nreplies < TEXTS && len < sizeof world.replies[0]);
    memcpy(world.replies[world.nreplies], data, len);
    world.replies[world.nreplies++][len] = '\0';
    return GW_OK;
}

void gw_journal_stats(struct gw_journal *j, struct gw_journal_stats *out)
{
    (void)j;
    *out = (struct gw_journal_stats){.seq = 3, .chain = "0123456789abcdef"};
}

enum gw_status gw_journal_receipt(struct gw_journal *j, const char *chain, int64_t seq,
                                  const char *hash)
{
    (void)j;
    (void)chain;
    (void)seq;
    (void)hash;
    return GW_OK;
}

enum gw_status gw_journal_resend(struct gw_journal *j, const char *record, uint64_t token)
{
    (void)j;
    (void)snprintf(world.asked, sizeof world.asked, "%s", record);
    world.asked_token = token;
    return world.resend;
}

void gw_engine_command(struct gw_engine *e, const struct gw_command *cmd,
                       const struct gw_stamp *now, struct gw_command_answer *out)
{
    (void)e;
    (void)now;
    world.carried_out++;
    memcpy(world.who, cmd->who, sizeof world.who);
    if (world.marked && world.done)
        world.record_token = gw_commands_mark(
            world.marked, &(struct gw_draft){.cls = GW_CLASS_COMMAND, .body = "{}", .body_len = 2});
    out->done = world.done;
    (void)snprintf(out->why, sizeof out->why, "noted");
}

void gw_engine_each_case(const struct gw_engine *e,
                         void (*see)(void *ctx, const struct gw_engine_case *c), void *ctx)
{
    (void)e;
    see(ctx, &(struct gw_engine_case){.id = "other#1", .record = "0123456789abcdef-6"});
    see(ctx, &(struct gw_engine_case){.id = CASE, .record = RECORD});
}

/* ---- the rig ---- */

struct rig {
    char dir[64];
    struct gw_site site;
    struct gw_identity identity;
    struct gw_key *key;
    struct gw_seal *seal;
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_commands *commands;
    int64_t seq;
};

static void make_keys(struct rig *r)
{
    struct gw_key *own = NULL;
    struct gw_err err = {0};
    char path[128];
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(r->dir, sizeof r->dir, "%s/nonsite-cmd.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(r->dir));
    (void)snprintf(path, sizeof path, "%s/own.key", r->dir);
    assert_int_equal(gw_key_create(path, &own, &err), GW_OK);
    (void)unlink(path);
    assert_int_equal(gw_seal_new(own, &r->seal, &err), GW_OK);
    (void)snprintf(path, sizeof path, "%s/platform.key", r->dir);
    assert_int_equal(gw_key_create(path, &r->key, &err), GW_OK);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/platform.pub", r->dir);
    assert_int_equal(gw_key_save_public(r->key, path, &err), GW_OK);
    (void)snprintf(r->site.platform.keys[0].file, GW_PATH_SIZE, "%s", path);
    r->site.platform.keys[0].may = (UINT32_C(1) << GW_ASK_COUNT) - 1;
    r->site.platform.nkeys = 1;
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct gw_err err = {0};
    assert_non_null(r);
    memset(&world, 0, sizeof world);
    world.done = true;
    make_keys(r);
    (void)snprintf(r->site.gateway.id, sizeof r->site.gateway.id, "g1");
    r->identity = (struct gw_identity){.gateway = "g1", .challenge = CHALLENGE};
    gw_fake_clock_init(&r->fake);
    r->clock = gw_fake_clock_clock(&r->fake);
    const struct gw_commands_conf conf = {
        .site = &r->site, .identity = &r->identity, .clock = &r->clock, .seal = r->seal};
    assert_int_equal(gw_commands_new(&conf, &r->commands, &err), GW_OK);
    gw_commands_journal(r->commands, NULL);
    assert_int_equal(gw_loop_new(&r->clock, &r->loop, &err), GW_OK);
    gw_commands_open(r->commands, r->loop);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    gw_commands_close(r->commands);
    gw_commands_free(r->commands);
    gw_loop_free(r->loop);
    gw_seal_free(r->seal);
    gw_key_free(r->key);
    (void)unlink(r->site.platform.keys[0].file);
    (void)rmdir(r->dir);
    free(r);
    return 0;
}

static void rounds(struct rig *r)
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(gw_loop_round(r->loop, 0), GW_OK);
}

/* Sends a command that is good for a minute. */
static void send(struct rig *r, const char *name, const char *args)
{
    char bytes[1024], text[2048], topic[64], sig[GW_SIG_B64];
    uint8_t raw[GW_SIG_SIZE];
    const long long now = (long long)r->fake.now.wall_ms;
    (void)snprintf(bytes, sizeof bytes,
                   "{\"args\":%s,\"challenge\":\"" CHALLENGE
                   "\",\"exp\":%lld,\"gateway\":\"g1\",\"iat\":%lld,"
                   "\"kid\":\"%s\",\"name\":\"%s\",\"seq\":%lld,\"v\":1}",
                   args, now + 60000, now, gw_key_id(r->key), name, (long long)++r->seq);
    assert_int_equal(gw_key_sign(r->key, "nonsite-command-v1\n", bytes, strlen(bytes), raw), GW_OK);
    gw_base64url(raw, sizeof raw, sig, sizeof sig);
    (void)snprintf(text, sizeof text, "{\"command\":%s,\"sig\":\"%s\"}", bytes, sig);
    (void)snprintf(topic, sizeof topic, "nonsite/v1/g1/command/%s", name);
    gw_inbox_put(gw_commands_inbox(r->commands), topic, text, strlen(text), false,
                 r->fake.now.mono_ms);
    rounds(r);
}

static void commit(struct rig *r, size_t post)
{
    assert_true(post < world.nposts);
    assert_true(gw_commands_committed(r->commands, world.tokens[post], 0));
    rounds(r);
}

static void expect_reply(size_t i, bool done, const char *text)
{
    assert_int_equal(world.nreplies, i + 1);
    assert_non_null(strstr(world.replies[i], done ? "\"done\":true" : "\"done\":false"));
    if (strstr(world.replies[i], text) == NULL)
        fail_msg("%s is not in %s", text, world.replies[i]);
}

#define ACK "{\"target\":\"paint-1:GAS-EV-HI:gas.p1\"}"

/* ---- tests ---- */

static void done_is_said_when_it_is_on_the_disk(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    assert_int_equal(world.nposts, 1); /* its number */
    assert_int_equal(world.carried_out, 0);
    commit(r, 0);
    assert_int_equal(world.carried_out, 1);
    assert_int_equal(world.nposts, 2); /* behind what it changed */
    assert_int_equal(world.nreplies, 0);
    commit(r, 1);
    expect_reply(0, true, "noted");
}

static void without_room_there_is_no_reply_yet(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    send(r, "ack", ACK);
    world.post = GW_E_FULL;
    commit(r, 0);
    assert_int_equal(world.carried_out, 1);
    for (int i = 0; i < 50; i++) {
        gw_fake_clock_advance(&r->fake, 20);
        rounds(r);
    }
    assert_int_equal(world.nreplies, 0);
    world.post = GW_OK;
    gw_fake_clock_advance(&r->fake, 20);
    rounds(r);
    assert_int_equal(world.nposts, 3);
    assert_int_equal(world.nreplies, 0);
    commit(r, 1); /* the second one acts meanwhile */
    assert_int_equal(world.carried_out, 2);
    assert_int_equal(world.nreplies, 0);
    commit(r, 2);
    expect_reply(0, true, "noted");
    commit(r, 3);
    expect_reply(1, true, "noted");
}

static void what_changed_nothing_waits_for_nothing(void **state)
{
    struct rig *r = *state;
    world.done = false;
    send(r, "ack", ACK);
    commit(r, 0);
    assert_int_equal(world.nposts, 1);
    expect_reply(0, false, "noted");
}

/* Its number was taken in time, and the disk was slow. */
static void one_that_waited_too_long_is_not_carried_out(struct rig *r)
{
    commit(r, 0);
    assert_int_equal(world.carried_out, 0);
    expect_reply(0, false, "its time was over");
    send(r, "ack", ACK);
    commit(r, 1);
    assert_int_equal(world.carried_out, 1);
}

static void time_passes(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    gw_fake_clock_advance(&r->fake, 60001);
    one_that_waited_too_long_is_not_carried_out(r);
}

static void time_passes_while_the_clock_is_set_back(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    gw_fake_clock_advance(&r->fake, 60001);
    gw_fake_clock_step(&r->fake, -86400000);
    one_that_waited_too_long_is_not_carried_out(r);
}

static void time_passes_without_a_right_clock(void **state)
{
    struct rig *r = *state;
    r->fake.now.sync = false;
    send(r, "ack", ACK);
    gw_fake_clock_advance(&r->fake, 60001);
    one_that_waited_too_long_is_not_carried_out(r);
}

static void the_clock_is_set_meanwhile(void **state)
{
    struct rig *r = *state;
    r->fake.now.sync = false;
    send(r, "ack", ACK);
    gw_fake_clock_step(&r->fake, 86400000);
    r->fake.now.sync = true;
    one_that_waited_too_long_is_not_carried_out(r);
}

static void in_time_is_in_time(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    gw_fake_clock_advance(&r->fake, 60000);
    commit(r, 0);
    assert_int_equal(world.carried_out, 1);
}

static void a_window_is_asked_for(void **state)
{
    struct rig *r = *state;
    static const struct {
        enum gw_window_found found;
        bool done;
        const char *text;
    } cases[] = {
        {GW_WINDOW_QUEUED, true, "published again"}, {GW_WINDOW_NONE, false, "no window is kept"},
        {GW_WINDOW_GONE, false, "no longer kept"},   {GW_WINDOW_UNKNOWN, false, "no such record"},
        {GW_WINDOW_FAILED, false, "try again"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        send(r, "evidence", i == 1 ? "{\"case\":\"" CASE "\"}" : "{\"record\":\"" RECORD "\"}");
        commit(r, i);
        assert_string_equal(world.asked, RECORD);
        assert_int_equal(world.nreplies, i);
        gw_commands_window(r->commands, world.asked_token + 1, GW_WINDOW_QUEUED); /* not its own */
        assert_int_equal(world.nreplies, i);
        gw_commands_window(r->commands, world.asked_token, cases[i].found);
        expect_reply(i, cases[i].done, cases[i].text);
    }
    gw_commands_window(r->commands, world.asked_token, GW_WINDOW_QUEUED);
    assert_int_equal(world.nreplies, sizeof cases / sizeof cases[0]);
}

static void a_window_that_cannot_be_asked_for(void **state)
{
    struct rig *r = *state;
    send(r, "evidence", "{\"case\":\"paint-1:GAS-FLT-01:gas.p2#2\"}");
    commit(r, 0);
    expect_reply(0, false, "no such case stands");
    world.resend = GW_E_FULL;
    send(r, "evidence", "{\"record\":\"" RECORD "\"}");
    commit(r, 1);
    expect_reply(1, false, "try again");
    world.resend = GW_E_INVAL;
    send(r, "evidence", "{\"record\":\"x\"}");
    commit(r, 2);
    expect_reply(2, false, "no record id");
    send(r, "evidence", "{\"case\":\"" CASE "\",\"record\":\"" RECORD "\"}");
    expect_reply(3, false, "record or case");
    send(r, "evidence", "{}");
    expect_reply(4, false, "record or case");
    assert_int_equal(world.nposts, 3);
}

/* ---- what people tell ---- */

static void take_answer(void *ctx, struct gw_call_answer *answer)
{
    (void)ctx;
    assert_true(world.ntold < TEXTS);
    world.told[world.ntold++] = answer;
}

static void tell_that(struct rig *r, uint64_t id, enum gw_command_kind kind)
{
    const struct gw_command cmd = {
        .kind = kind, .by = GW_BY_LOCAL, .who = "shift/uid 7", .target = "a:B#1"};
    struct gw_call_answer *answer = calloc(1, sizeof *answer);
    assert_non_null(answer);
    answer->id = id;
    gw_commands_tell(r->commands, take_answer, r);
    world.marked = r->commands;
    gw_commands_told(r->commands, &cmd, answer);
}

static void tell(struct rig *r, uint64_t id)
{
    tell_that(r, id, GW_COMMAND_ACK);
}

static void expect_told(size_t i, uint64_t id, bool done, bool later)
{
    assert_int_equal(world.ntold, i + 1);
    assert_int_equal(world.told[i]->id, id);
    assert_int_equal(world.told[i]->done, done);
    assert_int_equal(world.told[i]->later, later);
}

static void drop_told(void)
{
    while (world.ntold > 0)
        gw_call_answer_free(world.told[--world.ntold]);
}

static void who_told_it_hears_of_its_record(void **state)
{
    struct rig *r = *state;
    tell(r, 5);
    assert_int_equal(world.nposts, 1);
    assert_int_equal(world.carried_out, 0);
    commit(r, 0);
    assert_int_equal(world.carried_out, 1);
    assert_string_equal(world.who, "shift/uid 7");
    assert_int_equal(world.ntold, 0);
    assert_true(gw_commands_committed(r->commands, world.record_token, 42));
    assert_int_equal(world.ntold, 0);
    commit(r, 1);
    expect_told(0, 5, true, false);
    assert_string_equal(world.told[0]->record, "0123456789abcdef-42");
    assert_int_equal(world.nreplies, 0); /* the platform hears nothing of it but the record */
    drop_told();
}

static void the_platform_and_people_share_one_way(void **state)
{
    struct rig *r = *state;
    send(r, "ack", ACK);
    tell(r, 6);
    send(r, "ack", ACK);
    for (size_t i = 0; i < 3; i++)
        commit(r, i);
    assert_int_equal(world.carried_out, 3);
    for (size_t i = 3; i < 6; i++)
        commit(r, i);
    assert_int_equal(world.nreplies, 2);
    expect_told(0, 6, true, false);
    drop_told();
}

static void what_is_refused_says_so(void **state)
{
    struct rig *r = *state;
    world.done = false;
    tell(r, 7);
    commit(r, 0);
    expect_told(0, 7, false, false);
    assert_string_equal(world.told[0]->why, "noted");
    assert_string_equal(world.told[0]->record, "");
    world.post = GW_E_FULL;
    tell(r, 8);
    expect_told(1, 8, false, true);
    assert_int_equal(world.carried_out, 1);
    drop_told();
}

static void who_waited_too_long_is_not_surprised_later(void **state)
{
    struct rig *r = *state;
    tell(r, 9);
    gw_fake_clock_advance(&r->fake, GW_COMMANDS_TOLD_MS + 1);
    commit(r, 0);
    assert_int_equal(world.carried_out, 0);
    expect_told(0, 9, false, false);
    drop_told();
}

static void there_is_an_end_to_what_waits(void **state)
{
    struct rig *r = *state;
    for (uint64_t i = 0; i < 17; i++) {
        if (world.nposts == TEXTS)
            world.nposts = 0; /* only their number counts here */
        tell(r, 100 + i);
    }
    expect_told(0, 116, false, true);
    drop_told();
    /* What still waits goes with it: the sanitizers say whether all of it. */
}

/* Whoever may tell could fill the journal, and with it keep alarms out. */
static void people_tell_one_thing_a_second(void **state)
{
    struct rig *r = *state;
    world.post = GW_E_FULL; /* each is answered at once: the journal takes nothing */
    for (uint64_t i = 0; i < 60; i++) {
        tell(r, i);
        expect_told(0, i, false, true);
        assert_non_null(strstr(world.told[0]->why, "the journal takes nothing"));
        drop_told();
    }
    tell(r, 60);
    expect_told(0, 60, false, true);
    assert_non_null(strstr(world.told[0]->why, "one a second"));
    drop_told();
    gw_fake_clock_advance(&r->fake, 1000);
    world.post = GW_OK;
    tell(r, 61);
    assert_int_equal(world.ntold, 0);
    assert_int_equal(world.nposts, 1);
}

static void a_journal_nearly_full_is_for_alarms(void **state)
{
    struct rig *r = *state;
    world.tight = true;
    tell_that(r, 1, GW_COMMAND_PERMIT);
    expect_told(0, 1, false, true);
    assert_int_equal(world.nposts, 0);
    tell(r, 2); /* an acknowledgement */
    assert_int_equal(world.nposts, 1);
    drop_told();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(done_is_said_when_it_is_on_the_disk),
        T(without_room_there_is_no_reply_yet),
        T(what_changed_nothing_waits_for_nothing),
        T(time_passes),
        T(time_passes_while_the_clock_is_set_back),
        T(time_passes_without_a_right_clock),
        T(the_clock_is_set_meanwhile),
        T(in_time_is_in_time),
        T(a_window_is_asked_for),
        T(a_window_that_cannot_be_asked_for),
        T(who_told_it_hears_of_its_record),
        T(the_platform_and_people_share_one_way),
        T(what_is_refused_says_so),
        T(who_waited_too_long_is_not_surprised_later),
        T(there_is_an_end_to_what_waits),
        T(people_tell_one_thing_a_second),
        T(a_journal_nearly_full_is_for_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
