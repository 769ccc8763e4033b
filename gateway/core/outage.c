/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outage.h"

#include <stdio.h>
#include <stdlib.h>

struct bus {
    size_t polled; /* devices that are asked at all */
    bool told;     /* that it is down */
};

struct gw_outage {
    const struct gw_table *table;
    struct bus *buses;
    bool *told; /* of each device: that it is down */
    bool *seen; /* of each device: that it answered, or was told down */
};

enum gw_status gw_outage_new(const struct gw_table *table, struct gw_outage **out,
                             struct gw_err *err)
{
    struct gw_outage *o = calloc(1, sizeof *o);
    if (!o)
        return gw_err_set(err, GW_E_NOMEM, "events: out of memory");
    o->table = table;
    o->buses = calloc(gw_table_nbuses(table) + 1, sizeof *o->buses);
    o->told = calloc(gw_table_ndevices(table) + 1, sizeof *o->told);
    o->seen = calloc(gw_table_ndevices(table) + 1, sizeof *o->seen);
    if (!o->buses || !o->told || !o->seen) {
        gw_outage_free(o);
        return gw_err_set(err, GW_E_NOMEM, "events: out of memory");
    }
    for (uint32_t d = 0; d < gw_table_ndevices(table); d++)
        o->buses[gw_table_bus_of(table, d)].polled += gw_table_polled(table, d);
    *out = o;
    return GW_OK;
}

void gw_outage_free(struct gw_outage *o)
{
    if (!o)
        return;
    free(o->buses);
    free(o->told);
    free(o->seen);
    free(o);
}

void gw_outage_inherit(struct gw_outage *o, const struct gw_outage *from,
                       const struct gw_table_keep *keep)
{
    for (size_t b = 0; b < gw_table_nbuses(o->table); b++)
        if (keep->buses[b] < gw_table_nbuses(from->table))
            o->buses[b].told = from->buses[keep->buses[b]].told;
    for (size_t d = 0; d < gw_table_ndevices(o->table); d++) {
        if (keep->devices[d] >= gw_table_ndevices(from->table))
            continue;
        o->told[d] = from->told[keep->devices[d]];
        o->seen[d] = from->seen[keep->devices[d]];
    }
}

/* Whether the silence of a device is its own, as far as can be known. */
static bool is_own(const struct gw_outage *o, uint32_t device, int64_t now_ms)
{
    const uint32_t b = gw_table_bus_of(o->table, device);
    const struct gw_bus_life *bus = gw_table_bus(o->table, b);
    const struct gw_device_life *life = gw_table_device(o->table, device);

    if (o->buses[b].polled < 2)
        return true;
    if (bus->link == GW_LINK_DOWN)
        return false;
    /* When a bus has come back, those that were down with it are tried once more. */
    if (bus->link == GW_LINK_OK)
        return life->since_ms >= bus->since_ms || life->last_pass_ms > bus->since_ms;
    return now_ms - life->since_ms >= GW_OUTAGE_WAIT_MS;
}

static void look_at_device(struct gw_outage *o, uint32_t d, int64_t now_ms, gw_outage_tell tell,
                           void *arg)
{
    const enum gw_link link = gw_table_device(o->table, d)->link;

    if (link == GW_LINK_OK && (o->told[d] || !o->seen[d])) {
        o->told[d] = false;
        o->seen[d] = true;
        tell(arg, GW_OUTAGE_DEVICE_UP, d);
    } else if (link == GW_LINK_DOWN && !o->told[d] && is_own(o, d, now_ms)) {
        o->told[d] = o->seen[d] = true;
        tell(arg, GW_OUTAGE_DEVICE_DOWN, d);
    }
}

void gw_outage_look(struct gw_outage *o, int64_t now_ms, gw_outage_tell tell, void *arg)
{
    for (uint32_t b = 0; b < gw_table_nbuses(o->table); b++) {
        const enum gw_link link = gw_table_bus(o->table, b)->link;
        const bool down = link == GW_LINK_DOWN;
        if (o->buses[b].polled < 2 || (down == o->buses[b].told) || (!down && link != GW_LINK_OK))
            continue;
        o->buses[b].told = down;
        tell(arg, down ? GW_OUTAGE_BUS_DOWN : GW_OUTAGE_BUS_UP, b);
    }
    for (uint32_t d = 0; d < gw_table_ndevices(o->table); d++)
        if (gw_table_polled(o->table, d))
            look_at_device(o, d, now_ms, tell, arg);
}

/* What is wrong with the first of a bus's devices, which all are silent. */
static const char *fault_of_bus(const struct gw_outage *o, uint32_t bus)
{
    for (uint32_t d = 0; d < gw_table_ndevices(o->table); d++)
        if (gw_table_bus_of(o->table, d) == bus && gw_table_polled(o->table, d))
            return gw_table_device(o->table, d)->fault;
    return "";
}

struct gw_event gw_outage_event(const struct gw_outage *o, const struct gw_site *site,
                                enum gw_outage_kind kind, uint32_t index,
                                struct gw_outage_words *words)
{
    static const char *const kinds[] = {"device_down", "device_up", "bus_down", "bus_up"};
    const bool bus = kind == GW_OUTAGE_BUS_DOWN || kind == GW_OUTAGE_BUS_UP;
    const unsigned n = bus ? (unsigned)o->buses[index].polled : 1;
    struct gw_event ev = {
        .kind = kinds[kind],
        .subject = bus ? site->buses[index].id : site->devices[index].id,
        .text_en = words->en,
        .text_zh = words->zh,
    };

    if (kind == GW_OUTAGE_DEVICE_DOWN) {
        const char *fault = gw_table_device(o->table, index)->fault;
        (void)snprintf(words->en, sizeof words->en, "does not answer: %s", fault);
        (void)snprintf(words->zh, sizeof words->zh, "设备无应答：%s", fault);
    } else if (kind == GW_OUTAGE_BUS_DOWN) {
        const char *fault = fault_of_bus(o, index);
        (void)snprintf(words->en, sizeof words->en, "none of its %u devices answers: %s", n, fault);
        (void)snprintf(words->zh, sizeof words->zh, "总线上 %u 台设备均无应答：%s", n, fault);
    } else {
        (void)snprintf(words->en, sizeof words->en, "answers");
        (void)snprintf(words->zh, sizeof words->zh, bus ? "总线恢复应答" : "设备应答正常");
    }
    return ev;
}
