/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "base/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A path, or with '@' first a name that is in no folder. */
static bool address(struct sockaddr_un *addr, socklen_t *len)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;

    if (n < 2 || n >= sizeof addr->sun_path || (path[0] != '/' && path[0] != '@'))
        return false;
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(addr->sun_path, path, n);
    if (path[0] == '@')
        addr->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return true;
}

bool gw_notify(const char *fmt, ...)
{
    struct sockaddr_un addr;
    socklen_t len;
    char text[GW_NOTIFY_MAX];
    va_list ap;

    if (!address(&addr, &len))
        return false;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    ssize_t sent;
    do {
        sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&addr, len);
    } while (sent < 0 && errno == EINTR);
    close(fd);
    return sent >= 0;
}

bool gw_notify_reloading(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return gw_notify("RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* false: not set, or no number. */
static bool number(const char *name, long long *out)
{
    const char *text = getenv(name);
    char *end = NULL;

    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

int64_t gw_notify_watchdog_ms(void)
{
    long long usec;
    long long pid;

    if (!number("WATCHDOG_USEC", &usec) || usec < 1000)
        return 0;
    if (getenv("WATCHDOG_PID") && (!number("WATCHDOG_PID", &pid) || pid != getpid()))
        return 0; /* inherited: it is meant for another process */
    return usec / 1000;
}
