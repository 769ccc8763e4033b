/* SPDX-License-Identifier: Apache-2.0
 *
 * documents: the newest text of each retained document, and what of it the broker has.
 *
 * Any thread sets a text; only the newest counts. The MQTT worker's thread sends: of each document
 * at most one copy is in flight, and a newer text waits for its acknowledgement. What the broker
 * has is let go, but for birth and will: an inventory may be as large as all else that is known of
 * the plant. When it is to be sent again, a new one is asked for. Only for this folder.
 */
#ifndef GW_PUBLISH_DOCUMENTS_H
#define GW_PUBLISH_DOCUMENTS_H

#include "base/status.h"
#include "publish/mqtt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A broker may lose what it retains and stay connected, so each document is sent again from time to
 * time; an engineering default. */
#define GW_DOC_REPEAT_MS INT64_C(600000)

struct gw_documents;

/* GW_E_NOMEM. */
enum gw_status gw_documents_new(uint64_t seed, struct gw_documents **out) GW_MUST_CHECK;
void gw_documents_free(struct gw_documents *d);

/* Copies the text. GW_E_NOMEM, GW_E_INVAL (no such document, or an empty one). Any thread. */
enum gw_status gw_documents_set(struct gw_documents *d, enum gw_document doc, const char *data,
                                size_t len) GW_MUST_CHECK;
/* True when online and offline are set: without them there is neither birth nor will. Any thread.
 */
bool gw_documents_ready(struct gw_documents *d);
/* A copy of the newest text (malloc'd). GW_E_NOTFOUND: never set, or let go; GW_E_NOMEM. Any thread.
 */
enum gw_status gw_documents_copy(struct gw_documents *d, enum gw_document doc, char **data,
                                 size_t *len) GW_MUST_CHECK;

/* Documents to be set again, since the broker needs them and their text was let go: bit n is document
 * n. Any thread. */
unsigned gw_documents_wanted(struct gw_documents *d);

/* The topic below nonsite/v1/<gateway>/. */
const char *gw_document_topic(enum gw_document doc);

/* The rest is for the worker's thread. */

/* A new connection: everything but the offline text is to be sent again, online first. */
void gw_documents_restart(struct gw_documents *d);
/* The document to be sent next at now_ms, with a copy of its text to be freed by the caller.
 * GW_E_NOTFOUND: none. GW_E_NOMEM. */
enum gw_status gw_documents_next(struct gw_documents *d, int64_t now_ms, enum gw_document *doc,
                                 char **data, size_t *len) GW_MUST_CHECK;
/* The text that gw_documents_next gave last for doc is in flight under mid since now_ms. */
void gw_documents_sent(struct gw_documents *d, enum gw_document doc, int mid, int64_t now_ms);
/* It was refused without being sent: tried again after 5 s, 10 s ... 10 min. */
void gw_documents_refused(struct gw_documents *d, enum gw_document doc, int64_t now_ms);
/* The broker has answered for mid at now_ms; a refused document is tried again in the same way.
 * False when mid is not a document's. */
bool gw_documents_acked(struct gw_documents *d, int mid, bool refused, int64_t now_ms,
                        enum gw_document *doc);
/* How many were refused and not accepted since, and when the first of them comes due (INT64_MAX:
 * none is waiting for that). */
unsigned gw_documents_waiting(const struct gw_documents *d, int64_t *due_ms);

#endif
