/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOSQUITTO "/usr/sbin/mosquitto"

int64_t rig_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void rig_nap(void)
{
    struct timespec ts = {.tv_nsec = 3000000};
    nanosleep(&ts, NULL);
}

int64_t rig_deadline_ms(int seconds)
{
    return rig_now_ms() + INT64_C(1000) * seconds;
}

void rig_wait(int64_t deadline_ms, const char *what)
{
    if (rig_now_ms() > deadline_ms)
        fail_msg("too late: %s", what);
    rig_nap();
}

static void fast_now(void *ctx, struct gw_stamp *out)
{
    const struct rig_fast_clock *fast = ctx;
    struct gw_clock system = gw_clock_system();
    *out = gw_clock_now(&system);
    out->mono_ms = fast->start_ms + (out->mono_ms - fast->start_ms) * fast->factor;
}

struct gw_clock rig_fast_clock(struct rig_fast_clock *fast, int64_t factor)
{
    fast->start_ms = rig_now_ms();
    fast->factor = factor;
    return (struct gw_clock){.now = fast_now, .ctx = fast};
}

/* ---- files and programs ---- */

void rig_dir_make(struct rig_dir *dir)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(dir->path, sizeof dir->path, "%s/gw-publish-XXXXXX",
                     base != NULL && base[0] != '\0' ? base : "/tmp");
    assert_true(n > 0 && (size_t)n < sizeof dir->path);
    assert_non_null(mkdtemp(dir->path));
}

void rig_dir_remove(struct rig_dir *dir)
{
    if (dir->path[0] != '\0')
        assert_int_equal(rig_run(dir, "rm -rf \"$PWD\""), 0);
    dir->path[0] = '\0';
}

void rig_path(const struct rig_dir *dir, const char *name, char out[RIG_PATH])
{
    int n = snprintf(out, RIG_PATH, "%s/%s", dir->path, name);
    assert_true(n > 0 && n < RIG_PATH);
}

void rig_write(const struct rig_dir *dir, const char *name, const void *data, size_t len)
{
    char path[RIG_PATH];
    rig_path(dir, name, path);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

char *rig_read(const struct rig_dir *dir, const char *name)
{
    char path[RIG_PATH];
    rig_path(dir, name, path);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t cap = 1 << 20;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t n = fread(text, 1, cap - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

int rig_run(const struct rig_dir *dir, const char *fmt, ...)
{
    char command[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof command);

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(dir->path) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int rig_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    /* Bound until the process ends, so that nobody else is given it; whoever sets this option, as a
     * broker does, may listen there all the same. */
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

/* ---- broker ---- */

static bool takes_connections(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

void rig_broker_restart(struct rig_broker *b)
{
    char conf[RIG_PATH];
    char log[RIG_PATH];
    rig_path(b->dir, "mosquitto.conf", conf);
    rig_path(b->dir, "mosquitto.log", log);

    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves no broker behind */
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (fd >= 0 && dup2(fd, 1) >= 0 && dup2(fd, 2) >= 0)
            execl(MOSQUITTO, "mosquitto", "-c", conf, (char *)NULL);
        _exit(127);
    }
    int status;
    RIG_UNTIL(takes_connections(b->port) || waitpid(b->pid, &status, WNOHANG) == b->pid, 20);
    assert_true(takes_connections(b->port));
}

void rig_broker_start(struct rig_broker *b, const char *extra)
{
    char text[2048];
    /* Roomy queues: what the broker acknowledges it has handed on before. (0 queued, "no limit",
     * makes 2.0.11 hang up on whoever publishes what it must refuse.) */
    int n = snprintf(text, sizeof text,
                     "user root\npersistence false\nmax_inflight_messages 0\n"
                     "max_queued_messages 100000\nlog_type error\nlog_type warning\n"
                     "listener %d 127.0.0.1\n%s",
                     b->port, extra);
    assert_true(n > 0 && (size_t)n < sizeof text);
    rig_write(b->dir, "mosquitto.conf", text, (size_t)n);
    rig_broker_restart(b);
}

void rig_broker_end(struct rig_broker *b, int signal)
{
    int status;
    if (b->pid <= 0)
        return;
    kill(b->pid, signal);
    while (waitpid(b->pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    b->pid = 0;
}
