/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe_args.h"

#include <string.h>

#include "conf/keys.h"
#include "conf/site.h"
#include "model/point.h"

#define TIMEOUT_MS      1000
#define SCAN_TIMEOUT_MS 300 /* most units of a scan are silent */
#define SCAN_TIME_MS    INT64_C(60000)
#define SHOWN           4 /* registers: enough for every type */

const char gw_mb_probe_usage[] =
    "usage: nonsited --probe ENDPOINT --address N [--unit N|A-B] [--fc 1|2|3|4] [--count N]\n"
    "                         [--type T] [--point NAME --type T [--order O]]\n"
    "       nonsited --probe ENDPOINT --identity [--unit N|A-B]\n"
    "       nonsited --probe ENDPOINT --scan [--unit A-B] [--time S]\n"
    "  --address N first address as on the wire, counted from 0: register 40001 of a manual is 0\n"
    "  --unit      unit (slave) address, or several; default 1, of a scan 1-247\n"
    "  --fc        1 coils, 2 discrete inputs, 3 holding registers (default), 4 input registers\n"
    "  --count N   registers or bits to read, up to 2000; default 4, or 16 bits\n"
    "  --type T    u16, i16, u32, i32, u64, f32, f64, bcd, bcd32, mk102: show this type only\n"
    "  --order O   ABCD, CDAB, BADC, DCBA\n"
    "  --point     print the chosen reading as a point for the site file; NAME is "
    "\"<device>.<name>\"\n"
    "  --identity  show who the device says it is: function 17\n"
    "  --scan      find the units that answer: function 17, then one register\n"
    "  --timeout MS for one answer, 20 to 60000; default 1000, of a scan 300\n"
    "  --time S    for a whole scan, 1 to 3600; default 60\n"
    "Only functions 1, 2, 3, 4 and 17 are ever sent: nothing is written to the plant.\n"
    "exit: 0 something was read, 1 nothing was, 64 wrong usage\n";

/* Digits only, min..max. *end is behind them. */
static bool number(const char *text, unsigned min, unsigned max, unsigned *out, const char **end)
{
    unsigned v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (unsigned)(*p - '0');
        if (v > max)
            return false;
    }
    if (p == text || v < min || (end == NULL && *p != '\0'))
        return false;
    *out = v;
    if (end != NULL)
        *end = p;
    return true;
}

static int index_of(const char *text, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return -1;
}

/* What the options are read into. */
struct reader {
    struct gw_mb_probe_args *args;
    bool unit, count, timeout, time;
};

static bool read_unit(struct reader *r, const char *v)
{
    const char *end = NULL;
    r->unit = true;
    if (!number(v, 0, 255, &r->args->unit_first, &end))
        return false;
    r->args->unit_last = r->args->unit_first;
    if (*end == '-')
        return number(end + 1, r->args->unit_first, 255, &r->args->unit_last, NULL);
    return *end == '\0';
}

static bool read_fc(struct reader *r, const char *v)
{
    unsigned fc = 0;
    if (!number(v, 1, 4, &fc, NULL))
        return false;
    r->args->fc = (enum gw_mb_fc)fc;
    return true;
}

static bool read_address(struct reader *r, const char *v)
{
    r->args->addressed = true;
    return number(v, 0, 65535, &r->args->address, NULL);
}

static bool read_count(struct reader *r, const char *v)
{
    r->count = true;
    return number(v, 1, GW_MB_PROBE_COUNT_MAX, &r->args->count, NULL);
}

static bool read_timeout(struct reader *r, const char *v)
{
    unsigned ms = 0;
    r->timeout = number(v, 20, 60000, &ms, NULL);
    r->args->timeout_ms = ms;
    return r->timeout;
}

static bool read_time(struct reader *r, const char *v)
{
    unsigned s = 0;
    r->time = number(v, 1, 3600, &s, NULL);
    r->args->time_ms = (int64_t)s * 1000;
    return r->time;
}

static bool read_type(struct reader *r, const char *v)
{
    r->args->type = index_of(v, gw_mb_type_names);
    return r->args->type > GW_MB_BIT;
}

static bool read_order(struct reader *r, const char *v)
{
    r->args->order = index_of(v, gw_mb_order_names);
    return r->args->order >= 0;
}

/* "<device>.<name>", or "<name>" alone. */
static bool read_point(struct reader *r, const char *v)
{
    const char *dot = strchr(v, '.');
    char device[GW_ID_SIZE] = "device";
    const char *name = dot != NULL ? dot + 1 : v;
    r->args->point = v;
    if (dot != NULL) {
        const size_t n = (size_t)(dot - v);
        if (n == 0 || n >= sizeof device)
            return false;
        memcpy(device, v, n);
        device[n] = '\0';
    }
    return gw_keys_is_id(device, sizeof device) && gw_keys_is_id(name, GW_ID_SIZE) &&
           strlen(v) < GW_POINT_ID - GW_ID_SIZE;
}

static const struct option_def {
    const char *name;
    bool (*read)(struct reader *r, const char *value);
} options[] = {
    {"--unit", read_unit},   {"--fc", read_fc},     {"--address", read_address},
    {"--count", read_count}, {"--type", read_type}, {"--order", read_order},
    {"--point", read_point}, {"--time", read_time}, {"--timeout", read_timeout},
};

static const struct option_def *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static bool is_bits(const struct gw_mb_probe_args *a)
{
    return a->fc == GW_MB_READ_COILS || a->fc == GW_MB_READ_DISCRETE;
}

/* What does not go together; NULL when all does. */
static const char *disagreement(const struct reader *r)
{
    const struct gw_mb_probe_args *a = r->args;
    const bool point = a->point != NULL;
    const struct {
        bool holds;
        const char *text;
    } rules[] = {
        {a->scan && a->identity, "--scan asks for the identity of every unit already"},
        {!a->scan && !a->identity && !a->addressed,
         "what to read? give --address N, --identity or --scan"},
        {a->identity && (a->addressed || r->count || point || a->type >= 0),
         "--identity reads no chosen address; leave out --address, --count, --type and --point"},
        {a->scan && (a->addressed || r->count || point || a->type >= 0),
         "--scan reads no chosen address; leave out --address, --count, --type and --point"},
        {r->time && !a->scan, "--time belongs to --scan"},
        {a->type >= 0 && is_bits(a), "functions 1 and 2 read bits, which have no --type"},
        {point && a->type < 0 && !is_bits(a), "--point needs the chosen --type"},
        {point && a->unit_first != a->unit_last, "--point is of one --unit"},
        {a->order >= 0 && !point, "--order belongs to --point; every order is shown"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].holds)
            return rules[i].text;
    return NULL;
}

/* Defaults that depend on other options. */
static void fill_in(const struct reader *r)
{
    struct gw_mb_probe_args *a = r->args;
    if (a->scan && !r->unit) {
        a->unit_first = 1;
        a->unit_last = 247;
    }
    if (!r->timeout)
        a->timeout_ms = a->scan ? SCAN_TIMEOUT_MS : TIMEOUT_MS;
    if (r->count)
        return;
    a->count = is_bits(a) ? 16 : SHOWN;
    if (a->type >= 0)
        a->count = gw_mb_type_regs((enum gw_mb_type)a->type);
    if (a->count > 65536 - a->address)
        a->count = 65536 - a->address;
}

static enum gw_status settle(struct reader *r, struct gw_err *err)
{
    const struct gw_mb_probe_args *a = r->args;
    const char *text = disagreement(r);
    if (text != NULL)
        return gw_err_set(err, GW_E_INVAL, "%s", text);
    fill_in(r);
    if (a->address + a->count > 65536)
        return gw_err_set(err, GW_E_INVAL, "the last address is 65535");
    const unsigned needed = a->type >= 0 ? gw_mb_type_regs((enum gw_mb_type)a->type) : 1;
    if (a->point != NULL && a->count < needed)
        return gw_err_set(err, GW_E_INVAL, "a %s takes %u registers", gw_mb_type_names[a->type],
                          needed);
    return GW_OK;
}

enum gw_status gw_mb_probe_args(int argc, char **argv, struct gw_mb_probe_args *out,
                                struct gw_err *err)
{
    struct gw_mb_probe_args a = {
        .unit_first = 1,
        .unit_last = 1,
        .fc = GW_MB_READ_HOLDING,
        .time_ms = SCAN_TIME_MS,
        .type = -1,
        .order = -1,
    };
    struct reader r = {.args = &a};
    for (int i = 1; i < argc; i++) {
        const struct option_def *option = find_option(argv[i]);
        if (strcmp(argv[i], "--help") == 0) {
            a.help = true;
            *out = a;
            return GW_OK;
        }
        if (strcmp(argv[i], "--scan") == 0) {
            a.scan = true;
        } else if (strcmp(argv[i], "--identity") == 0) {
            a.identity = true;
        } else if (option != NULL) {
            if (i + 1 == argc)
                return gw_err_set(err, GW_E_INVAL, "%s needs a value", argv[i]);
            if (!option->read(&r, argv[i + 1]))
                return gw_err_set(err, GW_E_INVAL, "%s cannot be \"%s\"", argv[i], argv[i + 1]);
            i++;
        } else if (argv[i][0] == '-' || a.endpoint != NULL) {
            return gw_err_set(err, GW_E_INVAL, "what is \"%s\"?", argv[i]);
        } else {
            a.endpoint = argv[i];
        }
    }
    if (a.endpoint == NULL)
        return gw_err_set(err, GW_E_INVAL, "no endpoint is given");
    a.transport = gw_mb_probe_transport(a.endpoint, &a.rest);
    if (a.transport == NULL)
        return gw_err_set(err, GW_E_INVAL, "\"%s\" is no endpoint of a kind that is known",
                          a.endpoint);
    const enum gw_status status = settle(&r, err);
    if (status == GW_OK)
        *out = a;
    return status;
}
