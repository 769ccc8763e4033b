/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* SOCK_CLOEXEC, SOCK_NONBLOCK */
#include "control/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/site.h"

#define BACKLOG 64

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == GW_SOCKET_PATH_MAX + 1, "sun_path");

static enum gw_status refuse(struct gw_err *err, const char *path, const char *doing, int error)
{
    return gw_err_set(err, GW_E_IO, "%s: %s: %s", path, doing, strerror(error));
}

/* Whether somebody listens at addr. A full backlog is somebody, too. */
static bool is_alive(const struct sockaddr_un *addr)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true; /* cannot tell: leave it alone */
    const int rc = connect(fd, (const struct sockaddr *)addr, sizeof *addr);
    const int error = rc == 0 ? 0 : errno;
    close(fd);
    return error != ECONNREFUSED && error != ENOENT;
}

static enum gw_status clear_way(const struct sockaddr_un *addr, struct gw_err *err)
{
    const char *path = addr->sun_path;
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? GW_OK : refuse(err, path, "cannot look", errno);
    if (!S_ISSOCK(st.st_mode))
        return gw_err_set(err, GW_E_REFUSED, "%s: is there and is no socket", path);
    if (is_alive(addr))
        return gw_err_set(err, GW_E_REFUSED, "%s: another nonsited serves there", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return refuse(err, path, "cannot remove the socket that a crash left", errno);
    return GW_OK;
}

enum gw_status gw_listen_open(const char *path, mode_t mode, struct gw_listen *out,
                              struct gw_err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct stat st;
    enum gw_status status;
    bool made = false;
    int fd = -1;

    if (strlen(path) > GW_SOCKET_PATH_MAX)
        return gw_err_set(err, GW_E_RANGE, "%s: longer than the %d bytes of a socket's path", path,
                          GW_SOCKET_PATH_MAX);
    memcpy(addr.sun_path, path, strlen(path) + 1);
    status = clear_way(&addr, err);
    if (status != GW_OK)
        return status;

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return refuse(err, path, "no socket", errno);
    /* Nobody can connect before listen, so the permissions are in place in time. */
    if (bind(fd, (const struct sockaddr *)&addr, sizeof addr) != 0) {
        status = refuse(err, path, "cannot make the socket", errno);
        goto out;
    }
    made = true;
    if (chmod(path, mode) != 0 || lstat(path, &st) != 0 || listen(fd, BACKLOG) != 0) {
        status = refuse(err, path, "cannot listen", errno);
        goto out;
    }
    *out = (struct gw_listen){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
    return GW_OK;

out:
    if (made)
        unlink(path);
    close(fd);
    return status;
}

void gw_listen_close(struct gw_listen *l, const char *path)
{
    struct stat st;

    if (l->fd < 0)
        return;
    close(l->fd);
    l->fd = -1;
    if (lstat(path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(path);
}

enum gw_status gw_listen_tcp(const char *where, int *fd, struct gw_err *err)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    char host[GW_ID_SIZE];
    uint16_t port = 0;
    const int one = 1;

    if (!gw_site_loopback_port(where, host, &port))
        return gw_err_set(err, GW_E_INVAL, "%s: not an address of this machine and a port", where);
    const bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
    v4.sin_port = v6.sin6_port = htons(port);
    const int s = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return refuse(err, where, "no socket", errno);
    /* After a restart the old connections' rest must not keep the port. */
    (void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const int rc = is_v4 ? bind(s, (const struct sockaddr *)&v4, sizeof v4)
                         : bind(s, (const struct sockaddr *)&v6, sizeof v6);
    if (rc != 0 || listen(s, BACKLOG) != 0) {
        const int error = errno;
        close(s);
        return refuse(err, where, "cannot listen", error);
    }
    *fd = s;
    return GW_OK;
}
