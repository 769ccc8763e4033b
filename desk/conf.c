/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/conf.h"

#include <stdlib.h>
#include <string.h>

#define OF(s, m) .offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define AT(s, m) .offset = offsetof(struct s, m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* The file's members as they are read; nodes are lent by the document. */
struct file {
    struct gw_desk_conf conf;
    const struct gw_jnode *broker, *gateways;
};

struct gateway_file {
    const struct gw_jnode *keys;
};

static const char *const version_names[] = {"5", "3.1.1", NULL};

const struct gw_key gw_desk_keys[] = {
    {"store", GW_KEY_PATH, OF(file, conf.store), .min = 1, .required = true,
     .doc = "SQLite file in which everything received is kept."},
    {"pages", GW_KEY_PATH, OF(file, conf.pages), .min = 1, .required = true,
     .doc = "Folder for feeds and evidence sheets; any web server may show it."},
    {"key_file", GW_KEY_PATH, OF(file, conf.key_file), .min = 1, .required = true,
     .doc = "The platform's private key (PEM, mode 0600), made at the first start; its public half "
            "lies beside it as .pub and goes into every site file."},
    {"silent_s", GW_KEY_INT, OF(file, conf.silent_s), .min = 10, .max = 86400, .def = "90",
     .doc = "Seconds without any message after which a gateway is called silent."},
    {"receipts", GW_KEY_BOOL, OF(file, conf.receipts), .def = "true",
     .doc = "Send receipts: only then does a gateway let go of a record."},
    {"window_wait_s", GW_KEY_INT, OF(file, conf.window_wait_s), .min = 3, .max = 86400,
     .def = "600",
     .doc =
         "Seconds for which an evidence record without its window gets no receipt; asked for after "
         "a third of them, given up at their end."},
    {"broker", GW_KEY_NODE, AT(file, broker), .jtype = GW_J_OBJ, .required = true,
     .doc = "How to reach the MQTT broker."},
    {"gateways", GW_KEY_NODE, AT(file, gateways), .jtype = GW_J_OBJ, .required = true,
     .doc = "The enrolled gateways by id; what others send is refused."},
    END,
};

const struct gw_key gw_desk_broker_keys[] = {
    {"host", GW_KEY_STR, OF(gw_desk_broker, host), .min = 1, .required = true,
     .doc = "Name or address of the broker."},
    {"port", GW_KEY_INT, OF(gw_desk_broker, port), .min = 1, .max = 65535, .def = "8883",
     .doc = "TCP port of the broker."},
    {"client_id", GW_KEY_STR, OF(gw_desk_broker, client_id), .min = 1, .def = "nonsite-desk",
     .doc = "MQTT client id; the broker keeps for it what arrives while the desk is away."},
    {"version", GW_KEY_ENUM, OF(gw_desk_broker, version), .names = version_names, .def = "5",
     .doc = "MQTT version."},
    {"username", GW_KEY_STR, OF(gw_desk_broker, username), .def = "",
     .doc = "User name at the broker, if it wants one."},
    {"password_file", GW_KEY_SECRET, OF(gw_desk_broker, password_file), .def = "",
     .doc = "File that holds the password at the broker and nothing else."},
    {"tls", GW_KEY_BOOL, OF(gw_desk_broker, tls), .def = "true",
     .doc =
         "Encrypt, and verify the broker's certificate; false only towards this machine itself."},
    {"allow_plaintext", GW_KEY_BOOL, OF(gw_desk_broker, allow_plaintext), .def = "false",
     .doc = "Permits tls false towards another machine."},
    {"ca_file", GW_KEY_PATH, OF(gw_desk_broker, ca_file), .def = "",
     .doc = "Certificates that the broker's must lead to (PEM); empty: those of the system."},
    {"cert_file", GW_KEY_PATH, OF(gw_desk_broker, cert_file), .def = "",
     .doc = "Certificate of the desk (PEM), where the broker asks for one."},
    {"private_key_file", GW_KEY_PATH, OF(gw_desk_broker, private_key_file), .def = "",
     .doc = "Key that belongs to cert_file (PEM, mode 0600)."},
    END,
};

const struct gw_key gw_desk_gateway_keys[] = {
    {"keys", GW_KEY_NODE, AT(gateway_file, keys), .jtype = GW_J_ARR, .required = true,
     .doc = "Public keys of the gateway (PEM files), as they were shown at commissioning."},
    END,
};

/* ---- gateways ---- */

/* A path in the file, relative to its folder. malloc'd; NULL: no memory. */
static char *resolve(const struct gw_jnode *n)
{
    const char *path = gw_jnode_str(n);
    const char *folder = gw_json_folder(gw_jnode_doc(n));
    const size_t len = strlen(folder) + strlen(path) + 2;
    char *out = malloc(len);
    if (out && path[0] == '/')
        memcpy(out, path, strlen(path) + 1);
    else if (out)
        (void)snprintf(out, len, "%s/%s", folder, path);
    return out;
}

static void read_key(const struct gw_jnode *n, struct gw_keyring *ring, struct gw_issues *issues)
{
    struct gw_err err = {0};
    if (gw_jnode_type(n) != GW_J_STR || gw_jnode_str(n)[0] == '\0') {
        gw_jnode_issue(n, issues, "must be the name of a file with a public key");
        return;
    }
    char *path = resolve(n);
    if (!path)
        gw_jnode_issue(n, issues, "out of memory");
    else if (gw_keyring_add(ring, path, &err) != GW_OK)
        gw_jnode_issue(n, issues, "%s", err.msg);
    free(path);
}

static void read_gateway(const struct gw_jnode *n, struct gw_desk_gateway *out,
                         struct gw_issues *issues)
{
    struct gateway_file file = {0};
    if (!gw_keys_is_id(gw_jnode_key(n), sizeof out->id))
        gw_jnode_issue(n, issues, "is no gateway id: 1 to 31 letters, digits, '-', '_'");
    else
        (void)snprintf(out->id, sizeof out->id, "%s", gw_jnode_key(n));
    out->keys = gw_keyring_new();
    if (!out->keys) {
        gw_jnode_issue(n, issues, "out of memory");
        return;
    }
    if (gw_jnode_type(n) != GW_J_OBJ) {
        gw_jnode_issue(n, issues, "must be an object");
        return;
    }
    if (!gw_keys_read(n, gw_desk_gateway_keys, &file, issues))
        return;
    if (!gw_jnode_first(file.keys))
        gw_jnode_issue(file.keys, issues, "must name a key");
    for (const struct gw_jnode *k = gw_jnode_first(file.keys); k; k = gw_jnode_next(k))
        read_key(k, out->keys, issues);
}

static void read_gateways(const struct gw_jnode *n, struct gw_desk_conf *conf,
                          struct gw_issues *issues)
{
    const size_t count = gw_jnode_count(n);
    if (count > GW_DESK_GATEWAYS) {
        gw_jnode_issue(n, issues, "has %zu gateways, %d are possible", count, GW_DESK_GATEWAYS);
        return;
    }
    conf->gateways = calloc(count + 1, sizeof *conf->gateways);
    if (!conf->gateways) {
        gw_jnode_issue(n, issues, "out of memory");
        return;
    }
    for (const struct gw_jnode *g = gw_jnode_first(n); g; g = gw_jnode_next(g))
        read_gateway(g, &conf->gateways[conf->ngateways++], issues);
}

/* ---- the rest ---- */

static bool is_here(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           strncmp(host, "127.", 4) == 0;
}

static void check_broker(const struct gw_jnode *n, const struct gw_desk_broker *b,
                         struct gw_issues *issues)
{
    if (!b->tls && !b->allow_plaintext && b->host[0] != '\0' && !is_here(b->host))
        gw_jnode_issue(n, issues,
                       "tls may be false only towards this machine; allow_plaintext permits it");
    if ((b->cert_file[0] == '\0') != (b->private_key_file[0] == '\0'))
        gw_jnode_issue(n, issues, "cert_file and private_key_file go together");
    if (b->password_file[0] != '\0' && b->username[0] == '\0')
        gw_jnode_issue(n, issues, "password_file is of no use without username");
}

enum gw_status gw_desk_conf_load(const char *path, struct gw_issues *issues,
                                 struct gw_desk_conf **out)
{
    struct file file = {0};
    struct gw_json *doc = NULL;
    const enum gw_status st = gw_json_load(path, issues, &doc);
    if (st != GW_OK)
        return st;
    const struct gw_jnode *root = gw_json_root(doc);
    struct gw_desk_conf *conf = calloc(1, sizeof *conf);
    if (!conf) {
        gw_json_free(doc);
        return GW_E_NOMEM;
    }
    if (gw_jnode_type(root) != GW_J_OBJ)
        gw_jnode_issue(root, issues, "must be an object");
    else
        (void)gw_keys_read(root, gw_desk_keys, &file, issues);
    *conf = file.conf;
    (void)gw_keys_read(file.broker, gw_desk_broker_keys, &conf->broker, issues);
    if (file.broker)
        check_broker(file.broker, &conf->broker, issues);
    if (file.gateways)
        read_gateways(file.gateways, conf, issues);
    gw_json_free(doc);
    if (gw_issues_count(issues) > 0) {
        gw_desk_conf_free(conf);
        return GW_E_PARSE;
    }
    *out = conf;
    return GW_OK;
}

void gw_desk_conf_free(struct gw_desk_conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->ngateways; i++)
        gw_keyring_free(conf->gateways[i].keys);
    free(conf->gateways);
    free(conf);
}

const struct gw_desk_gateway *gw_desk_conf_gateway(const struct gw_desk_conf *conf, const char *id)
{
    for (size_t i = 0; i < conf->ngateways; i++)
        if (strcmp(conf->gateways[i].id, id) == 0)
            return &conf->gateways[i];
    return NULL;
}
