/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot: what the core shows of itself to the local API, as a copy.
 *
 * The board holds three snapshots, all made at the start: the core fills one, the reader looks at
 * another, and the third lies between them. Publishing and reading swap places under a lock that
 * nobody holds for longer than that, so a reader, however slow, never delays the core, and the core
 * never waits. A copy is only made when a reader asked since the last one, and only of the parts that
 * it asked for: one core thread, one reader thread.
 */
#ifndef GW_CONTROL_SNAPSHOT_H
#define GW_CONTROL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/shared.h"
#include "base/status.h"
#include "conf/site.h"
#include "finding/proofs.h"
#include "model/command.h"
#include "model/draft.h"
#include "model/sample.h"
#include "model/table.h"

/* Parts that a reader may ask for, as bits; devices, buses and the counters are in every snapshot. */
#define GW_PART_POINTS   1u  /* points */
#define GW_PART_STANDING 2u  /* standing */
#define GW_PART_GOVERN   4u  /* the texts of permits, orders and shelves */
#define GW_PART_HEALTH   8u  /* the text of health */
#define GW_PART_EVENTS   16u /* events */
#define GW_PART_PROOFS   64u /* proofs */
#define GW_PART_NONE     32u /* nothing more than what is always there */

/* Pieces of JSON that the core writes as it writes them elsewhere. */
enum gw_snapshot_text {
    GW_TEXT_PERMITS = 0, /* an array */
    GW_TEXT_ORDERS,      /* an array */
    GW_TEXT_SHELVES,     /* an array */
    GW_TEXT_HEALTH,      /* the health document without kid and signature */
    GW_TEXT_COUNT
};
#define GW_SNAPSHOT_TEXT_MAX ((size_t)4 << 20)

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
    uint32_t check;             /* index in the inventory; UINT32_MAX: undeclared */
    char permit[GW_COMMAND_ID]; /* that withholds it; "": none */
    int64_t shelved_until_ms;   /* wall time; 0: it is not shelved */
    char shelved_by[GW_COMMAND_ID], shelved_why[GW_COMMAND_TEXT];
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

/* Something that happened to the gateway. */
#define GW_EVENTS_KEPT 200
struct gw_snapshot_event {
    int64_t n;    /* 1, 2 ... since the start */
    int64_t t_ms; /* wall time */
    char kind[24];
    char place[128]; /* device, file ...; "": the gateway itself */
    char en[256], zh[256];
};

struct gw_snapshot_influx {
    bool enabled, connected;
    char fault[160];
    uint64_t sent, posts, rejected;
    unsigned held;
};

/* Which inventory the platform accepted. */
struct gw_snapshot_accepted {
    bool present; /* it is this one */
    char hash[GW_SHA256_HEX];
    char who[GW_COMMAND_ID];
    int64_t at_ms; /* wall time */
};

struct gw_inventory;
struct gw_snapshot {
    const struct gw_site *site;           /* whose points these are */
    const struct gw_inventory *inventory; /* and its checks; NULL: documents tell less */
    struct gw_shared *owner; /* keeps both as long as the snapshot is; held by the board */
    unsigned parts;          /* GW_PART_ bits of what is filled */
    struct gw_stamp now;
    bool deciding; /* the engine runs; false until the journal is open */
    size_t checks, alarms, leads, unknown;
    char config_fault[320]; /* why the site file is not in use; "" when it is */
    bool last_good;         /* it was bad at the start */
    uint64_t batches_lost;
    struct gw_snapshot_journal journal;
    struct gw_snapshot_mqtt mqtt;
    struct gw_snapshot_influx influx;
    struct gw_snapshot_accepted accepted;
    char chain[GW_CHAIN_SIZE], head[GW_SHA256_HEX]; /* "" while the journal is not open */
    struct gw_buf texts[GW_TEXT_COUNT];
    struct gw_proofs proofs;  /* by PROOFS */
    struct gw_sample *points; /* one per point of the site, in its order */
    size_t npoints;
    struct gw_device_life *devices; /* one per device of the site, in its order */
    size_t ndevices;
    struct gw_bus_life *buses; /* one per bus of the site, in its order */
    size_t nbuses;
    struct gw_standing *standing;
    struct gw_snapshot_event
        *events; /* room for GW_EVENTS_KEPT once there was one, the oldest first */
    size_t nevents;
    size_t nstanding, standing_cap; /* kept by gw_snapshot_add */
    bool incomplete;                /* memory was short: not to be shown */
};

/* Room for one more case or alarm; NULL when memory is short, which marks it incomplete. */
struct gw_standing *gw_snapshot_add(struct gw_snapshot *s);

/* Room for GW_EVENTS_KEPT events; NULL when memory is short, which marks it incomplete. */
struct gw_snapshot_event *gw_snapshot_events(struct gw_snapshot *s);

struct gw_board;

/* What snapshots are of. */
struct gw_board_of {
    const struct gw_site *site;
    const struct gw_inventory *inventory; /* NULL: none */
    struct gw_shared *owner;              /* keeps both; NULL: they outlive the board */
};
/* GW_E_NOMEM, GW_E_IO (no descriptors). */
enum gw_status gw_board_new(const struct gw_board_of *of, struct gw_board **out,
                            struct gw_err *err) GW_MUST_CHECK;
/* The core. From now on snapshots are of these; each is made anew when its turn comes. */
void gw_board_turn(struct gw_board *b, const struct gw_board_of *of);
void gw_board_free(struct gw_board *b);

/* The core. The parts that somebody asked for and that were not published since; 0: nobody asked. */
unsigned gw_board_wanted(struct gw_board *b);
/* The core. A snapshot to fill with these parts, with all but site and arrays zeroed, no text and
 * nothing standing; NULL when memory is short. */
struct gw_snapshot *gw_board_begin(struct gw_board *b, unsigned parts);
/* The core. Shows what was filled. An incomplete one is not shown; the asking goes on. */
void gw_board_publish(struct gw_board *b);

/* The reader. Asks for a fresh one with at least these parts (not 0). */
void gw_board_ask(struct gw_board *b, unsigned parts);
/* The reader. The latest, valid until the next call; NULL before the first. */
const struct gw_snapshot *gw_board_read(struct gw_board *b);
/* Polls readable after a publication until gw_board_seen. Lent. The reader. */
int gw_board_fd(const struct gw_board *b);
void gw_board_seen(struct gw_board *b);

#endif
