/* SPDX-License-Identifier: Apache-2.0
 *
 * slave: the other end of a line with RTU frames, a pty or a TCP connection, in a thread of its
 * own, as badly behaved as a test wants it.
 */
#ifndef GW_TESTS_MODBUS_SLAVE_H
#define GW_TESTS_MODBUS_SLAVE_H

#include <stddef.h>
#include <stdint.h>

struct slave;

/* A request as it came, with its CRC. */
struct slave_call {
    struct slave *slave;
    int fd;
    const uint8_t *req;
    size_t len;
    unsigned nth; /* of the requests since the start, from 0 */
};

/* Runs in the slave's thread. */
typedef void (*slave_serve)(void *arg, const struct slave_call *call);

struct slave *slave_start_pty(slave_serve serve, void *arg);
/* Serves connections of a free port of 127.0.0.1, one after the other. */
struct slave *slave_start_tcp(slave_serve serve, void *arg);
/* Ends it; readers of a pty see a port that is gone. */
void slave_stop(struct slave *s);
const char *slave_path(const struct slave *s); /* of a pty */
uint16_t slave_port(const struct slave *s);    /* of TCP */
unsigned slave_requests(struct slave *s);
unsigned slave_connections(struct slave *s);

/* For the serve function. */
void slave_send(const struct slave_call *call, const uint8_t *bytes, size_t n);
void slave_pause(const struct slave_call *call, int ms);
/* Writes the right answer to call->req without a CRC: words (or bits) that count up from first.
 * Returns its length. */
size_t slave_answer(const struct slave_call *call, uint16_t first, uint8_t out[256]);
/* Puts the CRC behind n bytes; returns the length of it all. */
size_t slave_seal(uint8_t *bytes, size_t n);
/* Answers every request so, with first = 1000 + nth. */
void slave_serve_well(void *arg, const struct slave_call *call);

#endif
