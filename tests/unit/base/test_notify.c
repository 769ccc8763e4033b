/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support/cmocka_all.h"

/* A manager's socket; *name is what NOTIFY_SOCKET is to be. */
static int manager(bool abstract, char *name, size_t size)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    (void)snprintf(name, size, "%snotify-test.%ld", abstract ? "@" : "/tmp/", (long)getpid());
    memcpy(addr.sun_path, name, strlen(name));
    if (abstract)
        addr.sun_path[0] = '\0';
    const socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    return fd;
}

static void the_manager_hears_it(void **state)
{
    (void)state;
    for (int abstract = 0; abstract < 2; abstract++) {
        char name[64];
        char got[GW_NOTIFY_MAX + 1];
        int fd = manager(abstract != 0, name, sizeof name);
        assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
        assert_true(gw_notify("READY=1\nSTATUS=%d devices", 7));
        ssize_t n = recv(fd, got, sizeof got, 0);
        assert_int_equal(n, strlen("READY=1\nSTATUS=7 devices"));
        assert_memory_equal(got, "READY=1\nSTATUS=7 devices", (size_t)n);

        char text[2 * GW_NOTIFY_MAX];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        assert_true(gw_notify("STATUS=%s", text));
        assert_int_equal(recv(fd, got, sizeof got, 0), GW_NOTIFY_MAX - 1);
        close(fd);
        assert_false(gw_notify("WATCHDOG=1")); /* nobody listens any more */
        if (!abstract)
            unlink(name);
    }
}

/* The moment is of the clock that systemd compares with: the monotonic one, in microseconds. */
static void a_reload_says_when_it_began(void **state)
{
    (void)state;
    char name[64], got[GW_NOTIFY_MAX + 1];
    struct timespec before, after;
    long long at = 0;
    int fd = manager(true, name, sizeof name);

    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    assert_true(gw_notify_reloading());
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    const ssize_t n = recv(fd, got, sizeof got - 1, 0);
    assert_true(n > 0);
    got[n] = '\0';
    assert_int_equal(sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%lld", &at), 1);
    assert_true(at >= (long long)before.tv_sec * 1000000 + before.tv_nsec / 1000);
    assert_true(at <= (long long)after.tv_sec * 1000000 + after.tv_nsec / 1000);
    close(fd);
    unsetenv("NOTIFY_SOCKET");
    assert_false(gw_notify_reloading());
}

static void without_a_manager_nothing_is_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/", "relative", "/nowhere/at/all", "vsock:2:1234"};
    char longer[200];

    unsetenv("NOTIFY_SOCKET");
    assert_false(gw_notify("READY=1"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", bad[i], 1), 0);
        assert_false(gw_notify("READY=1"));
    }
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(setenv("NOTIFY_SOCKET", longer, 1), 0);
    assert_false(gw_notify("READY=1"));
}

static void the_watchdog_is_for_this_process(void **state)
{
    (void)state;
    static const struct {
        const char *usec, *pid; /* "self": this process */
        int64_t ms;
    } rows[] = {
        {NULL, NULL, 0},
        {"30000000", NULL, 30000},
        {"30000000", "self", 30000},
        {"30000000", "1", 0},
        {"30000000", "x", 0},
        {"0", NULL, 0},
        {"999", NULL, 0},
        {"-5", NULL, 0},
        {"3s", NULL, 0},
        {"", NULL, 0},
        {"99999999999999999999", NULL, 0},
    };
    char self[32];

    (void)snprintf(self, sizeof self, "%ld", (long)getpid());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (rows[i].usec)
            assert_int_equal(setenv("WATCHDOG_USEC", rows[i].usec, 1), 0);
        if (rows[i].pid)
            assert_int_equal(
                setenv("WATCHDOG_PID", strcmp(rows[i].pid, "self") == 0 ? self : rows[i].pid, 1),
                0);
        assert_int_equal(gw_notify_watchdog_ms(), rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_hears_it),
        cmocka_unit_test(a_reload_says_when_it_began),
        cmocka_unit_test(without_a_manager_nothing_is_told),
        cmocka_unit_test(the_watchdog_is_for_this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
