/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: `nonsited --replay`: the findings of a site over recorded telemetry, without network,
 * journal or plant. Back-testing: what would have been raised, and what would differ with other
 * limits or another catalogue. One thread.
 */
#ifndef GW_REPLAY_REPLAY_H
#define GW_REPLAY_REPLAY_H

#include <stdio.h>

#include "conf/site.h"

/* argv[0] is "--replay". Records and tables go to out, everything else to err. Returns the exit
 * status: 0 the whole recording was replayed, 64 wrong usage, 65 some of it was left out or could
 * not be read, 71 out of memory or out cannot be written, 78 bad configuration. */
int gw_replay(int argc, char **argv, const struct gw_conf_driver *const *drivers, FILE *out,
              FILE *err);

#endif
