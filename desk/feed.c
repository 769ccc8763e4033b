/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "desk/markup.h"
#include "desk/sheet.h"
#include "proof/wire.h"

#define PAGE_MAX    ((size_t)16 << 20)
#define GAP_WAIT_MS 60000 /* a record may be on its way */

static const char *zh_of(const struct gw_jnode *obj, const char *key)
{
    return gw_jnode_text(gw_jnode_get(obj, key), "zh");
}

static const char *state_zh(const char *state)
{
    if (strcmp(state, "raised") == 0)
        return "发现";
    if (strcmp(state, "reopened") == 0)
        return "再次出现";
    if (strcmp(state, "unverified") == 0)
        return "整改未见数据证实";
    return strcmp(state, "cleared") == 0 ? "条件消失" : state;
}

/* ---- feeds ---- */

struct feed {
    struct gw_buf json, atom;
    size_t n;
    bool failed;
    int64_t newest_ms;
};

/* For who opens feed.atom in a browser: it knows no more of Atom than that it is XML. */
static const char feed_style[] =
    "feed{display:block;max-width:960px;margin:0 auto;padding:1.2rem;color:#1b1f24;background:#fff;"
    "font:16px/1.6 system-ui,\"Noto Sans CJK SC\",\"Microsoft YaHei\",sans-serif}"
    "feed>id,feed>updated,author,link,category,entry>id{display:none}"
    "feed>title{display:block;font-size:1.3rem;font-weight:600;border-bottom:2px solid #1f4e79}"
    "entry{display:block;padding:.6rem 0;border-bottom:1px solid #c9d1d9}"
    "entry>title,entry>updated,summary{display:block;overflow-wrap:anywhere}"
    "entry>title{font-weight:600}entry>updated{color:#57606a;font-size:.88rem}\n";

/* What both feeds tell of a lead. */
struct entry {
    char link[GW_DESK_LINK], title[512], uid[256], at[GW_ISO_SIZE];
    const struct gw_jnode *r;
    const struct gw_desk_row *row;
};

static void put_json(struct feed *f, const struct entry *e)
{
    struct gw_buf *b = &f->json;
    const struct gw_jnode *ent = gw_jnode_get(e->r, "enterprise");
    gw_buf_str(b, f->n > 0 ? ",\n  {\"id\":" : "\n  {\"id\":");
    gw_markup_json(b, e->uid);
    gw_buf_str(b, ",\"url\":");
    gw_markup_json(b, strchr(e->link, '/') + 1);
    gw_buf_str(b, ",\"title\":");
    gw_markup_json(b, e->title);
    gw_buf_str(b, ",\"content_text\":");
    gw_markup_json(b, zh_of(gw_jnode_get(e->r, "condition"), "text"));
    gw_buf_str(b, ",\"date_published\":");
    gw_markup_json(b, e->at);
    gw_buf_str(b, ",\"tags\":[");
    gw_markup_json(b, e->row->kind);
    gw_buf_char(b, ',');
    gw_markup_json(b, gw_jnode_text(e->r, "severity"));
    gw_buf_str(b, "],\"_nonsite\":{\"case\":");
    gw_markup_json(b, e->row->case_id);
    gw_buf_str(b, ",\"enterprise\":");
    gw_markup_json(b, gw_jnode_text(ent, "name"));
    gw_buf_str(b, ",\"finding\":");
    gw_markup_json(b, e->row->finding);
    gw_buf_str(b, ",\"gateway\":");
    gw_markup_json(b, e->row->gateway);
    gw_buf_str(b, ",\"record\":");
    gw_markup_json(b, e->row->id);
    gw_buf_str(b, ",\"state\":");
    gw_markup_json(b, e->row->state);
    gw_buf_str(b, ",\"uscc\":");
    gw_markup_json(b, gw_jnode_text(ent, "uscc"));
    gw_buf_str(b, "}}");
}

static void put_atom(struct feed *f, const struct entry *e)
{
    gw_markup(
        &f->atom,
        "<entry><id>%s</id><title>%s</title><updated>%s</updated><link rel=\"alternate\""
        " type=\"text/html\" href=\"%s\"/><category term=\"%s\"/><summary>%s</summary></entry>\n",
        e->uid, e->title, e->at, strchr(e->link, '/') + 1, e->row->kind,
        zh_of(gw_jnode_get(e->r, "condition"), "text"));
}

static bool put_entry(void *ctx, const struct gw_desk_row *row)
{
    struct feed *f = ctx;
    struct gw_wire w;
    struct gw_err err;
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    struct entry e = {.row = row};
    if (!issues || gw_wire_split(row->wire, row->wire_len, &w, &err) != GW_OK ||
        gw_json_parse(w.bytes, w.len, "record", issues, &doc) != GW_OK) {
        gw_issues_free(issues);
        f->failed = true;
        return false;
    }
    e.r = gw_json_root(doc);
    gw_desk_sheet_link(row->county, row->gateway, row->case_id, e.link);
    (void)snprintf(e.title, sizeof e.title, "%s：%s %s（%s）", state_zh(row->state),
                   gw_jnode_text(gw_jnode_get(e.r, "enterprise"), "name"), zh_of(e.r, "title"),
                   gw_jnode_text(gw_jnode_get(e.r, "asset"), "name"));
    (void)snprintf(e.uid, sizeof e.uid, "urn:nonsite:%s:%s", row->gateway, row->id);
    gw_clock_iso(row->received_ms, e.at);
    if (f->n == 0)
        f->newest_ms = row->received_ms;
    put_json(f, &e);
    put_atom(f, &e);
    f->n++;
    gw_json_free(doc);
    gw_issues_free(issues);
    return true;
}

static enum gw_status save(const char *pages, const char *county, const char *name,
                           const struct gw_buf *buf, struct gw_err *err)
{
    char path[GW_DESK_PATH + GW_DESK_LINK];
    (void)snprintf(path, sizeof path, "%s/%s%s%s", pages, county, county[0] ? "/" : "", name);
    return gw_markup_save(path, buf, err);
}

/* The head goes before the entries, and needs their newest time: the parts are joined here. */
static enum gw_status join_atom(struct feed *f, const char *county, int64_t now_ms,
                                struct gw_buf *out)
{
    char at[GW_ISO_SIZE];
    gw_clock_iso(f->n > 0 ? f->newest_ms : now_ms, at);
    gw_markup(out,
              "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
              "<?xml-stylesheet type=\"text/css\" href=\"feed.css\"?>\n<feed "
              "xmlns=\"http://www.w3.org/2005/Atom\""
              " xml:lang=\"zh-CN\"><id>urn:nonsite:county:%s</id><title>违法线索 %s</title>"
              "<updated>%s</updated><author><name>nonsite-desk</name></author>"
              "<link rel=\"self\" type=\"application/atom+xml\" href=\"feed.atom\"/>\n",
              county, county, at);
    gw_buf_put(out, f->atom.data ? f->atom.data : "", f->atom.len);
    gw_buf_str(out, "</feed>\n");
    return out->failed || f->atom.failed ? GW_E_FULL : GW_OK;
}

enum gw_status gw_desk_feed(struct gw_desk_store *store, const char *pages, const char *county,
                            int64_t now_ms, struct gw_err *err)
{
    struct feed f = {0};
    struct gw_buf atom;
    char folder[GW_DESK_LINK], title[64];
    gw_desk_sheet_link(county, "x", "x", folder);
    *strchr(folder, '/') = '\0'; /* the county as a folder's name */
    gw_buf_init(&f.json, PAGE_MAX);
    gw_buf_init(&f.atom, PAGE_MAX);
    gw_buf_init(&atom, PAGE_MAX);
    (void)snprintf(title, sizeof title, "违法线索 %.40s", county);
    gw_buf_str(&f.json, "{\"version\":\"https://jsonfeed.org/version/1.1\",\"language\":\"zh-CN\","
                        "\"title\":");
    gw_markup_json(&f.json, title);
    gw_buf_str(&f.json, ",\"items\":[");
    enum gw_status st = gw_desk_store_leads(store, county, GW_DESK_FEED_LEADS, put_entry, &f, err);
    gw_buf_str(&f.json, "\n]}\n");
    if (st == GW_OK && (f.failed || join_atom(&f, county, now_ms, &atom) != GW_OK))
        st = gw_err_set(err, GW_E_NOMEM, "the feed of %s cannot be written", county);
    if (st == GW_OK)
        st = save(pages, folder, "feed.json", &f.json, err);
    if (st == GW_OK)
        st = save(pages, folder, "feed.atom", &atom, err);
    gw_buf_clear(&f.json);
    gw_buf_str(&f.json, feed_style);
    if (st == GW_OK)
        st = save(pages, folder, "feed.css", &f.json, err);
    gw_buf_free(&atom);
    gw_buf_free(&f.atom);
    gw_buf_free(&f.json);
    return st;
}

/* ---- the overview ---- */

struct chains {
    int64_t records, missing, broken, tail;
};

static bool add_chain(void *ctx, const struct gw_desk_chain *c)
{
    struct chains *sum = ctx;
    sum->records += c->highest - c->missing;
    sum->missing += c->missing;
    sum->broken += c->broken != 0;
    sum->tail += c->told > c->highest ? c->told - c->highest : 0;
    return true;
}

static bool says_offline(struct gw_desk_store *store, const char *gateway)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_err err;
    const bool offline =
        gw_desk_store_document(store, gateway, "status", &text, &len, &err) == GW_OK && text &&
        strstr(text, "\"state\":\"offline\"") != NULL;
    free(text);
    return offline;
}

const char *gw_desk_verdict(struct gw_desk_store *store, const struct gw_desk_conf *conf,
                            const struct gw_desk_standing *g, int64_t now_ms)
{
    struct chains sum = {0};
    struct gw_err err;
    const int64_t age = now_ms - g->seen_ms;
    if (gw_desk_store_chains(store, g->gateway, add_chain, &sum, &err) != GW_OK)
        return "unknown";
    if (g->forked > 0)
        return "forked";
    if (sum.broken > 0)
        return "broken";
    if (g->seen_ms == 0)
        return "never";
    if ((sum.missing > 0 || sum.tail > 0) && age > GAP_WAIT_MS)
        return "gap";
    if (says_offline(store, g->gateway))
        return "offline";
    return age > conf->silent_s * 1000 ? "silent" : "ok";
}

static const char *verdict_zh(const char *v)
{
    static const char *const words[][2] = {
        {"ok", "正常"},         {"never", "从未收到"},   {"silent", "静默"},
        {"offline", "已离线"},  {"gap", "记录缺失"},     {"broken", "链接不符"},
        {"forked", "编号分叉"}, {"unknown", "无法判断"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(v, words[i][0]) == 0)
            return words[i][1];
    return v;
}

static const char style[] =
    "body{font:16px/1.6 system-ui,\"Noto Sans CJK SC\",\"Microsoft "
    "YaHei\",sans-serif;color:#1b1f24;"
    "background:#f4f5f7;margin:0}main{max-width:960px;margin:0 auto;background:#fff;padding:1.2rem}"
    "h1{font-size:1.3rem}h2{font-size:1.05rem;color:#1f4e79;border-bottom:2px solid #1f4e79}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{border:1px solid #c9d1d9;"
    "padding:.3rem .5rem;text-align:left;overflow-wrap:anywhere}th{background:#eef1f4}.scroll{"
    "overflow-x:auto}.bad{font-weight:600;color:#8a2d0b}.note{color:#57606a;font-size:.88rem}"
    ".at{white-space:nowrap}td:empty::after{content:\"—\"}@media(max-width:640px){tr,td{display:"
    "block;border:0}tr:first-child{"
    "display:none}"
    "tr{border:1px solid #c9d1d9;margin:0 0 .6rem;padding:.3rem .5rem}td{padding:.1rem 0}"
    "td::before{content:attr(data-of) \"：\";color:#57606a}}";

/* "2026-11-22 20:36:15": what a list has room for. The sheets have it in full. */
static void short_time(int64_t wall_ms, char out[GW_ISO_SIZE])
{
    gw_clock_iso(wall_ms, out);
    out[10] = ' ';
    out[19] = '\0';
}

struct overview {
    struct gw_desk_store *store;
    const struct gw_desk_conf *conf;
    int64_t now_ms;
    struct gw_buf html, json;
    size_t n, leads;
    struct gw_err *err;
};

static bool put_proofs_link(void *ctx, const struct gw_desk_row *row)
{
    struct overview *o = ctx;
    char link[GW_DESK_LINK];
    gw_desk_proofs_link(row->county, row->gateway, link);
    gw_markup(&o->html, "<a href=\"%s\">记录单</a>", link);
    return false;
}

static bool put_gateway(void *ctx, const struct gw_desk_standing *g)
{
    struct overview *o = ctx;
    struct chains sum = {0};
    struct gw_err err;
    char seen[GW_ISO_SIZE] = "—", counts[4][24];
    const char *v = gw_desk_verdict(o->store, o->conf, g, o->now_ms);
    (void)!gw_desk_store_chains(o->store, g->gateway, add_chain, &sum, &err);
    if (g->seen_ms > 0)
        short_time(g->seen_ms, seen);
    (void)snprintf(counts[0], sizeof counts[0], "%" PRId64, sum.records);
    (void)snprintf(counts[1], sizeof counts[1], "%" PRId64, sum.missing + sum.tail);
    (void)snprintf(counts[2], sizeof counts[2], "%" PRId64, g->again);
    (void)snprintf(counts[3], sizeof counts[3], "%" PRId64, g->refused);
    gw_markup(&o->html,
              "<tr><td data-of=\"网关\">%s</td><td data-of=\"状态\" class=\"%r\">%s %s</td>"
              "<td data-of=\"最近消息\" class=\"at\">%s</td><td data-of=\"记录\">%s</td>"
              "<td data-of=\"缺失\">%s</td><td data-of=\"重复\">%s</td>"
              "<td data-of=\"拒收\">%s%s%s</td><td data-of=\"功能试验\" class=\"at\">",
              g->gateway, strcmp(v, "ok") == 0 ? "" : "bad", verdict_zh(v), v, seen, counts[0],
              counts[1], counts[2], counts[3], g->fault[0] ? "：" : "", g->fault);
    (void)!gw_desk_store_proofs(o->store, g->gateway, 1, put_proofs_link, o, &err);
    gw_buf_str(&o->html, "</td></tr>\n");
    gw_buf_printf(&o->json, "%s\n {\"gateway\":\"%s\",\"state\":\"%s\",\"seen_ms\":%" PRId64,
                  o->n > 0 ? "," : "", g->gateway, v, g->seen_ms);
    gw_buf_printf(
        &o->json,
        ",\"records\":%s,\"missing\":%s,\"repeated\":%s,\"refused\":%s,\"forked\":%" PRId64
        ",\"broken\":%" PRId64 "}",
        counts[0], counts[1], counts[2], counts[3], g->forked, sum.broken);
    o->n++;
    return true;
}

static bool put_lead(void *ctx, const struct gw_desk_row *row)
{
    struct overview *o = ctx;
    struct gw_wire w;
    struct gw_err err;
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    char link[GW_DESK_LINK], at[GW_ISO_SIZE];
    if (issues && gw_wire_split(row->wire, row->wire_len, &w, &err) == GW_OK &&
        gw_json_parse(w.bytes, w.len, "record", issues, &doc) == GW_OK) {
        const struct gw_jnode *r = gw_json_root(doc);
        gw_desk_sheet_link(row->county, row->gateway, row->case_id, link);
        short_time(row->received_ms, at);
        gw_markup(&o->html,
                  "<tr><td data-of=\"接收时间\" class=\"at\">%s</td>"
                  "<td data-of=\"状态\" class=\"at\">%s</td>"
                  "<td data-of=\"线索\"><a href=\"%s\">%s</a></td>"
                  "<td data-of=\"企业\">%s</td><td data-of=\"设备设施\">%s</td></tr>\n",
                  at, state_zh(row->state), link, zh_of(r, "title"),
                  gw_jnode_text(gw_jnode_get(r, "enterprise"), "name"),
                  gw_jnode_text(gw_jnode_get(r, "asset"), "name"));
        o->leads++;
    }
    gw_json_free(doc);
    gw_issues_free(issues);
    return true;
}

static bool put_county(void *ctx, const char *county)
{
    struct overview *o = ctx;
    char folder[GW_DESK_LINK];
    gw_desk_sheet_link(county, "x", "x", folder);
    *strchr(folder, '/') = '\0';
    gw_markup(
        &o->html,
        "<li>%s：<a href=\"%s/feed.json\">JSON</a> · <a href=\"%s/feed.atom\">Atom</a></li>\n",
        county, folder, folder);
    return true;
}

static enum gw_status put_overview(struct overview *o, struct gw_err *err)
{
    char now[GW_ISO_SIZE];
    short_time(o->now_ms, now);
    gw_markup(
        &o->html,
        "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta"
        " name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>违法线索接收端"
        "</title><style>%r</style></head><body><main><h1>违法线索接收端</h1><p class=\"note\">"
        "生成于 %s（北京时间）</p>\n<h2>网关</h2><div class=\"scroll\"><table><tr><th "
        "scope=\"col\">网关</th><th scope=\"col\">状态</th>"
        "<th scope=\"col\">最近消息</th><th scope=\"col\">记录</th><th scope=\"col\">缺失</th><th "
        "scope=\"col\">重复</th><th scope=\"col\">拒收</th><th "
        "scope=\"col\">功能试验</th></tr>\n",
        style, now);
    gw_buf_str(&o->json, "[");
    enum gw_status st = gw_desk_store_gateways(o->store, put_gateway, o, err);
    gw_buf_str(&o->json, "\n]\n");
    gw_markup(&o->html, "</table></div>\n<h2>最近线索</h2><div class=\"scroll\"><table><tr><th "
                        "scope=\"col\">接收时间"
                        "</th><th scope=\"col\">状态</th><th scope=\"col\">线索</th><th "
                        "scope=\"col\">企业</th><th scope=\"col\">设备设施</th></tr>\n");
    if (st == GW_OK)
        st = gw_desk_store_leads(o->store, NULL, GW_DESK_FEED_LEADS, put_lead, o, err);
    gw_markup(&o->html, "</table></div>\n<h2>各区县订阅</h2><ul>\n");
    if (st == GW_OK)
        st = gw_desk_store_counties(o->store, put_county, o, err);
    gw_markup(&o->html, "</ul></main></body></html>\n");
    return st;
}

enum gw_status gw_desk_overview(struct gw_desk_store *store, const struct gw_desk_conf *conf,
                                int64_t now_ms, struct gw_err *err)
{
    struct overview o = {.store = store, .conf = conf, .now_ms = now_ms};
    gw_buf_init(&o.html, PAGE_MAX);
    gw_buf_init(&o.json, PAGE_MAX);
    enum gw_status st = put_overview(&o, err);
    if (st == GW_OK)
        st = save(conf->pages, "", "index.html", &o.html, err);
    if (st == GW_OK)
        st = save(conf->pages, "", "gateways.json", &o.json, err);
    gw_buf_free(&o.json);
    gw_buf_free(&o.html);
    return st;
}
