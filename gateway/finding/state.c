/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/state.h"

#include "base/jcs.h"
#include "conf/json.h"
#include "conf/keys.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const case_names[] = {
    [GW_CASE_NONE] = "none",
    [GW_CASE_OPEN] = "open",
    [GW_CASE_CLEARED] = "cleared",
    [GW_CASE_CANCELLED] = "cancelled",
};

struct gw_check_state gw_check_state_none(void)
{
    return (struct gw_check_state)GW_CHECK_STATE_NONE;
}

static bool same_memory(const struct gw_rule_memory *a, const struct gw_rule_memory *b)
{
    return a->holds == b->holds && strcmp(a->kept, b->kept) == 0 && strcmp(a->told, b->told) == 0 &&
           a->moves == b->moves && a->calm_ms == b->calm_ms &&
           (!a->holds ||
            (a->held_ms == b->held_ms && a->lo == b->lo && a->hi == b->hi && a->moved == b->moved));
}

bool gw_check_state_same(const struct gw_check_state *a, const struct gw_check_state *b)
{
    const bool worst = (isnan(a->worst) && isnan(b->worst)) || a->worst == b->worst;
    return worst && a->active == b->active && a->was == b->was && a->ran_on == b->ran_on &&
           a->ran_off == b->ran_off && a->c.state == b->c.state && a->c.number == b->c.number &&
           a->c.reopened == b->c.reopened && a->c.raised_ms == b->c.raised_ms &&
           a->c.cleared_ms == b->c.cleared_ms && a->c.repeats == b->c.repeats &&
           a->alarm == b->alarm && a->alarm_seq == b->alarm_seq && a->seen == b->seen &&
           a->since_ms == b->since_ms && a->evidence == b->evidence && a->votes == b->votes &&
           a->chatter == b->chatter && a->fleeting == b->fleeting && a->merged == b->merged &&
           a->merged_ms == b->merged_ms && same_memory(&a->memory, &b->memory);
}

#define NUMBER_SIZE 64

static void print_number(double x, char out[NUMBER_SIZE])
{
    struct gw_buf number;
    out[0] = '\0';
    gw_buf_fixed(&number, out, NUMBER_SIZE);
    if (isfinite(x))
        gw_keys_print_num(x, &number);
}

/* Only where it tells something: rows of before it existed are rows still. */
static void write_if(struct gw_jcs *j, const char *key, int64_t v)
{
    if (v != 0)
        gw_jcs_int(j, key, v);
}

size_t gw_check_state_write(const struct gw_check_state *s, char out[GW_CHECK_STATE_TEXT])
{
    char worst[NUMBER_SIZE];
    char lo[NUMBER_SIZE];
    char hi[NUMBER_SIZE];
    print_number(s->worst, worst);
    print_number(s->memory.lo, lo);
    print_number(s->memory.hi, hi);
    struct gw_buf buf;
    struct gw_jcs j;
    gw_buf_fixed(&buf, out, GW_CHECK_STATE_TEXT);
    gw_jcs_init(&j, &buf);
    gw_jcs_obj(&j, NULL);
    gw_jcs_bool(&j, "active", s->active);
    gw_jcs_str(&j, "alarm", gw_alarm_state_name(s->alarm));
    gw_jcs_int(&j, "alarm_seq", s->alarm_seq);
    if (s->memory.moves > 0)
        gw_jcs_int(&j, "calm_ms", s->memory.calm_ms);
    gw_jcs_str(&j, "case", case_names[s->c.state]);
    write_if(&j, "chatter", s->chatter);
    gw_jcs_int(&j, "cleared_ms", s->c.cleared_ms);
    gw_jcs_bool(&j, "evidence", s->evidence);
    write_if(&j, "fleeting", s->fleeting);
    if (s->memory.holds) {
        gw_jcs_int(&j, "held_ms", s->memory.held_ms);
        gw_jcs_str(&j, "hi", hi);
    }
    if (s->memory.kept[0] != '\0')
        gw_jcs_str(&j, "kept", s->memory.kept);
    if (s->memory.holds)
        gw_jcs_str(&j, "lo", lo);
    write_if(&j, "merged", s->merged);
    write_if(&j, "merged_ms", s->merged_ms);
    if (s->memory.holds)
        gw_jcs_bool(&j, "moved", s->memory.moved);
    if (s->memory.moves > 0)
        gw_jcs_int(&j, "moves", s->memory.moves);
    gw_jcs_int(&j, "number", s->c.number);
    gw_jcs_int(&j, "raised_ms", s->c.raised_ms);
    gw_jcs_int(&j, "ran_off", s->ran_off);
    gw_jcs_int(&j, "ran_on", s->ran_on);
    gw_jcs_int(&j, "reopened", s->c.reopened);
    if (s->c.repeats > 0)
        gw_jcs_int(&j, "repeats", s->c.repeats);
    gw_jcs_int(&j, "seen", (int64_t)s->seen);
    gw_jcs_int(&j, "since_ms", s->since_ms);
    if (s->memory.told[0] != '\0')
        gw_jcs_str(&j, "told", s->memory.told);
    gw_jcs_int(&j, "v", 1);
    write_if(&j, "votes", (int64_t)s->votes);
    gw_jcs_bool(&j, "was", s->was);
    gw_jcs_str(&j, "worst", worst);
    gw_jcs_end(&j);
    /* Fixed members of bounded size: not to fit is a mistake in GW_CHECK_STATE_TEXT. */
    assert(gw_jcs_done(&j));
    return buf.len;
}

/* ---- reading ---- */

/* Collects members of one object; anything amiss latches `bad`. */
struct reader {
    const struct gw_jnode *root;
    size_t taken;
    bool bad;
};

static const struct gw_jnode *take(struct reader *r, const char *key, enum gw_jtype type)
{
    const struct gw_jnode *n = gw_jnode_get(r->root, key);
    if (n == NULL || gw_jnode_type(n) != type) {
        r->bad = true;
        return NULL;
    }
    r->taken++;
    return n;
}

static bool take_bool(struct reader *r, const char *key)
{
    const struct gw_jnode *n = take(r, key, GW_J_BOOL);
    return n != NULL && gw_jnode_bool(n);
}

static int64_t take_int(struct reader *r, const char *key, int64_t min, int64_t max)
{
    const struct gw_jnode *n = take(r, key, GW_J_NUM);
    if (n == NULL || !gw_jnode_is_int(n)) {
        r->bad = true;
        return min;
    }
    const int64_t v = (int64_t)gw_jnode_num(n);
    if (v < min || v > max) {
        r->bad = true;
        return min;
    }
    return v;
}

static int64_t take_int_if(struct reader *r, const char *key, int64_t max)
{
    return gw_jnode_get(r->root, key) != NULL ? take_int(r, key, 1, max) : 0;
}

static int take_name(struct reader *r, const char *key, const char *(*name_of)(int), int count)
{
    const struct gw_jnode *n = take(r, key, GW_J_STR);
    for (int i = 0; n != NULL && i < count; i++)
        if (strcmp(gw_jnode_str(n), name_of(i)) == 0)
            return i;
    r->bad = true;
    return 0;
}

static double take_number(struct reader *r, const char *key)
{
    const struct gw_jnode *n = take(r, key, GW_J_STR);
    if (n == NULL || gw_jnode_str(n)[0] == '\0')
        return NAN;
    const char *text = gw_jnode_str(n);
    char *end = NULL;
    const double v = strtod(text, &end);
    if (*end != '\0' || !isfinite(v) || strpbrk(text, " \t\nxXnN") != NULL)
        r->bad = true;
    return v;
}

static void take_memory(struct reader *r, struct gw_rule_memory *m)
{
    m->holds = true;
    m->held_ms = take_int(r, "held_ms", 0, INT64_C(1) << 53);
    m->hi = take_number(r, "hi");
    m->lo = take_number(r, "lo");
    m->moved = take_bool(r, "moved");
    r->bad = r->bad || !(m->lo <= m->hi); /* not numbers, or in the wrong order */
}

static void take_text(struct reader *r, const char *key, char out[GW_MEMORY_TEXT])
{
    const struct gw_jnode *n = take(r, key, GW_J_STR);
    const size_t len = n != NULL ? strlen(gw_jnode_str(n)) : 0;
    if (len == 0 || len >= GW_MEMORY_TEXT)
        r->bad = true;
    else
        memcpy(out, gw_jnode_str(n), len + 1);
}

/* What else is remembered; each only where there is something. */
static void take_learned(struct reader *r, struct gw_rule_memory *m)
{
    if (gw_jnode_get(r->root, "kept") != NULL)
        take_text(r, "kept", m->kept);
    if (gw_jnode_get(r->root, "told") != NULL)
        take_text(r, "told", m->told);
    r->bad = r->bad || (m->told[0] != '\0' && m->kept[0] == '\0');
    if (gw_jnode_get(r->root, "moves") != NULL) {
        m->moves = take_int(r, "moves", 1, GW_MEMORY_MOVES);
        m->calm_ms = take_int(r, "calm_ms", 0, INT64_C(1) << 53);
    }
}

static const char *alarm_name(int i)
{
    return gw_alarm_state_name((enum gw_alarm_state)i);
}

static const char *case_name(int i)
{
    return case_names[i];
}

static bool read_members(struct reader *r, struct gw_check_state *s)
{
    const int64_t max = INT64_C(1) << 53;
    *s = gw_check_state_none();
    s->active = take_bool(r, "active");
    s->alarm = (enum gw_alarm_state)take_name(r, "alarm", alarm_name, GW_ALARM_LATCHED + 1);
    s->alarm_seq = take_int(r, "alarm_seq", 0, max);
    s->c.state = (enum gw_case_state)take_name(r, "case", case_name, GW_CASE_CANCELLED + 1);
    s->chatter = take_int_if(r, "chatter", max);
    s->fleeting = take_int_if(r, "fleeting", max);
    s->merged = take_int_if(r, "merged", max);
    s->merged_ms = take_int_if(r, "merged_ms", max);
    s->votes = (uint32_t)take_int_if(r, "votes", UINT32_MAX);
    s->c.cleared_ms = take_int(r, "cleared_ms", -max, max);
    s->evidence = take_bool(r, "evidence");
    s->c.number = take_int(r, "number", 0, max);
    s->c.raised_ms = take_int(r, "raised_ms", -max, max);
    s->ran_off = take_int(r, "ran_off", 0, max);
    s->ran_on = take_int(r, "ran_on", 0, max);
    s->c.reopened = take_int(r, "reopened", 0, max);
    if (gw_jnode_get(r->root, "repeats") != NULL)
        s->c.repeats = take_int(r, "repeats", 1, max);
    s->seen = (uint32_t)take_int(r, "seen", 0, UINT32_MAX);
    s->since_ms = take_int(r, "since_ms", -max, max);
    take_int(r, "v", 1, 1);
    s->was = take_bool(r, "was");
    s->worst = take_number(r, "worst");
    if (gw_jnode_get(r->root, "held_ms") != NULL)
        take_memory(r, &s->memory);
    take_learned(r, &s->memory);
    return !r->bad && r->taken == gw_jnode_count(r->root);
}

static bool agrees(const struct gw_check_state *s)
{
    const bool open = s->c.state == GW_CASE_OPEN;
    const bool alarmed = gw_alarm_stands(s->alarm);
    return s->active == open && (s->alarm == GW_ALARM_NORMAL || alarmed == s->active) &&
           (s->c.state == GW_CASE_NONE) == (s->c.number == 0);
}

enum gw_status gw_check_state_parse(const char *text, struct gw_check_state *out)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    struct gw_check_state s;
    enum gw_status status = GW_E_NOMEM;
    if (issues == NULL)
        goto out;
    status = gw_json_parse(text, strlen(text), "state", issues, &doc);
    if (status != GW_OK)
        goto out;
    struct reader r = {.root = gw_json_root(doc)};
    if (gw_jnode_type(r.root) != GW_J_OBJ || !read_members(&r, &s) || !agrees(&s)) {
        status = GW_E_PARSE;
        goto out;
    }
    *out = s;

out:
    gw_json_free(doc);
    gw_issues_free(issues);
    return status;
}
