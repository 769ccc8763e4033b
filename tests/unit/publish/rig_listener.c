/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heard {
    char *topic;
    char *payload;
    bool historical, retained, expiring;
};

struct rig_listener {
    struct mosquitto *mosq;
    pthread_t thread;
    int port;
    pthread_mutex_t mutex; /* guards all below */
    bool stop;
    bool subscribed;
    struct heard *all;
    size_t count, cap;
};

static void on_connect(struct mosquitto *mosq, void *obj, int reason, int flags,
                       const mosquitto_property *props)
{
    (void)obj;
    (void)flags;
    (void)props;
    /* QoS 0: the broker writes it to our socket before it acknowledges the publisher. */
    if (reason == 0)
        mosquitto_subscribe(mosq, NULL, "nonsite/#", 0);
}

static void on_subscribe(struct mosquitto *mosq, void *obj, int mid, int n, const int *qos)
{
    struct rig_listener *l = obj;
    (void)mosq;
    (void)mid;
    (void)n;
    (void)qos;
    pthread_mutex_lock(&l->mutex);
    l->subscribed = true;
    pthread_mutex_unlock(&l->mutex);
}

static bool has_historical(const mosquitto_property *props)
{
    char *name = NULL;
    char *value = NULL;
    bool found = false;
    if (mosquitto_property_read_string_pair(props, MQTT_PROP_USER_PROPERTY, &name, &value, false) !=
        NULL)
        found = strcmp(name, "historical") == 0 && strcmp(value, "1") == 0;
    free(name);
    free(value);
    return found;
}

static bool is_json(const mosquitto_property *props)
{
    char *type = NULL;
    uint8_t format = 0;
    bool good =
        mosquitto_property_read_string(props, MQTT_PROP_CONTENT_TYPE, &type, false) &&
        strcmp(type, "application/json") == 0 &&
        mosquitto_property_read_byte(props, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, &format, false) &&
        format == 1;
    free(type);
    return good;
}

static void on_message(struct mosquitto *mosq, void *obj, const struct mosquitto_message *msg,
                       const mosquitto_property *props)
{
    struct rig_listener *l = obj;
    uint32_t expiry = 0;
    (void)mosq;

    pthread_mutex_lock(&l->mutex);
    if (l->count == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 1024;
        l->all = realloc(l->all, l->cap * sizeof *l->all);
    }
    struct heard *h = &l->all[l->count++];
    *h = (struct heard){.topic = strdup(msg->topic), .retained = msg->retain};
    h->payload = calloc(1, (size_t)msg->payloadlen + 32);
    /* What MQTT 5 says beside the payload is part of the interface as well. */
    snprintf(h->payload, (size_t)msg->payloadlen + 32, "%.*s%s", msg->payloadlen,
             (const char *)msg->payload, is_json(props) ? "" : " (no JSON mark)");
    h->historical = has_historical(props);
    h->expiring = mosquitto_property_read_int32(props, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry,
                                                false) != NULL;
    pthread_mutex_unlock(&l->mutex);
}

static bool stopped(struct rig_listener *l)
{
    pthread_mutex_lock(&l->mutex);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->mutex);
    return stop;
}

static void *listen_on(void *arg)
{
    struct rig_listener *l = arg;
    bool up = false;
    while (!stopped(l)) {
        if (!up)
            up = mosquitto_connect(l->mosq, "127.0.0.1", l->port, 60) == MOSQ_ERR_SUCCESS;
        else
            up = mosquitto_loop(l->mosq, 20, 1) == MOSQ_ERR_SUCCESS;
        if (!up)
            rig_nap();
    }
    return NULL;
}

static bool subscribed(struct rig_listener *l)
{
    pthread_mutex_lock(&l->mutex);
    bool yes = l->subscribed;
    pthread_mutex_unlock(&l->mutex);
    return yes;
}

struct rig_listener *rig_listener_start(int port)
{
    struct rig_listener *l = calloc(1, sizeof *l);
    assert_non_null(l);
    mosquitto_lib_init();
    l->port = port;
    pthread_mutex_init(&l->mutex, NULL);
    l->mosq = mosquitto_new(NULL, true, l);
    assert_non_null(l->mosq);
    mosquitto_int_option(l->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_connect_v5_callback_set(l->mosq, on_connect);
    mosquitto_subscribe_callback_set(l->mosq, on_subscribe);
    mosquitto_message_v5_callback_set(l->mosq, on_message);
    mosquitto_username_pw_set(l->mosq, "platform", "listener");
    assert_int_equal(pthread_create(&l->thread, NULL, listen_on, l), 0);
    RIG_UNTIL(subscribed(l), 20);
    return l;
}

void rig_listener_stop(struct rig_listener *l)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&l->mutex);
    l->stop = true;
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
    mosquitto_destroy(l->mosq);
    for (size_t i = 0; i < l->count; i++) {
        free(l->all[i].topic);
        free(l->all[i].payload);
    }
    free(l->all);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

enum mark { ANY, HISTORICAL, RETAINED, EXPIRING };

static int count(struct rig_listener *l, const char *topic, const char *text, enum mark mark,
                 int *first)
{
    int n = 0;
    *first = -1;
    pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < l->count; i++) {
        const struct heard *h = &l->all[i];
        if ((topic != NULL && strcmp(h->topic, topic) != 0) ||
            (text != NULL && strstr(h->payload, text) == NULL) ||
            (mark == HISTORICAL && !h->historical) || (mark == RETAINED && !h->retained) ||
            (mark == EXPIRING && !h->expiring))
            continue;
        if (n++ == 0)
            *first = (int)i;
    }
    pthread_mutex_unlock(&l->mutex);
    return n;
}

int rig_heard(struct rig_listener *l, const char *topic, const char *text)
{
    int first;
    return count(l, topic, text, ANY, &first);
}

int rig_heard_historical(struct rig_listener *l, const char *topic)
{
    int first;
    return count(l, topic, NULL, HISTORICAL, &first);
}

int rig_heard_retained(struct rig_listener *l, const char *topic, const char *text)
{
    int first;
    return count(l, topic, text, RETAINED, &first);
}

int rig_heard_expiring(struct rig_listener *l, const char *topic)
{
    int first;
    return count(l, topic, NULL, EXPIRING, &first);
}

int rig_heard_first(struct rig_listener *l, const char *topic, const char *text)
{
    int first;
    count(l, topic, text, ANY, &first);
    return first;
}
