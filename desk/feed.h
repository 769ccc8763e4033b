/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/feed: the newest leads of a county for inspectors' readers (JSON Feed 1.1 and Atom, RFC
 * 4287), and the page of all gateways: heard or silent, whole or forked. One thread.
 */
#ifndef GW_DESK_FEED_H
#define GW_DESK_FEED_H

#include <stdint.h>

#include "base/status.h"
#include "desk/conf.h"
#include "desk/store.h"

#define GW_DESK_FEED_LEADS 200

/* Writes <pages>/<county>/feed.json and feed.atom. Errors of the store; GW_E_IO, GW_E_INVAL. */
enum gw_status gw_desk_feed(struct gw_desk_store *store, const char *pages, const char *county,
                            int64_t now_ms, struct gw_err *err) GW_MUST_CHECK;

/* Writes <pages>/index.html and <pages>/gateways.json. */
enum gw_status gw_desk_overview(struct gw_desk_store *store, const struct gw_desk_conf *conf,
                                int64_t now_ms, struct gw_err *err) GW_MUST_CHECK;

/* What a gateway is, in one word: "ok", "never" (nothing was received yet), "silent", "offline"
 * (its own last word), "gap" (records are missing), "broken" (a link is wrong), "forked" (two
 * records with one number): the worst that holds. */
const char *gw_desk_verdict(struct gw_desk_store *store, const struct gw_desk_conf *conf,
                            const struct gw_desk_standing *g, int64_t now_ms);

#endif
