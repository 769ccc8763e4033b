/* SPDX-License-Identifier: Apache-2.0
 *
 * floor: the cheapest program that could poll these devices and tell a broker: one thread, libmodbus,
 * one blocking request after the other, one JSON message per device by libmosquitto at QoS 0. It
 * checks nothing, decides nothing, stores nothing and signs nothing. A yardstick, and only that.
 *
 *   floor BROKER-PORT PERIOD-MS ADDRESS,COUNT[:ADDRESS,COUNT...] DEVICE-PORT...
 *
 * Prints "ready" when every device answered once; ends on SIGTERM, printing passes and registers.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <modbus.h>
#include <mosquitto.h>

#define BLOCKS 16

static volatile sig_atomic_t ended;

struct block {
    int address, count;
};

struct floor {
    struct block blocks[BLOCKS];
    size_t nblocks;
    modbus_t **devices;
    bool *up;
    size_t ndevices;
    struct mosquitto *broker;
    unsigned long registers;
};

static void end(int signo)
{
    (void)signo;
    ended = 1;
}

static bool read_blocks(struct floor *f, const char *text)
{
    while (*text && f->nblocks < BLOCKS) {
        struct block *b = &f->blocks[f->nblocks];
        char *at = NULL;
        b->address = (int)strtol(text, &at, 10);
        if (*at != ',')
            return false;
        b->count = (int)strtol(at + 1, &at, 10);
        if (b->count < 1 || b->count > MODBUS_MAX_READ_REGISTERS || (*at && *at != ':'))
            return false;
        f->nblocks++;
        text = *at ? at + 1 : at;
    }
    return f->nblocks > 0 && !*text;
}

static bool pass(struct floor *f, size_t i)
{
    uint16_t words[MODBUS_MAX_READ_REGISTERS];
    char body[8192];
    char topic[64];
    int len = 0;

    if (!f->up[i] && modbus_connect(f->devices[i]) != 0)
        return false;
    f->up[i] = true;
    for (size_t b = 0; b < f->nblocks; b++) {
        const struct block *k = &f->blocks[b];
        if (modbus_read_registers(f->devices[i], k->address, k->count, words) != k->count) {
            modbus_close(f->devices[i]);
            f->up[i] = false;
            return false;
        }
        for (int r = 0; r < k->count; r++)
            len += snprintf(body + len, sizeof body - (size_t)len, "%c\"r%d\":%d", len ? ',' : '{',
                            k->address + r, words[r]);
        f->registers += (unsigned long)k->count;
    }
    body[len++] = '}';
    (void)snprintf(topic, sizeof topic, "floor/dev%zu", i);
    (void)mosquitto_publish(f->broker, NULL, topic, len, body, 0, false);
    return true;
}

static void sleep_until(struct timespec *next, long period_ms)
{
    next->tv_sec += period_ms / 1000;
    next->tv_nsec += period_ms % 1000 * 1000000;
    if (next->tv_nsec >= 1000000000) {
        next->tv_sec++;
        next->tv_nsec -= 1000000000;
    }
    while (!ended && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == EINTR)
        continue;
}

static void run(struct floor *f, long period_ms)
{
    struct timespec next;
    unsigned long passes = 0;
    bool told = false;

    (void)clock_gettime(CLOCK_MONOTONIC, &next);
    while (!ended) {
        size_t good = 0;
        for (size_t i = 0; i < f->ndevices && !ended; i++)
            good += pass(f, i) ? 1 : 0;
        passes++;
        if (!told && good > 0) {
            told = true;
            printf("ready\n");
            (void)fflush(stdout);
        }
        sleep_until(&next, period_ms);
    }
    printf("%lu passes, %lu registers\n", passes, f->registers);
}

int main(int argc, char **argv)
{
    struct floor f = {0};
    struct sigaction act = {.sa_handler = end};

    if (argc < 5 || !read_blocks(&f, argv[3])) {
        (void)fprintf(stderr, "usage: floor BROKER-PORT PERIOD-MS ADDRESS,COUNT[:...] PORT...\n");
        return 64;
    }
    (void)sigaction(SIGTERM, &act, NULL);
    (void)mosquitto_lib_init();
    f.ndevices = (size_t)argc - 4;
    f.devices = calloc(f.ndevices, sizeof *f.devices);
    f.up = calloc(f.ndevices, sizeof *f.up);
    f.broker = mosquitto_new("floor", true, NULL);
    if (!f.devices || !f.up || !f.broker ||
        mosquitto_connect(f.broker, "127.0.0.1", (int)strtol(argv[1], NULL, 10), 60) != 0 ||
        mosquitto_loop_start(f.broker) != 0) {
        (void)fprintf(stderr, "floor: no broker\n");
        return 1;
    }
    for (size_t i = 0; i < f.ndevices; i++) {
        f.devices[i] = modbus_new_tcp("127.0.0.1", (int)strtol(argv[4 + i], NULL, 10));
        (void)modbus_set_slave(f.devices[i], 1);
        (void)modbus_set_response_timeout(f.devices[i], 0, 500000);
    }
    run(&f, strtol(argv[2], NULL, 10));
    (void)mosquitto_disconnect(f.broker);
    (void)mosquitto_loop_stop(f.broker, false);
    for (size_t i = 0; i < f.ndevices; i++) {
        modbus_close(f.devices[i]);
        modbus_free(f.devices[i]);
    }
    mosquitto_destroy(f.broker);
    (void)mosquitto_lib_cleanup();
    free(f.devices);
    free(f.up);
    return 0;
}
