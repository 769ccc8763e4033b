/* SPDX-License-Identifier: Apache-2.0
 *
 * body: the bodies of the records that the journal writes by itself: losses and chain breaks.
 * Private to this folder; pure but for the clock.
 */
#ifndef GW_JOURNAL_BODY_H
#define GW_JOURNAL_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

#define GW_BODY_MAX 2048

struct gw_body_env {
    const char *gateway; /* NULL: left out */
    const struct gw_clock *clock;
    char boot[GW_BOOT_ID_SIZE];
};

/* What was lost. Fields that are not known stay empty and are left out. */
struct gw_body_loss {
    const char *what;   /* "telemetry", "event", "record", "window" */
    const char *reason; /* "quota", "refused", "damaged", "unsealable" */
    uint64_t count;     /* 0: not known */
    int64_t from_ms;    /* wall time of the first and last; written when count is */
    int64_t to_ms;
    const char *file;   /* a file that was set aside, or NULL */
    const char *record; /* id of a record, or NULL */
};
/* Appends the body; false when it could not be written whole. */
bool gw_body_loss(const struct gw_body_env *env, const struct gw_body_loss *loss,
                  struct gw_buf *out);

/* The records up to that place were delivered and leave the store. */
bool gw_body_checkpoint(const struct gw_body_env *env, int64_t seq, const char *hash,
                        struct gw_buf *out);

/* Why a chain does not continue the one before it. */
struct gw_body_break {
    const char *reason; /* "damaged", "missing" */
    const char *chain;  /* the old one, "": not known */
    int64_t seq;        /* its last known number, 0: not known */
    const char *file;   /* where the old file is kept, "": it is not */
    int64_t waiting;    /* records and windows of it that were not delivered, -1: not known */
};
bool gw_body_break(const struct gw_body_env *env, const struct gw_body_break *brk,
                   struct gw_buf *out);

#endif
