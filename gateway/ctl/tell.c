/* SPDX-License-Identifier: Apache-2.0
 *
 * tell: the verbs that ask the daemon to do something. None of them reaches the plant.
 */
#include <string.h>

#include "base/clock.h"
#include "base/jcs.h"
#include "ctl/call.h"
#include "ctl/member.h"
#include "ctl/verbs.h"

#define BODY_MAX ((size_t)4096)
#define HOUR_MS  INT64_C(3600000)

#define ROLE                                                                                       \
    {                                                                                              \
        "role", 'r', "ROLE",                                                                       \
            "as whom: a function such as operator, which is the\n"                                 \
            "default; never a person's name"                                                       \
    }

static void put_role(struct gw_jcs *j, const struct gw_verb *verb, const struct gw_opts *o)
{
    const char *role = gw_opts_get(verb, o, "role");
    gw_jcs_str(j, "role", role ? role : "operator");
}

static void put(struct gw_jcs *j, const struct gw_verb *verb, const struct gw_opts *o,
                const char *name)
{
    const char *value = gw_opts_get(verb, o, name);
    if (value)
        gw_jcs_str(j, name, value);
}

/* Sends what was written, and tells how it ended. */
static int send_it(const struct gw_verb *verb, const struct gw_opts *o, const char *target,
                   const struct gw_jcs *j)
{
    struct gw_answer a = {0};

    if (!gw_jcs_done(j))
        return gw_opts_wrong(verb, "an argument is too long or not UTF-8");
    int code = gw_call_post(verb, o, target, j->buf->data, &a);
    if (code < 0 && o->json) {
        code = gw_call_pass_on(verb, &a);
    } else if (code < 0) {
        const char *record = gw_member_str(a.root, "record");
        (void)printf("done%s%s\n", record[0] ? ", record " : "", record);
        code = GW_EXIT_DONE;
    }
    gw_answer_free(&a);
    return code;
}

static int tell(const struct gw_verb *verb, const struct gw_opts *o)
{
    char mem[BODY_MAX];
    struct gw_buf b;
    struct gw_jcs j;
    int64_t minutes = 0;
    const char *text = gw_opts_get(verb, o, "minutes");

    if (verb == &gw_verb_shelve && !gw_opts_get(verb, o, "reason"))
        return gw_opts_wrong(verb, "--reason is missing");
    if (verb == &gw_verb_shelve && (!text || !gw_opts_number(text, 1, 100000, &minutes)))
        return gw_opts_wrong(verb, "--minutes must be a number from 1 on");
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "case", o->args[0]);
    if (verb == &gw_verb_shelve)
        gw_jcs_int(&j, "minutes", minutes);
    put(&j, verb, o, "note");
    put(&j, verb, o, "reason");
    put_role(&j, verb, o);
    gw_jcs_end(&j);
    return send_it(verb, o, verb->path, &j);
}

/* "2026-11-23", "2026-11-23T18:00", "2026-11-23 18:00:00" or the whole form, in China's time. */
static bool read_time(const char *text, int64_t *out)
{
    static const char rest[] = "0000-00-00T00:00:00.000+08:00";
    char iso[sizeof rest];
    const size_t n = strlen(text);

    if (gw_clock_parse(text, out))
        return true;
    if (n != 16 && n != 19)
        return false;
    (void)snprintf(iso, sizeof iso, "%s%s", text, rest + n);
    if (iso[10] == ' ')
        iso[10] = 'T';
    return gw_clock_parse(iso, out);
}

static int end_permit(const struct gw_verb *verb, const struct gw_opts *o)
{
    char mem[BODY_MAX];
    struct gw_buf b;
    struct gw_jcs j;

    if (o->nargs > 0)
        return gw_opts_wrong(verb, "--end takes no asset");
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "id", gw_opts_get(verb, o, "end"));
    put_role(&j, verb, o);
    gw_jcs_end(&j);
    return send_it(verb, o, "/v1/permit_end", &j);
}

/* The end of a permit. -1: go on. */
static int until_of(const struct gw_verb *verb, const struct gw_opts *o, int64_t from, int64_t *out)
{
    const char *until = gw_opts_get(verb, o, "until");
    const char *hours = gw_opts_get(verb, o, "hours");
    int64_t n = 0;

    if (!until == !hours)
        return gw_opts_wrong(verb, "give --until or --hours");
    if (until && !read_time(until, out))
        return gw_opts_wrong(verb, "--until must be such as 2026-11-23T18:00");
    if (hours && !gw_opts_number(hours, 1, 8760, &n))
        return gw_opts_wrong(verb, "--hours must be a number from 1 on");
    if (hours)
        *out = from + n * HOUR_MS;
    return -1;
}

static int permit(const struct gw_verb *verb, const struct gw_opts *o)
{
    const struct gw_clock clock = gw_clock_system();
    char mem[BODY_MAX];
    struct gw_buf b;
    struct gw_jcs j;
    int64_t from = gw_clock_now(&clock).wall_ms, until = 0, ends_ms = 0;
    const char *text = gw_opts_get(verb, o, "from");
    const char *ends = gw_opts_get(verb, o, "certificate-until");

    if (gw_opts_get(verb, o, "end"))
        return end_permit(verb, o);
    if (o->nargs != 1 || !gw_opts_get(verb, o, "kind") || !gw_opts_get(verb, o, "reason"))
        return gw_opts_wrong(verb, "an asset, --kind and --reason are needed");
    if (text && !read_time(text, &from))
        return gw_opts_wrong(verb, "--from must be such as 2026-11-23T08:00");
    if (ends && !read_time(ends, &ends_ms))
        return gw_opts_wrong(verb, "--certificate-until must be such as 2027-03-31");
    const int code = until_of(verb, o, from, &until);
    if (code >= 0)
        return code;
    gw_buf_fixed(&b, mem, sizeof mem);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_jcs_str(&j, "asset", o->args[0]);
    put(&j, verb, o, "certificate");
    if (ends)
        gw_jcs_int(&j, "certificate_until", ends_ms);
    if (text)
        gw_jcs_int(&j, "from", from);
    put(&j, verb, o, "kind");
    put(&j, verb, o, "number");
    put(&j, verb, o, "reason");
    put_role(&j, verb, o);
    gw_jcs_int(&j, "until", until);
    gw_jcs_end(&j);
    return send_it(verb, o, verb->path, &j);
}

static const struct gw_opt ack_opts[] = {
    ROLE,
    {"note", 'n', "TEXT", "what is worth knowing"},
    {0},
};
static const struct gw_opt shelve_opts[] = {
    {"minutes", 'm', "NUMBER", "for how long; findings.md has the most"},
    {"reason", '\0', "TEXT", "why; stands in the record"},
    ROLE,
    {0},
};
static const struct gw_opt unshelve_opts[] = {ROLE, {0}};
static const struct gw_opt permit_opts[] = {
    {"kind", 'k', "KIND", "maintenance, shield, calibration or hot_work"},
    {"until", 'u', "TIME", "end, such as 2026-11-23T18:00 (China's time)"},
    {"hours", '\0', "NUMBER", "or so many hours from its beginning"},
    {"from", '\0', "TIME", "beginning, if it is not now"},
    {"number", '\0', "TEXT", "number of the paper permit"},
    {"certificate", '\0', "TEXT", "hot work: number of the worker's certificate"},
    {"certificate-until", '\0', "TIME", "hot work: when that certificate ends"},
    {"reason", '\0', "TEXT", "why; stands in the record"},
    {"end", '\0', "ID", "end the permit ID early"},
    ROLE,
    {0},
};

const struct gw_verb gw_verb_ack = {
    .name = "ack",
    .args = "CASE",
    .summary = "acknowledge an alarm",
    .more = "  CASE is what stands under CASE in nonsitectl alarms.\n",
    .opts = ack_opts,
    .min_args = 1,
    .max_args = 1,
    .run = tell,
    .path = "/v1/ack",
};
const struct gw_verb gw_verb_shelve = {
    .name = "shelve",
    .args = "CASE",
    .summary = "put an alarm aside for some minutes; it is reported",
    .opts = shelve_opts,
    .min_args = 1,
    .max_args = 1,
    .run = tell,
    .path = "/v1/shelve",
};
const struct gw_verb gw_verb_unshelve = {
    .name = "unshelve",
    .args = "CASE",
    .summary = "end that early",
    .opts = unshelve_opts,
    .min_args = 1,
    .max_args = 1,
    .run = tell,
    .path = "/v1/unshelve",
};
const struct gw_verb gw_verb_permit = {
    .name = "permit",
    .args = "[ASSET]",
    .summary = "note that work on an asset is permitted",
    .more = "  ASSET is the name of an asset, or '*' for all. A permit of the plant stands in the\n"
            "  leads of its time; it withholds none.\n",
    .opts = permit_opts,
    .max_args = 1,
    .run = permit,
    .path = "/v1/permit",
};
