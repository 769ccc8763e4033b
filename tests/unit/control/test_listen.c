/* SPDX-License-Identifier: Apache-2.0 */
#include "control/listen.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "tempdir.h"

static char dir[TEMPDIR_PATH];
static char path[TEMPDIR_PATH + 8];

static int setup(void **state)
{
    (void)state;
    tempdir_make(dir);
    (void)snprintf(path, sizeof path, "%s/s", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tempdir_remove(dir);
    return 0;
}

static bool reachable(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    memcpy(addr.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const bool ok = connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
    close(fd);
    return ok;
}

static void listens_with_its_permissions(void **state)
{
    (void)state;
    struct gw_listen l;
    struct stat st;
    const mode_t before = umask(077);
    assert_int_equal(gw_listen_open(path, 0660, &l, NULL), GW_OK);
    umask(before);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_true(reachable());
    gw_listen_close(&l, path);
    assert_int_not_equal(stat(path, &st), 0);
    gw_listen_close(&l, path); /* once more does nothing */
}

static void replaces_what_a_crash_left(void **state)
{
    (void)state;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct gw_listen l;
    memcpy(addr.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(fd, 1), 0);
    close(fd); /* the file stays */
    assert_false(reachable());
    assert_int_equal(gw_listen_open(path, 0600, &l, NULL), GW_OK);
    assert_true(reachable());
    gw_listen_close(&l, path);
}

static void leaves_a_living_one_alone(void **state)
{
    (void)state;
    struct gw_listen first;
    struct gw_listen second = {.fd = -1};
    struct gw_err err = {0};
    assert_int_equal(gw_listen_open(path, 0600, &first, NULL), GW_OK);
    assert_int_equal(gw_listen_open(path, 0600, &second, &err), GW_E_REFUSED);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "another nonsited"));
    assert_true(reachable());
    gw_listen_close(&first, path);
}

static void leaves_other_files_alone(void **state)
{
    (void)state;
    struct gw_listen l;
    struct gw_err err = {0};
    struct stat st;
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(gw_listen_open(path, 0600, &l, &err), GW_E_REFUSED);
    assert_non_null(strstr(err.msg, "no socket"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 1);
}

static void the_end_removes_only_its_own(void **state)
{
    (void)state;
    struct gw_listen first;
    struct gw_listen second;
    assert_int_equal(gw_listen_open(path, 0600, &first, NULL), GW_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(gw_listen_open(path, 0600, &second, NULL), GW_OK);
    gw_listen_close(&first, path);
    assert_true(reachable());
    gw_listen_close(&second, path);
}

static void says_what_is_wrong_with_the_path(void **state)
{
    (void)state;
    struct gw_listen l;
    struct gw_err err = {0};
    char far[300];
    char none[TEMPDIR_PATH + 16];
    memset(far, 'a', sizeof far - 1);
    far[sizeof far - 1] = '\0';
    assert_int_equal(gw_listen_open(far, 0600, &l, &err), GW_E_RANGE);
    (void)snprintf(none, sizeof none, "%s/none/s", dir);
    assert_int_equal(gw_listen_open(none, 0600, &l, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, none));
}

static unsigned port_of(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    assert_int_equal(ntohl(addr.sin_addr.s_addr), INADDR_LOOPBACK);
    return ntohs(addr.sin_port);
}

static void a_port_of_this_machine_and_no_other(void **state)
{
    static const char *const others[] = {"0.0.0.0:8480",
                                         "192.168.1.1:8480",
                                         ":8480",
                                         "localhost:8480",
                                         "127.0.0.1",
                                         "127.0.0.1:",
                                         "127.0.0.1:0",
                                         "127.0.0.1:65536",
                                         "127.0.0.1:08480",
                                         "127.0.0.1:8480x",
                                         "::1:8480",
                                         "[::]:8480",
                                         "127.0.0.1:8480:1",
                                         "",
                                         "[127.0.0.1]:80"};
    (void)state;
    struct gw_err err = {0};
    char where[32];
    int fd = -1, second = -1;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(gw_listen_tcp(others[i], &fd, &err), GW_E_INVAL);
    /* A free port: one that the kernel gave a moment ago. */
    const int any = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(any, (const struct sockaddr *)&addr, sizeof addr), 0);
    (void)snprintf(where, sizeof where, "127.0.0.1:%u", port_of(any));
    close(any);
    assert_int_equal(gw_listen_tcp(where, &fd, &err), GW_OK);
    assert_true(port_of(fd) > 0);
    assert_int_equal(gw_listen_tcp(where, &second, &err), GW_E_IO);
    assert_non_null(strstr(err.msg, where));
    assert_int_equal(second, -1);
    close(fd);
    assert_int_equal(gw_listen_tcp(where, &fd, &err), GW_OK);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_of_this_machine_and_no_other),
        cmocka_unit_test_setup_teardown(listens_with_its_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(replaces_what_a_crash_left, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_a_living_one_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_other_files_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_removes_only_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_the_path, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
