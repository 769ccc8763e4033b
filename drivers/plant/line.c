/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* ptys, TIOCNXCL, rates above 38400 */
#include "plant/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define CHAR_BITS 10

static bool is_pty(const struct gw_sc_endpoint *sc)
{
    return strcmp(sc->serial, "pty") == 0;
}

static speed_t speed_of(int64_t baud)
{
    static const struct {
        int64_t baud;
        speed_t speed;
    } table[] = {{1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
                 {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].baud == baud)
            return table[i].speed;
    return B9600; /* the reader lets no other rate through */
}

/* Bytes as they are: no echo, no line editing, no translation. */
static bool make_raw(int fd, int64_t baud)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return false;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    return cfsetispeed(&t, speed_of(baud)) == 0 && cfsetospeed(&t, speed_of(baud)) == 0 &&
           tcsetattr(fd, TCSANOW, &t) == 0;
}

static bool open_pty(struct gw_line *line, int64_t baud)
{
    line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->fd < 0 || grantpt(line->fd) != 0 || unlockpt(line->fd) != 0)
        return false;
    if (ptsname_r(line->fd, line->path, sizeof line->path) != 0)
        return false;
    line->other = open(line->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return line->other >= 0 && make_raw(line->other, baud);
}

static bool open_port(struct gw_line *line, const struct gw_sc_endpoint *sc)
{
    snprintf(line->path, sizeof line->path, "%s", sc->serial);
    line->fd = open(sc->serial, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return line->fd >= 0 && make_raw(line->fd, sc->baud);
}

/* Replaces a link that a run before left behind, and nothing else. */
static bool make_link(struct gw_line *line, const struct gw_sc_endpoint *sc)
{
    struct stat st;
    if (sc->link[0] == '\0')
        return true;
    if (lstat(sc->link, &st) == 0 && S_ISLNK(st.st_mode))
        (void)unlink(sc->link);
    if (symlink(line->path, sc->link) != 0)
        return false;
    snprintf(line->path, sizeof line->path, "%s", sc->link);
    return true;
}

static void close_ends(struct gw_line *line)
{
    if (line->fd >= 0)
        close(line->fd);
    if (line->other >= 0)
        close(line->other);
    line->fd = line->other = -1;
}

enum gw_status gw_line_open(const struct gw_sc_endpoint *sc, struct gw_line *out,
                            struct gw_err *err)
{
    struct gw_line line = {.fd = -1, .other = -1};
    const bool open = is_pty(sc) ? open_pty(&line, sc->baud) : open_port(&line, sc);
    if (!open || !make_link(&line, sc)) {
        char text[80] = "";
        const char *what = open ? sc->link : sc->serial;
        gw_err_set(err, GW_E_IO, "endpoint %s: cannot open %s: %s", sc->name, what,
                   strerror_r(errno, text, sizeof text));
        close_ends(&line);
        return GW_E_IO;
    }
    *out = line;
    return GW_OK;
}

void gw_line_close(const struct gw_sc_endpoint *sc, struct gw_line *line)
{
    if (line->fd < 0)
        return;
    if (sc->link[0] != '\0')
        (void)unlink(sc->link);
    close_ends(line);
}

void gw_line_free_port(const struct gw_line *line)
{
    if (line->other >= 0)
        (void)ioctl(line->other, TIOCNXCL);
}

int64_t gw_line_time_ms(const struct gw_sc_endpoint *sc, size_t n)
{
    if (!is_pty(sc))
        return 0;
    return ((int64_t)n * CHAR_BITS * 1000 + sc->baud - 1) / sc->baud;
}
