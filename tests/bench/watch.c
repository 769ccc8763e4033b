/* SPDX-License-Identifier: Apache-2.0
 *
 * watch: a subscriber that notes when each message came.
 *
 *   watch BROKER-PORT TOPIC MOST
 *
 * One line a message on standard output: "US HISTORICAL TOPIC PAYLOAD": the microsecond (CLOCK_MONOTONIC)
 * of its arrival, 1 or 0, and at most MOST bytes of what came. "ready" on standard error once it is
 * subscribed. It connects anew for ever, a hundred times a second, and its session
 * outlives the connection; it ends by a signal.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#define FLUSH_MS 20

struct watch {
    const char *topic;
    int most;
    unsigned long came;
};

static volatile sig_atomic_t ended;

static void end(int signo)
{
    (void)signo;
    ended = 1;
}

static void on_connect(struct mosquitto *m, void *obj, int reason, int flags,
                       const mosquitto_property *props)
{
    const struct watch *w = obj;
    (void)props;
    /* Where the broker has kept the session it would only send again what is retained. */
    if (reason == 0 && flags == 0)
        (void)mosquitto_subscribe(m, NULL, w->topic, 1);
}

static void on_subscribe(struct mosquitto *m, void *obj, int mid, int n, const int *granted)
{
    (void)m;
    (void)obj;
    (void)mid;
    (void)n;
    (void)granted;
    (void)fprintf(stderr, "ready\n");
}

static void on_message(struct mosquitto *m, void *obj, const struct mosquitto_message *msg,
                       const mosquitto_property *props)
{
    struct watch *w = obj;
    struct timespec t;
    char *name = NULL, *value = NULL;
    bool old = false;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    (void)m;
    if (mosquitto_property_read_string_pair(props, MQTT_PROP_USER_PROPERTY, &name, &value, false))
        old = strcmp(name, "historical") == 0 && strcmp(value, "1") == 0;
    free(name);
    free(value);
    w->came++;
    printf("%" PRId64 " %d %s %.*s\n", (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000, old,
           msg->topic, msg->payloadlen < w->most ? msg->payloadlen : w->most,
           (const char *)msg->payload);
}

int main(int argc, char **argv)
{
    struct watch w = {0};
    struct sigaction act = {.sa_handler = end};
    static char buffer[1 << 18];
    const struct timespec pause = {.tv_nsec = 10000000};

    if (argc != 4)
        return 64;
    w.topic = argv[2];
    w.most = (int)strtol(argv[3], NULL, 10);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    (void)mosquitto_lib_init();
    struct mosquitto *m = mosquitto_new("watch", false, &w);
    if (!m)
        return 1;
    (void)mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    (void)mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(m, on_connect);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_message_v5_callback_set(m, on_message);
    mosquitto_property *session = NULL;
    (void)mosquitto_property_add_int32(&session, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 3600);
    (void)mosquitto_connect_bind_v5(m, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60, NULL,
                                    session);
    while (!ended) {
        const unsigned long before = w.came;
        if (mosquitto_loop(m, FLUSH_MS, 1) != MOSQ_ERR_SUCCESS && !ended) {
            (void)nanosleep(&pause, NULL);
            (void)mosquitto_reconnect(m);
        }
        /* Writing beside what comes would delay it. */
        if (w.came == before)
            (void)fflush(stdout);
    }
    (void)fflush(stdout);
    mosquitto_destroy(m);
    mosquitto_property_free_all(&session);
    (void)mosquitto_lib_cleanup();
    return 0;
}
