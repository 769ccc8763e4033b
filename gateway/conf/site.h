/* SPDX-License-Identifier: Apache-2.0
 *
 * site: what was declared: the site file, with the device profiles that it names.
 *
 * Loaded once, constant afterwards, read by every thread. What belongs to a driver (how a bus is
 * reached, where a point's registers are) is read by the driver's hooks and kept as opaque
 * pointers. Loading does no I/O but reading the files; it reports all issues at once.
 */
#ifndef GW_CONF_SITE_H
#define GW_CONF_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/status.h"
#include "conf/issues.h"
#include "conf/json.h"
#include "conf/keys.h"
#include "model/derive.h"
#include "model/point.h"

#define GW_ID_SIZE   32
#define GW_NAME_SIZE 96
#define GW_PATH_SIZE 256
#define GW_ROLE_SIZE 24
#define GW_CODE_SIZE 24

enum gw_sector {
    GW_SECTOR_METALLURGY = 0,
    GW_SECTOR_NONFERROUS,
    GW_SECTOR_BUILDING,
    GW_SECTOR_MACHINERY,
    GW_SECTOR_LIGHT,
    GW_SECTOR_TEXTILE,
    GW_SECTOR_TOBACCO,
    GW_SECTOR_COMMERCE,
    GW_SECTOR_UNKNOWN /* in a partly read site only */
};
extern const char *const gw_sector_names[]; /* "metallurgy" ... NULL */

struct gw_site;

/* The keys of a bus ("driver") and of a device ("bus", "profile", "make" ... "period_ms") that the
 * site reader reads itself. Drivers pass them to gw_keys_read_beside as `others`; their offsets
 * belong to the site reader. */
extern const struct gw_key gw_site_bus_keys[];
extern const struct gw_key gw_site_device_keys[];

/* Every table of the site file that is not a driver's, for the tests of schema and documentation.
 */
struct gw_site_section {
    const char *pointer; /* "/buses/<id>", "/publish/mqtt"; "" for the file itself */
    const struct gw_key *keys;
};
extern const struct gw_site_section gw_site_sections[]; /* ends with pointer NULL */

/* What a bus of a driver is; the number of endpoints and of lines is limited. */
enum gw_bus_kind { GW_BUS_TCP = 0, GW_BUS_SERIAL, GW_BUS_LOCAL };
#define GW_SITE_TCP_MAX    512
#define GW_SITE_SERIAL_MAX 32

/* A driver's side of the site file. Every hook reports issues at nodes and returns what it made, or
 * NULL when it could not make anything; NULL without an issue means that memory is short. free_*
 * and print_* accept NULL. */
struct gw_conf_driver {
    const char *name; /* value of "driver" of a bus: "modbus-tcp" */
    enum gw_bus_kind kind;
    /* The whole bus object; "driver" is already checked. The hook reads all other keys. */
    void *(*bus)(const struct gw_jnode *obj, struct gw_issues *issues);
    /* The device object and its profile's root (NULL without "profile"). The hook reads all keys
     * but the common ones of struct gw_site_device, and adds the profile's points by
     * gw_site_add_point. */
    void *(*device)(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                    const struct gw_jnode *profile, struct gw_issues *issues);
    /* A member of "points" for a device of this driver: adds its point, and perhaps companions of
     * it, which have no private data and are not printed. */
    void (*point)(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                  struct gw_issues *issues);
    void (*free_bus)(void *bus);
    void (*free_device)(void *device);
    void (*free_point)(void *point); /* once for each point that it was given to */
    /* Appends the hook's own members of the bus, device or point for --print-config, as
     * gw_keys_print does; may append nothing. */
    void (*print_bus)(const void *bus, int indent, struct gw_buf *out);
    void (*print_device)(const void *device, int indent, struct gw_buf *out);
    void (*print_point)(const void *point, int indent, struct gw_buf *out);
};

struct gw_site_gateway {
    char id[GW_ID_SIZE];          /* topic level; letters, digits, '-', '_' */
    char state_dir[GW_PATH_SIZE]; /* records.db, telemetry.db, signing key */
    char key_file[GW_PATH_SIZE];  /* "" = state_dir/signing.key */
    char catalogue[GW_PATH_SIZE]; /* findings.json */
    char profiles_dir[GW_PATH_SIZE];
    int log_level; /* enum gw_log_level */
};

struct gw_site_enterprise {
    char uscc[19]; /* unified social credit code, check character verified */
    char code[16]; /* platform's enterprise code, may be "" */
    char name[GW_NAME_SIZE];
    char county[7]; /* GB/T 2260, 6 digits */
    int sector;     /* enum gw_sector */
};

struct gw_site_bus {
    char id[GW_ID_SIZE];
    const struct gw_conf_driver *driver;
    void *priv;
};

/* Identity and verification as on the instrument's plate and certificate: evidence for a reviewer.
 */
struct gw_site_device {
    char id[GW_ID_SIZE];
    uint32_t bus;
    char profile[GW_ID_SIZE]; /* "" when points are given one by one */
    char make[GW_NAME_SIZE], model[GW_NAME_SIZE], serial[GW_NAME_SIZE];
    char location[GW_NAME_SIZE];
    char cert_no[GW_NAME_SIZE];
    char cal_due[11];  /* "2027-03-31", or "" */
    int64_t period_ms; /* poll period of its points */
    uint32_t first_point, npoints;
    void *priv;
};

/* A point that is computed from others, of the device "derived". */
struct gw_site_derived {
    char id[GW_POINT_ID];
    uint32_t point;
    int kind; /* enum gw_derive_kind */
    uint32_t of[GW_DERIVE_MAX];
    size_t nof;
    int64_t pair_ms, n, window_s;
    char unit[GW_POINT_UNIT];
    int64_t decimals;
    const struct gw_jnode *node, *list; /* the member, and its "of" */
};

struct gw_site_fact {
    char key[GW_ROLE_SIZE];
    char value[GW_ID_SIZE]; /* text, number or boolean of the file, as text */
};

struct gw_site_rated {
    char key[GW_ROLE_SIZE];
    double value;
};

/* One role of an asset with the points that play it. */
struct gw_site_role {
    char role[GW_ROLE_SIZE];
    uint32_t *points;
    size_t npoints;
};

/* "overrides": {"GAS-FLT-01": {"delay_s": 60}}; checked against the catalogue by its owner. */
struct gw_site_override {
    char code[GW_CODE_SIZE];
    char param[GW_ROLE_SIZE];
    double value;
    const struct gw_jnode *node;
};

/* An inspection of something that protects and is no instrument: extinguishers, a guard, a vent. */
struct gw_site_due {
    char item[GW_ID_SIZE];
    char date[11]; /* "2027-03-31": the day on which it ends */
};

struct gw_site_asset {
    char id[GW_ID_SIZE];
    char type[GW_ID_SIZE]; /* if_furnace, paint_mix ...: known to the catalogue */
    char name[GW_NAME_SIZE];
    char location[GW_NAME_SIZE];
    struct gw_site_fact *facts;
    size_t nfacts;
    struct gw_site_rated *rated;
    size_t nrated;
    struct gw_site_role *roles;
    size_t nroles;
    struct gw_site_override *overrides;
    size_t noverrides;
    struct gw_site_due *due;
    size_t ndue;
    bool partial; /* in a partly read site: a fact, rated value, role or point of a role lacks */
    const struct gw_jnode *node;
};

struct gw_site_mqtt {
    bool enabled;
    char host[GW_NAME_SIZE];
    int64_t port;
    char client_id[GW_NAME_SIZE]; /* "" = gateway id */
    int version;                  /* 0 = "5", 1 = "3.1.1" */
    char username[GW_NAME_SIZE];
    char password_file[GW_PATH_SIZE]; /* secret */
    bool tls;
    bool allow_plaintext; /* tls may be false although host is not this machine */
    char ca_file[GW_PATH_SIZE], cert_file[GW_PATH_SIZE], private_key_file[GW_PATH_SIZE];
    int64_t keepalive_s;
    int64_t session_s; /* what the subscription outlives a connection by; 0: a clean start */
    int64_t window;    /* messages in flight at most */
    bool receipts;     /* records wait for the platform's receipt; false: PUBACK stands in */
    bool telemetry;    /* publish telemetry over MQTT, too */
    int64_t health_s;  /* period of the health document */
};

#define GW_SITE_TAGS_MAX 8

struct gw_site_tag {
    char key[GW_ID_SIZE], value[GW_NAME_SIZE];
};

struct gw_site_influx {
    bool enabled;
    char url[GW_PATH_SIZE]; /* "https://host:8086/prefix" */
    int64_t version;        /* 1, 2 or 3 */
    char db[GW_NAME_SIZE], rp[GW_NAME_SIZE];
    char org[GW_NAME_SIZE], bucket[GW_NAME_SIZE];
    char token_file[GW_PATH_SIZE]; /* secret */
    char username[GW_NAME_SIZE];
    char password_file[GW_PATH_SIZE]; /* secret */
    char ca_file[GW_PATH_SIZE];
    bool allow_plaintext; /* url may be http although its host is not this machine */
    int64_t batch_lines, batch_s;
    int64_t timeout_ms; /* of a write, from its connection to the end of its answer */
    bool gzip;
    struct gw_site_tag tags[GW_SITE_TAGS_MAX];
    size_t ntags;
};

#define GW_SITE_KEYS_MAX 8

/* A public key of the platform and what its commands may be. */
struct gw_site_trust {
    char file[GW_PATH_SIZE];
    uint32_t may; /* bit n: gw_ask_name(n) */
};

struct gw_site_platform {
    struct gw_site_trust keys[GW_SITE_KEYS_MAX];
    size_t nkeys;
};

/* How far a value may go from the one sent last before it is sent again. */
struct gw_site_deadband {
    uint32_t point; /* index into the site's points: a quantity or a counter */
    double value;   /* in the point's unit, or in percent of the value sent last; > 0 */
    bool percent;
};

struct gw_site_telemetry {
    int64_t heartbeat_s; /* 0: every value of every pass */
    struct gw_site_deadband *deadbands;
    size_t ndeadbands;
};

struct gw_site_journal {
    int64_t records_mb;                      /* quota of records.db */
    int64_t telemetry_mb;                    /* quota of telemetry.db */
    int64_t keep_days;                       /* delivered records that are older leave */
    int64_t window_before_s, window_after_s; /* evidence window */
};

/* A second way to the local API, for a browser on this box or at the end of a tunnel. */
struct gw_site_http {
    char listen[GW_NAME_SIZE];        /* "127.0.0.1:8480", "[::1]:8480"; "": there is none */
    char password_file[GW_PATH_SIZE]; /* secret; "": nobody changes anything this way */
    bool page;                        /* serve the local page, too */
};

struct gw_site_local {
    char socket[GW_PATH_SIZE]; /* of the local API; never "" in a loaded site */
    char socket_mode[8];       /* octal digits; see gw_site_socket_mode */
    char operator_group[GW_ID_SIZE];
    struct gw_site_http http;
};

/* A profile file that was read. */
struct gw_site_profile_hash {
    char name[GW_ID_SIZE];
    char sha256[GW_SHA256_HEX];
};

struct gw_site {
    struct gw_site_gateway gateway;
    struct gw_site_enterprise enterprise;
    struct gw_site_bus *buses;
    size_t nbuses;
    struct gw_site_device *devices;
    size_t ndevices;
    struct gw_point *points;
    void **point_priv; /* what the driver keeps for each point */
    size_t npoints;
    struct gw_site_derived *derived;
    size_t nderived;
    struct gw_site_asset *assets;
    size_t nassets;
    struct gw_site_mqtt mqtt;
    struct gw_site_influx influx;
    struct gw_site_platform platform;
    struct gw_site_telemetry telemetry;
    struct gw_site_journal journal;
    struct gw_site_local local;
    char config_sha256[GW_SHA256_HEX]; /* over site file, profiles and catalogue, in this order */
    struct gw_site_profile_hash *profiles;
    size_t nprofiles;
    struct gw_json **docs; /* kept for nodes: [0] site, then profiles */
    size_t ndocs;
    struct gw_json *catalogue;     /* parsed text of gateway.catalogue, for its owner to read */
    struct gw_site_index *index;   /* points by id; the reader's own */
    struct gw_site_loader *loader; /* while loading only; the reader's own */
};

/* Loads path. drivers is NULL-terminated. On issues: GW_E_PARSE, *out NULL. Issues of the
 * catalogue's content and of overrides are for its owner (finding) to add. */
enum gw_status gw_site_load(const char *path, const struct gw_conf_driver *const *drivers,
                            struct gw_issues *issues, struct gw_site **out) GW_MUST_CHECK;
/* As gw_site_load, but with GW_E_PARSE *out may be what could be read, for whoever has more to say
 * of it: with every object of the file in its place, without the values that have an issue. It is
 * to be freed, and must not be run. */
enum gw_status gw_site_load_partly(const char *path, const struct gw_conf_driver *const *drivers,
                                   struct gw_issues *issues, struct gw_site **out) GW_MUST_CHECK;
/* Where files are read from, if not from the disk. */
struct gw_site_files {
    /* As gw_file_read. */
    enum gw_status (*read)(void *ctx, const char *path, char **text, size_t *len,
                           struct gw_err *err);
    void *ctx;
};
/* gw_site_load_partly with other files; NULL: those of the disk. */
enum gw_status gw_site_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                                 const struct gw_site_files *files, struct gw_issues *issues,
                                 struct gw_site **out) GW_MUST_CHECK;
/* The i-th file that the site was read from, as long as its texts are there: the site file first,
 * then profiles, the catalogue last. NULL: there are no more. All is lent. */
const char *gw_site_file(const struct gw_site *site, size_t i, const char **text, size_t *len);
void gw_site_free(struct gw_site *site);

/* Lets go of the parsed texts, which only loading and its messages need: they are larger than
 * everything that was made from them. All nodes of the site are gone (NULL) afterwards. */
void gw_site_drop_texts(struct gw_site *site);

/* For driver hooks: appends a point (copied with its id and its definition, its device set by the
 * call) with the driver's private data, which free_point is given in the end, once for each point
 * that was added with it. The points' indices and each device's first_point, npoints are final
 * when gw_site_load returns: points of one device stand together, in the order of adding.
 * GW_E_INVAL when the id exists already or is malformed (an issue was added at node), GW_E_NOMEM.
 */
enum gw_status gw_site_add_point(struct gw_site *site, uint32_t device,
                                 const struct gw_point *point, void *priv,
                                 const struct gw_jnode *node,
                                 struct gw_issues *issues) GW_MUST_CHECK;

/* For driver hooks: the root of a further profile that a device or point names, read once and
 * hashed as every other; NULL when it cannot be had, which is an issue at node, told once for each
 * name. Only while the site is loaded. */
const struct gw_jnode *gw_site_profile(struct gw_site *site, const char *name,
                                       const struct gw_jnode *node);

/* Whether this is the bus of the device "derived", which nothing polls: the core computes it. */
bool gw_site_is_derived(const struct gw_site_bus *bus);

/* Index of a point by its id; false when unknown. */
bool gw_site_find_point(const struct gw_site *site, const char *id, uint32_t *out);

/* The effective configuration, defaults filled in, secrets starred, as JSON text. */
void gw_site_print(const struct gw_site *site, struct gw_buf *out);

/* The permissions of the local API's socket, such as 0660. */
unsigned gw_site_socket_mode(const struct gw_site_local *local);
/* Takes an address of this machine and a port apart: "127.0.0.1:8480", "[::1]:8480". False: it is
 * something else. host gets the address without brackets. */
bool gw_site_loopback_port(const char *text, char host[GW_ID_SIZE], uint16_t *port);

/* True for 127.0.0.0/8, ::1 and localhost. */
bool gw_site_is_loopback(const char *host);

/* GB 32100-2015: 18 characters of the alphabet without I O S V Z, weights 3^(i-1) mod 31, check
 * character (31 - sum mod 31) mod 31. */
bool gw_uscc_valid(const char *code);
/* The check character that belongs to the first 17 characters of code; '\0' when code is shorter or
 * one of them is not of the alphabet. */
char gw_uscc_check_char(const char *code);

#endif
