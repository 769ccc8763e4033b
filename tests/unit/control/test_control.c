/* SPDX-License-Identifier: Apache-2.0
 *
 * The local API over its real socket, with a thread that plays the core.
 */
#include "control/control.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "control/http.h"
#include "site.h"
#include "support/cmocka_all.h"
#include "tempdir.h"

#define ANSWER_MAX 65536

struct rig {
    char dir[TEMPDIR_PATH];
    char path[TEMPDIR_PATH + 8];
    struct small_site site;
    struct gw_clock clock;
    struct gw_board *board;
    struct gw_control *control;
    struct gw_mailbox *stop; /* ends the core */
    pthread_t core;
    bool core_runs;
    char answer[ANSWER_MAX];
};

static void *core(void *arg)
{
    struct rig *rig = arg;
    int order;
    while (!gw_mailbox_wait(rig->stop, &order, 5)) {
        if (gw_board_wanted(rig->board)) {
            small_site_fill(gw_board_begin(rig->board, gw_board_wanted(rig->board)),
                            gw_clock_mono_ms(&rig->clock));
            gw_board_publish(rig->board);
        }
    }
    return NULL;
}

/* Records 1 to 3; at 4 there is none, and 13 cannot be read. */
static enum gw_status give_page(void *ctx, int64_t from, struct gw_buf *out, struct gw_err *err)
{
    (void)ctx;
    if (from == 13)
        return gw_err_set(err, GW_E_TIMEOUT, "the journal does not answer");
    for (int64_t i = from; i <= 3; i++)
        gw_buf_printf(out, "{\"record\":%lld}\n", (long long)i);
    return GW_OK;
}

static struct rig *start(bool with_core)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    tempdir_make(rig->dir);
    (void)snprintf(rig->path, sizeof rig->path, "%s/c.sock", rig->dir);
    small_site_init(&rig->site, rig->path);
    rig->clock = gw_clock_system();
    assert_int_equal(gw_board_new(&(struct gw_board_size){3, 2, 1}, &rig->board, NULL), GW_OK);
    assert_int_equal(gw_mailbox_new(sizeof(int), 1, &rig->stop, NULL), GW_OK);
    const struct gw_control_conf conf = {.site = &rig->site.site,
                                         .boot = "b",
                                         .start = gw_clock_now(&rig->clock),
                                         .board = rig->board,
                                         .clock = &rig->clock,
                                         .records = {.page = give_page}};
    assert_int_equal(gw_control_start(&conf, &rig->control, NULL), GW_OK);
    rig->core_runs = with_core;
    if (with_core)
        assert_int_equal(pthread_create(&rig->core, NULL, core, rig), 0);
    return rig;
}

static void end(struct rig *rig)
{
    struct stat st;
    if (rig->core_runs) {
        assert_int_equal(gw_mailbox_put(rig->stop, &(int){0}), GW_OK);
        assert_int_equal(pthread_join(rig->core, NULL), 0);
    }
    assert_true(gw_control_stop(rig->control, 5000));
    assert_int_not_equal(stat(rig->path, &st), 0);
    gw_mailbox_free(rig->stop);
    gw_board_free(rig->board);
    tempdir_remove(rig->dir);
    free(rig);
}

static int dial(const struct rig *rig)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = 20};
    memcpy(addr.sun_path, rig->path, strlen(rig->path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

/* Reads until the end; true when the server ended it. */
static bool read_all(struct rig *rig, int fd)
{
    size_t n = 0;
    ssize_t got = 0;
    while (n < ANSWER_MAX - 1 && (got = recv(fd, rig->answer + n, ANSWER_MAX - 1 - n, 0)) > 0)
        n += (size_t)got;
    rig->answer[n] = '\0';
    return got == 0 || n > 0;
}

/* An answer with a body is as long as it says. */
static void check_length(const char *answer)
{
    const char *length = strstr(answer, "\r\nContent-Length: ");
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(length);
    assert_non_null(body);
    assert_int_equal(strlen(body + 4), strtoul(length + 18, NULL, 10));
}

static unsigned ask(struct rig *rig, const char *request)
{
    unsigned code = 0;
    const int fd = dial(rig);
    (void)!send(fd, request, strlen(request), MSG_NOSIGNAL);
    assert_true(read_all(rig, fd));
    close(fd);
    if (strncmp(rig->answer, "HTTP/1.", 7) == 0)
        code = (unsigned)strtoul(rig->answer + 9, NULL, 10);
    if (code == 200 || code == 404 || code == 503) {
        if (strncmp(request, "HEAD", 4) != 0)
            check_length(rig->answer);
    }
    return code;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void answers_every_document(void **state)
{
    (void)state;
    struct rig *rig = start(true);
    assert_int_equal(ask(rig, GET("/v1/status")), 200);
    assert_non_null(strstr(rig->answer, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(rig->answer, "application/json; charset=utf-8"));
    assert_non_null(strstr(rig->answer, "\"gateway\":\"gw-test\""));
    assert_int_equal(ask(rig, GET("/v1/devices")), 200);
    assert_int_equal(ask(rig, GET("/v1/points")), 200);
    assert_non_null(strstr(rig->answer, "gas.p1"));
    assert_int_equal(ask(rig, GET("/v1/points?device=di")), 200);
    assert_null(strstr(rig->answer, "gas.p1"));
    assert_int_equal(ask(rig, GET("/v1/cases")), 200);
    assert_int_equal(ask(rig, GET("/v1/alarms")), 200);
    assert_int_equal(ask(rig, "HEAD /v1/alarms HTTP/1.0\r\n\r\n"), 200);
    assert_null(strstr(rig->answer, "GAS-EV-LOW"));
    end(rig);
}

/* Without the core's help. */
static void gives_records_page_by_page(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "?from=", "?from=0", "?from=-1", "?from=1x", "?from=99999999999999999999", "?device=1"};
    struct rig *rig = start(false);
    assert_int_equal(ask(rig, "GET /v1/records?from=2 HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_non_null(strstr(rig->answer, "application/x-ndjson"));
    assert_non_null(strstr(rig->answer, "\r\n\r\n{\"record\":2}\n{\"record\":3}\n"));
    check_length(rig->answer);
    assert_int_equal(ask(rig, "GET /v1/records?from=4 HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_non_null(strstr(rig->answer, "Content-Length: 0\r\n"));
    assert_int_equal(ask(rig, "GET /v1/records?from=13 HTTP/1.1\r\nHost: x\r\n\r\n"), 503);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char request[96];
        snprintf(request, sizeof request, "GET /v1/records%s HTTP/1.1\r\nHost: x\r\n\r\n",
                 wrong[i]);
        assert_int_equal(ask(rig, request), 400);
    }
    end(rig);
}

static void refuses_what_it_does_not_offer(void **state)
{
    (void)state;
    struct rig *rig = start(true);
    static const char *const not_found[] = {
        GET("/index.html"), GET("/v1"),
        GET("/v1/status/"), GET("/v1/points?device=none"),
        GET("/v2/status"),  GET("/../etc/passwd"),
    };
    for (size_t i = 0; i < sizeof not_found / sizeof not_found[0]; i++)
        assert_int_equal(ask(rig, not_found[i]), 404);
    assert_int_equal(ask(rig, "POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
                     405);
    assert_non_null(strstr(rig->answer, "Allow: GET, HEAD"));
    assert_int_equal(ask(rig, "DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_non_null(strstr(rig->answer, "Allow: GET, HEAD, POST"));
    assert_int_equal(ask(rig, "GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
                     400);
    assert_int_equal(ask(rig, "GET /v1/status HTTP/1.1\r\nHost: x\r\n"
                              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                     400);
    assert_int_equal(ask(rig, GET("/v1/status")), 200);
    end(rig);
}

static void bad_requests_end_quickly(void **state)
{
    (void)state;
    struct rig *rig = start(true);
    char *large = malloc(40000);
    assert_non_null(large);
    memset(large, 'a', 39999);
    large[39999] = '\0';
    memcpy(large, "GET /", 5);
    const unsigned code = ask(rig, large);
    assert_true(code == 0 || (code >= 400 && code < 500));
    free(large);
    const unsigned junk = ask(rig, "\x16\x03\x01\x02 junk\r\n\r\n");
    assert_true(junk == 0 || (junk >= 400 && junk < 500));
    assert_int_equal(ask(rig, GET("/v1/status")), 200);
    end(rig);
}

static void more_clients_than_permitted_are_told(void **state)
{
    (void)state;
    struct rig *rig = start(true);
    int fds[GW_HTTP_CLIENTS];
    for (size_t i = 0; i < GW_HTTP_CLIENTS; i++) {
        fds[i] = dial(rig);
        assert_int_equal(send(fds[i], "GET /v1", 7, MSG_NOSIGNAL), 7);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(ask(rig, GET("/v1/status")), 503);
        assert_non_null(strstr(rig->answer, "too many clients"));
    }
    close(fds[0]);
    unsigned code = 503;
    for (int i = 0; i < 10000 && code == 503; i++)
        code = ask(rig, GET("/v1/status"));
    assert_int_equal(code, 200);
    /* Those that hold a place are served as well. */
    const char rest[] = "/points HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(send(fds[1], rest, sizeof rest - 1, MSG_NOSIGNAL), sizeof rest - 1);
    assert_true(read_all(rig, fds[1]));
    assert_non_null(strstr(rig->answer, "gas.p1"));
    for (size_t i = 1; i < GW_HTTP_CLIENTS; i++)
        close(fds[i]);
    end(rig);
}

static void a_stuck_core_is_told(void **state)
{
    (void)state;
    struct rig *rig = start(false);
    const int64_t before = gw_clock_mono_ms(&rig->clock);
    assert_int_equal(ask(rig, GET("/v1/status")), 503);
    assert_non_null(strstr(rig->answer, "does not answer"));
    const int64_t took = gw_clock_mono_ms(&rig->clock) - before;
    assert_in_range(took, GW_CONTROL_WAIT_MS, GW_CONTROL_WAIT_MS + 3000);
    end(rig);
}

static void ends_while_clients_wait(void **state)
{
    (void)state;
    struct rig *rig = start(false);
    int fds[5];
    for (size_t i = 0; i < 5; i++) {
        fds[i] = dial(rig);
        const char text[] = GET("/v1/status");
        assert_int_equal(send(fds[i], text, sizeof text - 1, MSG_NOSIGNAL), sizeof text - 1);
    }
    while (!gw_board_wanted(rig->board)) /* a request has come that far */
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    end(rig);
    for (size_t i = 0; i < 5; i++)
        close(fds[i]);
}

static void a_second_one_does_not_start(void **state)
{
    (void)state;
    struct rig *rig = start(true);
    struct gw_control *second = NULL;
    const struct gw_control_conf conf = {
        .site = &rig->site.site, .boot = "b", .board = rig->board, .clock = &rig->clock};
    assert_int_equal(gw_control_start(&conf, &second, NULL), GW_E_REFUSED);
    assert_null(second);
    assert_int_equal(ask(rig, GET("/v1/status")), 200);
    end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_every_document),
        cmocka_unit_test(gives_records_page_by_page),
        cmocka_unit_test(refuses_what_it_does_not_offer),
        cmocka_unit_test(bad_requests_end_quickly),
        cmocka_unit_test(more_clients_than_permitted_are_told),
        cmocka_unit_test(a_stuck_core_is_told),
        cmocka_unit_test(ends_while_clients_wait),
        cmocka_unit_test(a_second_one_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
