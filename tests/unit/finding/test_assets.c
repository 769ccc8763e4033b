/* SPDX-License-Identifier: Apache-2.0
 *
 * config/assets.md is what the catalogue's findings of kind ABS demand, and nothing else. Where it
 * is not, the test leaves what it should be in a file and names it.
 */
#include "base/buf.h"
#include "base/file.h"
#include "finding/catalogue.h"
#include "finding/catalogue_in.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "# What each asset must have\n"
    "\n"
    "By type, sector and facts of an asset: the instruments that a clause demands. A need is met "
    "by\n"
    "any one of the roles that stand with \"or\". This page follows from the findings of kind ABS "
    "in\n"
    "`findings.json`, which is the only place where it is decided; a test holds the two together.\n"
    "Types without a section are watched, and nothing is demanded of them.\n";

static bool fits(const struct gw_applies *a, const char *type)
{
    bool fit = a->ntypes == 0;
    for (size_t i = 0; i < a->ntypes && !fit; i++)
        fit = strcmp(a->types[i], type) == 0;
    return fit;
}

/* Sectors in which this clause demands it of the type, as a list; false where there is none. */
static bool put_sectors(const struct gw_catalogue *cat, const struct gw_applies *a,
                        const struct gw_clause *c, const char *type, struct gw_buf *out)
{
    size_t n = 0;
    size_t all = 0;
    struct gw_buf list;
    char text[256] = "";
    gw_buf_fixed(&list, text, sizeof text);
    for (int s = 0; gw_sector_names[s] != NULL; s++) {
        all++;
        if ((a->sectors >> s & 1u) != 0 && gw_catalogue_cites(cat, c, s, type))
            gw_buf_printf(&list, "%s%s", n++ > 0 ? ", " : "", gw_sector_names[s]);
    }
    gw_buf_str(out, n == all ? "any" : text);
    return n > 0;
}

static void put_facts(const struct gw_applies *a, struct gw_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < a->nfacts; i++)
        gw_buf_printf(out, "%s`%s` is %s", n++ > 0 ? ", " : "", a->facts[i].key, a->facts[i].value);
    for (size_t i = 0; i < a->nnot; i++)
        gw_buf_printf(out, "%s`%s` is not %s", n++ > 0 ? ", " : "", a->not_facts[i].key,
                      a->not_facts[i].value);
}

static void put_needs(const struct gw_catalogue *cat, const struct gw_rule_def *r,
                      struct gw_buf *out)
{
    for (size_t i = 0; i < r->nneeds; i++)
        for (size_t k = 0; k < r->needs[i].nalt; k++) {
            const struct gw_role_def *role = gw_catalogue_role(cat, r->needs[i].alt[k]);
            assert_non_null(role);
            gw_buf_printf(out, "%s`%s` %s",
                          k > 0   ? " or "
                          : i > 0 ? "; and "
                                  : "",
                          role->role, role->title.zh);
        }
}

/* The rows of a finding for a type. Returns how many. */
static size_t put_rows(const struct gw_catalogue *cat, const struct gw_finding *f, const char *type,
                       struct gw_buf *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < f->napplies; i++) {
        for (size_t k = 0; k < f->nclauses; k++) {
            const struct gw_clause *c = f->clauses[k];
            struct gw_buf sectors;
            char text[256] = "";
            gw_buf_fixed(&sectors, text, sizeof text);
            if (c->beside || !fits(&f->applies[i], type) ||
                !put_sectors(cat, &f->applies[i], c, type, &sectors))
                continue;
            gw_buf_printf(out, "| %s | ", text);
            put_facts(&f->applies[i], out);
            gw_buf_str(out, " | ");
            put_needs(cat, &f->rules[0], out);
            const char *order = strstr(c->document, "第10号") != NULL ? "Order 10" : "Order 6";
            gw_buf_printf(out, " | %s | %s, %s", f->code, order, c->article);
            if (c->item[0] != '\0')
                gw_buf_printf(out, "(%s)", c->item);
            gw_buf_printf(out, ", %s |\n", c->confirmed);
            rows++;
        }
    }
    return rows;
}

static size_t put_type(const struct gw_catalogue *cat, const struct gw_type_def *type,
                       struct gw_buf *out)
{
    struct gw_buf rows;
    gw_buf_init(&rows, 1 << 16);
    size_t n = 0;
    for (size_t i = 0; i < gw_catalogue_count(cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(cat, i);
        /* What needs any point at all demands none in particular. */
        if (f->enabled && f->kind == GW_KIND_ABS && f->rules[0].rule == GW_RULE_ABSENT)
            n += put_rows(cat, f, type->type, &rows);
    }
    if (n > 0)
        gw_buf_printf(out,
                      "\n## %s %s\n\n"
                      "| sector | where | instruments | finding | clause |\n"
                      "| --- | --- | --- | --- | --- |\n%s",
                      type->type, type->title.zh, rows.data);
    gw_buf_free(&rows);
    return n;
}

static void leave(const struct gw_buf *want)
{
    char path[256];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/assets.md", tmp != NULL ? tmp : "/tmp");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(want->data, 1, want->len, f), want->len);
    assert_int_equal(fclose(f), 0);
    fail_msg("config/assets.md is not what the catalogue demands: it should be as %s", path);
}

static void assets_md_tells_what_the_catalogue_demands(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    struct gw_catalogue *cat = NULL;
    struct gw_err err;
    char *text = NULL;
    size_t size = 0;
    assert_non_null(issues);
    assert_int_equal(gw_json_load(GW_SOURCE_DIR "/config/findings.json", issues, &doc), GW_OK);
    assert_int_equal(gw_catalogue_load(doc, issues, &cat), GW_OK);
    struct gw_buf want;
    gw_buf_init(&want, 1 << 18);
    gw_buf_str(&want, head);
    size_t rows = 0;
    for (size_t i = 0; i < cat->ntypes; i++)
        rows += put_type(cat, &cat->types[i], &want);
    assert_false(want.failed);
    assert_true(rows > 40);
    const bool there =
        gw_file_read(GW_SOURCE_DIR "/config/assets.md", 1 << 20, &text, &size, &err) == GW_OK;
    if (!there || size != want.len || memcmp(text, want.data, size) != 0)
        leave(&want);
    free(text);
    gw_buf_free(&want);
    gw_catalogue_free(cat);
    gw_json_free(doc);
    gw_issues_free(issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assets_md_tells_what_the_catalogue_demands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
