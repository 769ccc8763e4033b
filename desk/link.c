/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* explicit_bzero */
#include "desk/link.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/backoff.h"
#include "base/file.h"
#include "base/log.h"

#define TAG          "broker"
#define KEEPALIVE_S  30
#define SESSION_S    86400u
#define PASSWORD_MAX 4096
#define SYSTEM_CAS   "/etc/ssl/certs"

struct gw_desk_link {
    struct gw_desk_link_conf conf;
    struct mosquitto *mosq;
    bool v5;
    bool connected; /* CONNACK with success */
    size_t waiting; /* SUBACKs that have not come */
    size_t in_flight;
    int64_t due_ms; /* next attempt */
    struct gw_backoff backoff;
    char fault[256], logged[256], tls[160];
};

static void fault(struct gw_desk_link *l, const char *text)
{
    (void)snprintf(l->fault, sizeof l->fault, "%s", text);
    if (strcmp(l->fault, l->logged) != 0)
        gw_log(GW_LOG_WARN, TAG, "%s:%lld: %s", l->conf.broker->host,
               (long long)l->conf.broker->port, text);
    (void)snprintf(l->logged, sizeof l->logged, "%s", l->fault);
}

static void drop(struct gw_desk_link *l)
{
    if (l->mosq)
        mosquitto_destroy(l->mosq);
    l->mosq = NULL;
    l->connected = false;
    l->waiting = l->in_flight = 0;
    l->due_ms = gw_clock_mono_ms(l->conf.clock) + gw_backoff_next(&l->backoff);
}

/* ---- what the library tells ---- */

static void on_connect(struct mosquitto *mosq, void *obj, int reason, int flags,
                       const mosquitto_property *props)
{
    struct gw_desk_link *l = obj;
    (void)flags;
    (void)props;
    if (reason != 0) {
        fault(l, l->v5 ? mosquitto_reason_string(reason) : mosquitto_connack_string(reason));
        return;
    }
    l->connected = true;
    l->waiting = l->conf.nfilters;
    for (size_t i = 0; i < l->conf.nfilters; i++)
        if (mosquitto_subscribe(mosq, NULL, l->conf.filters[i], 1) != MOSQ_ERR_SUCCESS)
            fault(l, "cannot subscribe");
}

static void on_subscribe(struct mosquitto *mosq, void *obj, int mid, int n, const int *granted)
{
    struct gw_desk_link *l = obj;
    (void)mosq;
    (void)mid;
    if (n < 1 || granted[0] >= 0x80) {
        fault(l, "the broker does not let the desk subscribe: check its access list");
        return;
    }
    if (l->waiting > 0 && --l->waiting == 0) {
        gw_backoff_reset(&l->backoff);
        l->fault[0] = l->logged[0] = '\0';
        gw_log(GW_LOG_INFO, TAG, "connected to %s:%lld", l->conf.broker->host,
               (long long)l->conf.broker->port);
    }
}

static void on_message(struct mosquitto *mosq, void *obj, const struct mosquitto_message *m)
{
    struct gw_desk_link *l = obj;
    (void)mosq;
    l->conf.message(l->conf.ctx, m->topic, m->payload ? m->payload : "",
                    m->payloadlen > 0 ? (size_t)m->payloadlen : 0);
}

static void on_publish(struct mosquitto *mosq, void *obj, int mid)
{
    struct gw_desk_link *l = obj;
    (void)mosq;
    (void)mid;
    if (l->in_flight > 0)
        l->in_flight--;
}

static void on_log(struct mosquitto *mosq, void *obj, int level, const char *text)
{
    struct gw_desk_link *l = obj;
    (void)mosq;
    if (level == MOSQ_LOG_ERR)
        (void)snprintf(l->tls, sizeof l->tls, "%s", text);
}

/* ---- connecting ---- */

/* OpenSSL would ask for a key's password on the terminal, and wait. */
static int no_password(char *buf, int size, int rwflag, void *userdata)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)userdata;
    return 0;
}

static int set_tls(struct gw_desk_link *l)
{
    const struct gw_desk_broker *b = l->conf.broker;
    const bool own_ca = b->ca_file[0] != '\0', own_cert = b->cert_file[0] != '\0';
    int rc = mosquitto_tls_set(l->mosq, own_ca ? b->ca_file : NULL, own_ca ? NULL : SYSTEM_CAS,
                               own_cert ? b->cert_file : NULL,
                               own_cert ? b->private_key_file : NULL, no_password);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_tls_opts_set(l->mosq, 1, "tlsv1.2", NULL);
    return rc;
}

static int set_password(struct gw_desk_link *l)
{
    const struct gw_desk_broker *b = l->conf.broker;
    struct gw_err err = {0};
    char *password = NULL;
    size_t len = 0;
    if (b->username[0] == '\0')
        return MOSQ_ERR_SUCCESS;
    if (b->password_file[0] != '\0' &&
        gw_file_read(b->password_file, PASSWORD_MAX, &password, &len, &err) != GW_OK) {
        fault(l, err.msg);
        return MOSQ_ERR_INVAL;
    }
    size_t end = len;
    while (end > 0 && (password[end - 1] == '\n' || password[end - 1] == '\r'))
        password[--end] = '\0';
    const int rc = mosquitto_username_pw_set(l->mosq, b->username, password);
    if (password)
        explicit_bzero(password, len);
    free(password);
    return rc;
}

static int set_up(struct gw_desk_link *l)
{
    struct mosquitto *m = l->mosq;
    mosquitto_connect_v5_callback_set(m, on_connect);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_message_callback_set(m, on_message);
    mosquitto_publish_callback_set(m, on_publish);
    mosquitto_log_callback_set(m, on_log);
    int rc = mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION,
                                  l->v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, 1000);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = set_password(l);
    if (rc == MOSQ_ERR_SUCCESS && l->conf.broker->tls)
        rc = set_tls(l);
    return rc;
}

static void explain(struct gw_desk_link *l, int rc)
{
    if (rc == MOSQ_ERR_TLS)
        fault(l, l->tls[0] != '\0' ? l->tls : "TLS failed");
    else if (rc == MOSQ_ERR_ERRNO)
        fault(l, strerror(errno));
    else if (l->fault[0] == '\0' || l->connected)
        fault(l, mosquitto_strerror(rc));
}

static int dial(struct gw_desk_link *l)
{
    mosquitto_property *props = NULL;
    int rc = set_up(l);
    if (rc == MOSQ_ERR_SUCCESS && l->v5 && l->conf.lasting)
        rc = mosquitto_property_add_int32(&props, MQTT_PROP_SESSION_EXPIRY_INTERVAL, SESSION_S);
    errno = 0;
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_connect_bind_v5(l->mosq, l->conf.broker->host, (int)l->conf.broker->port,
                                       KEEPALIVE_S, NULL, props);
    mosquitto_property_free_all(&props);
    return rc;
}

static void connect_now(struct gw_desk_link *l)
{
    l->tls[0] = l->fault[0] = '\0';
    l->mosq = mosquitto_new(l->conf.client_id, !l->conf.lasting, l);
    const int rc = l->mosq ? dial(l) : MOSQ_ERR_NOMEM;
    if (rc == MOSQ_ERR_SUCCESS)
        return;
    explain(l, rc);
    drop(l);
}

enum gw_status gw_desk_link_new(const struct gw_desk_link_conf *conf, struct gw_desk_link **out,
                                struct gw_err *err)
{
    struct gw_desk_link *l = calloc(1, sizeof *l);
    if (!l)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    if (mosquitto_lib_init() != MOSQ_ERR_SUCCESS) {
        free(l);
        return gw_err_set(err, GW_E_IO, "libmosquitto cannot be initialised");
    }
    l->conf = *conf;
    l->v5 = conf->broker->version == 0;
    l->backoff = (struct gw_backoff){.first_ms = 1000,
                                     .cap_ms = 30000,
                                     .jitter_pct = 20,
                                     .rand = (uint64_t)gw_clock_mono_ms(conf->clock)};
    l->due_ms = INT64_MIN;
    *out = l;
    return GW_OK;
}

void gw_desk_link_free(struct gw_desk_link *l)
{
    if (!l)
        return;
    if (l->mosq) {
        (void)mosquitto_disconnect(l->mosq);
        mosquitto_destroy(l->mosq);
    }
    free(l);
}

static void nap(int ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

void gw_desk_link_step(struct gw_desk_link *l, int timeout_ms)
{
    if (!l->mosq) {
        if (gw_clock_mono_ms(l->conf.clock) < l->due_ms) {
            nap(timeout_ms);
            return;
        }
        connect_now(l);
        if (!l->mosq)
            return;
    }
    errno = 0;
    const int rc = mosquitto_loop(l->mosq, timeout_ms, 1);
    if (rc == MOSQ_ERR_SUCCESS)
        return;
    explain(l, rc);
    drop(l);
}

bool gw_desk_link_ready(const struct gw_desk_link *l)
{
    return l->connected && l->waiting == 0;
}

const char *gw_desk_link_fault(const struct gw_desk_link *l)
{
    return l->fault;
}

enum gw_status gw_desk_link_publish(struct gw_desk_link *l, const char *topic, const char *data,
                                    size_t len)
{
    if (!l->connected || len > INT_MAX)
        return GW_E_IO;
    if (mosquitto_publish(l->mosq, NULL, topic, (int)len, data, 1, false) != MOSQ_ERR_SUCCESS)
        return GW_E_IO;
    l->in_flight++;
    return GW_OK;
}

size_t gw_desk_link_in_flight(const struct gw_desk_link *l)
{
    return l->in_flight;
}
