/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/reactor_in: the reactor's inside. Only for its own files; the reactor's thread, or the one
 * that paused it.
 */
#ifndef GW_MODBUS_REACTOR_IN_H
#define GW_MODBUS_REACTOR_IN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../driver.h"
#include "base/loop.h"
#include "base/ratelog.h"
#include "modbus/budget.h"
#include "modbus/conf.h"
#include "modbus/pass.h"
#include "modbus/poll.h"
#include "modbus/resolve.h"
#include "modbus/tcp.h"

#define GW_MB_WHERE_SIZE 112

struct endpoint;

/* A device. */
struct unit {
    struct gw_mb_reactor *r;
    struct endpoint *ep;
    uint32_t device;
    bool fresh;                 /* not started yet */
    char name[GW_ID_SIZE + 16]; /* for messages: "devices.gas" */
    struct gw_mb_poll poll;
    struct gw_mb_pass *pass;
    struct gw_mb_budget budget;
    struct gw_bus_stats stats;
    int64_t spent_ms;      /* by its requests, in the pass under way */
    bool doubt;            /* RTU: an answer to its last request may still come */
    struct gw_timer timer; /* the next tick; not set while a pass is in flight */
    struct unit *next;     /* behind it in the endpoint's queue */
    struct gw_ratelog log;
};

/* A bus: one connection, and the units that wait for it. */
struct endpoint {
    struct gw_mb_reactor *r;
    const struct gw_mb_bus *conf;
    uint32_t id; /* no other has or had it */
    uint32_t bus;
    char where[GW_MB_WHERE_SIZE];
    struct gw_mb_tcp *tcp;
    struct unit *active; /* its request is in flight */
    struct unit *head, *tail;
    size_t nunits;
    struct gw_mb_addrs addrs; /* n == 0: the name is not resolved yet */
    size_t current;           /* the address in use */
    size_t refused;           /* addresses in a row that gave no connection */
    bool asking;              /* the resolver has a question of ours */
    bool holds;               /* a gateway waits for a silent unit by its own time-out */
    bool behind;              /* the request in flight may wait for one that was cut short */
    int64_t cut_ms;           /* when that one would have been given up */
    struct gw_timer wait;     /* how long the queue waits for a name */
};

struct gw_mb_reactor {
    struct gw_driver_env env;
    struct gw_loop *loop;
    struct gw_mb_resolver *resolver; /* NULL when every address is numeric */
    struct gw_watch names;
    size_t names_max; /* questions that it takes at once */
    struct gw_mb_lookup lookup;
    struct endpoint **endpoints; /* in the order of the buses */
    size_t nendpoints;
    struct unit **units; /* in the order of the devices */
    size_t nunits;
    uint32_t next_id;
    struct gw_ratelog sink_log;
    atomic_uint *beat; /* NULL: nobody looks */
    struct gw_timer pulse;
};

/* Handlers: of a unit's tick, of the end of an endpoint's wait for its name, of the resolver. */
void gw_mb_reactor_on_tick(void *arg);
void gw_mb_reactor_on_wait_over(void *arg);
void gw_mb_reactor_on_names(void *arg, unsigned events);

/* The endpoint goes on with the i-th of its addresses. */
void gw_mb_reactor_use_address(struct endpoint *ep, size_t i);

#endif
