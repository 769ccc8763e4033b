/* SPDX-License-Identifier: Apache-2.0
 *
 * pulse: by which a watchdog tells a thread that hangs from one that waits.
 *
 * A thread counts its turns in a pulse of its own, and says at each of them how long the next one
 * may take: calls into libraries and name servers are slow at times, and that is no hang. Whoever
 * watches looks at all pulses of a set and names those that stand still for longer. Without a set
 * nobody watches: every function takes NULL for a set or a pulse, and does nothing.
 */
#ifndef GW_BASE_PULSE_H
#define GW_BASE_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define GW_PULSE_MS 1000 /* a thread that waits for work turns at least so often */

struct gw_pulses;
struct gw_pulse;

/* GW_E_NOMEM. */
enum gw_status gw_pulses_new(struct gw_pulses **out) GW_MUST_CHECK;
/* All its pulses have been ended, or left. */
void gw_pulses_free(struct gw_pulses *set);

/* For a thread that is about to be started; name, for messages, is copied. NULL: no set, or out of
 * memory, and the thread is not watched. These three from any thread. */
struct gw_pulse *gw_pulse_begin(struct gw_pulses *set, const char *name);
/* The thread has ended. */
void gw_pulse_end(struct gw_pulse *pulse);
/* The thread is left behind: nobody looks at it any more, and the pulse stays for its turns. */
void gw_pulse_leave(struct gw_pulse *pulse);

/* The thread, at each turn. block_ms: what comes now may take so long without being a hang; 0: no
 * longer than a thread usually needs for a turn. */
void gw_pulse_turn(struct gw_pulse *pulse, int64_t block_ms);

/* One look at all, at monotonic time now_ms: whether each has turned within limit_ms and what it
 * asked for beyond. Logs when one begins to hang and when it goes on. One thread. */
bool gw_pulses_look(struct gw_pulses *set, int64_t now_ms, int64_t limit_ms);

#endif
