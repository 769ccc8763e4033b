/* SPDX-License-Identifier: Apache-2.0
 *
 * scan_in: the tokens of the scanner, private to scan. Every function does nothing useful any more
 * once status is not GW_OK; its caller looks there.
 */
#ifndef GW_CONF_SCAN_IN_H
#define GW_CONF_SCAN_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/scan.h"

struct gw_scanner {
    struct gw_scan *out;
    const char *name;
    struct gw_issues *issues;
    size_t at;
    uint32_t line;
    uint32_t ended; /* the line on which the last value ended */
    uint32_t where; /* the value that is being read, for pointers in messages */
    enum gw_status status;
};

/* Reports the first syntax error; later ones would only follow from it. */
void gw_scan_fail(struct gw_scanner *s, uint32_t line, const char *fmt, ...) GW_PRINTF(3, 4);
/* Fails with "expected <what>, found <the character at hand><hint>". */
void gw_scan_fail_expected(struct gw_scanner *s, const char *what, const char *hint);

/* The RFC 6901 pointer of a value; "" for the root and for no value. */
void gw_scan_pointer(const struct gw_scan *s, uint32_t value, char out[GW_SCAN_POINTER]);

/* Notes a value that starts here; returns its index. key is 0 for none. */
uint32_t gw_scan_note(struct gw_scanner *s, uint32_t parent, uint32_t index, uint32_t key);

/* The character at hand; NUL only at the end, because the text has none. */
static inline char gw_scan_peek(const struct gw_scanner *s)
{
    return s->out->clean[s->at];
}

/* Adds bytes to the decoded keys. false: no memory. */
bool gw_scan_put_key(struct gw_scanner *s, const char *bytes, size_t n);

/* Passes white space and blanks comments. */
void gw_scan_space(struct gw_scanner *s);
/* Passes a string, from its opening quote on; keep: the decoded text is added to the keys, with a
 * NUL. false when it failed. */
bool gw_scan_string(struct gw_scanner *s, bool keep);
/* Passes a number, from its sign or first digit on. */
void gw_scan_number(struct gw_scanner *s);
/* Passes true, false or null; false when none of them stands here. */
bool gw_scan_word(struct gw_scanner *s);

#endif
