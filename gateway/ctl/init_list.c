/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/member.h"
#include "ctl/opts.h"

static void list_sectors(void)
{
    (void)puts("sectors:");
    for (int i = 0; gw_sector_names[i]; i++)
        (void)printf("  %s\n", gw_sector_names[i]);
}

static void list_types(const struct gw_catalogue *cat)
{
    const struct gw_type_def *t;
    (void)puts("asset types:");
    for (size_t i = 0; (t = gw_catalogue_type_at(cat, i)) != NULL; i++)
        if (strcmp(t->type, GW_TYPE_GATEWAY) != 0)
            (void)printf("  %-15s %s, %s\n", t->type, t->title.zh, t->title.en);
}

static void list_facts(const struct gw_catalogue *cat)
{
    const struct gw_fact_def *f;
    (void)puts("facts:");
    for (size_t i = 0; (f = gw_catalogue_fact_at(cat, i)) != NULL; i++) {
        (void)printf("  %s=", f->key);
        for (size_t k = 0; k < f->nvalues; k++)
            (void)printf("%s%s", k > 0 ? "|" : "", f->values[k]);
        (void)printf("  %s, %s\n", f->title.zh, f->title.en);
    }
}

static void list_roles(const struct gw_catalogue *cat)
{
    const struct gw_role_def *r;
    (void)puts("roles:");
    for (size_t i = 0; (r = gw_catalogue_role_at(cat, i)) != NULL; i++) {
        (void)printf("  %-17s %s, %s", r->role, r->title.zh, r->title.en);
        for (size_t k = 0; k < r->nunits; k++)
            (void)printf("%s%s", k == 0 ? " [" : ", ", r->units[k]);
        (void)puts(r->nunits > 0 ? "]" : "");
    }
}

static int is_profile(const struct dirent *e)
{
    const size_t n = strlen(e->d_name);
    return n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

static void list_profile(const char *path)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    if (issues && gw_json_load(path, issues, &doc) == GW_OK) {
        const struct gw_jnode *root = gw_json_root(doc);
        (void)printf("  %-17s %s%s\n", gw_member_str(root, "profile"),
                     gw_member_str(gw_jnode_get(root, "title"), "zh"),
                     gw_member(root, "bands", GW_J_ARR) ? " (a signal of an input, no device)"
                                                        : "");
    } else {
        (void)printf("  %s cannot be read\n", path);
    }
    gw_json_free(doc);
    gw_issues_free(issues);
}

int gw_init_list(const struct gw_catalogue *cat, const char *profiles)
{
    struct dirent **files = NULL;
    char path[GW_PATH_SIZE * 2];

    list_sectors();
    list_types(cat);
    list_facts(cat);
    list_roles(cat);
    const int n = scandir(profiles, &files, is_profile, alphasort);
    if (n < 0) {
        (void)fprintf(stderr, "nonsitectl init: %s: %s\n", profiles, strerror(errno));
        return GW_EXIT_ERROR;
    }
    (void)puts("profiles:");
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", profiles, files[i]->d_name);
        list_profile(path);
        free(files[i]);
    }
    free(files);
    return fflush(stdout) == 0 ? GW_EXIT_DONE : GW_EXIT_ERROR;
}
