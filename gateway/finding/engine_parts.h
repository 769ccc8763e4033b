/* SPDX-License-Identifier: Apache-2.0
 *
 * engine_parts: the engine's inside. Only for its own files; core thread.
 */
#ifndef GW_FINDING_ENGINE_PARTS_H
#define GW_FINDING_ENGINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarm/alarm.h"
#include "alarm/chatter.h"
#include "alarm/delay.h"
#include "alarm/flood.h"
#include "alarm/vote.h"
#include "base/ratelog.h"
#include "finding/engine.h"
#include "finding/life.h"
#include "finding/record.h"
#include "finding/recurrence.h"
#include "finding/rule.h"
#include "finding/shelf.h"
#include "finding/state.h"

/* A window document; room for every sample of GW_CHECK_POINTS full rings. */
#define GW_WINDOW_MAX ((size_t)4 * 1024 * 1024)

/* What others may see of a check. */
struct gw_shown {
    struct gw_case c;
    enum gw_alarm_state alarm;
};

static inline struct gw_shown gw_shown_of(const struct gw_check_state *s)
{
    return (struct gw_shown){.c = s->c, .alarm = s->alarm};
}

/* One check over time. */
struct gw_slot {
    const struct gw_check_def *def;
    struct gw_delay delay;            /* active, ran_on and ran_off live here ... */
    struct gw_check_state mem;        /* ... and everything else that lasts, here */
    struct gw_recurrence *recurrence; /* REPEATED; owned */
    enum gw_tri raw;                  /* of the last evaluation, ... */
    enum gw_tri answer;               /* ... and after the vote, which is what counts */
    bool withheld;                    /* due to be raised, and a permit withholds it */
    int64_t opened_ms;   /* monotonic time of the last raise; valid while mem.evidence */
    bool opened_here;    /* that was since the start, so its window can be whole */
    bool fell;           /* the condition was seen to be gone, and is not back yet */
    int64_t rose_ms;     /* stamp of the sample with which it came; INT64_MIN: not seen */
    struct gw_trip trip; /* from and to when it held, the last time that it stood its vote */

    /* Alarms only; see engine_alarm.c. Monotonic times. */
    struct gw_chatter chatter;
    int64_t vote_ms;       /* stamp of the last vote */
    unsigned masks;        /* GW_ALARM_MASK_... */
    bool tried;            /* the condition holds, its delay has not passed */
    bool counted;          /* for a flood, since the raise is due */
    bool held, release;    /* the raise waits for the end of a flood; or no longer */
    bool stale;            /* stands for too long */
    int64_t held_ms;       /* since when it waits */
    int64_t merged_ms;     /* first time that it came and went in a flood */
    int64_t told_ms, told; /* when it was told how often it chattered, and what */
    int64_t owed;          /* it came and went so often and chatters no more: not told yet */

    /* What the journal was given last, and when (monotonic). NULL: nothing yet, as most leads of a
     * good site all their life; alarms have it from the start. Owned. */
    struct gw_check_state *stored;
    int64_t stored_ms;

    struct gw_shown shown; /* what the journal has committed */
    int64_t seq;           /* record that opened the present case or alarm; 0: none known */
    uint64_t token;        /* of the record that waits for its commit; 0: none */
    bool opens;            /* that record opens a case or an alarm */
};

/* A stored row of a check that the inventory does not have. */
struct gw_orphan {
    char key[GW_CHECK_KEY];
    struct gw_check_state state;
    int64_t seq;
    bool unstored; /* the store was replaced and has no row of it yet */
};

struct gw_engine {
    struct gw_engine_conf conf;
    const struct gw_site *site;
    const struct gw_catalogue *catalogue;
    char boot_id[GW_BOOT_ID_SIZE];
    char chain[GW_CHAIN_SIZE];
    int64_t before_ms, after_ms; /* evidence window */

    struct gw_slot *slots;
    size_t nslots;
    struct gw_orphan *orphans;
    size_t norphans;

    uint32_t *by_device;  /* slots that look at each device, ascending ... */
    size_t *device_start; /* ... from here to the next device's start */
    size_t ndevices;

    struct gw_chatter_conf chatter;
    struct gw_flood_conf flood_conf;
    struct gw_flood flood;
    bool flood_seeded; /* with alarms from before the start */
    int64_t summary_ms, stale_ms;
    bool merging; /* room for records is short */
    struct gw_shelf shelves[GW_SHELVES_MAX];
    size_t nshelves;
    struct gw_govern govern;
    struct gw_proofs proofs;
    struct gw_life life;
    char inventory_sha256[GW_SHA256_HEX];
    bool restore_govern; /* the store was replaced and has none of its rows yet */
    bool governed;       /* what govern.h holds changed since it was last asked for */

    struct gw_stamp looked; /* when checks were looked at last */
    uint64_t tokens;        /* given out so far */
    bool changed;           /* the committed list of cases, since it was last asked for */

    struct gw_buf body;   /* GW_RECORD_MAX */
    struct gw_buf window; /* up to GW_WINDOW_MAX */
    struct gw_sample *scratch;
    struct gw_ratelog trouble; /* records that could not be written */
};

void gw_engine_cmd_proof(struct gw_engine *e, const struct gw_command *cmd,
                         const struct gw_stamp *now, struct gw_command_answer *out);
/* False: the journal took not all of them. */
bool gw_engine_store_proofs(struct gw_engine *e);

/* What the journal was given last, or what stands for nothing. */
const struct gw_check_state *gw_slot_stored(const struct gw_slot *s);
/* Makes room for it, so that noting it cannot fail. False: no memory. */
bool gw_slot_room(struct gw_slot *s);
/* As if the journal had never been given anything. */
void gw_slot_forget(struct gw_slot *s);
/* After gw_slot_room. */
void gw_slot_note(struct gw_slot *s, const struct gw_check_state *stored, int64_t now_ms);

/* Everything that lasts, in one. */
struct gw_check_state gw_slot_state(const struct gw_slot *s);

/* A context for the check at this moment. */
void gw_engine_ctx(const struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now,
                   struct gw_rule_ctx *out);

/* Tries to make the change real that the delays ask for: record, state, token. Does nothing when
 * the record cannot be written or is not taken now. */
void gw_engine_transit(struct gw_engine *e, struct gw_slot *s, const struct gw_rule_ctx *ctx,
                       const struct gw_stamp *now);
/* Records windows whose time has passed; a few at each call. */
void gw_engine_windows(struct gw_engine *e, const struct gw_stamp *now);

/* ---- alarms (engine_alarm.c); leads pass through them ---- */

void gw_engine_alarm_conf(struct gw_engine *e);
struct gw_alarm gw_slot_alarm(const struct gw_slot *s);
/* Takes s->raw and returns the answer that counts. Before the delays. */
enum gw_tri gw_engine_watch(struct gw_engine *e, struct gw_slot *s, const struct gw_rule_ctx *ctx,
                            const struct gw_stamp *now);
/* Notices what came and went. After the delays, before the transition. */
void gw_engine_track(struct gw_engine *e, struct gw_slot *s, const struct gw_stamp *now);
/* Whether the change that the delays ask for may be made now. Only while s->token is 0. */
bool gw_engine_lets(struct gw_engine *e, struct gw_slot *s, enum gw_tri due,
                    const struct gw_stamp *now);
/* An alarm that waits for the end of a flood is quoted by a lead: it waits no longer. Whether there
 * was one to wait for. */
bool gw_engine_release(struct gw_engine *e, uint32_t check);
/* Every second or so: floods, summaries, ends of shelving. */
void gw_engine_alarms(struct gw_engine *e, const struct gw_stamp *now);

/* Records that a latched alarm is active again; does nothing when that is not taken. */
void gw_engine_again(struct gw_engine *e, struct gw_slot *s, enum gw_alarm_state state,
                     const struct gw_stamp *now);

enum gw_summary { GW_SUMMARY_CHATTER = 0, GW_SUMMARY_FLOOD };
/* Records how often an alarm came and went; does nothing when that is not taken. */
void gw_engine_summary(struct gw_engine *e, struct gw_slot *s, enum gw_summary what, int64_t count,
                       const struct gw_stamp *now);

/* ---- shelving (engine_shelf.c) ---- */

/* Its shelf, or NULL. */
const struct gw_shelf *gw_engine_shelf(const struct gw_engine *e, const struct gw_slot *s);
void gw_engine_cmd_shelve(struct gw_engine *e, const struct gw_command *cmd,
                          const struct gw_stamp *now, struct gw_command_answer *out);
void gw_engine_cmd_unshelve(struct gw_engine *e, const struct gw_command *cmd,
                            const struct gw_stamp *now, struct gw_command_answer *out);
/* cmd NULL: its time is over. GW_E_FULL: the journal takes none now. */
enum gw_status gw_engine_unshelve(struct gw_engine *e, struct gw_shelf *shelf,
                                  const struct gw_command *cmd, const struct gw_stamp *now);
/* Stores their rows anew, after the store was replaced. False when the journal takes none now. */
bool gw_engine_store_shelves(struct gw_engine *e);
enum gw_status gw_engine_restore_shelf(struct gw_engine *e, const char *key, const char *text);

/* An answer in both languages (engine_command.c). */
/* Ends permits whose time has passed, before any check is looked at. */
void gw_engine_permits(struct gw_engine *e, const struct gw_stamp *now);
/* Holds claims against the data. */
void gw_engine_claims(struct gw_engine *e, const struct gw_stamp *now);
/* A record that the claim is not borne out, with `said` as its row in one transaction. */
enum gw_status gw_engine_update(struct gw_engine *e, struct gw_slot *s,
                                const struct gw_rectify *said, const struct gw_stamp *now);
/* Stores a row without a record; text NULL: deletes it. False when the journal takes none now. */
bool gw_engine_store(struct gw_engine *e, const char *key, const char *text);
/* Stores all rows of permits, orders and the like anew, after the store was replaced. */
void gw_engine_store_govern(struct gw_engine *e);
/* Carries out what is no alarm's: see govern.h. */
void gw_engine_govern_command(struct gw_engine *e, const struct gw_command *cmd,
                              const struct gw_stamp *now, struct gw_command_answer *out);
void gw_engine_answer(struct gw_command_answer *out, bool done, const char *en, const char *zh);
/* Nothing is wrong with it, and the journal takes none now. */
void gw_engine_later(struct gw_command_answer *out);
/* A command carried out, and the row that it leaves. */
struct gw_deed {
    const struct gw_command *command;
    const struct gw_text *text;
    const char *key; /* NULL: it leaves none */
    const char *row; /* NULL: the row goes */
};
/* Posts its record with its row. GW_E_FULL, also when it cannot be written: nothing is done. */
enum gw_status gw_engine_record(struct gw_engine *e, const struct gw_deed *deed,
                                const struct gw_stamp *now) GW_MUST_CHECK;
/* The check's key and the number of a case id; false when it is none. */
bool gw_engine_split_case(const char *id, char key[GW_CHECK_KEY], int64_t *number);

/* "<chain>-<seq>"; "" when seq is 0 or the chain is not known. */
void gw_engine_record_id(const struct gw_engine *e, int64_t seq, char out[GW_RECORD_ID_SIZE]);
#define GW_CASE_ID (GW_CHECK_KEY + 24)
void gw_engine_case_id(const char *key, int64_t number, char out[GW_CASE_ID]);

#endif
