/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/probe.h"

#include "rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener(int backlog, uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static enum gw_status probe(const char *host, uint16_t port, int stop_fd,
                            struct gw_probe_found *found, struct gw_err *err)
{
    struct gw_probe *p;
    assert_int_equal(gw_probe_new(host, port, false, &p), GW_OK);
    enum gw_status status = gw_probe_run(p, stop_fd, found, err);
    gw_probe_free(p);
    return status;
}

static void test_numeric_and_named(void **state)
{
    struct gw_probe_found found;
    struct gw_err err;
    uint16_t port;
    (void)state;
    int stop = eventfd(0, EFD_CLOEXEC);
    int fd = listener(8, &port);
    assert_int_equal(probe("127.0.0.1", port, stop, &found, &err), GW_OK);
    assert_string_equal(found.address, "127.0.0.1");
    assert_false(found.ipv6);
    /* May have ::1 first, where nobody listens: the one that answers counts. */
    assert_int_equal(probe("localhost", port, stop, &found, &err), GW_OK);
    assert_string_equal(found.address, "127.0.0.1");
    close(fd);
    assert_int_equal(probe("127.0.0.1", port, stop, &found, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, "127.0.0.1"));
    assert_non_null(strstr(err.msg, "refused"));
    close(stop);
}

static void test_no_such_name(void **state)
{
    struct gw_probe_found found;
    struct gw_err err;
    (void)state;
    int stop = eventfd(0, EFD_CLOEXEC);
    int64_t from_ms = rig_now_ms();
    /* Without a name server it is a timeout. */
    enum gw_status status = probe("nonsite-gateway.invalid", 1883, stop, &found, &err);
    assert_true(status == GW_E_NOTFOUND || status == GW_E_TIMEOUT);
    assert_non_null(strstr(err.msg, "name"));
    assert_in_range(rig_now_ms() - from_ms, 0, GW_PROBE_RESOLVE_MS + 3000);
    close(stop);
}

/* A listener whose queue is full drops every further SYN: a black hole without a network. */
struct hole {
    int fd, filler[4];
    uint16_t port;
};

static void hole_open(struct hole *h)
{
    h->fd = listener(0, &h->port);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons(h->port)};
    for (int i = 0; i < 4; i++) {
        h->filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int rc = connect(h->filler[i], (struct sockaddr *)&a, sizeof a);
        (void)rc; /* some succeed, the rest hang: that is the point */
    }
}

static void hole_close(struct hole *h)
{
    for (int i = 0; i < 4; i++)
        close(h->filler[i]);
    close(h->fd);
}

static void test_black_hole_is_bounded(void **state)
{
    struct hole hole;
    struct gw_probe_found found;
    struct gw_err err;
    (void)state;
    int stop = eventfd(0, EFD_CLOEXEC);
    hole_open(&hole);
    int64_t from_ms = rig_now_ms();
    assert_int_equal(probe("127.0.0.1", hole.port, stop, &found, &err), GW_E_TIMEOUT);
    assert_in_range(rig_now_ms() - from_ms, GW_PROBE_CONNECT_MS - 100, GW_PROBE_CONNECT_MS + 3000);
    assert_non_null(strstr(err.msg, "no answer"));
    hole_close(&hole);
    close(stop);
}

static void *raise_later(void *arg)
{
    uint64_t one = 1;
    rig_nap();
    assert_int_equal(write(*(int *)arg, &one, sizeof one), sizeof one);
    return NULL;
}

static void test_stop_cuts_it_short(void **state)
{
    struct hole hole;
    struct gw_probe_found found;
    struct gw_err err;
    pthread_t thread;
    (void)state;
    int stop = eventfd(0, EFD_CLOEXEC);
    hole_open(&hole);
    int64_t from_ms = rig_now_ms();
    assert_int_equal(pthread_create(&thread, NULL, raise_later, &stop), 0);
    assert_int_equal(probe("127.0.0.1", hole.port, stop, &found, &err), GW_E_CLOSED);
    assert_in_range(rig_now_ms() - from_ms, 0, 2000);
    pthread_join(thread, NULL);

    /* Stopped already, and the name may take its time: the resolver is left behind. */
    assert_int_equal(probe("nonsite-gateway.invalid", 1883, stop, &found, &err), GW_E_CLOSED);
    assert_in_range(rig_now_ms() - from_ms, 0, 4000);
    hole_close(&hole);
    close(stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric_and_named),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_black_hole_is_bounded),
        cmocka_unit_test(test_stop_cuts_it_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
