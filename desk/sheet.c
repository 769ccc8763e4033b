/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/markup.h"
#include "desk/plot.h"
#include "desk/words.h"
#include "model/unit.h"
#include "proof/wire.h"

struct sheet {
    struct gw_desk_store *store;
    const char *gateway, *case_id;
    struct gw_buf *out;
    char *first, *last; /* wire forms: the record that raised the case, and its last word */
    char raised_id[GW_RECORD_ID_SIZE];
    struct gw_buf history;
    char received[GW_DESK_MOMENT];
    size_t records, asked;
    bool broken, failed;
};

/* ---- words ---- */

struct word {
    const char *key, *zh;
};

static const struct word kinds[] = {
    {"ABS", "未设置"},          {"FLT", "失效"},       {"BYP", "屏蔽、关闭"},
    {"ILK", "未联锁"},          {"SET", "设定值超限"}, {"TRP", "报警未处置"},
    {"CAL", "检定超期"},        {"INT", "数据完整性"}, {"ORD", "违反指令"},
    {"EV", "报警（不是违法）"},
};
static const struct word severities[] = {
    {"major", "疑似重大事故隐患"}, {"general", "疑似一般事故隐患"}, {"info", "提示"}};
static const struct word strengths[] = {
    {"A", "A：设备直接证据"}, {"B", "B：多点推断"}, {"C", "C：与申报清单比对，须现场核实"}};
static const struct word states[] = {
    {"raised", "发现"},       {"reopened", "再次出现"},   {"cleared", "条件消失（未销号）"},
    {"returned", "恢复正常"}, {"acknowledged", "已确认"}, {"again", "锁存期间再次报警"},
    {"summary", "汇总"},      {"updated", "更新"},        {"unverified", "整改未见数据证实"},
    {"cancelled", "已销号"}};
static const struct word confirmations[] = {{"published", "已与公开文本核对"},
                                            {"memory", "条文待与正式文本核对"}};
static const struct word modes[] = {{"RUN", "运行"}, {"STOP", "停止"}, {"UNKNOWN", "未知"}};
static const struct word links[] = {
    {"ok", "正常"}, {"suspect", "不稳定"}, {"down", "中断"}, {"unknown", "未知"}};
static const struct word commands[] = {
    {"rectify", "下达整改要求"}, {"claim", "企业申报整改完成"}, {"cancel", "销号"}};

#define WORD(list, key) word(list, sizeof(list) / sizeof((list)[0]), key)

static const char *word(const struct word *list, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].key, key) == 0)
            return list[i].zh;
    return key;
}

static const char *zh_of(const struct gw_jnode *obj, const char *key)
{
    return gw_jnode_text(gw_jnode_get(obj, key), "zh");
}

static const char *en_of(const struct gw_jnode *obj, const char *key)
{
    return gw_jnode_text(gw_jnode_get(obj, key), "en");
}

/* ---- reading what is stored ---- */

/* The parsed bytes of a wire form; NULL when it cannot be. */
static struct gw_json *open_wire(const char *wire)
{
    struct gw_wire w;
    struct gw_err err;
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    if (issues && gw_wire_split(wire, strlen(wire), &w, &err) == GW_OK &&
        gw_json_parse(w.bytes, w.len, "record", issues, &doc) != GW_OK)
        doc = NULL;
    gw_issues_free(issues);
    return doc;
}

static bool take_record(void *ctx, const struct gw_desk_row *row)
{
    struct sheet *s = ctx;
    char iso[GW_ISO_SIZE], at[GW_DESK_MOMENT];
    char *copy = strndup(row->wire, row->wire_len);
    struct gw_json *doc = copy ? open_wire(copy) : NULL;
    if (!doc) {
        free(copy);
        s->failed = true;
        return false;
    }
    const struct gw_jnode *root = gw_json_root(doc);
    gw_clock_iso(row->received_ms, iso);
    gw_markup(&s->history, "<tr><td>%s</td><td>%s</td><td>%s</td><td class=\"id\">%s</td></tr>\n",
              gw_desk_moment(gw_jnode_text(gw_jnode_get(root, "time"), "recorded"), at),
              WORD(states, row->state), zh_of(gw_jnode_get(root, "condition"), "text"), row->id);
    gw_json_free(doc);
    s->records++;
    s->broken = s->broken || row->broken;
    (void)gw_desk_moment(iso, s->received);
    if (strcmp(row->state, "raised") == 0 || strcmp(row->state, "reopened") == 0 || !s->first) {
        free(s->first);
        s->first = strndup(row->wire, row->wire_len);
        (void)snprintf(s->raised_id, sizeof s->raised_id, "%s", row->id);
    }
    free(s->last);
    s->last = copy;
    s->failed = s->failed || !s->first;
    return true;
}

/* ---- parts of the page ---- */

const char gw_desk_style[] =
    ":root{color-scheme:light}body{font:16px/1.6 system-ui,\"Noto Sans CJK SC\",\"Source Han Sans "
    "SC\",\"Microsoft YaHei\",sans-serif;color:#1b1f24;background:#f4f5f7;margin:0}"
    "main{max-width:820px;margin:0 auto;background:#fff;padding:1.2rem 1.4rem 2rem}"
    "h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.6rem 0 .5rem;border-bottom:"
    "2px solid #1f4e79;padding-bottom:.15rem;color:#1f4e79}.en{color:#57606a;font-size:.85rem}"
    ".tag{display:inline-block;border:1px solid #1f4e79;border-radius:3px;padding:0 .45em;"
    "margin:.1rem .3rem .1rem "
    "0;font-size:.85rem}.tag.major{background:#8a2d0b;border-color:#8a2d0b;"
    "color:#fff}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{border:1px solid "
    "#c9d1d9;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eef1f4;font-weight:600}.scroll{overflow-x:auto}.kv th{width:8.5em;"
    "white-space:nowrap}.wide{white-space:nowrap}.id{font-family:ui-monospace,monospace;font-size:."
    "8rem}.note{color:#57606a;"
    "font-size:.88rem}.warn{border-left:4px solid #b35900;background:#fff4e5;padding:.4rem .7rem}"
    ".good{border-left:4px solid #0b6e4f;background:#eaf6f1;padding:.4rem "
    ".7rem}.check{min-width:8.6em}.stack "
    "th{white-space:nowrap}.scroll+.kv{margin-top:.6rem}td:empty::before{content:\"—\"}"
    "figure{margin:.7rem 0;"
    "overflow-x:auto}figcaption{font-size:.85rem;color:#57606a}svg{width:100%;min-width:560px;"
    "height:auto;display:block}"
    "svg text{fill:#3d444d}.frame{fill:none;stroke:#8c959f}.line{fill:none;stroke:#0072b2;"
    "stroke-width:1.6}.limit{stroke:#d55e00;stroke-width:1.4;stroke-dasharray:6 4}.moment{stroke:"
    "#1b1f24;stroke-width:1;stroke-dasharray:2 3}.bad{fill:#d9d9d9}.on{fill:#e8a33d}.off{fill:"
    "#d7e9f5}@media print{body{background:#fff}main{padding:0}h2{break-after:avoid}figure,tr{"
    "break-inside:avoid}}@media(max-width:640px){svg{min-width:0;overflow:visible}svg "
    "text{font-size:20px}.stack tr:first-child,.stack td:empty{display:none}.stack tr,.stack td{"
    "display:block;border:0}.stack tr{border:1px solid #c9d1d9;margin:0 0 .5rem;padding:.25rem "
    ".6rem}.stack td{padding:.1rem 0;white-space:normal}.stack td[data-of]::before{content:attr("
    "data-of) \"：\";color:#57606a;font-family:system-ui,sans-serif}}@media(max-width:480px){main{"
    "padding:.8rem}.kv th{width:6em;white-space:normal}}";

static void put_head(struct sheet *s, const struct gw_jnode *r, const struct gw_jnode *last)
{
    const struct gw_jnode *ent = gw_jnode_get(r, "enterprise"), *asset = gw_jnode_get(r, "asset");
    const char *severity = gw_jnode_text(r, "severity"), *kind = gw_jnode_text(r, "kind");
    gw_markup(s->out,
              "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
              "<title>%s · %s · 证据单</title><style>%r</style></head>\n<body><main>\n",
              zh_of(r, "title"), gw_jnode_text(asset, "name"), gw_desk_style);
    gw_markup(s->out,
              "<p class=\"note\">非现场监管 %s · 时间均为北京时间</p><h1>%s</h1><p "
              "class=\"en\">%s</p>\n<p>",
              strcmp(gw_jnode_text(r, "class"), "alarm") == 0 ? "报警证据单（报警本身不是违法）"
                                                              : "违法线索证据单",
              zh_of(r, "title"), en_of(r, "title"));
    gw_markup(s->out, "<span class=\"tag %s\">%s</span>", severity, WORD(severities, severity));
    gw_markup(s->out,
              "<span class=\"tag\">%s %s</span><span class=\"tag\">证据强度 %s</span>"
              "<span class=\"tag\">%s</span></p>\n",
              kind, WORD(kinds, kind), WORD(strengths, gw_jnode_text(r, "strength")),
              WORD(states, gw_jnode_text(last, "state")));
    gw_markup(s->out,
              "<table class=\"kv\"><tr><th scope=\"row\">企业</th><td>%s（统一社会信用代码 "
              "%s，区划 %s）</td></tr>"
              "<tr><th scope=\"row\">设备设施</th><td>%s（%s，%s）</td></tr><tr><th "
              "scope=\"row\">位置</th><td>%s</td></tr>",
              gw_jnode_text(ent, "name"), gw_jnode_text(ent, "uscc"), gw_jnode_text(ent, "county"),
              gw_jnode_text(asset, "name"), gw_jnode_text(asset, "id"), zh_of(asset, "type_title"),
              gw_jnode_text(asset, "location"));
    gw_markup(s->out,
              "<tr><th scope=\"row\">发现编码</th><td>%s（目录版本 %s）</td></tr><tr><th "
              "scope=\"row\">案件号</th>"
              "<td class=\"id\">%s</td></tr></table>\n",
              gw_jnode_text(r, "finding"), gw_jnode_text(r, "catalogue"), s->case_id);
}

static void put_what(struct sheet *s, const struct gw_jnode *r)
{
    const struct gw_jnode *cond = gw_jnode_get(r, "condition"), *time = gw_jnode_get(r, "time");
    const struct gw_jnode *sync = gw_jnode_get(time, "sync");
    char observed[GW_DESK_MOMENT], recorded[GW_DESK_MOMENT];
    gw_markup(s->out,
              "<h2>发生了什么</h2><p>%s</p><p class=\"en\">%s</p>\n<table class=\"kv\"><tr><th "
              "scope=\"row\">开始于"
              "</th><td>%s</td></tr><tr><th scope=\"row\">记录于</th><td>%s</td></tr><tr><th "
              "scope=\"row\">设备状态</th>"
              "<td>%s</td></tr></table>\n",
              zh_of(cond, "text"), en_of(cond, "text"),
              gw_desk_moment(gw_jnode_text(time, "observed"), observed),
              gw_desk_moment(gw_jnode_text(time, "recorded"), recorded),
              WORD(modes, gw_jnode_text(cond, "mode")));
    if (!sync || gw_jnode_type(sync) != GW_J_BOOL || !gw_jnode_bool(sync))
        gw_markup(s->out,
                  "<p class=\"warn\">记录时网关时钟未同步，绝对时间可能有偏差；先后次序由启动号和"
                  "启动后毫秒数确定。</p>\n");
    if (gw_jnode_text(r, "alarm")[0] != '\0')
        gw_markup(s->out, "<p>所引用的报警记录：<span class=\"id\">%s</span></p>\n",
                  gw_jnode_text(r, "alarm"));
}

static void put_clauses(struct sheet *s, const struct gw_jnode *r)
{
    const struct gw_jnode *law = gw_jnode_get(r, "law");
    if (!gw_jnode_get(r, "clauses"))
        return;
    gw_markup(s->out, "<h2>依据</h2>\n<div class=\"scroll\"><table class=\"stack\"><tr><th "
                      "scope=\"col\">条款</th><th scope=\"col\">内容（摘要）"
                      "</th><th scope=\"col\" class=\"check\">核对情况</th></tr>\n");
    for (const struct gw_jnode *c = gw_jnode_first(gw_jnode_get(r, "clauses")); c;
         c = gw_jnode_next(c)) {
        const char *item = gw_jnode_text(c, "item");
        const char *article = gw_jnode_text(c, "article");
        /* Not every place is a number: a verification rule has a chapter that is called so. */
        const bool number = article[strspn(article, "0123456789")] == '\0';
        gw_markup(s->out, "<tr><td>%s%s%s%s%s%s%s</td><td>%s</td><td>%s</td></tr>\n",
                  gw_jnode_text(c, "document"), number ? "第" : " ", article, number ? "条" : "",
                  item[0] ? "第（" : "", item, item[0] ? "）项" : "", zh_of(c, "text"),
                  WORD(confirmations, gw_jnode_text(c, "confirmed")));
    }
    gw_markup(s->out,
              "</table></div>\n<table class=\"kv\"><tr><th "
              "scope=\"row\">义务</th><td>%s</td></tr><tr><th scope=\"row\">罚则</th>"
              "<td>%s</td></tr></table>\n<p "
              "class=\"note\">本单只提供线索。是否构成隐患、如何处理，由执法人员"
              "现场核查后决定；条文以正式文本为准。</p>\n",
              zh_of(law, "obligation"), zh_of(law, "penalty"));
}

static void put_points(struct sheet *s, const struct gw_jnode *r)
{
    const struct gw_jnode *ev = gw_jnode_get(r, "evidence");
    gw_markup(
        s->out,
        "<h2>判定时刻的原始数据</h2>\n<div class=\"scroll\"><table class=\"wide stack\"><tr><th "
        "scope=\"col\">角色</th>"
        "<th scope=\"col\">测点</th><th scope=\"col\">值</th><th scope=\"col\">质量</th><th "
        "scope=\"col\">寄存器</th><th scope=\"col\">时间</th></tr>\n");
    for (const struct gw_jnode *p = gw_jnode_first(gw_jnode_get(ev, "points")); p;
         p = gw_jnode_next(p)) {
        const char *value = gw_jnode_text(p, "value");
        char at[GW_DESK_MOMENT];
        gw_markup(
            s->out,
            "<tr><td data-of=\"角色\">%s</td><td data-of=\"测点\">%s</td><td data-of=\"值\">%s "
            "%s</td><td data-of=\"质量\">%s %s</td><td class=\"id\" data-of=\"寄存器\">",
            gw_jnode_text(p, "role"), gw_jnode_text(p, "id"), gw_desk_value_zh(value),
            gw_unit_text(gw_jnode_text(p, "unit")), gw_desk_quality_zh(gw_jnode_text(p, "quality")),
            gw_jnode_text(p, "quality"));
        for (const struct gw_jnode *x = gw_jnode_first(gw_jnode_get(p, "raw")); x;
             x = gw_jnode_next(x))
            if (gw_jnode_type(x) == GW_J_NUM && gw_jnode_num(x) >= 0 && gw_jnode_num(x) <= 0xFFFF)
                gw_buf_printf(s->out, "0x%04X ", (unsigned)gw_jnode_num(x));
        gw_markup(s->out, "</td><td data-of=\"时间\">%s</td></tr>\n",
                  gw_desk_moment(gw_jnode_text(p, "t"), at));
    }
    gw_markup(
        s->out,
        "</table></div>\n<h2>仪表</h2>\n<div class=\"scroll\"><table "
        "class=\"wide stack\"><tr><th scope=\"col\">设备</th>"
        "<th scope=\"col\">厂家型号</th><th scope=\"col\">出厂编号</th><th "
        "scope=\"col\">位置</th><th scope=\"col\">检定</th><th scope=\"col\">通信</th></tr>\n");
    for (const struct gw_jnode *d = gw_jnode_first(gw_jnode_get(ev, "devices")); d;
         d = gw_jnode_next(d)) {
        const char *due = gw_jnode_text(d, "cal_due");
        const char *make = gw_jnode_text(d, "make"), *model = gw_jnode_text(d, "model");
        gw_markup(s->out,
                  "<tr><td data-of=\"设备\">%s</td><td data-of=\"厂家型号\">%s%s%s</td><td "
                  "data-of=\"出厂编号\">%s</td><td data-of=\"位置\">%s</td><td "
                  "data-of=\"检定\">%s%s%s</td><td data-of=\"通信\">%s %s</td></tr>\n",
                  gw_jnode_text(d, "id"), make, make[0] && model[0] ? " " : "", model,
                  gw_jnode_text(d, "serial"), gw_jnode_text(d, "location"),
                  gw_jnode_text(d, "cert_no"), due[0] ? " 有效期至 " : "", due,
                  WORD(links, gw_jnode_text(d, "link")), gw_jnode_text(d, "fault"));
    }
    gw_markup(s->out, "</table></div>\n");
}

/* ---- the window ---- */

struct evidence {
    char sha256[GW_SHA256_HEX];
    bool complete, found;
};

static bool take_evidence(void *ctx, const struct gw_desk_row *row)
{
    struct evidence *e = ctx;
    char *copy = strndup(row->wire, row->wire_len);
    struct gw_json *doc = copy ? open_wire(copy) : NULL;
    const struct gw_jnode *ev = doc ? gw_jnode_get(gw_json_root(doc), "evidence") : NULL;
    const struct gw_jnode *complete = gw_jnode_get(ev, "complete");
    if (strlen(gw_jnode_text(ev, "sha256")) == sizeof e->sha256 - 1) {
        memcpy(e->sha256, gw_jnode_text(ev, "sha256"), sizeof e->sha256);
        e->complete = complete && gw_jnode_type(complete) == GW_J_BOOL && gw_jnode_bool(complete);
        e->found = true;
    }
    gw_json_free(doc);
    free(copy);
    return false;
}

/* The limit of a single quantity against a number; of anything else there is no line to draw. */
static void find_limit(const struct gw_jnode *r, struct gw_desk_plot *plot)
{
    const struct gw_jnode *cond = gw_jnode_get(r, "condition");
    const char *limit = gw_jnode_text(cond, "limit"), *rule = gw_jnode_text(cond, "rule");
    const struct gw_jnode *p = gw_jnode_first(gw_jnode_get(gw_jnode_get(r, "evidence"), "points"));
    char *end;
    if (!p || limit[0] == '\0' || (strcmp(rule, "limit") != 0 && strcmp(rule, "setpoint") != 0))
        return;
    plot->limit = strtod(limit, &end);
    if (*end == '\0' && isfinite(plot->limit))
        plot->limit_point = gw_jnode_text(p, "id");
}

static enum gw_status put_window(struct sheet *s, const struct gw_jnode *r, struct evidence *ev,
                                 struct gw_err *err)
{
    char *bytes = NULL;
    size_t len = 0;
    bool missing = false;
    struct gw_json *doc = NULL;
    enum gw_status st =
        gw_desk_store_evidence(s->store, s->gateway, s->raised_id, take_evidence, ev, err);
    if (st == GW_OK && ev->found)
        st = gw_desk_store_window(s->store, s->gateway, ev->sha256, &bytes, &len, err);
    if (st == GW_OK && ev->found)
        st = gw_desk_store_missing(s->store, s->gateway, ev->sha256, &missing, err);
    if (st != GW_OK)
        return st;
    gw_markup(s->out, "<h2>证据窗口</h2>\n");
    struct gw_issues *issues = gw_issues_new();
    if (bytes && issues && gw_json_parse(bytes, len, "window", issues, &doc) == GW_OK) {
        struct gw_desk_plot plot = {.window = gw_json_root(doc)};
        if (!gw_clock_parse(gw_jnode_text(gw_jnode_get(r, "time"), "recorded"), &plot.moment_ms))
            plot.moment_ms = 0;
        find_limit(r, &plot);
        gw_desk_plot(&plot, s->out);
        gw_markup(
            s->out,
            "<p class=\"note\">竖虚线为判定时刻；灰色带为质量不可信的时段，其间没有数值。%s</p>\n",
            ev->complete ? "窗口完整。"
                         : "窗口不完整（网关曾重启，或者后一次报警提前结束了本窗口）。");
    } else if (bytes) {
        gw_markup(s->out, "<p class=\"note\">窗口过大，不在此绘图；可由接收端导出查看。</p>\n");
    } else if (missing) {
        gw_markup(s->out,
                  "<p class=\"warn\">证据窗口缺失：网关已签名记录该窗口，但在规定时间内没有收到与其"
                  "散列相符的内容；本单只有判定时刻的数据。</p>\n<p class=\"en\">The window is "
                  "missing: none with the signed hash came in time.</p>\n");
    } else if (ev->found) {
        gw_markup(s->out, "<p class=\"warn\">窗口记录已到，窗口本身尚未到达。</p>\n");
    } else {
        gw_markup(s->out, "<p class=\"note\">判定后的窗口期尚未结束，或者本类线索没有窗口。</p>\n");
    }
    gw_issues_free(issues);
    gw_json_free(doc);
    free(bytes);
    return GW_OK;
}

/* ---- what was verified, what is next ---- */

static enum gw_status put_proof(struct sheet *s, const struct gw_jnode *r,
                                const struct evidence *ev, struct gw_err *err)
{
    struct gw_desk_chain c;
    const enum gw_status st =
        gw_desk_store_chain(s->store, s->gateway, gw_jnode_text(r, "chain"), &c, err);
    if (st != GW_OK)
        return st;
    const struct gw_jnode *seq = gw_jnode_get(r, "seq");
    const bool linked = seq && gw_jnode_num(seq) <= (double)c.whole.seq && !s->broken;
    gw_markup(s->out, "<h2>核验结果</h2>\n");
    if (s->broken)
        gw_markup(s->out,
                  "<p class=\"warn\">签名正确，但是与前一条记录的链接不符：网关的存储可能被替换或者"
                  "篡改，须核查。</p>\n");
    else
        gw_markup(s->out,
                  "<p class=\"%r\">签名正确，由已登记的网关密钥签发，接收后未改动；%s。</p>\n",
                  linked ? "good" : "warn",
                  linked ? "自链首起各记录齐全且相连" : "此前尚有记录未到，链接待补齐后确认");
    gw_markup(s->out,
              "<table class=\"kv\"><tr><th scope=\"row\">记录</th><td "
              "class=\"id\">%s</td></tr><tr><th scope=\"row\">签名密钥</th>"
              "<td class=\"id\">%s</td></tr><tr><th scope=\"row\">前一记录散列</th><td "
              "class=\"id\">%s</td></tr>"
              "<tr><th scope=\"row\">配置散列</th><td class=\"id\">%s</td></tr><tr><th "
              "scope=\"row\">窗口散列</th><td class=\"id\">"
              "%s</td></tr><tr><th scope=\"row\">接收时间</th><td>%s</td></tr></table>\n",
              gw_jnode_text(r, "id"), gw_jnode_text(r, "kid"), gw_jnode_text(r, "prev"),
              gw_jnode_text(r, "config_sha256"), ev->found ? ev->sha256 : "—", s->received);
    return GW_OK;
}

static bool put_asked(void *ctx, const struct gw_desk_asked *a)
{
    struct sheet *s = ctx;
    char iso[GW_ISO_SIZE], at[GW_DESK_MOMENT], until_at[GW_DESK_MOMENT];
    struct gw_json *doc = NULL, *reply = NULL;
    struct gw_issues *issues = gw_issues_new();
    gw_clock_iso(a->at_ms, iso);
    if (issues && gw_json_parse(a->command, strlen(a->command), "command", issues, &doc) == GW_OK &&
        a->reply[0] != '\0' &&
        gw_json_parse(a->reply, strlen(a->reply), "reply", issues, &reply) != GW_OK)
        reply = NULL;
    const struct gw_jnode *args = doc ? gw_jnode_get(gw_json_root(doc), "args") : NULL;
    const struct gw_jnode *until = gw_jnode_get(args, "until");
    char deadline[GW_ISO_SIZE] = "";
    if (until && gw_jnode_type(until) == GW_J_NUM)
        gw_clock_iso((int64_t)gw_jnode_num(until), deadline);
    if (s->asked++ == 0)
        gw_markup(s->out, "<div class=\"scroll\"><table class=\"stack\"><tr><th "
                          "scope=\"col\">时间</th><th scope=\"col\">事项</th>"
                          "<th scope=\"col\">内容</th><th scope=\"col\">网关答复</th></tr>\n");
    gw_markup(s->out, "<tr><td>%s</td><td>%s</td><td>%s %s %s %s %s%s</td><td>%s</td></tr>\n",
              gw_desk_moment(iso, at), WORD(commands, a->name), gw_jnode_text(args, "body"),
              gw_jnode_text(args, "role"), gw_jnode_text(args, "standard"),
              gw_jnode_text(args, "reason"), deadline[0] ? "期限 " : "",
              deadline[0] ? gw_desk_moment(deadline, until_at) : "",
              reply ? zh_of(gw_json_root(reply), "text") : "网关尚未答复");
    gw_json_free(reply);
    gw_json_free(doc);
    gw_issues_free(issues);
    return true;
}

static enum gw_status put_next(struct sheet *s, const struct gw_jnode *r, struct gw_err *err)
{
    gw_markup(s->out, "<h2>下一步</h2><p>%s</p><p class=\"en\">%s</p>\n", zh_of(r, "advice"),
              en_of(r, "advice"));
    gw_buf_str(s->out, "<h2>整改状态</h2>\n");
    const enum gw_status st =
        gw_desk_store_each_asked(s->store, s->gateway, s->case_id, put_asked, s, err);
    gw_buf_str(s->out, s->asked > 0 ? "</table></div>\n" : "<p>尚未下达整改要求。</p>\n");
    gw_markup(s->out,
              "<p class=\"note\">条件消失不等于销号；销号由监管部门验收后下达。</p>\n"
              "<h2>经过</h2>\n<div class=\"scroll\"><table class=\"stack\"><tr><th "
              "scope=\"col\">时间</th><th "
              "scope=\"col\">状态</th><th scope=\"col\">说明</th>"
              "<th scope=\"col\">记录</th></tr>\n%r</table></div>\n",
              s->history.data ? s->history.data : "");
    return st;
}

static enum gw_status put_page(struct sheet *s, struct gw_err *err)
{
    struct evidence ev = {0};
    struct gw_json *first = open_wire(s->first), *last = open_wire(s->last);
    enum gw_status st = GW_OK;
    if (!first || !last) {
        st = gw_err_set(err, GW_E_NOMEM, "the records of %s cannot be read", s->case_id);
    } else {
        const struct gw_jnode *r = gw_json_root(first);
        put_head(s, r, gw_json_root(last));
        put_what(s, r);
        put_clauses(s, r);
        st = put_window(s, r, &ev, err);
        put_points(s, r);
        if (st == GW_OK)
            st = put_proof(s, r, &ev, err);
        if (st == GW_OK)
            st = put_next(s, r, err);
        gw_buf_str(s->out, "</main></body></html>\n");
    }
    gw_json_free(last);
    gw_json_free(first);
    return st;
}

enum gw_status gw_desk_sheet(struct gw_desk_store *store, const char *gateway, const char *case_id,
                             struct gw_buf *out, struct gw_err *err)
{
    struct sheet s = {.store = store, .gateway = gateway, .case_id = case_id, .out = out};
    gw_buf_init(&s.history, GW_DESK_SHEET_MAX);
    enum gw_status st = gw_desk_store_case(store, gateway, case_id, take_record, &s, err);
    if (st == GW_OK && s.failed)
        st = gw_err_set(err, GW_E_NOMEM, "the records of %s cannot be read", case_id);
    if (st == GW_OK && s.records == 0)
        st = gw_err_set(err, GW_E_NOTFOUND, "no record of case %s of gateway %s", case_id, gateway);
    if (st == GW_OK)
        st = put_page(&s, err);
    if (st == GW_OK && (out->failed || s.history.failed))
        st = gw_err_set(err, GW_E_FULL, "the sheet of %s is too large", case_id);
    gw_buf_free(&s.history);
    free(s.first);
    free(s.last);
    return st;
}

/* Letters, digits and '-' stay; everything else becomes '_'. */
static void put_name(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);
    for (; *text && n + 1 < size; text++, n++) {
        const char c = *text;
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (plain)
            out[n] = c;
        else
            out[n] = '_';
    }
    out[n] = '\0';
}

static void put_folder(const char *county, const char *gateway, char out[72])
{
    char a[24] = "", b[48] = "";
    put_name(a, sizeof a, county[0] ? county : "0");
    put_name(b, sizeof b, gateway);
    (void)snprintf(out, 72, "%s/%s", a, b);
}

void gw_desk_proofs_link(const char *county, const char *gateway, char out[GW_DESK_LINK])
{
    char folder[72];
    put_folder(county, gateway, folder);
    (void)snprintf(out, GW_DESK_LINK, "%s/proofs.html", folder);
}

void gw_desk_sheet_link(const char *county, const char *gateway, const char *case_id,
                        char out[GW_DESK_LINK])
{
    char folder[72], c[128] = "", hash[GW_SHA256_HEX];
    put_folder(county, gateway, folder);
    put_name(c, sizeof c, case_id);
    /* Two cases may have the same plain letters. */
    if (gw_sha256_hex(case_id, strlen(case_id), hash) != GW_OK)
        hash[0] = '\0';
    (void)snprintf(out, GW_DESK_LINK, "%s/%s-%.8s.html", folder, c, hash);
}
