/* SPDX-License-Identifier: Apache-2.0
 *
 * The door for commands: each input as it is, and as the bytes of a command that the trusted key
 * signed, with its id in place of "0123456789abcdef".
 */
#include "control/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"

#define PLACEHOLDER "0123456789abcdef"
#define ROOM        ((size_t)80 * 1024)

static struct gw_key *make_key(struct gw_site *site)
{
    struct gw_err err = {0};
    struct gw_key *key = NULL;
    char path[GW_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/key", scratch_dir());
    (void)snprintf(site->platform.keys[0].file, GW_PATH_SIZE, "%s/key.pub", scratch_dir());
    FUZZ_HOLDS(gw_key_create(path, &key, &err) == GW_OK);
    FUZZ_HOLDS(gw_key_save_public(key, site->platform.keys[0].file, &err) == GW_OK);
    return key;
}

static void judge(struct gw_gate *gate, const char *text, size_t len)
{
    static const char *const topics[] = {"receipt", "permit", "challenge"};
    static struct gw_place places[GW_ASK_RECEIPTS];
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        const struct gw_ask_message m = {topics[i], text, len, false};
        const struct gw_stamp now = {.wall_ms = 1, .mono_ms = 1, .sync = i == 1};
        struct gw_asked asked = {.places = places};
        const enum gw_refusal why = gw_gate_judge(gate, &m, &now, &asked);
        FUZZ_HOLDS(why < GW_REFUSED_COUNT);
        FUZZ_HOLDS(why != GW_REFUSED_NOT || (asked.signed_well && asked.ask < GW_ASK_COUNT));
        FUZZ_HOLDS(!asked.signed_well || strlen(asked.hash) == 64);
        FUZZ_HOLDS(asked.nplaces <= GW_ASK_RECEIPTS);
        FUZZ_HOLDS(why == GW_REFUSED_NOT || why == GW_REFUSED_FORM || why == GW_REFUSED_SIGNATURE ||
                   why == GW_REFUSED_SIZE || asked.why[0] != '\0');
        if (why == GW_REFUSED_NOT)
            FUZZ_HOLDS(strcmp(gw_ask_name(asked.ask), topics[i]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gw_site site;
    static struct gw_key *key;
    struct gw_gate *gate = NULL;
    struct gw_err err = {0};
    uint8_t raw[GW_SIG_SIZE];
    char sig[GW_SIG_B64];
    if (size > GW_ASK_SIZE_MAX)
        return -1;
    if (!key) {
        key = make_key(&site);
        site.platform.nkeys = 1;
        site.platform.keys[0].may = (UINT32_C(1) << GW_ASK_COUNT) - 1;
        (void)snprintf(site.gateway.id, sizeof site.gateway.id, "g1");
    }
    FUZZ_HOLDS(gw_gate_new(&site, "00112233445566778899aabbccddeeff", &gate, &err) == GW_OK);
    judge(gate, (const char *)data, size);

    char *text = malloc(ROOM);
    FUZZ_HOLDS(text != NULL);
    const size_t head = (size_t)snprintf(text, ROOM, "{\"command\":");
    if (size > 0)
        memcpy(text + head, data, size);
    const size_t n = strlen(PLACEHOLDER);
    for (size_t i = 0; i + n <= size; i++)
        if (memcmp(text + head + i, PLACEHOLDER, n) == 0)
            memcpy(text + head + i, gw_key_id(key), n);
    FUZZ_HOLDS(gw_key_sign(key, "nonsite-command-v1\n", text + head, size, raw) == GW_OK);
    gw_base64url(raw, sizeof raw, sig, sizeof sig);
    const size_t tail =
        (size_t)snprintf(text + head + size, ROOM - head - size, ",\"sig\":\"%s\"}", sig);
    judge(gate, text, head + size + tail);
    free(text);
    gw_gate_free(gate);
    return 0;
}
