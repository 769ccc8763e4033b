/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wire.h"
#include "modbus/plan.h"
#include "modbus/probe_args.h"
#include "modbus/probe_print.h"
#include "modbus/probe_scan.h"

enum { EXIT_NOTHING = 1, EXIT_USAGE = 64, EXIT_OS = 71 };

#define TEXT_MAX ((size_t)4 << 20)

struct probe {
    struct gw_mb_probe_args args;
    struct gw_mb_probe_link *link;
    struct gw_mb_probe_words words;
    FILE *out, *err;
    bool unreached; /* the endpoint is not there: the other units need not be asked */
};

static bool is_bits(enum gw_mb_fc fc)
{
    return fc == GW_MB_READ_COILS || fc == GW_MB_READ_DISCRETE;
}

/* ---- complaints ---- */

static const char *advice(uint8_t exception, bool many)
{
    switch (exception) {
    case GW_MB_EX_FUNCTION:
        return "; try another --fc";
    case GW_MB_EX_ADDRESS:
    case GW_MB_EX_VALUE:
        return many ? "; try --count 1, another --address or --fc"
                    : "; try another --address or --fc";
    case GW_MB_EX_GATEWAY_PATH:
    case GW_MB_EX_GATEWAY_TARGET:
        return "; nothing answers behind this gateway as that unit: try --scan";
    default:
        return "";
    }
}

static void complain(struct probe *p, const struct gw_mb_request *req, const char *text,
                     const char *more)
{
    fprintf(p->err, "%s, unit %u, function %d, address %u, count %u: %s%s\n", p->args.endpoint,
            (unsigned)req->unit, (int)req->fc, (unsigned)req->address, (unsigned)req->count, text,
            more);
}

/* ---- reading ---- */

/* Words of the answer into their places; too short an answer did not pass the checks. */
static void take(struct probe *p, const struct gw_mb_request *req,
                 const struct gw_mb_probe_reply *reply)
{
    struct gw_cursor c;
    gw_cursor_init(&c, reply->data, reply->len);
    for (unsigned i = 0; i < req->count; i++) {
        const size_t at = (unsigned)req->address - p->args.address + i;
        if (is_bits(req->fc))
            p->words.word[at] = (uint16_t)((unsigned)reply->data[i / 8] >> (i % 8) & 1u);
        else
            p->words.word[at] = gw_cursor_be16(&c);
        p->words.read[at] = !c.failed;
    }
}

static bool read_block(struct probe *p, unsigned unit, const struct gw_mb_block *block)
{
    const struct gw_mb_request req = {
        .unit = (uint8_t)unit, .fc = block->fc, .address = block->address, .count = block->count};
    struct gw_mb_probe_reply reply = {0};
    struct gw_err err = {0};
    bool reached = false;
    const enum gw_status status = p->args.transport->ask(p->link, &req, &reply, &reached, &err);
    if (status != GW_OK) {
        p->unreached = !reached;
        complain(p, &req, err.msg,
                 reached && status == GW_E_TIMEOUT
                     ? "; is the unit right? --scan finds the units that answer"
                     : "");
        return false;
    }
    if (reply.exception != 0) {
        char text[80];
        snprintf(text, sizeof text, "exception %u (%s)", (unsigned)reply.exception,
                 gw_mb_exception_name(reply.exception));
        complain(p, &req, text, advice(reply.exception, req.count > 1));
        return false;
    }
    take(p, &req, &reply);
    return true;
}

static void show(struct probe *p, unsigned unit, struct gw_buf *b)
{
    const struct gw_mb_probe_args *a = &p->args;
    gw_buf_printf(b, "%s, unit %u, function %d, address %u to %u\n", a->endpoint, unit, (int)a->fc,
                  a->address, a->address + a->count - 1);
    if (is_bits(a->fc))
        gw_mb_probe_print_bits(&p->words, b);
    else
        gw_mb_probe_print_words(&p->words, a->type, b);
    if (a->point != NULL && p->words.read[0]) {
        char mem[256];
        struct gw_buf bus;
        gw_buf_fixed(&bus, mem, sizeof mem);
        a->transport->print_bus(p->link, &bus);
        gw_mb_probe_print_point(a, &p->words, mem, b);
        b->failed = b->failed || bus.failed;
    }
}

static bool print(struct probe *p, unsigned unit)
{
    struct gw_buf b;
    gw_buf_init(&b, TEXT_MAX);
    show(p, unit, &b);
    const bool ok = !b.failed && fwrite(b.data, 1, b.len, p->out) == b.len && fflush(p->out) == 0;
    gw_buf_free(&b);
    return ok;
}

/* Asks one unit who it is; returns whether it answered. */
static bool ask_identity(struct probe *p, unsigned unit)
{
    const struct gw_mb_request req = {.unit = (uint8_t)unit, .fc = GW_MB_REPORT_ID};
    struct gw_mb_probe_reply reply = {0};
    struct gw_err err = {0};
    bool reached = false;
    struct gw_buf b;
    if (p->args.transport->ask(p->link, &req, &reply, &reached, &err) != GW_OK) {
        p->unreached = !reached;
        fprintf(p->err, "%s, unit %u, function 17: %s\n", p->args.endpoint, unit, err.msg);
        return false;
    }
    if (reply.exception != 0) {
        fprintf(p->err, "%s, unit %u, function 17: exception %u (%s)\n", p->args.endpoint, unit,
                (unsigned)reply.exception, gw_mb_exception_name(reply.exception));
        return false;
    }
    gw_buf_init(&b, TEXT_MAX);
    gw_buf_printf(&b, "%s, unit %u, function 17, %zu bytes\n", p->args.endpoint, unit, reply.len);
    gw_mb_probe_print_identity(reply.data, reply.len, &b);
    const bool ok = !b.failed && fwrite(b.data, 1, b.len, p->out) == b.len && fflush(p->out) == 0;
    gw_buf_free(&b);
    if (!ok)
        fprintf(p->err, "cannot print\n");
    return ok;
}

static int ask_identities(struct probe *p)
{
    bool any = false;
    for (unsigned unit = p->args.unit_first; unit <= p->args.unit_last && !p->unreached; unit++)
        any = ask_identity(p, unit) || any;
    return any ? EXIT_SUCCESS : EXIT_NOTHING;
}

/* The planner cuts what is too much for one request. */
static enum gw_status make_plan(const struct gw_mb_probe_args *a, struct gw_mb_plan *out,
                                struct gw_err *err)
{
    const struct gw_mb_limits limits = {.max_regs = GW_MB_MAX_REGS, .max_bits = GW_MB_MAX_BITS};
    struct gw_mb_span *spans = calloc(a->count, sizeof *spans);
    if (spans == NULL)
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    for (unsigned i = 0; i < a->count; i++)
        spans[i] =
            (struct gw_mb_span){.fc = a->fc, .address = (uint16_t)(a->address + i), .count = 1};
    const enum gw_status status = gw_mb_plan_make(spans, a->count, &limits, out, err);
    free(spans);
    return status;
}

/* Reads all units; returns the exit status. */
static int read_units(struct probe *p)
{
    struct gw_mb_plan plan = {0};
    struct gw_err err = {0};
    int code = EXIT_NOTHING;
    p->words = (struct gw_mb_probe_words){
        .address = p->args.address,
        .n = p->args.count,
        .word = calloc(p->args.count, sizeof(uint16_t)),
        .read = calloc(p->args.count, sizeof(bool)),
    };
    if (p->words.word == NULL || p->words.read == NULL ||
        make_plan(&p->args, &plan, &err) != GW_OK) {
        fprintf(p->err, "%s\n", err.msg[0] != '\0' ? err.msg : "out of memory");
        code = EXIT_OS;
        goto out;
    }
    for (unsigned unit = p->args.unit_first; unit <= p->args.unit_last && !p->unreached; unit++) {
        bool any = false;
        memset(p->words.read, 0, p->args.count * sizeof(bool));
        for (size_t i = 0; i < plan.nblocks && !p->unreached; i++)
            any = read_block(p, unit, &plan.blocks[i]) || any;
        if (any && !print(p, unit)) {
            fprintf(p->err, "cannot print\n");
            code = EXIT_OS;
            goto out;
        }
        if (any)
            code = EXIT_SUCCESS;
    }
out:
    gw_mb_plan_free(&plan);
    free(p->words.word);
    free(p->words.read);
    return code;
}

static int scan(struct probe *p)
{
    const struct gw_clock clock = gw_clock_system();
    struct gw_err err = {0};
    unsigned found = 0;
    if (gw_mb_probe_scan(&p->args, p->link, &clock, p->out, &found, &err) != GW_OK) {
        fprintf(p->err, "%s: %s\n", p->args.endpoint, err.msg);
        return EXIT_NOTHING;
    }
    return found > 0 ? EXIT_SUCCESS : EXIT_NOTHING;
}

static void print_usage(FILE *to)
{
    fputs(gw_mb_probe_usage, to);
    for (size_t i = 0; gw_mb_probe_transports[i] != NULL; i++)
        fprintf(to, "%s%s", i == 0 ? "ENDPOINT: " : ", ", gw_mb_probe_transports[i]->form);
    fputc('\n', to);
}

int gw_mb_probe(int argc, char **argv, FILE *out, FILE *err)
{
    struct probe p = {.out = out, .err = err};
    struct gw_err why = {0};
    if (gw_mb_probe_args(argc, argv, &p.args, &why) != GW_OK) {
        fprintf(err, "%s\n", why.msg);
        print_usage(err);
        return EXIT_USAGE;
    }
    if (p.args.help) {
        print_usage(out);
        return EXIT_SUCCESS;
    }
    const enum gw_status status =
        p.args.transport->open(p.args.rest, p.args.timeout_ms, &p.link, &why);
    if (status != GW_OK) {
        fprintf(err, "%s\n", why.msg);
        return status == GW_E_PARSE ? EXIT_USAGE : EXIT_NOTHING;
    }
    const int code = p.args.scan ? scan(&p) : p.args.identity ? ask_identities(&p) : read_units(&p);
    p.args.transport->close(p.link);
    return code;
}
