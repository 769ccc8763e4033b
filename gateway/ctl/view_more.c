/* SPDX-License-Identifier: Apache-2.0
 *
 * Leads, events, assets, and any document.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl/grid.h"
#include "ctl/member.h"
#include "ctl/view.h"
#include "model/unit.h"

static enum gw_status print(struct gw_grid *g, const struct gw_look *look)
{
    const enum gw_status st = g ? gw_grid_print(g, look->width, look->out) : GW_E_NOMEM;
    gw_grid_free(g);
    return st;
}

static enum gw_status nothing(const struct gw_look *look, const char *text)
{
    (void)fputs(text, look->out);
    return ferror(look->out) ? GW_E_IO : GW_OK;
}

enum gw_status gw_view_leads(const struct gw_jnode *root, const struct gw_look *look)
{
    static const char *const heads[] = {"TIME",  "STATE", "?ASSET", "?FINDING",
                                        "TITLE", "CASE",  "?ID",    NULL};
    const struct gw_jnode *l = gw_member_first(root, "leads");
    char at[GW_VIEW_MOMENT];

    if (!l)
        return nothing(look, "No lead was recorded.\n");
    struct gw_grid *g = gw_grid_new(heads);
    for (; g && l; l = gw_jnode_next(l)) {
        gw_view_moment(l, "t", at);
        gw_grid_cell(g, at);
        gw_grid_cell(g, gw_member_str(l, "state"));
        gw_grid_cell(g, gw_member_str(l, "asset"));
        gw_grid_cell(g, gw_member_str(l, "finding"));
        gw_grid_cell(g, gw_view_text(l, "title", look->english));
        gw_grid_cell(g, gw_member_str(l, "case"));
        gw_grid_cell(g, gw_member_str(l, "id"));
    }
    return print(g, look);
}

enum gw_status gw_view_events(const struct gw_jnode *root, const struct gw_look *look)
{
    static const char *const heads[] = {"TIME", "?KIND", "?PLACE", "TEXT", NULL};
    const struct gw_jnode *e = gw_member_first(root, "events");
    char at[GW_VIEW_MOMENT];

    if (!e)
        return nothing(look, "No event since the start.\n");
    struct gw_grid *g = gw_grid_new(heads);
    for (; g && e; e = gw_jnode_next(e)) {
        gw_view_moment(e, "t", at);
        gw_grid_cell(g, at);
        gw_grid_cell(g, gw_member_str(e, "kind"));
        gw_grid_cell(g, gw_member_str(e, "place"));
        gw_grid_cell(g, gw_view_text(e, "text", look->english));
    }
    return print(g, look);
}

/* ---- assets ---- */

/* "Order No. 10, 7(4); ..." of all clauses. */
static void clauses(const struct gw_jnode *instrument, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (const struct gw_jnode *c = gw_member_first(instrument, "clauses"); c;
         c = gw_jnode_next(c)) {
        const int n = snprintf(out + len, size - len, "%s%s %s%s", len > 0 ? "; " : "",
                               gw_member_str(c, "document"), gw_member_str(c, "article"),
                               gw_member_str(c, "item"));
        if (n < 0 || (size_t)n >= size - len)
            break;
        len += (size_t)n;
    }
    out[len] = '\0';
}

static void cells_of_instrument(struct gw_grid *g, const struct gw_jnode *i,
                                const struct gw_look *look)
{
    char text[512];
    char at[GW_VIEW_MOMENT] = "-";
    const struct gw_jnode *proof = gw_member(i, "proof", GW_J_OBJ);
    const char *value = gw_member_str(i, "value");

    gw_grid_cell(g, gw_member_str(i, "role"));
    gw_grid_cell(g, gw_view_text(i, "title", look->english));
    gw_grid_cell(g, gw_member_str(i, "needed"));
    gw_grid_cell(g, gw_member_str(i, "state"));
    (void)snprintf(text, sizeof text, "%s%s%s", value[0] ? value : "-", value[0] ? " " : "",
                   value[0] ? gw_unit_text(gw_member_str(i, "unit")) : "");
    gw_grid_cell(g, text);
    if (proof)
        gw_view_moment(proof, "t", at);
    (void)snprintf(text, sizeof text, "%.10s%s%s", at, proof ? " " : "",
                   proof ? gw_member_str(proof, "what") : "");
    gw_grid_cell(g, text);
    gw_grid_cell(g, gw_view_text(i, "why", look->english));
    clauses(i, text, sizeof text);
    gw_grid_cell(g, text);
}

static enum gw_status view_asset(const struct gw_jnode *a, const struct gw_look *look)
{
    static const char *const heads[] = {"ROLE",    "?INSTRUMENT", "NEEDED", "STATE", "?VALUE",
                                        "?PROVEN", "WHY",         "CLAUSE", NULL};
    const char *name = gw_member_str(a, "name");

    (void)fprintf(look->out, "%s%s%s: %s, %s\n", gw_member_str(a, "id"), name[0] ? " " : "", name,
                  gw_view_text(a, "title", look->english), gw_member_str(a, "mode"));
    const struct gw_jnode *i = gw_member_first(a, "instruments");
    if (!i)
        return nothing(look, "Nothing is demanded of it, and nothing is connected.\n\n");
    struct gw_grid *g = gw_grid_new(heads);
    for (; g && i; i = gw_jnode_next(i))
        cells_of_instrument(g, i, look);
    const enum gw_status st = print(g, look);
    return st == GW_OK ? nothing(look, "\n") : st;
}

enum gw_status gw_view_assets(const struct gw_jnode *root, const struct gw_look *look)
{
    enum gw_status st = GW_OK;
    const struct gw_jnode *a = gw_member_first(root, "assets");

    if (!a)
        return nothing(look, "No asset is declared.\n");
    for (; a && st == GW_OK; a = gw_jnode_next(a))
        st = view_asset(a, look);
    return st;
}

/* ---- any document ---- */

static void leaf(const struct gw_jnode *n, FILE *out)
{
    char text[64];
    switch (gw_jnode_type(n)) {
    case GW_J_STR:
        for (const char *p = gw_jnode_str(n); *p; p++)
            (void)fputc((unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p, out);
        break;
    case GW_J_NUM:
        (void)snprintf(text, sizeof text, "%.15g", gw_jnode_num(n));
        (void)fputs(text, out);
        break;
    case GW_J_BOOL:
        (void)fputs(gw_jnode_bool(n) ? "yes" : "no", out);
        break;
    default:
        (void)fputc('-', out);
        break;
    }
}

static bool is_leaf(const struct gw_jnode *n)
{
    const enum gw_jtype type = gw_jnode_type(n);
    return (type != GW_J_ARR && type != GW_J_OBJ) || gw_jnode_count(n) == 0;
}

static void tree(const struct gw_jnode *n, int indent, FILE *out)
{
    for (const struct gw_jnode *c = gw_jnode_first(n); c; c = gw_jnode_next(c)) {
        const char *key = gw_jnode_key(c);
        (void)fprintf(out, "%*s%s%s", 2 * indent, "", key[0] ? key : "-", key[0] ? ":" : "");
        if (is_leaf(c)) {
            (void)fputc(' ', out);
            leaf(c, out);
            (void)fputc('\n', out);
        } else {
            (void)fputc('\n', out);
            tree(c, indent + 1, out);
        }
    }
}

enum gw_status gw_view_any(const struct gw_jnode *root, const struct gw_look *look)
{
    const struct gw_jnode *signed_one = gw_member(root, "document", GW_J_OBJ);
    tree(signed_one ? signed_one : root, 0, look->out);
    return ferror(look->out) ? GW_E_IO : GW_OK;
}
