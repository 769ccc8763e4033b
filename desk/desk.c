/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/ratelog.h"
#include "desk/dirty.h"
#include "desk/feed.h"
#include "desk/intake.h"
#include "desk/link.h"
#include "desk/markup.h"
#include "desk/order.h"
#include "desk/proofs.h"
#include "desk/sheet.h"
#include "proof/wire.h"

#define TAG           "desk"
#define COMMIT_MS     500
#define BATCH         500
#define PAGES_MS      1000  /* a case that moves on is written at most so often */
#define SLICE_MS      500   /* of these for pages, so that the broker and the gateways are heard */
#define OVERVIEW_MS   10000 /* who is silent changes without any message */
#define WINDOWS_MS    1000  /* between two looks at the windows that are awaited */
#define WINDOWS_MANY  64
#define REPLY_MS      15000
#define CHALLENGE_MS  2000 /* how long a retained status may take to arrive */
#define RECEIPT_BYTES ((size_t)64 * 1024)

static const char *const filters[] = {
    "nonsite/v1/+/alarm",  "nonsite/v1/+/lead",      "nonsite/v1/+/record",
    "nonsite/v1/+/status", "nonsite/v1/+/inventory", "nonsite/v1/+/cases",
    "nonsite/v1/+/health", "nonsite/v1/+/reply",     "nonsite/v1/+/evidence/+",
};

struct receipt {
    char gateway[GW_DESK_ID];
    struct gw_place place;
};

struct serve {
    const struct gw_desk *d;
    struct gw_desk_link *link;
    struct receipt receipts[BATCH];
    size_t nreceipts;
    size_t taken; /* messages in the open transaction; 0: there is none */
    int64_t opened_ms, pages_ms, overview_ms, windows_ms;
    struct gw_desk_dirty dirty;
    struct gw_ratelog store_log, refused_log, pages_log;
};

static int64_t wall_ms(const struct gw_desk *d)
{
    return gw_clock_now(d->clock).wall_ms;
}

/* ---- pages ---- */

static enum gw_status write_sheet(const struct gw_desk *d, const struct gw_desk_page *page,
                                  struct gw_err *err)
{
    char link[GW_DESK_LINK], path[GW_DESK_PATH + GW_DESK_LINK + 2];
    struct gw_buf out;
    gw_buf_init(&out, GW_DESK_SHEET_MAX);
    if (page->proofs)
        gw_desk_proofs_link(page->county, page->gateway, link);
    else
        gw_desk_sheet_link(page->county, page->gateway, page->case_id, link);
    (void)snprintf(path, sizeof path, "%s/%s", d->conf->pages, link);
    enum gw_status st = page->proofs
                            ? gw_desk_proofs(d->store, page->gateway, &out, err)
                            : gw_desk_sheet(d->store, page->gateway, page->case_id, &out, err);
    if (st == GW_OK)
        st = gw_markup_save(path, &out, err);
    gw_buf_free(&out);
    /* Its evidence came before the record itself: the record brings the sheet. */
    return st == GW_E_NOTFOUND ? GW_OK : st;
}

/* For about slice_ms, and one sheet at least; what is left stays dirty. */
static enum gw_status write_dirty(const struct gw_desk *d, struct gw_desk_dirty *dirty,
                                  int64_t slice_ms, struct gw_err *err)
{
    const int64_t begin_ms = gw_clock_mono_ms(d->clock);
    enum gw_status st = GW_OK;
    size_t n = 0;
    for (size_t i = 0; i < dirty->ncounties && st == GW_OK; i++)
        st = gw_desk_feed(d->store, d->conf->pages, dirty->counties[i], wall_ms(d), err);
    while (st == GW_OK && n < dirty->ncases &&
           (n == 0 || gw_clock_mono_ms(d->clock) - begin_ms < slice_ms)) {
        st = write_sheet(d, &dirty->cases[n], err);
        n += st == GW_OK;
    }
    if (st == GW_OK)
        gw_desk_dirty_drop(dirty, n);
    return st;
}

static void write_pages(struct serve *s, int64_t now_ms, int64_t slice_ms)
{
    struct gw_err err = {0};
    const bool some = s->dirty.ncases > 0 || s->dirty.ncounties > 0;
    if (now_ms < s->pages_ms || (!some && now_ms < s->overview_ms))
        return;
    enum gw_status st = some ? write_dirty(s->d, &s->dirty, slice_ms, &err) : GW_OK;
    if (st == GW_OK)
        st = gw_desk_overview(s->d->store, s->d->conf, wall_ms(s->d), &err);
    if (st == GW_OK)
        (void)gw_ratelog_ok(&s->pages_log, now_ms, TAG, "pages are written again");
    else
        (void)gw_ratelog_fail(&s->pages_log, now_ms, TAG, "pages: %s", err.msg);
    s->pages_ms = now_ms + PAGES_MS;
    s->overview_ms = now_ms + OVERVIEW_MS;
}

static struct gw_desk_page page_of(const char *gateway, const char *case_id, const char *county)
{
    struct gw_desk_page page = {.gateway = ""};
    (void)snprintf(page.gateway, sizeof page.gateway, "%s", gateway);
    (void)snprintf(page.case_id, sizeof page.case_id, "%s", case_id);
    (void)snprintf(page.county, sizeof page.county, "%s", county);
    return page;
}

static void mark(struct serve *s, const struct gw_desk_page *page, bool feed)
{
    if (!gw_desk_dirty_add(&s->dirty, page, feed)) {
        s->pages_ms = INT64_MIN;
        write_pages(s, gw_clock_mono_ms(s->d->clock), SLICE_MS);
        (void)gw_desk_dirty_add(&s->dirty, page, feed);
    }
}

/* ---- commit and receipts ---- */

/* One receipt for up to GW_DESK_RECEIPTS of the batch that share gateway and chain with the first
 * that is left; these are taken out of it. */
static void send_one(struct serve *s)
{
    struct gw_place places[GW_DESK_RECEIPTS];
    struct gw_desk_chain chain;
    struct gw_err err = {0};
    struct gw_buf out;
    char topic[GW_DESK_TOPIC];
    const struct receipt first = s->receipts[0];
    size_t n = 0, left = 0;
    for (size_t i = 0; i < s->nreceipts; i++) {
        const struct receipt *r = &s->receipts[i];
        if (n < GW_DESK_RECEIPTS && strcmp(r->gateway, first.gateway) == 0 &&
            strcmp(r->place.chain, first.place.chain) == 0)
            places[n++] = r->place;
        else
            s->receipts[left++] = *r;
    }
    s->nreceipts = left;
    gw_buf_init(&out, RECEIPT_BYTES);
    gw_desk_order_topic(first.gateway, "receipt", topic);
    enum gw_status st =
        gw_desk_store_chain(s->d->store, first.gateway, first.place.chain, &chain, &err);
    if (st == GW_OK)
        st = gw_desk_receipt(s->d->key, first.gateway, places, n, &chain.whole, wall_ms(s->d), &out,
                             &err);
    if (st != GW_OK)
        gw_log(GW_LOG_ERR, TAG, "no receipt for %s: %s", first.gateway, err.msg);
    else
        /* Not sent: the gateway sends the records again, and gets it then. */
        (void)!gw_desk_link_publish(s->link, topic, out.data, out.len);
    gw_buf_free(&out);
}

static void forget(struct serve *s, const struct gw_err *err)
{
    const int64_t now = gw_clock_mono_ms(s->d->clock);
    gw_desk_store_rollback(s->d->store);
    s->taken = s->nreceipts = 0;
    (void)gw_ratelog_fail(&s->store_log, now, TAG, "%s; no receipts until it works again",
                          err->msg);
}

static void commit(struct serve *s)
{
    struct gw_err err = {0};
    if (s->taken == 0)
        return;
    if (gw_desk_store_commit(s->d->store, &err) != GW_OK) {
        forget(s, &err);
        return;
    }
    s->taken = 0;
    (void)gw_ratelog_ok(&s->store_log, gw_clock_mono_ms(s->d->clock), TAG, "the store works again");
    while (s->nreceipts > 0)
        send_one(s);
}

/* ---- what arrives ---- */

static bool window_case(void *ctx, const struct gw_desk_row *row)
{
    struct serve *s = ctx;
    const struct gw_desk_page page = page_of(row->gateway, row->case_id, row->county);
    mark(s, &page, false);
    return false;
}

static void add_receipt(struct serve *s, const char *gateway, const struct gw_place *place)
{
    if (!s->d->conf->receipts)
        return;
    struct receipt *r = &s->receipts[s->nreceipts++];
    (void)snprintf(r->gateway, sizeof r->gateway, "%s", gateway);
    r->place = *place;
}

/* A record is receipted once it is kept; one that vouches for a window, once that is kept, too, so
 * that a gateway does not let go of what nobody has. */
static void take_record(struct serve *s, const struct gw_desk_taken *t)
{
    struct gw_err err = {0};
    enum gw_desk_waits waits = GW_DESK_ARRIVED;
    const struct gw_desk_await a = {
        .gateway = t->gateway, .place = t->place, .about = t->record, .sha256 = t->window};
    if (t->put == GW_DESK_FORKED) {
        gw_log(GW_LOG_ERR, TAG, "%s: two records with the number %" PRId64 " of chain %s",
               t->gateway, t->place.seq, t->place.chain);
        return;
    }
    /* Where the store fails the whole batch is forgotten at its commit. */
    if (t->window[0] != '\0' &&
        gw_desk_store_await(s->d->store, &a, wall_ms(s->d), &waits, &err) != GW_OK)
        waits = GW_DESK_AWAITED;
    if (waits != GW_DESK_AWAITED)
        add_receipt(s, t->gateway, &t->place);
    struct gw_desk_page page = page_of(t->gateway, t->case_id, t->county);
    page.proofs = t->proof;
    if (t->put == GW_DESK_NEW && (t->proof || t->case_id[0] != '\0'))
        mark(s, &page, t->lead);
}

static void follow_up(struct serve *s, const struct gw_desk_taken *t)
{
    struct gw_err err = {0};
    struct gw_desk_page page = page_of(t->gateway, "", t->county);
    page.proofs = t->proof;
    switch (t->what) {
    case GW_DESK_REFUSED:
        (void)gw_ratelog_fail(&s->refused_log, gw_clock_mono_ms(s->d->clock), TAG, "refused: %s",
                              t->why);
        break;
    case GW_DESK_RECORD:
        take_record(s, t);
        break;
    case GW_DESK_WINDOW:
        (void)!gw_desk_store_doubt(s->d->store, t->gateway, t->record, t->window, &err);
        (void)!gw_desk_store_record(s->d->store, t->gateway, t->record, window_case, s, &err);
        break;
    case GW_DESK_REPLY:
        gw_log(GW_LOG_INFO, TAG, "%s: %s: %s", t->gateway, t->done ? "done" : "refused", t->text);
        break;
    case GW_DESK_DOCUMENT:
        if (t->proof)
            mark(s, &page, false);
        break;
    case GW_DESK_IGNORED:
        break;
    }
}

static void on_message(void *ctx, const char *topic, const char *data, size_t len)
{
    struct serve *s = ctx;
    struct gw_err err = {0};
    struct gw_desk_taken taken;
    if (s->taken == 0) {
        if (gw_desk_store_begin(s->d->store, &err) != GW_OK) {
            forget(s, &err);
            return;
        }
        s->opened_ms = gw_clock_mono_ms(s->d->clock);
    }
    s->taken++;
    if (gw_desk_intake(s->d->conf, s->d->store, topic, data, len, wall_ms(s->d), &taken, &err) !=
        GW_OK) {
        forget(s, &err);
        return;
    }
    follow_up(s, &taken);
    if (s->taken >= BATCH)
        commit(s);
}

/* ---- commands ---- */

static void learn_challenge(char out[65], const char *data, size_t len)
{
    static const char key[] = "\"challenge\":\"";
    char *copy = strndup(data, len);
    const char *at = copy ? strstr(copy, key) : NULL;
    if (at) {
        at += sizeof key - 1;
        const size_t n = strcspn(at, "\"");
        if (n < 65)
            (void)snprintf(out, 65, "%.*s", (int)n, at);
    }
    free(copy);
}

/* Numbers, signs, notes and publishes it. */
static enum gw_status give(const struct gw_desk *d, struct gw_desk_link *link,
                           struct gw_desk_order *order, char hash[GW_SHA256_HEX],
                           struct gw_err *err)
{
    char topic[GW_DESK_TOPIC];
    struct gw_buf out;
    struct gw_wire w;
    gw_buf_init(&out, RECEIPT_BYTES);
    order->now_ms = wall_ms(d);
    enum gw_status st = gw_desk_store_number(d->store, order->gateway, order->name, order->now_ms,
                                             &order->seq, err);
    if (st == GW_OK)
        st = gw_desk_order(d->key, order, &out, hash, err);
    if (st == GW_OK)
        st = gw_wire_split(out.data, out.len, &w, err);
    char *bytes = st == GW_OK ? strndup(w.bytes, w.len) : NULL;
    if (bytes) {
        const struct gw_desk_asked a = {.name = order->name,
                                        .subject = gw_desk_order_subject(order),
                                        .command = bytes,
                                        .at_ms = order->now_ms};
        st = gw_desk_store_asked(d->store, order->gateway, hash, &a, err);
    }
    gw_desk_order_topic(order->gateway, order->name, topic);
    if (st == GW_OK && gw_desk_link_publish(link, topic, out.data, out.len) != GW_OK)
        st = gw_err_set(err, GW_E_IO, "the broker does not take the command");
    free(bytes);
    gw_buf_free(&out);
    return st;
}

/* ---- windows that do not come ---- */

static void ask_window(struct serve *s, const struct gw_desk_due *due)
{
    char arg[GW_RECORD_ID_SIZE + 8], challenge[65] = "", hash[GW_SHA256_HEX];
    const char *const args[] = {arg};
    struct gw_err err = {0};
    char *status = NULL;
    size_t len = 0;
    (void)snprintf(arg, sizeof arg, "record=%s", due->about);
    if (gw_desk_store_document(s->d->store, due->gateway, "status", &status, &len, &err) == GW_OK &&
        status)
        learn_challenge(challenge, status, len);
    free(status);
    struct gw_desk_order order = {.gateway = due->gateway,
                                  .name = "evidence",
                                  .args = args,
                                  .nargs = 1,
                                  .challenge = challenge};
    if (give(s->d, s->link, &order, hash, &err) == GW_OK)
        gw_log(GW_LOG_INFO, TAG, "%s: the window of %s is asked for", due->gateway, due->about);
    else
        gw_log(GW_LOG_WARN, TAG, "%s: the window of %s cannot be asked for: %s", due->gateway,
               due->about, err.msg);
}

static void act_on(struct serve *s, const struct gw_desk_due *due)
{
    struct gw_err err = {0};
    if (due->what == GW_DESK_DUE_ASK) {
        ask_window(s, due);
        return;
    }
    if (!due->given_up)
        add_receipt(s, due->gateway, &due->place);
    if (due->what != GW_DESK_DUE_MISSING)
        return;
    gw_log(GW_LOG_WARN, TAG, "%s: the window of %s did not come: given up", due->gateway,
           due->about);
    (void)!gw_desk_store_record(s->d->store, due->gateway, due->about, window_case, s, &err);
}

/* Outside of a transaction. At most one is asked for at a time: a gateway takes one command a
 * second. */
static void look_at_windows(struct serve *s, int64_t now_ms)
{
    struct gw_desk_due due[WINDOWS_MANY];
    struct gw_err err = {0};
    size_t n = 0;
    const int64_t now = wall_ms(s->d), wait_ms = s->d->conf->window_wait_s * 1000;
    struct gw_desk_patience p = {.now_ms = now,
                                 .ask_ms = now - wait_ms / 3,
                                 .missing_ms = now - wait_ms,
                                 .may_ask = gw_desk_link_ready(s->link)};
    if (now_ms < s->windows_ms)
        return;
    bool found = true;
    enum gw_status st = gw_desk_store_begin(s->d->store, &err);
    while (st == GW_OK && found && n < WINDOWS_MANY) {
        st = gw_desk_store_due(s->d->store, &p, &due[n], &found, &err);
        p.may_ask = p.may_ask && !(found && due[n].what == GW_DESK_DUE_ASK);
        n += found ? 1 : 0;
    }
    if (st == GW_OK)
        st = gw_desk_store_commit(s->d->store, &err);
    if (st != GW_OK) {
        forget(s, &err);
        n = 0;
    }
    for (size_t i = 0; i < n; i++)
        act_on(s, &due[i]);
    while (s->nreceipts > 0)
        send_one(s);
    s->windows_ms = n < WINDOWS_MANY ? now_ms + WINDOWS_MS : now_ms;
}

static enum gw_status enroll(const struct gw_desk *d, struct gw_err *err)
{
    enum gw_status st = GW_OK;
    for (size_t i = 0; i < d->conf->ngateways && st == GW_OK; i++)
        st = gw_desk_store_seen(d->store, d->conf->gateways[i].id, 0, err);
    return st;
}

enum gw_status gw_desk_serve(const struct gw_desk *d, struct gw_err *err)
{
    struct serve *s = calloc(1, sizeof *s);
    if (!s)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    s->d = d;
    const struct gw_desk_link_conf lc = {
        .broker = &d->conf->broker,
        .client_id = d->conf->broker.client_id,
        .lasting = true,
        .filters = filters,
        .nfilters = sizeof filters / sizeof filters[0],
        .clock = d->clock,
        .message = on_message,
        .ctx = s,
    };
    enum gw_status st = enroll(d, err);
    if (st == GW_OK)
        st = gw_desk_link_new(&lc, &s->link, err);
    while (st == GW_OK && !*d->stop) {
        gw_desk_link_step(s->link, 100);
        const int64_t now = gw_clock_mono_ms(d->clock);
        if (s->taken > 0 && now - s->opened_ms >= COMMIT_MS)
            commit(s);
        if (s->taken == 0) {
            look_at_windows(s, now);
            write_pages(s, now, SLICE_MS);
        }
    }
    commit(s);
    if (st == GW_OK) {
        s->pages_ms = s->overview_ms = INT64_MIN;
        write_pages(s, gw_clock_mono_ms(d->clock), INT64_MAX);
        for (int i = 0; i < 20 && gw_desk_link_in_flight(s->link) > 0; i++)
            gw_desk_link_step(s->link, 50);
    }
    gw_desk_link_free(s->link);
    free(s);
    return st;
}

/* ---- all pages ---- */

struct anew {
    struct gw_desk_dirty *dirty;
    const struct gw_desk *d;
    struct gw_err *err;
    enum gw_status st;
};

static bool each_case(void *ctx, const struct gw_desk_row *row)
{
    struct anew *a = ctx;
    struct gw_desk_page page = page_of(row->gateway, row->case_id, row->county);
    /* The sheet of proofs finds out by itself whether there are any. */
    page.proofs = strcmp(row->cls, "command") == 0;
    if (!page.proofs && row->case_id[0] == '\0')
        return true;
    if (!gw_desk_dirty_add(a->dirty, &page, strcmp(row->cls, "lead") == 0)) {
        a->st = write_dirty(a->d, a->dirty, INT64_MAX, a->err);
        (void)gw_desk_dirty_add(a->dirty, &page, true);
    }
    return a->st == GW_OK;
}

enum gw_status gw_desk_pages(const struct gw_desk *d, struct gw_err *err)
{
    struct anew a = {.d = d, .err = err, .dirty = calloc(1, sizeof *a.dirty)};
    if (!a.dirty)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    enum gw_status st = enroll(d, err);
    for (size_t i = 0; i < d->conf->ngateways && st == GW_OK; i++) {
        st = gw_desk_store_export(d->store, d->conf->gateways[i].id, each_case, &a, err);
        if (st == GW_OK)
            st = a.st;
    }
    if (st == GW_OK)
        st = write_dirty(d, a.dirty, INT64_MAX, err);
    if (st == GW_OK)
        st = gw_desk_overview(d->store, d->conf, wall_ms(d), err);
    free(a.dirty);
    return st;
}

/* ---- sending ---- */

struct talk {
    const struct gw_desk *d;
    char challenge[65];
    char hash[GW_SHA256_HEX]; /* of the command; "": not sent yet */
    bool answered, done;
};

static void on_reply(void *ctx, const char *topic, const char *data, size_t len)
{
    struct talk *t = ctx;
    struct gw_desk_taken taken;
    struct gw_err err = {0};
    const char *name = strrchr(topic, '/');
    if (name && strcmp(name, "/status") == 0) {
        learn_challenge(t->challenge, data, len);
        return;
    }
    if (gw_desk_intake(t->d->conf, t->d->store, topic, data, len, wall_ms(t->d), &taken, &err) !=
            GW_OK ||
        taken.what != GW_DESK_REPLY || strcmp(taken.command, t->hash) != 0)
        return;
    t->answered = true;
    t->done = taken.done;
    printf("%s: %s: %s\n", taken.gateway, taken.done ? "done" : "refused", taken.text);
}

/* Steps until *flag, or for so long. */
static void wait_until(const struct gw_desk *d, struct gw_desk_link *link, const bool *flag,
                       int64_t ms)
{
    const int64_t end = gw_clock_mono_ms(d->clock) + ms;
    while (!*flag && !*d->stop && gw_clock_mono_ms(d->clock) < end)
        gw_desk_link_step(link, 50);
}

static enum gw_status talk(struct talk *t, struct gw_desk_link *link, struct gw_desk_order *order,
                           struct gw_err *err)
{
    bool never = false;
    const int64_t end = gw_clock_mono_ms(t->d->clock) + REPLY_MS;
    while (!gw_desk_link_ready(link) && !*t->d->stop && gw_clock_mono_ms(t->d->clock) < end)
        gw_desk_link_step(link, 50);
    if (!gw_desk_link_ready(link))
        return gw_err_set(err, GW_E_IO, "no broker: %s", gw_desk_link_fault(link));
    const int64_t known = gw_clock_mono_ms(t->d->clock) + CHALLENGE_MS;
    while (t->challenge[0] == '\0' && !*t->d->stop && gw_clock_mono_ms(t->d->clock) < known)
        wait_until(t->d, link, &never, 50);
    order->challenge = t->challenge;
    const enum gw_status st = give(t->d, link, order, t->hash, err);
    if (st != GW_OK)
        return st;
    wait_until(t->d, link, &t->answered, REPLY_MS);
    return t->answered ? GW_OK
                       : gw_err_set(err, GW_E_TIMEOUT, "%s does not answer", order->gateway);
}

enum gw_status gw_desk_send(const struct gw_desk *d, const char *gateway, const char *name,
                            const char *const *args, size_t nargs, bool *done, struct gw_err *err)
{
    struct talk t = {.d = d};
    struct gw_desk_link *link = NULL;
    char reply[GW_DESK_TOPIC], status[GW_DESK_TOPIC], client[GW_DESK_NAME + 32];
    const char *const both[] = {reply, status};
    struct gw_desk_order order = {
        .gateway = gateway, .name = name, .args = args, .nargs = nargs, .challenge = ""};
    struct gw_buf trial;
    char hash[GW_SHA256_HEX];
    if (!gw_desk_conf_gateway(d->conf, gateway))
        return gw_err_set(err, GW_E_INVAL, "gateway %s is not enrolled", gateway);
    /* What was typed is checked before anybody is bothered. */
    gw_buf_init(&trial, RECEIPT_BYTES);
    order.now_ms = wall_ms(d);
    enum gw_status st = gw_desk_order(d->key, &order, &trial, hash, err);
    gw_buf_free(&trial);
    if (st != GW_OK)
        return st;
    (void)snprintf(reply, sizeof reply, "nonsite/v1/%s/reply", gateway);
    (void)snprintf(status, sizeof status, "nonsite/v1/%s/status", gateway);
    (void)snprintf(client, sizeof client, "%s-send-%ld", d->conf->broker.client_id, (long)getpid());
    const struct gw_desk_link_conf lc = {
        .broker = &d->conf->broker,
        .client_id = client,
        .filters = both,
        .nfilters = 2,
        .clock = d->clock,
        .message = on_reply,
        .ctx = &t,
    };
    st = gw_desk_link_new(&lc, &link, err);
    if (st == GW_OK)
        st = talk(&t, link, &order, err);
    gw_desk_link_free(link);
    *done = t.done;
    return st;
}
