/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int saved_stderr = -1;
static int receiver = -1;

/* Not an assertion of cmocka: it would be reported to the stderr that we took. */
static void must(bool ok)
{
    if (!ok)
        abort();
}

void capture_start(void)
{
    /* Datagrams, so that each write stays apart. */
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    saved_stderr = dup(STDERR_FILENO);
    must(saved_stderr >= 0 && dup2(pair[1], STDERR_FILENO) >= 0);
    close(pair[1]);
    receiver = pair[0];
}

void capture_stop(void)
{
    must(dup2(saved_stderr, STDERR_FILENO) >= 0);
    close(saved_stderr);
    close(receiver);
}

bool capture_next(char *out, size_t size)
{
    ssize_t n = recv(receiver, out, size - 1, MSG_DONTWAIT);
    out[n > 0 ? n : 0] = '\0';
    return n >= 0;
}
