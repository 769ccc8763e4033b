/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/catalogue.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the shipped catalogue ---- */

struct shipped {
    struct gw_issues *issues;
    struct gw_json *doc;
    struct gw_catalogue *cat;
};

static int load_shipped(void **state)
{
    struct shipped *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->issues = gw_issues_new();
    assert_non_null(s->issues);
    const char *path = GW_SOURCE_DIR "/config/findings.json";
    if (gw_json_load(path, s->issues, &s->doc) != GW_OK ||
        gw_catalogue_load(s->doc, s->issues, &s->cat) != GW_OK) {
        gw_issues_print(s->issues, stderr);
        return -1;
    }
    *state = s;
    return 0;
}

static int free_shipped(void **state)
{
    struct shipped *s = *state;
    gw_catalogue_free(s->cat);
    gw_json_free(s->doc);
    gw_issues_free(s->issues);
    free(s);
    return 0;
}

static const struct gw_finding *shipped_finding(void **state, const char *code)
{
    const struct shipped *s = *state;
    const struct gw_finding *f = gw_catalogue_find(s->cat, code);
    if (f == NULL)
        fail_msg("%s is not shipped", code);
    return f;
}

static void all_findings_of_the_domain_are_shipped(void **state)
{
    static const char *const codes[] = {
        "GAS-ABS-01", "GAS-ABS-02",  "GAS-ABS-03",   "GAS-ABS-04",    "GAS-ABS-05", "GAS-FLT-01",
        "GAS-FLT-02", "GAS-FLT-03",  "GAS-BYP-01",   "GAS-BYP-02",    "GAS-ILK-01", "GAS-TRP-01",
        "GAS-EV-LOW", "GAS-EV-HIGH", "CW-ABS-01",    "CW-ABS-02",     "CW-ABS-03",  "CW-ABS-04",
        "CW-ABS-05",  "CW-FLT-01",   "CW-FLT-02",    "CW-ILK-01",     "CW-BYP-01",  "CW-TRP-01",
        "CW-EV-DIFF", "CW-EV-LOWQ",  "CW-EV-TOUT-H", "CW-EV-TOUT-HH", "CW-EV-LOWP", "GAS-FLT-04",
        "GAS-CAL-01", "GAS-CAL-02",  "GAS-EV-CAL",   "CW-INT-01",     "GM-ABS-01",  "GM-ABS-02",
        "GM-ABS-03",  "GM-ABS-04",   "GM-ABS-05",    "GM-FLT-01",     "GM-ILK-01",  "GM-ILK-02",
        "GM-BYP-01",  "GM-TRP-01",   "GM-EV-LOW",    "GM-EV-HIGH",    "DC-ABS-01",  "DC-ABS-02",
        "DC-ABS-03",  "DC-ABS-04",   "DC-ABS-05",    "DC-FLT-01",     "DC-FLT-02",  "DC-FLT-03",
        "DC-BYP-01",  "DC-ILK-01",   "DC-TRP-01",    "DC-EV-TEMP",    "DC-EV-DP",   "DC-EV-SPARK",
        "DC-EV-O2",   "DC-EV-H2",    "DC-EV-BURST"};
    for (size_t i = 0; i < COUNT(codes); i++)
        assert_true(shipped_finding(state, codes[i])->enabled);
}

static void a_disputed_reading_ships_switched_off(void **state)
{
    assert_false(shipped_finding(state, "GAS-ABS-06")->enabled);
    /* What is not disputed claims nothing of it. */
    const struct gw_rule_def *r = &shipped_finding(state, "GAS-ABS-01")->rules[0];
    assert_int_equal(r->nneeds, 1);
    for (size_t i = 0; i < r->needs[0].nalt; i++)
        assert_string_not_equal(r->needs[0].alt[i], "DI_FAN");
}

static void a_state_rule_is_read_whole(void **state)
{
    const struct gw_finding *f = shipped_finding(state, "GAS-FLT-01");
    assert_int_equal(f->cls, GW_CLASS_LEAD);
    assert_int_equal(f->kind, GW_KIND_FLT);
    assert_string_equal(f->severity, "major");
    assert_int_equal(f->strength, 'A');
    assert_int_equal(f->priority, 2);
    assert_int_equal(f->run, GW_RUN_NONE);
    assert_int_equal(f->neach, 2);
    assert_string_equal(f->each[0], "GAS_STATE");
    assert_string_equal(f->each[1], "GAS");
    assert_false(f->by_device);
    assert_int_equal(f->nrules, 2);
    assert_int_equal(f->rules[0].rule, GW_RULE_STATE);
    assert_int_equal(f->rules[0].ntests, 1);
    assert_string_equal(f->rules[0].tests[0].role, "GAS_STATE");
    assert_int_equal(f->rules[0].tests[0].states,
                     1u << GW_S_SENSOR_FAULT | 1u << GW_S_DATA_ERROR | 1u << GW_S_EXPIRED);
    assert_string_equal(f->rules[0].value, "GAS");
    assert_int_equal(f->rules[1].rule, GW_RULE_BAD_QUALITY);
    assert_int_equal(f->napplies, 1);
    assert_int_equal(f->applies[0].nnot, 1);
    assert_string_equal(f->applies[0].not_facts[0].key, "paint");
    assert_string_equal(f->applies[0].not_facts[0].value, "water");
    assert_true(gw_finding_param(f, "delay_s", -1) == 600);
    assert_true(gw_finding_param(f, "clear_s", -1) == 86400);
    assert_true(gw_finding_param(f, "high", -1) == -1);
    assert_non_null(strstr(f->obligation->zh, "第三十六条第二款"));
    assert_non_null(strstr(f->penalty->zh, "第九十九条第（三）项"));
}

static void a_limit_rule_is_read_whole(void **state)
{
    const struct gw_finding *f = shipped_finding(state, "CW-EV-LOWQ");
    assert_int_equal(f->cls, GW_CLASS_ALARM);
    assert_int_equal(f->kind, GW_KIND_EV);
    assert_int_equal(f->run, GW_RUN_RESET);
    assert_int_equal(f->nclauses, 0);
    assert_int_equal(f->rules[0].rule, GW_RULE_LIMIT);
    assert_true(f->rules[0].low);
    assert_string_equal(f->rules[0].of_rated, "Q_IN");
    assert_string_equal(f->rules[0].needs[0].alt[0], "Q_IN");
    assert_int_equal(f->rules[1].rule, GW_RULE_STATE);
    assert_true(f->rules[1].tests[0].on);
    const struct gw_rule_def *off = &shipped_finding(state, "CW-ILK-01")->rules[0];
    assert_int_equal(off->ncauses, 3);
    assert_string_equal(off->causes[0], "CW-EV-TOUT-HH");
    assert_string_equal(off->tests[0].role, "DI_HEAT");
    assert_false(off->tests[0].on);
    assert_true(shipped_finding(state, "GAS-BYP-02")->by_device);
    assert_true(shipped_finding(state, "GAS-BYP-02")->rules[0].silent);
    assert_string_equal(shipped_finding(state, "GAS-EV-LOW")->rules[1].unit, "%LEL");
}

static void defaults_are_those_of_the_domain(void **state)
{
    static const struct {
        const char *code, *param;
        double def;
    } rows[] = {
        {"GAS-FLT-01", "delay_s", 600},
        {"GAS-FLT-02", "delay_s", 600},
        {"GAS-FLT-03", "delay_s", 3600},
        {"GAS-FLT-05", "delay_s", 86400},
        {"GAS-BYP-01", "delay_s", 1800},
        {"GAS-BYP-02", "delay_s", 1800},
        {"GAS-ILK-01", "delay_s", 10},
        {"GAS-TRP-01", "delay_s", 1800},
        {"GAS-ABS-01", "delay_s", 86400},
        {"GAS-EV-LOW", "high", 25},
        {"GAS-EV-HIGH", "high", 50},
        {"CW-FLT-01", "delay_s", 300},
        {"CW-FLT-02", "delay_s", 10},
        {"CW-ILK-01", "delay_s", 10},
        {"CW-BYP-01", "delay_s", 600},
        {"CW-TRP-01", "delay_s", 900},
        {"CW-EV-TOUT-H", "high", 50},
        {"CW-EV-TOUT-HH", "high", 55},
        {"CW-EV-TOUT-HH", "deadband", 1},
        {"CW-EV-DIFF", "percent", 5},
        {"CW-EV-DIFF", "min_percent", 20},
        {"CW-EV-DIFF", "pair_ms", 2000},
        {"CW-EV-LOWQ", "low", 0.6},
        {"CW-EV-LOWQ", "delay_s", 5},
        {"CW-EV-LOWP", "low", 0.15},
        {"CW-TRP-01", "clear_s", 3600},
        {"CW-ILK-01", "clear_s", 3600},
        {"CW-FLT-01", "clear_s", 86400},
        {"GAS-EV-CAL", "ahead_days", 30},
        {"GAS-FLT-04", "hours", 9600},
        {"GAS-FLT-04", "spread_percent", 0.2},
        {"CW-INT-01", "hours", 8},
        {"GM-EV-LOW", "low", 0.75},
        {"GM-EV-LL", "low", 0.5},
        {"GM-EV-HIGH", "high", 1.25},
        {"GM-EV-HH", "high", 1.5},
        {"GM-EV-LOW", "delay_s", 3},
        {"GM-EV-LOW", "off_s", 10},
        {"GM-EV-LOW", "deadband", 0.02},
        {"GM-ILK-01", "delay_s", 5},
        {"GM-ILK-02", "delay_s", 5},
        {"GM-BYP-01", "delay_s", 1800},
        {"GM-TRP-01", "delay_s", 600},
        {"GM-FLT-01", "delay_s", 300},
        {"DC-EV-TEMP", "high", 60},
        {"DC-EV-TEMP-HH", "high", 70},
        {"DC-EV-DP", "high", 1500},
        {"DC-EV-DP-L", "low", 200},
        {"DC-EV-O2", "high", 8},
        {"DC-EV-O2-AL", "high", 3},
        {"DC-EV-H2", "high", 25},
        {"DC-EV-H2-HH", "high", 50},
        {"DC-EV-SPARK", "high", 1},
        {"DC-FLT-01", "delay_s", 300},
        {"DC-FLT-02", "delay_s", 600},
        {"DC-FLT-03", "delay_s", 600},
        {"DC-FLT-07", "low", 20},
        {"DC-BYP-01", "spread", 0.001},
        {"DC-BYP-01", "hours", 8},
        {"DC-ILK-01", "delay_s", 30},
        {"DC-TRP-01", "delay_s", 1800},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct gw_finding *f = shipped_finding(state, rows[i].code);
        if (gw_finding_param(f, rows[i].param, -1) != rows[i].def)
            fail_msg("%s: %s", rows[i].code, rows[i].param);
    }
}

static void priority_one_is_for_what_cannot_wait(void **state)
{
    static const char *const codes[] = {"GAS-EV-HIGH", "CW-ILK-01", "GM-ILK-01", "GM-ILK-02",
                                        "DC-EV-BURST"};
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        bool first = false;
        for (size_t k = 0; k < COUNT(codes); k++)
            first = first || strcmp(f->code, codes[k]) == 0;
        if ((f->priority == 1) != first)
            fail_msg("%s: priority %d", f->code, f->priority);
        if (strcmp(f->severity, "general") == 0)
            assert_int_equal(f->priority, 3);
    }
}

/* ---- lint ---- */

static bool has_chinese(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p >= 0xE4)
            return true;
    return false;
}

static void check_text(const struct gw_finding *f, const struct gw_text *t)
{
    if (!has_chinese(t->zh) || t->en[0] == '\0' || has_chinese(t->en))
        fail_msg("%s: \"%s\" / \"%s\"", f->code, t->zh, t->en);
}

static void every_finding_has_both_languages(void **state)
{
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        check_text(f, &f->title);
        check_text(f, &f->advice);
        for (size_t k = 0; k < i; k++)
            if (strcmp(f->title.zh, gw_catalogue_at(s->cat, k)->title.zh) == 0)
                fail_msg("%s and %s have one title", gw_catalogue_at(s->cat, k)->code, f->code);
    }
}

static void every_lead_names_what_it_is_held_to(void **state)
{
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        if (f->cls != GW_CLASS_LEAD)
            continue;
        check_text(f, f->obligation);
        check_text(f, f->penalty);
        assert_true(f->nclauses > 0);
        for (size_t k = 0; k < f->nclauses; k++) {
            const struct gw_clause *c = f->clauses[k];
            check_text(f, &c->text);
            const bool order10 = strstr(c->document, "应急管理部令第10号") != NULL;
            const bool order6 = strstr(c->document, "应急管理部令第6号") != NULL;
            const bool law = strstr(c->document, "安全生产法") != NULL ||
                             strstr(c->document, "情况通报") != NULL;
            const bool standard = strstr(c->document, "（JJG ") || strstr(c->document, "（GB/T ");
            assert_true(order10 || order6 || law || standard);
            assert_string_equal(c->edition, order10 ? "2023" : order6 ? "2021" : c->edition);
            /* Only what Order No. 10 names is a major hazard. */
            assert_true(order10 || c->beside || f->kind == GW_KIND_ORD ||
                        strcmp(f->severity, "major") != 0);
            assert_true(strcmp(c->confirmed, "published") == 0 ||
                        strcmp(c->confirmed, "memory") == 0);
            assert_true(c->sectors != 0);
            /* What holds for everybody names no places. */
            if (law || (order10 && strcmp(c->article, "3") == 0)) {
                assert_true(c->types == 0);
                continue;
            }
            /* Only the general clause may do without naming its places. */
            const bool fourteen = order10 && strcmp(c->article, "14") == 0;
            assert_true((c->types == 0) == fourteen);
            assert_true(c->beside == (fourteen || standard));
        }
    }
}

/* An override may never go so far that a finding cannot come about. */
static void every_number_is_bounded(void **state)
{
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        const bool lead = f->cls == GW_CLASS_LEAD;
        for (size_t k = 0; k < f->nparams; k++) {
            const struct gw_param_def *p = &f->params[k];
            assert_true(isfinite(p->min) && isfinite(p->max) && p->min <= p->max);
            /* What happens once has no delay to change. */
            assert_true(p->min < p->max || (strcmp(p->name, "delay_s") == 0 && p->def == 0));
            if (strcmp(p->name, "delay_s") == 0) {
                assert_true(p->min == 0);
                /* A lead may be put off to four times its delay at most. */
                assert_true(p->max <= (lead ? 4 * p->def : 60));
            } else if (strcmp(p->name, "clear_s") == 0) {
                assert_true(lead && p->min > 0);
            } else if (strcmp(p->name, "off_s") == 0) {
                assert_false(lead);
            }
        }
        assert_true(gw_finding_param(f, "delay_s", -1) >= 0);
        assert_true(gw_finding_param(f, lead ? "clear_s" : "off_s", -1) >= 0);
    }
}

static void gas_alarms_cannot_be_set_above_the_permitted_levels(void **state)
{
    const struct gw_finding *low = shipped_finding(state, "GAS-EV-LOW");
    const struct gw_finding *high = shipped_finding(state, "GAS-EV-HIGH");
    assert_string_equal(low->params[0].name, "high");
    assert_true(low->params[0].max == 25);
    assert_true(high->params[0].max == 50);
    const struct gw_finding *byp = shipped_finding(state, "GAS-BYP-01");
    assert_true(byp->params[0].max == byp->params[0].def);
}

static void every_cause_is_an_alarm_and_every_role_is_defined(void **state)
{
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        for (size_t e = 0; e < f->neach; e++) {
            assert_non_null(gw_catalogue_role(s->cat, f->each[e]));
            assert_true(gw_catalogue_role(s->cat, f->each[e])->title.zh[0] != '\0');
        }
        for (size_t r = 0; r < f->nrules; r++) {
            const struct gw_rule_def *rule = &f->rules[r];
            for (size_t k = 0; k < rule->ncauses; k++) {
                const struct gw_finding *cause = gw_catalogue_find(s->cat, rule->causes[k]);
                assert_non_null(cause);
                assert_int_equal(cause->cls, GW_CLASS_ALARM);
                assert_true(cause->enabled);
            }
            for (size_t k = 0; k < rule->ntests; k++)
                assert_non_null(gw_catalogue_role(s->cat, rule->tests[k].role));
            for (size_t k = 0; k < rule->nneeds; k++)
                for (size_t a = 0; a < rule->needs[k].nalt; a++)
                    assert_non_null(gw_catalogue_role(s->cat, rule->needs[k].alt[a]));
        }
    }
}

/* "GAS-FLT-01" is of kind FLT. */
static void codes_tell_their_kind(void **state)
{
    const struct shipped *s = *state;
    for (size_t i = 0; i < gw_catalogue_count(s->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(s->cat, i);
        char part[GW_CODE_SIZE + 8];
        snprintf(part, sizeof part, "-%s-", gw_kind_name(f->kind));
        /* Of orders, permits, dates and the gateway itself the family tells it. */
        static const char *const others[] = {"ORD-", "HW-", "MNT-", "CFG-", "GW-"};
        bool other = false;
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
            other = other || strncmp(f->code, others[k], strlen(others[k])) == 0;
        if (strstr(f->code, part) == NULL && !other)
            fail_msg("%s is of kind %s", f->code, gw_kind_name(f->kind));
        assert_ptr_equal(gw_catalogue_find(s->cat, f->code), f);
    }
}

/* ---- clauses by sector and type ---- */

static size_t cited(const struct shipped *s, const struct gw_finding *f, int sector,
                    const char *type, const char *article, const char *item)
{
    size_t n = 0;
    for (size_t i = 0; i < f->nclauses; i++) {
        n += gw_catalogue_cites(s->cat, f->clauses[i], sector, type) &&
             strcmp(f->clauses[i]->article, article) == 0 && strcmp(f->clauses[i]->item, item) == 0;
    }
    return n;
}

static void a_detector_is_held_to_the_clause_of_its_room(void **state)
{
    const struct shipped *s = *state;
    const struct gw_finding *f = shipped_finding(state, "GAS-FLT-01");
    assert_int_equal(cited(s, f, GW_SECTOR_MACHINERY, "paint_mix", "7", "7"), 1);
    assert_int_equal(cited(s, f, GW_SECTOR_MACHINERY, "paint_mix", "14", ""), 1);
    assert_int_equal(cited(s, f, GW_SECTOR_MACHINERY, "paint_mix", "8", "6"), 0);
    assert_int_equal(cited(s, f, GW_SECTOR_LIGHT, "paint_mix", "8", "6"), 1);
    assert_int_equal(cited(s, f, GW_SECTOR_BUILDING, "slag_silo", "6", "3"), 1);
    assert_int_equal(cited(s, f, GW_SECTOR_BUILDING, "slag_silo", "6", "6"), 0);
    assert_int_equal(cited(s, f, GW_SECTOR_MACHINERY, "no_such_type", "7", "7"), 0);
    assert_int_equal(cited(s, f, -1, "paint_mix", "7", "7"), 0);
    assert_int_equal(cited(s, f, 31, "paint_mix", "7", "7"), 0);
    const struct gw_finding *cw = shipped_finding(state, "CW-ABS-02");
    assert_int_equal(cited(s, cw, GW_SECTOR_MACHINERY, "if_furnace", "7", "4"), 1);
    assert_int_equal(cited(s, cw, GW_SECTOR_MACHINERY, "die_caster", "7", "4"), 1);
    assert_int_equal(cited(s, cw, GW_SECTOR_MACHINERY, "holding", "7", "4"), 0);
}

/* ---- findings.md ---- */

static void findings_md_tells_the_same_numbers(void **state)
{
    const struct shipped *s = *state;
    char *text = NULL;
    size_t size = 0;
    struct gw_err err;
    if (gw_file_read(GW_SOURCE_DIR "/config/findings.md", 1 << 20, &text, &size, &err) != GW_OK) {
        fail_msg("%s", err.msg);
        return;
    }
    size_t headings = 0;
    for (const char *p = strstr(text, "\n### "); p != NULL; p = strstr(p + 1, "\n### ")) {
        char code[GW_CODE_SIZE] = "";
        assert_int_equal(sscanf(p, "\n### %23s", code), 1);
        const struct gw_finding *f = gw_catalogue_find(s->cat, code);
        if (f == NULL) {
            fail_msg("findings.md has %s, the catalogue has not", code);
            return;
        }
        const struct gw_finding *here = gw_catalogue_at(s->cat, headings);
        if (f != here)
            fail_msg("findings.md has %s where the catalogue has %s", code,
                     here != NULL ? here->code : "nothing");
        headings++;
        const char *next = strstr(p + 1, "\n### ");
        const size_t len = next != NULL ? (size_t)(next - p) : strlen(p);
        char *section = calloc(1, len + 1);
        assert_non_null(section);
        memcpy(section, p, len);
        if (strstr(section, f->title.zh) == NULL)
            fail_msg("findings.md, %s: should say %s", code, f->title.zh);
        for (size_t i = 0; i < f->nparams; i++) {
            const struct gw_param_def *d = &f->params[i];
            char want[128];
            snprintf(want, sizeof want, "`%s` %.15g (%.15g to %.15g)", d->name, d->def, d->min,
                     d->max);
            if (strstr(section, want) == NULL)
                fail_msg("findings.md, %s: should say %s", code, want);
        }
        free(section);
    }
    if (headings < gw_catalogue_count(s->cat))
        fail_msg("findings.md has no section %s", gw_catalogue_at(s->cat, headings)->code);
    free(text);
}

/* ---- what the reader refuses ---- */

/* A small catalogue without issues; the rows below each spoil one thing. */
static const char base[] =
    "{\"version\": \"t\",\n"
    "\"asset_types\": {\"furnace\": {\"zh\": \"炉\", \"en\": \"furnace\"}},\n"
    "\"roles\": {\"RUN\": {\"is\": \"contact\", \"zh\": \"运行\", \"en\": \"run\"},\n"
    "\"T\": {\"is\": \"number\", \"many\": true, \"units\": [\"C\"], \"zh\": \"温\", \"en\": "
    "\"t\"},\n"
    "\"Q\": {\"is\": \"number\", \"zh\": \"流\", \"en\": \"q\"},\n"
    "\"S\": {\"is\": \"state\", \"many\": true, \"zh\": \"态\", \"en\": \"s\"}},\n"
    "\"facts\": {\"loop\": {\"values\": [\"open\", \"closed\"], \"zh\": \"路\", \"en\": \"l\"}},\n"
    "\"documents\": {\"doc\": {\"title\": \"法\", \"edition\": \"1\"}},\n"
    "\"clauses\": {\"one\": {\"document\": \"doc\", \"article\": \"1\", \"item\": \"\",\n"
    "\"confirmed\": \"memory\", \"sectors\": [\"light\"], \"types\": [\"furnace\"],\n"
    "\"zh\": \"应\", \"en\": \"must\"},\n"
    "\"gen\": {\"document\": \"doc\", \"article\": \"2\", \"item\": \"\", \"beside\": true,\n"
    "\"confirmed\": \"memory\", \"sectors\": [\"light\"], \"zh\": \"应\", \"en\": \"must\"}},\n"
    "\"laws\": {\"law\": {\"obligation\": {\"zh\": \"义\", \"en\": \"o\"},\n"
    "\"penalty\": {\"zh\": \"罚\", \"en\": \"p\"}}},\n"
    "\"findings\": [\n"
    "{\"code\": \"AL\", \"class\": \"alarm\", \"kind\": \"EV\", \"severity\": \"info\",\n"
    "\"strength\": \"A\", \"priority\": 1, \"title\": {\"zh\": \"一\", \"en\": \"a\"},\n"
    "\"advice\": {\"zh\": \"一\", \"en\": \"a\"}, \"applies\": [{\"facts\": {\"loop\": "
    "\"open\"}}],\n"
    "\"each\": [\"T\"], \"run\": \"hold\",\n"
    "\"rules\": [{\"rule\": \"limit\", \"needs\": [[\"T\"]], \"unit\": \"C\"}],\n"
    "\"params\": {\"delay_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"off_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"high\": {\"default\": 5, \"min\": -1, \"max\": 9}}},\n"
    "{\"code\": \"LE\", \"class\": \"lead\", \"kind\": \"TRP\", \"severity\": \"major\",\n"
    "\"strength\": \"B\", \"priority\": 2, \"title\": {\"zh\": \"二\", \"en\": \"b\"},\n"
    "\"advice\": {\"zh\": \"二\", \"en\": \"b\"}, \"applies\": [{\"types\": [\"furnace\"]}],\n"
    "\"run\": \"none\",\n"
    "\"rules\": [{\"rule\": \"unhandled\", \"causes\": [\"AL\"],\n"
    "\"tests\": [{\"role\": \"RUN\", \"on\": false}, {\"role\": \"S\", \"states\": "
    "[\"NORMAL\"]}]}],\n"
    "\"params\": {\"delay_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"clear_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n"
    "\"improve_percent\": {\"default\": 5, \"min\": 1, \"max\": 9}},\n"
    "\"clauses\": [\"one\", \"gen\"], \"law\": \"law\"}]}\n";

static char *spoil(const char *from, const char *to)
{
    const char *at = strstr(base, from);
    if (at == NULL) {
        fail_msg("the base has no %s", from);
        return NULL;
    }
    const size_t size = sizeof base + strlen(to);
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
    return text;
}

/* Loads the text; the issues are the caller's to free. */
static enum gw_status load_text(const char *text, struct gw_issues **issues,
                                struct gw_catalogue **cat)
{
    struct gw_json *doc = NULL;
    *issues = gw_issues_new();
    assert_non_null(*issues);
    enum gw_status st = gw_json_parse(text, strlen(text), "findings.json", *issues, &doc);
    if (st == GW_OK)
        st = gw_catalogue_load(doc, *issues, cat);
    gw_json_free(doc);
    return st;
}

static void the_base_has_no_issue(void **state)
{
    (void)state;
    struct gw_issues *issues = NULL;
    struct gw_catalogue *cat = NULL;
    assert_int_equal(load_text(base, &issues, &cat), GW_OK);
    assert_int_equal(gw_issues_count(issues), 0);
    assert_string_equal(gw_catalogue_version(cat), "t");
    assert_int_equal(gw_catalogue_count(cat), 2);
    assert_null(gw_catalogue_at(cat, 2));
    assert_null(gw_catalogue_find(cat, "XX"));
    assert_null(gw_catalogue_role(cat, "t"));
    assert_null(gw_catalogue_type(cat, ""));
    assert_null(gw_catalogue_fact(cat, "x"));
    assert_string_equal(gw_catalogue_role(cat, "T")->units[0], "C");
    assert_int_equal(gw_catalogue_fact(cat, "loop")->nvalues, 2);
    gw_catalogue_free(cat);
    gw_catalogue_free(NULL);
    gw_issues_free(issues);
}

struct row {
    const char *from, *to;
    const char *issue; /* its end, with the pointer in front */
};

static const struct row rows[] = {
    /* the file */
    {"\"version\": \"t\",\n", "", "\"version\" is missing"},
    {"\"version\"", "\"versoin\"", "/versoin: unknown key; is \"version\" meant?"},
    {"\"facts\": {\"loop\"", "\"facts\": {\"a b\"",
     "/facts/a b: a name here has 1 to 23 letters, digits, '-' and '_'"},
    {"\"values\": [\"open\", \"closed\"]", "\"values\": []",
     "/facts/loop/values: must be an array of names, and not empty"},
    {"\"values\": [\"open\", \"closed\"]", "\"values\": [\"open\", \"open\"]",
     "/facts/loop/values/1: \"open\" is given twice"},
    {"[\"open\", \"closed\"]", "[\"open\", 1]",
     "/facts/loop/values/1: must be a name, is a number"},
    {"{\"zh\": \"炉\", \"en\": \"furnace\"}", "{\"zh\": \"炉\"}",
     "/asset_types/furnace: \"en\" is missing"},
    /* roles */
    {"\"RUN\": {\"is\": \"contact\"", "\"RUN\": {\"is\": \"switch\"",
     "must be one of \"number\", \"integer\", \"contact\", \"state\", is \"switch\""},
    {"\"Q\": {", "\"q\": {", "/roles/q: a role has capital letters, digits and '_' only"},
    {"\"S\": {\"is\": \"state\"", "\"S\": {\"is\": \"state\", \"units\": [\"C\"]",
     "/roles/S/units: only a number has units"},
    {"\"units\": [\"C\"]", "\"units\": [\"0123456789012345\"]",
     "/roles/T/units/0: there can be at most 8 units of 1 to 15 bytes"},
    {"\"RUN\": {\"is\": \"contact\"", "\"RUN\": {\"is\": \"state\"",
     "/findings/0/run: needs the role RUN, a contact"},
    /* clauses and laws */
    {"\"sectors\": [\"light\"], \"types\"", "\"sectors\": [\"lihgt\"], \"types\"",
     "/clauses/one/sectors/0: unknown sector \"lihgt\""},
    {"\"types\": [\"furnace\"],\n\"zh\"", "\"types\": [\"oven\"],\n\"zh\"",
     "/clauses/one/types/0: unknown asset type \"oven\""},
    {"{\"document\": \"doc\"", "{\"document\": \"dok\"",
     "/clauses/one/document: \"documents\" has no \"dok\""},
    {"\"confirmed\": \"memory\"", "\"confirmed\": \"sure\"",
     "/clauses/one/confirmed: must be one of \"published\", \"memory\", is \"sure\""},
    {"\"clauses\": [\"one\", \"gen\"]", "\"clauses\": [\"one\", \"two\"]",
     "/findings/1/clauses/1: \"clauses\" has no \"two\""},
    {"\"clauses\": [\"one\", \"gen\"]", "\"clauses\": [\"gen\"]",
     "/findings/1: a lead needs a clause that is not \"beside\""},
    {"\"law\": \"law\"}", "\"law\": \"lex\"}", "/findings/1/law: \"laws\" has no \"lex\""},
    {", \"law\": \"law\"}", "}", "/findings/1: a lead needs a \"law\""},
    {"\"off_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n\"high\": {\"default\": 5, \"min\": "
     "-1, "
     "\"max\": 9}}",
     "\"off_s\": {\"default\": 1, \"min\": 0, \"max\": 2},\n\"high\": {\"default\": 5, \"min\": "
     "-1, "
     "\"max\": 9}}, \"law\": \"law\"",
     "/findings/0/law: an alarm is no violation: it has no clauses and no law"},
    {"\"penalty\": {\"zh\": \"罚\", \"en\": \"p\"}", "\"x\": 1", "/laws/law/x: unknown key"},
    /* findings */
    {"\"code\": \"LE\"", "\"code\": \"AL\"", "/findings/1/code: code \"AL\" is given twice"},
    {"\"kind\": \"EV\"", "\"kind\": \"TRP\"",
     "/findings/0/kind: an alarm is of kind EV, a lead of any other kind"},
    {"\"kind\": \"TRP\"", "\"kind\": \"EV\"",
     "/findings/1/kind: an alarm is of kind EV, a lead of any other kind"},
    {"\"class\": \"lead\"", "\"class\": \"event\"",
     "/findings/1/class: must be one of \"alarm\", \"lead\", is \"event\""},
    {"\"kind\": \"TRP\"", "\"kind\": \"TRP\", \"latch\": true",
     "/findings/1/latch: only an alarm has this"},
    {"\"kind\": \"TRP\"", "\"kind\": \"TRP\", \"shelve_s\": 60",
     "/findings/1/shelve_s: only an alarm has this"},
    {"\"kind\": \"EV\"", "\"kind\": \"EV\", \"shelve_s\": 60",
     "/findings/0/shelve_s: an alarm of priority 1 is never shelved"},
    {"\"findings\": [",
     "\"alarm_system\": {\"chatter_count\": 3, \"chatter_window_s\": 60, "
     "\"chatter_quiet_s\": 600, \"flood_start\": 4, \"flood_end\": 5, \"flood_window_s\": 600, "
     "\"summary_s\": 600, \"stale_h\": 24},\n\"findings\": [",
     "/alarm_system: a flood cannot end above where it starts"},
    {"\"priority\": 2", "\"priority\": 5", "/findings/1/priority: must be 1 to 4, is 5"},
    {"\"strength\": \"B\"", "\"strength\": \"D\"",
     "/findings/1/strength: must be one of \"A\", \"B\", \"C\", is \"D\""},
    {"\"run\": \"none\"", "\"by_device\": true, \"run\": \"none\"",
     "/findings/1/by_device: needs \"each\""},
    {"\"run\": \"none\"", "\"runs\": \"none\"", "/findings/1/runs: unknown key; is \"run\" meant?"},
    {"\"each\": [\"T\"]", "\"each\": [\"TT\"]", "/findings/0/each/0: unknown role \"TT\""},
    {"\"each\": [\"T\"]", "\"each\": [\"Q\"]",
     "/findings/0/rules/0: \"each\" has no role that this rule reads first"},
    /* applies */
    {"[{\"types\": [\"furnace\"]}]", "[{\"types\": [\"oven\"]}]",
     "/findings/1/applies/0/types/0: unknown asset type \"oven\""},
    {"[{\"types\": [\"furnace\"]}]", "[]",
     "/findings/1/applies: must have 1 to 8 alternatives; [{}] is always"},
    {"{\"loop\": \"open\"}", "{\"loop\": \"half\"}",
     "/findings/0/applies/0/facts/loop: must be one of the values of this fact"},
    {"{\"loop\": \"open\"}", "{\"lop\": \"open\"}",
     "/findings/0/applies/0/facts/lop: unknown fact"},
    /* rules */
    {"\"rule\": \"limit\"", "\"rule\": \"limits\"", "/findings/0/rules/0/rule: must be one of"},
    {"\"unit\": \"C\"}", "\"tests\": []}",
     "/findings/0/rules/0/tests: rule \"limit\" has no \"tests\""},
    {"\"needs\": [[\"T\"]], ", "", "/findings/0/rules/0: rule \"limit\" needs \"needs\""},
    {"[[\"T\"]]", "[[\"T\"], [\"Q\"]]",
     "/findings/0/rules/0/needs: rule \"limit\" has 1 to 1 needs"},
    {"[[\"T\"]]", "[[\"T\", \"Q\"]]",
     "/findings/0/rules/0/needs/0/1: there can be at most 1 roles here"},
    {"[[\"T\"]]", "[[\"S\"]]", "/findings/0/rules/0/needs/0/0: \"S\" is no number"},
    {"[[\"T\"]]", "[\"T\"]", "/findings/0/rules/0/needs/0: must be an array of names"},
    {"\"rule\": \"limit\", \"needs\": [[\"T\"]], \"unit\": \"C\"",
     "\"rule\": \"absent\", \"needs\": [[\"T\"]]",
     "/findings/0/rules/0: rule \"absent\" takes no \"each\""},
    {"\"rule\": \"limit\", \"needs\": [[\"T\"]], \"unit\": \"C\"", "\"rule\": \"bypassed\"",
     "/findings/0/rules/0: rule \"bypassed\" needs \"tests\" or \"silent\""},
    {"\"rule\": \"unhandled\", \"causes\": [\"AL\"],\n\"tests\"",
     "\"rule\": \"bypassed\", \"silent\": true,\n\"tests\"",
     "/findings/1/rules/0: rule \"bypassed\" needs \"each\" where it is silent"},
    {"\"causes\": [\"AL\"]", "\"causes\": [\"AX\"]",
     "/findings/1/rules/0/causes/0: there is no finding \"AX\""},
    {"\"causes\": [\"AL\"]", "\"causes\": [\"LE\"]",
     "/findings/1/rules/0/causes/0: \"LE\" is no alarm"},
    {"[\"NORMAL\"]", "[\"GOOD\"]", "/findings/1/rules/0/tests/1/states/0: unknown state \"GOOD\""},
    {"{\"role\": \"RUN\", \"on\": false}", "{\"role\": \"RUN\"}",
     "/findings/1/rules/0/tests/0: \"RUN\" is a contact: needs \"on\" alone"},
    {"{\"role\": \"RUN\", \"on\": false}", "{\"role\": \"RUN\", \"states\": [\"LOW\"]}",
     "/findings/1/rules/0/tests/0: \"RUN\" is a contact: needs \"on\" alone"},
    {"{\"role\": \"RUN\", \"on\": false}", "{\"role\": \"S\", \"on\": false}",
     "/findings/1/rules/0/tests/0: \"S\" is a state: needs \"states\" alone"},
    {"{\"role\": \"RUN\", \"on\": false}", "{\"role\": \"Q\", \"on\": false}",
     "/findings/1/rules/0/tests/0: \"Q\" is neither a state nor a contact"},
    {"{\"role\": \"RUN\", \"on\": false}", "{\"role\": \"FAN\", \"on\": false}",
     "/findings/1/rules/0/tests/0/role: unknown role \"FAN\""},
    {"\"unit\": \"C\"}", "\"of_rated\": \"X\"}",
     "/findings/0/rules/0/of_rated: unknown role \"X\""},
    /* params */
    {"\"improve_percent\": {\"default\": 5, \"min\": 1",
     "\"improve_percent\": {\"default\": 0, \"min\": 1",
     "/findings/1/params/improve_percent: default 0 is outside its own range 1 to 9"},
    {"\"min\": 1, \"max\": 9", "\"min\": 10, \"max\": 9",
     "/findings/1/params/improve_percent: min 10 is above max 9"},
    {"\"min\": 1, \"max\": 9", "\"min\": -1, \"max\": 9",
     "/findings/1/params/improve_percent: must not become negative"},
    {"\"min\": 1, \"max\": 9", "\"min\": 1",
     "/findings/1/params/improve_percent: \"max\" is missing"},
    {"\"improve_percent\"", "\"improve\"", "/findings/1/params/improve: unknown parameter"},
    {"\"improve_percent\"", "\"percent\"",
     "/findings/1/params/percent: no rule of this finding reads this parameter"},
    {"\"clear_s\"", "\"off_s\"",
     "/findings/1/params/off_s: no rule of this finding reads this parameter"},
    {"\"high\"", "\"low\"", "/findings/0/params: parameter \"high\" is missing"},
};

static bool some_issue_has(const struct gw_issues *issues, const char *text)
{
    for (size_t i = 0; i < gw_issues_count(issues) && i < 100; i++)
        if (strstr(gw_issues_text(issues, i), text) != NULL)
            return true;
    return false;
}

static void every_slip_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = spoil(rows[i].from, rows[i].to);
        struct gw_issues *issues = NULL;
        struct gw_catalogue *cat = NULL;
        const enum gw_status st = load_text(text, &issues, &cat);
        if (st != GW_E_PARSE || cat != NULL || !some_issue_has(issues, rows[i].issue)) {
            gw_issues_print(issues, stderr);
            fail_msg("row %zu (%s): %s, wanted: %s", i, rows[i].to, gw_status_name(st),
                     rows[i].issue);
        }
        gw_issues_free(issues);
        free(text);
    }
}

static void issues_name_file_and_line(void **state)
{
    (void)state;
    char *text = spoil("\"priority\": 2", "\"priority\": 0");
    struct gw_issues *issues = NULL;
    struct gw_catalogue *cat = NULL;
    assert_int_equal(load_text(text, &issues, &cat), GW_E_PARSE);
    assert_int_equal(gw_issues_count(issues), 1);
    assert_string_equal(gw_issues_text(issues, 0),
                        "findings.json:26: /findings/1/priority: must be 1 to 4, is 0");
    gw_issues_free(issues);
    free(text);
}

static void all_slips_are_told_at_once(void **state)
{
    (void)state;
    struct gw_issues *issues = NULL;
    struct gw_catalogue *cat = NULL;
    assert_int_equal(
        load_text("{\"asset_types\": 1, \"roles\": {\"R\": 2}, \"laws\": {\"l\": []},\n"
                  "\"findings\": [3, {\"code\": \"\"}]}",
                  &issues, &cat),
        GW_E_PARSE);
    assert_true(some_issue_has(issues, "\"version\" is missing"));
    assert_true(some_issue_has(issues, "/asset_types: must be an object, is a number"));
    assert_true(some_issue_has(issues, "/roles/R: must be an object, is a number"));
    assert_true(some_issue_has(issues, "/laws/l: must be an object, is an array"));
    assert_true(some_issue_has(issues, "/findings/0: must be an object, is a number"));
    assert_true(some_issue_has(issues, "/findings/1: \"rules\" is missing"));
    gw_issues_free(issues);
    assert_int_equal(load_text("[]", &issues, &cat), GW_E_PARSE);
    gw_issues_free(issues);
}

static void names_of_rules_and_kinds(void **state)
{
    (void)state;
    assert_string_equal(gw_rule_name(GW_RULE_BAD_QUALITY), "bad_quality");
    assert_string_equal(gw_rule_name(GW_RULE_UNHANDLED), "unhandled");
    assert_string_equal(gw_rule_name(GW_RULE_COUNT), "?");
    assert_string_equal(gw_kind_name(GW_KIND_EV), "EV");
    assert_string_equal(gw_kind_name(GW_KIND_ORD), "ORD");
    assert_string_equal(gw_kind_name(GW_KIND_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_findings_of_the_domain_are_shipped),
        cmocka_unit_test(a_disputed_reading_ships_switched_off),
        cmocka_unit_test(a_state_rule_is_read_whole),
        cmocka_unit_test(a_limit_rule_is_read_whole),
        cmocka_unit_test(defaults_are_those_of_the_domain),
        cmocka_unit_test(priority_one_is_for_what_cannot_wait),
        cmocka_unit_test(every_finding_has_both_languages),
        cmocka_unit_test(every_lead_names_what_it_is_held_to),
        cmocka_unit_test(every_number_is_bounded),
        cmocka_unit_test(gas_alarms_cannot_be_set_above_the_permitted_levels),
        cmocka_unit_test(every_cause_is_an_alarm_and_every_role_is_defined),
        cmocka_unit_test(codes_tell_their_kind),
        cmocka_unit_test(a_detector_is_held_to_the_clause_of_its_room),
        cmocka_unit_test(findings_md_tells_the_same_numbers),
        cmocka_unit_test(the_base_has_no_issue),
        cmocka_unit_test(every_slip_is_told_with_its_place),
        cmocka_unit_test(issues_name_file_and_line),
        cmocka_unit_test(all_slips_are_told_at_once),
        cmocka_unit_test(names_of_rules_and_kinds),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
