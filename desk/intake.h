/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/intake: a message as it came from the broker: verified, then kept or refused.
 *
 * Nothing is believed of a message but what a signature by an enrolled key covers: a record counts
 * when its key, its bytes and its gateway agree with the topic; a window only by the hash that a
 * signed evidence record names. What is refused is counted with a reason and changes nothing else.
 * Between begin and commit of the store; one thread.
 */
#ifndef GW_DESK_INTAKE_H
#define GW_DESK_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "desk/conf.h"
#include "desk/store.h"

#define GW_DESK_MESSAGE_MAX ((size_t)8 << 20)

enum gw_desk_what {
    GW_DESK_IGNORED = 0, /* nothing for us: telemetry, events, another topic */
    GW_DESK_REFUSED,
    GW_DESK_RECORD,
    GW_DESK_WINDOW,
    GW_DESK_DOCUMENT, /* status, inventory, cases, health */
    GW_DESK_REPLY
};

struct gw_desk_taken {
    enum gw_desk_what what;
    char gateway[GW_DESK_ID];
    char why[256];         /* REFUSED */
    enum gw_desk_put put;  /* RECORD */
    struct gw_place place; /* RECORD: what a receipt names; in every case but REFUSED */
    bool lead;             /* RECORD: feeds and sheets change */
    bool proof;            /* RECORD of a proof test, DOCUMENT inventory: their sheet changes */
    char case_id[160];     /* RECORD: of an alarm, a lead or its evidence; "" */
    char county[16];       /* RECORD, DOCUMENT inventory */
    /* WINDOW: the record that it is said to belong to. RECORD of class evidence: that it is about */
    char record[GW_RECORD_ID_SIZE];
    char window[GW_SHA256_HEX];  /* WINDOW: its hash. RECORD of class evidence: that it names; "" */
    char command[GW_SHA256_HEX]; /* REPLY: the command that it answers */
    bool done;                   /* REPLY */
    char text[512];              /* REPLY: English */
};

/* topic: the whole of it. Errors are the store's: nothing of the message was kept then. */
enum gw_status gw_desk_intake(const struct gw_desk_conf *conf, struct gw_desk_store *store,
                              const char *topic, const char *data, size_t len, int64_t now_ms,
                              struct gw_desk_taken *out, struct gw_err *err) GW_MUST_CHECK;

#endif
