/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/counters.h"

#include "plant/plant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

enum gw_status gw_counters_new(const struct gw_scenario *sc, struct gw_counters **out)
{
    struct gw_counters *c = calloc(1, sizeof *c);
    if (c == NULL)
        return GW_E_NOMEM;
    c->sc = sc;
    c->devices = calloc(sc->n_devices + 1, sizeof *c->devices);
    c->endpoints = calloc(sc->n_endpoints + 1, sizeof *c->endpoints);
    if (c->devices == NULL || c->endpoints == NULL) {
        gw_counters_free(c);
        return GW_E_NOMEM;
    }
    *out = c;
    return GW_OK;
}

void gw_counters_free(struct gw_counters *c)
{
    if (c == NULL)
        return;
    free(c->devices);
    free(c->endpoints);
    free(c);
}

static void count_request(struct gw_count *n, uint8_t fc)
{
    n->requests++;
    n->fc[fc]++;
    if (!gw_plant_is_read(fc))
        n->forbidden++;
}

void gw_counters_request(struct gw_counters *c, int device, uint8_t fc)
{
    count_request(&c->sum, fc);
    if (device >= 0)
        count_request(&c->devices[device], fc);
}

static void count_reply(struct gw_count *n, bool exception)
{
    n->replies++;
    n->exceptions += exception ? 1 : 0;
}

void gw_counters_reply(struct gw_counters *c, int device, bool exception)
{
    count_reply(&c->sum, exception);
    if (device >= 0)
        count_reply(&c->devices[device], exception);
}

/* The members of one count, without braces. */
static void put_count(const struct gw_count *n, struct gw_buf *out)
{
    gw_buf_printf(out,
                  "\"requests\": %" PRIu64 ", \"replies\": %" PRIu64 ", \"exceptions\": %" PRIu64
                  ", \"forbidden\": %" PRIu64 ", \"functions\": {",
                  n->requests, n->replies, n->exceptions, n->forbidden);
    const char *comma = "";
    for (int i = 0; i < 256; i++) {
        if (n->fc[i] == 0)
            continue;
        gw_buf_printf(out, "%s\"%d\": %" PRIu64, comma, i, n->fc[i]);
        comma = ", ";
    }
    gw_buf_char(out, '}');
}

void gw_counters_json(const struct gw_counters *c, long pid, struct gw_buf *out)
{
    struct gw_endpoint_count all = {0};
    for (size_t i = 0; i < c->sc->n_endpoints; i++) {
        all.connections += c->endpoints[i].connections;
        all.malformed += c->endpoints[i].malformed;
        all.unknown_unit += c->endpoints[i].unknown_unit;
    }
    gw_buf_printf(out,
                  "{\"pid\": %ld, \"connections\": %" PRIu64 ", \"malformed\": %" PRIu64
                  ", \"unknown_unit\": %" PRIu64 ", ",
                  pid, all.connections, all.malformed, all.unknown_unit);
    put_count(&c->sum, out);
    /* Names are letters, digits, '-' and '_': nothing to escape. */
    gw_buf_str(out, ",\n \"devices\": {");
    for (size_t i = 0; i < c->sc->n_devices; i++) {
        gw_buf_printf(out, "%s\n  \"%s\": {", i > 0 ? "," : "", c->sc->devices[i].name);
        put_count(&c->devices[i], out);
        gw_buf_char(out, '}');
    }
    gw_buf_str(out, "},\n \"endpoints\": {");
    for (size_t i = 0; i < c->sc->n_endpoints; i++) {
        const struct gw_endpoint_count *e = &c->endpoints[i];
        gw_buf_printf(out,
                      "%s\n  \"%s\": {\"connections\": %" PRIu64 ", \"malformed\": %" PRIu64
                      ", \"unknown_unit\": %" PRIu64 "}",
                      i > 0 ? "," : "", c->sc->endpoints[i].name, e->connections, e->malformed,
                      e->unknown_unit);
    }
    gw_buf_str(out, "}}\n");
}

enum gw_status gw_counters_write(const char *path, const struct gw_buf *text, struct gw_err *err)
{
    char beside[PATH_SIZE];
    if (text->failed)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
    int n = snprintf(beside, sizeof beside, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof beside)
        return gw_err_set(err, GW_E_INVAL, "%s: the path is too long", path);

    FILE *f = fopen(beside, "w");
    if (f == NULL)
        return gw_err_set(err, GW_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    bool good = fwrite(text->data, 1, text->len, f) == text->len;
    good = fclose(f) == 0 && good;
    if (!good || rename(beside, path) != 0) {
        int error = errno;
        (void)unlink(beside);
        return gw_err_set(err, GW_E_IO, "%s: cannot be written: %s", path, strerror(error));
    }
    return GW_OK;
}
