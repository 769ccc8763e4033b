/* SPDX-License-Identifier: Apache-2.0
 *
 * rig: a plant under test, with or without its server, on a clock that the test holds, and a raw
 * Modbus TCP client over real sockets. Bytes are written as hexadecimal text, blanks are ignored.
 * Everything fails the running test when it cannot be done.
 */
#ifndef GW_TESTS_UNIT_PLANT_RIG_H
#define GW_TESTS_UNIT_PLANT_RIG_H

#include "plant/counters.h"
#include "plant/plant.h"
#include "plant/scenario.h"
#include "plant/server.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

struct rig {
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct gw_loop *loop;
    struct gw_scenario *sc;
    struct gw_plant *plant;
    struct gw_counters *counters;
    struct gw_server *server;
};

/* The plant alone. */
void rig_plant(struct rig *r, const char *scenario);
/* Plant, loop and server. */
void rig_serve(struct rig *r, const char *scenario, bool hold);
void rig_close(struct rig *r);

/* Does a timeline entry without at_s, now; on the server when there is one. */
void rig_do(struct rig *r, const char *entry);

/* The value of "device.signal" (or an output) now. */
double rig_value(const struct rig *r, const char *name);

/* Asks the device as unit 1 and checks the whole reply PDU. */
void rig_expect_pdu(struct rig *r, const char *device, const char *request, const char *reply);

/* A connection to endpoint 0, non-blocking. */
int rig_connect(struct rig *r);
void rig_send(struct rig *r, int fd, const char *hex);
/* Exactly these bytes arrive, now. */
void rig_expect(struct rig *r, int fd, const char *hex);
/* Nothing arrives and the connection stays open. */
void rig_expect_nothing(struct rig *r, int fd);
/* The connection was closed by the plant. */
void rig_expect_closed(struct rig *r, int fd);
/* Time passes and the loop serves what is due. */
void rig_pass(struct rig *r, int64_t ms);

/* Bytes of hexadecimal text; their number. */
size_t rig_bytes(const char *hex, uint8_t *out, size_t size);

#endif
