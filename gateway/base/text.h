/* SPDX-License-Identifier: Apache-2.0
 *
 * text: lines for people, and UTF-8. Pure; any thread.
 */
#ifndef GW_BASE_TEXT_H
#define GW_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Formats one line into out (size >= 4 bytes, always NUL-terminated): control characters become
 * spaces, and a text that does not fit is cut between two characters and ends in "...". The
 * arguments must not point into out. */
void gw_text_vline(char *out, size_t size, const char *fmt, va_list ap) GW_PRINTF(3, 0);
void gw_text_line(char *out, size_t size, const char *fmt, ...) GW_PRINTF(3, 4);

/* The length in bytes of the well-formed UTF-8 character at the start of s (n bytes left), 1 to 4;
 * 0 when there is none: overlong, surrogate, beyond U+10FFFF, cut short, or n is 0. */
size_t gw_utf8_char(const char *s, size_t n);

/* True when all n bytes are well-formed UTF-8. */
bool gw_utf8_valid(const char *s, size_t n);

#endif
