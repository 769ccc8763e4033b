/* SPDX-License-Identifier: Apache-2.0
 *
 * told: what people tell the gateway through the local API, from the body of a POST to a command.
 * Strict: a member too many, too few, of the wrong kind or too long is an error that names it. A verb
 * is a row of a table. Pure; any thread.
 */
#ifndef GW_CONTROL_TOLD_H
#define GW_CONTROL_TOLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/command.h"

struct gw_told_verb;

/* The verb of a path, "/v1/ack"; NULL: there is none. */
const struct gw_told_verb *gw_told_find(const char *path);

/* Reads the body (NUL-terminated). by: how who tells it was let in, "uid 1000"; now_ms: wall time.
 * GW_E_PARSE: err says what is wrong; GW_E_NOMEM. */
enum gw_status gw_told_read(const struct gw_told_verb *verb, const char *body, size_t len,
                            const char *by, int64_t now_ms, struct gw_command *out,
                            struct gw_err *err) GW_MUST_CHECK;

#endif
