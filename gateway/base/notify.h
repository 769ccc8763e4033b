/* SPDX-License-Identifier: Apache-2.0
 *
 * notify: a word to the service manager that started this process (systemd, Type=notify).
 *
 * The protocol is one datagram of lines "NAME=VALUE" to the Unix socket that $NOTIFY_SOCKET names;
 * systemd documents it as stable, for implementations without its library. That library would cost
 * an eighth of the daemon's memory for it. Holds no state; any thread.
 */
#ifndef GW_BASE_NOTIFY_H
#define GW_BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define GW_NOTIFY_MAX 512 /* bytes of a message; what is longer is cut */

/* Tells "READY=1", "STATUS=..." and so on, one a line. true: it was handed over. false: there is no
 * manager that listens, or it cannot take it now; nothing is to be done about that. Never blocks. */
bool gw_notify(const char *fmt, ...) GW_PRINTF(1, 2);

/* Tells that a reload begins, and when, as systemd wants it ("RELOADING=1" with MONOTONIC_USEC);
 * "READY=1" ends it. true: as above. */
bool gw_notify_reloading(void);

/* How often the manager wants to hear WATCHDOG=1 from this process at least, in milliseconds; 0: it
 * does not want to. */
int64_t gw_notify_watchdog_ms(void);

#endif
