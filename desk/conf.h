/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/conf: the desk's own file: where the broker is, where things are kept, which gateways are
 * enrolled with which keys. Strict, as the gateway's site file. Constant once loaded.
 */
#ifndef GW_DESK_CONF_H
#define GW_DESK_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/issues.h"
#include "conf/keys.h"
#include "proof/keyring.h"

#define GW_DESK_PATH     512
#define GW_DESK_NAME     128
#define GW_DESK_ID       32
#define GW_DESK_GATEWAYS 4096

struct gw_desk_broker {
    char host[GW_DESK_NAME];
    int64_t port;
    char client_id[GW_DESK_NAME];
    int version; /* 0: MQTT 5, 1: 3.1.1 */
    char username[GW_DESK_NAME], password_file[GW_DESK_PATH];
    bool tls, allow_plaintext;
    char ca_file[GW_DESK_PATH], cert_file[GW_DESK_PATH], private_key_file[GW_DESK_PATH];
};

struct gw_desk_gateway {
    char id[GW_DESK_ID];
    struct gw_keyring *keys;
};

struct gw_desk_conf {
    char store[GW_DESK_PATH], pages[GW_DESK_PATH], key_file[GW_DESK_PATH];
    int64_t silent_s; /* a gateway of which nothing was heard for so long is silent */
    bool receipts;
    int64_t window_wait_s; /* so long an evidence record waits for its window */
    struct gw_desk_broker broker;
    struct gw_desk_gateway *gateways;
    size_t ngateways;
};

/* All issues at once, each with its place; GW_E_PARSE when there are any. GW_E_NOMEM. */
enum gw_status gw_desk_conf_load(const char *path, struct gw_issues *issues,
                                 struct gw_desk_conf **out) GW_MUST_CHECK;
void gw_desk_conf_free(struct gw_desk_conf *conf);

/* NULL: not enrolled. */
const struct gw_desk_gateway *gw_desk_conf_gateway(const struct gw_desk_conf *conf, const char *id);

/* The tables, for the documentation test. */
extern const struct gw_key gw_desk_keys[];         /* the file */
extern const struct gw_key gw_desk_broker_keys[];  /* "broker" */
extern const struct gw_key gw_desk_gateway_keys[]; /* a member of "gateways" */

#endif
