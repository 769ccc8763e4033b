/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keys.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_HERE 1024
#define NAME_MAX_HERE 32 /* longest key that a slip of the pen is looked for */

/* ---- access to the struct ---- */

static void *slot(const struct gw_key *k, void *out)
{
    return (char *)out + k->offset;
}

static const void *const_slot(const struct gw_key *k, const void *in)
{
    return (const char *)in + k->offset;
}

static void put_text(const struct gw_key *k, void *out, const char *text)
{
    const size_t n = strlen(text);
    assert(n < k->size);
    memcpy(slot(k, out), text, n + 1);
}

static bool bounded(const struct gw_key *k)
{
    return k->min != 0 || k->max != 0;
}

static bool in_range(const struct gw_key *k, double v)
{
    return isfinite(v) && (!bounded(k) || (v >= k->min && v <= k->max));
}

static int enum_index(const struct gw_key *k, const char *name)
{
    for (int i = 0; k->names[i] != NULL; i++)
        if (strcmp(k->names[i], name) == 0)
            return i;
    return -1;
}

static const struct gw_key *find_key(const struct gw_key *keys, const char *name)
{
    for (const struct gw_key *k = keys; k != NULL && k->type != GW_KEY_END; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

bool gw_keys_is_id(const char *text, size_t size)
{
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t n = strlen(text);
    return n > 0 && n < size && strspn(text, alphabet) == n;
}

/* ---- paths ---- */

/* false when it does not fit. */
static bool resolve(const struct gw_jnode *obj, const char *path, char *out, size_t size)
{
    struct gw_buf b;
    gw_buf_fixed(&b, out, size);
    if (path[0] != '/' && path[0] != '\0' && obj != NULL) {
        gw_buf_printf(&b, "%s/", gw_json_folder(gw_jnode_doc(obj)));
        while (strncmp(path, "./", 2) == 0)
            path += 2;
    }
    gw_buf_str(&b, path);
    return !b.failed;
}

/* ---- defaults ---- */

static void apply_default(const struct gw_key *k, const struct gw_jnode *obj, void *out)
{
    if (k->type == GW_KEY_NODE) {
        *(const struct gw_jnode **)slot(k, out) = NULL;
        return;
    }
    if (k->def == NULL)
        return;
    if (k->type == GW_KEY_INT) {
        *(int64_t *)slot(k, out) = strtoll(k->def, NULL, 10);
    } else if (k->type == GW_KEY_NUM) {
        *(double *)slot(k, out) = strtod(k->def, NULL);
    } else if (k->type == GW_KEY_BOOL) {
        *(bool *)slot(k, out) = strcmp(k->def, "true") == 0;
    } else if (k->type == GW_KEY_ENUM) {
        *(int *)slot(k, out) = enum_index(k, k->def);
    } else if (k->type == GW_KEY_PATH || k->type == GW_KEY_SECRET) {
        char path[PATH_MAX_HERE];
        const bool fits = resolve(obj, k->def, path, sizeof path) && strlen(path) < k->size;
        put_text(k, out, fits ? path : k->def);
    } else {
        put_text(k, out, k->def);
    }
}

/* ---- reading ---- */

/* The last question to a value that is fine otherwise: what its own check says. */
static bool passes(const struct gw_key *k, const struct gw_jnode *n, struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    if (k->check != NULL)
        k->check(n, issues);
    return gw_issues_count(issues) == before;
}

static void read_string(const struct gw_key *k, const struct gw_jnode *n, void *out,
                        struct gw_issues *issues)
{
    const char *text = gw_jnode_str(n);
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            gw_jnode_issue(n, issues, "must not contain control characters");
            return;
        }
    }
    if (k->type == GW_KEY_ID && !gw_keys_is_id(text, SIZE_MAX)) {
        gw_jnode_issue(n, issues, "must be made of letters, digits, '-' and '_', is \"%s\"", text);
        return;
    }
    if (len == 0 && k->min > 0) {
        gw_jnode_issue(n, issues, "must not be empty");
        return;
    }
    char path[PATH_MAX_HERE];
    const char *value = text;
    size_t value_len = len;
    if (k->type == GW_KEY_PATH || k->type == GW_KEY_SECRET) {
        value_len = resolve(n, text, path, sizeof path) ? strlen(path) : sizeof path;
        value = path;
    }
    if (value_len >= k->size) {
        gw_jnode_issue(n, issues, "must be at most %zu bytes of UTF-8, %s %zu", k->size - 1,
                       value == text ? "has" : "has, as an absolute path,", value_len);
        return;
    }
    if (passes(k, n, issues))
        put_text(k, out, value);
}

static void read_enum(const struct gw_key *k, const struct gw_jnode *n, void *out,
                      struct gw_issues *issues)
{
    const int i = enum_index(k, gw_jnode_str(n));
    if (i >= 0) {
        if (passes(k, n, issues))
            *(int *)slot(k, out) = i;
        return;
    }
    char mem[256];
    struct gw_buf list;
    gw_buf_fixed(&list, mem, sizeof mem);
    for (int j = 0; k->names[j] != NULL; j++)
        gw_buf_printf(&list, "%s\"%s\"", j > 0 ? ", " : "", k->names[j]);
    gw_jnode_issue(n, issues, "must be one of %s, is \"%s\"", mem, gw_jnode_str(n));
}

static void read_number(const struct gw_key *k, const struct gw_jnode *n, void *out,
                        struct gw_issues *issues)
{
    const double v = gw_jnode_num(n);
    if (k->type == GW_KEY_INT && !gw_jnode_is_int(n)) {
        gw_jnode_issue(n, issues, "must be a whole number, is %.15g", v);
    } else if (!in_range(k, v)) {
        gw_jnode_issue(n, issues, "must be %.15g to %.15g, is %.15g", k->min, k->max, v);
    } else if (passes(k, n, issues)) {
        if (k->type == GW_KEY_INT)
            *(int64_t *)slot(k, out) = (int64_t)v;
        else
            *(double *)slot(k, out) = v;
    }
}

static enum gw_jtype wanted_type(const struct gw_key *k)
{
    switch (k->type) {
    case GW_KEY_INT:
    case GW_KEY_NUM:
        return GW_J_NUM;
    case GW_KEY_BOOL:
        return GW_J_BOOL;
    case GW_KEY_NODE:
        return k->jtype;
    default:
        return GW_J_STR;
    }
}

static void read_member(const struct gw_key *k, const struct gw_jnode *n, void *out,
                        struct gw_issues *issues)
{
    const enum gw_jtype want = wanted_type(k);
    const enum gw_jtype is = gw_jnode_type(n);
    if (is != want && !(k->type == GW_KEY_NODE && want == GW_J_NULL)) {
        gw_jnode_issue(n, issues, "must be %s, is %s", gw_jtype_name(want), gw_jtype_name(is));
        return;
    }
    switch (k->type) {
    case GW_KEY_INT:
    case GW_KEY_NUM:
        read_number(k, n, out, issues);
        break;
    case GW_KEY_BOOL:
        if (passes(k, n, issues))
            *(bool *)slot(k, out) = gw_jnode_bool(n);
        break;
    case GW_KEY_ENUM:
        read_enum(k, n, out, issues);
        break;
    case GW_KEY_NODE:
        if (passes(k, n, issues))
            *(const struct gw_jnode **)slot(k, out) = n;
        break;
    default:
        read_string(k, n, out, issues);
        break;
    }
}

/* ---- unknown keys ---- */

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many characters must be added, taken out or changed to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    const size_t na = strlen(a);
    const size_t nb = strlen(b);
    size_t row[NAME_MAX_HERE + 1];
    if (na > NAME_MAX_HERE || nb > NAME_MAX_HERE)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = min3(changed, row[j] + 1, row[j - 1] + 1);
        }
    }
    return row[nb];
}

static void nearest(const struct gw_key *keys, const char *name, const char **best, size_t *off)
{
    for (const struct gw_key *k = keys; k != NULL && k->type != GW_KEY_END; k++) {
        const size_t d = distance(k->name, name);
        if (d < *off) {
            *off = d;
            *best = k->name;
        }
    }
}

static void unknown_key(const struct gw_jnode *n, const struct gw_key *keys,
                        const struct gw_key *others, struct gw_issues *issues)
{
    const char *best = NULL;
    size_t off = strlen(gw_jnode_key(n)) > 3 ? 3 : 2; /* fewer slips than this */
    nearest(keys, gw_jnode_key(n), &best, &off);
    nearest(others, gw_jnode_key(n), &best, &off);
    if (best != NULL)
        gw_jnode_issue(n, issues, "unknown key; is \"%s\" meant?", best);
    else
        gw_jnode_issue(n, issues, "unknown key");
}

/* ---- objects ---- */

static bool read_object(const struct gw_jnode *obj, const struct gw_key *keys,
                        const struct gw_key *others, bool strict, void *out,
                        struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++)
        apply_default(k, obj, out);
    if (obj == NULL)
        return true;
    if (gw_jnode_type(obj) != GW_J_OBJ) {
        gw_jnode_issue(obj, issues, "must be an object, is %s", gw_jtype_name(gw_jnode_type(obj)));
        return false;
    }
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        const struct gw_key *k = find_key(keys, gw_jnode_key(n));
        if (k != NULL)
            read_member(k, n, out, issues);
        else if (strict && find_key(others, gw_jnode_key(n)) == NULL)
            unknown_key(n, keys, others, issues);
    }
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++)
        if (k->required && gw_jnode_get(obj, k->name) == NULL)
            gw_jnode_issue(obj, issues, "\"%s\" is missing", k->name);
    return gw_issues_count(issues) == before;
}

bool gw_keys_read(const struct gw_jnode *obj, const struct gw_key *keys, void *out,
                  struct gw_issues *issues)
{
    return read_object(obj, keys, NULL, true, out, issues);
}

bool gw_keys_read_beside(const struct gw_jnode *obj, const struct gw_key *keys,
                         const struct gw_key *others, void *out, struct gw_issues *issues)
{
    return read_object(obj, keys, others, true, out, issues);
}

bool gw_keys_read_some(const struct gw_jnode *obj, const struct gw_key *keys, void *out,
                       struct gw_issues *issues)
{
    return read_object(obj, keys, NULL, false, out, issues);
}

/* ---- printing ---- */

void gw_keys_print_str(const char *text, struct gw_buf *out)
{
    gw_buf_char(out, '"');
    for (const char *p = text; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            gw_buf_char(out, '\\');
            gw_buf_char(out, *p);
        } else if (c < 0x20) {
            gw_buf_printf(out, "\\u%04x", c);
        } else {
            gw_buf_char(out, *p);
        }
    }
    gw_buf_char(out, '"');
}

void gw_keys_print_num(double v, struct gw_buf *out)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    gw_buf_str(out, text);
}

/* True when the value could be read back from what is printed. */
static bool is_set(const struct gw_key *k, const void *value)
{
    switch (k->type) {
    case GW_KEY_INT:
        return in_range(k, (double)*(const int64_t *)value);
    case GW_KEY_NUM:
        return in_range(k, *(const double *)value);
    case GW_KEY_BOOL:
        return true;
    case GW_KEY_ENUM:
        for (int i = 0; k->names[i] != NULL; i++)
            if (i == *(const int *)value)
                return true;
        return false;
    case GW_KEY_NODE:
    case GW_KEY_END:
        return false;
    default:
        return *(const char *)value != '\0' || (k->type != GW_KEY_ID && k->min <= 0);
    }
}

static void print_value(const struct gw_key *k, const void *value, struct gw_buf *out)
{
    switch (k->type) {
    case GW_KEY_INT:
        gw_buf_printf(out, "%" PRId64, *(const int64_t *)value);
        break;
    case GW_KEY_NUM:
        gw_keys_print_num(*(const double *)value, out);
        break;
    case GW_KEY_BOOL:
        gw_buf_str(out, *(const bool *)value ? "true" : "false");
        break;
    case GW_KEY_ENUM:
        gw_keys_print_str(k->names[*(const int *)value], out);
        break;
    case GW_KEY_SECRET:
        gw_keys_print_str(*(const char *)value != '\0' ? "***" : "", out);
        break;
    default:
        gw_keys_print_str(value, out);
        break;
    }
}

void gw_keys_print(const struct gw_key *keys, const void *in, int indent, struct gw_buf *out)
{
    const char *before = "";
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++) {
        const void *value = const_slot(k, in);
        if (is_set(k, value)) {
            gw_buf_printf(out, "%s%*s\"%s\": ", before, indent, "", k->name);
            print_value(k, value, out);
            before = ",\n";
        }
    }
}

static bool same_value(const struct gw_key *k, const void *a, const void *b)
{
    const char *x = (const char *)a + k->offset;
    const char *y = (const char *)b + k->offset;
    switch (k->type) {
    case GW_KEY_INT:
        return memcmp(x, y, sizeof(int64_t)) == 0;
    case GW_KEY_NUM:
        return memcmp(x, y, sizeof(double)) == 0;
    case GW_KEY_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case GW_KEY_ENUM:
        return memcmp(x, y, sizeof(int)) == 0;
    case GW_KEY_NODE:
    case GW_KEY_END:
        return true;
    default:
        return strcmp(x, y) == 0;
    }
}

const struct gw_key *gw_keys_differ(const struct gw_key *keys, const void *a, const void *b)
{
    for (const struct gw_key *k = keys; k->type != GW_KEY_END; k++)
        if (!same_value(k, a, b))
            return k;
    return NULL;
}
