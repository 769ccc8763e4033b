/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/ratelog.h"
#include "base/text.h"
#include "base/worker.h"
#include "publish/influx_batch.h"
#include "publish/influx_gzip.h"
#include "publish/influx_http.h"
#include "publish/influx_line.h"
#include "publish/influx_request.h"
#include "publish/influx_verdict.h"

#define TAG "influx"

#define POLL_MS   1000
#define GRANT_MAX 128 /* rows asked for at once: half of what the mailbox takes */
#define LINE_MAX  ((size_t)2 << 20)

struct gw_influx;

/* What a lookup of a point's type starts from. */
struct lookup {
    struct gw_influx *x;
};

struct gw_influx {
    /* Constant, or safe by itself. */
    struct gw_influx_conf conf;
    struct gw_site_influx own;
    const struct gw_site_influx *site; /* own */
    int stop_fd;                       /* readable for ever once gw_influx_stop was called */
    struct gw_worker *worker;
    struct gw_pulse *pulse; /* the worker's turns */

    pthread_mutex_t mutex;
    struct gw_influx_stats stats;    /* guarded, as is ... */
    const struct gw_site *points_of; /* ... where points are looked up */
    struct gw_shared *owner;         /* of that */
    struct lookup lookup;

    /* The worker's own. */
    struct gw_influx_line *line;
    struct gw_influx_batch *batch;
    struct gw_influx_gzip *gzip; /* NULL: off */
    struct gw_influx_http *http;
    struct gw_influx_course course;
    struct gw_buf text; /* one line */
    unsigned granted;   /* and not arrived yet */
    int64_t wait_until_ms;
    struct gw_influx_stats now; /* the worker's copy */
    struct gw_ratelog log, rejects_log;
};

/* ---- small parts ---- */

static int64_t now_ms(const struct gw_influx *x)
{
    return gw_clock_mono_ms(x->conf.clock);
}

static bool stopping(const struct gw_influx *x)
{
    struct pollfd fd = {.fd = x->stop_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static void update_stats(struct gw_influx *x)
{
    x->now.held = x->now.fault[0] != '\0' ? (unsigned)gw_influx_batch_count(x->batch) : 0;
    pthread_mutex_lock(&x->mutex);
    x->stats = x->now;
    pthread_mutex_unlock(&x->mutex);
}

static void fault(struct gw_influx *x, const char *fmt, ...) GW_PRINTF(2, 3);

static void fault(struct gw_influx *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(x->now.fault, sizeof x->now.fault, fmt, ap);
    va_end(ap);
    x->now.connected = false;
    gw_ratelog_fail(&x->log, now_ms(x), TAG, "%s", x->now.fault);
}

static void reject(struct gw_influx *x, const char *device, const char *text)
{
    gw_influx_rejects_add(&x->now.rejects, device, text);
    gw_ratelog_fail(&x->rejects_log, now_ms(x), TAG, "a line of \"%s\" is never taken: %s", device,
                    text);
}

static void ack(struct gw_influx *x, int64_t key)
{
    x->conf.backlog.ack(x->conf.backlog.ctx, GW_PARCEL_TELEMETRY, key);
}

/* ---- from the journal to the batch ---- */

static bool vtype_of(const void *ctx, const char *id, enum gw_vtype *out)
{
    const struct lookup *l = ctx;
    struct gw_influx *x = l->x;
    uint32_t at = 0;
    pthread_mutex_lock(&x->mutex);
    const bool found = gw_site_find_point(x->points_of, id, &at);
    if (found)
        *out = x->points_of->points[at].def->vtype;
    pthread_mutex_unlock(&x->mutex);
    return found;
}

/* false: memory is short, and the row was not taken. */
static bool add_row(struct gw_influx *x, const struct gw_parcel *p)
{
    char device[GW_ID_SIZE];
    enum gw_status status = gw_influx_line_encode(x->line, p->data, p->len, device, &x->text);

    if (status == GW_OK)
        return gw_influx_batch_add(x->batch, p->key, device, x->text.data, x->text.len,
                                   now_ms(x)) == GW_OK;
    if (status == GW_E_FULL && x->text.len < LINE_MAX / 2)
        return false;
    if (status != GW_E_NOTFOUND)
        reject(x, device, "the stored row cannot be read");
    ack(x, p->key);
    return true;
}

/* Gives all that is not settled back: it will be handed out again. */
static void rewind_all(struct gw_influx *x)
{
    struct gw_parcel p;
    gw_influx_batch_pop(x->batch, gw_influx_batch_count(x->batch));
    x->course.suspect = 0;
    x->conf.backlog.rewind(x->conf.backlog.ctx);
    while (gw_mailbox_get(x->conf.backlog.parcels, &p))
        gw_parcel_clear(&p);
    x->granted = 0;
}

static void take_rows(struct gw_influx *x)
{
    struct gw_parcel p;
    bool good = true;

    while (good && gw_influx_batch_room(x->batch) && gw_mailbox_get(x->conf.backlog.parcels, &p)) {
        if (x->granted > 0)
            x->granted--;
        good = add_row(x, &p);
        gw_parcel_clear(&p);
    }
    if (!good) {
        rewind_all(x);
        fault(x, "out of memory");
        x->wait_until_ms = now_ms(x) + gw_backoff_next(&x->course.busy);
        return;
    }
    size_t want = gw_influx_batch_space(x->batch);
    if (want > GRANT_MAX)
        want = GRANT_MAX;
    if (want > x->granted) {
        unsigned more = (unsigned)want - x->granted;
        x->granted += more;
        x->conf.backlog.grant(x->conf.backlog.ctx, more);
    }
}

/* ---- from the batch to the database ---- */

static enum gw_status post(struct gw_influx *x, size_t n, struct gw_influx_answer *answer,
                           struct gw_err *err)
{
    char *authorization = NULL;
    struct gw_influx_post p = {.gzip = x->gzip != NULL, .pulse = x->pulse};

    p.data = gw_influx_batch_text(x->batch, n, &p.len);
    if (p.gzip && gw_influx_gzip_pack(x->gzip, p.data, p.len, &p.data, &p.len) != GW_OK)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    enum gw_status status = gw_influx_authorization(x->site, &authorization, err);
    if (status != GW_OK)
        return status;
    p.authorization = authorization;
    x->now.posts++;
    status = gw_influx_http_post(x->http, &p, x->stop_fd, answer, err);
    gw_influx_secret_free(authorization);
    return status;
}

/* The lines at the front that were decided leave, and so do their rows. */
static void settle(struct gw_influx *x, const struct gw_influx_step *step, const char *message)
{
    for (size_t i = 0; i < step->stored + step->rejected; i++)
        ack(x, gw_influx_batch_key(x->batch, i));
    x->now.sent += step->stored;
    if (step->rejected > 0)
        reject(x, gw_influx_batch_device(x->batch, step->stored), message);
    gw_influx_batch_pop(x->batch, step->stored + step->rejected);
}

/* Tells what stands in the way, once to the log and until it is over in the stats. */
static void note(struct gw_influx *x, const struct gw_influx_answer *answer, const char *message)
{
    const char *hint = gw_influx_hint(answer->status);
    fault(x, "%s: HTTP %u%s%s%s%s", x->site->url, answer->status, hint[0] != '\0' ? ": " : "", hint,
          message[0] != '\0' ? ": " : "", message);
}

static void note_silence(struct gw_influx *x, const struct gw_err *err)
{
    /* With the clock of a box without battery no certificate is valid yet. */
    bool clock = err->status == GW_E_REFUSED && !gw_clock_now(x->conf.clock).sync &&
                 strncmp(x->site->url, "https:", 6) == 0;
    fault(x, "%s: %s%s", x->site->url, err->msg, clock ? " (the clock is not synchronised)" : "");
}

static void well(struct gw_influx *x)
{
    if (!x->now.connected && !gw_ratelog_ok(&x->log, now_ms(x), TAG, "writing"))
        gw_log(GW_LOG_INFO, TAG, "writing to %s", x->site->url);
    x->now.connected = true;
    x->now.fault[0] = '\0';
}

/* One write, and what follows from its answer. */
static void write_lines(struct gw_influx *x)
{
    struct gw_influx_answer answer = {0};
    struct gw_err err = {0};
    char message[GW_INFLUX_MESSAGE] = "";
    size_t n = gw_influx_course_next(&x->course, gw_influx_batch_count(x->batch));

    enum gw_status status = post(x, n, &answer, &err);
    if (status == GW_E_CLOSED)
        return;
    enum gw_influx_verdict verdict = GW_INFLUX_BUSY;
    if (status == GW_OK) {
        verdict = gw_influx_judge(answer.status, answer.body, answer.len);
        gw_influx_message(answer.body, answer.len, message);
    }
    struct gw_influx_step step =
        gw_influx_course_answer(&x->course, n, verdict, answer.retry_after_s);
    settle(x, &step, message);
    x->wait_until_ms = now_ms(x) + step.wait_ms;
    if (status != GW_OK)
        note_silence(x, &err);
    else if (verdict == GW_INFLUX_BUSY || verdict == GW_INFLUX_DENIED)
        note(x, &answer, message);
    else
        well(x);
}

/* ---- the worker ---- */

/* When the next write is due: INT64_MAX while nothing waits. A batch that was begun goes on: what
 * is left of it after a 413 or a refusal has waited already. */
static int64_t due_ms(const struct gw_influx *x, int64_t now)
{
    int64_t due = gw_influx_batch_ready(x->batch, now) ? now : gw_influx_batch_due_ms(x->batch);
    if (gw_influx_batch_count(x->batch) > 0 && x->course.suspect > 0)
        due = now;
    return due > x->wait_until_ms ? due : x->wait_until_ms;
}

static void rest(struct gw_influx *x, int64_t until_ms)
{
    int64_t left_ms = until_ms - now_ms(x);
    bool hungry = gw_influx_batch_room(x->batch);
    struct pollfd fds[2] = {
        {.fd = x->stop_fd, .events = POLLIN},
        {.fd = hungry ? gw_mailbox_fd(x->conf.backlog.parcels) : -1, .events = POLLIN},
    };
    poll(fds, 2, left_ms <= 0 ? 0 : left_ms < POLL_MS ? (int)left_ms : POLL_MS);
}

static void run(void *arg)
{
    struct gw_influx *x = arg;

    while (!stopping(x)) {
        gw_pulse_turn(x->pulse, 0);
        take_rows(x);
        int64_t now = now_ms(x);
        int64_t due = due_ms(x, now);
        if (gw_influx_batch_count(x->batch) > 0 && due <= now)
            write_lines(x);
        else
            rest(x, gw_influx_batch_count(x->batch) > 0 ? due : INT64_MAX);
        update_stats(x);
    }
    rewind_all(x);
}

/* ---- for the owner ---- */

static void free_all(struct gw_influx *x)
{
    gw_pulse_end(x->pulse);
    gw_influx_line_free(x->line);
    gw_influx_batch_free(x->batch);
    gw_influx_gzip_free(x->gzip);
    gw_influx_http_free(x->http);
    gw_buf_free(&x->text);
    if (x->stop_fd >= 0)
        close(x->stop_fd);
    pthread_mutex_destroy(&x->mutex);
    gw_shared_drop(x->owner);
    free(x);
}

static enum gw_status make_line(struct gw_influx *x, struct gw_err *err)
{
    struct gw_influx_tag tags[GW_SITE_TAGS_MAX + 2] = {
        {.key = "county", .value = x->conf.site->enterprise.county},
        {.key = "enterprise", .value = x->conf.site->enterprise.uscc},
    };
    size_t n = 2;
    for (size_t i = 0; i < x->site->ntags; i++, n++)
        tags[n] =
            (struct gw_influx_tag){.key = x->site->tags[i].key, .value = x->site->tags[i].value};
    struct gw_influx_line_conf conf = {
        .tags = tags, .ntags = n, .vtype = vtype_of, .ctx = &x->lookup};
    return gw_influx_line_new(&conf, &x->line, err);
}

static enum gw_status make_parts(struct gw_influx *x, struct gw_err *err)
{
    struct gw_influx_batch_conf batch = {
        .lines = (size_t)x->site->batch_lines,
        .bytes = GW_INFLUX_BATCH_BYTES,
        .age_ms = x->site->batch_s * 1000,
    };
    gw_influx_course_init(&x->course, batch.lines, x->conf.seed);
    x->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (x->stop_fd < 0)
        return gw_err_set(err, GW_E_IO, "influx: no event descriptor: %s", strerror(errno));
    if (gw_influx_batch_new(&batch, &x->batch) != GW_OK ||
        (x->site->gzip && gw_influx_gzip_new(&x->gzip) != GW_OK))
        return gw_err_set(err, GW_E_NOMEM, "influx: out of memory");
    enum gw_status status = make_line(x, err);
    if (status == GW_OK)
        status = gw_influx_http_new(x->site, &x->http, err);
    return status;
}

enum gw_status gw_influx_start(const struct gw_influx_conf *conf, struct gw_influx **out,
                               struct gw_err *err)
{
    struct gw_influx *x = calloc(1, sizeof *x);
    if (x == NULL || pthread_mutex_init(&x->mutex, NULL) != 0) {
        free(x);
        return gw_err_set(err, GW_E_NOMEM, "influx: out of memory");
    }
    x->conf = *conf;
    x->own = conf->site->influx;
    x->site = &x->own;
    x->points_of = conf->site;
    x->lookup.x = x;
    x->owner = gw_shared_hold(conf->owner);
    x->stop_fd = -1;
    gw_buf_init(&x->text, LINE_MAX);
    enum gw_status status = make_parts(x, err);
    x->pulse = gw_pulse_begin(conf->pulses, "influx");
    if (status == GW_OK)
        status = gw_worker_start("influx", run, x, &x->worker, err);
    if (status != GW_OK) {
        free_all(x);
        return status;
    }
    *out = x;
    return GW_OK;
}

bool gw_influx_stop(struct gw_influx *x, int64_t timeout_ms)
{
    if (x == NULL)
        return true;
    uint64_t one = 1;
    ssize_t n = write(x->stop_fd, &one, sizeof one); /* cannot block: it was 0 */
    (void)n;
    if (!gw_worker_join(x->worker, timeout_ms))
        return false;
    free_all(x);
    return true;
}

void gw_influx_site(struct gw_influx *x, const struct gw_site *site, struct gw_shared *owner)
{
    pthread_mutex_lock(&x->mutex);
    struct gw_shared *before = x->owner;
    x->points_of = site;
    x->owner = gw_shared_hold(owner);
    pthread_mutex_unlock(&x->mutex);
    gw_shared_drop(before);
}

void gw_influx_stats(struct gw_influx *x, struct gw_influx_stats *out)
{
    pthread_mutex_lock(&x->mutex);
    *out = x->stats;
    pthread_mutex_unlock(&x->mutex);
}
