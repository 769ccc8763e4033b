/* SPDX-License-Identifier: Apache-2.0
 *
 * rig: what the tests of publish need around them: a folder of their own, programs, a real broker,
 * a listener on its topics, and a backlog that stands in for the journal.
 */
#ifndef GW_TESTS_UNIT_PUBLISH_RIG_H
#define GW_TESTS_UNIT_PUBLISH_RIG_H

#include "base/clock.h"
#include "conf/site.h"
#include "publish/mqtt.h"
#include "support/cmocka_all.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RIG_PATH 256

/* ---- time ---- */

int64_t rig_now_ms(void);
/* Lets others run for a moment, within a poll-until loop only. */
void rig_nap(void);
/* Waits until cond holds; fails the test after `seconds`. */
#define RIG_UNTIL(cond, seconds)                                                                   \
    for (int64_t rig_end_ms = rig_deadline_ms(seconds); !(cond);)                                  \
    rig_wait(rig_end_ms, #cond)
int64_t rig_deadline_ms(int seconds);
void rig_wait(int64_t deadline_ms, const char *what); /* one nap of RIG_UNTIL */

/* The machine's clocks, `factor` times as fast, so that back-offs of minutes pass in a test. */
struct rig_fast_clock {
    int64_t start_ms;
    int64_t factor;
};
struct gw_clock rig_fast_clock(struct rig_fast_clock *fast, int64_t factor);

/* ---- files and programs ---- */

struct rig_dir {
    char path[RIG_PATH / 2];
};
void rig_dir_make(struct rig_dir *dir);
void rig_dir_remove(struct rig_dir *dir);
void rig_path(const struct rig_dir *dir, const char *name, char out[RIG_PATH]);
void rig_write(const struct rig_dir *dir, const char *name, const void *data, size_t len);
/* malloc'd text of a file. */
char *rig_read(const struct rig_dir *dir, const char *name);
/* Runs a shell command inside the folder; its exit status. */
int rig_run(const struct rig_dir *dir, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A TCP port of 127.0.0.1 that nobody else gets while this process lives. */
int rig_free_port(void);

/* ---- broker ---- */

struct rig_broker {
    struct rig_dir *dir;
    int port;
    pid_t pid;
};
/* Writes mosquitto.conf with one listener and the extra lines, and starts it; returns once it takes
 * connections. */
void rig_broker_start(struct rig_broker *b, const char *extra);
/* Starts it again with the same file. */
void rig_broker_restart(struct rig_broker *b);
/* Sends the signal and waits for the end; nothing when it does not run. */
void rig_broker_end(struct rig_broker *b, int signal);

/* ---- a listener on nonsite/# ---- */

struct rig_listener;
/* A client with its own thread that stays subscribed, also over restarts of the broker. */
struct rig_listener *rig_listener_start(int port);
void rig_listener_stop(struct rig_listener *l);
/* How many messages came with this topic (NULL: any) whose payload holds text (NULL: any). */
int rig_heard(struct rig_listener *l, const char *topic, const char *text);
/* Of these, the ones that were marked historical; that were retained; that had an expiry. */
int rig_heard_historical(struct rig_listener *l, const char *topic);
int rig_heard_retained(struct rig_listener *l, const char *topic, const char *text);
int rig_heard_expiring(struct rig_listener *l, const char *topic);
/* The place of the first such message in the order of arrival; -1: none. */
int rig_heard_first(struct rig_listener *l, const char *topic, const char *text);

/* ---- backlog ---- */

#define RIG_PARCELS 4000

struct rig_parcel {
    enum gw_parcel_kind kind;
    const char *topic;
    size_t pad; /* bytes to add to the payload */
    bool historical;
    bool out; /* handed out since the last rewind */
    int acks;
};

struct rig_backlog;
struct rig_backlog *rig_backlog_new(void);
void rig_backlog_free(struct rig_backlog *b);
struct gw_backlog rig_backlog_hooks(struct rig_backlog *b);
/* Adds n parcels; the payload of parcel i is {"n":i} with a pad. */
void rig_backlog_add(struct rig_backlog *b, int n, struct rig_parcel like);
int rig_backlog_acked(struct rig_backlog *b, int from, int to); /* parcels with at least one ack */
int rig_backlog_out(struct rig_backlog *b);                     /* handed out and not acked, now */
int rig_backlog_granted(struct rig_backlog *b);  /* granted and not handed out, now */
int rig_backlog_most_out(struct rig_backlog *b); /* greatest out + granted ever */
int rig_backlog_rewinds(struct rig_backlog *b);

/* ---- the worker under test ---- */

struct gw_site_mqtt rig_site(int port);
struct gw_mqtt *rig_start(const struct gw_site_mqtt *site, struct rig_backlog *b,
                          const struct gw_clock *clock);
void rig_document(struct gw_mqtt *m, enum gw_document doc, const char *text);
struct gw_mqtt_stats rig_stats(struct gw_mqtt *m);
bool rig_fault_has(struct gw_mqtt *m, const char *text);

#endif
