/* SPDX-License-Identifier: Apache-2.0
 *
 * A long outage: 20,000 records (100,000 in the long run) and telemetry are stored while the broker is away, then drained by
 * the real journal, worker and broker: nothing is lost, everything comes in its order, and memory
 * does not grow with the backlog.
 */
#include "base/file.h"
#include "journal/journal.h"
#include "publish/seal.h"
#include "rig.h"
#include "support/times.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDS  (20000 * test_times())
#define ROWS     5000
#define GROWTH_K 8192

/* The target is 60 s for 100,000. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#define DRAIN_MS  (60000 * test_times())
#else
#define SANITIZED 0
#define DRAIN_MS  (12000 * test_times())
#endif

struct outage {
    struct rig_dir dir;
    struct rig_broker broker;
    struct gw_seal *seal;
    struct gw_clock clock;
    struct gw_reader_conf reader;
    struct gw_journal *journal;
    struct gw_site_mqtt site;
    struct gw_mqtt *mqtt;
    pid_t listener;
};

static void on_grant(void *ctx, unsigned n)
{
    gw_journal_grant(((struct outage *)ctx)->journal, 0, n);
}

static void on_ack(void *ctx, enum gw_parcel_kind kind, int64_t key)
{
    gw_journal_ack(((struct outage *)ctx)->journal, 0, kind, key);
}

static void on_rewind(void *ctx)
{
    gw_journal_rewind(((struct outage *)ctx)->journal, 0);
}

static void start_mqtt(struct outage *o)
{
    struct gw_err err;
    struct gw_mqtt_conf conf = {
        .gateway = "g1",
        .site = &o->site,
        .clock = &o->clock,
        .backlog = {.grant = on_grant,
                    .ack = on_ack,
                    .rewind = on_rewind,
                    .ctx = o,
                    .parcels = gw_journal_parcels(o->journal, 0)},
        .seed = 1,
    };
    if (gw_mqtt_start(&conf, &o->mqtt, &err) != GW_OK)
        fail_msg("%s", err.msg);
    rig_document(o->mqtt, GW_DOC_OFFLINE, "{\"state\":\"offline\"}");
    rig_document(o->mqtt, GW_DOC_ONLINE, "{\"state\":\"online\"}");
    rig_document(o->mqtt, GW_DOC_CASES, "{\"cases\":[]}");
}

static void start_journal(struct outage *o)
{
    struct gw_key *key;
    struct gw_err err;
    char path[RIG_PATH];
    rig_path(&o->dir, "key", path);
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    assert_int_equal(gw_seal_new(key, &o->seal, &err), GW_OK);
    o->reader = (struct gw_reader_conf){.name = "mqtt", .records = true, .telemetry = true};
    struct gw_journal_conf conf = {
        .dir = o->dir.path,
        .gateway = "g1",
        .records_bytes = INT64_C(256) << 20,
        .telemetry_bytes = INT64_C(64) << 20,
        .sealer = {.seal = gw_seal_record, .ctx = o->seal},
        .clock = &o->clock,
        .readers = &o->reader,
        .nreaders = 1,
        .post_capacity = 1024,
    };
    assert_int_equal(gw_journal_start(&conf, &o->journal, &err), GW_OK);
}

static void drop_notices(struct outage *o)
{
    struct gw_notice n;
    while (gw_mailbox_get(gw_journal_notices(o->journal), &n)) {
        assert_int_not_equal(n.kind, GW_NOTICE_FATAL);
        gw_notice_clear(&n);
    }
}

static struct gw_journal_stats stats(struct outage *o)
{
    struct gw_journal_stats s;
    drop_notices(o);
    gw_journal_stats(o->journal, &s);
    return s;
}

/* Leads, alarms of each priority and telemetry in turn, as they would come. */
static void store(struct outage *o)
{
    char body[640], pad[512];
    memset(pad, 'x', sizeof pad - 1);
    pad[sizeof pad - 1] = '\0';
    for (int i = 0; i < RECORDS; i++) {
        const bool lead = i % 4 != 0;
        struct gw_draft draft = {
            .cls = lead ? GW_CLASS_LEAD : GW_CLASS_ALARM,
            .priority = lead         ? 2
                        : i % 8 == 0 ? 1
                                     : 3,
            .body = body,
            .body_len = (size_t)snprintf(
                body, sizeof body, "{\"class\":\"%s\",\"n\":%d,\"pad\":\"%s\",\"priority\":%d}",
                lead ? "lead" : "alarm", i, pad,
                lead         ? 2
                : i % 8 == 0 ? 1
                             : 3),
        };
        enum gw_status status;
        while ((status = gw_journal_post(o->journal, &draft)) == GW_E_FULL) {
            drop_notices(o);
            rig_nap();
        }
        assert_int_equal(status, GW_OK);
    }
    for (int i = 0; i < ROWS; i++) {
        const int len = snprintf(body, sizeof body, "{\"n\":%d,\"v\":1}", i);
        if (i % 1000 == 0) /* a row that comes too fast is dropped */
            RIG_UNTIL(stats(o).telemetry_waiting == (uint64_t)i, 60);
        assert_int_equal(
            gw_journal_row(o->journal, GW_PARCEL_TELEMETRY, "telemetry", body, (size_t)len), GW_OK);
    }
}

static long rss_k(void)
{
    char line[128];
    long k = 0;
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            k = strtol(line + 6, NULL, 10);
    fclose(f);
    return k;
}

/* mosquitto_sub into a file; "Subscribed" is in its log once it listens. */
static void listen_all(struct outage *o)
{
    char out[RIG_PATH], log[RIG_PATH], port[16];
    rig_path(&o->dir, "heard", out);
    rig_path(&o->dir, "sub.log", log);
    snprintf(port, sizeof port, "%d", o->broker.port);
    o->listener = fork();
    if (o->listener == 0) {
        int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int fd2 = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 1);
        dup2(fd2, 2);
        execlp("stdbuf", "stdbuf", "-oL", "mosquitto_sub", "-p", port, "-q", "1", "-V", "5", "-t",
               "nonsite/v1/g1/#", "-F", "%t %p", (char *)NULL);
        _exit(127);
    }
    assert_true(o->listener > 0);
    /* The subscriber proves itself: a retained word reaches it. */
    for (int64_t end = rig_deadline_ms(20);;) {
        rig_run(&o->dir, "mosquitto_pub -p %d -t nonsite/v1/g1/hello -m x", o->broker.port);
        char *text = rig_read(&o->dir, "heard");
        const bool there = strstr(text, "/hello") != NULL;
        free(text);
        if (there)
            return;
        rig_wait(end, "subscribed");
    }
}

/* 0: alarms of priority 1 (and the key record), 1: leads, 2: other alarms, 3: telemetry. */
static int rank_of(const char *line)
{
    if (strstr(line, "/telemetry ") != NULL)
        return 3;
    if (strstr(line, "/lead ") != NULL)
        return 1;
    return strstr(line, "\"priority\":3") != NULL ? 2 : 0;
}

static long number_in(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    return at != NULL ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* Everything once, ranks one after the other, each in its order. Returns how many there are. */
static int check_order(char *text)
{
    const int wanted[] = {RECORDS / 8, RECORDS / 4 * 3, RECORDS / 8, ROWS};
    int count[4] = {0}, total = 0, rank = 0;
    long last = -1;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        const char *seq = strstr(line, "/telemetry ") != NULL ? "\"n\":" : "\"seq\":";
        if (strstr(line, "/hello ") != NULL || number_in(line, seq) < 0 ||
            strstr(line, "\"n\":") == NULL)
            continue; /* a document, or the first record of the chain */
        if (rank_of(line) != rank) {
            assert_int_equal(rank_of(line), rank + 1);
            rank++;
            last = -1;
        }
        assert_true(number_in(line, seq) > last);
        last = number_in(line, seq);
        count[rank]++;
        total++;
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(count[i], wanted[i]);
    return total;
}

static char *heard(struct outage *o)
{
    char path[RIG_PATH];
    char *text = NULL;
    size_t len;
    struct gw_err err;
    rig_path(&o->dir, "heard", path);
    enum gw_status st;
    while ((st = gw_file_read(path, (size_t)test_times() * ((size_t)64 << 20), &text, &len,
                              &err)) == GW_E_IO)
        rig_nap(); /* it grew meanwhile */
    assert_int_equal(st, GW_OK);
    return text;
}

static void test_a_day_without_broker(void **state)
{
    struct outage o = {0};
    (void)state;
    rig_dir_make(&o.dir);
    o.clock = gw_clock_system();
    o.broker = (struct rig_broker){.dir = &o.dir, .port = rig_free_port()};
    o.site = rig_site(o.broker.port);
    start_journal(&o);
    start_mqtt(&o);
    store(&o);
    RIG_UNTIL(stats(&o).seq >= (int64_t)RECORDS && stats(&o).telemetry_waiting == ROWS,
              60 * test_times());
    assert_int_equal(stats(&o).telemetry_lost, 0);
    assert_int_equal(rig_stats(o.mqtt).connects, 0);
    assert_true(rig_fault_has(o.mqtt, "refused"));
    assert_true(gw_mqtt_stop(o.mqtt, 15000));

    rig_broker_start(&o.broker, "allow_anonymous true\n");
    listen_all(&o);
    const long before = rss_k();
    long most = before;
    const int64_t start = rig_now_ms();
    start_mqtt(&o);
    while (stats(&o).records_waiting > 0 || stats(&o).telemetry_waiting > 0) {
        assert_true(rig_now_ms() - start < DRAIN_MS);
        rig_nap();
        most = rss_k() > most ? rss_k() : most;
    }
    const int64_t took = rig_now_ms() - start;
    printf("%d records and %d rows drained in %d ms, memory +%ld KiB\n", RECORDS, ROWS, (int)took,
           most - before);
    assert_true(SANITIZED || most - before <= GROWTH_K);
    assert_true(gw_mqtt_stop(o.mqtt, 15000));

    for (int64_t end = rig_deadline_ms(20 * test_times());;) { /* the listener writes what it has */
        char *text = heard(&o);
        const bool done = strstr(text, "{\"n\":4999,") != NULL;
        if (done)
            assert_int_equal(check_order(text), RECORDS + ROWS);
        free(text);
        if (done)
            break;
        rig_wait(end, "all was heard");
    }
    kill(o.listener, SIGTERM);
    while (waitpid(o.listener, NULL, 0) < 0)
        assert_int_equal(errno, EINTR);
    rig_broker_end(&o.broker, SIGTERM);
    assert_true(gw_journal_stop(o.journal, 15000));
    gw_seal_free(o.seal);
    rig_dir_remove(&o.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_day_without_broker)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
