/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the records go.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl/sketch.h"

static void put_broker(const struct gw_plan *p, struct gw_buf *out)
{
    const bool plain = gw_site_is_loopback(p->mqtt) && p->mqtt_port == 1883;

    gw_buf_str(out, "      \"host\": ");
    gw_sketch_str(out, p->mqtt);
    gw_buf_str(out, ",\n      // \"username\", \"password_file\", \"ca_file\": as the "
                    "platform gave them\n");
    gw_buf_printf(out, "      \"port\": %" PRId64, p->mqtt_port);
    if (plain)
        gw_buf_str(out, ",\n      // only because the broker is on this box\n"
                        "      \"tls\": false");
    if (!p->platform_key[0])
        gw_buf_str(out, ",\n      // without the platform's key nobody can give receipts\n"
                        "      \"receipts\": false");
    gw_buf_char(out, '\n');
}

void gw_sketch_publish(const struct gw_plan *p, struct gw_sketch *d, struct gw_buf *out)
{
    gw_buf_str(out, "  // Where alarms and leads are sent. Without a platform everything is "
                    "kept in the journal and\n"
                    "  // shown on this box.\n"
                    "  \"publish\": {\n    \"mqtt\": {\n");
    if (p->mqtt[0]) {
        put_broker(p, out);
    } else {
        gw_buf_str(out,
                   "      // to do: \"host\": the platform's broker; then take out the next line\n"
                   "      \"enabled\": false\n");
        gw_buf_str(&d->to_do, "/publish/mqtt: the platform's broker; until then nothing is sent\n");
    }
    gw_buf_str(out, "    }\n  }");
    if (p->platform_key[0]) {
        gw_buf_str(out, ",\n\n  // Whose signed receipts and commands are taken, and which.\n"
                        "  \"platform\": {\n    \"keys\": [{\n      \"file\": ");
        gw_sketch_str(out, p->platform_key);
        gw_buf_str(out, ",\n      \"may\": [\"receipt\", \"accept\", \"permit\", \"revoke\", "
                        "\"order\", \"rectify\", \"cancel\", \"evidence\", "
                        "\"challenge\"]\n    }]\n  }");
    } else if (p->mqtt[0]) {
        gw_buf_str(&d->to_do, "/platform: the platform's public key, for receipts and commands\n");
    }
    gw_buf_char(out, '\n');
}
