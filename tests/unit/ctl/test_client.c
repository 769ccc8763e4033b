/* SPDX-License-Identifier: Apache-2.0
 *
 * The client against servers that answer as no nonsited would.
 */
#define _GNU_SOURCE /* mkdtemp */
#include "ctl/client.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/cmocka_all.h"

static char dir[64];
static char path[72];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/gw-client-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/s", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

/* A server of one connection. */
struct server {
    int listener;
    const char *answer;
    size_t len;
    bool reads;  /* the request first */
    bool hangs;  /* does not close until told */
    int release; /* a pipe's reading end: closed by the test */
    char request[512];
};

static void *serve(void *arg)
{
    struct server *s = arg;
    char byte;
    const int fd = accept(s->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    size_t n = 0;
    while (s->reads && n < sizeof s->request - 1 && !strstr(s->request, "\r\n\r\n")) {
        const ssize_t got = recv(fd, s->request + n, sizeof s->request - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        s->request[n] = '\0';
    }
    for (size_t sent = 0; sent < s->len;) {
        const ssize_t put = send(fd, s->answer + sent, s->len - sent, MSG_NOSIGNAL);
        if (put <= 0)
            break;
        sent += (size_t)put;
    }
    if (s->hangs)
        (void)!read(s->release, &byte, 1);
    close(fd);
    return NULL;
}

static enum gw_status get(struct server *s, int64_t timeout_ms, struct gw_client_answer *out,
                          struct gw_err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    pthread_t thread;
    int ends[2];
    (void)unlink(path);
    memcpy(addr.sun_path, path, strlen(path) + 1);
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(pipe(ends), 0);
    s->release = ends[0];
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    const enum gw_status st = gw_client_get(path, "/v1/status", timeout_ms, out, err);
    close(ends[1]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(ends[0]);
    close(s->listener);
    return st;
}

static enum gw_status get_text(const char *answer, struct gw_client_answer *out, struct gw_err *err)
{
    struct server s = {.answer = answer, .len = strlen(answer), .reads = true};
    return get(&s, 5000, out, err);
}

static void asks_and_takes_the_answer(void **state)
{
    (void)state;
    struct gw_client_answer a = {0};
    struct server s = {.answer = "HTTP/1.1 404 Not Found\r\nX: y\r\ncontent-length:  3 \r\n\r\n"
                                 "abc",
                       .reads = true};
    s.len = strlen(s.answer);
    /* A blank behind the number is not a number. */
    assert_int_equal(get(&s, 5000, &a, NULL), GW_E_PROTO);
    assert_string_equal(s.request, "GET /v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n");

    assert_int_equal(
        get_text("HTTP/1.1 404 Not Found\r\nX: y\r\ncontent-length:  3\r\n\r\nabc", &a, NULL),
        GW_OK);
    assert_int_equal(a.code, 404);
    assert_int_equal(a.len, 3);
    assert_string_equal(a.body, "abc");
    free(a.body);
    assert_int_equal(get_text("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", &a, NULL), GW_OK);
    assert_int_equal(a.len, 0);
    free(a.body);
}

/* A busy daemon answers and closes before it reads. */
static void an_early_answer_counts(void **state)
{
    (void)state;
    struct gw_client_answer a = {0};
    struct server s = {.answer = "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\n{}"};
    s.len = strlen(s.answer);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(get(&s, 5000, &a, NULL), GW_OK);
        assert_int_equal(a.code, 503);
        free(a.body);
    }
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "",
        "\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 99 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 -200 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct gw_client_answer a = {0};
        struct gw_err err = {0};
        const enum gw_status st = get_text(answers[i], &a, &err);
        if (st != GW_E_PROTO)
            fail_msg("\"%s\" gives %s", answers[i], gw_status_name(st));
        assert_non_null(strstr(err.msg, path));
        assert_null(a.body);
    }
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    struct gw_client_answer a = {0};
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'a', 100000);
    text[100000] = '\0';
    memcpy(text, "HTTP/1.1 200 OK\r\n", 17);
    memcpy(text + 99996, "\r\n\r\n", 4);
    assert_int_equal(get_text(text, &a, NULL), GW_E_PROTO);
    free(text);
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    static const char *const starts[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"};
    const struct gw_clock clock = gw_clock_system();
    for (size_t i = 0; i < 2; i++) {
        struct gw_client_answer a = {0};
        struct gw_err err = {0};
        struct server s = {
            .answer = starts[i], .len = strlen(starts[i]), .reads = true, .hangs = true};
        const int64_t before = gw_clock_mono_ms(&clock);
        assert_int_equal(get(&s, 200, &a, &err), GW_E_TIMEOUT);
        assert_in_range(gw_clock_mono_ms(&clock) - before, 200, 5000);
    }
}

static void says_why_there_is_nobody(void **state)
{
    (void)state;
    struct gw_client_answer a = {0};
    struct gw_err err = {0};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char far[200];

    assert_int_equal(gw_client_get(path, "/", 1000, &a, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "does nonsited run?"));

    memcpy(addr.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    close(fd);
    assert_int_equal(gw_client_get(path, "/", 1000, &a, &err), GW_E_REFUSED);
    assert_non_null(strstr(err.msg, "does not run"));

    memset(far, 'a', sizeof far - 1);
    far[sizeof far - 1] = '\0';
    assert_int_equal(gw_client_get(far, "/", 1000, &a, &err), GW_E_RANGE);
    assert_int_equal(gw_client_get(path, "/a b", 1000, &a, &err), GW_E_INVAL);
    assert_int_equal(gw_client_get(path, "/\r\nX: y", 1000, &a, &err), GW_E_INVAL);
    assert_int_equal(gw_client_get(path, "", 1000, &a, &err), GW_E_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_and_takes_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(an_early_answer_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_answer_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_head_without_end_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_ends_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(says_why_there_is_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
