/* SPDX-License-Identifier: Apache-2.0
 *
 * scene: a small plant, the findings engine that watches it, and a journal, on a clock that the
 * test holds. The site comes from JSON text through the real reader, with a driver that reads
 * nothing; the findings from the real catalogue. Instruments say what the test makes them say; each
 * step of time polls all of them once, device by device. Everything that is emitted is checked on
 * the way: canonical, complete, mergeable with the chain's members, and no case raised twice or
 * cleared unopened.
 *
 * A wrong name or a failed check ends the test at once (cmocka's fail). One thread.
 */
#ifndef GW_TESTS_SCENARIO_SCENE_H
#define GW_TESTS_SCENARIO_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/json.h"
#include "finding/engine.h"
#include "model/draft.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct scene_conf {
    const char *sector;  /* NULL: "machinery" */
    const char *devices; /* members of "devices", without braces: "\"pt\":{\"bus\":\"b1\"}" */
    const char *points; /* members of "points": "\"pt.t1\":{\"is\":\"number\",\"unit\":\"degC\"}" */
    const char *assets; /* members of "assets" */
    int64_t step_ms;    /* 0: 1000 */
    int64_t before_s, after_s; /* evidence window; 0: 300 and 120 */
    /* For stories of weeks: in each step all instruments answer and then all checks are looked at
     * once, and what runs is stored once a minute. */
    bool glance;
};
/* Buses are b1, b2 and b3. */

/* A record that the journal has committed. */
struct scene_record {
    int64_t seq;
    enum gw_class cls;
    int priority;
    char key[160]; /* state key */
    char *body;    /* as emitted */
    size_t body_len;
    struct gw_json *doc;
    char *window; /* EVIDENCE */
    size_t window_len;
    struct gw_json *window_doc;
    char window_id[GW_RECORD_ID_SIZE];
};

struct scene;

struct scene *scene_new(const struct scene_conf *conf);
void scene_free(struct scene *s);

/* ---- the plant ---- */

void scene_num(struct scene *s, const char *point, double value);
void scene_int(struct scene *s, const char *point, int64_t value);
void scene_contact(struct scene *s, const char *point, bool on);
void scene_state(struct scene *s, const char *point, enum gw_state state);
/* From now on the point is read with this quality; a BAD one has no value. GOOD: as it was set
 * last. */
void scene_quality(struct scene *s, const char *point, enum gw_quality quality);
/* DOWN and SUSPECT: all points of the device BAD_COMM. */
void scene_link(struct scene *s, const char *device, enum gw_link link);
/* What the device says that it is; "": nothing. At most GW_IDENTITY_SIZE - 1 characters. */
void scene_identity(struct scene *s, const char *device, const char *identity);
/* The device is not polled at all: its points grow stale. */
void scene_freeze(struct scene *s, const char *device, bool frozen);

/* Remembers all that the instruments say, and makes them say it again. */
void scene_mark(struct scene *s);
void scene_heal(struct scene *s);

/* ---- time ---- */

/* Runs for ms: first a step now, if there was none at this moment, then one every step_ms and one
 * at the end. In longer steps the engine looks every five seconds in between. */
void scene_run(struct scene *s, int64_t ms);
void scene_step_ms(struct scene *s, int64_t step_ms);
/* Only the wall clock moves. */
void scene_clock_step(struct scene *s, int64_t ms);
void scene_sync(struct scene *s,
                bool sync); /* whether the wall clock is synchronised; true at first */
struct gw_stamp scene_now(const struct scene *s);
/* Time passes and nobody looks; what the device says now enters the table and nobody decides. For
 * tests that call the engine themselves. */
void scene_wait(struct scene *s, int64_t ms);
uint32_t scene_poll(struct scene *s, const char *device); /* returns the device's index */

/* ---- the journal ---- */

/* Percentage of drafts that are refused as full; 100: the journal is full. */
void scene_refuse(struct scene *s, unsigned percent, uint64_t seed);
/* Drafts are committed so many steps after they were taken; 0: at the end of the step. */
void scene_commit_lag(struct scene *s, unsigned steps);

/* Ends the engine and starts another one from the stored rows after down_ms. A clean end stores all
 * that runs and commits all that was taken; a crash forgets what was not committed. With reboot the
 * monotonic clock starts anew. */
enum scene_end { SCENE_CLEAN, SCENE_CRASH };
void scene_restart(struct scene *s, enum scene_end how, int64_t down_ms, bool reboot);
/* Restarts with another "assets" section. */
void scene_reload(struct scene *s, const char *assets);
/* The same without a restart: another engine takes over from the running one, as at a reload of the
 * daemon. Everything that was taken is committed first. */
void scene_swap(struct scene *s, const char *assets);

size_t scene_records(const struct scene *s);
const struct scene_record *scene_record(const struct scene *s, size_t i);
/* Records of this finding (any subject) in this state ("raised" ...); of evidence: state NULL. */
size_t scene_count(const struct scene *s, const char *code, const char *state);
/* The last of these; fails when there is none. */
const struct scene_record *scene_last(const struct scene *s, const char *code, const char *state);
/* "<key>#<number>:<reopened>" of every standing case and alarm, sorted, one a line. malloc'd. */
char *scene_standing(const struct scene *s);
/* "<key> <state>" of every record, sorted, one a line; "<key> evidence". malloc'd. */
char *scene_history(const struct scene *s);
/* The stored row of a check, NULL when there is none. Lent. */
const char *scene_row(const struct scene *s, const char *key);
size_t scene_rows_written(const struct scene *s); /* state rows without a record */

/* Commits what was taken. */
void scene_commit(struct scene *s);

struct gw_engine *scene_engine(struct scene *s);
const struct gw_inventory *scene_inventory(const struct scene *s);
const struct gw_table *scene_table(const struct scene *s);

/* ---- reading records ---- */

/* The value at a path of keys and indexes, "evidence/points/0/raw/1"; fails when it is not there.
 */
const struct gw_jnode *rec_at(const struct scene_record *r, const char *path);
const char *rec_str(const struct scene_record *r, const char *path);
int64_t rec_int(const struct scene_record *r, const char *path);
bool rec_has(const struct scene_record *r, const char *path);
void rec_id(const struct scene_record *r, char out[GW_RECORD_ID_SIZE]);

#endif
