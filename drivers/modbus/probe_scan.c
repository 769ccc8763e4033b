/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe_scan.h"

#define ID_TEXT 48

enum verdict { SILENT, THERE, UNREACHED };

static bool is_of_gateway(uint8_t exception)
{
    return exception == GW_MB_EX_GATEWAY_PATH || exception == GW_MB_EX_GATEWAY_TARGET;
}

/* The printable part of a report of identity, or its length in bytes. */
static void id_text(const struct gw_mb_probe_reply *reply, char out[96])
{
    char text[ID_TEXT + 1];
    size_t n = 0;
    for (size_t i = 0; i < reply->len && n < ID_TEXT; i++)
        if (reply->data[i] >= 0x20 && reply->data[i] < 0x7F)
            text[n++] = (char)reply->data[i];
    text[n] = '\0';
    snprintf(out, 96, "identity of %zu bytes%s%s%s", reply->len, n > 0 ? ": \"" : "",
             n > 0 ? text : "", n > 0 ? "\"" : "");
}

/* What the answer of one request says; how: 128 bytes. */
static enum verdict judge(enum gw_status status, bool reached,
                          const struct gw_mb_probe_reply *reply, const struct gw_err *why,
                          char how[128])
{
    if (status == GW_OK && is_of_gateway(reply->exception))
        return SILENT;
    if (status == GW_OK && reply->exception != 0) {
        snprintf(how, 128, "answers with exception %u (%s)", (unsigned)reply->exception,
                 gw_mb_exception_name(reply->exception));
        return THERE;
    }
    if (status == GW_OK)
        return THERE;
    if (!reached)
        return UNREACHED;
    if (status == GW_E_PROTO) {
        snprintf(how, 128, "answers, but wrongly: %.100s", why->msg);
        return THERE;
    }
    return SILENT; /* nothing, or the connection was closed */
}

static enum verdict ask_unit(const struct gw_mb_probe_args *args, struct gw_mb_probe_link *link,
                             unsigned unit, char how[128], struct gw_err *err)
{
    const struct gw_mb_request requests[] = {
        {.unit = (uint8_t)unit, .fc = GW_MB_REPORT_ID},
        {.unit = (uint8_t)unit, .fc = GW_MB_READ_HOLDING, .address = 0, .count = 1},
    };
    enum verdict verdict = SILENT;
    for (size_t i = 0; i < 2 && verdict == SILENT; i++) {
        struct gw_mb_probe_reply reply = {0};
        bool reached = false;
        const enum gw_status status =
            args->transport->ask(link, &requests[i], &reply, &reached, err);
        verdict = judge(status, reached, &reply, err, how);
        if (verdict == THERE && status == GW_OK && reply.exception == 0) {
            if (i == 0)
                id_text(&reply, how);
            else
                snprintf(how, 128, "answers to a read");
        }
        if (status == GW_OK && is_of_gateway(reply.exception))
            break; /* its gateway has looked for it already */
    }
    return verdict;
}

enum gw_status gw_mb_probe_scan(const struct gw_mb_probe_args *args, struct gw_mb_probe_link *link,
                                const struct gw_clock *clock, FILE *out, unsigned *found,
                                struct gw_err *err)
{
    const int64_t start = gw_clock_mono_ms(clock);
    unsigned unit = args->unit_first;
    unsigned there = 0;
    *found = 0;
    for (; unit <= args->unit_last; unit++) {
        char how[128] = "";
        if (gw_clock_mono_ms(clock) - start >= args->time_ms)
            break;
        const enum verdict verdict = ask_unit(args, link, unit, how, err);
        /* Once it was reached, a refused connection is the endpoint's rest, not its absence. */
        if (verdict == UNREACHED && there == 0 && unit == args->unit_first)
            return err->status;
        if (verdict != THERE)
            continue;
        there++;
        fprintf(out, "unit %3u: %s\n", unit, how);
        fflush(out);
    }
    const unsigned asked = unit - args->unit_first;
    const int64_t took = gw_clock_mono_ms(clock) - start;
    fprintf(out, "%u of %u units answer (%lld.%lld s)\n", there, asked, (long long)(took / 1000),
            (long long)(took % 1000 / 100));
    if (unit <= args->unit_last)
        fprintf(out, "The time is over; go on with --unit %u-%u, or give more --time.\n", unit,
                args->unit_last);
    else if (there == asked && asked > 16)
        fprintf(out, "All of them: it is probably one device that does not look at the unit.\n");
    *found = there;
    return GW_OK;
}
