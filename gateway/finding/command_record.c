/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a command, and what was said of a case.
 */
#include "finding/record.h"
#include "finding/record_parts.h"

/* A member only where it was given. */
static void given(struct gw_jcs *j, const char *key, const char *text)
{
    if (text[0] != '\0')
        gw_jcs_str(j, key, text);
}

static void given_time(struct gw_jcs *j, const char *key, int64_t wall_ms)
{
    if (wall_ms != 0)
        gw_part_iso(j, key, wall_ms);
}

void gw_command_record_write(const struct gw_command_record *r, struct gw_buf *out)
{
    const struct gw_command *c = r->command;
    const struct gw_site *site = gw_inventory_site(r->inventory);
    struct gw_jcs j;
    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    if (c->kind == GW_COMMAND_PROOF && c->what == GW_PROOF_ACTED)
        gw_jcs_int(&j, "after_ms", c->after_ms);
    given_time(&j, "at", c->moved_ms);
    given(&j, "body", c->body);
    gw_jcs_str(&j, "by", gw_authority_name(c->by));
    given(&j, "certificate", c->certificate);
    given_time(&j, "certificate_until", c->certificate_until_ms);
    gw_jcs_str(&j, "class", gw_class_name(GW_CLASS_COMMAND));
    gw_jcs_str(&j, "command", gw_command_name(c->kind));
    gw_jcs_str(&j, "config_sha256", site->config_sha256);
    gw_part_enterprise(&j, site);
    given_time(&j, "from", c->from_ms);
    given(&j, "from_value", c->from_value);
    gw_jcs_str(&j, "gateway", site->gateway.id);
    given(&j, "inventory_sha256", c->hash);
    if (c->kind == GW_COMMAND_ORDER)
        gw_jcs_str(&j, "order", gw_order_name(c->order));
    given(&j, "point", c->point);
    given(&j, "reason", c->reason);
    given(&j, "ref", c->id);
    given(&j, "role", c->role);
    if (c->kind == GW_COMMAND_PERMIT)
        gw_jcs_str(&j, "scope", gw_permit_scope_name(c->scope));
    given(&j, "standard", c->standard);
    gw_jcs_str(&j, "target", c->target);
    gw_part_text(&j, "text", r->text);
    gw_part_time(&j, r->boot_id, NULL, &r->now);
    given(&j, "to_value", c->to_value);
    given_time(&j, "until", c->until_ms);
    gw_jcs_int(&j, "v", 1);
    if (c->kind == GW_COMMAND_PROOF)
        gw_jcs_str(&j, "what", gw_proof_what_name(c->what));
    gw_jcs_str(&j, "who", c->who);
    gw_jcs_end(&j);
}

void gw_record_rectify(struct gw_jcs *j, const char *key, const struct gw_rectify *r)
{
    gw_jcs_obj(j, key);
    if (r->asked)
        gw_jcs_str(j, "body", r->body);
    if (r->claimed_ms != 0) {
        gw_part_iso(j, "claimed", r->claimed_ms);
        gw_jcs_str(j, "claimed_by", r->claimed_by);
    }
    if (r->asked) {
        gw_part_iso(j, "deadline", r->deadline_ms);
        gw_jcs_str(j, "role", r->role);
        gw_jcs_str(j, "standard", r->standard);
    }
    gw_jcs_bool(j, "unverified", r->unverified);
    gw_jcs_end(j);
}
