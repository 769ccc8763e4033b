/* SPDX-License-Identifier: Apache-2.0
 *
 * inbox: commands of the platform on their way from the broker to the core.
 *
 * Receipts and commands have a lane of their own each, so that neither can crowd out the other. A
 * lane takes 200 messages at once and then 100 a second; what is beyond that, larger than 64 KiB, or
 * finds its lane full is counted and dropped without being looked at or copied. Nothing here blocks.
 * The MQTT worker puts, one other thread gets.
 */
#ifndef GW_PUBLISH_INBOX_H
#define GW_PUBLISH_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define GW_INBOX_BYTES ((size_t)64 * 1024) /* the largest message */
#define GW_INBOX_NAME  16                  /* of a command, with NUL */
#define GW_INBOX_LANES 2

struct gw_letter {
    char name[GW_INBOX_NAME]; /* last level of the topic */
    bool retained;
    char *data; /* malloc'd, with a NUL behind; owned by whoever holds the letter */
    size_t len;
};

/* Messages dropped since the start. */
struct gw_inbox_counts {
    uint64_t flood, size, topic;
};

struct gw_inbox;

/* GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_inbox_new(struct gw_inbox **out, struct gw_err *err) GW_MUST_CHECK;
void gw_inbox_free(struct gw_inbox *in);

/* A message of this topic has come; data is copied. The MQTT worker. */
void gw_inbox_put(struct gw_inbox *in, const char *topic, const char *data, size_t len,
                  bool retained, int64_t now_ms);

/* The oldest letter of a lane (0: receipts); false when it is empty. The receiving thread. */
bool gw_inbox_get(struct gw_inbox *in, unsigned lane, struct gw_letter *out);
/* Polls readable while the lane is not empty. Lent. */
int gw_inbox_fd(const struct gw_inbox *in, unsigned lane);

void gw_inbox_counts(struct gw_inbox *in, struct gw_inbox_counts *out); /* any thread */

#endif
