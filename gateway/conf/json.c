/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/scan.h"

#include <cjson/cJSON.h>

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_SIZE 512

struct gw_jnode {
    const struct gw_json *doc;
    const cJSON *item;
    const struct gw_jnode *parent, *first, *next;
    uint32_t count; /* children */
    uint32_t index; /* position in the parent */
    bool again;     /* the key has further values, which are dropped */
    int line;
};

struct gw_json {
    char *name;
    char *text;
    size_t len;
    cJSON *tree;
    struct gw_jnode *nodes; /* in document order; [0] is the root */
    size_t nnodes;
    bool repeats; /* keys; their first values stand */
    char folder[FOLDER_SIZE];
};

/* ---- making ---- */

/* Lays the scanner's notes beside cJSON's tree; both are in document order. */
struct zip {
    struct gw_json *doc;
    const struct gw_scan *scan;
    size_t next;
};

static struct gw_jnode *zip_item(struct zip *z, const cJSON *item, const struct gw_jnode *parent)
{
    if (z->next >= z->scan->nvalues)
        return NULL;
    const struct gw_scan_value *note = &z->scan->values[z->next];
    struct gw_jnode *node = &z->doc->nodes[z->next++];
    *node = (struct gw_jnode){
        .doc = z->doc,
        .item = item,
        .parent = parent,
        .index = note->index,
        .line = (int)note->line,
        .again = note->again,
    };
    struct gw_jnode *last = NULL;
    for (const cJSON *c = item->child; c != NULL; c = c->next) {
        struct gw_jnode *child = zip_item(z, c, node);
        if (child == NULL)
            return NULL;
        if (z->scan->values[child - z->doc->nodes].repeated)
            continue;
        if (last == NULL)
            node->first = child;
        else
            last->next = child;
        last = child;
        node->count++;
    }
    return node;
}

/* The folder of the file without a '/' at its end; "" is the root. A path that does not fit is
 * longer than any key may hold, which is told where the key is read. */
static void set_folder(struct gw_json *doc)
{
    const char *slash = strrchr(doc->name, '/');
    const char *dir = doc->name;
    int dir_len = slash != NULL ? (int)(slash - doc->name) : 0;
    char here[FOLDER_SIZE] = "";
    if (doc->name[0] != '/') {
        if (getcwd(here, sizeof here) == NULL) {
            here[0] = '.';
            here[1] = '\0';
        } else if (strcmp(here, "/") == 0) {
            here[0] = '\0';
        }
        if (dir_len >= 2 && strncmp(dir, "./", 2) == 0) {
            dir += 2;
            dir_len -= 2;
        } else if (dir_len == 1 && dir[0] == '.') {
            dir_len = 0;
        }
    }
    struct gw_buf b;
    gw_buf_fixed(&b, doc->folder, sizeof doc->folder);
    gw_buf_str(&b, here);
    if (dir_len > 0)
        gw_buf_printf(&b, "%s%.*s", dir[0] != '/' ? "/" : "", dir_len, dir);
}

static enum gw_status make_tree(struct gw_json *doc, const struct gw_scan *scan,
                                struct gw_issues *issues)
{
    doc->nnodes = scan->nvalues;
    doc->repeats = scan->nrepeated > 0;
    doc->nodes = calloc(doc->nnodes, sizeof *doc->nodes);
    if (doc->nodes == NULL)
        return GW_E_NOMEM;
    doc->tree = cJSON_ParseWithLengthOpts(scan->clean, scan->len + 1, NULL, 1);
    struct zip z = {.doc = doc, .scan = scan};
    if (doc->tree == NULL || zip_item(&z, doc->tree, NULL) == NULL || z.next != scan->nvalues) {
        /* Memory, or the scanner and cJSON disagree, which is a bug of ours but no reason to die.
         */
        gw_issues_add(issues, doc->name, 0, "", "cannot be read: out of memory");
        return GW_E_NOMEM;
    }
    return GW_OK;
}

enum gw_status gw_json_parse_on(const char *text, size_t len, const char *name,
                                struct gw_issues *issues, struct gw_json **out)
{
    struct gw_scan scan;
    enum gw_status status = gw_scan(text, len, name, issues, &scan);
    if (status != GW_OK)
        return status;
    struct gw_json *doc = calloc(1, sizeof *doc);
    if (doc == NULL) {
        status = GW_E_NOMEM;
        goto out;
    }
    doc->name = strdup(name);
    doc->text = malloc(len + 1);
    if (doc->name == NULL || doc->text == NULL) {
        status = GW_E_NOMEM;
        goto out;
    }
    memcpy(doc->text, text, len);
    doc->text[len] = '\0';
    doc->len = len;
    set_folder(doc);
    status = make_tree(doc, &scan, issues);
    if (status == GW_OK) {
        *out = doc;
        doc = NULL;
    }

out:
    gw_scan_free(&scan);
    gw_json_free(doc);
    return status;
}

/* Refuses what has issues already. */
static enum gw_status without_repeats(enum gw_status status, struct gw_json *doc,
                                      struct gw_json **out)
{
    if (status == GW_OK && doc->repeats) {
        gw_json_free(doc);
        return GW_E_PARSE;
    }
    if (status == GW_OK)
        *out = doc;
    return status;
}

enum gw_status gw_json_parse(const char *text, size_t len, const char *name,
                             struct gw_issues *issues, struct gw_json **out)
{
    struct gw_json *doc = NULL;
    const enum gw_status status = gw_json_parse_on(text, len, name, issues, &doc);
    return without_repeats(status, doc, out);
}

enum gw_status gw_json_load_on(const char *path, struct gw_issues *issues, struct gw_json **out)
{
    char *text = NULL;
    size_t len = 0;
    struct gw_err err = {.status = GW_OK};
    enum gw_status status = gw_file_read(path, GW_SCAN_SIZE_MAX, &text, &len, &err);
    if (status != GW_OK) {
        /* The message names the path, as an issue does. */
        const size_t n = strlen(path);
        const bool twice = strncmp(err.msg, path, n) == 0 && strncmp(err.msg + n, ": ", 2) == 0;
        gw_issues_add(issues, path, 0, "", "%s", twice ? err.msg + n + 2 : err.msg);
        return status;
    }
    status = gw_json_parse_on(text, len, path, issues, out);
    free(text);
    return status;
}

enum gw_status gw_json_load(const char *path, struct gw_issues *issues, struct gw_json **out)
{
    struct gw_json *doc = NULL;
    const enum gw_status status = gw_json_load_on(path, issues, &doc);
    return without_repeats(status, doc, out);
}

void gw_json_free(struct gw_json *doc)
{
    if (doc == NULL)
        return;
    cJSON_Delete(doc->tree);
    free(doc->nodes);
    free(doc->text);
    free(doc->name);
    free(doc);
}

const struct gw_jnode *gw_json_root(const struct gw_json *doc)
{
    return &doc->nodes[0];
}

const char *gw_json_name(const struct gw_json *doc)
{
    return doc->name;
}

const char *gw_json_folder(const struct gw_json *doc)
{
    return doc->folder;
}

const char *gw_json_text(const struct gw_json *doc, size_t *len)
{
    *len = doc->len;
    return doc->text;
}

/* ---- nodes ---- */

const struct gw_json *gw_jnode_doc(const struct gw_jnode *n)
{
    return n->doc;
}

enum gw_jtype gw_jnode_type(const struct gw_jnode *n)
{
    if (cJSON_IsObject(n->item))
        return GW_J_OBJ;
    if (cJSON_IsArray(n->item))
        return GW_J_ARR;
    if (cJSON_IsString(n->item))
        return GW_J_STR;
    if (cJSON_IsNumber(n->item))
        return GW_J_NUM;
    return cJSON_IsBool(n->item) ? GW_J_BOOL : GW_J_NULL;
}

const char *gw_jtype_name(enum gw_jtype t)
{
    static const char *const names[] = {
        [GW_J_NULL] = "null",    [GW_J_BOOL] = "true or false", [GW_J_NUM] = "a number",
        [GW_J_STR] = "a string", [GW_J_ARR] = "an array",       [GW_J_OBJ] = "an object",
    };
    return (size_t)t < sizeof names / sizeof names[0] ? names[t] : "?";
}

int gw_jnode_line(const struct gw_jnode *n)
{
    return n->line;
}

void gw_jnode_pointer(const struct gw_jnode *n, char *out, size_t size)
{
    const struct gw_jnode *chain[GW_SCAN_DEPTH_MAX + 1];
    size_t depth = 0;
    for (const struct gw_jnode *p = n; p->parent != NULL; p = p->parent)
        chain[depth++] = p;
    size_t at = 0;
    out[0] = '\0';
    while (depth > 0) {
        const struct gw_jnode *p = chain[--depth];
        char index[16];
        (void)snprintf(index, sizeof index, "%u", (unsigned)p->index);
        at = gw_scan_token(out, size, at, p->item->string != NULL ? p->item->string : index);
    }
}

const struct gw_jnode *gw_jnode_first(const struct gw_jnode *n)
{
    return n != NULL ? n->first : NULL;
}

const struct gw_jnode *gw_jnode_next(const struct gw_jnode *n)
{
    return n->next;
}

size_t gw_jnode_count(const struct gw_jnode *n)
{
    return n->count;
}

const struct gw_jnode *gw_jnode_get(const struct gw_jnode *n, const char *key)
{
    if (n == NULL || !cJSON_IsObject(n->item))
        return NULL;
    const struct gw_jnode *c = n->first;
    while (c != NULL && strcmp(c->item->string, key) != 0)
        c = c->next;
    return c;
}

const char *gw_jnode_text(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL && gw_jnode_type(n) == GW_J_STR ? gw_jnode_str(n) : "";
}

bool gw_jnode_repeats(const struct gw_jnode *n, int depth)
{
    if (n == NULL)
        return false;
    bool repeats = n->again;
    for (const struct gw_jnode *c = n->first; c != NULL && depth > 0 && !repeats; c = c->next)
        repeats = gw_jnode_repeats(c, depth - 1);
    return repeats;
}

const char *gw_jnode_key(const struct gw_jnode *n)
{
    return n->item->string != NULL ? n->item->string : "";
}

const char *gw_jnode_str(const struct gw_jnode *n)
{
    assert(cJSON_IsString(n->item));
    return n->item->valuestring;
}

double gw_jnode_num(const struct gw_jnode *n)
{
    assert(cJSON_IsNumber(n->item));
    return n->item->valuedouble;
}

bool gw_jnode_bool(const struct gw_jnode *n)
{
    assert(cJSON_IsBool(n->item));
    return cJSON_IsTrue(n->item);
}

bool gw_jnode_is_int(const struct gw_jnode *n)
{
    return cJSON_IsNumber(n->item) && fabs(n->item->valuedouble) <= 9007199254740992.0 &&
           trunc(n->item->valuedouble) == n->item->valuedouble;
}

void gw_jnode_issue(const struct gw_jnode *n, struct gw_issues *issues, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);
    char pointer[GW_SCAN_POINTER];
    gw_jnode_pointer(n, pointer, sizeof pointer);
    gw_issues_add(issues, n->doc->name, n->line, pointer, "%s", text);
}
