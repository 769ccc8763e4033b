/* SPDX-License-Identifier: Apache-2.0
 *
 * The InfluxDB worker against servers that take, refuse, keep silent or are not there. The answers
 * one by one are tests/integration/influx_http.py's.
 */
#include "publish/influx.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

#define ROWS 500

/* ---- a backlog of telemetry rows ---- */

struct rows {
    pthread_mutex_t mutex;
    struct gw_mailbox *parcels;
    int n, next, rewinds, strange;
    bool acked[ROWS];
    const char *text; /* of a row, with one %d; NULL: a good one */
};

static void grant(void *ctx, unsigned n)
{
    struct rows *r = ctx;
    char text[256];
    pthread_mutex_lock(&r->mutex);
    for (; n > 0 && r->next < r->n; n--, r->next++) {
        snprintf(text, sizeof text,
                 "{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{\"gas.p1\":{\"q\":\"GOOD\","
                 "\"t\":1,\"v\":\"%d\"}},\"sync\":true,\"t\":%d,\"v\":1%s",
                 r->next, 1000 + r->next, r->text != NULL ? r->text : "}");
        struct gw_parcel p = {
            .kind = GW_PARCEL_TELEMETRY, .key = r->next, .data = strdup(text), .len = strlen(text)};
        if (gw_mailbox_put(r->parcels, &p) != GW_OK) {
            r->strange++; /* more was asked for than fits */
            free(p.data);
        }
    }
    pthread_mutex_unlock(&r->mutex);
}

static void ack(void *ctx, enum gw_parcel_kind kind, int64_t key)
{
    struct rows *r = ctx;
    pthread_mutex_lock(&r->mutex);
    if (kind != GW_PARCEL_TELEMETRY || key < 0 || key >= r->next || r->acked[key])
        r->strange++;
    else
        r->acked[key] = true;
    pthread_mutex_unlock(&r->mutex);
}

static void rewind_rows(void *ctx)
{
    struct rows *r = ctx;
    pthread_mutex_lock(&r->mutex);
    r->rewinds++;
    for (r->next = 0; r->next < r->n && r->acked[r->next];)
        r->next++;
    pthread_mutex_unlock(&r->mutex);
}

static int acked(struct rows *r)
{
    int n = 0;
    pthread_mutex_lock(&r->mutex);
    for (int i = 0; i < r->n; i++)
        n += r->acked[i];
    pthread_mutex_unlock(&r->mutex);
    return n;
}

/* ---- a server ---- */

struct server {
    int fd, port;
    pthread_t thread;
    atomic_bool stop;
    _Atomic(const char *) answer; /* NULL: silence */
    atomic_int posts, lines;
};

/* Reads one request; the number of its lines, -1 when the peer has gone. */
static int read_request(struct server *s, int fd)
{
    static const char length[] = "Content-Length: ";
    char *text = calloc(1, 1 << 20);
    size_t len = 0, want = SIZE_MAX;
    int lines = -1;
    assert_non_null(text);
    while (len < want && !atomic_load(&s->stop)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 50) == 0)
            continue;
        ssize_t got = read(fd, text + len, (1 << 20) - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
        const char *body = strstr(text, "\r\n\r\n"), *at = strstr(text, length);
        if (body != NULL && at != NULL)
            want = (size_t)(body + 4 - text) + strtoul(at + strlen(length), NULL, 10);
        if (len >= want) {
            lines = 0;
            for (const char *p2 = body + 4; *p2 != '\0'; p2++)
                lines += *p2 == '\n';
        }
    }
    free(text);
    return lines;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stop)) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        if (poll(&p, 1, 50) == 0)
            continue;
        int fd = accept(s->fd, NULL, NULL), lines;
        while (fd >= 0 && (lines = read_request(s, fd)) >= 0) {
            const char *answer = atomic_load(&s->answer);
            atomic_fetch_add(&s->posts, 1);
            if (answer == NULL)
                continue;
            if (write(fd, answer, strlen(answer)) < 0)
                break;
            if (strncmp(answer, "HTTP/1.1 204", 12) == 0)
                atomic_fetch_add(&s->lines, lines);
        }
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

static void listen_on_loopback(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
    s->port = ntohs(a.sin_port);
}

/* ---- the worker under test ---- */

struct fixture {
    struct rows rows;
    struct server server;
    bool serving;
    struct gw_site site;
    struct gw_clock clock;
    struct gw_influx *influx;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gw_err err;
    assert_non_null(f);
    pthread_mutex_init(&f->rows.mutex, NULL);
    f->rows.n = ROWS;
    assert_int_equal(gw_mailbox_new(sizeof(struct gw_parcel), 256, &f->rows.parcels, &err), GW_OK);
    listen_on_loopback(&f->server);
    f->clock = gw_clock_system();
    f->site.influx = (struct gw_site_influx){.enabled = true,
                                             .version = 1,
                                             .db = "d",
                                             .batch_lines = 100,
                                             .batch_s = 1,
                                             .timeout_ms = 2000};
    snprintf(f->site.influx.url, sizeof f->site.influx.url, "http://127.0.0.1:%d", f->server.port);
    snprintf(f->site.enterprise.county, sizeof f->site.enterprise.county, "371311");
    *state = f;
    return 0;
}

static void start_server(struct fixture *f, const char *answer)
{
    atomic_store(&f->server.answer, answer);
    f->serving = true;
    assert_int_equal(pthread_create(&f->server.thread, NULL, serve, &f->server), 0);
}

/* gw_site_find_point is asked for each point: a site without points has none. */
static void start(struct fixture *f)
{
    struct gw_err err = {0};
    struct gw_influx_conf conf = {.site = &f->site,
                                  .clock = &f->clock,
                                  .backlog = {.grant = grant,
                                              .ack = ack,
                                              .rewind = rewind_rows,
                                              .ctx = &f->rows,
                                              .parcels = f->rows.parcels},
                                  .seed = 1};
    if (gw_influx_start(&conf, &f->influx, &err) != GW_OK)
        fail_msg("%s", err.msg);
}

static void stop(struct fixture *f)
{
    int64_t from_ms = rig_now_ms();
    assert_true(gw_influx_stop(f->influx, 5000));
    assert_in_range(rig_now_ms() - from_ms, 0, 2000);
    f->influx = NULL;
    /* What was not acknowledged goes back, and nothing stays in the mailbox. */
    assert_true(f->rows.rewinds > 0);
    struct gw_parcel p;
    assert_false(gw_mailbox_get(f->rows.parcels, &p));
    assert_int_equal(f->rows.strange, 0);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_true(gw_influx_stop(f->influx, 15000));
    atomic_store(&f->server.stop, true);
    if (f->serving)
        pthread_join(f->server.thread, NULL);
    if (f->server.fd >= 0)
        close(f->server.fd);
    gw_mailbox_free(f->rows.parcels);
    pthread_mutex_destroy(&f->rows.mutex);
    free(f);
    return 0;
}

static struct gw_influx_stats stats_of(struct fixture *f)
{
    struct gw_influx_stats s;
    gw_influx_stats(f->influx, &s);
    return s;
}

static bool fault_has(struct fixture *f, const char *text)
{
    return strstr(stats_of(f).fault, text) != NULL;
}

#define STORED  "HTTP/1.1 204 No Content\r\n\r\n"
#define REFUSED "HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\n{\"error\":\"bad\"}"
#define BUSY    "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"

static void all_rows_are_written_once(void **state)
{
    struct fixture *f = *state;
    start_server(f, STORED);
    start(f);
    RIG_UNTIL(acked(&f->rows) == ROWS, 20);
    RIG_UNTIL(stats_of(f).sent == ROWS, 10);
    struct gw_influx_stats s = stats_of(f);
    assert_true(s.connected);
    assert_string_equal(s.fault, "");
    assert_int_equal(s.posts, ROWS / 100);
    assert_int_equal(atomic_load(&f->server.lines), ROWS);
    stop(f);
}

static void what_is_refused_alone_is_rejected(void **state)
{
    struct fixture *f = *state;
    f->rows.n = 20;
    start_server(f, REFUSED);
    start(f);
    RIG_UNTIL(acked(&f->rows) == 20, 20);
    RIG_UNTIL(stats_of(f).rejects.total == 20, 10);
    struct gw_influx_stats s = stats_of(f);
    assert_int_equal(s.sent, 0);
    assert_string_equal(s.rejects.rows[0].device, "gas");
    assert_string_equal(s.rejects.rows[0].text, "bad");
    stop(f);
}

static void rows_that_are_none_are_counted_and_let_go(void **state)
{
    struct fixture *f = *state;
    f->rows.text = "";
    start_server(f, STORED);
    start(f);
    RIG_UNTIL(stats_of(f).rejects.total == ROWS, 20);
    assert_int_equal(acked(&f->rows), ROWS);
    assert_int_equal(atomic_load(&f->server.posts), 0);
    stop(f);
}

static void an_outage_loses_nothing(void **state)
{
    struct fixture *f = *state;
    start_server(f, BUSY);
    start(f);
    RIG_UNTIL(fault_has(f, "HTTP 503"), 20);
    assert_int_equal(acked(&f->rows), 0);
    assert_int_equal(stats_of(f).held, 100);
    assert_false(stats_of(f).connected);
    stop(f);
    /* The next worker is handed the same rows again. */
    atomic_store(&f->server.answer, STORED);
    start(f);
    RIG_UNTIL(acked(&f->rows) == ROWS, 20);
    assert_int_equal(atomic_load(&f->server.lines), ROWS);
}

static void a_silent_server_does_not_keep_the_worker(void **state)
{
    struct fixture *f = *state;
    f->site.influx.timeout_ms = 60000;
    start_server(f, NULL);
    start(f);
    RIG_UNTIL(atomic_load(&f->server.posts) > 0, 20);
    stop(f);
    assert_int_equal(acked(&f->rows), 0);
}

static void a_server_that_is_not_there_is_told_of(void **state)
{
    struct fixture *f = *state;
    close(f->server.fd);
    f->server.fd = -1;
    start(f);
    RIG_UNTIL(fault_has(f, "onnect"), 20);
    stop(f);
    snprintf(f->site.influx.url, sizeof f->site.influx.url, "https://influx.invalid:8086");
    start(f);
    RIG_UNTIL(fault_has(f, "resolve"), 30);
    stop(f);
}

static void a_missing_token_is_told_of(void **state)
{
    struct fixture *f = *state;
    snprintf(f->site.influx.token_file, sizeof f->site.influx.token_file, "/nonexistent/token");
    start_server(f, STORED);
    start(f);
    RIG_UNTIL(fault_has(f, "token file /nonexistent/token"), 20);
    assert_int_equal(atomic_load(&f->server.posts), 0);
    stop(f);
}

/* A certificate that leads nowhere is never accepted. */
static void certificates_are_verified(void **state)
{
    struct fixture *f = *state;
    struct rig_dir dir;
    rig_dir_make(&dir);
    close(f->server.fd);
    f->server.fd = -1;
    assert_int_equal(rig_run(&dir,
                             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                             "-keyout key.pem -out cert.pem -subj /CN=localhost -days 2 "
                             "-addext subjectAltName=DNS:localhost >openssl.log 2>&1"),
                     0);
    assert_int_equal(rig_run(&dir,
                             "openssl s_server -accept 127.0.0.1:%d -key key.pem -cert cert.pem "
                             "-www >server.log 2>&1 & echo $! >pid",
                             f->server.port),
                     0);
    snprintf(f->site.influx.url, sizeof f->site.influx.url, "https://localhost:%d", f->server.port);
    start(f);
    RIG_UNTIL(fault_has(f, "certificate"), 30);
    stop(f);
    /* Trusted by name, but for another name. */
    rig_path(&dir, "cert.pem", f->site.influx.ca_file);
    snprintf(f->site.influx.url, sizeof f->site.influx.url, "https://127.0.0.1:%d", f->server.port);
    start(f);
    RIG_UNTIL(fault_has(f, "127.0.0.1'"), 30);
    stop(f);
    /* Trusted: what answers is no InfluxDB, so nothing counts as stored. */
    snprintf(f->site.influx.url, sizeof f->site.influx.url, "https://localhost:%d", f->server.port);
    start(f);
    RIG_UNTIL(stats_of(f).fault[0] != '\0', 30);
    assert_false(fault_has(f, "certificate"));
    stop(f);
    assert_int_equal(acked(&f->rows), 0);
    assert_int_equal(rig_run(&dir, "kill $(cat pid)"), 0);
    rig_dir_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_rows_are_written_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused_alone_is_rejected, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_are_none_are_counted_and_let_go, setup, teardown),
        cmocka_unit_test_setup_teardown(an_outage_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_server_does_not_keep_the_worker, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_is_not_there_is_told_of, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_token_is_told_of, setup, teardown),
        cmocka_unit_test_setup_teardown(certificates_are_verified, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
