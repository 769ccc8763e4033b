/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* explicit_bzero */
#include "publish/session.h"

#include "base/file.h"
#include "publish/tls_fault.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNHEARD_MS   20000u /* what was sent is not even received: the connection is dead */
#define PASSWORD_MAX 4096
#define SYSTEM_CAS   "/etc/ssl/certs"
#define PACKET_SPARE                                                                               \
    65536 /* topic and properties; and a message that is a little too large is seen */

struct gw_session {
    struct mosquitto *mosq;
    const struct gw_site_mqtt *site;
    struct gw_session_events events;
    bool v5;
    bool answered;   /* CONNACK came */
    bool twice;      /* and came again, which no broker may do and the library lets pass */
    unsigned reason; /* the broker's last word */
    char tls[160];   /* the library's last complaint: the only place where a TLS fault is told */
    char *filter;    /* NULL: no subscription */
    const char *tls_cause; /* what the first complaint means, where that is known; or NULL */
    mosquitto_property *plain[2][2]; /* [historical][expiring] */
    mosquitto_property *will, *connect;
};

enum gw_status gw_session_library(struct gw_err *err)
{
    if (mosquitto_lib_init() != MOSQ_ERR_SUCCESS)
        return gw_err_set(err, GW_E_IO, "libmosquitto cannot be initialised");
    return GW_OK;
}

/* ---- what the library tells ---- */

static void on_connect(struct mosquitto *mosq, void *obj, int reason, int flags,
                       const mosquitto_property *props)
{
    struct gw_session *s = obj;
    uint16_t receive_max = 0;
    (void)mosq;
    (void)flags;

    if (reason != 0) {
        s->reason = (unsigned)reason;
        return;
    }
    s->twice = s->answered;
    s->answered = true;
    if (s->twice)
        return;
    if (s->v5)
        mosquitto_property_read_int16(props, MQTT_PROP_RECEIVE_MAXIMUM, &receive_max, false);
    s->events.connected(s->events.ctx, receive_max > 0 ? receive_max : UINT16_MAX);
    /* What was retained is no command. */
    if (s->filter != NULL &&
        mosquitto_subscribe_v5(mosq, NULL, s->filter, 1, s->v5 ? MQTT_SUB_OPT_SEND_RETAIN_NEVER : 0,
                               NULL) != MOSQ_ERR_SUCCESS)
        s->events.deaf(s->events.ctx, GW_REASON_FAILURE);
}

static void on_subscribe(struct mosquitto *mosq, void *obj, int mid, int count, const int *granted,
                         const mosquitto_property *props)
{
    struct gw_session *s = obj;
    (void)mosq;
    (void)mid;
    (void)props;
    /* A hostile broker may grant nothing at all. */
    const unsigned reason = count > 0 ? (unsigned)granted[0] : GW_REASON_FAILURE;
    if (reason >= GW_REASON_FAILURE)
        s->events.deaf(s->events.ctx, reason);
}

static void on_message(struct mosquitto *mosq, void *obj, const struct mosquitto_message *msg,
                       const mosquitto_property *props)
{
    struct gw_session *s = obj;
    (void)mosq;
    (void)props;
    if (msg->topic != NULL && msg->payloadlen >= 0)
        s->events.message(s->events.ctx, msg->topic, msg->payload, (size_t)msg->payloadlen,
                          msg->retain);
}

static void on_disconnect(struct mosquitto *mosq, void *obj, int reason,
                          const mosquitto_property *props)
{
    struct gw_session *s = obj;
    (void)mosq;
    (void)props;
    /* Below are the library's own codes, which gw_session_step sees as well. */
    if (reason >= (int)GW_REASON_FAILURE)
        s->reason = (unsigned)reason;
}

static void on_publish(struct mosquitto *mosq, void *obj, int mid, int reason,
                       const mosquitto_property *props)
{
    struct gw_session *s = obj;
    (void)mosq;
    (void)props;
    s->events.acked(s->events.ctx, mid, s->v5 && reason > 0 ? (unsigned)reason : 0);
}

static void on_log(struct mosquitto *mosq, void *obj, int level, const char *text)
{
    struct gw_session *s = obj;
    if (level != MOSQ_LOG_ERR)
        return;
    snprintf(s->tls, sizeof s->tls, "%s", text);
    if (s->answered)
        return;
    /* The library checks the name by itself and then only says this much; the verdict is gone with
     * the connection, so it is asked for now. */
    if (s->tls_cause == NULL && strstr(text, "host name verification failed") != NULL)
        s->tls_cause = "the broker's certificate is for another host name";
    if (s->tls_cause == NULL)
        s->tls_cause =
            gw_tls_fault(gw_tls_verdict(mosquitto_ssl_get(mosq)), gw_tls_fault_code(text));
}

/* ---- opening ---- */

static bool add_common(mosquitto_property **list, bool historical, bool expiring)
{
    int rc = mosquitto_property_add_byte(list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
    if (rc == MOSQ_ERR_SUCCESS && expiring)
        rc = mosquitto_property_add_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                          GW_SESSION_EXPIRY_S);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_property_add_string(list, MQTT_PROP_CONTENT_TYPE, "application/json");
    if (rc == MOSQ_ERR_SUCCESS && historical)
        rc = mosquitto_property_add_string_pair(list, MQTT_PROP_USER_PROPERTY, "historical", "1");
    return rc == MOSQ_ERR_SUCCESS;
}

/* What the gateway sends needs no session, since the journal keeps it; its subscription does, or a
 * receipt that comes while the line is down would be lost. */
static bool keeps_session(const struct gw_session *s)
{
    return s->filter != NULL && s->site->session_s > 0;
}

static bool make_properties(struct gw_session *s, size_t largest)
{
    bool good = add_common(&s->will, false, false);
    for (int h = 0; h < 2; h++)
        for (int e = 0; e < 2; e++)
            good = good && add_common(&s->plain[h][e], h == 1, e == 1);
    if (good && keeps_session(s))
        good = mosquitto_property_add_int32(&s->connect, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                            (uint32_t)s->site->session_s) == MOSQ_ERR_SUCCESS;
    /* The library would allocate whatever length a packet claims to have. */
    if (good && largest > 0)
        good = mosquitto_property_add_int32(&s->connect, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                            (uint32_t)(largest + PACKET_SPARE)) == MOSQ_ERR_SUCCESS;
    return good;
}

/* Without it OpenSSL would ask for a key's password on the terminal, and wait. */
static int no_password(char *buf, int size, int rwflag, void *userdata)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)userdata;
    return 0;
}

static enum gw_status set_tls(struct gw_session *s, struct gw_err *err)
{
    const struct gw_site_mqtt *site = s->site;
    const struct {
        const char *name, *path;
    } files[] = {{"CA file", site->ca_file},
                 {"certificate file", site->cert_file},
                 {"private key file", site->private_key_file}};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].path[0] != '\0' && access(files[i].path, R_OK) != 0)
            return gw_err_set(err, GW_E_REFUSED, "%s %s: %s", files[i].name, files[i].path,
                              strerror(errno));
    }
    bool own_ca = site->ca_file[0] != '\0';
    bool own_cert = site->cert_file[0] != '\0';
    int rc = mosquitto_tls_set(s->mosq, own_ca ? site->ca_file : NULL, own_ca ? NULL : SYSTEM_CAS,
                               own_cert ? site->cert_file : NULL,
                               own_cert ? site->private_key_file : NULL, no_password);
    /* 1: the broker's certificate must verify; the name is verified unless insecure_set, never
     * called. */
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_tls_opts_set(s->mosq, 1, "tlsv1.2", NULL);
    if (rc != MOSQ_ERR_SUCCESS)
        return gw_err_set(err, GW_E_REFUSED, "TLS settings: %s", mosquitto_strerror(rc));
    return GW_OK;
}

static enum gw_status set_password(struct gw_session *s, struct gw_err *err)
{
    const struct gw_site_mqtt *site = s->site;
    char *password = NULL;
    size_t len = 0;

    if (site->username[0] == '\0')
        return GW_OK;
    if (site->password_file[0] != '\0') {
        /* Read anew each time, so that a changed password needs no restart. */
        enum gw_status status =
            gw_file_read(site->password_file, PASSWORD_MAX, &password, &len, err);
        if (status != GW_OK)
            return gw_err_set(err, GW_E_REFUSED, "password file %s: %s", site->password_file,
                              gw_status_name(status));
        size_t end = len;
        while (end > 0 && (password[end - 1] == '\n' || password[end - 1] == '\r'))
            password[--end] = '\0';
    }
    int rc = mosquitto_username_pw_set(s->mosq, site->username, password);
    if (password != NULL)
        explicit_bzero(password, len);
    free(password);
    if (rc == MOSQ_ERR_NOMEM)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    if (rc != MOSQ_ERR_SUCCESS)
        return gw_err_set(err, GW_E_REFUSED, "user name is not valid UTF-8");
    return GW_OK;
}

static enum gw_status set_options(struct gw_session *s, const struct gw_session_conf *conf,
                                  struct gw_err *err)
{
    struct mosquitto *m = s->mosq;
    unsigned send_max = conf->send_max < UINT16_MAX ? conf->send_max : UINT16_MAX;

    mosquitto_connect_v5_callback_set(m, on_connect);
    mosquitto_disconnect_v5_callback_set(m, on_disconnect);
    mosquitto_publish_v5_callback_set(m, on_publish);
    if (s->filter != NULL) {
        mosquitto_subscribe_v5_callback_set(m, on_subscribe);
        mosquitto_message_v5_callback_set(m, on_message);
    }
    mosquitto_log_callback_set(m, on_log);
    mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION,
                         s->v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(m, send_max);

    int rc = conf->will.len <= INT_MAX
                 ? mosquitto_will_set_v5(m, conf->will.topic, (int)conf->will.len, conf->will.data,
                                         1, true, s->will)
                 : MOSQ_ERR_PAYLOAD_SIZE;
    if (rc != MOSQ_ERR_SUCCESS)
        return gw_err_set(err, GW_E_INVAL, "the will cannot be set: %s", mosquitto_strerror(rc));
    s->will = NULL; /* the library's now */

    enum gw_status status = set_password(s, err);
    if (status == GW_OK && s->site->tls)
        status = set_tls(s, err);
    return status;
}

/* What a failed call of the library means. */
static enum gw_status explain(const struct gw_session *s, int rc, struct gw_err *err)
{
    /* An alert comes as a lost connection where it follows the handshake, as in TLS 1.3. */
    if (s->tls_cause != NULL)
        return gw_err_set(err, GW_E_PROTO, "TLS failed: %s", s->tls_cause);
    switch (rc) {
    case MOSQ_ERR_NOMEM:
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    case MOSQ_ERR_ERRNO:
        return gw_err_set(err, GW_E_IO, "%s", errno != 0 ? strerror(errno) : "connection closed");
    case MOSQ_ERR_EAI:
        return gw_err_set(err, GW_E_IO, "the name cannot be resolved");
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_TLS_HANDSHAKE:
        return gw_err_set(err, GW_E_PROTO, "TLS failed: %s",
                          s->tls[0] != '\0' ? s->tls : "no reason was given");
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN:
        return gw_err_set(err, GW_E_IO,
                          s->answered ? "the connection was lost"
                                      : "the broker closed the connection at once");
    case MOSQ_ERR_KEEPALIVE:
        return gw_err_set(err, GW_E_TIMEOUT, "the broker does not answer pings");
    default:
        return gw_err_set(err, GW_E_PROTO, "%s", mosquitto_strerror(rc));
    }
}

/* The kernel repeats what is not received at intervals that double: after a longer outage the next
 * would come too late, and what it holds would still arrive, as a repetition, over the old
 * connection. A kernel that cannot bound it leaves it to the keepalive. */
static void bound_silence(int fd)
{
    const unsigned ms = UNHEARD_MS;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

enum gw_status gw_session_open(const struct gw_session_conf *conf, struct gw_session **out,
                               struct gw_err *err)
{
    const struct gw_site_mqtt *site = conf->site;
    struct gw_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    s->site = site;
    s->events = conf->events;
    s->v5 = site->version == 0;
    s->filter = conf->filter != NULL ? strdup(conf->filter) : NULL;
    s->mosq = mosquitto_new(conf->client_id, !keeps_session(s), s);
    enum gw_status status = GW_OK;
    if (s->mosq == NULL || (s->v5 && !make_properties(s, conf->largest)) ||
        (conf->filter != NULL && s->filter == NULL))
        status = gw_err_set(err, GW_E_NOMEM, "out of memory");
    if (status == GW_OK)
        status = set_options(s, conf, err);
    if (status == GW_OK) {
        /* TLS verifies the name that it connects to, so it must be given the name; the address to
         * bind to then keeps it from an address of the family that did not answer the probe. */
        const char *any = conf->ipv6 ? "::" : "0.0.0.0";
        errno = 0;
        int rc = mosquitto_connect_bind_v5(s->mosq, site->tls ? site->host : conf->address,
                                           (int)site->port, (int)site->keepalive_s,
                                           site->tls ? any : NULL, s->connect);
        if (rc != MOSQ_ERR_SUCCESS)
            status = explain(s, rc, err);
        else
            bound_silence(gw_session_fd(s));
    }
    if (status != GW_OK) {
        gw_session_close(s);
        return status;
    }
    *out = s;
    return GW_OK;
}

void gw_session_close(struct gw_session *s)
{
    if (s == NULL)
        return;
    if (s->mosq != NULL)
        mosquitto_destroy(s->mosq);
    for (int i = 0; i < 4; i++)
        mosquitto_property_free_all(&s->plain[i / 2][i % 2]);
    mosquitto_property_free_all(&s->will);
    mosquitto_property_free_all(&s->connect);
    free(s->filter);
    free(s);
}

/* ---- running ---- */

int gw_session_fd(const struct gw_session *s)
{
    return mosquitto_socket(s->mosq);
}

bool gw_session_want_write(struct gw_session *s)
{
    return mosquitto_want_write(s->mosq);
}

unsigned gw_session_reason(const struct gw_session *s)
{
    return s->reason;
}

const char *gw_session_reason_text(unsigned reason)
{
    return mosquitto_reason_string((int)reason);
}

/* CONNACK codes of MQTT 5, and those of 3.1.1, that a technician can do something about. */
static enum gw_status explain_refusal(const struct gw_session *s, struct gw_err *err)
{
    static const struct {
        unsigned v5, v311;
        const char *text;
    } texts[] = {
        {0x84, 1, "unsupported protocol version"},
        {0x85, 2, "the client id is not accepted"},
        {0x86, 4, "bad credentials: user name or password is wrong"},
        {0x87, 5, "not authorised: wrong user name or password, or no right to connect"},
        {0x88, 3, "the broker is unavailable"},
        {0x8a, 0, "this client is banned"},
        {GW_REASON_TAKEN_OVER, 0, "session taken over: another client uses the same client id"},
    };

    const char *text = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && text == NULL; i++)
        if (s->reason == texts[i].v5 || s->reason == texts[i].v311)
            text = texts[i].text;
    if (s->reason == 0x84)
        return gw_err_set(err, GW_E_REFUSED, "%s (set version to 3.1.1)", text);
    if (text != NULL)
        return gw_err_set(err, GW_E_REFUSED, "%s", text);
    return gw_err_set(err, GW_E_REFUSED, "the broker says 0x%02x: %s", s->reason,
                      gw_session_reason_text(s->reason));
}

enum gw_status gw_session_step(struct gw_session *s, bool readable, bool writable,
                               struct gw_err *err)
{
    int rc = MOSQ_ERR_SUCCESS;

    errno = 0;
    if (readable)
        rc = mosquitto_loop_read(s->mosq, 1);
    if (rc == MOSQ_ERR_SUCCESS && writable)
        rc = mosquitto_loop_write(s->mosq, 1);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_loop_misc(s->mosq);
    if (s->reason != 0)
        return explain_refusal(s, err);
    if (s->twice)
        return gw_err_set(err, GW_E_PROTO, "the broker accepted one connection twice");
    if (rc != MOSQ_ERR_SUCCESS)
        return explain(s, rc, err);
    if (mosquitto_socket(s->mosq) < 0)
        return explain(s, MOSQ_ERR_NO_CONN, err);
    return GW_OK;
}

void gw_session_gather(struct gw_session *s, bool on)
{
    const int cork = on;
    /* Refused only where there is no connection any more, which the next call tells. */
    (void)setsockopt(gw_session_fd(s), IPPROTO_TCP, TCP_CORK, &cork, sizeof cork);
}

enum gw_status gw_session_publish(struct gw_session *s, const struct gw_message *msg, int *mid,
                                  struct gw_err *err)
{
    if (msg->len > INT_MAX)
        return gw_err_set(err, GW_E_RANGE, "%zu bytes are too many", msg->len);
    errno = 0;
    int rc = mosquitto_publish_v5(s->mosq, mid, msg->topic, (int)msg->len, msg->data, 1,
                                  msg->retain, s->plain[msg->historical][msg->expiry_s != 0]);
    switch (rc) {
    case MOSQ_ERR_SUCCESS:
        return GW_OK;
    case MOSQ_ERR_OVERSIZE_PACKET:
    case MOSQ_ERR_PAYLOAD_SIZE:
        return gw_err_set(err, GW_E_RANGE, "%s: %zu bytes are too many for this broker", msg->topic,
                          msg->len);
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_QOS_NOT_SUPPORTED:
    case MOSQ_ERR_RETAIN_NOT_SUPPORTED:
    case MOSQ_ERR_NOT_SUPPORTED:
        return gw_err_set(err, GW_E_INVAL, "%s", mosquitto_strerror(rc));
    default:
        return explain(s, rc, err);
    }
}

void gw_session_disconnect(struct gw_session *s, bool with_will)
{
    /* In 3.1.1 every DISCONNECT drops the will; closing without one publishes it. */
    if (with_will && !s->v5)
        return;
    mosquitto_disconnect_v5(
        s->mosq, with_will ? MQTT_RC_DISCONNECT_WITH_WILL_MSG : MQTT_RC_NORMAL_DISCONNECTION, NULL);
}
