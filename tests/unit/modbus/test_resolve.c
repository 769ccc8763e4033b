/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/resolve.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "util.h"

/* A name service that answers "dead..." only when it is told to. */
struct service {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool released;
    unsigned asked;
};

static enum gw_status lookup(void *ctx, const char *host, uint16_t port, struct gw_mb_addrs *out,
                             struct gw_err *err)
{
    struct service *s = ctx;
    (void)pthread_mutex_lock(&s->mutex);
    s->asked++;
    (void)pthread_cond_broadcast(&s->cond);
    while (strncmp(host, "dead", 4) == 0 && !s->released)
        (void)pthread_cond_wait(&s->cond, &s->mutex);
    (void)pthread_mutex_unlock(&s->mutex);
    if (strcmp(host, "unknown") == 0)
        return gw_err_set(err, GW_E_NOTFOUND, "no such host");
    assert_true(gw_mb_numeric("10.0.0.7", port, out));
    return GW_OK;
}

static void service_init(struct service *s)
{
    *s = (struct service){0};
    assert_int_equal(pthread_mutex_init(&s->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&s->cond, NULL), 0);
}

static void release(struct service *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->released = true;
    (void)pthread_cond_broadcast(&s->cond);
    (void)pthread_mutex_unlock(&s->mutex);
}

static void wait_asked(struct service *s, unsigned n)
{
    (void)pthread_mutex_lock(&s->mutex);
    while (s->asked < n)
        (void)pthread_cond_wait(&s->cond, &s->mutex);
    (void)pthread_mutex_unlock(&s->mutex);
}

static struct gw_mb_answer next_answer(struct gw_mb_resolver *r)
{
    struct pollfd p = {.fd = gw_mb_resolver_fd(r), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    struct gw_mb_answer a;
    assert_true(gw_mb_resolver_get(r, &a));
    return a;
}

static void numeric_addresses_need_no_thread(void **state)
{
    (void)state;
    struct gw_mb_addrs a;
    assert_true(gw_mb_numeric("192.168.1.30", 1502, &a));
    assert_int_equal(a.n, 1);
    struct sockaddr_in v4;
    memcpy(&v4, &a.at[0].sa, sizeof v4);
    assert_int_equal(v4.sin_family, AF_INET);
    assert_int_equal(ntohs(v4.sin_port), 1502);
    assert_int_equal(ntohl(v4.sin_addr.s_addr), 0xC0A8011E);
    assert_true(gw_mb_numeric("::1", 502, &a));
    assert_int_equal(a.at[0].sa.ss_family, AF_INET6);
    static const char *const no[] = {"plc",          "",      "10.0.0",    "10.0.0.256",
                                     "10.0.0.7:502", "[::1]", "0x7f000001"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        a.n = 77;
        assert_false(gw_mb_numeric(no[i], 502, &a));
        assert_int_equal(a.n, 77);
    }
}

static void questions_are_answered_once_each(void **state)
{
    (void)state;
    struct service s;
    service_init(&s);
    struct gw_mb_resolver *r;
    const struct gw_mb_lookup l = {lookup, &s};
    assert_int_equal(gw_mb_resolver_new(&l, 2, NULL, &r, NULL), GW_OK);
    assert_int_equal(gw_mb_resolver_ask(r, 3, "plc", 502), GW_OK);
    assert_int_equal(gw_mb_resolver_ask(r, 9, "unknown", 502), GW_OK);
    assert_int_equal(gw_mb_resolver_ask(r, 4, "plc", 502), GW_E_FULL);
    char name[GW_MB_HOST_SIZE + 1];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(gw_mb_resolver_ask(r, 4, name, 502), GW_E_RANGE);
    struct gw_mb_answer a = next_answer(r);
    assert_int_equal(a.id, 3);
    assert_int_equal(a.status, GW_OK);
    assert_int_equal(a.addrs.n, 1);
    a = next_answer(r);
    assert_int_equal(a.id, 9);
    assert_int_equal(a.status, GW_E_NOTFOUND);
    assert_string_equal(a.text, "no such host");
    assert_false(gw_mb_resolver_get(r, &a));
    assert_int_equal(gw_mb_resolver_ask(r, 4, "plc", 502), GW_OK);
    assert_int_equal(next_answer(r).id, 4);
    gw_mb_resolver_free(r, 10000);
}

static void the_end_does_not_wait_for_what_is_queued(void **state)
{
    (void)state;
    struct service s;
    service_init(&s);
    struct gw_mb_resolver *r;
    const struct gw_mb_lookup l = {lookup, &s};
    assert_int_equal(gw_mb_resolver_new(&l, 8, NULL, &r, NULL), GW_OK);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(gw_mb_resolver_ask(r, i, "dead", 502), GW_OK);
    wait_asked(&s, 1);
    release(&s);
    gw_mb_resolver_free(r, 10000);
    gw_mb_resolver_free(NULL, 0);
}

/* The thread hangs in its question for as long as this program runs. */
static void a_question_that_hangs_is_left_behind(void **state)
{
    (void)state;
    static struct service s; /* outlives the test */
    service_init(&s);
    struct gw_mb_resolver *r;
    const struct gw_mb_lookup l = {lookup, &s};
    assert_int_equal(gw_mb_resolver_new(&l, 1, NULL, &r, NULL), GW_OK);
    assert_int_equal(gw_mb_resolver_ask(r, 1, "dead", 502), GW_OK);
    wait_asked(&s, 1);
    struct timespec a;
    struct timespec b;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &a), 0);
    gw_mb_resolver_free(r, 50);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &b), 0);
    assert_true(b.tv_sec - a.tv_sec < 4);
}

static void the_system_knows_localhost(void **state)
{
    (void)state;
    struct gw_mb_addrs a;
    struct gw_err err;
    assert_int_equal(gw_mb_lookup_system(NULL, "localhost", 1502, &a, &err), GW_OK);
    assert_in_range(a.n, 1, GW_MB_ADDRS_MAX);
    for (size_t i = 0; i < a.n; i++) {
        assert_true(a.at[i].sa.ss_family == AF_INET || a.at[i].sa.ss_family == AF_INET6);
        if (a.at[i].sa.ss_family == AF_INET) {
            struct sockaddr_in v4;
            memcpy(&v4, &a.at[i].sa, sizeof v4);
            assert_int_equal(ntohs(v4.sin_port), 1502);
        }
    }
    a.n = 77;
    assert_int_equal(gw_mb_lookup_system(NULL, "no-such-host.invalid", 1502, &a, &err),
                     GW_E_NOTFOUND);
    assert_true(err.msg[0] != '\0');
    assert_int_equal(a.n, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_need_no_thread),
        cmocka_unit_test(questions_are_answered_once_each),
        cmocka_unit_test(the_end_does_not_wait_for_what_is_queued),
        cmocka_unit_test(a_question_that_hangs_is_left_behind),
        cmocka_unit_test(the_system_knows_localhost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
