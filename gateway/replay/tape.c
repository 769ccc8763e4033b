/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* getline */
#include "replay/tape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "replay/tape_in.h"

#define COMPLAINTS     20 /* bad lines that are named; more are only counted */
#define UNKNOWN        32 /* names that are kept */
#define LINE_MAX_BYTES (1 << 20)

/* Cells of one device at one time, as one line had them. */
struct row {
    int64_t wall_ms;
    uint64_t seq;
    uint32_t device;
    uint32_t n;
    bool sync;
    struct gw_cell cells[];
};

struct gw_tape {
    struct gw_tape_conf conf;
    struct gw_tape_file *files;
    struct gw_tape_line line;
    struct row **heap; /* the earliest on top */
    size_t nheap, heap_room;
    uint64_t seq;
    int64_t told_ms;       /* of the last pass that was handed out */
    struct gw_cell *cells; /* of the pass that is put together */
    struct gw_sample *samples;
    size_t ncells, cell_room;
    uint64_t complaints;
    struct gw_tape_stats stats;
    char unknown[UNKNOWN][2 * GW_POINT_ID];
    size_t nunknown;
};

/* ---- complaints ---- */

static void complain(struct gw_tape *t, const struct gw_tape_file *f, const char *why)
{
    t->stats.bad++;
    if (t->conf.complaints == NULL || ++t->complaints > COMPLAINTS)
        return;
    fprintf(t->conf.complaints, "%s:%" PRIu64 ": %s\n", f->path, f->line_no, why);
    if (t->complaints == COMPLAINTS)
        fprintf(t->conf.complaints, "further bad lines are only counted\n");
}

static void unknown_name(void *ctx, struct gw_slice device, struct gw_slice name)
{
    struct gw_tape *t = ctx;
    char text[2 * GW_POINT_ID];
    const char *dot = device.len > 0 && name.len > 0 ? "." : "";
    (void)snprintf(text, sizeof text, "%.*s%s%.*s", (int)(device.len & 63), device.p, dot,
                   (int)(name.len < GW_POINT_ID ? name.len : GW_POINT_ID - 1), name.p);
    for (size_t i = 0; i < t->nunknown; i++)
        if (strcmp(t->unknown[i], text) == 0)
            return;
    if (t->nunknown < UNKNOWN)
        (void)snprintf(t->unknown[t->nunknown++], sizeof t->unknown[0], "%s", text);
}

const char *gw_tape_unknown(const struct gw_tape *t, size_t i)
{
    return i < t->nunknown ? t->unknown[i] : NULL;
}

/* ---- files ---- */

/* The next line without its end; false at the end of the file. An error is an end, too: told. */
static bool get_line(struct gw_tape_file *f, size_t *len)
{
    const ssize_t n = getline(&f->line, &f->room, f->f);
    if (n < 0)
        return false;
    f->line_no++;
    *len = (size_t)n;
    while (*len > 0 && (f->line[*len - 1] == '\n' || f->line[*len - 1] == '\r'))
        (*len)--;
    f->line[*len] = '\0';
    return true;
}

static bool looks_like_csv(const char *line)
{
    char text[512];
    size_t n = strcspn(line, "\n");
    n = n < sizeof text - 3 ? n : sizeof text - 3;
    text[0] = ',';
    memcpy(text + 1, line, n);
    memcpy(text + 1 + n, ",", 2);
    return line[0] == '#' || strstr(text, ",time,") != NULL || strstr(text, ",_time,") != NULL ||
           strstr(text, ",\"time\",") != NULL;
}

static enum gw_tape_form form_of(const char *line)
{
    if (line[0] == '{' || (strchr(line, '{') != NULL && strncmp(line, "nonsite/", 8) == 0))
        return GW_TAPE_JSON;
    return looks_like_csv(line) ? GW_TAPE_CSV : GW_TAPE_LINES;
}

static enum gw_status open_file(struct gw_tape_file *f, const char *path, struct gw_err *err)
{
    f->path = path;
    f->newest_ms = INT64_MIN;
    f->is_stdin = strcmp(path, "-") == 0;
    f->f = f->is_stdin ? stdin : fopen(path, "r");
    if (f->f == NULL)
        return gw_err_set(err, errno == ENOENT ? GW_E_NOTFOUND : GW_E_IO, "%s: %s", path,
                          strerror(errno));
    if (f->is_stdin)
        f->path = "standard input";
    return GW_OK;
}

enum gw_status gw_tape_open(const struct gw_tape_conf *conf, struct gw_tape **out,
                            struct gw_err *err)
{
    struct gw_tape *t = calloc(1, sizeof *t);
    if (t == NULL)
        return gw_err_set(err, GW_E_NOMEM, "recording: out of memory");
    t->conf = *conf;
    t->told_ms = INT64_MIN;
    t->cell_room = conf->site->npoints + 1;
    t->files = calloc(conf->npaths + 1, sizeof *t->files);
    t->cells = calloc(t->cell_room, sizeof *t->cells);
    t->samples = calloc(t->cell_room, sizeof *t->samples);
    t->line.cells = calloc(t->cell_room, sizeof *t->line.cells);
    if (t->files == NULL || t->cells == NULL || t->samples == NULL || t->line.cells == NULL) {
        gw_tape_close(t);
        return gw_err_set(err, GW_E_NOMEM, "recording: out of memory");
    }
    t->line.site = conf->site;
    t->line.room = t->cell_room;
    t->line.unknown_name = unknown_name;
    t->line.ctx = t;
    for (size_t i = 0; i < conf->npaths; i++) {
        const enum gw_status st = open_file(&t->files[i], conf->paths[i], err);
        if (st != GW_OK) {
            gw_tape_close(t);
            return st;
        }
    }
    *out = t;
    return GW_OK;
}

void gw_tape_close(struct gw_tape *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; t->files != NULL && i < t->conf.npaths; i++) {
        if (t->files[i].f != NULL && !t->files[i].is_stdin)
            (void)fclose(t->files[i].f);
        free(t->files[i].line);
        free(t->files[i].columns);
    }
    for (size_t i = 0; i < t->nheap; i++)
        free(t->heap[i]);
    free(t->heap);
    free(t->files);
    free(t->cells);
    free(t->samples);
    free(t->line.cells);
    free(t);
}

/* ---- rows in order ---- */

static bool before(const struct row *a, const struct row *b)
{
    if (a->wall_ms != b->wall_ms)
        return a->wall_ms < b->wall_ms;
    /* Cells of one pass that came in several lines stand together. */
    if (a->device != b->device)
        return a->device < b->device;
    return a->seq < b->seq;
}

static bool push(struct gw_tape *t, struct row *r)
{
    if (t->nheap == t->heap_room) {
        const size_t room = t->heap_room > 0 ? 2 * t->heap_room : 256;
        struct row **heap = realloc(t->heap, room * sizeof(struct row *));
        if (heap == NULL)
            return false;
        t->heap = heap;
        t->heap_room = room;
    }
    size_t i = t->nheap++;
    for (; i > 0 && before(r, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = r;
    return true;
}

static struct row *pop(struct gw_tape *t)
{
    struct row *top = t->heap[0];
    struct row *last = t->heap[--t->nheap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= t->nheap)
            break;
        if (child + 1 < t->nheap && before(t->heap[child + 1], t->heap[child]))
            child++;
        if (!before(t->heap[child], last))
            break;
        t->heap[i] = t->heap[child];
        i = child;
    }
    t->heap[i] = last;
    return top;
}

/* Puts the line into its place. False when memory is short. */
static bool keep(struct gw_tape *t, struct gw_tape_file *f)
{
    const struct gw_tape_line *l = &t->line;
    if (l->wall_ms < t->told_ms) {
        char why[128];
        (void)snprintf(why, sizeof why,
                       "its time is more than %" PRId64 " s behind what was read before it",
                       t->conf.window_ms / 1000);
        complain(t, f, why);
        return true;
    }
    if (l->wall_ms > f->newest_ms)
        f->newest_ms = l->wall_ms;
    struct row *r = malloc(sizeof *r + l->n * sizeof r->cells[0]);
    if (r == NULL)
        return false;
    r->wall_ms = l->wall_ms;
    r->seq = t->seq++;
    r->device = l->device;
    r->sync = l->sync;
    r->n = (uint32_t)l->n;
    memcpy(r->cells, l->cells, l->n * sizeof r->cells[0]);
    if (push(t, r))
        return true;
    free(r);
    return false;
}

static bool read_as(struct gw_tape_file *f, const char *text, size_t len, struct gw_tape_line *l)
{
    switch (f->form) {
    case GW_TAPE_LINES:
        return gw_tape_read_lines(f, text, len, l);
    case GW_TAPE_JSON:
        return gw_tape_read_json(f, text, len, l);
    case GW_TAPE_CSV:
        return gw_tape_read_csv(f, text, len, l);
    }
    return false;
}

static bool take_line(struct gw_tape *t, struct gw_tape_file *f, size_t len)
{
    struct gw_tape_line *l = &t->line;
    const char *text = f->line;
    if (f->line_no == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; /* a byte order mark, as spreadsheets write it */
        len -= 3;
    }
    if (f->line_no == 1)
        f->form = form_of(text);
    if (f->form == GW_TAPE_CSV && f->columns == NULL) {
        f->columns = calloc(TAPE_COLUMNS, sizeof *f->columns);
        if (f->columns == NULL)
            return false;
    }
    l->n = 0;
    l->wall_ms = 0;
    l->device = UINT32_MAX;
    l->sync = l->foreign = l->derived = false;
    l->unknown = 0;
    t->stats.lines++;
    if (memchr(text, '\0', len) != NULL || len > LINE_MAX_BYTES || !read_as(f, text, len, l)) {
        complain(t, f, l->why[0] != '\0' ? l->why : "not a line of text");
        l->why[0] = '\0';
        return true;
    }
    t->stats.foreign += l->foreign ? 1 : 0;
    t->stats.unknown += l->unknown;
    t->stats.derived += l->derived ? l->n : 0;
    return l->n == 0 || l->derived || keep(t, f);
}

/* The file that is least far read; NULL when all are at their end. */
static struct gw_tape_file *least(struct gw_tape *t)
{
    struct gw_tape_file *f = NULL;
    for (size_t i = 0; i < t->conf.npaths; i++)
        if (!t->files[i].ended && (f == NULL || t->files[i].newest_ms < f->newest_ms))
            f = &t->files[i];
    return f;
}

/* Reads on until the top of the heap cannot be preceded any more. */
static enum gw_status fill(struct gw_tape *t, struct gw_err *err)
{
    for (;;) {
        struct gw_tape_file *f = least(t);
        size_t len = 0;
        if (f == NULL)
            return GW_OK;
        if (t->nheap > 0 && f->newest_ms > INT64_MIN + t->conf.window_ms &&
            t->heap[0]->wall_ms < f->newest_ms - t->conf.window_ms)
            return GW_OK;
        errno = 0;
        if (get_line(f, &len)) {
            if (!take_line(t, f, len))
                return gw_err_set(err, GW_E_NOMEM, "recording: out of memory");
            continue;
        }
        if (ferror(f->f))
            return gw_err_set(err, GW_E_IO, "%s: %s", f->path, strerror(errno));
        f->ended = true;
    }
}

/* ---- passes ---- */

static void merge(struct gw_tape *t, const struct row *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct gw_cell *c = &r->cells[i];
        struct gw_cell *to = NULL;
        for (size_t k = 0; k < t->ncells && to == NULL; k++)
            if (t->cells[k].point == c->point)
                to = &t->cells[k];
        if (to == NULL) {
            t->cells[t->ncells++] = *c;
            continue;
        }
        if (c->valued) {
            to->valued = 1;
            to->value = c->value;
        }
        if (c->quality != TAPE_NO_QUALITY)
            to->quality = c->quality;
    }
}

static size_t samples_of(struct gw_tape *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->ncells; i++) {
        const struct gw_cell *c = &t->cells[i];
        const bool said = c->quality != TAPE_NO_QUALITY;
        if (!said && !t->conf.assume_good) {
            t->stats.unpaired++;
            continue;
        }
        t->samples[n++] = (struct gw_sample){
            .point = c->point,
            .quality = said ? c->quality : (uint8_t)GW_Q_GOOD,
            .vtype = (uint8_t)t->conf.site->points[c->point].def->vtype,
            .valued = c->valued,
            .value = c->value,
            .wall_ms = c->wall_ms,
        };
    }
    return n;
}

enum gw_status gw_tape_next(struct gw_tape *t, struct gw_tape_pass *out, struct gw_err *err)
{
    size_t n = 0;
    while (n == 0) {
        const enum gw_status st = fill(t, err);
        if (st != GW_OK)
            return st;
        if (t->nheap == 0)
            return GW_E_CLOSED;
        struct row *r = pop(t);
        *out = (struct gw_tape_pass){.wall_ms = r->wall_ms, .device = r->device, .sync = r->sync};
        t->told_ms = r->wall_ms;
        t->ncells = 0;
        for (;;) {
            merge(t, r);
            out->sync = out->sync || r->sync;
            free(r);
            if (t->nheap == 0 || t->heap[0]->wall_ms != out->wall_ms ||
                t->heap[0]->device != out->device)
                break;
            r = pop(t);
        }
        n = samples_of(t);
    }
    out->samples = t->samples;
    out->n = n;
    if (t->stats.samples == 0)
        t->stats.first_ms = out->wall_ms;
    t->stats.last_ms = out->wall_ms;
    t->stats.samples += n;
    return GW_OK;
}

void gw_tape_stats(const struct gw_tape *t, struct gw_tape_stats *out)
{
    *out = t->stats;
}
