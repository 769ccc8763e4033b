/* SPDX-License-Identifier: Apache-2.0
 *
 * What a gateway sends to the desk: each input as it is on every topic, and as the bytes of a record,
 * a document and a reply that an enrolled key signed, with its id in place of "0123456789abcdef".
 * Whatever is kept is put on sheets and feeds.
 */
#include "desk/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/feed.h"
#include "desk/proofs.h"
#include "desk/sheet.h"
#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"
#include "proof/wire.h"

#define PLACEHOLDER "0123456789abcdef"
#define GATEWAY     "g1"
#define SIZE_MAX_IN ((size_t)60 * 1024)
#define ROOM        ((size_t)80 * 1024)
#define NOW_MS      INT64_C(1795348315000)

struct stage {
    struct gw_desk_gateway gateway;
    struct gw_desk_conf conf;
    struct gw_desk_store *store;
    struct gw_key *key;
};

static void set_up(struct stage *s)
{
    struct gw_err err = {0};
    char path[400], pub[400];
    (void)snprintf(path, sizeof path, "%s/key", scratch_dir());
    (void)snprintf(pub, sizeof pub, "%s/key.pub", scratch_dir());
    FUZZ_HOLDS(gw_key_create(path, &s->key, &err) == GW_OK);
    FUZZ_HOLDS(gw_key_save_public(s->key, pub, &err) == GW_OK);
    (void)snprintf(s->gateway.id, sizeof s->gateway.id, GATEWAY);
    s->gateway.keys = gw_keyring_new();
    FUZZ_HOLDS(s->gateway.keys != NULL);
    FUZZ_HOLDS(gw_keyring_add(s->gateway.keys, pub, &err) == GW_OK);
    s->conf = (struct gw_desk_conf){.silent_s = 60, .gateways = &s->gateway, .ngateways = 1};
    FUZZ_HOLDS(gw_desk_store_open(":memory:", &s->store, &err) == GW_OK);
}

/* What the desk shows of it. */
static void show(const struct stage *s, const struct gw_desk_taken *t)
{
    struct gw_err err = {0};
    struct gw_buf page;
    char link[GW_DESK_LINK];
    if (t->case_id[0] == '\0' && !t->proof)
        return;
    gw_buf_init(&page, GW_DESK_SHEET_MAX);
    const enum gw_status st = t->proof ? gw_desk_proofs(s->store, GATEWAY, &page, &err)
                                       : gw_desk_sheet(s->store, GATEWAY, t->case_id, &page, &err);
    FUZZ_HOLDS(st == GW_OK || st == GW_E_NOTFOUND);
    gw_buf_free(&page);
    gw_desk_sheet_link(t->county, GATEWAY, t->case_id, link);
    FUZZ_HOLDS(strstr(link, "..") == NULL && link[0] != '/');
}

static enum gw_desk_what take(const struct stage *s, const char *word, const char *data, size_t len)
{
    struct gw_desk_taken t = {.what = GW_DESK_IGNORED};
    struct gw_err err = {0};
    char topic[64];
    (void)snprintf(topic, sizeof topic, "nonsite/v1/" GATEWAY "/%s", word);
    FUZZ_HOLDS(gw_desk_intake(&s->conf, s->store, topic, data, len, NOW_MS, &t, &err) == GW_OK);
    FUZZ_HOLDS(t.what != GW_DESK_REFUSED || t.why[0] != '\0');
    FUZZ_HOLDS(t.what != GW_DESK_RECORD || (t.place.seq > 0 && strlen(t.place.hash) == 64));
    if (t.what == GW_DESK_RECORD || t.proof)
        show(s, &t);
    return t.what;
}

/* The input as the bytes of this kind of signed message; malloc'd. */
static char *signed_as(const struct stage *s, enum gw_wire_kind kind, const uint8_t *data,
                       size_t size, size_t *len)
{
    uint8_t raw[GW_SIG_SIZE];
    char sig[GW_SIG_B64];
    char *text = malloc(ROOM);
    FUZZ_HOLDS(text != NULL);
    const size_t head = (size_t)snprintf(text, ROOM, "{\"%s\":", gw_wire_name(kind));
    if (size > 0)
        memcpy(text + head, data, size);
    const size_t n = strlen(PLACEHOLDER);
    for (size_t i = 0; i + n <= size; i++)
        if (memcmp(text + head + i, PLACEHOLDER, n) == 0)
            memcpy(text + head + i, gw_key_id(s->key), n);
    FUZZ_HOLDS(gw_key_sign(s->key, gw_wire_domain(kind), text + head, size, raw) == GW_OK);
    gw_base64url(raw, sizeof raw, sig, sizeof sig);
    *len = head + size +
           (size_t)snprintf(text + head + size, ROOM - head - size, ",\"sig\":\"%s\"}", sig);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"alarm",  "lead",      "record",
                                        "status", "inventory", "cases",
                                        "health", "reply",     "evidence/0123456789abcdef-1"};
    static const enum gw_wire_kind kinds[] = {GW_WIRE_RECORD, GW_WIRE_DOCUMENT, GW_WIRE_REPLY};
    static struct stage s;
    struct gw_err err = {0};
    if (size > SIZE_MAX_IN)
        return -1;
    if (!s.store)
        set_up(&s);
    FUZZ_HOLDS(gw_desk_store_begin(s.store, &err) == GW_OK);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        (void)take(&s, words[i], (const char *)data, size);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t len = 0;
        char *text = signed_as(&s, kinds[k], data, size, &len);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            (void)take(&s, words[i], text, len);
        free(text);
    }
    gw_desk_store_rollback(s.store);
    return 0;
}
