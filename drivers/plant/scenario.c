/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/scenario.h"

#include "conf/json.h"
#include "conf/keys.h"
#include "plant/scenario_read.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX   4096
#define ENDPOINTS_MAX 1024
#define STORY_MAX     5000

void *gw_sc_alloc(struct gw_sc_reader *r, size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);
    if (p == NULL)
        r->nomem = true;
    return p;
}

int64_t gw_sc_ms(double seconds)
{
    return (int64_t)llround(seconds * 1000.0);
}

/* ---- looking up ---- */

int gw_scenario_endpoint(const struct gw_scenario *sc, const char *name)
{
    for (size_t i = 0; i < sc->n_endpoints; i++)
        if (strcmp(sc->endpoints[i].name, name) == 0)
            return (int)i;
    return -1;
}

int gw_scenario_device(const struct gw_scenario *sc, const char *name)
{
    for (size_t i = 0; i < sc->n_devices; i++)
        if (strcmp(sc->devices[i].name, name) == 0)
            return (int)i;
    return -1;
}

int gw_scenario_signal(const struct gw_sc_device *device, const char *name)
{
    for (size_t i = 0; i < device->n_signals; i++)
        if (strcmp(device->signals[i].name, name) == 0)
            return (int)i;
    return -1;
}

int gw_scenario_output(const struct gw_sc_device *device, const char *name)
{
    const char *const *outputs = device->kind != NULL ? device->kind->outputs : NULL;
    for (int i = 0; outputs != NULL && outputs[i] != NULL; i++)
        if (strcmp(outputs[i], name) == 0)
            return i;
    return -1;
}

/* ---- endpoints ---- */

struct endpoint_keys {
    char bind[GW_PLANT_NAME];
    int64_t port;
    int unknown_unit;
    int64_t max_connections;
    int framing;
    char serial[GW_PLANT_PATH];
    char link[GW_PLANT_PATH];
    int64_t baud;
    const struct gw_jnode *units;
};

static const char *const framing_names[] = {"tcp", "rtu", NULL};
static const char *const unknown_unit_names[] = {"exception", "silence", NULL};

#define OFF(member) .offset = offsetof(struct endpoint_keys, member)
static const struct gw_key endpoint_keys[] = {
    {.name = "port",
     .type = GW_KEY_INT,
     OFF(port),
     .max = 65535,
     .def = "0",
     .doc = "TCP port, 0 for any free one"},
    {.name = "bind",
     .type = GW_KEY_STR,
     OFF(bind),
     .size = GW_PLANT_NAME,
     .min = 1,
     .def = "127.0.0.1",
     .doc = "loopback address to listen on"},
    {.name = "unknown_unit",
     .type = GW_KEY_ENUM,
     OFF(unknown_unit),
     .names = unknown_unit_names,
     .def = "exception",
     .doc = "what a request for an unknown unit gets"},
    {.name = "max_connections",
     .type = GW_KEY_INT,
     OFF(max_connections),
     .min = 1,
     .max = 4096,
     .def = "256",
     .doc = "connections at one time"},
    {.name = "framing",
     .type = GW_KEY_ENUM,
     OFF(framing),
     .names = framing_names,
     .def = "tcp",
     .doc = "tcp, or rtu for RTU frames over TCP"},
    {.name = "serial",
     .type = GW_KEY_STR,
     OFF(serial),
     .size = GW_PLANT_PATH,
     .def = "",
     .doc = "pty or the path of a serial port"},
    {.name = "baud",
     .type = GW_KEY_INT,
     OFF(baud),
     .min = 1200,
     .max = 115200,
     .def = "9600",
     .doc = "rate of the line"},
    {.name = "link",
     .type = GW_KEY_PATH,
     OFF(link),
     .size = GW_PLANT_PATH,
     .def = "",
     .doc = "symbolic link to the pty"},
    {.name = "units",
     .type = GW_KEY_NODE,
     OFF(units),
     .jtype = GW_J_OBJ,
     .required = true,
     .doc = "unit id to name of the device"},
    {.type = GW_KEY_END},
};
#undef OFF

/* "0".."255" without leading zeros, or -1. */
static int unit_id(const char *key)
{
    int v = 0;
    for (const char *p = key; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || (p > key && v == 0))
            return -1;
        v = v * 10 + (*p - '0');
        if (v >= GW_PLANT_UNITS)
            return -1;
    }
    return key[0] != '\0' ? v : -1;
}

static void read_units(struct gw_sc_reader *r, const struct gw_jnode *units,
                       struct gw_sc_endpoint *e)
{
    if (units == NULL)
        return;
    for (const struct gw_jnode *n = gw_jnode_first(units); n != NULL; n = gw_jnode_next(n)) {
        int unit = unit_id(gw_jnode_key(n));
        if (unit < 0) {
            gw_jnode_issue(n, r->issues, "the key must be a unit id in 0..255");
            continue;
        }
        if (gw_jnode_type(n) != GW_J_STR) {
            gw_jnode_issue(n, r->issues, "must be the name of a device, not %s",
                           gw_jtype_name(gw_jnode_type(n)));
            continue;
        }
        int device = gw_scenario_device(r->sc, gw_jnode_str(n));
        if (device < 0 && r->sc->devices != NULL) /* that there are none is an issue already */
            gw_jnode_issue(n, r->issues, "there is no device '%s'", gw_jnode_str(n));
        e->unit[unit] = (int16_t)device;
    }
    if (gw_jnode_count(units) == 0)
        gw_jnode_issue(units, r->issues, "an endpoint needs at least one unit");
}

/* The key of n as a name. */
static void read_name(struct gw_sc_reader *r, const struct gw_jnode *n, char out[GW_PLANT_NAME])
{
    const char *key = gw_jnode_key(n);
    if (!gw_keys_is_id(key, GW_PLANT_NAME)) {
        gw_jnode_issue(n, r->issues, "a name has 1 to %d letters, digits, '-' and '_'",
                       GW_PLANT_NAME - 1);
        return;
    }
    memcpy(out, key, strlen(key) + 1);
}

/* A line instead of a TCP port. */
static void read_line(struct gw_sc_reader *r, const struct gw_jnode *n,
                      const struct endpoint_keys *k, struct gw_sc_endpoint *e)
{
    static const int rates[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    static const char *const tcp_only[] = {"port", "bind", "max_connections", "framing"};
    bool known = false;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        known = known || k->baud == rates[i];
    const struct gw_jnode *baud = gw_jnode_get(n, "baud");
    if (baud != NULL && !known)
        gw_jnode_issue(baud, r->issues, "%lld is none of the usual rates", (long long)k->baud);
    memcpy(e->serial, k->serial, sizeof e->serial);
    memcpy(e->link, k->link, sizeof e->link);
    e->baud = k->baud;
    const bool line = e->serial[0] != '\0';
    for (size_t i = 0; line && i < sizeof tcp_only / sizeof tcp_only[0]; i++) {
        const struct gw_jnode *key = gw_jnode_get(n, tcp_only[i]);
        if (key != NULL)
            gw_jnode_issue(key, r->issues, "a serial line has no %s", tcp_only[i]);
    }
    const struct gw_jnode *link = gw_jnode_get(n, "link");
    if (link != NULL && strcmp(e->serial, "pty") != 0)
        gw_jnode_issue(link, r->issues, "only a pty has a link");
    if (line)
        e->framing = GW_FRAMING_RTU;
}

static void read_endpoint(struct gw_sc_reader *r, const struct gw_jnode *n,
                          struct gw_sc_endpoint *e)
{
    for (size_t i = 0; i < GW_PLANT_UNITS; i++)
        e->unit[i] = -1;
    read_name(r, n, e->name);
    struct endpoint_keys k = {0};
    e->bind.s_addr = htonl(INADDR_LOOPBACK);
    gw_keys_read(n, endpoint_keys, &k, r->issues);
    e->port = (uint16_t)k.port;
    e->framing = (enum gw_framing)k.framing;
    read_line(r, n, &k, e);
    /* On a line nobody speaks for a unit that is not there. */
    e->unknown_silent = k.unknown_unit == 1 || e->framing == GW_FRAMING_RTU;
    e->max_connections = (size_t)k.max_connections;
    /* This program plays broken instruments; nobody but this machine may meet them. */
    const struct gw_jnode *bind = gw_jnode_get(n, "bind");
    if (bind != NULL && gw_jnode_type(bind) == GW_J_STR &&
        (inet_pton(AF_INET, k.bind, &e->bind) != 1 || ntohl(e->bind.s_addr) >> 24 != 127))
        gw_jnode_issue(bind, r->issues, "'%s' is not a loopback address (127.x.y.z)",
                       gw_jnode_str(bind));
    read_units(r, k.units, e);
}

/* ---- the file ---- */

struct file_keys {
    int64_t seed;
    const struct gw_jnode *endpoints, *devices, *follow, *timeline;
};

#define OFF(member) .offset = offsetof(struct file_keys, member)
static const struct gw_key file_keys[] = {
    {.name = "seed",
     .type = GW_KEY_INT,
     OFF(seed),
     .min = 0,
     .max = 9007199254740992.0,
     .def = "1",
     .doc = "seed of all noise"},
    {.name = "endpoints",
     .type = GW_KEY_NODE,
     OFF(endpoints),
     .jtype = GW_J_OBJ,
     .required = true,
     .doc = "Modbus TCP servers and serial lines by name"},
    {.name = "devices",
     .type = GW_KEY_NODE,
     OFF(devices),
     .jtype = GW_J_OBJ,
     .required = true,
     .doc = "instruments by name"},
    {.name = "follow",
     .type = GW_KEY_NODE,
     OFF(follow),
     .jtype = GW_J_ARR,
     .doc = "signals that follow others"},
    {.name = "timeline",
     .type = GW_KEY_NODE,
     OFF(timeline),
     .jtype = GW_J_ARR,
     .doc = "what happens when"},
    {.type = GW_KEY_END},
};
#undef OFF

/* True when the node may be walked with at most `max` children. */
static bool within(struct gw_sc_reader *r, const struct gw_jnode *n, size_t max)
{
    if (n == NULL)
        return false;
    if (gw_jnode_count(n) <= max)
        return true;
    gw_jnode_issue(n, r->issues, "has %zu entries; at most %zu are taken", gw_jnode_count(n), max);
    return false;
}

static void read_devices(struct gw_sc_reader *r, const struct gw_jnode *devices)
{
    struct gw_scenario *sc = r->sc;
    if (!within(r, devices, DEVICES_MAX))
        return;
    sc->devices = gw_sc_alloc(r, gw_jnode_count(devices), sizeof *sc->devices);
    if (sc->devices == NULL)
        return;
    for (const struct gw_jnode *n = gw_jnode_first(devices); n != NULL; n = gw_jnode_next(n)) {
        struct gw_sc_device *d = &sc->devices[sc->n_devices++];
        read_name(r, n, d->name);
        gw_sc_read_device(r, n, d, sc->n_devices - 1);
    }
}

static void read_endpoints(struct gw_sc_reader *r, const struct gw_jnode *endpoints)
{
    struct gw_scenario *sc = r->sc;
    if (!within(r, endpoints, ENDPOINTS_MAX))
        return;
    if (gw_jnode_count(endpoints) == 0)
        gw_jnode_issue(endpoints, r->issues, "a scenario needs at least one endpoint");
    sc->endpoints = gw_sc_alloc(r, gw_jnode_count(endpoints), sizeof *sc->endpoints);
    if (sc->endpoints == NULL)
        return;
    for (const struct gw_jnode *n = gw_jnode_first(endpoints); n != NULL; n = gw_jnode_next(n))
        read_endpoint(r, n, &sc->endpoints[sc->n_endpoints++]);
}

static void read_story(struct gw_sc_reader *r, const struct file_keys *k)
{
    struct gw_scenario *sc = r->sc;
    if (within(r, k->follow, STORY_MAX)) {
        sc->follows = gw_sc_alloc(r, gw_jnode_count(k->follow), sizeof *sc->follows);
        const struct gw_jnode *n = sc->follows != NULL ? gw_jnode_first(k->follow) : NULL;
        for (; n != NULL; n = gw_jnode_next(n))
            gw_sc_read_follow(r, n, &sc->follows[sc->n_follows++]);
    }
    if (within(r, k->timeline, STORY_MAX)) {
        sc->timeline = gw_sc_alloc(r, gw_jnode_count(k->timeline), sizeof *sc->timeline);
        const struct gw_jnode *n = sc->timeline != NULL ? gw_jnode_first(k->timeline) : NULL;
        for (; n != NULL; n = gw_jnode_next(n))
            gw_sc_read_action(r, n, true, &sc->timeline[sc->n_timeline++]);
    }

    /* Insertion keeps equal times in the order of the file; most timelines are sorted already. */
    for (size_t i = 1; i < sc->n_timeline; i++) {
        struct gw_action a = sc->timeline[i];
        size_t j = i;
        for (; j > 0 && sc->timeline[j - 1].at_ms > a.at_ms; j--)
            sc->timeline[j] = sc->timeline[j - 1];
        sc->timeline[j] = a;
    }
}

static enum gw_status read_document(const struct gw_json *doc, struct gw_issues *issues,
                                    struct gw_scenario **out)
{
    size_t before = gw_issues_count(issues);
    struct gw_scenario *sc = calloc(1, sizeof *sc);
    if (sc == NULL)
        return GW_E_NOMEM;

    struct gw_sc_reader r = {.sc = sc, .issues = issues};
    struct file_keys k = {0};
    gw_keys_read(gw_json_root(doc), file_keys, &k, issues);
    sc->seed = (uint64_t)k.seed;
    read_devices(&r, k.devices);
    read_endpoints(&r, k.endpoints);
    read_story(&r, &k);
    if (r.nomem || gw_issues_count(issues) != before) {
        gw_scenario_free(sc);
        return r.nomem ? GW_E_NOMEM : GW_E_PARSE;
    }
    *out = sc;
    return GW_OK;
}

enum gw_status gw_scenario_load(const char *path, struct gw_issues *issues,
                                struct gw_scenario **out)
{
    struct gw_json *doc = NULL;
    enum gw_status status = gw_json_load(path, issues, &doc);
    if (status == GW_OK)
        status = read_document(doc, issues, out);
    gw_json_free(doc);
    return status;
}

enum gw_status gw_scenario_parse(const char *text, size_t len, const char *name,
                                 struct gw_issues *issues, struct gw_scenario **out)
{
    struct gw_json *doc = NULL;
    enum gw_status status = gw_json_parse(text, len, name, issues, &doc);
    if (status == GW_OK)
        status = read_document(doc, issues, out);
    gw_json_free(doc);
    return status;
}

void gw_action_clean(struct gw_action *a)
{
    free(a->changes);
    free(a->signals);
    a->changes = NULL;
    a->signals = NULL;
    a->n_changes = 0;
    a->n_signals = 0;
}

void gw_scenario_free(struct gw_scenario *sc)
{
    if (sc == NULL)
        return;
    for (size_t i = 0; i < sc->n_devices; i++) {
        free(sc->devices[i].signals);
        free(sc->devices[i].conf.cells);
    }
    for (size_t i = 0; i < sc->n_follows; i++)
        free(sc->follows[i].conds);
    for (size_t i = 0; i < sc->n_timeline; i++)
        gw_action_clean(&sc->timeline[i]);
    free(sc->endpoints);
    free(sc->devices);
    free(sc->follows);
    free(sc->timeline);
    free(sc);
}
