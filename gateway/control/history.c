/* SPDX-License-Identifier: Apache-2.0 */
#include "control/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "conf/issues.h"
#include "conf/json.h"

#define PAGE_MAX   ((size_t)4 << 20)
#define WINDOW_MAX ((size_t)6 << 20)
#define SLACK_MS   30000 /* a window is due after its time, and then waits for its turn */

/* A lead's record as it is shown. */
struct lead {
    char id[GW_RECORD_ID_SIZE];
    char case_id[GW_STANDING_ID];
    char *json; /* malloc'd */
    size_t len;
};

struct gw_history {
    struct gw_control_records source;
    char chain[GW_CHAIN_SIZE];
    int64_t seen; /* number of the last record that was looked at */
    struct lead leads[GW_HISTORY_LEADS];
    size_t first, n; /* a ring, the oldest at first */
};

struct gw_history *gw_history_new(const struct gw_control_records *source)
{
    struct gw_history *h = calloc(1, sizeof *h);
    if (h)
        h->source = *source;
    return h;
}

static void forget(struct gw_history *h)
{
    for (size_t i = 0; i < GW_HISTORY_LEADS; i++) {
        free(h->leads[i].json);
        h->leads[i] = (struct lead){.json = NULL};
    }
    h->first = h->n = 0;
    h->seen = 0;
}

void gw_history_free(struct gw_history *h)
{
    if (!h)
        return;
    forget(h);
    free(h);
}

/* ---- records ---- */

static int64_t number_of(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n && gw_jnode_type(n) == GW_J_NUM ? (int64_t)gw_jnode_num(n) : 0;
}

static int64_t time_of(const struct gw_jnode *record)
{
    const struct gw_jnode *time = gw_jnode_get(record, "time");
    int64_t ms = 0;
    const char *observed = gw_jnode_text(time, "observed");
    (void)gw_clock_parse(observed[0] ? observed : gw_jnode_text(time, "recorded"), &ms);
    return ms;
}

/* A wire form taken apart; NULL: it is none, or memory is short. */
static struct gw_json *parse(const char *line, size_t len)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;

    if (!issues)
        return NULL;
    if (gw_json_parse(line, len, "record", issues, &doc) != GW_OK)
        doc = NULL;
    gw_issues_free(issues);
    return doc;
}

static const struct gw_jnode *record_of(const struct gw_json *doc)
{
    const struct gw_jnode *root = doc ? gw_json_root(doc) : NULL;
    const struct gw_jnode *record =
        root && gw_jnode_type(root) == GW_J_OBJ ? gw_jnode_get(root, "record") : NULL;
    return record && gw_jnode_type(record) == GW_J_OBJ ? record : NULL;
}

/* ---- leads ---- */

static void write_lead(const struct gw_jnode *r, struct gw_buf *out)
{
    const struct gw_jnode *asset = gw_jnode_get(r, "asset");
    const struct gw_jnode *title = gw_jnode_get(r, "title");
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "asset", gw_jnode_text(asset, "id"));
    gw_jcs_str(&j, "asset_name", gw_jnode_text(asset, "name"));
    gw_jcs_str(&j, "case", gw_jnode_text(r, "case"));
    gw_jcs_str(&j, "finding", gw_jnode_text(r, "finding"));
    gw_jcs_str(&j, "id", gw_jnode_text(r, "id"));
    gw_jcs_str(&j, "kind", gw_jnode_text(r, "kind"));
    gw_jcs_int(&j, "seq", number_of(r, "seq"));
    gw_jcs_str(&j, "severity", gw_jnode_text(r, "severity"));
    gw_jcs_str(&j, "state", gw_jnode_text(r, "state"));
    gw_jcs_str(&j, "subject", gw_jnode_text(r, "subject"));
    gw_jcs_int(&j, "t", time_of(r));
    gw_jcs_obj(&j, "title");
    gw_jcs_str(&j, "en", gw_jnode_text(title, "en"));
    gw_jcs_str(&j, "zh", gw_jnode_text(title, "zh"));
    gw_jcs_end(&j);
    gw_jcs_end(&j);
}

static void keep_lead(struct gw_history *h, const struct gw_jnode *r)
{
    struct lead one = {.json = NULL};
    struct gw_buf b;

    gw_buf_init(&b, 8192);
    write_lead(r, &b);
    one.json = gw_buf_take(&b, &one.len);
    gw_buf_free(&b);
    if (!one.json)
        return;
    (void)snprintf(one.id, sizeof one.id, "%s", gw_jnode_text(r, "id"));
    (void)snprintf(one.case_id, sizeof one.case_id, "%s", gw_jnode_text(r, "case"));
    if (h->n == GW_HISTORY_LEADS) {
        free(h->leads[h->first].json);
        h->first = (h->first + 1) % GW_HISTORY_LEADS;
        h->n--;
    }
    h->leads[(h->first + h->n++) % GW_HISTORY_LEADS] = one;
}

/* Looks at a page, of which every line is a wire form. */
static void look_at_page(struct gw_history *h, const struct gw_buf *page)
{
    const char *p = page->data, *end = page->data + page->len;

    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const size_t len = (size_t)((eol ? eol : end) - p);
        const bool last = p + len + 1 >= end;
        char *line = strndup(p, len);
        /* In canonical JSON no string holds an unescaped quote: this finds members only. */
        if (line && (last || strstr(line, "\"class\":\"lead\""))) {
            struct gw_json *doc = parse(line, len);
            const struct gw_jnode *r = record_of(doc);
            if (r && strcmp(gw_jnode_text(r, "class"), "lead") == 0)
                keep_lead(h, r);
            if (r && last)
                h->seen = number_of(r, "seq");
            gw_json_free(doc);
        }
        free(line);
        p += len + 1;
    }
}

static enum gw_status look_on(struct gw_history *h, const char *chain, int64_t seq,
                              struct gw_err *err)
{
    if (strcmp(h->chain, chain) != 0) {
        forget(h);
        (void)snprintf(h->chain, sizeof h->chain, "%s", chain);
        h->seen = seq > GW_HISTORY_BACK ? seq - GW_HISTORY_BACK : 0;
    }
    while (h->seen < seq) {
        struct gw_buf page;
        const int64_t before = h->seen;
        gw_buf_init(&page, PAGE_MAX);
        const enum gw_status st = h->source.page(h->source.ctx, h->seen + 1, &page, err);
        if (st == GW_OK && page.len > 0)
            look_at_page(h, &page);
        gw_buf_free(&page);
        if (st != GW_OK)
            return st;
        if (h->seen <= before)
            break; /* nothing more, or nothing that can be read */
    }
    return GW_OK;
}

enum gw_status gw_history_leads(struct gw_history *h, const char *chain, int64_t seq, size_t limit,
                                struct gw_buf *out, struct gw_err *err)
{
    struct gw_jcs j;
    const enum gw_status st = look_on(h, chain, seq, err);

    if (st != GW_OK)
        return st;
    gw_jcs_init(&j, out);
    gw_jcs_arr(&j, NULL);
    for (size_t i = 0; i < h->n && i < limit; i++) {
        const struct lead *l = &h->leads[(h->first + h->n - 1 - i) % GW_HISTORY_LEADS];
        gw_jcs_raw(&j, NULL, l->json, l->len);
    }
    gw_jcs_end(&j);
    return GW_OK;
}

bool gw_history_record(const struct gw_history *h, const char *case_id, char out[GW_RECORD_ID_SIZE])
{
    for (size_t i = h->n; i-- > 0;) {
        const struct lead *l = &h->leads[(h->first + i) % GW_HISTORY_LEADS];
        if (strcmp(l->case_id, case_id) != 0)
            continue;
        memcpy(out, l->id, GW_RECORD_ID_SIZE);
        return true;
    }
    return false;
}

/* ---- evidence ---- */

/* The number in "<chain>-<seq>"; 0: that is none. */
static int64_t seq_of(const char *record)
{
    const size_t chain = strspn(record, "0123456789abcdef");
    const char *digits = record + chain + 1;
    if (chain != GW_CHAIN_SIZE - 1 || record[chain] != '-' || digits[0] < '1' || digits[0] > '9' ||
        strlen(digits) > 16 || digits[strspn(digits, "0123456789")] != '\0')
        return 0;
    return strtoll(digits, NULL, 10);
}

/* The wire form of the record, without its line's end, into out; its time. */
static enum gw_status read_record(struct gw_history *h, const char *record, struct gw_buf *out,
                                  int64_t *t_ms, struct gw_err *err)
{
    struct gw_buf page;
    const int64_t seq = seq_of(record);

    if (seq == 0)
        return gw_err_set(err, GW_E_INVAL, "record= must be the id of a record");
    gw_buf_init(&page, PAGE_MAX);
    enum gw_status st = h->source.page(h->source.ctx, seq, &page, err);
    if (st == GW_OK) {
        const char *eol = page.len > 0 ? memchr(page.data, '\n', page.len) : NULL;
        const size_t len = eol ? (size_t)(eol - page.data) : page.len;
        struct gw_json *doc = len > 0 ? parse(page.data, len) : NULL;
        const struct gw_jnode *r = record_of(doc);
        if (r && strcmp(gw_jnode_text(r, "id"), record) == 0) {
            gw_buf_put(out, page.data, len);
            *t_ms = time_of(r);
        } else {
            st = gw_err_set(err, GW_E_NOTFOUND, "no such record is kept");
        }
        gw_json_free(doc);
    }
    gw_buf_free(&page);
    return st;
}

enum gw_status gw_history_evidence(struct gw_history *h, const char *record, int64_t after_ms,
                                   int64_t now_ms, struct gw_buf *out, struct gw_err *err)
{
    struct gw_buf wire, window;
    const char *state = "stored";
    int64_t t_ms = 0;
    struct gw_jcs j;

    gw_buf_init(&wire, PAGE_MAX);
    gw_buf_init(&window, WINDOW_MAX);
    enum gw_status st = read_record(h, record, &wire, &t_ms, err);
    if (st != GW_OK)
        goto out;
    const enum gw_status found =
        h->source.window ? h->source.window(h->source.ctx, record, &window, err) : GW_E_NOTFOUND;
    if (found == GW_E_NOTFOUND)
        state = now_ms - t_ms < after_ms + SLACK_MS ? "pending" : "none";
    else if (found == GW_E_RANGE)
        state = "pruned";
    else
        st = found;
    if (st != GW_OK)
        goto out;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_raw(&j, "record", wire.data, wire.len);
    gw_jcs_int(&j, "v", 1);
    if (found == GW_OK)
        gw_jcs_raw(&j, "window", window.data, window.len);
    gw_jcs_str(&j, "window_state", state);
    gw_jcs_end(&j);

out:
    gw_buf_free(&wire);
    gw_buf_free(&window);
    return st;
}
