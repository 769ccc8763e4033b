/* SPDX-License-Identifier: Apache-2.0
 *
 * setting: one side of a replay: a site file, perhaps with another catalogue and other parameters
 * than it names. One thread.
 */
#ifndef GW_REPLAY_SETTING_H
#define GW_REPLAY_SETTING_H

#include <stddef.h>

#include "base/status.h"
#include "conf/issues.h"
#include "core/load.h"

struct gw_setting_conf {
    const char *site;             /* path */
    const char *catalogue;        /* path; NULL: the one that the site file names */
    const char *const *overrides; /* "<asset>:<code>:<parameter>=<value>" */
    size_t noverrides;
    const struct gw_conf_driver *const *drivers;
};

struct gw_setting {
    struct gw_load load;
    struct gw_json **texts; /* of the overrides: issues point there */
    size_t ntexts;
};

/* As gw_load. Where something is not as the files say, the records' config_sha256 is all zeros. */
enum gw_status gw_setting_load(const struct gw_setting_conf *conf, struct gw_issues *issues,
                               struct gw_setting *out) GW_MUST_CHECK;
void gw_setting_free(struct gw_setting *s);

/* Whether a file is a site file (and not a catalogue); GW_E_PARSE with issues when it is neither. */
enum gw_status gw_setting_is_site(const char *path, struct gw_issues *issues,
                                  bool *out) GW_MUST_CHECK;

#endif
