/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the site file: the single description of every key that is not a driver's.
 */
#include "conf/site_in.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *const gw_sector_names[] = {
    "metallurgy", "nonferrous", "building", "machinery", "light",
    "textile",    "tobacco",    "commerce", NULL,
};

static const char *const log_level_names[] = {"err", "warn", "info", "debug", NULL};
static const char *const mqtt_version_names[] = {"5", "3.1.1", NULL};

/* ---- checks of single values ---- */

static void check_uscc(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *code = gw_jnode_str(n);
    const char expected = gw_uscc_check_char(code);
    if (strlen(code) != 18) {
        gw_jnode_issue(n, issues, "must have 18 characters, has %zu", strlen(code));
    } else if (expected == '\0') {
        gw_jnode_issue(n, issues,
                       "may hold digits and the capital letters other than I, O, S, V and Z only");
    } else if (code[17] != expected) {
        gw_jnode_issue(n, issues, "check character: expected '%c', is '%c'", expected, code[17]);
    }
}

static void check_county(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *code = gw_jnode_str(n);
    if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
        gw_jnode_issue(n, issues, "must be the 6 digits of GB/T 2260, is \"%s\"", code);
}

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool is_date(const char *s)
{
    static const int days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int i = 0; i < 10; i++) {
        const bool dash = i == 4 || i == 7;
        if (dash ? s[i] != '-' : s[i] < '0' || s[i] > '9')
            return false;
    }
    const int year = two_digits(s) * 100 + two_digits(s + 2);
    const int month = two_digits(s + 5);
    const int day = two_digits(s + 8);
    if (s[10] != '\0' || month < 1 || month > 12)
        return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month] + (month == 2 && leap);
}

void gw_site_check_date(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *text = gw_jnode_str(n);
    if (text[0] != '\0' && !is_date(text))
        gw_jnode_issue(n, issues, "must be a date such as \"2027-03-31\", is \"%s\"", text);
}

static void check_host(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *host = gw_jnode_str(n);
    for (const char *p = host; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr(".-_:", *p) == NULL) {
            gw_jnode_issue(n, issues,
                           "must be a host name or an address alone, without \"mqtt://\" and port, "
                           "is \"%s\"",
                           host);
            return;
        }
    }
}

/* ---- tables ---- */

#define TEXT(s, m)  .offset = offsetof(struct s, m), .size = sizeof(((struct s *)NULL)->m)
#define VALUE(s, m) .offset = offsetof(struct s, m)
/* Members of a struct that stands first in its *_in struct. */
#define DEV_TEXT(m) TEXT(gw_site_device_in, device.m)
#define AST_TEXT(m) TEXT(gw_site_asset_in, asset.m)
#define INF_TEXT(m) TEXT(gw_site_influx_in, influx.m)
#define NODE(m)     VALUE(gw_site_root_in, m), .jtype = GW_J_OBJ
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_site_root_keys[] = {
    {"gateway", GW_KEY_NODE, NODE(gateway), .required = true,
     .doc = "This box: its name and where it keeps things."},
    {"enterprise", GW_KEY_NODE, NODE(enterprise), .required = true,
     .doc = "Whose plant it is; stands in every record."},
    {"buses", GW_KEY_NODE, NODE(buses),
     .doc = "How instruments are reached: one entry for each endpoint, by a name of your choice."},
    {"devices", GW_KEY_NODE, NODE(devices),
     .doc = "The instruments: one entry for each, by a name of your choice."},
    {"points", GW_KEY_NODE, NODE(points),
     .doc = "Points that no profile gives, as \"<device>.<name>\"; keys are those of the device's "
            "driver."},
    {"derived", GW_KEY_NODE, NODE(derived),
     .doc = "Points that are computed from others, by a name of your choice; each is the point "
            "\"derived.<name>\"."},
    {"assets", GW_KEY_NODE, NODE(assets),
     .doc = "What is protected: furnaces, burners, collectors, rooms; by a name of your choice."},
    {"publish", GW_KEY_NODE, NODE(publish), .required = true,
     .doc = "Where alarms, leads and telemetry are sent."},
    {"platform", GW_KEY_NODE, NODE(platform),
     .doc = "Whose signed commands and receipts are taken."},
    {"journal", GW_KEY_NODE, NODE(journal),
     .doc = "How much is kept on this box."},
    {"local", GW_KEY_NODE, NODE(local),
     .doc = "Where people and programs on this box may ask the gateway."},
    END,
};

const struct gw_key gw_site_gateway_keys[] = {
    {"id", GW_KEY_ID, TEXT(gw_site_gateway, id), .required = true,
     .doc = "Name of this gateway in topics and records; never to be changed once it is in use."},
    {"state_dir", GW_KEY_PATH, TEXT(gw_site_gateway, state_dir), .min = 1,
     .def = "/var/lib/nonsite-gateway",
     .doc = "Folder of the journal and the signing key; on a local disk."},
    {"key_file", GW_KEY_PATH, TEXT(gw_site_gateway, key_file), .def = "",
     .doc = "Signing key (Ed25519, PKCS#8 PEM, mode 0600); empty: signing.key in state_dir, made at "
            "the first start."},
    {"catalogue", GW_KEY_PATH, TEXT(gw_site_gateway, catalogue), .min = 1,
     .def = "/usr/share/nonsite-gateway/findings.json",
     .doc = "Catalogue of findings."},
    {"profiles", GW_KEY_PATH, TEXT(gw_site_gateway, profiles_dir), .min = 1,
     .def = "/usr/share/nonsite-gateway/devices",
     .doc = "Folder of the device profiles."},
    {"log_level", GW_KEY_ENUM, VALUE(gw_site_gateway, log_level), .names = log_level_names,
     .def = "info",
     .doc = "What is logged: err is the least, debug the most."},
    END,
};

const struct gw_key gw_site_enterprise_keys[] = {
    {"uscc", GW_KEY_STR, TEXT(gw_site_enterprise, uscc), .min = 1, .required = true,
     .check = check_uscc,
     .doc = "Unified social credit code (18 characters); its check character is verified."},
    {"code", GW_KEY_STR, TEXT(gw_site_enterprise, code), .def = "",
     .doc = "The platform's code for the enterprise, if it has one."},
    {"name", GW_KEY_STR, TEXT(gw_site_enterprise, name), .min = 1, .required = true,
     .doc = "Registered name, usually in Chinese."},
    {"county", GW_KEY_STR, TEXT(gw_site_enterprise, county), .min = 1, .required = true,
     .check = check_county,
     .doc = "Division code of the county (GB/T 2260, 6 digits)."},
    {"sector", GW_KEY_ENUM, VALUE(gw_site_enterprise, sector), .names = gw_sector_names,
     .required = true,
     .doc = "Sector in the sense of Order No. 10; decides which clauses apply."},
    END,
};

const struct gw_key gw_site_bus_keys[] = {
    {"driver", GW_KEY_ID, TEXT(gw_site_bus_in, driver), .required = true,
     .doc = "Driver that speaks to it: \"modbus-tcp\", \"modbus-rtu\" or \"gpio\"; the other keys are the "
            "driver's."},
    END,
};

const struct gw_key gw_site_device_keys[] = {
    {"bus", GW_KEY_ID, TEXT(gw_site_device_in, bus), .required = true,
     .doc = "Name of the bus that it is on."},
    {"profile", GW_KEY_ID, DEV_TEXT(profile),
     .doc = "Device profile, the name of a file in gateway.profiles without \".json\"; without one, "
            "the points stand in \"points\"."},
    {"make", GW_KEY_STR, DEV_TEXT(make), .def = "",
     .doc = "Maker, as on the plate."},
    {"model", GW_KEY_STR, DEV_TEXT(model), .def = "",
     .doc = "Model, as on the plate."},
    {"serial", GW_KEY_STR, DEV_TEXT(serial), .def = "",
     .doc = "Serial number, as on the plate."},
    {"location", GW_KEY_STR, DEV_TEXT(location), .def = "",
     .doc = "Where it is, so that a stranger finds it."},
    {"cert_no", GW_KEY_STR, DEV_TEXT(cert_no), .def = "",
     .doc = "Number of the valid verification certificate."},
    {"cal_due", GW_KEY_STR, DEV_TEXT(cal_due), .def = "", .check = gw_site_check_date,
     .doc = "Day on which the verification ends, as \"2027-03-31\"."},
    {"period_ms", GW_KEY_INT, VALUE(gw_site_device_in, device.period_ms), .min = 100,
     .max = 3600000, .def = "1000",
     .doc = "How often it is read, in milliseconds."},
    END,
};

static const char *const derive_names[] = {"difference", "ratio",    "sum", "n_of_m",
                                           "rate",       "increase", NULL};

const struct gw_key gw_site_derived_keys[] = {
    {"kind", GW_KEY_ENUM, VALUE(gw_site_derived, kind), .names = derive_names, .required = true,
     .doc = "First minus second, first by second, sum of all, whether at least n contacts are on, "
            "change per minute, or by how much it grew."},
    {"of", GW_KEY_NODE, VALUE(gw_site_derived, list), .jtype = GW_J_ARR, .required = true,
     .doc = "The points that it is made of: two (difference, ratio), one (rate, increase), two to eight."},
    {"pair_ms", GW_KEY_INT, VALUE(gw_site_derived, pair_ms), .min = 1, .max = 60000, .def = "2000",
     .doc = "Values read further apart than this, in milliseconds, make it UNCERTAIN."},
    {"n", GW_KEY_INT, VALUE(gw_site_derived, n), .min = 1, .max = 8, .def = "1",
     .doc = "n_of_m: how many contacts must be on."},
    {"window_s", GW_KEY_INT, VALUE(gw_site_derived, window_s), .min = 5, .max = 300, .def = "60",
     .doc = "rate, increase: seconds over which it is taken; at most what the journal keeps before an "
            "event."},
    {"unit", GW_KEY_STR, TEXT(gw_site_derived, unit), .def = "",
     .doc = "Unit of the result, such as K or 1/min."},
    {"decimals", GW_KEY_INT, VALUE(gw_site_derived, decimals), .min = 0, .max = 9, .def = "2",
     .doc = "Digits shown after the point."},
    END,
};

const struct gw_key gw_site_asset_keys[] = {
    {"type", GW_KEY_ID, AST_TEXT(type), .required = true,
     .doc = "Type of asset in the catalogue, such as if_furnace or paint_mix."},
    {"name", GW_KEY_STR, AST_TEXT(name), .min = 1, .required = true,
     .doc = "What people in the plant call it."},
    {"location", GW_KEY_STR, AST_TEXT(location), .def = "",
     .doc = "Where it is, so that a stranger finds it."},
    {"facts", GW_KEY_NODE, VALUE(gw_site_asset_in, facts), .jtype = GW_J_OBJ,
     .doc = "What the catalogue asks about it, such as \"loop\": \"closed\"; texts, numbers, true "
            "or false."},
    {"rated", GW_KEY_NODE, VALUE(gw_site_asset_in, rated), .jtype = GW_J_OBJ,
     .doc = "Rated values from its plate that limits are taken from, by role, such as \"Q_IN\": 40."},
    {"roles", GW_KEY_NODE, VALUE(gw_site_asset_in, roles), .jtype = GW_J_OBJ,
     .doc = "Which point plays which role, such as \"T_OUT\": \"pt.t1\"; several points stand in "
            "[ ]."},
    {"due", GW_KEY_NODE, VALUE(gw_site_asset_in, due), .jtype = GW_J_OBJ,
     .doc = "Until when inspections of what protects it are valid, by a name of your choice, such as "
            "\"extinguishers\": \"2027-03-31\"."},
    {"overrides", GW_KEY_NODE, VALUE(gw_site_asset_in, overrides), .jtype = GW_J_OBJ,
     .doc = "Parameters of findings that differ here, as {\"GAS-FLT-01\": {\"delay_s\": 60}}; the "
            "catalogue bounds them."},
    END,
};

const struct gw_key gw_site_publish_keys[] = {
    {"mqtt", GW_KEY_NODE, VALUE(gw_site_publish_in, mqtt), .jtype = GW_J_OBJ, .required = true,
     .doc = "The platform's MQTT broker."},
    {"influx", GW_KEY_NODE, VALUE(gw_site_publish_in, influx), .jtype = GW_J_OBJ,
     .doc = "An InfluxDB that telemetry is written to, too."},
    {"telemetry", GW_KEY_NODE, VALUE(gw_site_publish_in, telemetry), .jtype = GW_J_OBJ,
     .doc = "Which values are worth sending, to the broker and to InfluxDB alike."},
    END,
};

const struct gw_key gw_site_mqtt_keys[] = {
    {"enabled", GW_KEY_BOOL, VALUE(gw_site_mqtt, enabled), .def = "true",
     .doc = "false: nothing is sent; records are kept in the journal."},
    {"host", GW_KEY_STR, TEXT(gw_site_mqtt, host), .min = 1, .check = check_host,
     .doc = "Name or address of the broker; must be given while enabled."},
    {"port", GW_KEY_INT, VALUE(gw_site_mqtt, port), .min = 1, .max = 65535, .def = "8883",
     .doc = "TCP port of the broker."},
    {"client_id", GW_KEY_STR, TEXT(gw_site_mqtt, client_id), .def = "",
     .doc = "MQTT client id; empty: the gateway's id."},
    {"version", GW_KEY_ENUM, VALUE(gw_site_mqtt, version), .names = mqtt_version_names, .def = "5",
     .doc = "MQTT version; 3.1.1 only where the broker has no 5, because it cannot tell a refusal."},
    {"username", GW_KEY_STR, TEXT(gw_site_mqtt, username), .def = "",
     .doc = "User name at the broker, if it wants one."},
    {"password_file", GW_KEY_SECRET, TEXT(gw_site_mqtt, password_file), .def = "",
     .doc = "File that holds the password at the broker and nothing else."},
    {"tls", GW_KEY_BOOL, VALUE(gw_site_mqtt, tls), .def = "true",
     .doc = "Encrypt, and verify the broker's certificate; false only towards this machine itself."},
    {"allow_plaintext", GW_KEY_BOOL, VALUE(gw_site_mqtt, allow_plaintext), .def = "false",
     .doc = "Permits tls false towards another machine; whoever is on the way can read and alter "
            "everything, the password included."},
    {"ca_file", GW_KEY_PATH, TEXT(gw_site_mqtt, ca_file), .def = "",
     .doc = "Certificates that the broker's must lead to (PEM); empty: those of the system."},
    {"cert_file", GW_KEY_PATH, TEXT(gw_site_mqtt, cert_file), .def = "",
     .doc = "Certificate of this gateway (PEM), where the broker asks for one."},
    {"private_key_file", GW_KEY_PATH, TEXT(gw_site_mqtt, private_key_file), .def = "",
     .doc = "Key that belongs to cert_file (PEM, mode 0600)."},
    {"keepalive_s", GW_KEY_INT, VALUE(gw_site_mqtt, keepalive_s), .min = 5, .max = 3600,
     .def = "30",
     .doc = "Seconds of silence after which the broker takes this gateway for lost."},
    {"session_s", GW_KEY_INT, VALUE(gw_site_mqtt, session_s), .min = 0, .max = 604800,
     .def = "86400",
     .doc = "Seconds for which the broker keeps commands and receipts for a gateway that is away "
            "(3.1.1: without end); 0: not at all."},
    {"window", GW_KEY_INT, VALUE(gw_site_mqtt, window), .min = 1, .max = 1000, .def = "20",
     .doc = "Messages under way at most; more help on a slow line, if the broker permits them."},
    {"receipts", GW_KEY_BOOL, VALUE(gw_site_mqtt, receipts), .def = "true",
     .doc = "true: a record waits for the platform's receipt; false: the broker's acknowledgement "
            "stands in."},
    {"telemetry", GW_KEY_BOOL, VALUE(gw_site_mqtt, telemetry), .def = "true",
     .doc = "Send telemetry, too, not only alarms and leads."},
    {"health_s", GW_KEY_INT, VALUE(gw_site_mqtt, health_s), .min = 5, .max = 3600, .def = "30",
     .doc = "Seconds between two health messages."},
    END,
};

const struct gw_key gw_site_influx_keys[] = {
    {"enabled", GW_KEY_BOOL, VALUE(gw_site_influx_in, influx.enabled), .def = "false",
     .doc = "true: telemetry is kept for this database until it has it."},
    {"url", GW_KEY_STR, INF_TEXT(url), .def = "",
     .doc = "Where it is, as https://host:8086, with a path where a proxy wants one; must be given "
            "while enabled."},
    {"version", GW_KEY_INT, VALUE(gw_site_influx_in, influx.version), .min = 1, .max = 3,
     .doc = "Which InfluxDB it is: 1, 2 or 3; must be given while enabled."},
    {"db", GW_KEY_STR, INF_TEXT(db), .def = "",
     .doc = "Database, for versions 1 and 3."},
    {"rp", GW_KEY_STR, INF_TEXT(rp), .def = "",
     .doc = "Retention policy, for version 1; empty: the database's default."},
    {"org", GW_KEY_STR, INF_TEXT(org), .def = "",
     .doc = "Organisation, for version 2."},
    {"bucket", GW_KEY_STR, INF_TEXT(bucket), .def = "",
     .doc = "Bucket, for version 2."},
    {"token_file", GW_KEY_SECRET, INF_TEXT(token_file), .def = "",
     .doc = "File that holds the token and nothing else; read anew for each write."},
    {"username", GW_KEY_STR, INF_TEXT(username), .def = "",
     .doc = "User name, for version 1 without a token."},
    {"password_file", GW_KEY_SECRET, INF_TEXT(password_file), .def = "",
     .doc = "File that holds the password of username and nothing else; read anew for each write."},
    {"ca_file", GW_KEY_PATH, INF_TEXT(ca_file), .def = "",
     .doc = "Certificates that the server's must lead to (PEM); empty: those of the system."},
    {"allow_plaintext", GW_KEY_BOOL, VALUE(gw_site_influx_in, influx.allow_plaintext),
     .def = "false",
     .doc = "Permits a url of http:// towards another machine; whoever is on the way can read and "
            "alter everything, the token or password included."},
    {"batch_lines", GW_KEY_INT, VALUE(gw_site_influx_in, influx.batch_lines), .min = 1,
     .max = 5000, .def = "1000",
     .doc = "Lines in one write at most; a line is one pass over one device."},
    {"batch_s", GW_KEY_INT, VALUE(gw_site_influx_in, influx.batch_s), .min = 1, .max = 3600,
     .def = "10",
     .doc = "Seconds that a line waits for others at most."},
    {"timeout_ms", GW_KEY_INT, VALUE(gw_site_influx_in, influx.timeout_ms), .min = 500,
     .max = 120000, .def = "10000",
     .doc = "Longest time of one write from connecting to the end of the answer, in "
            "milliseconds."},
    {"gzip", GW_KEY_BOOL, VALUE(gw_site_influx_in, influx.gzip), .def = "true",
     .doc = "Compress what is written."},
    {"tags", GW_KEY_NODE, VALUE(gw_site_influx_in, tags), .jtype = GW_J_OBJ,
     .doc = "Up to 8 tags of your own for every line, such as {\"plant\": \"east\"}."},
    END,
};

const struct gw_key gw_site_platform_keys[] = {
    {"keys", GW_KEY_NODE, VALUE(gw_site_platform_in, keys), .jtype = GW_J_ARR, .required = true,
     .doc = "The platform's public keys, at most 8."},
    END,
};

const struct gw_key gw_site_trust_keys[] = {
    {"file", GW_KEY_PATH, TEXT(gw_site_trust_in, trust.file), .min = 1, .required = true,
     .doc = "Public key (Ed25519, PEM), as openssl pkey -pubout writes it."},
    {"may", GW_KEY_NODE, VALUE(gw_site_trust_in, may), .jtype = GW_J_ARR, .required = true,
     .doc = "Names of the commands that it may sign, such as [\"receipt\", \"accept\"]."},
    END,
};

const struct gw_key gw_site_telemetry_keys[] = {
    {"heartbeat_s", GW_KEY_INT, VALUE(gw_site_telemetry_in, telemetry.heartbeat_s), .min = 0,
     .max = 86400, .def = "0",
     .doc = "Seconds after which a value is sent although it has not changed, such as 60; 0: every "
            "value of every pass is sent."},
    {"deadbands", GW_KEY_NODE, VALUE(gw_site_telemetry_in, deadbands), .jtype = GW_J_OBJ,
     .doc = "How far a value may move before it is sent, by point: a number in the point's unit, or "
            "\"2 %\" of the value sent last."},
    END,
};

const struct gw_key gw_site_journal_keys[] = {
    {"records_mb", GW_KEY_INT, VALUE(gw_site_journal, records_mb), .min = 16, .max = 65536,
     .def = "256",
     .doc = "Space for records, in MiB; taken at the first start."},
    {"telemetry_mb", GW_KEY_INT, VALUE(gw_site_journal, telemetry_mb), .min = 16, .max = 65536,
     .def = "512",
     .doc = "Space for telemetry, in MiB; the oldest goes first."},
    {"keep_days", GW_KEY_INT, VALUE(gw_site_journal, keep_days), .min = 1, .max = 3650,
     .def = "90",
     .doc = "Days for which delivered records are kept; older ones leave the box behind a "
            "checkpoint, sooner for want of room. What was not delivered never leaves."},
    {"window_before_s", GW_KEY_INT, VALUE(gw_site_journal, window_before_s), .min = 10,
     .max = 1800, .def = "300",
     .doc = "Seconds of samples before an event that become evidence."},
    {"window_after_s", GW_KEY_INT, VALUE(gw_site_journal, window_after_s), .min = 10, .max = 1800,
     .def = "120",
     .doc = "Seconds of samples after an event that become evidence."},
    END,
};
/* clang-format on */

const struct gw_site_section gw_site_sections[] = {
    {"", gw_site_root_keys},
    {"/gateway", gw_site_gateway_keys},
    {"/enterprise", gw_site_enterprise_keys},
    {"/buses/<id>", gw_site_bus_keys},
    {"/devices/<id>", gw_site_device_keys},
    {"/derived/<id>", gw_site_derived_keys},
    {"/assets/<id>", gw_site_asset_keys},
    {"/publish", gw_site_publish_keys},
    {"/publish/mqtt", gw_site_mqtt_keys},
    {"/publish/influx", gw_site_influx_keys},
    {"/platform", gw_site_platform_keys},
    {"/platform/keys/[]", gw_site_trust_keys},
    {"/publish/telemetry", gw_site_telemetry_keys},
    {"/journal", gw_site_journal_keys},
    {"/local", gw_site_local_keys},
    {"/local/http", gw_site_http_keys},
    {NULL, NULL},
};

/* ---- checks between keys ---- */

bool gw_site_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
    return strcmp(host, "localhost") == 0;
}

static const struct gw_jnode *member_or(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? n : obj;
}

static void check_plaintext(const struct gw_site_mqtt *mqtt, const struct gw_jnode *obj,
                            struct gw_issues *issues)
{
    if (mqtt->tls || mqtt->allow_plaintext || mqtt->host[0] == '\0' ||
        gw_site_is_loopback(mqtt->host))
        return;
    gw_jnode_issue(member_or(obj, "tls"), issues,
                   "must be true, because \"%s\" is another machine; \"allow_plaintext\": true "
                   "takes the risk by name",
                   mqtt->host);
    if (mqtt->password_file[0] != '\0') {
        gw_jnode_issue(member_or(obj, "password_file"), issues,
                       "the password would travel in the clear to \"%s\"", mqtt->host);
    }
}

void gw_site_check_mqtt(const struct gw_site_mqtt *mqtt, const struct gw_jnode *obj,
                        struct gw_issues *issues)
{
    if (!mqtt->enabled || gw_jnode_type(obj) != GW_J_OBJ)
        return;
    if (gw_jnode_get(obj, "host") == NULL)
        gw_jnode_issue(obj, issues, "\"host\" is missing; or set \"enabled\": false");
    check_plaintext(mqtt, obj, issues);
    if ((mqtt->cert_file[0] == '\0') != (mqtt->private_key_file[0] == '\0')) {
        gw_jnode_issue(obj, issues,
                       "\"cert_file\" and \"private_key_file\" belong together: give "
                       "both or none");
    }
    if (mqtt->version == 1 && mqtt->password_file[0] != '\0' && mqtt->username[0] == '\0') {
        gw_jnode_issue(member_or(obj, "password_file"), issues,
                       "MQTT 3.1.1 has no password without \"username\"");
    }
}
