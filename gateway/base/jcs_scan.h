/* SPDX-License-Identifier: Apache-2.0
 *
 * jcs_scan: reading canonical JSON strictly, for the writer's own needs. Only for this folder.
 */
#ifndef GW_BASE_JCS_SCAN_H
#define GW_BASE_JCS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct gw_jcs_scan {
    const char *p;
    const char *end;
};

/* A member of an object, pointing into the text. */
struct gw_jcs_member {
    const char *start; /* the key's opening quote */
    const char *key;
    size_t key_len;
    const char *end; /* behind the value */
};

/* Moves behind one value with at most `depth` containers in it. false: not canonical. */
bool gw_jcs_scan_value(struct gw_jcs_scan *s, int depth);

/* Moves behind one member, "key":value. false: not canonical, or the key has no plain ASCII form of
 * less than GW_JCS_KEY bytes. */
bool gw_jcs_scan_member(struct gw_jcs_scan *s, int depth, struct gw_jcs_member *out);

/* As strcmp, of the keys. */
int gw_jcs_member_compare(const struct gw_jcs_member *a, const struct gw_jcs_member *b);

/* True when c may stand in a key: printable ASCII that needs no escape. */
static inline bool gw_jcs_key_char(char c)
{
    return c >= 0x20 && c <= 0x7E && c != '"' && c != '\\';
}

#endif
