/* SPDX-License-Identifier: Apache-2.0
 *
 * tape: recorded telemetry, read from files and handed out in order of time. One thread.
 *
 * Three forms, told apart by the first line of each file:
 *   line protocol   as publish/influx_line.h writes it, or as a database exports it
 *   JSON lines      telemetry rows as publish/telemetry.h writes them; a topic before the row is
 *                   passed over ("mosquitto_sub -v")
 *   CSV             a heading, then one value a line (columns time, point, value, quality), or one
 *                   pass a line (time, device, and a column for each point and "<point>_q"), or
 *                   what InfluxDB exports (name, _time, _field, _value, lines of '#')
 *
 * Nothing is invented: a line that cannot be read whole is left out, named by file and line, and
 * counted. A value needs its quality, which in an export may stand in another line of the same
 * time; a value whose quality never came is left out and counted as well, unless the caller says
 * that such values are GOOD.
 *
 * Rows need not be in order: what is not older than the newest row by more than the window is put in
 * its place; what comes later than that is a bad line. Several files are merged.
 */
#ifndef GW_REPLAY_TAPE_H
#define GW_REPLAY_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "conf/site.h"
#include "model/sample.h"

struct gw_tape_conf {
    const struct gw_site *site; /* lent */
    const char *const *paths;   /* "-" is standard input; lent */
    size_t npaths;
    int64_t window_ms;
    bool assume_good; /* a value without a quality is GOOD */
    FILE *complaints; /* one line for each of the first bad lines; NULL: only counted */
};

struct gw_tape_stats {
    uint64_t lines, samples;   /* read; handed out */
    uint64_t bad, unpaired;    /* lines left out; values without a quality left out */
    uint64_t foreign;          /* lines of another measurement or gateway, passed over */
    uint64_t derived;          /* values of derived points, which are computed anew */
    uint64_t unknown;          /* values of devices and points that the site file does not have */
    int64_t first_ms, last_ms; /* wall time of the rows handed out; 0 without any */
};

struct gw_tape;

/* GW_E_NOTFOUND, GW_E_IO: a file cannot be opened (err names it); GW_E_PARSE: its first line is of
 * none of the forms; GW_E_NOMEM. */
enum gw_status gw_tape_open(const struct gw_tape_conf *conf, struct gw_tape **out,
                            struct gw_err *err) GW_MUST_CHECK;
void gw_tape_close(struct gw_tape *t);

/* One pass over one device at one moment. Lent until the next call; samples have mono_ms 0. */
struct gw_tape_pass {
    int64_t wall_ms;
    uint32_t device;
    bool sync; /* the recording says that its clock was synchronised */
    const struct gw_sample *samples;
    size_t n;
};

/* The next pass; GW_E_CLOSED at the end, GW_E_IO when a file cannot be read on (err names it),
 * GW_E_NOMEM. */
enum gw_status gw_tape_next(struct gw_tape *t, struct gw_tape_pass *out,
                            struct gw_err *err) GW_MUST_CHECK;

void gw_tape_stats(const struct gw_tape *t, struct gw_tape_stats *out);
/* Names of the recording that the site file does not have, in the order of their coming; NULL
 * behind the last. Not all of them are kept. */
const char *gw_tape_unknown(const struct gw_tape *t, size_t i);

#endif
