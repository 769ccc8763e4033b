/* SPDX-License-Identifier: Apache-2.0
 *
 * lastgood: the configuration that ran last, whole, in one file of the state folder.
 *
 * The file "last-good" holds the texts of site file, profiles and catalogue as they were read, and
 * the hash of all of them; it is replaced whole, by a rename, and only once the configuration runs.
 * It is for a start at which the site file cannot be used: a plant that is watched by yesterday's configuration is better off than one
 * that is not watched. What it holds is used only for the site file of the same path and only if its
 * hash is right. One thread.
 */
#ifndef GW_CORE_LASTGOOD_H
#define GW_CORE_LASTGOOD_H

#include "base/status.h"
#include "core/config.h"

/* Writes down, beside the file, what is about to be used. The site must still have its texts; the
 * folder is made when it is not there. GW_E_IO. */
enum gw_status gw_lastgood_write(const char *state_dir, const char *path,
                                 const struct gw_site *site, struct gw_err *err) GW_MUST_CHECK;
/* It runs: it takes the place of what ran before. GW_E_IO: that is still kept. */
enum gw_status gw_lastgood_keep(const char *state_dir, struct gw_err *err) GW_MUST_CHECK;
/* It does not. */
void gw_lastgood_drop(const char *state_dir);

/* GW_E_NOTFOUND: there is none, or none of this site file. GW_E_PARSE: it is damaged, or this version
 * takes it no more. GW_E_NOMEM, GW_E_IO. */
enum gw_status gw_lastgood_load(const char *state_dir, const char *path,
                                const struct gw_conf_driver *const *drivers, struct gw_config **out,
                                struct gw_err *err) GW_MUST_CHECK;

/* The same for a site file that was just refused or cannot be started with, from the state folder that it names as far as it
 * can be read, or from that of the service manager ($STATE_DIRECTORY). */
enum gw_status gw_lastgood_find(const char *path, const struct gw_conf_driver *const *drivers,
                                struct gw_config **out, struct gw_err *err) GW_MUST_CHECK;

#endif
