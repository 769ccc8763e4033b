/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/mqtt.h"

#include "base/log.h"
#include "base/ratelog.h"
#include "base/worker.h"
#include "publish/courier.h"
#include "publish/documents.h"
#include "publish/probe.h"
#include "publish/redial.h"
#include "publish/session.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TAG "mqtt"

#define POLL_MS    1000  /* the library wants to look at its keepalive each second */
#define CONNACK_MS 15000 /* from the connection to the broker's answer */
#define GOODBYE_MS 2000  /* for the offline document's acknowledgement, at the end */
#define STEADY_MS  10000 /* a connection that stood for so long makes the next wait a short one */

/* How long the tries of the probe may take, ... */
#define PROBE_MS                                                                                   \
    (GW_PROBE_RESOLVE_MS + GW_PROBE_CONNECT_MS + GW_PROBE_ADDRESSES * GW_PROBE_CONNECT_MS)
/* ... and the library's connect, when the line goes just after them: the kernel gives an address up
 * after two minutes and more, a name server may take as long, and the library tries every address. */
#define CONNECT_MS 1800000

struct gw_mqtt {
    /* Constant, or safe by itself. */
    struct gw_mqtt_conf conf;
    char client_id[GW_NAME_SIZE];
    int stop_fd; /* readable for ever once gw_mqtt_stop was called */
    int wake_fd; /* readable when a document was set */
    struct gw_worker *worker;
    struct gw_pulse *pulse; /* the worker's turns */
    struct gw_documents *docs;

    pthread_mutex_t mutex;
    struct gw_mqtt_stats stats; /* guarded */

    /* The worker's own. */
    struct gw_probe *probe;
    struct gw_courier *courier;
    struct gw_session *session; /* NULL while not connected */
    bool connected;
    int64_t since_ms;
    uint64_t connects, takeovers;
    int goodbye;   /* message id of the offline document, 0 = not sent */
    bool goodbyed; /* and its acknowledgement */
    struct gw_redial redial;
    struct gw_ratelog log;
    char fault[GW_FAULT_SIZE];
};

/* ---- small parts ---- */

static int64_t now_ms(const struct gw_mqtt *m)
{
    return gw_clock_mono_ms(m->conf.clock);
}

static void raise_fd(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one); /* cannot block: it would need 2^64 - 2 calls */
    (void)n;
}

static void lower_fd(int fd)
{
    uint64_t value;
    ssize_t n = read(fd, &value, sizeof value); /* non-blocking */
    (void)n;
}

static bool stopping(const struct gw_mqtt *m)
{
    struct pollfd fd = {.fd = m->stop_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static void update_stats(struct gw_mqtt *m)
{
    struct gw_mqtt_stats stats = {
        .connected = m->connected,
        .since_ms = m->since_ms,
        .connects = m->connects,
        .takeovers = m->takeovers,
    };

    gw_courier_stats(m->courier, &stats);
    if (m->fault[0] != '\0')
        memcpy(stats.fault, m->fault, sizeof stats.fault);
    pthread_mutex_lock(&m->mutex);
    m->stats = stats;
    pthread_mutex_unlock(&m->mutex);
}

/* Waits for the stop, a set document, or the time to pass. */
static void rest(struct gw_mqtt *m, int64_t until_ms)
{
    for (;;) {
        int64_t left_ms = until_ms - now_ms(m);
        if (left_ms <= 0)
            return;
        struct pollfd fds[2] = {{.fd = m->stop_fd, .events = POLLIN},
                                {.fd = m->wake_fd, .events = POLLIN}};
        gw_pulse_turn(m->pulse, 0);
        poll(fds, 2, left_ms < POLL_MS ? (int)left_ms : POLL_MS);
        if (fds[0].revents != 0)
            return;
        if (fds[1].revents != 0)
            lower_fd(m->wake_fd);
    }
}

/* ---- the life of a connection ---- */

static void on_connected(void *ctx, unsigned receive_max)
{
    struct gw_mqtt *m = ctx;
    const struct gw_site_mqtt *site = m->conf.site;

    m->connected = true;
    m->since_ms = now_ms(m);
    m->connects++;
    m->fault[0] = '\0';
    gw_courier_begin(m->courier, receive_max);
    if (!gw_ratelog_ok(&m->log, m->since_ms, TAG, "the connection"))
        gw_log(GW_LOG_INFO, TAG, "connected to %s:%d", site->host, (int)site->port);
}

static void on_acked(void *ctx, int mid, unsigned reason)
{
    struct gw_mqtt *m = ctx;
    if (m->goodbye != 0 && mid == m->goodbye)
        m->goodbyed = reason < GW_REASON_FAILURE;
    else
        gw_courier_acked(m->courier, mid, reason, now_ms(m));
}

static void on_message(void *ctx, const char *topic, const char *data, size_t len, bool retained)
{
    struct gw_mqtt *m = ctx;
    gw_inbox_put(m->conf.inbox, topic, data, len, retained, now_ms(m));
}

static void on_deaf(void *ctx, unsigned reason)
{
    struct gw_mqtt *m = ctx;
    gw_courier_deaf(m->courier, reason);
    gw_log(GW_LOG_ERR, TAG, "the broker does not let the gateway hear commands and receipts: %s",
           gw_session_reason_text(reason));
}

/* Probes the address and opens the session. */
static enum gw_status open_session(struct gw_mqtt *m, struct gw_err *err)
{
    char topic[GW_TOPIC_MAX], filter[GW_TOPIC_MAX];
    struct gw_probe_found found;
    char *will = NULL;
    size_t len = 0;

    gw_pulse_turn(m->pulse, PROBE_MS);
    enum gw_status status = gw_probe_run(m->probe, m->stop_fd, &found, err);
    if (status != GW_OK)
        return status;
    if (gw_documents_copy(m->docs, GW_DOC_OFFLINE, &will, &len) != GW_OK)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    gw_courier_topic(m->courier, gw_document_topic(GW_DOC_OFFLINE), topic);
    gw_courier_topic(m->courier, "command/+", filter);
    struct gw_session_conf conf = {
        .site = m->conf.site,
        .client_id = m->client_id,
        .address = found.address,
        .ipv6 = found.ipv6,
        .send_max = (unsigned)m->conf.site->window + GW_DOC_COUNT,
        .will = {.topic = topic, .data = will, .len = len, .retain = true},
        .filter = m->conf.inbox != NULL ? filter : NULL,
        .largest = GW_INBOX_BYTES,
        .events = {.connected = on_connected,
                   .acked = on_acked,
                   .message = on_message,
                   .deaf = on_deaf,
                   .ctx = m},
    };
    gw_pulse_turn(m->pulse, CONNECT_MS);
    status = gw_session_open(&conf, &m->session, err);
    free(will);
    return status;
}

/* Waits for something to do, at most until due_ms, and lets the session do it. */
static enum gw_status turn(struct gw_mqtt *m, int64_t due_ms, struct gw_err *err)
{
    int64_t left_ms = due_ms - now_ms(m);
    int timeout_ms = left_ms <= 0 ? 0 : left_ms < POLL_MS ? (int)left_ms : POLL_MS;
    bool hungry = m->connected && m->goodbye == 0 && gw_courier_hungry(m->courier);
    bool write = gw_session_want_write(m->session);
    struct pollfd fds[4] = {
        {.fd = gw_session_fd(m->session), .events = write ? POLLIN | POLLOUT : POLLIN},
        {.fd = m->goodbye == 0 ? m->stop_fd : -1, .events = POLLIN},
        {.fd = m->wake_fd, .events = POLLIN},
        {.fd = hungry ? gw_mailbox_fd(m->conf.backlog.parcels) : -1, .events = POLLIN},
    };

    gw_pulse_turn(m->pulse, 0);
    if (poll(fds, 4, timeout_ms) < 0 && errno != EINTR)
        return gw_err_set(err, GW_E_IO, "poll: %s", strerror(errno));
    if (fds[2].revents != 0)
        lower_fd(m->wake_fd);
    bool readable = (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    return gw_session_step(m->session, readable, (fds[0].revents & POLLOUT) != 0, err);
}

/* Publishes the offline document and ends the session in order. */
static void say_goodbye(struct gw_mqtt *m)
{
    char topic[GW_TOPIC_MAX];
    char *data = NULL;
    size_t len = 0;
    struct gw_err err;

    int64_t until_ms = now_ms(m) + GOODBYE_MS;
    if (gw_documents_copy(m->docs, GW_DOC_OFFLINE, &data, &len) != GW_OK)
        return; /* closing without a word publishes the will */
    gw_courier_topic(m->courier, gw_document_topic(GW_DOC_OFFLINE), topic);
    struct gw_message msg = {.topic = topic, .data = data, .len = len, .retain = true};
    enum gw_status status = gw_session_publish(m->session, &msg, &m->goodbye, &err);
    free(data);
    while (status == GW_OK && !m->goodbyed && now_ms(m) < until_ms)
        status = turn(m, until_ms, &err);
    if (status != GW_OK)
        return;
    gw_session_disconnect(m->session, !m->goodbyed);
    until_ms = now_ms(m) + GOODBYE_MS;
    while (status == GW_OK && gw_session_want_write(m->session) && now_ms(m) < until_ms)
        status = turn(m, until_ms, &err);
}

/* Until the connection is over (a failure) or the stop was asked for (GW_E_CLOSED). */
static enum gw_status serve(struct gw_mqtt *m, struct gw_err *err)
{
    int64_t deadline_ms = now_ms(m) + CONNACK_MS;
    enum gw_status status = GW_OK;

    while (status == GW_OK) {
        if (stopping(m)) {
            if (m->connected)
                say_goodbye(m);
            return GW_E_CLOSED;
        }
        int64_t now = now_ms(m);
        int64_t due_ms = deadline_ms;
        if (m->connected) {
            status = gw_courier_work(m->courier, m->session, now, err);
            due_ms = gw_courier_next_ms(m->courier);
        } else if (now >= deadline_ms) {
            status = gw_err_set(err, GW_E_TIMEOUT,
                                "the broker took the connection and did not "
                                "answer; is it an MQTT port%s?",
                                m->conf.site->tls ? " with TLS" : " without TLS");
        }
        update_stats(m);
        if (status == GW_OK)
            status = turn(m, due_ms, err);
    }
    return status;
}

/* Tells why there is no connection, once to the log and until it is over in the stats. */
static void note_fault(struct gw_mqtt *m, const struct gw_err *err)
{
    const struct gw_site_mqtt *site = m->conf.site;
    struct gw_stamp now = gw_clock_now(m->conf.clock);
    /* With the clock of a box without battery no certificate is valid yet. */
    bool clock = site->tls && err->status == GW_E_PROTO && !now.sync;

    gw_fault_set(m->fault, "%s:%d: %s%s", site->host, (int)site->port, err->msg,
                 clock ? " (the clock is not synchronised)" : "");
    gw_ratelog_fail(&m->log, now.mono_ms, TAG, "%s", m->fault);
}

/* One connection from probe to end; returns how long to wait before the next, in ms. */
static int64_t connect_once(struct gw_mqtt *m)
{
    struct gw_err err = {0};
    unsigned reason = 0;

    enum gw_status status = open_session(m, &err);
    if (status == GW_OK) {
        status = serve(m, &err);
        reason = gw_session_reason(m->session);
        gw_session_close(m->session);
        m->session = NULL;
    }
    if (m->connected) {
        int64_t now = now_ms(m);
        m->connected = false;
        if (now - m->since_ms >= STEADY_MS)
            gw_redial_reset(&m->redial);
        m->since_ms = now;
        gw_courier_end(m->courier);
    }
    m->takeovers += reason == GW_REASON_TAKEN_OVER;
    if (status != GW_E_CLOSED)
        note_fault(m, &err);
    update_stats(m);
    return gw_redial_wait_ms(&m->redial, status, reason);
}

static void run(void *arg)
{
    struct gw_mqtt *m = arg;

    while (!stopping(m)) {
        if (gw_documents_ready(m->docs)) {
            int64_t wait_ms = connect_once(m);
            rest(m, now_ms(m) + wait_ms);
        } else {
            struct pollfd fds[2] = {{.fd = m->stop_fd, .events = POLLIN},
                                    {.fd = m->wake_fd, .events = POLLIN}};
            gw_pulse_turn(m->pulse, 0);
            poll(fds, 2, m->pulse != NULL ? GW_PULSE_MS : -1);
            lower_fd(m->wake_fd);
        }
    }
}

/* ---- for the owner ---- */

static void free_all(struct gw_mqtt *m)
{
    gw_pulse_end(m->pulse);
    gw_courier_free(m->courier);
    gw_probe_free(m->probe);
    gw_documents_free(m->docs);
    if (m->stop_fd >= 0)
        close(m->stop_fd);
    if (m->wake_fd >= 0)
        close(m->wake_fd);
    pthread_mutex_destroy(&m->mutex);
    free(m);
}

enum gw_status gw_mqtt_start(const struct gw_mqtt_conf *conf, struct gw_mqtt **out,
                             struct gw_err *err)
{
    const struct gw_site_mqtt *site = conf->site;
    struct gw_mqtt *m = calloc(1, sizeof *m);
    if (m == NULL || pthread_mutex_init(&m->mutex, NULL) != 0) {
        free(m);
        return gw_err_set(err, GW_E_NOMEM, "mqtt: out of memory");
    }
    m->conf = *conf;
    m->since_ms = now_ms(m);
    m->stats.since_ms = m->since_ms;
    m->redial = gw_redial_new(conf->seed);
    snprintf(m->client_id, sizeof m->client_id, "%s",
             site->client_id[0] != '\0' ? site->client_id : conf->gateway);
    m->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    enum gw_status status = GW_OK;
    if (m->stop_fd < 0 || m->wake_fd < 0)
        status = gw_err_set(err, GW_E_IO, "mqtt: no event descriptor: %s", strerror(errno));
    else if (gw_documents_new(conf->seed, &m->docs) != GW_OK ||
             gw_courier_new(conf, m->docs, &m->courier) != GW_OK ||
             gw_probe_new(site->host, (uint16_t)site->port, !site->tls, &m->probe) != GW_OK)
        status = gw_err_set(err, GW_E_NOMEM, "mqtt: out of memory");
    if (status == GW_OK)
        status = gw_session_library(err);
    m->pulse = gw_pulse_begin(conf->pulses, "mqtt");
    if (status == GW_OK)
        status = gw_worker_start("mqtt", run, m, &m->worker, err);
    if (status != GW_OK) {
        free_all(m);
        return status;
    }
    *out = m;
    return GW_OK;
}

bool gw_mqtt_stop(struct gw_mqtt *m, int64_t timeout_ms)
{
    if (m == NULL)
        return true;
    raise_fd(m->stop_fd);
    if (!gw_worker_join(m->worker, timeout_ms))
        return false;
    free_all(m);
    return true;
}

enum gw_status gw_mqtt_document(struct gw_mqtt *m, enum gw_document doc, const char *data,
                                size_t len)
{
    enum gw_status status = gw_documents_set(m->docs, doc, data, len);
    if (status == GW_OK)
        raise_fd(m->wake_fd);
    return status;
}

unsigned gw_mqtt_wanted(struct gw_mqtt *m)
{
    return gw_documents_wanted(m->docs);
}

void gw_mqtt_stats(struct gw_mqtt *m, struct gw_mqtt_stats *out)
{
    pthread_mutex_lock(&m->mutex);
    *out = m->stats;
    pthread_mutex_unlock(&m->mutex);
}
