/* SPDX-License-Identifier: Apache-2.0
 *
 * plant: the devices of a scenario, alive: the story runs, requests are answered.
 *
 * It has no clock and no sockets: the owner says how far the story has come and hands in request
 * PDUs. The story runs in steps of GW_PLANT_STEP_MS and at the very moments of the timeline,
 * however often it is advanced, so that the same scenario always plays the same way. Owned by one
 * thread.
 */
#ifndef GW_PLANT_PLANT_H
#define GW_PLANT_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "plant/fault.h"
#include "plant/scenario.h"

#define GW_PLANT_STEP_MS 50 /* conditions of followers are looked at this often */
#define GW_PDU_MAX       253

struct gw_plant;

/* At time 0 of the story, with what the timeline has at 0 s done. sc must outlive it. GW_E_NOMEM.
 */
enum gw_status gw_plant_new(const struct gw_scenario *sc, struct gw_plant **out) GW_MUST_CHECK;
void gw_plant_free(struct gw_plant *p);

/* Lets the story run up to t_ms; a time that has passed already changes nothing. */
void gw_plant_advance(struct gw_plant *p, int64_t t_ms);
int64_t gw_plant_now_ms(const struct gw_plant *p);
/* When the next entry of the timeline or the next end of an endpoint's fault comes; GW_STORY_END
 * when there is none. */
int64_t gw_plant_next_ms(const struct gw_plant *p);

/* Does what the action says, now; at_ms is ignored. The action may be freed afterwards. */
void gw_plant_apply(struct gw_plant *p, const struct gw_action *a);

/* What a device's signal, or output, shows now. */
double gw_plant_value(const struct gw_plant *p, size_t device, size_t signal);
double gw_plant_output(const struct gw_plant *p, size_t device, size_t output);

/* Answers a request PDU (len >= 1) as the sound device would; returns the length of the reply PDU,
 * which has function code plus 0x80 and one byte when it is an exception. */
size_t gw_plant_answer(struct gw_plant *p, size_t device, uint8_t unit, const uint8_t *pdu,
                       size_t len, uint8_t out[GW_PDU_MAX]);

/* The faults that are on now, of a device or an endpoint. */
void gw_plant_device_faults(const struct gw_plant *p, size_t device, struct gw_faults *out);
void gw_plant_endpoint_faults(const struct gw_plant *p, size_t endpoint, struct gw_faults *out);

/* True for the function codes that only read: 1, 2, 3, 4 and 17. */
bool gw_plant_is_read(uint8_t fc);

#endif
