/* SPDX-License-Identifier: Apache-2.0
 *
 * service: what the service manager hears of the gateway, and the watchdog that it keeps.
 *
 * The watchdog is fed while core and journal both turn. A thread of its own looks at them, so that
 * a hang of either is logged with its name before the manager restarts the daemon. Both may be slow
 * for half of the manager's interval; the journal may take minutes for opening its files. Then
 * nothing is fed, and the restart comes within twice the interval. Polling threads are not looked
 * at: their drivers replace those that hang.
 *
 * Without a manager that asks for it there is no thread and nothing is told.
 */
#ifndef GW_CORE_SERVICE_H
#define GW_CORE_SERVICE_H

#include "base/clock.h"
#include "base/status.h"
#include "conf/site.h"
#include "journal/journal.h"

struct gw_service;

/* Starts watching. The core makes it and has it till its end; clock and journal are lent until
 * gw_service_free. GW_E_NOMEM, GW_E_IO (no thread). */
enum gw_status gw_service_start(const struct gw_clock *clock, struct gw_journal *journal,
                                struct gw_service **out, struct gw_err *err) GW_MUST_CHECK;

/* The core's thread, at every turn of its loop: it turns, and this is what the journal lacks, or "".
 * The first call tells the manager that the daemon is ready; later ones tell what has changed. */
void gw_service_turn(struct gw_service *s, const struct gw_site *site, const char *journal_fault);

/* The core's thread: a reload begins, and ends; why: it was refused because of that, "": it was not.
 * Until it ends the manager takes the daemon for reloading, so every reload that begins must end.
 * One before the daemon is ready is not told. */
void gw_service_reloading(struct gw_service *s);
void gw_service_reloaded(struct gw_service *s, const char *why);

/* The core's thread: the daemon goes down from here, with as much time as the manager allows. */
void gw_service_stopping(struct gw_service *s);

/* Before the journal is stopped. false: the thread does not end, and what it uses must stay. NULL
 * is fine. */
bool gw_service_free(struct gw_service *s) GW_MUST_CHECK;

#endif
