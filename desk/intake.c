/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/intake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proof/wire.h"

#define PREFIX "nonsite/v1/"

struct message {
    const struct gw_desk_conf *conf;
    struct gw_desk_store *store;
    const struct gw_desk_gateway *gateway;
    const char *name; /* of the topic, behind the gateway */
    const char *data;
    size_t len;
    int64_t now_ms;
};

GW_PRINTF(2, 3)
static void refuse(struct gw_desk_taken *out, const char *fmt, ...)
{
    va_list ap;
    out->what = GW_DESK_REFUSED;
    va_start(ap, fmt);
    (void)vsnprintf(out->why, sizeof out->why, fmt, ap);
    va_end(ap);
}

/* Signed by a key of this gateway. */
static bool is_signed(const struct message *m, const struct gw_wire *w, const char *kid,
                      struct gw_desk_taken *out)
{
    const struct gw_key *key = gw_keyring_find(m->gateway->keys, kid);
    if (!key)
        refuse(out, "%s: signed by key %s, which is not enrolled for %s", m->name, kid,
               m->gateway->id);
    else if (!gw_wire_signed(w, key))
        refuse(out, "%s: the signature is wrong", m->name);
    else
        return true;
    return false;
}

/* ---- records ---- */

static enum gw_status keep_record(const struct message *m, const struct gw_jnode *root,
                                  const struct gw_claim *claim, struct gw_desk_taken *out,
                                  struct gw_err *err)
{
    const struct gw_desk_record r = {
        .gateway = m->gateway->id,
        .claim = *claim,
        .case_id = gw_jnode_text(root, "case"),
        .finding = gw_jnode_text(root, "finding"),
        .kind = gw_jnode_text(root, "kind"),
        .state = gw_jnode_text(root, "state"),
        .county = gw_jnode_text(gw_jnode_get(root, "enterprise"), "county"),
        .about = gw_jnode_text(root, "record"),
        .received_ms = m->now_ms,
        .wire = m->data,
        .wire_len = m->len,
    };
    const enum gw_status st = gw_desk_store_put(m->store, &r, &out->put, err);
    if (st != GW_OK)
        return st;
    out->what = GW_DESK_RECORD;
    out->lead = strcmp(claim->cls, "lead") == 0;
    out->proof =
        strcmp(claim->cls, "command") == 0 && strcmp(gw_jnode_text(root, "command"), "proof") == 0;
    out->place.seq = claim->seq;
    memcpy(out->place.chain, claim->chain, sizeof out->place.chain);
    memcpy(out->place.hash, claim->hash, sizeof out->place.hash);
    const char *window = gw_jnode_text(gw_jnode_get(root, "evidence"), "sha256");
    if (strcmp(claim->cls, "evidence") == 0 && strlen(window) == sizeof out->window - 1 &&
        strlen(r.about) < sizeof out->record) {
        memcpy(out->window, window, sizeof out->window);
        (void)snprintf(out->record, sizeof out->record, "%s", r.about);
    }
    (void)snprintf(out->case_id, sizeof out->case_id, "%s", r.case_id);
    (void)snprintf(out->county, sizeof out->county, "%s", r.county);
    return GW_OK;
}

/* Each class on its own topic: who may read or write a topic is the broker's to say. */
static bool belongs(const char *cls, const char *topic)
{
    const bool own = strcmp(cls, "alarm") == 0 || strcmp(cls, "lead") == 0;
    return strcmp(topic, own ? cls : "record") == 0;
}

static enum gw_status take_record(const struct message *m, struct gw_desk_taken *out,
                                  struct gw_err *err)
{
    struct gw_wire w;
    struct gw_claim claim;
    struct gw_json *doc = NULL;
    struct gw_err why = {0};
    enum gw_status st = gw_wire_split(m->data, m->len, &w, &why);
    if (st == GW_OK && w.kind != GW_WIRE_RECORD)
        st = gw_err_set(&why, GW_E_PARSE, "a signed %s, no record", gw_wire_name(w.kind));
    if (st == GW_OK)
        st = gw_claim_read(w.bytes, w.len, &claim, &doc, &why);
    if (st == GW_E_PARSE) {
        refuse(out, "%s: %s", m->name, why.msg);
        return GW_OK;
    }
    if (st != GW_OK) {
        *err = why;
        return st;
    }
    const struct gw_jnode *root = gw_json_root(doc);
    /* The journal writes the first record of a chain before it knows a gateway's name. */
    const char *named = gw_jnode_text(root, "gateway");
    if (named[0] != '\0' && strcmp(named, m->gateway->id) != 0)
        refuse(out, "%s: a record of gateway %s on the topic of %s", m->name, named,
               m->gateway->id);
    else if (!belongs(claim.cls, m->name))
        refuse(out, "%s: a record of class %s", m->name, claim.cls);
    else if (is_signed(m, &w, claim.kid, out))
        st = keep_record(m, root, &claim, out, err);
    gw_json_free(doc);
    return st;
}

/* ---- windows ---- */

static enum gw_status take_window(const struct message *m, const char *record,
                                  struct gw_desk_taken *out, struct gw_err *err)
{
    if (m->len == 0 || strlen(record) >= sizeof out->record) {
        refuse(out, "evidence: no window");
        return GW_OK;
    }
    out->what = GW_DESK_WINDOW;
    (void)snprintf(out->record, sizeof out->record, "%s", record);
    if (gw_sha256_hex(m->data, m->len, out->window) != GW_OK)
        return gw_err_set(err, GW_E_NOMEM, "SHA-256 failed");
    return gw_desk_store_put_window(m->store, m->gateway->id, record, m->data, m->len, err);
}

/* ---- documents ---- */

/* Parses bytes that a peer wrote; NULL with the reason in out. */
static struct gw_json *parse(const struct message *m, const char *bytes, size_t len,
                             struct gw_desk_taken *out)
{
    struct gw_json *doc = NULL;
    struct gw_issues *issues = gw_issues_new();
    if (!issues || gw_json_parse(bytes, len, m->name, issues, &doc) != GW_OK)
        refuse(out, "%s: %s", m->name,
               issues && gw_issues_count(issues) ? gw_issues_text(issues, 0) : "cannot be read");
    gw_issues_free(issues);
    return doc;
}

/* What health tells of the chain shows a tail that was cut off. */
static enum gw_status note_head(const struct message *m, const struct gw_jnode *root,
                                struct gw_err *err)
{
    const struct gw_jnode *journal = gw_jnode_get(root, "journal");
    const struct gw_jnode *seq = gw_jnode_get(journal, "seq");
    const char *chain = gw_jnode_text(journal, "chain");
    if (strlen(chain) != GW_CHAIN_SIZE - 1 || !seq || gw_jnode_type(seq) != GW_J_NUM ||
        !gw_jnode_is_int(seq))
        return GW_OK;
    return gw_desk_store_told(m->store, m->gateway->id, chain, (int64_t)gw_jnode_num(seq), err);
}

static enum gw_status keep_document(const struct message *m, struct gw_desk_taken *out,
                                    struct gw_err *err)
{
    out->what = GW_DESK_DOCUMENT;
    return gw_desk_store_put_document(m->store, m->gateway->id, m->name, m->data, m->len, err);
}

static enum gw_status take_signed(const struct message *m, struct gw_desk_taken *out,
                                  struct gw_err *err)
{
    struct gw_wire w;
    struct gw_err why = {0};
    enum gw_status st = GW_OK;
    if (gw_wire_split(m->data, m->len, &w, &why) != GW_OK || w.kind != GW_WIRE_DOCUMENT) {
        refuse(out, "%s: %s", m->name, why.msg[0] ? why.msg : "no signed document");
        return GW_OK;
    }
    struct gw_json *doc = parse(m, w.bytes, w.len, out);
    if (!doc)
        return GW_OK;
    const struct gw_jnode *root = gw_json_root(doc);
    if (strcmp(gw_jnode_text(root, "gateway"), m->gateway->id) != 0 ||
        strcmp(gw_jnode_text(root, "class"), m->name) != 0)
        refuse(out, "%s: a document of gateway '%s' and class '%s'", m->name,
               gw_jnode_text(root, "gateway"), gw_jnode_text(root, "class"));
    else if (is_signed(m, &w, gw_jnode_text(root, "kid"), out)) {
        if (strcmp(m->name, "health") == 0)
            st = note_head(m, root, err);
        if (st == GW_OK)
            st = keep_document(m, out, err);
        out->proof = strcmp(m->name, "inventory") == 0;
        (void)snprintf(out->county, sizeof out->county, "%s",
                       gw_jnode_text(gw_jnode_get(root, "enterprise"), "county"));
    }
    gw_json_free(doc);
    return st;
}

/* Birth and will are not signed: the broker writes the will. They are shown as what they are. */
static enum gw_status take_status(const struct message *m, struct gw_desk_taken *out,
                                  struct gw_err *err)
{
    struct gw_json *doc = parse(m, m->data, m->len, out);
    if (!doc)
        return GW_OK;
    gw_json_free(doc);
    return keep_document(m, out, err);
}

static enum gw_status take_reply(const struct message *m, struct gw_desk_taken *out,
                                 struct gw_err *err)
{
    struct gw_wire w;
    struct gw_err why = {0};
    enum gw_status st = GW_OK;
    if (gw_wire_split(m->data, m->len, &w, &why) != GW_OK || w.kind != GW_WIRE_REPLY) {
        refuse(out, "reply: %s", why.msg[0] ? why.msg : "no signed reply");
        return GW_OK;
    }
    struct gw_json *doc = parse(m, w.bytes, w.len, out);
    if (!doc)
        return GW_OK;
    const struct gw_jnode *root = gw_json_root(doc);
    const char *hash = gw_jnode_text(root, "command");
    const struct gw_jnode *done = gw_jnode_get(root, "done");
    if (strcmp(gw_jnode_text(root, "gateway"), m->gateway->id) != 0 ||
        strlen(hash) != sizeof out->command - 1 || !done || gw_jnode_type(done) != GW_J_BOOL) {
        refuse(out, "reply: not one of gateway %s to a command", m->gateway->id);
    } else if (is_signed(m, &w, gw_jnode_text(root, "kid"), out)) {
        out->what = GW_DESK_REPLY;
        out->done = gw_jnode_bool(done);
        memcpy(out->command, hash, sizeof out->command);
        (void)snprintf(out->text, sizeof out->text, "%s",
                       gw_jnode_text(gw_jnode_get(root, "text"), "en"));
        st = gw_desk_store_answered(m->store, m->gateway->id, hash, w.bytes, w.len, err);
    }
    gw_json_free(doc);
    return st;
}

/* ---- the topic ---- */

struct topic {
    const char *name;
    enum gw_status (*take)(const struct message *m, struct gw_desk_taken *out, struct gw_err *err);
};

static const struct topic topics[] = {
    {"alarm", take_record},     {"lead", take_record},  {"record", take_record},
    {"inventory", take_signed}, {"cases", take_signed}, {"health", take_signed},
    {"status", take_status},    {"reply", take_reply},
};

static enum gw_status dispatch(const struct message *m, struct gw_desk_taken *out,
                               struct gw_err *err)
{
    if (m->len > GW_DESK_MESSAGE_MAX) {
        refuse(out, "%s: %zu bytes are too many", m->name, m->len);
        return GW_OK;
    }
    if (strncmp(m->name, "evidence/", 9) == 0)
        return take_window(m, m->name + 9, out, err);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(m->name, topics[i].name) == 0)
            return topics[i].take(m, out, err);
    return GW_OK;
}

enum gw_status gw_desk_intake(const struct gw_desk_conf *conf, struct gw_desk_store *store,
                              const char *topic, const char *data, size_t len, int64_t now_ms,
                              struct gw_desk_taken *out, struct gw_err *err)
{
    *out = (struct gw_desk_taken){0};
    if (strncmp(topic, PREFIX, strlen(PREFIX)) != 0)
        return GW_OK;
    const char *id = topic + strlen(PREFIX);
    const char *slash = strchr(id, '/');
    if (!slash || (size_t)(slash - id) >= sizeof out->gateway)
        return GW_OK;
    memcpy(out->gateway, id, (size_t)(slash - id));
    const struct message m = {
        .conf = conf,
        .store = store,
        .gateway = gw_desk_conf_gateway(conf, out->gateway),
        .name = slash + 1,
        .data = data,
        .len = len,
        .now_ms = now_ms,
    };
    enum gw_status st = GW_OK;
    if (!m.gateway) {
        /* Not stored by name: anybody could fill the disk with names. */
        refuse(out, "gateway %s is not enrolled", out->gateway);
        return GW_OK;
    }
    st = dispatch(&m, out, err);
    if (st == GW_OK && out->what == GW_DESK_REFUSED)
        st = gw_desk_store_refused(store, m.gateway->id, out->why, err);
    else if (st == GW_OK && out->what != GW_DESK_IGNORED)
        st = gw_desk_store_seen(store, m.gateway->id, now_ms, err);
    return st;
}
