/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include "base/jcs.h"

void gw_event_write(const struct gw_event *ev, const struct gw_identity *id,
                    const struct gw_stamp *now, struct gw_buf *out)
{
    char iso[GW_ISO_SIZE];
    struct gw_jcs j;

    gw_clock_iso(now->wall_ms, iso);
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "boot", id->boot);
    gw_jcs_str(&j, "class", "event");
    gw_jcs_str(&j, "gateway", id->gateway);
    gw_jcs_str(&j, "kind", ev->kind);
    gw_jcs_str(&j, "subject", ev->subject);
    gw_jcs_bool(&j, "sync", now->sync);
    gw_jcs_str(&j, "t", iso);
    gw_jcs_int(&j, "t_boot_ms", now->boot_ms);
    gw_jcs_obj(&j, "text");
    gw_jcs_str(&j, "en", ev->text_en);
    gw_jcs_str(&j, "zh", ev->text_zh);
    gw_jcs_end(&j);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}
