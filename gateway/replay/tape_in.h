/* SPDX-License-Identifier: Apache-2.0
 *
 * tape_in: what the readers of the three forms share. Only for the tape's own files.
 */
#ifndef GW_REPLAY_TAPE_IN_H
#define GW_REPLAY_TAPE_IN_H

#include "replay/tape.h"

#define TAPE_NO_POINT   UINT32_MAX
#define TAPE_COLUMNS    512 /* of a CSV file */
#define TAPE_NO_QUALITY 0xff

/* A piece of a line. */
struct gw_slice {
    const char *p;
    size_t len;
};
bool gw_slice_is(struct gw_slice s, const char *text);

/* What was said of one point at one moment: its value, its quality, or both. */
struct gw_cell {
    uint32_t point;
    uint8_t quality; /* TAPE_NO_QUALITY: not said */
    uint8_t valued;
    union gw_datum value;
    int64_t wall_ms;
};

enum gw_tape_form { GW_TAPE_LINES, GW_TAPE_JSON, GW_TAPE_CSV };

/* What a column of a CSV file holds. */
enum gw_column_is {
    GW_COL_NONE = 0,
    GW_COL_TIME,
    GW_COL_POINT,
    GW_COL_VALUE,
    GW_COL_QUALITY,
    GW_COL_DEVICE,
    GW_COL_FIELD,
    GW_COL_GATEWAY,
    GW_COL_MEASUREMENT,
    GW_COL_SYNC,
    GW_COL_NAMED /* a point of the line's device, or its quality */
};

struct gw_column {
    uint8_t is;
    char name[GW_POINT_ID]; /* NAMED */
    uint32_t device, point; /* NAMED: what the name meant for this device the last time */
    bool quality;
};

/* A file that is being read. */
struct gw_tape_file {
    const char *path;
    FILE *f;
    bool is_stdin, ended;
    uint64_t line_no;
    char *line;
    size_t room;
    enum gw_tape_form form;
    int64_t newest_ms;
    struct gw_column *columns; /* CSV: TAPE_COLUMNS of them */
    size_t ncolumns;
};

/* The line as it is taken apart: cells of one device at one time. */
struct gw_tape_line {
    const struct gw_site *site;
    int64_t wall_ms;
    uint32_t device;
    bool sync, foreign, derived;
    struct gw_cell *cells; /* room for `room` */
    size_t n, room;
    uint64_t unknown;
    void (*unknown_name)(void *ctx, struct gw_slice device, struct gw_slice name);
    void *ctx;
    char why[160]; /* why the line is bad */
};

/* Each reads one line (without its newline) into *l and returns false, with l->why, when it cannot
 * be read whole. A line that says nothing (empty, a comment, a heading) leaves n 0. */
bool gw_tape_read_lines(struct gw_tape_file *f, const char *text, size_t len,
                        struct gw_tape_line *l);
bool gw_tape_read_json(struct gw_tape_file *f, const char *text, size_t len,
                       struct gw_tape_line *l);
bool gw_tape_read_csv(struct gw_tape_file *f, const char *text, size_t len, struct gw_tape_line *l);

/* ---- shared pieces; each returns false with l->why filled ---- */

bool gw_tape_bad(struct gw_tape_line *l, const char *fmt, ...) GW_PRINTF(2, 3);
/* Whole seconds, ms, us or ns since 1970 (10, 13, 16, 19 digits), or RFC 3339 with its zone. */
bool gw_tape_time(struct gw_tape_line *l, struct gw_slice text, int64_t *out);
/* Finds l->device; an unknown one leaves UINT32_MAX and is counted. */
void gw_tape_device(struct gw_tape_line *l, struct gw_slice id);
/* The point of l->device that a name means, or the one whose quality "<name>_q" is. */
uint32_t gw_tape_named(const struct gw_tape_line *l, struct gw_slice name, bool *quality);
/* Adds to the cell of a point. `text` as its type is written: a decimal, true, false, 0, 1, a state
 * by name or number. */
bool gw_tape_value(struct gw_tape_line *l, uint32_t point, struct gw_slice text);
bool gw_tape_quality(struct gw_tape_line *l, uint32_t point, struct gw_slice text);
/* The same for a number that was already read as such. */
bool gw_tape_number(struct gw_tape_line *l, struct gw_slice text, double *out);
bool gw_tape_integer(struct gw_slice text, int64_t *out);
struct gw_cell *gw_tape_cell(struct gw_tape_line *l, uint32_t point);

#endif
