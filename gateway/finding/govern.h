/* SPDX-License-Identifier: Apache-2.0
 *
 * govern: what people and the platform said about assets, checks and cases: permits, orders, the
 * accepted inventory, and how a case is to be rectified.
 *
 * Kept beside the checks and stored row by row, under keys with a '/' in them, which no check's key
 * has: "permit/<id>", "order/<asset>" (of the site: an asterisk in its place), "accept/inventory",
 * "rectify/<check>". Reading a row is strict. Owned by the engine; core thread.
 *
 * Bounded: GW_PERMITS_MAX permits, GW_ORDERS_MAX orders and GW_RECTIFIES_MAX cases with something
 * said of them, taken at creation: below 400 KiB in all. One more of them is refused in words.
 *
 * A permit ends at `until` by the wall clock, and at the latest when so much time has passed as was
 * left when it was given (or restored), so that a clock set back prolongs nothing. While the clock
 * cannot be right (neither synchronised nor past the day of the build) no permit holds.
 */
#ifndef GW_FINDING_GOVERN_H
#define GW_FINDING_GOVERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/jcs.h"
#include "base/status.h"
#include "finding/inventory.h"
#include "model/command.h"

#define GW_PERMITS_MAX   64
#define GW_ORDERS_MAX    64
#define GW_RECTIFIES_MAX 256
#define GW_CLAIM_MS      ((int64_t)24 * 3600 * 1000) /* then a claim is held against the data */

#define GW_GOVERN_KEY  (GW_CHECK_KEY + 16)
#define GW_GOVERN_TEXT 2560 /* a row's text with its NUL is never longer */

struct gw_permit {
    char id[GW_COMMAND_ID];
    char target[GW_COMMAND_TARGET]; /* an asset, or a check's key */
    enum gw_permit_scope scope;
    enum gw_authority by;
    char who[GW_COMMAND_ID];
    char reason[GW_COMMAND_TEXT];
    int64_t from_ms, until_ms;
    char certificate[GW_COMMAND_ID];
    int64_t certificate_until_ms;
    int64_t ends_ms; /* monotonic: never later; 0: not reckoned yet. Not stored */
    bool over;       /* ended, and its row waits to be deleted. Not stored */
};

struct gw_standing_order {
    char target[GW_ID_SIZE]; /* an asset; "": the site */
    enum gw_order order;     /* SUSPEND or WATCH */
    char id[GW_COMMAND_ID];
    char who[GW_COMMAND_ID];
    char reason[GW_COMMAND_TEXT];
    int64_t since_ms;
};

struct gw_accepted {
    char hash[GW_SHA256_HEX]; /* "": no inventory was ever accepted */
    char who[GW_COMMAND_ID];
    int64_t at_ms;
};

/* What was said of a case. */
struct gw_rectify {
    char key[GW_CHECK_KEY];
    int64_t number;
    bool asked; /* deadline_ms, body, role and standard are given */
    int64_t deadline_ms;
    char body[GW_COMMAND_TEXT], role[GW_COMMAND_ID], standard[GW_COMMAND_TEXT];
    int64_t claimed_ms; /* 0: nobody says that it is mended */
    char claimed_by[GW_COMMAND_ID];
    bool unverified; /* the data do not bear the claim out */
    size_t slot;     /* of the engine, 1 ...; 0: not looked for yet. Not stored */
};

struct gw_govern {
    struct gw_permit permits[GW_PERMITS_MAX];
    size_t npermits;
    struct gw_standing_order orders[GW_ORDERS_MAX];
    size_t norders;
    struct gw_rectify rectifies[GW_RECTIFIES_MAX];
    size_t nrectifies;
    struct gw_accepted accepted;
};

/* True when the key is one of these rows'. */
bool gw_govern_is_key(const char *key);

/* Takes in a stored row. GW_E_PARSE: no such row; GW_E_FULL: more than there is room for. */
enum gw_status gw_govern_restore(struct gw_govern *g, const char *key,
                                 const char *text) GW_MUST_CHECK;

/* The key and text of a row; writing what was read gives the same text. */
void gw_permit_row(const struct gw_permit *p, char key[GW_GOVERN_KEY], char text[GW_GOVERN_TEXT]);
void gw_order_row(const struct gw_standing_order *o, char key[GW_GOVERN_KEY],
                  char text[GW_GOVERN_TEXT]);
void gw_accepted_row(const struct gw_accepted *a, char key[GW_GOVERN_KEY],
                     char text[GW_GOVERN_TEXT]);
void gw_rectify_row(const struct gw_rectify *r, char key[GW_GOVERN_KEY], char text[GW_GOVERN_TEXT]);

struct gw_permit *gw_govern_permit(struct gw_govern *g, const char *id);
struct gw_standing_order *gw_govern_order(struct gw_govern *g, const char *target);
/* What was said of this case; NULL: nothing. */
const struct gw_rectify *gw_govern_rectify(const struct gw_govern *g, const char *key,
                                           int64_t number);

/* Whether the permit holds at this moment. built_ms: as of gw_engine_conf. */
bool gw_permit_holds(const struct gw_permit *p, const struct gw_stamp *now, int64_t built_ms);
/* The same, and also while the clock is not set and so cannot tell, as after a power cut on a box
 * without a clock of its own: for as long as the permit lasts in all, since the machine's start. A
 * lead that comes a little late is mended; one that should not have come is not. */
bool gw_permit_may_hold(const struct gw_permit *p, const struct gw_stamp *now, int64_t built_ms);
/* Whether it names the check or its asset, or, as only a local one may, all of them. */
#define GW_PERMIT_ALL "*"
bool gw_permit_names(const struct gw_permit *p, const struct gw_check_def *def);
/* Whether its scope covers findings of this kind (catalogue, "permits"). */
bool gw_permit_covers(const struct gw_permit *p, const struct gw_catalogue *cat,
                      const struct gw_finding *f);
/* Whether it withholds the check's lead: the platform's, naming and covering it, and the lead not of
 * priority 1. Alarms are never withheld. */
bool gw_permit_withholds(const struct gw_permit *p, const struct gw_catalogue *cat,
                         const struct gw_check_def *def);
/* The permit that withholds the check's lead now; NULL: none. */
const struct gw_permit *gw_govern_withholding(const struct gw_govern *g,
                                              const struct gw_catalogue *cat,
                                              const struct gw_check_def *def,
                                              const struct gw_stamp *now, int64_t built_ms);
/* The permit that a lead's record names: valid now, naming and covering it, the platform's first. */
const struct gw_permit *gw_govern_noted(const struct gw_govern *g, const struct gw_catalogue *cat,
                                        const struct gw_check_def *def, const struct gw_stamp *now,
                                        int64_t built_ms);

/* What stands over an asset now, for the rules ORDER and PERMIT. */
struct gw_duty {
    bool suspended, watched; /* the asset or the whole site */
    bool hot_work;           /* a permit that names a certificate which has not ended */
    bool expired;            /* a permit holds, but its certificate has ended */
};
struct gw_duty gw_govern_duty(const struct gw_govern *g, const struct gw_check_def *def,
                              const struct gw_stamp *now, int64_t built_ms);

/* Members of the inventory document: arrays of what holds now. */
void gw_govern_write_permits(const struct gw_govern *g, struct gw_jcs *j, const char *key);
void gw_govern_write_orders(const struct gw_govern *g, struct gw_jcs *j, const char *key);

/* "suspend", "watch", "lift"; "platform", "local". */
const char *gw_order_name(enum gw_order order);
const char *gw_authority_name(enum gw_authority by);

#endif
