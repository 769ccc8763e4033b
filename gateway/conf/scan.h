/* SPDX-License-Identifier: Apache-2.0
 *
 * scan: the validating scanner behind json, private to conf.
 *
 * Reads a text once, refuses whatever RFC 8259 refuses (and numbers that are not finite, the
 * character U+0000, deep nesting and long texts), blanks comments, and notes where each value
 * stands. The notes are in document order (a container before what is inside), so that they can be
 * laid beside the tree of any parser that reads the blanked text. Owned by one thread.
 */
#ifndef GW_CONF_SCAN_H
#define GW_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/issues.h"

#define GW_SCAN_DEPTH_MAX  16        /* containers inside each other */
#define GW_SCAN_SIZE_MAX   (1 << 20) /* bytes */
#define GW_SCAN_NUMBER_MAX 40        /* characters of a number */
#define GW_SCAN_POINTER    256       /* longest pointer in messages, with NUL */

#define GW_SCAN_NO_PARENT UINT32_MAX

struct gw_scan_value {
    uint32_t line;
    uint32_t parent; /* index of the container, GW_SCAN_NO_PARENT for the root */
    uint32_t index;  /* position in the container, from 0 */
    uint32_t key;    /* offset of its key in keys; of "" when it has none */
    bool repeated;   /* its object had this key before; told as an issue */
    bool again;      /* its object has this key once more behind it */
};

struct gw_scan {
    char *clean; /* the text with comments blanked, NUL-terminated, of the same length */
    size_t len;
    struct gw_scan_value *values;
    size_t nvalues;
    size_t values_cap;
    size_t nrepeated;
    char *keys; /* decoded keys, each NUL-terminated; starts with "" */
    size_t keys_len;
    size_t keys_cap;
};

/* Scans text; name is the file's name in messages. GW_OK: out is filled and belongs to the caller;
 * duplicate keys, which are no broken syntax, are issues and marked in it (nrepeated of them).
 * GW_E_PARSE: issues say why (the first syntax error, and every duplicate key before it);
 * GW_E_NOMEM. out is empty then. */
enum gw_status gw_scan(const char *text, size_t len, const char *name, struct gw_issues *issues,
                       struct gw_scan *out) GW_MUST_CHECK;
void gw_scan_free(struct gw_scan *s);

/* Adds text to out (size bytes) as one reference token of an RFC 6901 pointer: "/" and the token
 * with
 * '~' and '/' escaped. at is the length so far; returns the new one, never above size - 1; a token
 * that does not fit ends the pointer in "...". */
size_t gw_scan_token(char *out, size_t size, size_t at, const char *token);

#endif
