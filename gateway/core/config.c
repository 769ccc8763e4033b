/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* malloc_trim */
#include "core/config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGE (128 * 1024) /* bytes; where malloc begins, too */

static void release(struct gw_shared *s)
{
    struct gw_config *c = (struct gw_config *)(void *)s;

    gw_load_free(&c->load);
    free(c);
}

enum gw_status gw_config_load(const char *path, const struct gw_conf_driver *const *drivers,
                              struct gw_issues *issues, struct gw_config **out)
{
    return gw_config_load_from(path, drivers, NULL, issues, out);
}

enum gw_status gw_config_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                                   const struct gw_site_files *files, struct gw_issues *issues,
                                   struct gw_config **out)
{
    struct gw_config *c = calloc(1, sizeof *c);
    if (!c) {
        gw_issues_add(issues, path, 0, "", "out of memory");
        return GW_E_NOMEM;
    }
    gw_shared_init(&c->shared, release);
    const enum gw_status st = gw_load_from(path, drivers, files, issues, &c->load);
    if (st != GW_OK) {
        gw_config_drop(c);
        return st;
    }
    *out = c;
    return GW_OK;
}

void gw_config_settle(struct gw_config *c)
{
    gw_site_drop_texts(c->load.site);
    gw_config_trim();
}

void gw_config_trim(void)
{
    (void)malloc_trim(0);
}

void gw_config_one_arena(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
}

void gw_config_drop(struct gw_config *c)
{
    if (c)
        gw_shared_drop(&c->shared);
}

void gw_config_state_start(struct gw_config_state *s, const char *fault, int64_t wall_ms)
{
    *s = (struct gw_config_state){.last_good = fault != NULL, .loaded_ms = wall_ms};
    (void)snprintf(s->fault, sizeof s->fault, "%s", fault ? fault : "");
}

const char *gw_config_state_name(const struct gw_config_state *s)
{
    if (s->last_good)
        return "last_good";
    return s->fault[0] ? "refused" : "current";
}
