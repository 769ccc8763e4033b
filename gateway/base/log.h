/* SPDX-License-Identifier: Apache-2.0
 *
 * log: lines to stderr with a level and a module tag.
 *
 * Under systemd (JOURNAL_STREAM set) a line starts with "<n>" and carries no time of its own;
 * otherwise it starts with the local wall time. Every thread may log; a line is one write.
 * The level is the only process-wide state and is set once by main before any thread starts.
 */
#ifndef GW_BASE_LOG_H
#define GW_BASE_LOG_H

#include <stdbool.h>

#include "base/status.h"

enum gw_log_level { GW_LOG_ERR = 0, GW_LOG_WARN, GW_LOG_INFO, GW_LOG_DEBUG };

/* Messages above `level` are dropped. */
void gw_log_set_level(enum gw_log_level level);

/* "err", "warn", "info", "debug" -> level; false and *out untouched for anything else. */
bool gw_log_level_parse(const char *name, enum gw_log_level *out);

/* Writes one line; newlines and other control characters inside become spaces, and what is longer
 * than 2 KiB is cut and ends in "...". Keeps errno. Any thread. */
void gw_log(enum gw_log_level level, const char *tag, const char *fmt, ...) GW_PRINTF(3, 4);

#endif
