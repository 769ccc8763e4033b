/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot: what the core shows of itself to the local API, as a copy.
 *
 * The board holds three snapshots, all made at the start: the core fills one, the reader looks at
 * another, and the third lies between them. Publishing and reading swap places under a lock that
 * nobody holds for longer than that, so a reader, however slow, never delays the core, and the core
 * never waits. A copy is only made when a reader asked since the last one: one core thread, one
 * reader thread.
 */
#ifndef GW_CONTROL_SNAPSHOT_H
#define GW_CONTROL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/shared.h"
#include "base/status.h"
#include "conf/site.h"
#include "model/draft.h"
#include "model/sample.h"
#include "model/table.h"

#define GW_STANDING_ID   160
#define GW_STANDING_NAME 32

/* One case or alarm that stands. */
struct gw_standing {
    bool alarm;       /* an alarm; otherwise a lead's case */
    bool declared;    /* false: the site file no longer has its check */
    int priority;     /* 1 (most urgent) .. 4; 0: not known */
    int64_t since_ms; /* wall time */
    int64_t reopened;
    char id[GW_STANDING_ID]; /* "<asset>:<finding>[:<subject>]#<n>" */
    char asset[GW_STANDING_NAME];
    char finding[GW_STANDING_NAME];
    char subject[GW_POINT_ID];
    char record[GW_RECORD_ID_SIZE];
    /* Lent by the catalogue and by constants: valid as long as the snapshot. */
    const char *kind;     /* "FLT" ...; "" when not known */
    const char *state;    /* "open", "unacked", "acked", "latched" */
    const char *title_zh; /* "" when not known */
    const char *title_en;
};

struct gw_snapshot_journal {
    bool ok;
    const char *state; /* "ok", "failed", "full"; NULL before the first look */
    char fault[160];   /* "" while it works */
    int64_t seq;       /* of the last record */
    uint64_t records_waiting, telemetry_waiting, telemetry_lost;
    uint64_t unreceipted;      /* that the broker has and the platform has not receipted */
    int64_t oldest_waiting_ms; /* how long the oldest record has waited */
};

struct gw_snapshot_mqtt {
    bool enabled, connected;
    char fault[160];
    uint64_t published, acked;
    unsigned held;
};

struct gw_snapshot {
    const struct gw_site *site; /* whose points these are; held as long as the snapshot is */
    struct gw_shared *owner;    /* of the site; kept by the board */
    struct gw_stamp now;
    bool deciding; /* the engine runs; false until the journal is open */
    size_t checks, alarms, leads, unknown;
    char config_fault[320]; /* why the site file is not in use; "" when it is */
    bool last_good;         /* it was bad at the start */
    uint64_t batches_lost;
    struct gw_snapshot_journal journal;
    struct gw_snapshot_mqtt mqtt;
    struct gw_sample *points; /* one per point of the site, in its order */
    size_t npoints;
    struct gw_device_life *devices; /* one per device of the site, in its order */
    size_t ndevices;
    struct gw_bus_life *buses; /* one per bus of the site, in its order */
    size_t nbuses;
    struct gw_standing *standing;
    size_t nstanding, standing_cap; /* kept by gw_snapshot_add */
    bool incomplete;                /* memory was short: not to be shown */
};

/* Room for one more case or alarm; NULL when memory is short, which marks it incomplete. */
struct gw_standing *gw_snapshot_add(struct gw_snapshot *s);

struct gw_board;

/* For a site, which owner keeps (NULL: it outlives the board). GW_E_NOMEM, GW_E_IO (no descriptors).
 */
enum gw_status gw_board_new(const struct gw_site *site, struct gw_shared *owner,
                            struct gw_board **out, struct gw_err *err) GW_MUST_CHECK;
/* The core. From now on snapshots are of this site; each is made anew for it when its turn comes. */
void gw_board_site(struct gw_board *b, const struct gw_site *site, struct gw_shared *owner);
void gw_board_free(struct gw_board *b);

/* The core. Whether somebody asked since the last publication. */
bool gw_board_wanted(struct gw_board *b);
/* The core. A snapshot to fill, with all but site and arrays zeroed and nothing standing; NULL when
 * memory is short. */
struct gw_snapshot *gw_board_begin(struct gw_board *b);
/* The core. Shows what was filled. An incomplete one is not shown; the asking goes on. */
void gw_board_publish(struct gw_board *b);

/* The reader. Asks for a fresh one. */
void gw_board_ask(struct gw_board *b);
/* The reader. The latest, valid until the next call; NULL before the first. */
const struct gw_snapshot *gw_board_read(struct gw_board *b);
/* Polls readable after a publication until gw_board_seen. Lent. The reader. */
int gw_board_fd(const struct gw_board *b);
void gw_board_seen(struct gw_board *b);

#endif
