/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/ident: who a device says it is, so that an instrument that was changed for another one
 * shows.
 *
 * Part of a pass: after its values were read, the parts of the identity (function 17, registers)
 * are asked for, when the device has come up and then every period. Only a whole identity counts:
 * when a part is not answered, what was known stays, and the whole is asked for again later. A part
 * that the device refuses (exceptions 1, 2, 3) it does not have; it is not asked for again until
 * the device was down and came up. While nothing is known yet and a device leaves two rounds
 * unanswered, it is left in peace, likewise. Pure; owned by the thread of the pass.
 */
#ifndef GW_MODBUS_IDENT_H
#define GW_MODBUS_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "modbus/ident_conf.h"
#include "modbus/pdu.h"
#include "model/sample.h"

#define GW_MB_IDENT_RETRY_MS 60000

struct gw_mb_ident {
    const struct gw_mb_ident_conf *conf; /* lent */
    int64_t period_ms;                   /* 0: never asked */
    int64_t due_ms;                      /* INT64_MAX: not until it comes up */
    bool up;
    bool asking; /* in the present pass */
    size_t part; /* that is asked for */
    bool refused[GW_MB_IDENT_PARTS];
    unsigned failures;  /* rounds in a row that did not end */
    struct gw_buf said; /* of the round under way; no memory between two */
    char text[GW_IDENTITY_SIZE];
};

/* conf is lent. Nothing is due before the device came up. */
void gw_mb_ident_init(struct gw_mb_ident *id, const struct gw_mb_ident_conf *conf,
                      int64_t period_ms);
void gw_mb_ident_free(struct gw_mb_ident *id);

/* To be told after each pass: whether the device is there. When it came up, all is asked anew. */
void gw_mb_ident_link(struct gw_mb_ident *id, bool up, int64_t now_ms);
/* The device has started anew without having been away. */
void gw_mb_ident_restart(struct gw_mb_ident *id, int64_t now_ms);

/* A pass begins. */
void gw_mb_ident_begin(struct gw_mb_ident *id, int64_t tick_ms);
/* What to ask in this pass, once its values are read; false: nothing (more). */
bool gw_mb_ident_next(const struct gw_mb_ident *id, uint8_t unit, struct gw_mb_request *out);
/* The answer to it, or that there was none (or a wrong one): then nothing more is asked in this
 * pass. */
void gw_mb_ident_answer(struct gw_mb_ident *id, const struct gw_mb_reply *reply, int64_t now_ms);
void gw_mb_ident_silent(struct gw_mb_ident *id, int64_t now_ms);

/* The identity since the device came up; "" while it is not known. Lent. */
const char *gw_mb_ident_text(const struct gw_mb_ident *id);

/* ---- the texts, on their own ---- */

/* Appends what an answer to function 17 says: its runs of at least four printable characters,
 * since what is between them (unit, run indicator, status) changes with the state of the device; of
 * an answer without any, its first byte, the server id, as "id B4". */
void gw_mb_ident_report(const uint8_t *data, size_t n, struct gw_buf *out);
/* Appends the value of a part that stands in registers; data as on the wire, 2 * part->count bytes.
 * A text ends at its first NUL; bytes that are no printable ASCII show as "<B0>", FF (not
 * programmed) and blanks at both ends are left out. A number that is none (BCD with a digit above
 * 9) appends nothing. */
void gw_mb_ident_value(const struct gw_mb_ident_part *part, const uint8_t *data,
                       struct gw_buf *out);
/* Makes an identity out of a text of any length: what does not fit ends in "~" and the first 10
 * digits of the text's SHA-256. false when that could not be computed. */
bool gw_mb_ident_fit(const char *text, size_t len, char out[GW_IDENTITY_SIZE]);

#endif
