/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: the other end of a Modbus TCP connection, in a thread of its own, as badly behaved as a
 * test wants it. Listens on a free port of 127.0.0.1 and serves its connections one after the
 * other.
 */
#ifndef GW_TESTS_MODBUS_PEER_H
#define GW_TESTS_MODBUS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

/* One thing that happened on the present connection. */
struct peer_call {
    struct peer *peer;
    int fd;
    const uint8_t *req; /* a request as it came; NULL: the connection was just accepted */
    size_t len;
    unsigned nth; /* of the requests since the start, from 0 */
};

/* Runs in the peer's thread. false: close the connection. */
typedef bool (*peer_serve)(void *arg, const struct peer_call *call);

struct peer *peer_start(peer_serve serve, void *arg);
/* The same on a port that a peer had before. */
struct peer *peer_start_at(uint16_t port, peer_serve serve, void *arg);
void peer_stop(struct peer *p);
uint16_t peer_port(const struct peer *p);
unsigned peer_connections(struct peer *p);
unsigned peer_requests(struct peer *p);

/* For the serve function: waits until the client closes, or until ms have passed or the peer stops.
 * true: the client closed. */
bool peer_wait_close(const struct peer_call *call, int ms);
/* Waits ms, or less when the peer stops. */
void peer_pause(const struct peer_call *call, int ms);
/* Sends all bytes; an error is ignored, since the client may be gone. */
void peer_send(const struct peer_call *call, const uint8_t *bytes, size_t n);
/* Writes the right answer to call->req: words (or bits) that count up from `first`. */
size_t peer_answer(const struct peer_call *call, uint16_t first, uint8_t out[260]);
/* A server that answers every request so, with first = 1000 + nth. */
bool peer_serve_well(void *arg, const struct peer_call *call);

#endif
