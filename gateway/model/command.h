/* SPDX-License-Identifier: Apache-2.0
 *
 * command: what a person or the platform asks of the gateway, as plain data.
 *
 * Whoever brings it (the platform's signed message, the local API, a test) has checked who it comes
 * from and what it may do; the engine carries it out on the core thread and answers. No command
 * reaches the plant: they change what the gateway knows, never what an instrument does.
 *
 * A command that changed something leaves a record of class `command` in the chain: what was asked,
 * by whom, under which reference, from when until when. Suppression is therefore always visible.
 */
#ifndef GW_MODEL_COMMAND_H
#define GW_MODEL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/draft.h"
#include "model/point.h"

enum gw_command_kind {
    GW_COMMAND_ACK = 0, /* target: check key of an alarm. */
    GW_COMMAND_SHELVE, /* target: check key of an alarm; until_ms, reason. UNSHELVE ends it early */
    GW_COMMAND_UNSHELVE,
    GW_COMMAND_PERMIT, /* target: asset or check key; id, from_ms, until_ms, reason; see scope */
    GW_COMMAND_REVOKE, /* target: "" ; id of the permit */
    GW_COMMAND_ORDER,  /* target: asset, or "" for the site; order, id, reason */
    GW_COMMAND_ACCEPT, /* hash: SHA-256 of the inventory that the platform accepts, lower-case hex */
    GW_COMMAND_RECTIFY, /* target: case id; until_ms (deadline), body, role, standard */
    GW_COMMAND_CLAIM,   /* target: case id: the plant says that it is mended */
    GW_COMMAND_CANCEL,  /* target: case id: 销号, the platform's alone */
    GW_COMMAND_COUNT,
    /* Behind what the platform may ask (below), for it is for people on the spot alone. target: asset;
     * point, what, reason; the engine fills in role, from_value, to_value and after_ms. */
    GW_COMMAND_PROOF = GW_COMMAND_COUNT + 3
};
const char *gw_command_name(enum gw_command_kind kind); /* "ack", "shelve" ... */

/* What the platform may ask: every command, and what is answered without changing anything. */
#define GW_ASK_RECEIPT   ((unsigned)GW_COMMAND_COUNT)
#define GW_ASK_EVIDENCE  (GW_ASK_RECEIPT + 1)
#define GW_ASK_CHALLENGE (GW_ASK_RECEIPT + 2)
#define GW_ASK_COUNT     (GW_ASK_RECEIPT + 3)
_Static_assert(GW_COMMAND_PROOF == GW_ASK_COUNT, "a command and an ask have one number");
const char *gw_ask_name(unsigned ask); /* "ack" ... "receipt"; "?" when there is none */

enum gw_order { GW_ORDER_SUSPEND = 0, GW_ORDER_WATCH, GW_ORDER_LIFT };

/* What a permit is for. */
enum gw_permit_scope {
    GW_PERMIT_MAINTENANCE = 0, /* work on instruments and the asset */
    GW_PERMIT_SHIELD,          /* detectors shielded or bypassed */
    GW_PERMIT_CALIBRATION,
    GW_PERMIT_HOT_WORK, /* certificate and certificate_until_ms are wanted */
    GW_PERMIT_COUNT
};
const char *gw_permit_scope_name(enum gw_permit_scope scope); /* "maintenance", "shield" ... */

/* What was seen at a proof test. */
enum gw_proof_what {
    GW_PROOF_MOVED = 0, /* the signal moved */
    GW_PROOF_ACTED      /* it moved as an interlock's effect, in its time */
};
const char *gw_proof_what_name(enum gw_proof_what what); /* "moved", "acted" */
#define GW_PROOF_VALUE 32

/* Who asks. The platform's word withholds leads; a local permit only annotates them. The gateway
 * itself only ends what has expired. */
enum gw_authority { GW_BY_LOCAL = 0, GW_BY_PLATFORM, GW_BY_GATEWAY };

#define GW_COMMAND_TARGET 160
#define GW_COMMAND_ID     64
#define GW_COMMAND_TEXT   256

struct gw_command {
    enum gw_command_kind kind;
    enum gw_authority by;
    char who[GW_COMMAND_ID]; /* role or user name: a function, never a person's name */
    char target[GW_COMMAND_TARGET];
    char id[GW_COMMAND_ID]; /* of the permit or order, given by who asks */
    char reason[GW_COMMAND_TEXT];
    int64_t from_ms, until_ms; /* wall time; 0: now / not given */
    enum gw_order order;
    enum gw_permit_scope scope;
    char certificate[GW_COMMAND_ID];
    int64_t certificate_until_ms;
    char hash[65];
    char body[GW_COMMAND_TEXT], role[GW_COMMAND_ID], standard[GW_COMMAND_TEXT];
    char point[GW_POINT_ID];
    enum gw_proof_what what;
    char from_value[GW_PROOF_VALUE], to_value[GW_PROOF_VALUE];
    int64_t after_ms;
    int64_t since_ms; /* PROOF, wall time: what moved before it does not count; 0: not given */
    int64_t moved_ms; /* and when it moved */
};

/* How it ended. */
struct gw_command_answer {
    bool done;
    bool later; /* not done, and nothing is wrong with it: the journal takes none now */
    char why[GW_COMMAND_TEXT]; /* English: why not, or what was done */
    char why_zh[GW_COMMAND_TEXT];
};

#endif
