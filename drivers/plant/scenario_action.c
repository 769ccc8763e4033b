/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keys.h"
#include "plant/scenario_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_S 31622400.0 /* 366 days */
#define NOT_GIVEN INT64_MIN

/* ---- entries of the timeline ---- */

struct action_keys {
    double at_s, for_s;
    char device[GW_PLANT_NAME], endpoint[GW_PLANT_NAME];
    struct gw_sc_change_nodes changes;
    char fault[GW_PLANT_NAME];
    const struct gw_jnode *signals;
    int64_t code, ms, by, bytes, unit, times;
    bool clear;
    char say[GW_PLANT_SAY];
};

#define OFF(member) .offset = offsetof(struct action_keys, member)
#define NODE(key, jt, text)                                                                        \
    {                                                                                              \
        .name = #key, .type = GW_KEY_NODE, OFF(changes.key), .jtype = (jt), .doc = (text)          \
    }
#define NUMBER(key, text)                                                                          \
    {                                                                                              \
        .name = #key, .type = GW_KEY_INT, OFF(key), .doc = (text)                                  \
    }
#define ENTRY_KEYS                                                                                 \
    {.name = "device",                                                                             \
     .type = GW_KEY_ID,                                                                            \
     OFF(device),                                                                                  \
     .size = GW_PLANT_NAME,                                                                        \
     .doc = "the device that it happens to"},                                                      \
        {.name = "endpoint",                                                                       \
         .type = GW_KEY_ID,                                                                        \
         OFF(endpoint),                                                                            \
         .size = GW_PLANT_NAME,                                                                    \
         .doc = "the endpoint that it happens to"},                                                \
        NODE(set, GW_J_OBJ, "constant signals"), NODE(ramp, GW_J_OBJ, "ramps"),                    \
        NODE(wave, GW_J_OBJ, "waves"), NODE(noise, GW_J_OBJ, "noise"),                             \
        {.name = "fault",                                                                          \
         .type = GW_KEY_STR,                                                                       \
         OFF(fault),                                                                               \
         .size = GW_PLANT_NAME,                                                                    \
         .min = 1,                                                                                 \
         .doc = "name of a fault"},                                                                \
        {.name = "signals",                                                                        \
         .type = GW_KEY_NODE,                                                                      \
         OFF(signals),                                                                             \
         .jtype = GW_J_ARR,                                                                        \
         .doc = "signals that a fault is for"},                                                    \
        {.name = "for_s",                                                                          \
         .type = GW_KEY_NUM,                                                                       \
         OFF(for_s),                                                                               \
         .min = 0.001,                                                                             \
         .max = LONGEST_S,                                                                         \
         .doc = "how long it lasts"},                                                              \
        NUMBER(code, "exception code"), NUMBER(ms, "time of a fault"),                             \
        NUMBER(by, "deviation of a fault"), NUMBER(bytes, "bytes of a fault"),                     \
        NUMBER(unit, "unit id of a fault"), NUMBER(times, "repetitions of a fault"),               \
        {.name = "clear", .type = GW_KEY_BOOL, OFF(clear), .doc = "ends what was temporary"},      \
        {.name = "say",                                                                            \
         .type = GW_KEY_STR,                                                                       \
         OFF(say),                                                                                 \
         .size = GW_PLANT_SAY,                                                                     \
         .doc = "a line for the log"},                                                             \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

static const struct gw_key line_keys[] = {ENTRY_KEYS};
static const struct gw_key timeline_keys[] = {{.name = "at_s",
                                               .type = GW_KEY_NUM,
                                               OFF(at_s),
                                               .min = 0,
                                               .max = LONGEST_S,
                                               .required = true,
                                               .doc = "when it happens"},
                                              ENTRY_KEYS};
#undef OFF
#undef NODE
#undef NUMBER

static int64_t number_given(const struct action_keys *k, const char *key)
{
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"code", k->code},   {"ms", k->ms},     {"by", k->by},
        {"bytes", k->bytes}, {"unit", k->unit}, {"times", k->times},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(numbers[i].key, key) == 0)
            return numbers[i].value;
    return NOT_GIVEN;
}

static bool takes(const struct gw_fault_def *def, const char *key)
{
    for (size_t p = 0; p < GW_FAULT_PARAMS; p++)
        if (def->param[p].key != NULL && strcmp(def->param[p].key, key) == 0)
            return true;
    return false;
}

/* Numbers are for the faults that take them. */
static void refuse_other_numbers(struct gw_sc_reader *r, const struct gw_jnode *n,
                                 const struct action_keys *k, const struct gw_fault_def *def)
{
    static const char *const numbers[] = {"code", "ms", "by", "bytes", "unit", "times"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (number_given(k, numbers[i]) == NOT_GIVEN)
            continue;
        if (def == NULL)
            gw_jnode_issue(gw_jnode_get(n, numbers[i]), r->issues, "goes with a fault only");
        else if (!takes(def, numbers[i]))
            gw_jnode_issue(gw_jnode_get(n, numbers[i]), r->issues, "fault %s takes no such number",
                           def->name);
    }
}

static void read_params(struct gw_sc_reader *r, const struct gw_jnode *n,
                        const struct action_keys *k, struct gw_action *a)
{
    const struct gw_fault_def *def = a->fault != GW_FAULT_NONE ? gw_fault_def(a->fault) : NULL;
    refuse_other_numbers(r, n, k, def);
    for (size_t p = 0; def != NULL && p < GW_FAULT_PARAMS; p++) {
        const struct gw_fault_param *param = &def->param[p];
        int64_t v = param->key != NULL ? number_given(k, param->key) : NOT_GIVEN;
        a->param[p] = v == NOT_GIVEN ? param->def : v;
        if (v != NOT_GIVEN && (v < param->min || v > param->max))
            gw_jnode_issue(gw_jnode_get(n, param->key), r->issues,
                           "fault %s: %lld is not in %lld..%lld", def->name, (long long)v,
                           (long long)param->min, (long long)param->max);
    }
}

static void read_signal_list(struct gw_sc_reader *r, const struct gw_jnode *list,
                             struct gw_action *a)
{
    const struct gw_sc_device *d = &r->sc->devices[a->device];
    a->signals = gw_sc_alloc(r, gw_jnode_count(list), sizeof *a->signals);
    if (a->signals == NULL)
        return;
    if (gw_jnode_count(list) == 0)
        gw_jnode_issue(list, r->issues, "names no signal; leave the key out to mean all");
    bool real_only = a->fault != GW_FAULT_FROZEN;
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        int s = gw_jnode_type(n) == GW_J_STR ? gw_scenario_signal(d, gw_jnode_str(n)) : -1;
        if (s < 0)
            gw_jnode_issue(n, r->issues, "must be the name of a signal of device '%s' (%s)",
                           d->name, d->kind->name);
        else if (real_only && !d->signals[s].real)
            gw_jnode_issue(n, r->issues, "'%s' is shown as a whole number and cannot be %s",
                           d->signals[s].name, gw_fault_def(a->fault)->name);
        else
            a->signals[a->n_signals++] = (size_t)s;
    }
}

static void read_fault(struct gw_sc_reader *r, const struct gw_jnode *n,
                       const struct action_keys *k, struct gw_action *a)
{
    const struct gw_jnode *at = gw_jnode_get(n, "fault");
    if (k->fault[0] != '\0') {
        a->fault = gw_fault_find(k->fault);
        if (a->fault == GW_FAULT_NONE)
            gw_jnode_issue(at, r->issues, "there is no fault '%s'", k->fault);
    }
    read_params(r, n, k, a);
    enum gw_fault_scope scope =
        a->fault != GW_FAULT_NONE ? gw_fault_def(a->fault)->scope : GW_SCOPE_REPLY;
    if (a->fault != GW_FAULT_NONE && scope == GW_SCOPE_ENDPOINT && a->device >= 0)
        gw_jnode_issue(at, r->issues, "%s is a fault of an endpoint, not of a device", k->fault);
    if (a->fault != GW_FAULT_NONE && scope != GW_SCOPE_ENDPOINT && a->endpoint >= 0)
        gw_jnode_issue(at, r->issues, "%s is a fault of a device, not of an endpoint", k->fault);
    if (k->signals == NULL)
        return;
    if (scope != GW_SCOPE_SIGNAL)
        gw_jnode_issue(k->signals, r->issues, "only frozen, nan, inf and neg_inf take signals");
    else if (a->device >= 0 && r->sc->devices[a->device].signals != NULL)
        read_signal_list(r, k->signals, a);
}

static void read_target(struct gw_sc_reader *r, const struct gw_jnode *n,
                        const struct action_keys *k, struct gw_action *a)
{
    const struct gw_jnode *device = gw_jnode_get(n, "device");
    const struct gw_jnode *endpoint = gw_jnode_get(n, "endpoint");
    if ((device != NULL) == (endpoint != NULL)) {
        gw_jnode_issue(n, r->issues, "needs one of \"device\" and \"endpoint\"");
        return;
    }
    if (k->device[0] != '\0') {
        a->device = gw_scenario_device(r->sc, k->device);
        if (a->device < 0)
            gw_jnode_issue(device, r->issues, "there is no device '%s'", k->device);
    }
    if (k->endpoint[0] != '\0') {
        a->endpoint = gw_scenario_endpoint(r->sc, k->endpoint);
        if (a->endpoint < 0)
            gw_jnode_issue(endpoint, r->issues, "there is no endpoint '%s'", k->endpoint);
    }
}

void gw_sc_read_action(struct gw_sc_reader *r, const struct gw_jnode *n, bool timeline,
                       struct gw_action *a)
{
    *a = (struct gw_action){.device = -1, .endpoint = -1};
    if (gw_jnode_type(n) != GW_J_OBJ) {
        gw_jnode_issue(n, r->issues, "must be an object, not %s", gw_jtype_name(gw_jnode_type(n)));
        return;
    }
    struct action_keys k = {.code = NOT_GIVEN,
                            .ms = NOT_GIVEN,
                            .by = NOT_GIVEN,
                            .bytes = NOT_GIVEN,
                            .unit = NOT_GIVEN,
                            .times = NOT_GIVEN};
    gw_keys_read(n, timeline ? timeline_keys : line_keys, &k, r->issues);
    a->at_ms = gw_sc_ms(k.at_s);
    a->for_ms = gw_sc_ms(k.for_s);
    a->clear = k.clear;
    snprintf(a->say, sizeof a->say, "%s", k.say);
    read_target(r, n, &k, a);
    read_fault(r, n, &k, a);

    const struct gw_sc_change_nodes *c = &k.changes;
    bool changes = c->set != NULL || c->ramp != NULL || c->wave != NULL || c->noise != NULL;
    if (changes && a->endpoint >= 0)
        gw_jnode_issue(n, r->issues, "an endpoint has no signals");
    /* A device that was not understood has said so at its own place. */
    if (changes && a->device >= 0 && r->sc->devices[a->device].signals != NULL)
        gw_sc_read_changes(r, &r->sc->devices[a->device], c, &a->changes, &a->n_changes);
    if (!changes && k.fault[0] == '\0' && !k.clear && k.say[0] == '\0')
        gw_jnode_issue(n, r->issues,
                       "nothing happens: needs set, ramp, wave, noise, fault, clear or say");
}

enum gw_status gw_scenario_action(const struct gw_scenario *sc, const char *text, size_t len,
                                  struct gw_issues *issues, struct gw_action *out)
{
    struct gw_json *doc = NULL;
    enum gw_status status = gw_json_parse(text, len, "stdin", issues, &doc);
    if (status != GW_OK)
        return status;

    size_t before = gw_issues_count(issues);
    struct gw_scenario lent = *sc; /* reading an action looks at the scenario only */
    struct gw_sc_reader r = {.sc = &lent, .issues = issues};
    struct gw_action a;
    gw_sc_read_action(&r, gw_json_root(doc), false, &a);
    gw_json_free(doc);
    if (r.nomem || gw_issues_count(issues) != before) {
        gw_action_clean(&a);
        return r.nomem ? GW_E_NOMEM : GW_E_PARSE;
    }
    *out = a;
    return GW_OK;
}

/* ---- followers ---- */

struct follow_keys {
    char device[GW_PLANT_NAME], signal[GW_SIGNAL_NAME];
    const struct gw_jnode *when, *any;
    double after_s, back_s;
    double to, otherwise;
};

#define OFF(member) .offset = offsetof(struct follow_keys, member)
static const struct gw_key follow_keys[] = {
    {.name = "device",
     .type = GW_KEY_ID,
     OFF(device),
     .size = GW_PLANT_NAME,
     .required = true,
     .doc = "device of the signal that follows"},
    {.name = "signal",
     .type = GW_KEY_ID,
     OFF(signal),
     .size = GW_SIGNAL_NAME,
     .required = true,
     .doc = "signal that follows"},
    {.name = "when", .type = GW_KEY_NODE, OFF(when), .jtype = GW_J_STR, .doc = "the condition"},
    {.name = "any",
     .type = GW_KEY_NODE,
     OFF(any),
     .jtype = GW_J_ARR,
     .doc = "conditions of which one is enough"},
    {.name = "after_s",
     .type = GW_KEY_NUM,
     OFF(after_s),
     .max = 86400,
     .def = "0",
     .doc = "how long it must hold"},
    {.name = "back_s",
     .type = GW_KEY_NUM,
     OFF(back_s),
     .max = 86400,
     .doc = "how long it must be over; default after_s"},
    {.name = "to", .type = GW_KEY_NUM, OFF(to), .def = "1", .doc = "value while it holds"},
    {.name = "else",
     .type = GW_KEY_NUM,
     OFF(otherwise),
     .def = "0",
     .doc = "value while it does not"},
    {.type = GW_KEY_END},
};
#undef OFF

/* "<device>.<signal> <op> <number>"; one space or none around the operator. */
static bool parse_cond(const char *text, char device[GW_PLANT_NAME], char signal[GW_SIGNAL_NAME],
                       struct gw_cond *c)
{
    static const char *const ops[] = {
        [GW_COND_GE] = ">=", [GW_COND_LE] = "<=", [GW_COND_EQ] = "=="};
    size_t dot = strcspn(text, ".");
    size_t end = strcspn(text, " <>=");
    if (dot == 0 || dot >= end || dot >= GW_PLANT_NAME || end - dot - 1 == 0 ||
        end - dot - 1 >= GW_SIGNAL_NAME)
        return false;
    memcpy(device, text, dot);
    device[dot] = '\0';
    memcpy(signal, text + dot + 1, end - dot - 1);
    signal[end - dot - 1] = '\0';

    const char *p = text + end + strspn(text + end, " ");
    size_t op = 0;
    while (op < sizeof ops / sizeof ops[0] && strncmp(p, ops[op], 2) != 0)
        op++;
    if (op == sizeof ops / sizeof ops[0])
        return false;
    c->op = (enum gw_cond_op)op;
    p += 2 + strspn(p + 2, " ");
    if (p[strspn(p, "+-.0123456789eE")] != '\0') /* strtod would take "nan" and hexadecimal, too */
        return false;
    char *rest = NULL;
    c->number = strtod(p, &rest);
    return rest != p && *rest == '\0' && isfinite(c->number);
}

static void read_cond(struct gw_sc_reader *r, const struct gw_jnode *n, struct gw_follow *f)
{
    char device[GW_PLANT_NAME];
    char signal[GW_SIGNAL_NAME];
    struct gw_cond c = {0};
    if (gw_jnode_type(n) != GW_J_STR || !parse_cond(gw_jnode_str(n), device, signal, &c)) {
        gw_jnode_issue(n, r->issues, "must be a condition such as \"gas.p1 >= 50\" (>=, <= or ==)");
        return;
    }
    int d = gw_scenario_device(r->sc, device);
    if (d < 0) {
        gw_jnode_issue(n, r->issues, "there is no device '%s'", device);
        return;
    }
    const struct gw_sc_device *dev = &r->sc->devices[d];
    if (dev->signals == NULL)
        return;
    int s = gw_scenario_signal(dev, signal);
    c.output = s < 0;
    if (c.output)
        s = gw_scenario_output(dev, signal);
    if (s < 0) {
        gw_jnode_issue(n, r->issues, "device '%s' (%s) has no signal or output '%s'", device,
                       dev->kind->name, signal);
        return;
    }
    c.device = (size_t)d;
    c.index = (size_t)s;
    f->conds[f->n_conds++] = c;
}

static void read_conds(struct gw_sc_reader *r, const struct gw_jnode *n,
                       const struct follow_keys *k, struct gw_follow *f)
{
    if ((k->when != NULL) == (k->any != NULL)) {
        gw_jnode_issue(n, r->issues, "needs one of \"when\" and \"any\"");
        return;
    }
    f->conds = gw_sc_alloc(r, k->any != NULL ? gw_jnode_count(k->any) : 1, sizeof *f->conds);
    if (f->conds == NULL)
        return;
    if (k->when != NULL)
        read_cond(r, k->when, f);
    for (const struct gw_jnode *c = k->any ? gw_jnode_first(k->any) : NULL; c != NULL;
         c = gw_jnode_next(c))
        read_cond(r, c, f);
    if (k->any != NULL && gw_jnode_count(k->any) == 0)
        gw_jnode_issue(k->any, r->issues, "needs at least one condition");
}

void gw_sc_read_follow(struct gw_sc_reader *r, const struct gw_jnode *n, struct gw_follow *f)
{
    if (gw_jnode_type(n) != GW_J_OBJ) {
        gw_jnode_issue(n, r->issues, "must be an object, not %s", gw_jtype_name(gw_jnode_type(n)));
        return;
    }
    struct follow_keys k = {.back_s = -1};
    bool good = gw_keys_read(n, follow_keys, &k, r->issues);
    f->after_ms = gw_sc_ms(k.after_s);
    f->back_ms = k.back_s >= 0 ? gw_sc_ms(k.back_s) : f->after_ms;
    f->to = k.to;
    f->otherwise = k.otherwise;
    read_conds(r, n, &k, f);
    int d = good ? gw_scenario_device(r->sc, k.device) : -1;
    if (d < 0) {
        if (good)
            gw_jnode_issue(gw_jnode_get(n, "device"), r->issues, "there is no device '%s'",
                           k.device);
        return;
    }
    const struct gw_sc_device *dev = &r->sc->devices[d];
    if (dev->signals == NULL)
        return;
    int s = gw_scenario_signal(dev, k.signal);
    if (s < 0) {
        gw_jnode_issue(gw_jnode_get(n, "signal"), r->issues, "device '%s' (%s) has no signal '%s'",
                       k.device, dev->kind->name, k.signal);
        return;
    }
    const struct gw_signal *sig = &dev->signals[s];
    const double values[] = {f->to, f->otherwise};
    for (size_t i = 0; i < 2; i++) {
        if (values[i] < sig->min || values[i] > sig->max ||
            (sig->logic && values[i] != 0.0 && values[i] != 1.0))
            gw_jnode_issue(n, r->issues, "%s: '%s' cannot be %g", i == 0 ? "to" : "else", k.signal,
                           values[i]);
    }
    f->device = (size_t)d;
    f->signal = (size_t)s;
}
