/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/json.h"

enum gw_status gw_setting_is_site(const char *path, struct gw_issues *issues, bool *out)
{
    struct gw_json *doc = NULL;
    enum gw_status st = gw_json_load(path, issues, &doc);
    if (st != GW_OK)
        return st == GW_E_NOMEM ? st : GW_E_PARSE;
    const struct gw_jnode *root = gw_json_root(doc);
    *out = gw_jnode_get(root, "gateway") != NULL;
    if (!*out && gw_jnode_get(root, "findings") == NULL) {
        gw_jnode_issue(root, issues, "neither a site file nor a catalogue of findings");
        st = GW_E_PARSE;
    }
    gw_json_free(doc);
    return st;
}

/* ---- overrides ---- */

static struct gw_site_asset *find_asset(struct gw_site *site, const char *id, size_t len)
{
    for (size_t i = 0; i < site->nassets; i++)
        if (strlen(site->assets[i].id) == len && memcmp(site->assets[i].id, id, len) == 0)
            return &site->assets[i];
    return NULL;
}

static bool take(char *out, size_t size, const char *from, const char *end)
{
    const size_t n = (size_t)(end - from);
    if (n == 0 || n >= size)
        return false;
    memcpy(out, from, n);
    out[n] = '\0';
    return true;
}

/* The value as a node that issues can point at. */
static const struct gw_jnode *value_node(struct gw_setting *s, const char *text,
                                         struct gw_issues *issues)
{
    struct gw_json *doc = NULL;
    if (gw_json_parse(text, strlen(text), "--override", issues, &doc) != GW_OK)
        return NULL;
    s->texts[s->ntexts++] = doc;
    const struct gw_jnode *root = gw_json_root(doc);
    if (gw_jnode_type(root) == GW_J_NUM)
        return root;
    gw_jnode_issue(root, issues, "the value must be a number");
    return NULL;
}

static enum gw_status put(struct gw_site_asset *asset, const struct gw_site_override *o)
{
    for (size_t i = 0; i < asset->noverrides; i++) {
        struct gw_site_override *old = &asset->overrides[i];
        if (strcmp(old->code, o->code) == 0 && strcmp(old->param, o->param) == 0) {
            *old = *o;
            return GW_OK;
        }
    }
    struct gw_site_override *more =
        realloc(asset->overrides, (asset->noverrides + 1) * sizeof *more);
    if (more == NULL)
        return GW_E_NOMEM;
    asset->overrides = more;
    more[asset->noverrides++] = *o;
    return GW_OK;
}

static enum gw_status override(struct gw_setting *s, const char *text, struct gw_issues *issues)
{
    struct gw_site_override o = {.value = 0};
    const char *code = strchr(text, ':');
    const char *param = code != NULL ? strchr(code + 1, ':') : NULL;
    const char *value = param != NULL ? strchr(param + 1, '=') : NULL;
    if (value == NULL || !take(o.code, sizeof o.code, code + 1, param) ||
        !take(o.param, sizeof o.param, param + 1, value)) {
        gw_issues_add(issues, "--override", 0, "", "\"%s\" is not ASSET:CODE:PARAMETER=VALUE",
                      text);
        return GW_E_PARSE;
    }
    struct gw_site_asset *asset = find_asset(s->load.site, text, (size_t)(code - text));
    if (asset == NULL) {
        gw_issues_add(issues, "--override", 0, "", "\"%s\": there is no such asset", text);
        return GW_E_PARSE;
    }
    o.node = value_node(s, value + 1, issues);
    if (o.node == NULL)
        return GW_E_PARSE;
    o.value = gw_jnode_num(o.node);
    return put(asset, &o);
}

/* ---- loading ---- */

static enum gw_status load_catalogue(struct gw_setting *s, const char *path,
                                     struct gw_issues *issues)
{
    struct gw_json *doc = NULL;
    const enum gw_status st = gw_json_load(path, issues, &doc);
    if (st != GW_OK)
        return st == GW_E_NOMEM ? st : GW_E_PARSE;
    gw_json_free(s->load.site->catalogue);
    s->load.site->catalogue = doc;
    return GW_OK;
}

static void no_such_files(struct gw_site *site)
{
    memset(site->config_sha256, '0', sizeof site->config_sha256 - 1);
}

enum gw_status gw_setting_load(const struct gw_setting_conf *conf, struct gw_issues *issues,
                               struct gw_setting *out)
{
    struct gw_setting s = {.texts = calloc(conf->noverrides + 1, sizeof(struct gw_json *))};
    if (s.texts == NULL)
        return GW_E_NOMEM;
    struct gw_load *load = &s.load;
    enum gw_status st = gw_site_load(conf->site, conf->drivers, issues, &load->site);
    if (st == GW_OK && conf->catalogue != NULL) {
        no_such_files(load->site);
        st = load_catalogue(&s, conf->catalogue, issues);
    }
    for (size_t i = 0; i < conf->noverrides && st == GW_OK; i++) {
        no_such_files(load->site);
        st = override(&s, conf->overrides[i], issues);
    }
    if (st == GW_OK)
        st = gw_catalogue_load(load->site->catalogue, issues, &load->catalogue);
    if (st == GW_OK)
        st = gw_inventory_build(load->site, load->catalogue, issues, &load->inventory);
    if (st != GW_OK) {
        gw_setting_free(&s);
        return st;
    }
    *out = s;
    return GW_OK;
}

void gw_setting_free(struct gw_setting *s)
{
    gw_load_free(&s->load);
    for (size_t i = 0; i < s->ntexts; i++)
        gw_json_free(s->texts[i]);
    free(s->texts);
    *s = (struct gw_setting){0};
}
