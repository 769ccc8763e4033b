/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: an object of the site file described as a table, read strictly into a plain struct.
 *
 * The table is the single description of a key: reader, --print-config, the JSON Schema test and
 * the documentation test all walk it. Unknown, missing, wrongly typed and out-of-range keys are
 * issues at their place; reading goes on, so that all are found. Tables are constant.
 */
#ifndef GW_CONF_KEYS_H
#define GW_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/json.h"

enum gw_key_type {
    GW_KEY_END = 0, /* ends a table */
    GW_KEY_STR,     /* char[size]; longer text and control characters are issues; "" only where
                       min is 0 */
    GW_KEY_ID,      /* char[size]; letters, digits, '-', '_' (a name of a bus, device ...) */
    GW_KEY_PATH,    /* char[size]; made absolute: relative ones start at the folder of the file that
                       the object stands in; "" (where min is 0) stays "" */
    GW_KEY_INT,     /* int64_t, min..max */
    GW_KEY_NUM,     /* double, min..max */
    GW_KEY_BOOL,    /* bool */
    GW_KEY_ENUM,    /* int: index into names */
    GW_KEY_SECRET,  /* char[size]; a path (as PATH) to a file with the secret; printed as "***" */
    GW_KEY_NODE     /* const struct gw_jnode *: read by the owner's own code; NULL when missing */
};

struct gw_key {
    const char *name;
    enum gw_key_type type;
    size_t offset;
    size_t size;              /* of char arrays */
    double min, max;          /* of INT and NUM, both 0: no bound; of STR, PATH and SECRET: min 1 =
                                 must not be empty */
    const char *const *names; /* of ENUM, NULL-terminated */
    const char *def;          /* default as text, read as the value would be; NULL with required:
                                 must be given; NULL otherwise: the struct's value stays */
    bool required;
    enum gw_jtype jtype; /* of NODE: the type that it must have; GW_J_NULL = any */
    /* Called with the member after it passed everything else; adds issues of its own. May be NULL.
     */
    void (*check)(const struct gw_jnode *value, struct gw_issues *issues);
    const char *doc; /* one line for people; config/README.md carries it word for word */
};

/* Reads obj into out by the table. Defaults are applied first. true when no issue was added. A
 * member with an issue leaves its default in out. obj NULL: only the defaults. */
bool gw_keys_read(const struct gw_jnode *obj, const struct gw_key *keys, void *out,
                  struct gw_issues *issues);

/* As gw_keys_read, for an object that two owners share (a bus, device or point is read by the site
 * reader and by its driver): a key of `others` is known and left alone, because its owner reads it.
 * A driver's hook reads a device with others = gw_site_device_keys, a bus with gw_site_bus_keys. */
bool gw_keys_read_beside(const struct gw_jnode *obj, const struct gw_key *keys,
                         const struct gw_key *others, void *out, struct gw_issues *issues);

/* As gw_keys_read, but says nothing of unknown keys: for the first of two owners, or where the
 * second one cannot be found. */
bool gw_keys_read_some(const struct gw_jnode *obj, const struct gw_key *keys, void *out,
                       struct gw_issues *issues);

/* True when text is what GW_KEY_ID permits: 1..size-1 letters, digits, '-' and '_'. */
bool gw_keys_is_id(const char *text, size_t size);

/* Appends the struct as JSON text for --print-config: a line for each member with `indent` spaces
 * in front, ",\n" between them and nothing after the last; no braces. Secrets are "***"; NODE
 * members and values that could not be read back because they were never set ("" of an ID, a number
 * out of its range or not finite) are left out. */
void gw_keys_print(const struct gw_key *keys, const void *in, int indent, struct gw_buf *out);

/* The first key whose values differ between two structs of the table, NODE members left out; NULL:
 * none. */
const struct gw_key *gw_keys_differ(const struct gw_key *keys, const void *a, const void *b);

/* Appends text as a JSON string with its quotes. */
void gw_keys_print_str(const char *text, struct gw_buf *out);

/* Appends a decimal form that reads back as the same double, with 15 digits where they do; v must
 * be finite. */
void gw_keys_print_num(double v, struct gw_buf *out);

#endif
