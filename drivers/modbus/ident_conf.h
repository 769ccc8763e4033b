/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/ident_conf: how a device is asked who it is, as its profile says.
 *
 * Plain data inside the device's configuration, constant once the site is loaded. Owned by the
 * loading thread.
 */
#ifndef GW_MODBUS_IDENT_CONF_H
#define GW_MODBUS_IDENT_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/keys.h"
#include "modbus/decode.h"
#include "modbus/pdu.h"

#define GW_MB_IDENT_PARTS 6  /* the answer to function 17, and five registers */
#define GW_MB_IDENT_REGS  32 /* registers of one text */

/* One part of the identity; the text in front of it makes it readable: "sn 20241187". */
struct gw_mb_ident_part {
    char label[12];   /* "": none */
    enum gw_mb_fc fc; /* REPORT_ID: the answer to function 17 */
    uint16_t address, count;
    bool text;            /* otherwise a number of that type */
    enum gw_mb_type type; /* of a number */
    enum gw_mb_order order;
};

struct gw_mb_ident_conf {
    struct gw_mb_ident_part parts[GW_MB_IDENT_PARTS];
    size_t nparts; /* 0: the device has no way to say who it is */
    bool fn17;     /* function 17 is one of the ways */
};

/* The tables, for the reader and the documentation test. */
extern const struct gw_key gw_mb_ident_keys[];     /* "identity" of a profile */
extern const struct gw_key gw_mb_ident_reg_keys[]; /* an element of its "registers" */

/* Reads "identity" of a profile. false when an issue was added. */
bool gw_mb_ident_read(const struct gw_jnode *obj, struct gw_mb_ident_conf *out,
                      struct gw_issues *issues);
/* To be called once, when profile and site file have both spoken: makes the answer to function 17
 * the first part if it is wanted. */
void gw_mb_ident_settle(struct gw_mb_ident_conf *conf);

#endif
