/* SPDX-License-Identifier: Apache-2.0
 *
 * config: one loading of the configuration, shared by all that look at it and freed with the last of
 * them, however many others have taken its place meanwhile. Constant but for the texts it was read
 * from, which its maker lets go of. Any thread may hold it.
 */
#ifndef GW_CORE_CONFIG_H
#define GW_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/shared.h"
#include "base/status.h"
#include "core/load.h"

struct gw_config {
    struct gw_shared shared; /* first: hold and drop it by this */
    struct gw_load load;
};

/* How the configuration stands, for people. */
struct gw_config_state {
    bool last_good;    /* the site file was of no use at the start: this ran before */
    int64_t loaded_ms; /* wall time since when it is in use */
    char fault[320];   /* why the site file is not in use; "" when it is */
};
/* fault NULL: none. */
void gw_config_state_start(struct gw_config_state *s, const char *fault, int64_t wall_ms);

/* "current"; "refused": the site file was changed and is not in use; "last_good": it was of no
 * use at the start. */
const char *gw_config_state_name(const struct gw_config_state *s);

/* Errors of gw_load; what is wrong is in issues. */
enum gw_status gw_config_load(const char *path, const struct gw_conf_driver *const *drivers,
                              struct gw_issues *issues, struct gw_config **out) GW_MUST_CHECK;
/* The same, with other files than those of the disk; NULL: these. */
enum gw_status gw_config_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                                   const struct gw_site_files *files, struct gw_issues *issues,
                                   struct gw_config **out) GW_MUST_CHECK;
/* Lets go of the texts: they are larger than everything that was made from them. */
void gw_config_settle(struct gw_config *c);
/* Gives back what was freed: the box is small. */
void gw_config_trim(void);
/* Before any thread: all share one heap. They seldom allocate at the same time, and a heap for each
 * costs 100 kB. What is large stays apart from it and goes back to the system when freed: without
 * this, the first large piece freed would make malloc keep the next ones in the heap. */
void gw_config_one_arena(void);
/* NULL is fine. */
void gw_config_drop(struct gw_config *c);

#endif
