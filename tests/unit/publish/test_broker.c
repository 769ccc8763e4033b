/* SPDX-License-Identifier: Apache-2.0
 *
 * The MQTT worker against a real broker (mosquitto of Debian) that is stopped, killed and set up in
 * all the ways that a site may see.
 */
#include "rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN "allow_anonymous true\n"

#define STATUS    "nonsite/v1/g1/status"
#define LEAD      "nonsite/v1/g1/lead"
#define TELEMETRY "nonsite/v1/g1/telemetry"

struct fixture {
    struct rig_dir dir;
    struct rig_broker broker;
    struct rig_backlog *backlog;
    struct rig_listener *listener;
    struct gw_site_mqtt site;
    struct gw_mqtt *mqtt;
    struct gw_clock clock;
    struct rig_fast_clock fast;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    rig_dir_make(&f->dir);
    f->broker = (struct rig_broker){.dir = &f->dir, .port = rig_free_port()};
    f->backlog = rig_backlog_new();
    f->site = rig_site(f->broker.port);
    f->clock = gw_clock_system();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    rig_listener_stop(f->listener);
    rig_broker_end(&f->broker, SIGTERM);
    rig_backlog_free(f->backlog);
    rig_dir_remove(&f->dir);
    free(f);
    return 0;
}

static void listen_and_start(struct fixture *f)
{
    f->listener = rig_listener_start(f->broker.port);
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
}

/* Every parcel from..to-1 arrived at least once (the listener may be a moment behind the broker).
 */
static void expect_all_heard(struct fixture *f, const char *topic, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%d,", i);
        RIG_UNTIL(rig_heard(f->listener, topic, text) > 0, 10);
    }
}

static void test_birth_then_the_backlog(void **state)
{
    struct fixture *f = *state;
    rig_broker_start(&f->broker, OPEN);
    rig_backlog_add(
        f->backlog, 30,
        (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead", .historical = true});
    rig_backlog_add(f->backlog, 10, (struct rig_parcel){.kind = GW_PARCEL_EVENT, .topic = "event"});
    rig_backlog_add(f->backlog, 10,
                    (struct rig_parcel){.kind = GW_PARCEL_TELEMETRY, .topic = "telemetry"});
    listen_and_start(f);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 50) == 50, 20);
    expect_all_heard(f, LEAD, 0, 30);
    expect_all_heard(f, "nonsite/v1/g1/event", 30, 40);
    expect_all_heard(f, TELEMETRY, 40, 50);
    assert_int_equal(rig_heard_first(f->listener, NULL, NULL),
                     rig_heard_first(f->listener, STATUS, "{\"online\":true}"));
    /* Each once, each marked as what it is. */
    assert_int_equal(rig_heard(f->listener, NULL, NULL), 51);
    assert_int_equal(rig_heard(f->listener, NULL, "no JSON mark"), 0);
    assert_int_equal(rig_heard_historical(f->listener, LEAD), 30);
    assert_int_equal(rig_heard_historical(f->listener, NULL), 30);
    assert_int_equal(rig_heard_expiring(f->listener, TELEMETRY), 10);
    assert_int_equal(rig_heard_expiring(f->listener, NULL), 10);
    assert_true(rig_backlog_most_out(f->backlog) <= 20);

    struct gw_mqtt_stats stats = rig_stats(f->mqtt);
    assert_true(stats.connected);
    assert_string_equal(stats.fault, "");
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.published, 50);
    assert_int_equal(stats.acked, 50);
}

static void test_documents_are_retained_and_goodbye_is_said_once(void **state)
{
    struct fixture *f = *state;
    rig_broker_start(&f->broker, OPEN);
    listen_and_start(f);
    rig_document(f->mqtt, GW_DOC_CASES, "{\"cases\":1}");
    RIG_UNTIL(rig_heard(f->listener, "nonsite/v1/g1/cases", "{\"cases\":1}") == 1, 20);

    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    f->mqtt = NULL;
    RIG_UNTIL(rig_heard(f->listener, STATUS, "{\"online\":false}") == 1, 20);

    /* All documents are retained; the will was dropped, so it was said once. */
    rig_listener_stop(f->listener);
    f->listener = rig_listener_start(f->broker.port);
    RIG_UNTIL(rig_heard_retained(f->listener, "nonsite/v1/g1/cases", "{\"cases\":1}") == 1, 20);
    RIG_UNTIL(rig_heard_retained(f->listener, STATUS, "{\"online\":false}") == 1, 20);
    assert_int_equal(rig_heard(f->listener, NULL, NULL), 2);
}

static void test_will_when_the_process_dies(void **state)
{
    struct fixture *f = *state;
    rig_broker_start(&f->broker, OPEN);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        rig_start(&f->site, f->backlog, &f->clock);
        for (;;)
            pause();
    }
    f->listener = rig_listener_start(f->broker.port);
    RIG_UNTIL(rig_heard(f->listener, STATUS, "{\"online\":true}") >= 1, 20);
    assert_int_equal(rig_heard(f->listener, STATUS, "{\"online\":false}"), 0);
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    RIG_UNTIL(rig_heard(f->listener, STATUS, "{\"online\":false}") == 1, 20);
    rig_listener_stop(f->listener);
    f->listener = rig_listener_start(f->broker.port);
    RIG_UNTIL(rig_heard_retained(f->listener, STATUS, "{\"online\":false}") == 1, 20);
    assert_int_equal(rig_heard(f->listener, STATUS, "{\"online\":true}"), 0);
}

static void test_broker_killed_in_the_middle(void **state)
{
    struct fixture *f = *state;
    const int n = 3000;
    int in_the_middle = 0;
    f->clock = rig_fast_clock(&f->fast, 10); /* "nobody listens" is tried again after 3 s */
    f->site.window = 50;
    rig_broker_start(&f->broker, OPEN);
    rig_backlog_add(f->backlog, n,
                    (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead", .pad = 300});
    listen_and_start(f);
    for (int round = 1; round <= 3; round++) {
        RIG_UNTIL(rig_backlog_acked(f->backlog, 0, n) >= round * n / 5, 60);
        rig_broker_end(&f->broker, SIGKILL);
        in_the_middle += rig_backlog_acked(f->backlog, 0, n) < n;
        RIG_UNTIL(!rig_stats(f->mqtt).connected, 20);
        assert_int_not_equal(rig_stats(f->mqtt).fault[0], '\0');
        assert_int_equal(rig_backlog_out(f->backlog), 0); /* the backlog has them back */
        rig_broker_restart(&f->broker);
        RIG_UNTIL(rig_stats(f->mqtt).connected, 60);
    }
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, n) == n, 100);
    assert_true(in_the_middle > 0);
    /* Nothing was acked that nobody got. */
    expect_all_heard(f, LEAD, 0, n);
    assert_true(rig_backlog_rewinds(f->backlog) >= 3);
    assert_int_equal(rig_stats(f->mqtt).connects, rig_backlog_rewinds(f->backlog) + 1);
    RIG_UNTIL(rig_stats(f->mqtt).fault[0] == '\0', 20);
}

static void test_broker_absent_at_start(void **state)
{
    struct fixture *f = *state;
    rig_backlog_add(f->backlog, 5, (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead"});
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_fault_has(f->mqtt, "refused"), 20);
    assert_false(rig_stats(f->mqtt).connected);
    assert_int_equal(rig_backlog_granted(f->backlog), 0); /* nothing leaves the journal's care */
    rig_broker_start(&f->broker, OPEN);
    f->listener = rig_listener_start(f->broker.port);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 5) == 5, 100);
    expect_all_heard(f, LEAD, 0, 5);
    RIG_UNTIL(rig_stats(f->mqtt).fault[0] == '\0', 20);
}

static void test_no_connection_without_birth_and_will(void **state)
{
    struct fixture *f = *state;
    struct gw_mqtt_conf conf = {.gateway = "g1",
                                .site = &f->site,
                                .clock = &f->clock,
                                .backlog = rig_backlog_hooks(f->backlog)};
    struct gw_err err;
    rig_broker_start(&f->broker, OPEN);
    assert_int_equal(gw_mqtt_start(&conf, &f->mqtt, &err), GW_OK);
    assert_int_equal(gw_mqtt_document(f->mqtt, GW_DOC_HEALTH, "", 0), GW_E_INVAL);
    rig_document(f->mqtt, GW_DOC_HEALTH, "{}");
    rig_document(f->mqtt, GW_DOC_ONLINE, "{}");
    assert_int_equal(rig_stats(f->mqtt).connects, 0);
    rig_document(f->mqtt, GW_DOC_OFFLINE, "{}");
    RIG_UNTIL(rig_stats(f->mqtt).connected, 20);
}

static void test_refused_topic_is_held_and_others_pass(void **state)
{
    static const char shut[] = "user platform\ntopic read nonsite/#\n"
                               "user g1\ntopic write nonsite/v1/g1/telemetry\n"
                               "topic write nonsite/v1/g1/status\n";
    static const char mended[] = "user platform\ntopic read nonsite/#\n"
                                 "user g1\ntopic write nonsite/v1/g1/#\n";
    struct fixture *f = *state;
    char extra[512];
    snprintf(extra, sizeof extra, OPEN "acl_file %s/acl\n", f->dir.path);
    rig_write(&f->dir, "acl", shut, strlen(shut));
    f->clock = rig_fast_clock(&f->fast, 4);
    snprintf(f->site.username, sizeof f->site.username, "g1");
    rig_broker_start(&f->broker, extra);
    rig_backlog_add(f->backlog, 10, (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead"});
    rig_backlog_add(f->backlog, 100,
                    (struct rig_parcel){.kind = GW_PARCEL_TELEMETRY, .topic = "telemetry"});
    listen_and_start(f);

    RIG_UNTIL(rig_backlog_acked(f->backlog, 10, 110) == 100, 30);
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 10), 0);
    RIG_UNTIL(rig_stats(f->mqtt).held == 10, 20);
    assert_true(rig_fault_has(f->mqtt, "lead"));
    assert_true(rig_fault_has(f->mqtt, "uthoriz"));
    assert_true(rig_stats(f->mqtt).refused >= 10);
    assert_int_equal(rig_heard(f->listener, LEAD, NULL), 0);

    rig_write(&f->dir, "acl", mended, strlen(mended));
    kill(f->broker.pid, SIGHUP);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 10) == 10, 60);
    expect_all_heard(f, LEAD, 0, 10);
    RIG_UNTIL(rig_stats(f->mqtt).held == 0 && rig_stats(f->mqtt).fault[0] == '\0', 20);
    assert_int_equal(rig_stats(f->mqtt).connects, 1);
}

static void test_shipped_acl_gives_each_gateway_its_own(void **state)
{
    struct fixture *f = *state;
    rig_broker_start(&f->broker,
                     OPEN "acl_file " GW_SOURCE_DIR "/config/interface/mosquitto.acl\n");
    rig_backlog_add(f->backlog, 5, (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead"});
    snprintf(f->site.username, sizeof f->site.username, "g2"); /* in the name of g1 */
    listen_and_start(f);
    RIG_UNTIL(rig_stats(f->mqtt).held == 5, 20);
    assert_int_equal(rig_heard(f->listener, NULL, NULL), 0);
    assert_true(gw_mqtt_stop(f->mqtt, 15000));

    snprintf(f->site.username, sizeof f->site.username, "g1");
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 5) == 5, 20);
    expect_all_heard(f, LEAD, 0, 5);
}

static void test_too_large_is_held_and_others_pass(void **state)
{
    struct fixture *f = *state;
    rig_broker_start(&f->broker, OPEN "max_packet_size 4000\nmessage_size_limit 2000\n");
    rig_backlog_add(f->backlog, 1,
                    (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead", .pad = 5000});
    rig_backlog_add(f->backlog, 1,
                    (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead", .pad = 3000});
    rig_backlog_add(f->backlog, 40,
                    (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead", .pad = 100});
    listen_and_start(f);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 2, 42) == 40, 20);
    RIG_UNTIL(rig_stats(f->mqtt).held == 2, 20);
    assert_int_equal(rig_backlog_acked(f->backlog, 0, 2), 0);
    assert_int_not_equal(rig_stats(f->mqtt).fault[0], '\0');
    assert_int_equal(rig_stats(f->mqtt).connects, 1);
}

static void test_wrong_password_then_the_right_one(void **state)
{
    struct fixture *f = *state;
    char extra[512];
    assert_int_equal(rig_run(&f->dir, "touch pw && mosquitto_passwd -b pw g1 right && "
                                      "mosquitto_passwd -b pw platform listener"),
                     0);
    snprintf(extra, sizeof extra, "allow_anonymous false\npassword_file %s/pw\n", f->dir.path);
    snprintf(f->site.username, sizeof f->site.username, "g1");
    rig_path(&f->dir, "secret", f->site.password_file);
    rig_broker_start(&f->broker, extra);
    rig_backlog_add(f->backlog, 3, (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead"});
    listen_and_start(f);
    RIG_UNTIL(rig_fault_has(f->mqtt, "password file"), 20); /* not there yet */
    rig_write(&f->dir, "secret", "wrong\n", 6);
    RIG_UNTIL(rig_fault_has(f->mqtt, "not authorised"), 20);
    assert_int_equal(rig_stats(f->mqtt).connects, 0);
    rig_write(&f->dir, "secret", "right\n", 6);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 3) == 3, 60);
}

static void test_older_protocol(void **state)
{
    struct fixture *f = *state;
    f->site.version = 1;
    rig_broker_start(&f->broker, OPEN);
    rig_backlog_add(f->backlog, 100,
                    (struct rig_parcel){.kind = GW_PARCEL_RECORD, .topic = "lead"});
    listen_and_start(f);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 100) == 100, 20);
    expect_all_heard(f, LEAD, 0, 100);
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    f->mqtt = NULL;
    RIG_UNTIL(rig_heard(f->listener, STATUS, "{\"online\":false}") == 1, 20);
}

/* ---- TLS ---- */

static void make_certificates(struct fixture *f)
{
    static const char script[] =
        "q() { openssl \"$@\" > /dev/null 2>&1; }\n"
        "ca() { q req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
        "-out $1.pem -subj /CN=$1 -days 2; }\n"
        "cert() { q req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key "
        "-out $1.csr -subj /CN=$1 && printf 'subjectAltName=DNS:%s' $2 > $1.ext && "
        "q x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        "-extfile $1.ext -out $1.pem; }\n"
        "ca ca && ca other && cert server localhost && cert client g1\n";
    rig_write(&f->dir, "make.sh", script, strlen(script));
    assert_int_equal(rig_run(&f->dir, "sh make.sh"), 0);
}

static void tls_broker(struct fixture *f)
{
    char extra[1024];
    snprintf(extra, sizeof extra,
             OPEN "certfile %s/server.pem\nkeyfile %s/server.key\ncafile %s/ca.pem\n"
                  "require_certificate true\n",
             f->dir.path, f->dir.path, f->dir.path);
    rig_broker_start(&f->broker, extra);
    f->site.tls = true;
    snprintf(f->site.host, sizeof f->site.host, "localhost");
    rig_path(&f->dir, "ca.pem", f->site.ca_file);
    rig_path(&f->dir, "client.pem", f->site.cert_file);
    rig_path(&f->dir, "client.key", f->site.private_key_file);
}

static void test_tls_with_client_certificate(void **state)
{
    struct fixture *f = *state;
    make_certificates(f);
    tls_broker(f);
    rig_backlog_add(f->backlog, 200,
                    (struct rig_parcel){.kind = GW_PARCEL_EVENT, .topic = "event", .pad = 2000});
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_backlog_acked(f->backlog, 0, 200) == 200, 30);
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    f->mqtt = NULL;
}

static void test_tls_foreign_ca_and_wrong_name(void **state)
{
    struct fixture *f = *state;
    make_certificates(f);
    tls_broker(f);
    rig_backlog_add(f->backlog, 1, (struct rig_parcel){.kind = GW_PARCEL_EVENT, .topic = "event"});
    rig_path(&f->dir, "other.pem", f->site.ca_file);
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_fault_has(f->mqtt, "does not lead to a trusted CA"), 20);
    assert_true(gw_mqtt_stop(f->mqtt, 15000));

    rig_path(&f->dir, "ca.pem", f->site.ca_file);
    snprintf(f->site.host, sizeof f->site.host, "127.0.0.1"); /* the certificate says localhost */
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_fault_has(f->mqtt, "is for another host name"), 20);
    assert_int_equal(rig_stats(f->mqtt).connects, 0);
    assert_int_equal(rig_backlog_granted(f->backlog), 0);
    assert_true(gw_mqtt_stop(f->mqtt, 15000));

    rig_path(&f->dir, "gone.pem", f->site.cert_file);
    f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
    RIG_UNTIL(rig_fault_has(f->mqtt, "gone.pem"), 20);
}

/* ---- stopping ---- */

static void expect_prompt_stop(struct fixture *f)
{
    int64_t from_ms = rig_now_ms();
    assert_true(gw_mqtt_stop(f->mqtt, 15000));
    f->mqtt = NULL;
    assert_in_range(rig_now_ms() - from_ms, 0, 5000);
}

static void test_stop_is_prompt_without_a_broker(void **state)
{
    /* A name that is none, an address that swallows or refuses packets, a port that refuses them.
     */
    static const char *const hosts[] = {"nonsite-gateway.invalid", "192.0.2.1", "127.0.0.1"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        snprintf(f->site.host, sizeof f->site.host, "%s", hosts[i]);
        f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
        expect_prompt_stop(f);
        f->mqtt = rig_start(&f->site, f->backlog, &f->clock);
        RIG_UNTIL(rig_fault_has(f->mqtt, hosts[i]), 30);
        expect_prompt_stop(f);
    }
    assert_true(gw_mqtt_stop(NULL, 0));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(birth_then_the_backlog),
        T(documents_are_retained_and_goodbye_is_said_once),
        T(will_when_the_process_dies),
        T(broker_killed_in_the_middle),
        T(broker_absent_at_start),
        T(no_connection_without_birth_and_will),
        T(refused_topic_is_held_and_others_pass),
        T(shipped_acl_gives_each_gateway_its_own),
        T(too_large_is_held_and_others_pass),
        T(wrong_password_then_the_right_one),
        T(older_protocol),
        T(tls_with_client_certificate),
        T(tls_foreign_ca_and_wrong_name),
        T(stop_is_prompt_without_a_broker),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
