/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/courier.h"

#include "base/backoff.h"
#include "base/ratelog.h"
#include "base/text.h"
#include "publish/flight.h"
#include "publish/hold.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(GW_TOPIC_MAX > sizeof "nonsite/v1//" + GW_ID_SIZE + GW_PARCEL_TOPIC, "topics fit");

/* While all is refused, so that what is due first still gets its try, and no backlog is pumped to a
 * broker that takes none of it. */
#define SLOW_MS 1000
/* Until what was let go is asked for again, while some is still refused. */
#define ANEW_MS     120000
#define ANEW_CAP_MS 3600000

struct gw_courier {
    char gateway[GW_ID_SIZE];
    size_t window;
    struct gw_backlog backlog;
    struct gw_documents *docs;
    struct gw_flight *flight;
    struct gw_hold *hold;
    struct gw_ratelog log; /* refusals */
    uint64_t published, acked, refused;
    unsigned run;        /* refusals of parcels since the last that was taken */
    int64_t slow_due_ms; /* the next grant, while slow */
    bool let_go;         /* some of what was refused: the backlog is to begin anew, ... */
    int64_t anew_due_ms; /* ... at the latest then */
    struct gw_backoff anew;
    bool deaf;
    char fault[GW_FAULT_SIZE];
};

void gw_fault_set(char out[GW_FAULT_SIZE], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(out, GW_FAULT_SIZE, fmt, ap);
    va_end(ap);
}

enum gw_status gw_courier_new(const struct gw_mqtt_conf *conf, struct gw_documents *docs,
                              struct gw_courier **out)
{
    struct gw_courier *c = calloc(1, sizeof *c);
    if (c == NULL)
        return GW_E_NOMEM;
    snprintf(c->gateway, sizeof c->gateway, "%s", conf->gateway);
    c->window = conf->site->window < 1            ? 1
                : conf->site->window < UINT16_MAX ? (size_t)conf->site->window
                                                  : UINT16_MAX;
    c->backlog = conf->backlog;
    c->docs = docs;
    c->anew = (struct gw_backoff){
        .first_ms = ANEW_MS, .cap_ms = ANEW_CAP_MS, .jitter_pct = 20, .rand = conf->seed};
    enum gw_status status = gw_flight_new(c->window, &c->flight);
    if (status == GW_OK)
        status = gw_hold_new(conf->seed, &c->hold);
    if (status != GW_OK) {
        gw_courier_free(c);
        return status;
    }
    *out = c;
    return GW_OK;
}

void gw_courier_free(struct gw_courier *c)
{
    if (c == NULL)
        return;
    gw_flight_free(c->flight);
    gw_hold_free(c->hold);
    free(c);
}

void gw_courier_topic(const struct gw_courier *c, const char *below, char out[GW_TOPIC_MAX])
{
    snprintf(out, GW_TOPIC_MAX, "nonsite/v1/%s/%s", c->gateway, below);
}

static void drain(struct gw_courier *c)
{
    struct gw_parcel parcel;
    while (gw_mailbox_get(c->backlog.parcels, &parcel))
        gw_parcel_clear(&parcel);
}

void gw_courier_begin(struct gw_courier *c, unsigned receive_max)
{
    drain(c); /* what the backlog had handed out before it heard of the rewind */
    if (c->backlog.live != NULL)
        c->backlog.live(c->backlog.ctx);
    gw_flight_limit(c->flight, receive_max < c->window ? receive_max : c->window);
    gw_documents_restart(c->docs);
    c->run = 0;
    c->let_go = false;
    gw_backoff_reset(&c->anew);
    c->fault[0] = '\0';
    c->deaf = false;
}

void gw_courier_deaf(struct gw_courier *c, unsigned reason)
{
    c->deaf = true;
    gw_fault_set(c->fault, "command/+: %s", gw_session_reason_text(reason));
}

void gw_courier_end(struct gw_courier *c)
{
    gw_flight_clear(c->flight);
    gw_hold_clear(c->hold);
    c->backlog.rewind(c->backlog.ctx);
    drain(c);
}

/* ---- refusals ---- */

/* Parcels that were refused and not accepted since, whether waiting or on their next try. */
static size_t held(const struct gw_courier *c)
{
    return gw_hold_count(c->hold) + gw_flight_retried(c->flight);
}

/* All that was sent of late was refused. */
static bool slow(const struct gw_courier *c)
{
    return c->run >= GW_HOLD_LIMIT && held(c) >= GW_HOLD_LIMIT;
}

static void complain(struct gw_courier *c, int64_t now_ms, const char *what, const char *why)
{
    if (slow(c))
        gw_fault_set(c->fault, "%zu messages are held, others are tried slowly: %s: %s", held(c),
                     what, why);
    else
        gw_fault_set(c->fault, "%s: %s", what, why);
    gw_ratelog_fail(&c->log, now_ms, "mqtt", "%s (%zu held)", c->fault, held(c));
}

/* After something was accepted: is everything well again? */
static void consider_recovery(struct gw_courier *c, int64_t now_ms)
{
    int64_t due_ms;
    if (held(c) > 0 || c->deaf || gw_documents_waiting(c->docs, &due_ms) > 0)
        return;
    gw_ratelog_ok(&c->log, now_ms, "mqtt", "publishing");
    c->fault[0] = '\0';
}

static void refuse(struct gw_courier *c, const struct gw_shipment *take, int64_t now_ms,
                   unsigned reason, const char *why)
{
    c->refused++;
    c->run += c->run < UINT_MAX;
    if (gw_hold_put(c->hold, take, now_ms, reason == GW_REASON_NOBODY) && !c->let_go) {
        c->let_go = true;
        c->anew_due_ms = now_ms + gw_backoff_next(&c->anew);
    }
    complain(c, now_ms, take->parcel.topic, why);
}

/* What the broker's answer means for a parcel; takes it over. */
static void settle(struct gw_courier *c, struct gw_shipment *s, unsigned reason, int64_t now_ms)
{
    const struct gw_parcel *p = &s->parcel;
    if (reason >= GW_REASON_FAILURE) {
        refuse(c, s, now_ms, reason, gw_session_reason_text(reason));
        return;
    }
    if (reason == GW_REASON_NOBODY &&
        (p->kind == GW_PARCEL_RECORD || p->kind == GW_PARCEL_WINDOW)) {
        refuse(c, s, now_ms, reason, "nobody is subscribed, so the broker threw it away");
        return;
    }
    c->acked++;
    c->run = 0;
    if (s->refusals > 0)
        gw_hold_hasten(c->hold, now_ms);
    c->backlog.ack(c->backlog.ctx, p->kind, p->key);
    gw_shipment_clear(s);
    if (c->fault[0] != '\0')
        consider_recovery(c, now_ms);
}

void gw_courier_acked(struct gw_courier *c, int mid, unsigned reason, int64_t now_ms)
{
    enum gw_document doc;
    struct gw_shipment s;

    /* That nobody listens just now is fine for a retained document: the broker keeps it. */
    bool refused = reason >= GW_REASON_FAILURE;
    if (gw_documents_acked(c->docs, mid, refused, now_ms, &doc)) {
        if (refused) {
            c->refused++;
            complain(c, now_ms, gw_document_topic(doc), gw_session_reason_text(reason));
        } else if (c->fault[0] != '\0') {
            consider_recovery(c, now_ms);
        }
    } else if (gw_flight_take(c->flight, mid, &s)) {
        settle(c, &s, reason, now_ms);
    }
}

/* ---- sending ---- */

/* A failure that is the message's own, and not the end of the connection. */
static bool is_own_fault(enum gw_status status)
{
    return status == GW_E_RANGE || status == GW_E_INVAL;
}

static enum gw_status send_documents(struct gw_courier *c, struct gw_session *session,
                                     int64_t now_ms, struct gw_err *err)
{
    char topic[GW_TOPIC_MAX];

    for (;;) {
        enum gw_document doc;
        char *data;
        size_t len;
        int mid;
        enum gw_status status = gw_documents_next(c->docs, now_ms, &doc, &data, &len);
        if (status == GW_E_NOTFOUND)
            return GW_OK;
        if (status != GW_OK)
            return gw_err_set(err, status, "out of memory");
        gw_courier_topic(c, gw_document_topic(doc), topic);
        struct gw_message msg = {.topic = topic, .data = data, .len = len, .retain = true};
        status = gw_session_publish(session, &msg, &mid, err);
        free(data);
        if (status == GW_OK) {
            gw_documents_sent(c->docs, doc, mid, now_ms);
        } else if (is_own_fault(status)) {
            c->refused++;
            gw_documents_refused(c->docs, doc, now_ms);
            complain(c, now_ms, gw_document_topic(doc), err->msg);
        } else {
            return status;
        }
    }
}

/* Takes the shipment over, whatever happens. */
static enum gw_status send_parcel(struct gw_courier *c, struct gw_session *session,
                                  struct gw_shipment *take, int64_t now_ms, struct gw_err *err)
{
    const struct gw_parcel *p = &take->parcel;
    char topic[GW_TOPIC_MAX];
    int mid;

    gw_courier_topic(c, p->topic, topic);
    struct gw_message msg = {
        .topic = topic,
        .data = p->data,
        .len = p->len,
        .historical = p->historical,
        /* A record must never expire in a broker's queue. */
        .expiry_s = p->kind == GW_PARCEL_TELEMETRY ? GW_SESSION_EXPIRY_S : 0,
    };
    enum gw_status status = gw_session_publish(session, &msg, &mid, err);
    if (status == GW_OK) {
        c->published++;
        gw_flight_add(c->flight, mid, take);
    } else if (is_own_fault(status)) {
        refuse(c, take, now_ms, GW_REASON_FAILURE, err->msg);
        status = GW_OK;
    } else {
        gw_shipment_clear(take); /* the rewind brings it back */
    }
    return status;
}

bool gw_courier_hungry(const struct gw_courier *c)
{
    return gw_flight_room(c->flight);
}

/* What was let go comes again with all that is not acknowledged. */
static void begin_anew(struct gw_courier *c)
{
    c->let_go = false;
    if (held(c) == 0)
        gw_backoff_reset(&c->anew);
    gw_hold_clear(c->hold);
    gw_flight_ungrant(c->flight);
    c->backlog.rewind(c->backlog.ctx);
    drain(c);
}

static void ask_for_more(struct gw_courier *c, int64_t now_ms)
{
    unsigned most = UINT_MAX;

    if (slow(c)) {
        if (gw_flight_granted(c->flight) > 0 || now_ms < c->slow_due_ms)
            return;
        c->slow_due_ms = now_ms + SLOW_MS;
        most = 1;
    }
    const unsigned n = gw_flight_grant(c->flight, most);
    if (n > 0)
        c->backlog.grant(c->backlog.ctx, n);
}

/* What the backlog has handed out. The first goes at once; what waits behind it goes out together: a
 * packet for each would cost both ends more than the message in it. */
static enum gw_status send_fresh(struct gw_courier *c, struct gw_session *session, int64_t now_ms,
                                 struct gw_err *err)
{
    enum gw_status status = GW_OK;
    size_t n = 0;

    for (; status == GW_OK && gw_courier_hungry(c); n++) {
        struct gw_shipment s = {0};
        if (!gw_mailbox_get(c->backlog.parcels, &s.parcel))
            break;
        if (n == 1)
            gw_session_gather(session, true);
        gw_flight_arrived(c->flight);
        status = send_parcel(c, session, &s, now_ms, err);
    }
    if (n > 1)
        gw_session_gather(session, false);
    return status;
}

enum gw_status gw_courier_work(struct gw_courier *c, struct gw_session *session, int64_t now_ms,
                               struct gw_err *err)
{
    struct gw_shipment s;
    enum gw_status status = send_documents(c, session, now_ms, err);

    if (c->let_go && (held(c) == 0 || now_ms >= c->anew_due_ms))
        begin_anew(c);
    while (status == GW_OK && gw_flight_room(c->flight) && gw_hold_due(c->hold, now_ms, &s))
        status = send_parcel(c, session, &s, now_ms, err);

    if (status == GW_OK)
        ask_for_more(c, now_ms);
    return status == GW_OK ? send_fresh(c, session, now_ms, err) : status;
}

int64_t gw_courier_next_ms(const struct gw_courier *c)
{
    int64_t docs_ms;
    gw_documents_waiting(c->docs, &docs_ms);
    int64_t held_ms = gw_flight_room(c->flight) ? gw_hold_next_ms(c->hold) : INT64_MAX;
    int64_t due_ms = docs_ms < held_ms ? docs_ms : held_ms;
    if (slow(c) && gw_flight_granted(c->flight) == 0 && c->slow_due_ms < due_ms)
        due_ms = c->slow_due_ms;
    return due_ms;
}

void gw_courier_stats(const struct gw_courier *c, struct gw_mqtt_stats *out)
{
    out->published = c->published;
    out->acked = c->acked;
    out->refused = c->refused;
    out->held = (unsigned)held(c);
    if (c->fault[0] != '\0')
        memcpy(out->fault, c->fault, sizeof out->fault);
}
