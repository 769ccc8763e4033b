/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_net: TCP made of memory and a clock in the hand, under the real event loop.
 *
 * The linker puts these functions in front of socket, connect, send, recv, close, epoll_wait and
 * their like for all code that is linked in statically (see gw_sim_net in tests/CMakeLists.txt).
 * IPv4 sockets exist only here; waiting moves the fake clock to the next thing that happens, so that
 * a day of polling takes seconds and no byte depends on the machine. Other descriptors are left to
 * the system, but never reported as ready. One net at a time; one thread.
 */
#ifndef GW_TESTS_SUPPORT_SIM_NET_H
#define GW_TESTS_SUPPORT_SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/fake_clock.h"

#define SIM_CONNS   256
#define SIM_BYTES   320  /* most bytes of one arrival */
#define SIM_NEVER   (-1) /* of connect: nothing answers */
#define SIM_REFUSED (-2)

/* What stands at a port. The functions may send and close. */
struct sim_peer {
    /* A connection is wanted: after how many milliseconds it is there, or SIM_NEVER, SIM_REFUSED. */
    int64_t (*connect)(void *arg);
    /* These bytes arrived on conn. */
    void (*bytes)(void *arg, int conn, const uint8_t *bytes, size_t n);
    /* These bytes have reached the client; may be NULL. */
    void (*arrived)(void *arg, const uint8_t *bytes, size_t n);
    void *arg;
};

struct sim_net;

/* fake is lent, and moved. Fails the test when memory is short. */
struct sim_net *sim_net_new(struct gw_fake_clock *fake);
void sim_net_free(struct sim_net *net);

/* peer is copied. */
void sim_net_listen(struct sim_net *net, uint16_t port, const struct sim_peer *peer);
/* At end_ms (monotonic) fn is called once, and loops are told that something was stopped. */
void sim_net_until(struct sim_net *net, int64_t end_ms, void (*fn)(void *arg), void *arg);

/* From the peer to the client, in_ms from now; nothing arrives on a connection that has gone. n is
 * at most SIM_BYTES. */
void sim_net_send(struct sim_net *net, int conn, int64_t in_ms, const uint8_t *bytes, size_t n);
/* The peer ends the connection, by a reset if wanted. */
void sim_net_close(struct sim_net *net, int conn, int64_t in_ms, bool reset);

/* Connections that are open, or being made. */
size_t sim_net_open(const struct sim_net *net);

#endif
