/* SPDX-License-Identifier: Apache-2.0
 *
 * site_fixture: a folder with everything that a site file names, and a site file that is right.
 */
#ifndef GW_TESTS_CONF_SITE_FIXTURE_H
#define GW_TESTS_CONF_SITE_FIXTURE_H

#include <stddef.h>

#include "conf/issues.h"
#include "conf/site.h"

struct site_fixture {
    char dir[128];
    char site[160]; /* path of the site file in dir */
};

/* A site file without issues. */
extern const char site_base[];

/* Makes the folder with catalogue and profiles. -1 on failure. */
int site_fixture_make(struct site_fixture *f);
/* Removes it with all that is inside. */
void site_fixture_remove(struct site_fixture *f);

/* Writes dir/name. */
void site_fixture_write(const struct site_fixture *f, const char *name, const char *text,
                        size_t len);
/* Writes text as the site file and loads it with the stub drivers. */
enum gw_status site_fixture_load(const struct site_fixture *f, const char *text, size_t len,
                                 struct gw_issues *issues, struct gw_site **out);

/* text with the first `from` replaced by `to`; fails the test when it is not there. malloc'd. */
char *site_replace(const char *text, const char *from, const char *to);
/* text without "<dir>/" wherever it stands. malloc'd. */
char *site_without_dir(const struct site_fixture *f, const char *text);

#endif
