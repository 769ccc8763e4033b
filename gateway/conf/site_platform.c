/* SPDX-License-Identifier: Apache-2.0
 *
 * The "platform" section: whose commands are taken.
 */
#include "conf/site_in.h"

#include <string.h>

#include "model/command.h"

static void read_may(struct gw_site_trust *trust, const struct gw_jnode *list,
                     struct gw_issues *issues)
{
    if (gw_jnode_count(list) == 0)
        gw_jnode_issue(list, issues, "names no command; leave the key out instead");
    for (const struct gw_jnode *n = gw_jnode_first(list); n != NULL; n = gw_jnode_next(n)) {
        unsigned ask = 0;
        if (gw_jnode_type(n) != GW_J_STR) {
            gw_jnode_issue(n, issues, "must be a string, is %s", gw_jtype_name(gw_jnode_type(n)));
            continue;
        }
        while (ask < GW_ASK_COUNT && strcmp(gw_ask_name(ask), gw_jnode_str(n)) != 0)
            ask++;
        if (ask == GW_ASK_COUNT)
            gw_jnode_issue(n, issues, "there is no command \"%s\"", gw_jnode_str(n));
        else if ((trust->may >> ask & 1) != 0)
            gw_jnode_issue(n, issues, "\"%s\" is given twice", gw_jnode_str(n));
        else
            trust->may |= UINT32_C(1) << ask;
    }
}

void gw_site_read_platform(struct gw_site_platform *platform, const struct gw_jnode *obj,
                           struct gw_issues *issues)
{
    struct gw_site_platform_in in = {.keys = NULL};

    if (obj == NULL)
        return;
    (void)gw_keys_read(obj, gw_site_platform_keys, &in, issues);
    if (in.keys == NULL)
        return;
    if (gw_jnode_count(in.keys) > GW_SITE_KEYS_MAX) {
        gw_jnode_issue(in.keys, issues, "more than %d keys", GW_SITE_KEYS_MAX);
        return;
    }
    for (const struct gw_jnode *n = gw_jnode_first(in.keys); n != NULL; n = gw_jnode_next(n)) {
        struct gw_site_trust_in trust = {.may = NULL};
        (void)gw_keys_read(n, gw_site_trust_keys, &trust, issues);
        if (trust.may != NULL)
            read_may(&trust.trust, trust.may, issues);
        for (size_t i = 0; i < platform->nkeys && trust.trust.file[0] != '\0'; i++)
            if (strcmp(platform->keys[i].file, trust.trust.file) == 0)
                gw_jnode_issue(n, issues, "the same file stands in another entry");
        platform->keys[platform->nkeys++] = trust.trust;
    }
}

void gw_site_check_receipts(const struct gw_site *site, const struct gw_jnode *mqtt,
                            const struct gw_jnode *platform, struct gw_issues *issues)
{
    const struct gw_jnode *said = gw_jnode_get(mqtt, "receipts");

    if (!site->mqtt.enabled || !site->mqtt.receipts || gw_jnode_type(mqtt) != GW_J_OBJ ||
        (said != NULL && gw_jnode_type(said) != GW_J_BOOL))
        return;
    for (size_t i = 0; i < site->platform.nkeys; i++)
        if ((site->platform.keys[i].may >> GW_ASK_RECEIPT & 1) != 0)
            return;
    gw_jnode_issue(said != NULL       ? said
                   : platform != NULL ? platform
                                      : mqtt,
                   issues,
                   "records wait for the platform's receipts, but no key in platform.keys may give "
                   "\"receipt\"; name one, or set \"receipts\": false to let the broker's "
                   "acknowledgement stand in");
}
