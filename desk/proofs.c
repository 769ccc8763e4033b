/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/proofs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/markup.h"
#include "desk/words.h"
#include "proof/wire.h"

#define NAME 128

/* A point of an asset. */
struct place {
    char asset[NAME], point[NAME];
};

struct sheet {
    struct gw_buf rows;
    struct place *tested; /* each once */
    size_t ntested, cap;
    size_t records;
    bool broken, failed;
    char enterprise[256], uscc[32], county[16], newest[GW_DESK_MOMENT];
};

static struct gw_json *parse(const char *text, size_t len)
{
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    if (issues && gw_json_parse(text, len, "desk", issues, &doc) != GW_OK)
        doc = NULL;
    gw_issues_free(issues);
    return doc;
}

/* ---- what was tested ---- */

/* "technician/uid 1000": the function in Chinese, and what stands behind it. */
static const char *role_zh(const char *who, const char **rest)
{
    static const char *const roles[][2] = {{"technician", "企业技术人员"},
                                           {"supervisor", "企业安全管理人员"},
                                           {"third_party", "第三方机构"}};
    const size_t n = strcspn(who, "/");
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strlen(roles[i][0]) == n && strncmp(roles[i][0], who, n) == 0) {
            *rest = who + n + (who[n] == '/' ? 1 : 0);
            return roles[i][1];
        }
    }
    *rest = "";
    return who;
}

static bool was_tested(const struct sheet *s, const char *asset, const char *point)
{
    for (size_t i = 0; i < s->ntested; i++)
        if (strcmp(s->tested[i].asset, asset) == 0 && strcmp(s->tested[i].point, point) == 0)
            return true;
    return false;
}

static void note_tested(struct sheet *s, const char *asset, const char *point)
{
    if (was_tested(s, asset, point))
        return;
    if (s->ntested == s->cap) {
        const size_t cap = s->cap > 0 ? 2 * s->cap : 64;
        struct place *more = realloc(s->tested, cap * sizeof *more);
        if (!more) {
            s->failed = true;
            return;
        }
        s->tested = more;
        s->cap = cap;
    }
    struct place *p = &s->tested[s->ntested++];
    (void)snprintf(p->asset, NAME, "%s", asset);
    (void)snprintf(p->point, NAME, "%s", point);
}

static void put_seen(struct gw_buf *out, const struct gw_jnode *r)
{
    const struct gw_jnode *after = gw_jnode_get(r, "after_ms");
    gw_markup(out, "<td>%s<br>%s → %s",
              strcmp(gw_jnode_text(r, "what"), "acted") == 0 ? "联锁动作" : "信号变化",
              gw_desk_value_zh(gw_jnode_text(r, "from_value")),
              gw_desk_value_zh(gw_jnode_text(r, "to_value")));
    if (after && gw_jnode_type(after) == GW_J_NUM)
        gw_buf_printf(out, "<br>触发条件出现后 %.1f s", gw_jnode_num(after) / 1000.0);
    gw_buf_str(out, "</td>");
}

static void put_row(struct sheet *s, const struct gw_desk_row *row, const struct gw_jnode *r)
{
    const struct gw_jnode *time = gw_jnode_get(r, "time"), *sync = gw_jnode_get(time, "sync");
    const bool unsure = !sync || gw_jnode_type(sync) != GW_J_BOOL || !gw_jnode_bool(sync);
    const char *rest = "", *who = role_zh(gw_jnode_text(r, "who"), &rest);
    char at[GW_DESK_MOMENT], recorded[GW_DESK_MOMENT];
    gw_desk_moment(gw_jnode_text(r, "at"), at);
    gw_desk_moment(gw_jnode_text(time, "recorded"), recorded);
    gw_markup(&s->rows, "<tr><td>%s%s</td><td>%s</td><td>%s<br>%s</td>", at,
              unsure ? "（网关时钟未同步）" : "", gw_jnode_text(r, "target"),
              gw_jnode_text(r, "point"), gw_jnode_text(r, "role"));
    put_seen(&s->rows, r);
    gw_markup(&s->rows, "<td>%s %s<br>%s</td><td>%s</td><td class=\"id\">%s%s</td></tr>\n", who,
              rest, recorded, gw_jnode_text(r, "reason"), row->id,
              row->broken ? "（链接不符）" : "");
    if (s->newest[0] == '\0')
        memcpy(s->newest, at, sizeof s->newest);
}

static bool take(void *ctx, const struct gw_desk_row *row)
{
    struct sheet *s = ctx;
    struct gw_wire w;
    struct gw_err err;
    struct gw_json *doc = NULL;
    if (gw_wire_split(row->wire, row->wire_len, &w, &err) == GW_OK)
        doc = parse(w.bytes, w.len);
    if (!doc) {
        s->failed = true;
        return false;
    }
    const struct gw_jnode *r = gw_json_root(doc), *ent = gw_jnode_get(r, "enterprise");
    if (strcmp(gw_jnode_text(r, "command"), "proof") == 0) {
        put_row(s, row, r);
        note_tested(s, gw_jnode_text(r, "target"), gw_jnode_text(r, "point"));
        s->broken = s->broken || row->broken;
        if (s->records++ == 0) {
            (void)snprintf(s->enterprise, sizeof s->enterprise, "%s", gw_jnode_text(ent, "name"));
            (void)snprintf(s->uscc, sizeof s->uscc, "%s", gw_jnode_text(ent, "uscc"));
            (void)snprintf(s->county, sizeof s->county, "%s", gw_jnode_text(ent, "county"));
        }
    }
    gw_json_free(doc);
    return !s->failed;
}

/* ---- what never was ---- */

static size_t put_untested(const struct sheet *s, const struct gw_jnode *asset, struct gw_buf *out)
{
    size_t n = 0;
    const char *id = gw_jnode_text(asset, "id");
    for (const struct gw_jnode *role = gw_jnode_first(gw_jnode_get(asset, "roles")); role;
         role = gw_jnode_next(role)) {
        for (const struct gw_jnode *p = gw_jnode_first(role); p; p = gw_jnode_next(p)) {
            const char *point = gw_jnode_type(p) == GW_J_STR ? gw_jnode_str(p) : "";
            if (point[0] == '\0' || was_tested(s, id, point))
                continue;
            gw_markup(out, "<tr><td>%s %s</td><td>%s</td><td>%s</td></tr>\n", id,
                      gw_jnode_text(asset, "name"), point, gw_jnode_key(role));
            n++;
        }
    }
    return n;
}

/* By the signed inventory that came last. */
static enum gw_status put_open(const struct sheet *s, struct gw_desk_store *store,
                               const char *gateway, struct gw_buf *out, struct gw_err *err)
{
    char *text = NULL;
    size_t len = 0, n = 0;
    struct gw_wire w;
    struct gw_err why;
    struct gw_buf rows;
    struct gw_json *doc = NULL;
    const enum gw_status st = gw_desk_store_document(store, gateway, "inventory", &text, &len, err);
    if (st != GW_OK)
        return st;
    if (text && gw_wire_split(text, len, &w, &why) == GW_OK)
        doc = parse(w.bytes, w.len);
    gw_buf_init(&rows, GW_DESK_SHEET_MAX);
    const struct gw_jnode *assets = doc ? gw_jnode_get(gw_json_root(doc), "assets") : NULL;
    for (const struct gw_jnode *a = gw_jnode_first(assets); a; a = gw_jnode_next(a))
        n += put_untested(s, a, &rows);
    gw_markup(out, "<h2>尚无试验记录的测点</h2>\n");
    if (!assets)
        gw_markup(out, "<p class=\"note\">尚未收到该网关的清单，无法比对。</p>\n");
    else if (n == 0)
        gw_markup(out, "<p class=\"good\">清单上的测点均有试验记录。</p>\n");
    else
        gw_markup(out,
                  "<div class=\"scroll\"><table><tr><th scope=\"col\">设备设施</th><th "
                  "scope=\"col\">测点</th><th scope=\"col\">角色</th></tr>\n%r</table></div>\n",
                  rows.data ? rows.data : "");
    out->failed = out->failed || rows.failed;
    gw_buf_free(&rows);
    gw_json_free(doc);
    free(text);
    return GW_OK;
}

/* ---- the page ---- */

static void put_head(const struct sheet *s, const char *gateway, struct gw_buf *out)
{
    char count[24];
    (void)snprintf(count, sizeof count, "%zu", s->records);
    gw_markup(out,
              "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
              "<title>功能试验记录单 · %s</title><style>%r</style></head>\n<body><main>\n"
              "<p class=\"note\">非现场监管 功能试验记录单</p><h1>信号变化和联锁动作的现场试验</h1>"
              "<p class=\"en\">Proof tests: signals seen to move, interlocks seen to act</p>\n",
              s->enterprise, gw_desk_style);
    gw_markup(out,
              "<table class=\"kv\"><tr><th scope=\"row\">企业</th><td>%s（统一社会信用代码 "
              "%s，区划 %s）</td></tr><tr><th scope=\"row\">网关</th><td>%s</td></tr><tr><th "
              "scope=\"row\">记录</th><td>%s 条，最近一次试验 %s</td></tr></table>\n",
              s->enterprise, s->uscc, s->county, gateway, count, s->newest);
    gw_markup(out, "<p class=\"note\">只登记网关自己见到的变化；由谁试验以现场申报的岗位为准。"
                   "试验方法、周期是否符合规定，由执法人员现场核查。</p>\n");
}

static void put_records(const struct sheet *s, struct gw_buf *out)
{
    gw_markup(out,
              "<h2>试验记录</h2>\n<div class=\"scroll\"><table><tr><th scope=\"col\">试验时间</th>"
              "<th scope=\"col\">设备设施</th><th scope=\"col\">测点、角色</th><th "
              "scope=\"col\">网关所见</th><th scope=\"col\">登记</th><th scope=\"col\">备注</th>"
              "<th scope=\"col\">记录</th></tr>\n%r</table></div>\n",
              s->rows.data ? s->rows.data : "");
}

static void put_verified(const struct sheet *s, struct gw_buf *out)
{
    gw_markup(out, "<h2>核验结果</h2>\n");
    if (s->broken)
        gw_markup(out, "<p class=\"warn\">签名正确，但是有记录与其前一条的链接不符：网关的存储可能"
                       "被替换或者篡改，须核查。</p>\n");
    else
        gw_markup(out, "<p class=\"good\">签名正确，由已登记的网关密钥签发，接收后未改动。</p>\n");
}

enum gw_status gw_desk_proofs(struct gw_desk_store *store, const char *gateway, struct gw_buf *out,
                              struct gw_err *err)
{
    struct sheet s = {.records = 0};
    gw_buf_init(&s.rows, GW_DESK_SHEET_MAX);
    enum gw_status st = gw_desk_store_proofs(store, gateway, GW_DESK_PROOFS, take, &s, err);
    if (st == GW_OK && s.failed)
        st = gw_err_set(err, GW_E_NOMEM, "the proofs of %s cannot be read", gateway);
    if (st == GW_OK && s.records == 0)
        st = gw_err_set(err, GW_E_NOTFOUND, "no proof of gateway %s", gateway);
    if (st == GW_OK) {
        put_head(&s, gateway, out);
        put_records(&s, out);
        st = put_open(&s, store, gateway, out, err);
        put_verified(&s, out);
        gw_buf_str(out, "</main></body></html>\n");
    }
    if (st == GW_OK && (out->failed || s.rows.failed))
        st = gw_err_set(err, GW_E_FULL, "the sheet of proofs of %s is too large", gateway);
    gw_buf_free(&s.rows);
    free(s.tested);
    return st;
}
