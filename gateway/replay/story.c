/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "conf/json.h"
#include "ctl/grid.h"

#define CELL 160 /* of an asset with what it is about */

struct gw_story {
    struct gw_told *told;
    size_t n, room;
};

struct gw_story *gw_story_new(void)
{
    return calloc(1, sizeof(struct gw_story));
}

static void clear(struct gw_told *t)
{
    free(t->key);
    free(t->state);
    free(t->code);
    free(t->asset);
    free(t->subject);
    free(t->why[0]);
    free(t->why[1]);
}

void gw_story_free(struct gw_story *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        clear(&s->told[i]);
    free(s->told);
    free(s);
}

size_t gw_story_count(const struct gw_story *s)
{
    return s->n;
}

const struct gw_told *gw_story_at(const struct gw_story *s, size_t i)
{
    return &s->told[i];
}

/* ---- taking records in ---- */

static char *text_at(const struct gw_jnode *n, const char *key)
{
    const struct gw_jnode *m = gw_jnode_get(n, key);
    return m != NULL && gw_jnode_type(m) == GW_J_STR ? strdup(gw_jnode_str(m)) : NULL;
}

static bool fill(struct gw_told *t, const struct gw_jnode *root)
{
    const struct gw_jnode *why = gw_jnode_get(gw_jnode_get(root, "condition"), "text");
    t->state = text_at(root, "state");
    t->code = text_at(root, "finding");
    t->subject = text_at(root, "subject");
    t->asset = text_at(gw_jnode_get(root, "asset"), "id");
    t->why[0] = text_at(why, "en");
    t->why[1] = text_at(why, "zh");
    return t->key != NULL && t->state != NULL && t->code != NULL && t->subject != NULL &&
           t->asset != NULL && t->why[0] != NULL && t->why[1] != NULL;
}

enum gw_status gw_story_add(struct gw_story *s, const struct gw_draft *draft, int64_t wall_ms)
{
    if (s->n == s->room) {
        const size_t room = s->room > 0 ? 2 * s->room : 64;
        struct gw_told *more = realloc(s->told, room * sizeof *more);
        if (more == NULL)
            return GW_E_NOMEM;
        s->told = more;
        s->room = room;
    }
    struct gw_told t = {.wall_ms = wall_ms, .cls = draft->cls, .key = strdup(draft->state_key)};
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    enum gw_status st = GW_E_NOMEM;
    if (issues != NULL)
        st = gw_json_parse(draft->body, draft->body_len, "record", issues, &doc);
    if (st == GW_OK && !fill(&t, gw_json_root(doc)))
        st = GW_E_PARSE;
    gw_json_free(doc);
    gw_issues_free(issues);
    if (st != GW_OK) {
        clear(&t);
        return st;
    }
    t.opens = draft->opens;
    s->told[s->n++] = t;
    return GW_OK;
}

/* ---- printing ---- */

static void asset_cell(const struct gw_told *t, char out[CELL])
{
    const char *sep = t->subject[0] != '\0' ? " " : "";
    (void)snprintf(out, CELL, "%s%s%s", t->asset, sep, t->subject);
}

enum gw_status gw_story_print(const struct gw_story *s, bool zh, FILE *out)
{
    static const char *const heads[] = {"time", "class", "state", "code", "asset", "why", NULL};
    char iso[GW_ISO_SIZE];
    char asset[CELL];
    struct gw_grid *g = gw_grid_new(heads);
    if (g == NULL)
        return GW_E_NOMEM;
    for (size_t i = 0; i < s->n; i++) {
        const struct gw_told *t = &s->told[i];
        gw_clock_iso(t->wall_ms, iso);
        asset_cell(t, asset);
        gw_grid_cell(g, iso);
        gw_grid_cell(g, gw_class_name(t->cls));
        gw_grid_cell(g, t->state);
        gw_grid_cell(g, t->code);
        gw_grid_cell(g, asset);
        gw_grid_cell(g, t->why[zh ? 1 : 0]);
    }
    const enum gw_status st = gw_grid_print(g, 0, out);
    gw_grid_free(g);
    return st;
}

/* ---- comparing ---- */

/* Acknowledged and the like are neither a beginning nor an end. */
static bool ends(const struct gw_told *t)
{
    return strcmp(t->state, "returned") == 0 || strcmp(t->state, "cleared") == 0;
}

static struct gw_spell spell_from(const struct gw_story *s, size_t i)
{
    struct gw_spell sp = {.raised = &s->told[i]};
    for (size_t k = i + 1; k < s->n && sp.ended == NULL; k++)
        if (ends(&s->told[k]) && strcmp(s->told[k].key, sp.raised->key) == 0)
            sp.ended = &s->told[k];
    return sp;
}

static int64_t end_ms(const struct gw_spell *s)
{
    return s->ended != NULL ? s->ended->wall_ms : INT64_MAX;
}

static bool overlap(const struct gw_spell *a, const struct gw_spell *b)
{
    return strcmp(a->raised->key, b->raised->key) == 0 && a->raised->wall_ms <= end_ms(b) &&
           b->raised->wall_ms <= end_ms(a);
}

static int64_t start_of(const struct gw_pair *p)
{
    const int64_t a = p->a.raised != NULL ? p->a.raised->wall_ms : INT64_MAX;
    const int64_t b = p->b.raised != NULL ? p->b.raised->wall_ms : INT64_MAX;
    return a < b ? a : b;
}

static int by_time(const void *x, const void *y)
{
    const int64_t a = start_of(x);
    const int64_t b = start_of(y);
    return a < b ? -1 : a > b;
}

/* All spells, in order of their beginning. NULL when memory is short. */
static struct gw_spell *spells_of(const struct gw_story *s, size_t *n)
{
    struct gw_spell *list = calloc(s->n + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; list != NULL && i < s->n; i++)
        if (s->told[i].opens)
            list[(*n)++] = spell_from(s, i);
    return list;
}

/* Takes the first of the list that overlaps p->a out of it. */
static void find_partner(struct gw_pair *p, struct gw_spell *list, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (list[k].raised != NULL && overlap(&p->a, &list[k])) {
            p->b = list[k];
            list[k].raised = NULL;
            return;
        }
    }
}

static void pair_up(const struct gw_spell *a, size_t na, struct gw_spell *b, size_t nb,
                    struct gw_pairs *out)
{
    for (size_t i = 0; i < na; i++) {
        struct gw_pair *p = &out->list[out->n++];
        p->a = a[i];
        find_partner(p, b, nb);
        p->same = p->b.raised != NULL && p->a.raised->wall_ms == p->b.raised->wall_ms &&
                  end_ms(&p->a) == end_ms(&p->b);
        *(p->b.raised == NULL ? &out->only_a : p->same ? &out->same : &out->moved) += 1;
    }
    for (size_t k = 0; k < nb; k++) {
        if (b[k].raised != NULL) {
            out->list[out->n++] = (struct gw_pair){.b = b[k]};
            out->only_b++;
        }
    }
}

enum gw_status gw_story_compare(const struct gw_story *a, const struct gw_story *b,
                                struct gw_pairs *out)
{
    size_t na = 0;
    size_t nb = 0;
    struct gw_spell *of_a = spells_of(a, &na);
    struct gw_spell *of_b = spells_of(b, &nb);
    *out = (struct gw_pairs){.list = calloc(na + nb + 1, sizeof *out->list)};
    const bool room = of_a != NULL && of_b != NULL && out->list != NULL;
    if (room) {
        pair_up(of_a, na, of_b, nb, out);
        qsort(out->list, out->n, sizeof *out->list, by_time);
    } else {
        gw_pairs_free(out);
    }
    free(of_a);
    free(of_b);
    return room ? GW_OK : GW_E_NOMEM;
}

void gw_pairs_free(struct gw_pairs *p)
{
    free(p->list);
    *p = (struct gw_pairs){0};
}

static const char *where(const struct gw_pair *p)
{
    return p->b.raised == NULL ? "A" : p->a.raised == NULL ? "B" : "both";
}

/* "-", "08:30:00.000 .. 08:40:00.000" with the day in front. */
static void span_cell(const struct gw_spell *s, char out[2 * GW_ISO_SIZE + 8])
{
    char from[GW_ISO_SIZE];
    char to[GW_ISO_SIZE] = "stands";
    if (s->raised == NULL) {
        (void)snprintf(out, 2 * GW_ISO_SIZE + 8, "-");
        return;
    }
    gw_clock_iso(s->raised->wall_ms, from);
    from[23] = '\0'; /* the zone is that of every time */
    if (s->ended != NULL) {
        gw_clock_iso(s->ended->wall_ms, to);
        to[23] = '\0';
    }
    const bool same_day = s->ended != NULL && memcmp(from, to, 11) == 0;
    (void)snprintf(out, 2 * GW_ISO_SIZE + 8, "%s .. %s", from, to + (same_day ? 11 : 0));
}

enum gw_status gw_pairs_print(const struct gw_pairs *p, bool zh, FILE *out)
{
    static const char *const heads[] = {"in", "A", "B", "code", "asset", "why", NULL};
    char cell[2 * GW_ISO_SIZE + 8];
    char asset[CELL];
    struct gw_grid *g = gw_grid_new(heads);
    if (g == NULL)
        return GW_E_NOMEM;
    for (size_t i = 0; i < p->n; i++) {
        const struct gw_pair *pair = &p->list[i];
        if (pair->same)
            continue;
        const struct gw_told *t = pair->a.raised != NULL ? pair->a.raised : pair->b.raised;
        asset_cell(t, asset);
        gw_grid_cell(g, where(pair));
        span_cell(&pair->a, cell);
        gw_grid_cell(g, cell);
        span_cell(&pair->b, cell);
        gw_grid_cell(g, cell);
        gw_grid_cell(g, t->code);
        gw_grid_cell(g, asset);
        gw_grid_cell(g, t->why[zh ? 1 : 0]);
    }
    const enum gw_status st = gw_grid_print(g, 0, out);
    gw_grid_free(g);
    return st;
}

static void write_spell(struct gw_jcs *j, const char *key, const struct gw_spell *s)
{
    char iso[GW_ISO_SIZE];
    if (s->raised == NULL)
        return;
    gw_jcs_obj(j, key);
    if (s->ended != NULL) {
        gw_clock_iso(s->ended->wall_ms, iso);
        gw_jcs_str(j, "ended", iso);
    }
    gw_clock_iso(s->raised->wall_ms, iso);
    gw_jcs_str(j, "raised", iso);
    gw_jcs_end(j);
}

enum gw_status gw_pairs_json(const struct gw_pairs *p, FILE *out)
{
    struct gw_buf line;
    struct gw_jcs j;
    enum gw_status st = GW_OK;
    gw_buf_init(&line, 1 << 16);
    for (size_t i = 0; i < p->n && st == GW_OK; i++) {
        const struct gw_pair *pair = &p->list[i];
        if (pair->same)
            continue;
        const struct gw_told *t = pair->a.raised != NULL ? pair->a.raised : pair->b.raised;
        gw_buf_clear(&line);
        gw_jcs_init(&j, &line);
        gw_jcs_obj(&j, NULL);
        write_spell(&j, "a", &pair->a);
        gw_jcs_str(&j, "asset", t->asset);
        write_spell(&j, "b", &pair->b);
        gw_jcs_str(&j, "class", gw_class_name(t->cls));
        gw_jcs_str(&j, "finding", t->code);
        gw_jcs_str(&j, "in", where(pair));
        gw_jcs_str(&j, "subject", t->subject);
        gw_jcs_end(&j);
        if (!gw_jcs_done(&j))
            st = GW_E_NOMEM;
        else if (fprintf(out, "%s\n", line.data) < 0)
            st = GW_E_IO;
    }
    gw_buf_free(&line);
    return st;
}
