/* SPDX-License-Identifier: Apache-2.0
 *
 * grid: a table for people, aligned in columns of a terminal, where a Chinese character takes two.
 * It fits itself into a width: columns that can be spared are left out, then the widest are
 * narrowed and their cells go on in the lines below. Owned by one thread.
 */
#ifndef GW_CTL_GRID_H
#define GW_CTL_GRID_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

#define GW_GRID_COLUMNS 16

/* Columns that a terminal needs for well-formed UTF-8: 2 for East Asian wide and full-width
 * characters, 0 for combining ones; what is no character counts 1. */
size_t gw_grid_width(const char *text);

/* Bytes of text that go into so many columns, ending behind a space or beside a Chinese character where
 * that can be; at least one character. */
size_t gw_grid_part(const char *text, size_t width);

struct gw_grid;

/* heads: the columns' names, NULL-terminated, at most GW_GRID_COLUMNS. In front of a name, '>' aligns
 * the column to the right and '?' says that it can be spared, the last of such first. NULL when
 * memory is short. */
struct gw_grid *gw_grid_new(const char *const *heads);
void gw_grid_free(struct gw_grid *g); /* NULL is fine */

/* The next cell, row by row (copied). Control characters, which could be orders to the terminal,
 * become spaces, broken UTF-8 '?'. */
void gw_grid_cell(struct gw_grid *g, const char *text);

/* width: columns of the terminal, 0: any. A table that cannot be made to fit is wider. GW_E_NOMEM
 * when some cell could not be kept: nothing is printed then. GW_E_IO. */
enum gw_status gw_grid_print(const struct gw_grid *g, size_t width, FILE *out) GW_MUST_CHECK;

#endif
