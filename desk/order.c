/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "proof/wire.h"

#define ORDER_MAX ((size_t)64 * 1024)
#define DAY_MS    (INT64_C(24) * 3600 * 1000)

enum arg_type { ARG_TEXT, ARG_TIME, ARG_HASH, ARG_ENUM };

struct arg_def {
    const char *name;
    enum arg_type type;
    bool required;
    const char *words; /* ARG_ENUM: "a b c" */
};

struct order_def {
    const char *name;
    struct arg_def args[9]; /* in the order of their names, as canonical JSON wants them */
};

static const struct order_def orders[] = {
    {"accept", {{"hash", ARG_HASH, true, NULL}}},
    {"ack", {{"target", ARG_TEXT, true, NULL}}},
    {"cancel", {{"case", ARG_TEXT, true, NULL}, {"reason", ARG_TEXT, true, NULL}}},
    {"challenge", {{"nonce", ARG_TEXT, true, NULL}}},
    {"claim", {{"case", ARG_TEXT, true, NULL}, {"reason", ARG_TEXT, true, NULL}}},
    {"evidence", {{"case", ARG_TEXT, false, NULL}, {"record", ARG_TEXT, false, NULL}}},
    {"order",
     {{"id", ARG_TEXT, true, NULL},
      {"order", ARG_ENUM, true, "suspend watch lift"},
      {"reason", ARG_TEXT, true, NULL},
      {"target", ARG_TEXT, false, NULL}}},
    {"permit",
     {{"certificate", ARG_TEXT, false, NULL},
      {"certificate_until", ARG_TIME, false, NULL},
      {"from", ARG_TIME, false, NULL},
      {"id", ARG_TEXT, true, NULL},
      {"reason", ARG_TEXT, true, NULL},
      {"scope", ARG_ENUM, true, "maintenance shield calibration hot_work"},
      {"target", ARG_TEXT, true, NULL},
      {"until", ARG_TIME, true, NULL}}},
    {"rectify",
     {{"body", ARG_TEXT, true, NULL},
      {"case", ARG_TEXT, true, NULL},
      {"role", ARG_TEXT, true, NULL},
      {"standard", ARG_TEXT, true, NULL},
      {"until", ARG_TIME, true, NULL}}},
    {"revoke", {{"id", ARG_TEXT, true, NULL}}},
    {"shelve",
     {{"reason", ARG_TEXT, true, NULL},
      {"target", ARG_TEXT, true, NULL},
      {"until", ARG_TIME, true, NULL}}},
    {"unshelve", {{"target", ARG_TEXT, true, NULL}}},
};

const char gw_desk_order_usage[] =
    "  accept    hash=SHA256                      this inventory is accepted\n"
    "  ack       target=CHECK                     acknowledge an alarm\n"
    "  cancel    case=CASE reason=TEXT            销号: the case ends\n"
    "  challenge nonce=TEXT                       proof of life\n"
    "  claim     case=CASE reason=TEXT            the plant says that it is mended\n"
    "  evidence  record=ID | case=CASE            publish a window again\n"
    "  order     id=ID order=suspend|watch|lift reason=TEXT [target=ASSET]\n"
    "  permit    id=ID target=ASSET scope=maintenance|shield|calibration|hot_work until=TIME\n"
    "            reason=TEXT [from=TIME] [certificate=NO certificate_until=TIME]\n"
    "  rectify   case=CASE until=TIME body=TEXT role=TEXT standard=TEXT\n"
    "  revoke    id=ID                            ends a permit\n"
    "  shelve    target=CHECK until=TIME reason=TEXT\n"
    "  unshelve  target=CHECK\n"
    "  TIME: +8h, +90m, +3d, 2026-12-01 (its end, China Standard Time) or ms since 1970\n";

void gw_desk_order_topic(const char *gateway, const char *name, char out[GW_DESK_TOPIC])
{
    (void)snprintf(out, GW_DESK_TOPIC, "nonsite/v1/%s/command/%s", gateway, name);
}

/* Signs the bytes and appends the wire form. */
static enum gw_status seal(const struct gw_key *key, const struct gw_buf *bytes, struct gw_buf *out,
                           struct gw_err *err)
{
    uint8_t raw[GW_SIG_SIZE];
    char sig[GW_SIG_B64];
    enum gw_status st = bytes->failed ? GW_E_FULL : GW_OK;
    if (st == GW_OK)
        st = gw_key_sign(key, gw_wire_domain(GW_WIRE_COMMAND), bytes->data, bytes->len, raw);
    if (st == GW_OK) {
        gw_base64url(raw, sizeof raw, sig, sizeof sig);
        gw_buf_printf(out, "{\"%s\":", gw_wire_name(GW_WIRE_COMMAND));
        gw_buf_put(out, bytes->data, bytes->len);
        gw_buf_printf(out, ",\"sig\":\"%s\"}", sig);
        st = out->failed ? GW_E_FULL : GW_OK;
    }
    return st == GW_OK ? st : gw_err_set(err, st, "the command cannot be written or signed");
}

/* ---- receipts ---- */

static void put_place(struct gw_jcs *j, const char *key, const struct gw_place *p)
{
    gw_jcs_obj(j, key);
    gw_jcs_str(j, "hash", p->hash);
    gw_jcs_int(j, "seq", p->seq);
    gw_jcs_end(j);
}

enum gw_status gw_desk_receipt(const struct gw_key *key, const char *gateway,
                               const struct gw_place *records, size_t n,
                               const struct gw_place *head, int64_t now_ms, struct gw_buf *out,
                               struct gw_err *err)
{
    struct gw_buf bytes;
    struct gw_jcs j;
    gw_buf_init(&bytes, ORDER_MAX);
    gw_jcs_init(&j, &bytes);
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "args");
    gw_jcs_str(&j, "chain", records[0].chain);
    put_place(&j, "head", head);
    gw_jcs_arr(&j, "records");
    for (size_t i = 0; i < n; i++)
        put_place(&j, NULL, &records[i]);
    gw_jcs_end(&j);
    gw_jcs_end(&j);
    gw_jcs_str(&j, "gateway", gateway);
    gw_jcs_int(&j, "iat", now_ms);
    gw_jcs_str(&j, "kid", gw_key_id(key));
    gw_jcs_str(&j, "name", "receipt");
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    const enum gw_status st = seal(key, &bytes, out, err);
    gw_buf_free(&bytes);
    return st;
}

/* ---- commands ---- */

static const struct order_def *find(const char *name)
{
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(orders[i].name, name) == 0)
            return &orders[i];
    return NULL;
}

/* The value given for an argument; NULL: none. */
static const char *given(const struct gw_desk_order *o, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < o->nargs; i++)
        if (strncmp(o->args[i], name, n) == 0 && o->args[i][n] == '=')
            return o->args[i] + n + 1;
    return NULL;
}

static bool read_number(const char *text, int64_t *out, const char **end)
{
    char *stop;
    errno = 0;
    const long long v = strtoll(text, &stop, 10);
    *end = stop;
    *out = v;
    return errno == 0 && stop != text && v >= 0 && v < INT64_C(1) << 53;
}

static bool read_span(const char *text, int64_t now_ms, int64_t *out)
{
    const char *end;
    int64_t n;
    if (!read_number(text, &n, &end) || end[0] == '\0' || end[1] != '\0' || n > 100000)
        return false;
    const int64_t unit = *end == 'm' ? 60000 : *end == 'h' ? 3600000 : *end == 'd' ? DAY_MS : 0;
    *out = now_ms + n * unit;
    return unit > 0;
}

static bool read_time(const char *text, int64_t now_ms, int64_t *out)
{
    const char *end;
    if (text[0] == '+')
        return read_span(text + 1, now_ms, out);
    if (strlen(text) == 10 && gw_clock_parse(text, out)) {
        *out += DAY_MS;
        return true;
    }
    return read_number(text, out, &end) && *end == '\0';
}

static bool is_word(const char *value, const char *words)
{
    const size_t n = strlen(value);
    if (n == 0 || strchr(value, ' '))
        return false;
    for (const char *p = words; (p = strstr(p, value)) != NULL; p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

static enum gw_status put_arg(struct gw_jcs *j, const struct gw_desk_order *o,
                              const struct arg_def *def, struct gw_err *err)
{
    const char *value = given(o, def->name);
    int64_t ms = 0;
    if (!value || (value[0] == '\0' && def->required)) {
        if (def->required)
            return gw_err_set(err, GW_E_INVAL, "%s wants %s=...", o->name, def->name);
        return GW_OK;
    }
    switch (def->type) {
    case ARG_TIME:
        if (!read_time(value, o->now_ms, &ms))
            return gw_err_set(err, GW_E_INVAL, "%s=%s is no time: +8h, +90m, +3d, 2026-12-01 or ms",
                              def->name, value);
        gw_jcs_int(j, def->name, ms);
        return GW_OK;
    case ARG_HASH:
        if (strlen(value) != 64 || strspn(value, "0123456789abcdef") != 64)
            return gw_err_set(err, GW_E_INVAL, "%s=%s is no SHA-256 in lower-case hex", def->name,
                              value);
        break;
    case ARG_ENUM:
        if (!is_word(value, def->words))
            return gw_err_set(err, GW_E_INVAL, "%s=%s: may be %s", def->name, value, def->words);
        break;
    case ARG_TEXT:
        break;
    }
    gw_jcs_str(j, def->name, value);
    return GW_OK;
}

/* Every argument that was given is one of the command's, and given once. */
static enum gw_status check_args(const struct gw_desk_order *o, const struct order_def *def,
                                 struct gw_err *err)
{
    for (size_t i = 0; i < o->nargs; i++) {
        const char *eq = strchr(o->args[i], '=');
        const size_t n = eq ? (size_t)(eq - o->args[i]) : 0;
        bool known = false;
        for (size_t k = 0; eq && k < sizeof def->args / sizeof def->args[0]; k++)
            known = known || (def->args[k].name && strlen(def->args[k].name) == n &&
                              strncmp(def->args[k].name, o->args[i], n) == 0);
        if (!known)
            return gw_err_set(err, GW_E_INVAL, "%s takes no argument '%s'", o->name, o->args[i]);
        for (size_t k = 0; k < i; k++)
            if (strncmp(o->args[k], o->args[i], n + 1) == 0)
                return gw_err_set(err, GW_E_INVAL, "'%.*s' is given twice", (int)n, o->args[i]);
    }
    if (strcmp(o->name, "evidence") == 0 && !given(o, "case") == !given(o, "record"))
        return gw_err_set(err, GW_E_INVAL, "evidence wants record=... or case=...");
    return GW_OK;
}

enum gw_status gw_desk_order(const struct gw_key *key, const struct gw_desk_order *order,
                             struct gw_buf *out, char hash[GW_SHA256_HEX], struct gw_err *err)
{
    struct gw_buf bytes;
    struct gw_jcs j;
    const struct order_def *def = find(order->name);
    if (!def)
        return gw_err_set(err, GW_E_INVAL, "there is no command '%s'", order->name);
    enum gw_status st = check_args(order, def, err);
    if (st != GW_OK)
        return st;
    gw_buf_init(&bytes, ORDER_MAX);
    gw_jcs_init(&j, &bytes);
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "args");
    for (size_t i = 0; st == GW_OK && i < sizeof def->args / sizeof def->args[0]; i++)
        if (def->args[i].name)
            st = put_arg(&j, order, &def->args[i], err);
    gw_jcs_end(&j);
    if (order->challenge[0] != '\0')
        gw_jcs_str(&j, "challenge", order->challenge);
    gw_jcs_int(&j, "exp", order->now_ms + GW_DESK_VALID_MS);
    gw_jcs_str(&j, "gateway", order->gateway);
    gw_jcs_int(&j, "iat", order->now_ms);
    gw_jcs_str(&j, "kid", gw_key_id(key));
    gw_jcs_str(&j, "name", order->name);
    gw_jcs_int(&j, "seq", order->seq);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
    if (st == GW_OK && bytes.failed)
        st = gw_err_set(err, GW_E_INVAL, "an argument is too long or no UTF-8");
    if (st == GW_OK)
        st = seal(key, &bytes, out, err);
    if (st == GW_OK && gw_sha256_hex(bytes.data, bytes.len, hash) != GW_OK)
        st = gw_err_set(err, GW_E_IO, "SHA-256 failed");
    gw_buf_free(&bytes);
    return st;
}

const char *gw_desk_order_subject(const struct gw_desk_order *order)
{
    static const char *const keys[] = {"case", "target", "record", "id", "hash"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = given(order, keys[i]);
        if (value)
            return value;
    }
    return "";
}
