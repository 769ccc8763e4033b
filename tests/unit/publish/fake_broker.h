/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_broker: the other end of one MQTT connection, played by the test packet by packet, for what
 * a real broker does not do on demand.
 */
#ifndef GW_TESTS_UNIT_PUBLISH_FAKE_BROKER_H
#define GW_TESTS_UNIT_PUBLISH_FAKE_BROKER_H

#include <stdbool.h>
#include <stdint.h>

struct fake_broker {
    int listen_fd;
    int fd; /* -1 while nobody is connected */
    int port;
    bool v5;
    uint8_t connect_flags;
    uint16_t keepalive_s;
};

struct fake_publish {
    char topic[96];
    char payload[128]; /* cut where longer */
    uint16_t mid;
    int qos;
    bool retain;
};

#define FAKE_CONNECT    1
#define FAKE_PUBLISH    3
#define FAKE_DISCONNECT 14
#define FAKE_NOTHING    0

void fake_open(struct fake_broker *b);
void fake_close(struct fake_broker *b);
/* Waits for a connection and its CONNECT; fails the test when none comes. */
void fake_accept(struct fake_broker *b);
/* True when somebody connects within ms. */
bool fake_knock(struct fake_broker *b, int ms);
void fake_hang_up(struct fake_broker *b);

/* receive_max 0: not said. */
void fake_connack(struct fake_broker *b, uint8_t reason, uint16_t receive_max);
void fake_puback(struct fake_broker *b, uint16_t mid, uint8_t reason);
void fake_disconnect(struct fake_broker *b, uint8_t reason);

/* The next packet but pings within ms: its type, FAKE_NOTHING when none came. Fills out of PUBLISH,
 * and its reason code (as mid) of DISCONNECT. */
int fake_next(struct fake_broker *b, int ms, struct fake_publish *out);
/* The next packet, which must be a PUBLISH to nonsite/v1/g1/<below>. */
void fake_expect(struct fake_broker *b, const char *below, struct fake_publish *out);

#endif
