/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "conf/site_diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "stub.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

/* What an instrument says. */
struct dial {
    struct gw_sample sample; /* value as it was set last */
    enum gw_quality quality;
};

struct line {
    enum gw_link link;
    bool frozen;
    char identity[GW_IDENTITY_SIZE];
};

struct scene {
    struct scene_conf conf;
    char *assets; /* of the last load */
    struct gw_site *site;
    struct gw_catalogue *catalogue;
    struct gw_inventory *inventory;
    struct gw_table *table;
    struct gw_engine *engine;
    struct gw_fake_clock clock;
    unsigned boots; /* reboots so far: each has a boot id of its own */
    struct dial *dials;
    struct line *lines;
    struct dial *marked_dials;
    struct line *marked_lines;
    int64_t stepped_ms; /* monotonic time of the last step */
    int64_t stored_ms;  /* glance: and of the last checkpoint */
    struct ledger ledger;
};

/* ---- the site ---- */

static void write_site(const struct scene *s, const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "{\"gateway\":{\"id\":\"g1\",\"catalogue\":\"" GW_SOURCE_DIR "/config/findings.json\"},"
            "\"enterprise\":{\"uscc\":\"91371311MAXX00015G\",\"code\":\"371311000015\","
            "\"name\":\"罗庄铸造\",\"county\":\"371311\",\"sector\":\"%s\"},"
            "\"buses\":{\"b1\":{\"driver\":\"stub\"},\"b2\":{\"driver\":\"stub\"},"
            "\"b3\":{\"driver\":\"stub\"}},"
            "\"devices\":{%s},\"points\":{%s},\"assets\":{%s},"
            "\"publish\":{\"mqtt\":{\"enabled\":false,\"host\":\"127.0.0.1\",\"tls\":false}},"
            "\"journal\":{\"window_before_s\":%" PRId64 ",\"window_after_s\":%" PRId64 "}}",
            s->conf.sector, s->conf.devices, s->conf.points, s->assets, s->conf.before_s,
            s->conf.after_s);
    assert_int_equal(fclose(f), 0);
}

static void fail_with(struct gw_issues *issues)
{
    gw_issues_print(issues, stderr);
    fail_msg("the scene's site was refused");
}

/* The file is gone again before anything can fail. */
static void load_site(struct scene *s)
{
    static const struct gw_conf_driver *const drivers[] = {&scene_stub, NULL};
    char dir[96];
    char path[128];
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/gw-scene-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/site.json", dir);
    write_site(s, path);
    struct gw_issues *issues = gw_issues_new();
    assert_non_null(issues);
    const enum gw_status status = gw_site_load(path, drivers, issues, &s->site);
    unlink(path);
    rmdir(dir);
    if (status != GW_OK || gw_catalogue_load(s->site->catalogue, issues, &s->catalogue) != GW_OK ||
        gw_inventory_build(s->site, s->catalogue, issues, &s->inventory) != GW_OK)
        fail_with(issues);
    gw_issues_free(issues);
}

static void unload_site(struct scene *s)
{
    gw_inventory_free(s->inventory);
    gw_catalogue_free(s->catalogue);
    gw_site_free(s->site);
}

/* ---- the engine ---- */

static void make_engine(struct scene *s)
{
    uint32_t bus_of[64];
    char boot_id[40];
    struct gw_err err;
    snprintf(boot_id, sizeof boot_id, "5f0c0000-0000-4000-8000-%012u", s->boots + 1);
    assert_true(s->site->ndevices <= 64);
    for (size_t i = 0; i < s->site->ndevices; i++)
        bus_of[i] = s->site->devices[i].bus;
    const struct gw_table_conf tc = {
        .points = s->site->points,
        .npoints = s->site->npoints,
        .bus_of = bus_of,
        .ndevices = s->site->ndevices,
        .window_ms = ((s->conf.before_s + s->conf.after_s > GW_RATE_WINDOW_S
                           ? s->conf.before_s + s->conf.after_s
                           : GW_RATE_WINDOW_S) +
                      60) *
                     1000,
    };
    assert_int_equal(gw_table_new(&tc, &s->table, &err), GW_OK);
    const struct gw_engine_conf ec = {
        .inventory = s->inventory,
        .table = s->table,
        .boot_id = boot_id,
        .inventory_sha256 = s->site->config_sha256,
        .emit = ledger_emit,
        .emit_ctx = &s->ledger,
    };
    assert_int_equal(gw_engine_new(&ec, &s->engine, &err), GW_OK);
}

static void start(struct scene *s)
{
    make_engine(s);
    ledger_restore(&s->ledger, s->engine);
    s->stepped_ms = -1;
    s->stored_ms = 0;
}

static void stop(struct scene *s)
{
    gw_engine_free(s->engine);
    gw_table_free(s->table);
}

static void make_dials(struct scene *s)
{
    s->dials = calloc(s->site->npoints + 1, sizeof *s->dials);
    s->lines = calloc(s->site->ndevices + 1, sizeof *s->lines);
    s->marked_dials = calloc(s->site->npoints + 1, sizeof *s->dials);
    s->marked_lines = calloc(s->site->ndevices + 1, sizeof *s->lines);
    assert_true(s->dials != NULL && s->lines != NULL);
    assert_true(s->marked_dials != NULL && s->marked_lines != NULL);
    for (size_t i = 0; i < s->site->npoints; i++) {
        s->dials[i].quality = GW_Q_GOOD;
        s->dials[i].sample = (struct gw_sample){.point = (uint32_t)i,
                                                .vtype = (uint8_t)s->site->points[i].def->vtype,
                                                .nraw = 1,
                                                .valued = 1};
        if (s->site->points[i].def->vtype == GW_V_STATE)
            s->dials[i].sample.value.i = GW_S_NORMAL;
    }
    for (size_t i = 0; i < s->site->ndevices; i++)
        s->lines[i].link = GW_LINK_OK;
}

static char *duplicate(const char *text)
{
    char *out = malloc(strlen(text) + 1);
    assert_non_null(out);
    memcpy(out, text, strlen(text) + 1);
    return out;
}

struct scene *scene_new(const struct scene_conf *conf)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->conf = *conf;
    s->conf.sector = conf->sector != NULL ? conf->sector : "machinery";
    s->conf.step_ms = conf->step_ms > 0 ? conf->step_ms : 1000;
    s->conf.before_s = conf->before_s > 0 ? conf->before_s : 300;
    s->conf.after_s = conf->after_s > 0 ? conf->after_s : 120;
    s->assets = duplicate(conf->assets);
    gw_fake_clock_init(&s->clock);
    load_site(s);
    make_dials(s);
    start(s);
    return s;
}

void scene_free(struct scene *s)
{
    stop(s);
    unload_site(s);
    ledger_free(&s->ledger);
    free(s->assets);
    free(s->dials);
    free(s->lines);
    free(s->marked_dials);
    free(s->marked_lines);
    free(s);
}

/* ---- the plant ---- */

static struct dial *dial(struct scene *s, const char *point, enum gw_vtype vtype)
{
    uint32_t at = 0;
    if (!gw_site_find_point(s->site, point, &at))
        fail_msg("no point %s", point);
    assert_int_equal(s->site->points[at].def->vtype, vtype);
    return &s->dials[at];
}

static struct line *line(struct scene *s, const char *device)
{
    for (size_t i = 0; i < s->site->ndevices; i++)
        if (strcmp(s->site->devices[i].id, device) == 0)
            return &s->lines[i];
    fail_msg("no device %s", device);
    return NULL;
}

void scene_num(struct scene *s, const char *point, double value)
{
    struct dial *d = dial(s, point, GW_V_NUM);
    d->sample.value.num = value;
    d->sample.raw[0] = (uint16_t)(int64_t)(value * 100.0);
}

void scene_int(struct scene *s, const char *point, int64_t value)
{
    struct dial *d = dial(s, point, GW_V_INT);
    d->sample.value.i = value;
    d->sample.raw[0] = (uint16_t)value;
}

void scene_contact(struct scene *s, const char *point, bool on)
{
    struct dial *d = dial(s, point, GW_V_BOOL);
    d->sample.value.i = on ? 1 : 0;
    d->sample.raw[0] = on ? 1 : 0;
}

void scene_state(struct scene *s, const char *point, enum gw_state state)
{
    struct dial *d = dial(s, point, GW_V_STATE);
    d->sample.value.i = (int64_t)state;
    d->sample.raw[0] = (uint16_t)state;
    /* As a driver does it: a state that nobody can name is not sure. */
    d->quality = state == GW_S_UNKNOWN ? GW_Q_UNCERTAIN : GW_Q_GOOD;
}

void scene_quality(struct scene *s, const char *point, enum gw_quality quality)
{
    uint32_t at = 0;
    if (!gw_site_find_point(s->site, point, &at))
        fail_msg("no point %s", point);
    s->dials[at].quality = quality;
}

void scene_link(struct scene *s, const char *device, enum gw_link link)
{
    line(s, device)->link = link;
}

void scene_identity(struct scene *s, const char *device, const char *identity)
{
    struct line *l = line(s, device);
    assert_true(strlen(identity) < sizeof l->identity);
    snprintf(l->identity, sizeof l->identity, "%s", identity);
}

void scene_freeze(struct scene *s, const char *device, bool frozen)
{
    line(s, device)->frozen = frozen;
}

void scene_mark(struct scene *s)
{
    memcpy(s->marked_dials, s->dials, s->site->npoints * sizeof *s->dials);
    memcpy(s->marked_lines, s->lines, s->site->ndevices * sizeof *s->lines);
}

void scene_heal(struct scene *s)
{
    memcpy(s->dials, s->marked_dials, s->site->npoints * sizeof *s->dials);
    memcpy(s->lines, s->marked_lines, s->site->ndevices * sizeof *s->lines);
}

/* ---- time ---- */

/* The gateway looks four times a second; time in which it does not look for longer than this is
 * time of which it knows nothing. */
#define LOOK_MS (5 * SECOND)

static struct gw_sample read_dial(const struct scene *s, size_t point, const struct line *l)
{
    const struct dial *d = &s->dials[point];
    struct gw_sample out = d->sample;
    out.quality = (uint8_t)d->quality;
    if (l->link != GW_LINK_OK)
        out.quality = GW_Q_BAD_COMM;
    if (out.quality == GW_Q_BAD_COMM) {
        out.nraw = 0;
        out.valued = 0;
        memset(&out.value, 0, sizeof out.value);
    }
    out.mono_ms = s->clock.now.mono_ms;
    out.wall_ms = s->clock.now.wall_ms;
    return out;
}

static void poll_device(struct scene *s, uint32_t device)
{
    const struct gw_site_device *d = &s->site->devices[device];
    const struct line *l = &s->lines[device];
    size_t done = 0;
    do {
        struct gw_batch b = {
            .device = device,
            .link = (uint8_t)l->link,
            .mono_ms = s->clock.now.mono_ms,
            .wall_ms = s->clock.now.wall_ms,
        };
        while (done < d->npoints && b.n < GW_BATCH_MAX)
            b.samples[b.n++] = read_dial(s, d->first_point + done++, l);
        b.last = done == d->npoints;
        if (l->link == GW_LINK_OK)
            memcpy(b.identity, l->identity, sizeof b.identity);
        if (l->link != GW_LINK_OK)
            snprintf(b.fault, sizeof b.fault, "no answer");
        gw_table_apply(s->table, &b);
    } while (done < d->npoints);
}

/* A look between two steps of a long one: all answer, all is evaluated, nothing is committed. */
static void one_look(struct scene *s)
{
    for (uint32_t i = 0; i < s->site->ndevices; i++)
        if (!s->lines[i].frozen)
            poll_device(s, i);
    gw_engine_all(s->engine, &s->clock.now);
}

/* One step of a story of weeks. */
static void one_glance(struct scene *s)
{
    for (uint32_t i = 0; i < s->site->ndevices; i++)
        if (!s->lines[i].frozen)
            poll_device(s, i);
    gw_engine_all(s->engine, &s->clock.now);
    if (s->clock.now.mono_ms - s->stored_ms >= MINUTE) {
        gw_engine_checkpoint(s->engine, &s->clock.now, false);
        s->stored_ms = s->clock.now.mono_ms;
    }
    ledger_commit(&s->ledger, s->engine, false);
    s->ledger.step++;
    s->stepped_ms = s->clock.now.mono_ms;
}

static void one_step(struct scene *s)
{
    if (s->conf.glance) {
        one_glance(s);
        return;
    }
    /* Device by device, as they answer. In steps so long that values would grow stale between them,
     * all answer first. */
    const bool at_once = s->conf.step_ms > SECOND;
    for (uint32_t i = 0; i < s->site->ndevices && at_once; i++)
        if (!s->lines[i].frozen)
            poll_device(s, i);
    for (uint32_t i = 0; i < s->site->ndevices; i++) {
        if (!s->lines[i].frozen) {
            if (!at_once)
                poll_device(s, i);
            gw_engine_device(s->engine, i, &s->clock.now);
        }
    }
    gw_engine_all(s->engine, &s->clock.now);
    gw_engine_checkpoint(s->engine, &s->clock.now, false);
    ledger_commit(&s->ledger, s->engine, false);
    s->ledger.step++;
    s->stepped_ms = s->clock.now.mono_ms;
}

void scene_run(struct scene *s, int64_t ms)
{
    if (s->stepped_ms != s->clock.now.mono_ms)
        one_step(s);
    while (ms > 0) {
        const int64_t by = ms < s->conf.step_ms ? ms : s->conf.step_ms;
        int64_t left = by;
        for (; left > LOOK_MS; left -= LOOK_MS) {
            gw_fake_clock_advance(&s->clock, LOOK_MS);
            one_look(s);
        }
        gw_fake_clock_advance(&s->clock, left);
        one_step(s);
        ms -= by;
    }
}

void scene_step_ms(struct scene *s, int64_t step_ms)
{
    s->conf.step_ms = step_ms;
}

void scene_clock_step(struct scene *s, int64_t ms)
{
    gw_fake_clock_step(&s->clock, ms);
}

struct gw_stamp scene_now(const struct scene *s)
{
    return s->clock.now;
}

void scene_sync(struct scene *s, bool sync)
{
    s->clock.now.sync = sync;
}

void scene_wait(struct scene *s, int64_t ms)
{
    gw_fake_clock_advance(&s->clock, ms);
}

uint32_t scene_poll(struct scene *s, const char *device)
{
    const uint32_t at = (uint32_t)(line(s, device) - s->lines);
    poll_device(s, at);
    return at;
}

/* ---- the journal ---- */

void scene_commit(struct scene *s)
{
    ledger_commit(&s->ledger, s->engine, true);
}

void scene_refuse(struct scene *s, unsigned percent, uint64_t seed)
{
    s->ledger.refuse_percent = percent;
    s->ledger.rand = seed;
}

void scene_commit_lag(struct scene *s, unsigned steps)
{
    s->ledger.lag = steps;
}

static void end(struct scene *s, enum scene_end how)
{
    if (how == SCENE_CLEAN) {
        gw_engine_checkpoint(s->engine, &s->clock.now, true);
        ledger_commit(&s->ledger, s->engine, true);
    } else {
        ledger_crash(&s->ledger);
    }
    stop(s);
}

void scene_restart(struct scene *s, enum scene_end how, int64_t down_ms, bool reboot)
{
    end(s, how);
    gw_fake_clock_advance(&s->clock, down_ms);
    if (reboot) {
        s->boots++;
        s->clock.now.mono_ms = 20000;
        s->clock.now.boot_ms = 20000;
    }
    start(s);
}

void scene_reload(struct scene *s, const char *assets)
{
    end(s, SCENE_CLEAN);
    unload_site(s);
    free(s->assets);
    s->assets = duplicate(assets);
    load_site(s);
    start(s);
}

void scene_swap(struct scene *s, const char *assets)
{
    struct scene old = *s;
    struct gw_site_diff diff;
    scene_commit(s);
    assert_false(gw_engine_waits(old.engine));
    s->assets = duplicate(assets);
    load_site(s);
    make_engine(s);
    assert_int_equal(gw_site_diff_make(old.site, s->site, &diff), GW_OK);
    const struct gw_table_keep keep = {
        .points = diff.points, .devices = diff.devices, .buses = diff.buses};
    gw_table_inherit(s->table, old.table, &keep);
    assert_int_equal(gw_engine_inherit(s->engine, old.engine, NULL, NULL), GW_OK);
    gw_site_diff_free(&diff);
    stop(&old);
    unload_site(&old);
    free(old.assets);
}

size_t scene_records(const struct scene *s)
{
    return s->ledger.nrecords;
}

const struct scene_record *scene_record(const struct scene *s, size_t i)
{
    assert_true(i < s->ledger.nrecords);
    return &s->ledger.records[i];
}

static bool is_of(const struct scene_record *r, const char *code, const char *state)
{
    if (r->cls == GW_CLASS_COMMAND) {
        const char *colon = strchr(rec_str(r, "target"), ':');
        const size_t len = strlen(code);
        return state != NULL && colon != NULL && strncmp(colon + 1, code, len) == 0 &&
               (colon[1 + len] == ':' || colon[1 + len] == '\0') &&
               strcmp(rec_str(r, "command"), state) == 0;
    }
    if (strcmp(rec_str(r, "finding"), code) != 0)
        return false;
    if (r->cls == GW_CLASS_EVIDENCE)
        return state == NULL;
    return state != NULL && strcmp(rec_str(r, "state"), state) == 0;
}

size_t scene_count(const struct scene *s, const char *code, const char *state)
{
    size_t n = 0;
    for (size_t i = 0; i < s->ledger.nrecords; i++)
        n += is_of(&s->ledger.records[i], code, state) ? 1 : 0;
    return n;
}

const struct scene_record *scene_last(const struct scene *s, const char *code, const char *state)
{
    for (size_t i = s->ledger.nrecords; i-- > 0;)
        if (is_of(&s->ledger.records[i], code, state))
            return &s->ledger.records[i];
    fail_msg("no record: %s %s", code, state != NULL ? state : "evidence");
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines and joins them. Frees them. */
static char *join(char **lines, size_t n)
{
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    gw_buf_str(&out, "");
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++) {
        gw_buf_printf(&out, "%s\n", lines[i]);
        free(lines[i]);
    }
    char *text = gw_buf_take(&out, NULL);
    gw_buf_free(&out);
    assert_non_null(text);
    return text;
}

static struct gw_json *cases_of(const struct scene *s)
{
    struct gw_buf doc;
    struct gw_jcs j;
    gw_buf_init(&doc, 1 << 20);
    gw_jcs_init(&j, &doc);
    gw_jcs_obj(&j, NULL);
    gw_engine_write_cases(s->engine, &j, "cases");
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *json = NULL;
    assert_int_equal(gw_json_parse(doc.data, doc.len, "cases", issues, &json), GW_OK);
    gw_issues_free(issues);
    gw_buf_free(&doc);
    return json;
}

#define LINES_MAX 4096

char *scene_standing(const struct scene *s)
{
    char *lines[LINES_MAX];
    size_t n = 0;
    struct gw_json *json = cases_of(s);
    const struct gw_jnode *cases = gw_jnode_get(gw_json_root(json), "cases");
    for (const struct gw_jnode *c = gw_jnode_first(cases); c != NULL; c = gw_jnode_next(c)) {
        char text[256];
        snprintf(text, sizeof text, "%s:%d", gw_jnode_str(gw_jnode_get(c, "case")),
                 (int)gw_jnode_num(gw_jnode_get(c, "reopened")));
        assert_true(n < LINES_MAX);
        lines[n++] = duplicate(text);
    }
    gw_json_free(json);
    return join(lines, n);
}

char *scene_history(const struct scene *s)
{
    char *lines[LINES_MAX];
    assert_true(s->ledger.nrecords < LINES_MAX);
    for (size_t i = 0; i < s->ledger.nrecords; i++) {
        const struct scene_record *r = &s->ledger.records[i];
        char text[256];
        snprintf(text, sizeof text, "%s %s", r->key,
                 r->cls == GW_CLASS_EVIDENCE  ? "evidence"
                 : r->cls == GW_CLASS_COMMAND ? rec_str(r, "command")
                                              : rec_str(r, "state"));
        lines[i] = duplicate(text);
    }
    return join(lines, s->ledger.nrecords);
}

const char *scene_row(const struct scene *s, const char *key)
{
    for (size_t i = 0; i < s->ledger.nrows; i++)
        if (strcmp(s->ledger.rows[i].key, key) == 0)
            return s->ledger.rows[i].text;
    return NULL;
}

size_t scene_rows_written(const struct scene *s)
{
    return s->ledger.rows_written;
}

struct gw_engine *scene_engine(struct scene *s)
{
    return s->engine;
}

const struct gw_inventory *scene_inventory(const struct scene *s)
{
    return s->inventory;
}

const struct gw_table *scene_table(const struct scene *s)
{
    return s->table;
}

/* ---- reading records ---- */

static const struct gw_jnode *find(const struct gw_jnode *n, const char *path)
{
    char part[64];
    while (n != NULL && *path != '\0') {
        const size_t len = strcspn(path, "/");
        assert_true(len < sizeof part);
        memcpy(part, path, len);
        part[len] = '\0';
        if (gw_jnode_type(n) == GW_J_ARR) {
            size_t left = (size_t)strtoul(part, NULL, 10);
            n = gw_jnode_first(n);
            while (n != NULL && left-- > 0)
                n = gw_jnode_next(n);
        } else {
            n = gw_jnode_get(n, part);
        }
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return n;
}

const struct gw_jnode *rec_at(const struct scene_record *r, const char *path)
{
    const struct gw_jnode *n = find(gw_json_root(r->doc), path);
    if (n == NULL)
        fail_msg("no %s in %s", path, r->body);
    return n;
}

bool rec_has(const struct scene_record *r, const char *path)
{
    return find(gw_json_root(r->doc), path) != NULL;
}

const char *rec_str(const struct scene_record *r, const char *path)
{
    const struct gw_jnode *n = rec_at(r, path);
    assert_int_equal(gw_jnode_type(n), GW_J_STR);
    return gw_jnode_str(n);
}

int64_t rec_int(const struct scene_record *r, const char *path)
{
    const struct gw_jnode *n = rec_at(r, path);
    assert_int_equal(gw_jnode_type(n), GW_J_NUM);
    return (int64_t)gw_jnode_num(n);
}

void rec_id(const struct scene_record *r, char out[GW_RECORD_ID_SIZE])
{
    snprintf(out, GW_RECORD_ID_SIZE, "%s-%" PRId64, LEDGER_CHAIN, r->seq);
}
