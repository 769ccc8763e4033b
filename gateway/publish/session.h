/* SPDX-License-Identifier: Apache-2.0
 *
 * session: one connection to an MQTT broker, from connect to close. The only file that includes
 * libmosquitto.
 *
 * A new handle for each connection: the library would send again by itself what was in flight when
 * the last one broke, and the journal does that already; a withdrawn CA stays in a handle for ever.
 * Where the gateway subscribes to commands its session outlives the connection by the site's
 * session_s (MQTT 5; in 3.1.1 without end): receipts that come while the line is down would be lost
 * otherwise, and the records sent again. A command that waited so long is void by its own time, or
 * by the challenge of another start. Without a subscription, or with 0 seconds, the start is clean.
 * mosquitto_lib_init is counted by the library but not atomic; mosquitto_lib_cleanup is never
 * called, because it unloads OpenSSL's configuration under the threads that still sign. Neither
 * mosquitto_loop nor select() is used, so descriptors may be of any size. Owned by one thread. Only
 * for this folder.
 */
#ifndef GW_PUBLISH_SESSION_H
#define GW_PUBLISH_SESSION_H

#include "base/status.h"
#include "conf/site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reason codes of MQTT 5 that somebody acts on. */
#define GW_REASON_NOBODY     0x10u /* no matching subscribers */
#define GW_REASON_FAILURE    0x80u /* this and all above */
#define GW_REASON_TAKEN_OVER 0x8eu

struct gw_message {
    const char *topic;
    const char *data;
    size_t len;
    bool retain;
    bool historical;
    uint32_t expiry_s; /* 0: never; GW_SESSION_EXPIRY_S is the only other value */
};
#define GW_SESSION_EXPIRY_S 86400u

/* Called from within gw_session_step, on its thread; must not call the session. */
struct gw_session_events {
    /* CONNACK with success. receive_max: how many QoS 1 messages the broker takes at once. */
    void (*connected)(void *ctx, unsigned receive_max);
    /* PUBACK; reason is 0 in MQTT 3.1.1. */
    void (*acked)(void *ctx, int mid, unsigned reason);
    /* A message of the subscription; all lent. May be NULL without one. */
    void (*message)(void *ctx, const char *topic, const char *data, size_t len, bool retained);
    /* The broker refuses the subscription; reason is 0x80 in MQTT 3.1.1. */
    void (*deaf)(void *ctx, unsigned reason);
    void *ctx;
};

struct gw_session_conf {
    const struct gw_site_mqtt *site;
    const char *client_id;
    const char
        *address;      /* numeric, as the probe found it; with TLS the host name is used instead */
    bool ipv6;         /* of address: with TLS, connect by this family only */
    unsigned send_max; /* greatest number of messages in flight that will be asked for */
    struct gw_message will;
    const char *filter; /* subscribed to at QoS 1 once connected; NULL: nothing */
    size_t largest;     /* bytes of a message that the broker may send (MQTT 5); 0: any */
    struct gw_session_events events;
};

struct gw_session;

/* Once per process and before the first session; again is fine, but not from two threads at once.
 */
enum gw_status gw_session_library(struct gw_err *err) GW_MUST_CHECK;

/* Connects, blocking, and sends CONNECT; the answer comes through gw_session_step. What conf points
 * at is lent for the call, but for site and events.ctx: for the session's life. GW_E_REFUSED: a
 * certificate, key or password file cannot be used; GW_E_IO, GW_E_NOMEM, GW_E_INVAL. */
enum gw_status gw_session_open(const struct gw_session_conf *conf, struct gw_session **out,
                               struct gw_err *err) GW_MUST_CHECK;
/* Closes at once; the broker publishes the will unless gw_session_disconnect went before. */
void gw_session_close(struct gw_session *s);

int gw_session_fd(const struct gw_session *s); /* -1 when closed */
bool gw_session_want_write(struct gw_session *s);
/* Reads, writes, keeps alive; to be called at least each second. After any failure the connection
 * is over: GW_E_REFUSED when the broker said why (err has its word), GW_E_PROTO, GW_E_IO. */
enum gw_status gw_session_step(struct gw_session *s, bool readable, bool writable,
                               struct gw_err *err) GW_MUST_CHECK;
/* The broker's last word: reason code of CONNACK or DISCONNECT, 0 when it said none. */
unsigned gw_session_reason(const struct gw_session *s);

/* Publishes at QoS 1; *mid names it in events.acked. GW_E_RANGE: too large for this broker, nothing
 * was sent; GW_E_INVAL: not a topic or not permitted by this broker; others: the connection is
 * over. */
enum gw_status gw_session_publish(struct gw_session *s, const struct gw_message *msg, int *mid,
                                  struct gw_err *err) GW_MUST_CHECK;

/* From now on what is published is gathered into full packets; off sends what is left of it at once.
 * To be switched off in the same turn. */
void gw_session_gather(struct gw_session *s, bool on);

/* Says goodbye, to be flushed by gw_session_step: the broker drops the will. with_will: it
 * publishes it (in MQTT 3.1.1 nothing is said, and gw_session_close has that effect). */
void gw_session_disconnect(struct gw_session *s, bool with_will);

/* A reason code for people. */
const char *gw_session_reason_text(unsigned reason);

#endif
