/* SPDX-License-Identifier: Apache-2.0
 *
 * json: strict reading of JSON with a place for every node.
 *
 * One validating scanner (RFC 8259, and comments of // and slash-star form) checks the text: UTF-8,
 * no duplicate keys, no trailing text, depth <= 16, size <= 1 MiB, numbers finite; it reports all
 * duplicate keys and the first syntax error, and notes the line of every value. cJSON, a lenient
 * parser, only sees what passed. Nodes are lent by the document and die with it. Owned by one
 * thread.
 */
#ifndef GW_CONF_JSON_H
#define GW_CONF_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "conf/issues.h"

enum gw_jtype { GW_J_NULL, GW_J_BOOL, GW_J_NUM, GW_J_STR, GW_J_ARR, GW_J_OBJ };

struct gw_json;  /* a document */
struct gw_jnode; /* a value in it */

/* Parses text; name is the file name for messages (copied). On failure the reasons are in issues,
 * and the status is GW_E_PARSE (or GW_E_NOMEM). */
enum gw_status gw_json_parse(const char *text, size_t len, const char *name,
                             struct gw_issues *issues, struct gw_json **out) GW_MUST_CHECK;
/* The same for a file; an unreadable file is an issue as well (GW_E_IO, GW_E_NOTFOUND ...). */
enum gw_status gw_json_load(const char *path, struct gw_issues *issues,
                            struct gw_json **out) GW_MUST_CHECK;
/* As gw_json_parse and gw_json_load, but duplicate keys are issues only, and the document has the
 * first value of each: for a reader that refuses the file by its issues, and tells the others, too.
 */
enum gw_status gw_json_parse_on(const char *text, size_t len, const char *name,
                                struct gw_issues *issues, struct gw_json **out) GW_MUST_CHECK;
enum gw_status gw_json_load_on(const char *path, struct gw_issues *issues,
                               struct gw_json **out) GW_MUST_CHECK;
void gw_json_free(struct gw_json *doc);

const struct gw_jnode *gw_json_root(const struct gw_json *doc);
const char *gw_json_name(const struct gw_json *doc);
/* Absolute path of the folder that the file stands in, as relative paths inside it start there. */
const char *gw_json_folder(const struct gw_json *doc);
/* The text as read, for hashing. */
const char *gw_json_text(const struct gw_json *doc, size_t *len);

const struct gw_json *gw_jnode_doc(const struct gw_jnode *n);
enum gw_jtype gw_jnode_type(const struct gw_jnode *n);
const char *gw_jtype_name(enum gw_jtype t); /* "an object", "a number" ... for messages */
int gw_jnode_line(const struct gw_jnode *n);
/* RFC 6901 pointer, e.g. "/devices/gas/unit"; cut with "..." when out is too small. */
void gw_jnode_pointer(const struct gw_jnode *n, char *out, size_t size);

/* Children of an array or object, in the order of the text; NULL at the end. n of the first may be
 * NULL or have none (then NULL). */
const struct gw_jnode *gw_jnode_first(const struct gw_jnode *n);
const struct gw_jnode *gw_jnode_next(const struct gw_jnode *n);
size_t gw_jnode_count(const struct gw_jnode *n);
/* The member with exactly this key, or NULL; n may be NULL or no object (then NULL). */
const struct gw_jnode *gw_jnode_get(const struct gw_jnode *n, const char *key);
/* True when the key of n, or one at most `depth` levels inside it, was given again: what the
 * dropped values held is not known, so what lacks here may have stood there. n may be NULL (then
 * false). */
bool gw_jnode_repeats(const struct gw_jnode *n, int depth);
/* The key under which n stands in its object; "" for elements of arrays and the root. */
const char *gw_jnode_key(const struct gw_jnode *n);

/* Values; the node must have that type. Strings live as long as the document. */
const char *gw_jnode_str(const struct gw_jnode *n);
/* The text of that member of an object; "" where there is none, and none of any other type. */
const char *gw_jnode_text(const struct gw_jnode *obj, const char *key);
double gw_jnode_num(const struct gw_jnode *n);
bool gw_jnode_bool(const struct gw_jnode *n);
/* True for a number without fraction and |n| <= 2^53. */
bool gw_jnode_is_int(const struct gw_jnode *n);

/* Adds an issue at the node's place. */
void gw_jnode_issue(const struct gw_jnode *n, struct gw_issues *issues, const char *fmt, ...)
    GW_PRINTF(3, 4);

#endif
