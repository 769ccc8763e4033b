/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/shelf.h"

#include "base/jcs.h"
#include "conf/issues.h"
#include "conf/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void gw_shelf_write(const struct gw_shelf *s, char out[GW_SHELF_TEXT])
{
    struct gw_buf buf;
    struct gw_jcs j;
    gw_buf_fixed(&buf, out, GW_SHELF_TEXT);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "by", s->by == GW_BY_PLATFORM ? "platform" : "local");
    gw_jcs_int(&j, "from_ms", s->from_ms);
    gw_jcs_str(&j, "reason", s->reason);
    gw_jcs_int(&j, "until_ms", s->until_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_str(&j, "who", s->who);
    gw_jcs_end(&j);
    /* Bounded texts: six bytes for each of theirs at the worst. */
    assert(gw_jcs_done(&j));
}

static bool take_text(const struct gw_jnode *root, const char *key, char *out, size_t size)
{
    const struct gw_jnode *n = gw_jnode_get(root, key);
    if (n == NULL || gw_jnode_type(n) != GW_J_STR || strlen(gw_jnode_str(n)) >= size)
        return false;
    (void)snprintf(out, size, "%s", gw_jnode_str(n));
    return true;
}

static bool take_time(const struct gw_jnode *root, const char *key, int64_t *out)
{
    const struct gw_jnode *n = gw_jnode_get(root, key);
    if (n == NULL || gw_jnode_type(n) != GW_J_NUM || !gw_jnode_is_int(n))
        return false;
    *out = (int64_t)gw_jnode_num(n);
    return true;
}

static bool read_members(const struct gw_jnode *root, struct gw_shelf *s)
{
    char by[16];
    int64_t v = 0;
    if (gw_jnode_type(root) != GW_J_OBJ || gw_jnode_count(root) != 6 ||
        !take_text(root, "by", by, sizeof by) || !take_time(root, "from_ms", &s->from_ms) ||
        !take_text(root, "reason", s->reason, sizeof s->reason) ||
        !take_time(root, "until_ms", &s->until_ms) || !take_time(root, "v", &v) || v != 1 ||
        !take_text(root, "who", s->who, sizeof s->who))
        return false;
    s->by = strcmp(by, "platform") == 0 ? GW_BY_PLATFORM : GW_BY_LOCAL;
    return (s->by == GW_BY_PLATFORM || strcmp(by, "local") == 0) && s->until_ms > s->from_ms &&
           s->reason[0] != '\0' && s->who[0] != '\0';
}

enum gw_status gw_shelf_parse(const char *text, struct gw_shelf *out)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    enum gw_status status = GW_E_NOMEM;
    struct gw_shelf s = {.slot = GW_NO_INDEX, .ends_ms = INT64_MAX};
    if (issues == NULL)
        goto out;
    status = gw_json_parse(text, strlen(text), "state", issues, &doc);
    if (status != GW_OK)
        goto out;
    if (read_members(gw_json_root(doc), &s))
        *out = s;
    else
        status = GW_E_PARSE;

out:
    gw_json_free(doc);
    gw_issues_free(issues);
    return status;
}

bool gw_shelf_over(struct gw_shelf *s, const struct gw_stamp *now)
{
    const int64_t whole = s->until_ms - s->from_ms;
    const int64_t left = s->until_ms - now->wall_ms;
    if (s->ends_ms == INT64_MAX)
        s->ends_ms = now->mono_ms + (left < whole ? left : whole);
    return left <= 0 || now->mono_ms >= s->ends_ms;
}
