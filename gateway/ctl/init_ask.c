/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/init_ask.h"

#include <string.h>

#include "base/text.h"
#include "conf/keys.h"
#include "ctl/opts.h"

#define ANSWER 256

struct asking {
    struct gw_plan *p;
    const struct gw_catalogue *cat;
    FILE *in, *out;
    bool ended;
};

/* A line, without its end; false: there is none any more. */
static bool ask(struct asking *q, const char *question, char answer[ANSWER])
{
    (void)fprintf(q->out, "%s: ", question);
    (void)fflush(q->out);
    if (q->ended || !fgets(answer, ANSWER, q->in)) {
        q->ended = true;
        answer[0] = '\0';
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return true;
}

static void ask_sector(struct asking *q)
{
    char answer[ANSWER];
    struct gw_err err = {0};
    (void)fputs("The sector decides which clauses apply:", q->out);
    for (int i = 0; gw_sector_names[i]; i++)
        (void)fprintf(q->out, " %s", gw_sector_names[i]);
    (void)fputc('\n', q->out);
    while (q->p->sector < 0 && ask(q, "Sector", answer))
        if (gw_plan_sector(q->p, answer, &err) != GW_OK)
            (void)fprintf(q->out, "%s\n", err.msg);
}

static bool is_digits(const char *text)
{
    return strlen(text) == 6 && strspn(text, "0123456789") == 6;
}

static bool is_id(const char *text)
{
    return gw_keys_is_id(text, GW_ID_SIZE);
}

static bool is_name(const char *text)
{
    return gw_utf8_valid(text, strlen(text));
}

static void ask_text(struct asking *q, const char *question, bool (*is_right)(const char *),
                     char *out, size_t size)
{
    char answer[ANSWER];
    while (!out[0] && ask(q, question, answer) && answer[0])
        if (strlen(answer) < size && is_right(answer))
            memcpy(out, answer, strlen(answer) + 1);
        else
            (void)fputs("That cannot be it; an empty answer leaves it for later.\n", q->out);
}

/* Whether the fact is asked for by a finding for such assets. */
static bool is_wanted(const struct asking *q, const struct gw_plan_asset *a, const char *key)
{
    const struct gw_applies *alt = NULL;
    for (size_t i = 0; i < gw_catalogue_count(q->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(q->cat, i);
        if (f->kind != GW_KIND_ABS ||
            gw_plan_applies(q->cat, q->p->sector, a, f, &alt) == GW_PLAN_NOT)
            continue;
        for (size_t k = 0; k < alt->nfacts; k++)
            if (strcmp(alt->facts[k].key, key) == 0)
                return true;
        for (size_t k = 0; k < alt->nnot; k++)
            if (strcmp(alt->not_facts[k].key, key) == 0)
                return true;
    }
    return false;
}

static void ask_facts(struct asking *q, size_t asset)
{
    const struct gw_plan_asset *a = &q->p->assets[asset];
    const struct gw_fact_def *def;
    char question[ANSWER], answer[ANSWER], whole[2 * ANSWER];
    struct gw_err err = {0};

    for (size_t i = 0; (def = gw_catalogue_fact_at(q->cat, i)) != NULL; i++) {
        if (!is_wanted(q, a, def->key))
            continue;
        struct gw_buf b;
        gw_buf_fixed(&b, question, sizeof question);
        gw_buf_printf(&b, "  %s, %s (", def->title.zh, def->title.en);
        for (size_t k = 0; k < def->nvalues; k++)
            gw_buf_printf(&b, "%s%s", k > 0 ? ", " : "", def->values[k]);
        gw_buf_str(&b, ")");
        while (!gw_plan_fact_of(a, def->key) && ask(q, question, answer) && answer[0]) {
            (void)snprintf(whole, sizeof whole, "%s:%s=%s", a->id, def->key, answer);
            if (gw_plan_fact(q->p, q->cat, whole, &err) != GW_OK)
                (void)fprintf(q->out, "  %s\n", err.msg);
        }
    }
}

static void ask_broker(struct asking *q)
{
    char answer[ANSWER];
    struct gw_err err = {0};
    while (!q->p->mqtt[0] && ask(q, "Host of the platform's MQTT broker", answer) && answer[0])
        if (gw_plan_mqtt(q->p, answer, &err) != GW_OK)
            (void)fprintf(q->out, "%s\n", err.msg);
}

static void list_types(struct asking *q)
{
    const struct gw_type_def *t;
    for (size_t i = 0; (t = gw_catalogue_type_at(q->cat, i)) != NULL; i++)
        if (strcmp(t->type, GW_TYPE_GATEWAY) != 0)
            (void)fprintf(q->out, "  %-15s %s, %s\n", t->type, t->title.zh, t->title.en);
}

static void ask_assets(struct asking *q)
{
    char answer[ANSWER];
    struct gw_err err = {0};
    (void)fputs(
        "What is protected: one asset a line as TYPE:ID[:NAME], such as if_furnace:if-1:1号炉.\n"
        "? lists the types, an empty line ends.\n",
        q->out);
    while (ask(q, "Asset", answer) && answer[0])
        if (strcmp(answer, "?") == 0)
            list_types(q);
        else if (gw_plan_asset(q->p, q->cat, answer, &err) != GW_OK)
            (void)fprintf(q->out, "%s\n", err.msg);
        else
            ask_facts(q, q->p->nassets - 1);
}

static void ask_devices(struct asking *q)
{
    char answer[ANSWER];
    struct gw_err err = {0};
    (void)fputs("The instruments: one a line as ID:PROFILE@ENDPOINT/UNIT, such as\n"
                "gas:ax100@tcp:192.168.10.21/1 or pt:dampt100@rtu:/dev/ttyS0/2 (nonsitectl init "
                "--list shows\n"
                "the profiles). An empty line ends.\n",
                q->out);
    while (ask(q, "Instrument", answer) && answer[0])
        if (gw_plan_device(q->p, answer, &err) != GW_OK)
            (void)fprintf(q->out, "%s\n", err.msg);
}

int gw_init_ask(struct gw_plan *p, const struct gw_catalogue *cat, FILE *in, FILE *out)
{
    struct asking q = {.p = p, .cat = cat, .in = in, .out = out};
    ask_sector(&q);
    ask_text(&q, "A name for this gateway (letters, digits, - and _)", is_id, p->id, sizeof p->id);
    ask_text(&q, "Unified social credit code", gw_uscc_valid, p->uscc, sizeof p->uscc);
    ask_text(&q, "Registered name of the enterprise", is_name, p->name, sizeof p->name);
    ask_text(&q, "Division code of its county (6 digits)", is_digits, p->county, sizeof p->county);
    if (!q.ended)
        ask_assets(&q);
    if (!q.ended)
        ask_devices(&q);
    if (!q.ended)
        ask_broker(&q);
    if (!q.ended)
        return -1;
    (void)fputs("\nThe input ended; nothing was written.\n", out);
    return GW_EXIT_USAGE;
}
