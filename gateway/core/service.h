/* SPDX-License-Identifier: Apache-2.0
 *
 * service: what the service manager hears of the gateway, and the watchdog that it keeps.
 *
 * The watchdog is fed while all threads turn that would not be replaced: the core, the journal, the
 * workers of the sinks, of the local API and of GPIO, the one that looks names up. A thread of its
 * own looks at their pulses (base/pulse.h), so that the one that hangs is logged with its name
 * before the manager restarts the daemon. Each may be slow for half of the manager's interval, and
 * longer where it said so; then nothing is fed, and the restart comes within twice the interval. A
 * broker, a database or a name server that is slow or dead hangs nobody. Modbus polling threads
 * are not looked at: their drivers replace those that hang.
 *
 * Without a manager that asks for it there is no thread and nothing is told.
 */
#ifndef GW_CORE_SERVICE_H
#define GW_CORE_SERVICE_H

#include "base/clock.h"
#include "base/pulse.h"
#include "base/status.h"
#include "conf/site.h"

struct gw_service;

/* The core makes it before anything else, and has it till its end; clock is lent. GW_E_NOMEM. */
enum gw_status gw_service_new(const struct gw_clock *clock, struct gw_service **out,
                              struct gw_err *err) GW_MUST_CHECK;
/* What threads are to have their pulses from; NULL: nobody looks. Lent until gw_service_free. */
struct gw_pulses *gw_service_pulses(struct gw_service *s);
/* Starts watching: all is up. GW_E_NOMEM, GW_E_IO (no thread). */
enum gw_status gw_service_start(struct gw_service *s, struct gw_err *err) GW_MUST_CHECK;

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

/* Ends watching, before any thread ends. false: its thread does not end, and what it uses must
 * stay. NULL is fine. */
bool gw_service_end(struct gw_service *s) GW_MUST_CHECK;
/* After gw_service_end, when all that had pulses have ended. NULL is fine. */
void gw_service_free(struct gw_service *s);

#endif
