/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt: the northbound worker: the only thread that touches libmosquitto (session.c is the only
 * file that includes it).
 *
 * Never loop_start (the library's thread ends for good on one TLS failure) and never connect_async
 * (it burns a core on a refused TLS port): the worker resolves, probes the port with a bounded
 * connect, then connects blockingly and polls around mosquitto_loop_read/write/misc, with its own
 * back-off (redial.h). It publishes only while CONNACKed and only what fits the in-flight window,
 * since the library's own queue is unbounded RAM: the journal is the queue.
 *
 * PUBACK with a success reason acks the parcel in the journal, which knows whether that will do or
 * the platform's receipt is waited for. A reason >= 0x80 holds that parcel alone and retries it with
 * back-off while others pass; it is a fault in the stats. While all is refused, the backlog is asked
 * for one parcel a second: its first ones, so that what is refused keeps nothing waiting that the
 * broker would take. Reason 0x10 (nobody subscribed) on a record is no delivery without
 * receipts: the broker has thrown it away; it is held in the same way.
 *
 * With an inbox it subscribes to nonsite/v1/<gateway>/command/+ and puts there what comes.
 */
#ifndef GW_PUBLISH_MQTT_H
#define GW_PUBLISH_MQTT_H

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "base/status.h"
#include "conf/site.h"
#include "model/parcel.h"
#include "publish/inbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The backlog that the worker drains; main or core ties it to the journal. */
struct gw_backlog {
    void (*grant)(void *ctx, unsigned n);
    void (*ack)(void *ctx, enum gw_parcel_kind kind, int64_t key);
    void (*rewind)(void *ctx);
    void (*live)(void *ctx); /* the connection stands; NULL is fine */
    void *ctx;
    struct gw_mailbox *parcels; /* struct gw_parcel */
};

/* Retained documents: only the latest counts. */
enum gw_document {
    GW_DOC_ONLINE = 0, /* topic status; the birth */
    GW_DOC_OFFLINE,    /* topic status; the will, and what a clean end publishes */
    GW_DOC_INVENTORY,
    GW_DOC_CASES,
    GW_DOC_HEALTH,
    GW_DOC_COUNT
};

struct gw_mqtt_conf {
    const char *gateway; /* topic level */
    const struct gw_site_mqtt *site;
    const struct gw_clock *clock;
    struct gw_backlog backlog;
    struct gw_inbox *inbox;   /* NULL: no subscription */
    struct gw_pulses *pulses; /* that its thread's belongs to; NULL: nobody looks */
    uint64_t seed;
};

struct gw_mqtt_stats {
    bool connected;
    int64_t since_ms;   /* monotonic, of the last change of `connected` */
    uint64_t connects;  /* successful CONNACKs */
    uint64_t published; /* parcels handed to the library */
    uint64_t acked;     /* PUBACK with success */
    uint64_t refused;   /* PUBACK with reason >= 0x80, or nobody subscribed */
    unsigned held;      /* parcels held at present */
    uint64_t takeovers; /* times that another client with this client id pushed this one out */
    char fault[160];    /* why not connected or what was refused last; "" when fine */
};

struct gw_mqtt;

/* Starts the worker. It connects once GW_DOC_ONLINE and GW_DOC_OFFLINE are set; the will is the
 * offline document as it was at that time. What conf points at is lent until gw_mqtt_stop. To be
 * called by one thread at a time. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_mqtt_start(const struct gw_mqtt_conf *conf, struct gw_mqtt **out,
                             struct gw_err *err) GW_MUST_CHECK;
/* Publishes the offline document, disconnects, frees. False: abandoned after timeout_ms, which can
 * only happen inside the library's connect; then nothing is freed, what conf points at must stay,
 * and the process should exit. m may be NULL. */
bool gw_mqtt_stop(struct gw_mqtt *m, int64_t timeout_ms);

/* Sets a document (copied), published retained at QoS 1 at once, again after each reconnect and from
 * time to time. The text of the last three is let go when the broker has it; then a new one is
 * wanted. Any thread. GW_E_NOMEM, GW_E_INVAL (empty). */
enum gw_status gw_mqtt_document(struct gw_mqtt *m, enum gw_document doc, const char *data,
                                size_t len) GW_MUST_CHECK;
/* Documents to be set again for that: bit n is document n. Any thread. */
unsigned gw_mqtt_wanted(struct gw_mqtt *m);

void gw_mqtt_stats(struct gw_mqtt *m, struct gw_mqtt_stats *out); /* any thread */

#endif
