/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/member.h"

#include <stddef.h>

const struct gw_jnode *gw_member(const struct gw_jnode *n, const char *key, enum gw_jtype type)
{
    const struct gw_jnode *m = gw_jnode_get(n, key);
    return m && gw_jnode_type(m) == type ? m : NULL;
}

const char *gw_member_str(const struct gw_jnode *n, const char *key)
{
    const struct gw_jnode *m = gw_member(n, key, GW_J_STR);
    return m ? gw_jnode_str(m) : "";
}

bool gw_member_has_int(const struct gw_jnode *n, const char *key)
{
    const struct gw_jnode *m = gw_member(n, key, GW_J_NUM);
    return m && gw_jnode_is_int(m);
}

int64_t gw_member_int(const struct gw_jnode *n, const char *key)
{
    return gw_member_has_int(n, key) ? (int64_t)gw_jnode_num(gw_jnode_get(n, key)) : 0;
}

bool gw_member_true(const struct gw_jnode *n, const char *key)
{
    const struct gw_jnode *m = gw_member(n, key, GW_J_BOOL);
    return m && gw_jnode_bool(m);
}

const struct gw_jnode *gw_member_first(const struct gw_jnode *n, const char *key)
{
    const struct gw_jnode *m = gw_member(n, key, GW_J_ARR);
    return m ? gw_jnode_first(m) : NULL;
}

static void dump_str(const char *text, FILE *out)
{
    (void)fputc('"', out);
    for (const char *p = text; *p; p++)
        if (*p == '"' || *p == '\\')
            (void)fprintf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            (void)fprintf(out, "\\u%04x", (unsigned)(unsigned char)*p);
        else
            (void)fputc(*p, out);
    (void)fputc('"', out);
}

static void dump_children(const struct gw_jnode *n, const char ends[2], FILE *out)
{
    (void)fputc(ends[0], out);
    for (const struct gw_jnode *c = gw_jnode_first(n); c; c = gw_jnode_next(c)) {
        if (c != gw_jnode_first(n))
            (void)fputc(',', out);
        if (ends[0] == '{') {
            dump_str(gw_jnode_key(c), out);
            (void)fputc(':', out);
        }
        gw_member_dump(c, out);
    }
    (void)fputc(ends[1], out);
}

void gw_member_dump(const struct gw_jnode *n, FILE *out)
{
    switch (gw_jnode_type(n)) {
    case GW_J_STR:
        dump_str(gw_jnode_str(n), out);
        break;
    case GW_J_NUM:
        (void)fprintf(out, "%.17g", gw_jnode_num(n));
        break;
    case GW_J_BOOL:
        (void)fputs(gw_jnode_bool(n) ? "true" : "false", out);
        break;
    case GW_J_OBJ:
        dump_children(n, "{}", out);
        break;
    case GW_J_ARR:
        dump_children(n, "[]", out);
        break;
    case GW_J_NULL:
        (void)fputs("null", out);
        break;
    }
}
