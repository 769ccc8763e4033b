/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/crypto.h"
#include "base/jcs.h"
#include "conf/json.h"
#include "support/cmocka_all.h"

static void *grow(void *list, size_t count, size_t size)
{
    /* Room for one more; doubling is not worth a member here. */
    void *more = realloc(list, (count + 1) * size);
    assert_non_null(more);
    return more;
}

static char *copy(const char *text, size_t len)
{
    char *out = malloc(len + 1);
    assert_non_null(out);
    memcpy(out, text, len);
    out[len] = '\0';
    return out;
}

static struct gw_json *parse(const char *text, size_t len)
{
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    assert_non_null(issues);
    assert_true(gw_jcs_valid(text, len));
    if (gw_json_parse(text, len, "record", issues, &doc) != GW_OK)
        fail_msg("not JSON: %s: %s", gw_issues_text(issues, 0), text);
    gw_issues_free(issues);
    return doc;
}

/* ---- what a record must be ---- */

/* Members of every alarm and lead; what ends in '?' need not be there. */
static const char *const alarm_keys[] = {
    "accepted", "acknowledged?", "advice",        "alarm?",     "asset",    "case",     "catalogue",
    "class",    "condition",     "config_sha256", "enterprise", "evidence", "finding",  "gateway",
    "kind",     "priority",      "repeats?",      "reopened",   "severity", "shelved?", "state",
    "strength", "subject",       "summary?",      "time",       "title",    "v",        NULL};
static const char *const lead_keys[] = {
    "accepted",      "permit?",    "rectify?",  "repeats?", "advice",  "alarm?",
    "asset",         "case",       "catalogue", "class",    "clauses", "condition",
    "config_sha256", "enterprise", "evidence",  "finding",  "gateway", "kind",
    "law",           "priority",   "reopened",  "severity", "state",   "strength",
    "subject",       "time",       "title",     "v",        NULL};
static const char *const command_keys[] = {"body?",
                                           "by",
                                           "certificate?",
                                           "certificate_until?",
                                           "class",
                                           "command",
                                           "config_sha256",
                                           "enterprise",
                                           "from?",
                                           "gateway",
                                           "inventory_sha256?",
                                           "order?",
                                           "reason?",
                                           "ref?",
                                           "role?",
                                           "scope?",
                                           "standard?",
                                           "target",
                                           "text",
                                           "time",
                                           "until?",
                                           "v",
                                           "after_ms?",
                                           "at?",
                                           "from_value?",
                                           "point?",
                                           "to_value?",
                                           "what?",
                                           "who",
                                           NULL};
static const char *const evidence_keys[] = {
    "asset", "case",   "class",   "config_sha256", "enterprise", "evidence", "finding", "gateway",
    "kind",  "record", "subject", "time",          "title",      "v",        NULL};

static void check_keys(const struct gw_jnode *root, const char *const *keys)
{
    size_t found = 0;
    for (size_t i = 0; keys[i] != NULL; i++) {
        char key[40];
        snprintf(key, sizeof key, "%s", keys[i]);
        char *optional = strchr(key, '?');
        if (optional != NULL)
            *optional = '\0';
        if (gw_jnode_get(root, key) != NULL)
            found++;
        else if (optional == NULL)
            fail_msg("record without %s", key);
    }
    assert_int_equal(found, gw_jnode_count(root));
}

static void check_mergeable(const char *body, size_t len)
{
    static const char place[] = "{\"chain\":\"00112233445566ff\",\"id\":\"00112233445566ff-1\","
                                "\"kid\":\"0011223344556677\",\"prev\":\"00\",\"seq\":1}";
    struct gw_buf merged;
    gw_buf_init(&merged, 65536);
    assert_int_equal(gw_jcs_merge(body, len, place, sizeof place - 1, &merged), GW_OK);
    assert_true(gw_jcs_valid(merged.data, merged.len));
    gw_buf_free(&merged);
}

static void check_window(const struct ledger_draft *d)
{
    char hex[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(d->record.window, d->record.window_len, hex), GW_OK);
    assert_string_equal(rec_str(&d->record, "evidence/sha256"), hex);
    assert_int_equal(rec_int(&d->record, "evidence/bytes"), (int64_t)d->record.window_len);
    assert_string_equal(rec_str(&d->record, "record"), d->record.window_id);
    assert_string_equal(gw_jnode_str(gw_jnode_get(gw_json_root(d->record.window_doc), "record")),
                        d->record.window_id);
}

static void check_record(const struct ledger_draft *d)
{
    const struct scene_record *r = &d->record;
    const struct gw_jnode *root = gw_json_root(r->doc);
    assert_true(r->body_len <= 16384);
    check_mergeable(r->body, r->body_len);
    assert_string_equal(rec_str(r, "class"), gw_class_name(r->cls));
    assert_int_equal(rec_int(r, "v"), 1);
    switch (r->cls) {
    case GW_CLASS_ALARM:
        check_keys(root, alarm_keys);
        assert_string_equal(rec_str(r, "kind"), "EV");
        break;
    case GW_CLASS_LEAD:
        check_keys(root, lead_keys);
        break;
    case GW_CLASS_EVIDENCE:
        check_keys(root, evidence_keys);
        check_window(d);
        return;
    case GW_CLASS_COMMAND:
        check_keys(root, command_keys);
        assert_true(rec_str(r, "text/zh")[0] != '\0');
        return;
    default:
        fail_msg("a record of class %s", gw_class_name(r->cls));
    }
    assert_int_equal(rec_int(r, "priority"), r->priority);
    assert_true(rec_str(r, "condition/text/en")[0] != '\0');
    assert_true(rec_str(r, "condition/text/zh")[0] != '\0');
    assert_true(rec_str(r, "title/zh")[0] != '\0');
}

/* ---- taking drafts ---- */

enum gw_status ledger_emit(void *ctx, const struct gw_draft *draft)
{
    struct ledger *l = ctx;
    if (gw_rand_below(&l->rand, 100) < l->refuse_percent)
        return GW_E_FULL;
    struct ledger_draft d = {
        .is_record = draft->cls != GW_CLASS_NONE,
        .opens = draft->opens,
        .token = draft->token,
        .due = l->step + l->lag,
        .record = {.cls = draft->cls, .priority = draft->priority},
    };
    /* Who acknowledged is a record alone; its row, of no name, is deleted at once. */
    const char *key = draft->state_key != NULL ? draft->state_key : "";
    assert_true(key[0] != '\0' || draft->cls == GW_CLASS_COMMAND);
    assert_true(strlen(key) < sizeof d.record.key);
    snprintf(d.record.key, sizeof d.record.key, "%s", key);
    if (draft->state != NULL)
        d.state = copy(draft->state, strlen(draft->state));
    if (draft->window != NULL) {
        d.record.window = copy(draft->window, draft->window_len);
        d.record.window_len = draft->window_len;
        d.record.window_doc = parse(draft->window, draft->window_len);
        snprintf(d.record.window_id, sizeof d.record.window_id, "%s", draft->window_id);
    }
    if (d.is_record) {
        assert_int_equal(strlen(draft->body), draft->body_len);
        d.record.body = copy(draft->body, draft->body_len);
        d.record.body_len = draft->body_len;
        d.record.doc = parse(draft->body, draft->body_len);
        check_record(&d);
    } else {
        assert_null(draft->body);
        assert_false(draft->opens);
        assert_int_equal(draft->token, 0);
        l->rows_written += strchr(key, '/') == NULL; /* of checks */
    }
    l->waiting = grow(l->waiting, l->nwaiting, sizeof *l->waiting);
    l->waiting[l->nwaiting++] = d;
    return GW_OK;
}

/* ---- committing ---- */

static struct ledger_row *row_of(struct ledger *l, const char *key)
{
    for (size_t i = 0; i < l->nrows; i++)
        if (strcmp(l->rows[i].key, key) == 0)
            return &l->rows[i];
    l->rows = grow(l->rows, l->nrows, sizeof *l->rows);
    struct ledger_row *r = &l->rows[l->nrows++];
    *r = (struct ledger_row){.text = NULL};
    snprintf(r->key, sizeof r->key, "%s", key);
    return r;
}

static bool is_decision(const struct scene_record *r)
{
    return r->cls == GW_CLASS_ALARM || r->cls == GW_CLASS_LEAD;
}

/* What the last record of this check said, NULL when it said nothing yet. */
static const char *last_state(const struct ledger *l, const char *key)
{
    for (size_t i = l->nrecords; i-- > 0;) {
        const struct scene_record *r = &l->records[i];
        if (strcmp(r->key, key) == 0 && r->cls == GW_CLASS_COMMAND)
            return NULL; /* cancelled */
        if (strcmp(r->key, key) == 0 && is_decision(r)) {
            const char *state = rec_str(r, "state");
            if (strcmp(state, "acknowledged") != 0 && strcmp(state, "summary") != 0 &&
                strcmp(state, "again") != 0)
                return state;
        }
    }
    return NULL;
}

static bool is_open(const char *state)
{
    return state != NULL && (strcmp(state, "raised") == 0 || strcmp(state, "reopened") == 0);
}

/* A case is opened when it is not open, and closed when it is. */
static void check_order(const struct ledger *l, const struct scene_record *r)
{
    if (!is_decision(r))
        return;
    const char *state = rec_str(r, "state");
    const bool open = is_open(last_state(l, r->key));
    if (is_open(state) && open)
        fail_msg("%s %s twice", r->key, state);
    if ((strcmp(state, "cleared") == 0 || strcmp(state, "returned") == 0) && !open)
        fail_msg("%s %s, but was not open", r->key, state);
}

static void commit_one(struct ledger *l, struct ledger_draft *d, struct gw_engine *engine)
{
    struct ledger_row *row = row_of(l, d->record.key);
    free(row->text);
    row->text = d->state;
    int64_t seq = 0;
    if (d->is_record) {
        check_order(l, &d->record);
        seq = (int64_t)l->nrecords + 1;
        d->record.seq = seq;
        l->records = grow(l->records, l->nrecords, sizeof *l->records);
        l->records[l->nrecords++] = d->record;
    }
    if (d->opens)
        row->seq = seq;
    if (d->token != 0)
        gw_engine_committed(engine, d->token, seq);
}

void ledger_commit(struct ledger *l, struct gw_engine *engine, bool all)
{
    size_t done = 0;
    while (done < l->nwaiting && (all || l->waiting[done].due <= l->step)) {
        commit_one(l, &l->waiting[done], engine);
        done++;
    }
    if (done > 0) {
        memmove(l->waiting, l->waiting + done, (l->nwaiting - done) * sizeof *l->waiting);
        l->nwaiting -= done;
    }
}

static void free_record(struct scene_record *r)
{
    free(r->body);
    free(r->window);
    gw_json_free(r->doc);
    gw_json_free(r->window_doc);
}

void ledger_crash(struct ledger *l)
{
    for (size_t i = 0; i < l->nwaiting; i++) {
        free_record(&l->waiting[i].record);
        free(l->waiting[i].state);
    }
    l->nwaiting = 0;
}

void ledger_restore(const struct ledger *l, struct gw_engine *engine)
{
    for (size_t i = 0; i < l->nrows; i++) {
        if (l->rows[i].text == NULL)
            continue; /* deleted */
        assert_int_equal(gw_engine_restore(engine, l->rows[i].key, l->rows[i].text, l->rows[i].seq),
                         GW_OK);
    }
    gw_engine_chain(engine, LEDGER_CHAIN);
}

void ledger_free(struct ledger *l)
{
    ledger_crash(l);
    for (size_t i = 0; i < l->nrecords; i++)
        free_record(&l->records[i]);
    for (size_t i = 0; i < l->nrows; i++)
        free(l->rows[i].text);
    free(l->records);
    free(l->rows);
    free(l->waiting);
}
