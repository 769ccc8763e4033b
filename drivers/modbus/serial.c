/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/serial.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#define T35_MIN_US 1750

int64_t gw_serial_char_bits(int parity, int64_t stop_bits)
{
    return 1 + 8 + (parity != 0 ? 1 : 0) + stop_bits;
}

int64_t gw_serial_gap_ms(int64_t baud, int64_t char_bits)
{
    const int64_t us = char_bits * 3500000 / baud;
    return ((us > T35_MIN_US ? us : T35_MIN_US) + 999) / 1000;
}

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void gw_serial_pause(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* 1: bytes came, and are gone; 0: silence; -1: the port is gone. */
static int drop_some(int fd, int64_t wait_ms, uint64_t *dropped)
{
    uint8_t bytes[256];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const int n = poll(&p, 1, (int)wait_ms);
    if (n < 0)
        return errno == EINTR ? 1 : -1;
    if (n == 0)
        return 0;
    if ((p.revents & POLLIN) == 0)
        return -1;
    const ssize_t got = read(fd, bytes, sizeof bytes);
    if (got > 0)
        *dropped += (uint64_t)got;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)) ? 1 : -1;
}

enum gw_status gw_serial_settle(int fd, int64_t quiet_ms, int64_t limit_ms, uint64_t *dropped)
{
    const int64_t end = now_ms() + limit_ms;
    uint64_t n = 0;
    int more;
    do {
        more = drop_some(fd, quiet_ms, &n);
    } while (more > 0 && now_ms() < end);
    if (dropped != NULL)
        *dropped = n;
    if (more < 0)
        return GW_E_CLOSED;
    return more == 0 ? GW_OK : GW_E_TIMEOUT;
}
