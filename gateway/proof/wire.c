/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/wire.h"

#include <string.h>

#include "base/jcs.h"

static const char *const names[] = {
    [GW_WIRE_RECORD] = "record",
    [GW_WIRE_DOCUMENT] = "document",
    [GW_WIRE_COMMAND] = "command",
    [GW_WIRE_REPLY] = "reply",
};
static const char *const domains[] = {
    [GW_WIRE_RECORD] = "nonsite-record-v1\n",
    [GW_WIRE_DOCUMENT] = "nonsite-document-v1\n",
    [GW_WIRE_COMMAND] = "nonsite-command-v1\n",
    [GW_WIRE_REPLY] = "nonsite-reply-v1\n",
};
_Static_assert(sizeof names / sizeof names[0] == GW_WIRE_COUNT, "a wire form has no name");
_Static_assert(sizeof domains / sizeof domains[0] == GW_WIRE_COUNT, "a wire form has no domain");

static const char before_sig[] = ",\"sig\":\"";
#define SIG_TEXT (GW_SIG_B64 - 1)
/* From the comma behind the bytes to the end. */
#define TAIL (sizeof before_sig - 1 + SIG_TEXT + 2)

const char *gw_wire_name(enum gw_wire_kind kind)
{
    return (size_t)kind < GW_WIRE_COUNT ? names[kind] : "?";
}

const char *gw_wire_domain(enum gw_wire_kind kind)
{
    return (size_t)kind < GW_WIRE_COUNT ? domains[kind] : "";
}

/* Length of {"<name>": at the start of text; 0: another text. */
static size_t head_of(const char *text, size_t len, enum gw_wire_kind kind)
{
    const size_t n = strlen(names[kind]);
    const size_t head = n + 4;
    if (len < head || memcmp(text, "{\"", 2) != 0 || memcmp(text + 2, names[kind], n) != 0 ||
        memcmp(text + 2 + n, "\":", 2) != 0)
        return 0;
    return head;
}

enum gw_status gw_wire_split(const char *text, size_t len, struct gw_wire *out, struct gw_err *err)
{
    size_t head = 0;
    size_t kind = 0;
    for (; kind < GW_WIRE_COUNT && head == 0; kind++)
        head = head_of(text, len, (enum gw_wire_kind)kind);
    if (head == 0 || len < head + TAIL)
        return gw_err_set(err, GW_E_PARSE, "not a signed message");
    const char *tail = text + len - TAIL;
    const char *sig = tail + sizeof before_sig - 1;
    size_t got = 0;
    if (memcmp(tail, before_sig, sizeof before_sig - 1) != 0 ||
        memcmp(text + len - 2, "\"}", 2) != 0)
        return gw_err_set(err, GW_E_PARSE, "no signature stands at its end");
    struct gw_wire w = {
        .kind = (enum gw_wire_kind)(kind - 1),
        .bytes = text + head,
        .len = (size_t)(tail - (text + head)),
    };
    if (gw_base64url_decode(sig, SIG_TEXT, w.sig, sizeof w.sig, &got) != GW_OK ||
        got != sizeof w.sig)
        return gw_err_set(err, GW_E_PARSE, "the signature is no base64url of 64 bytes");
    if (w.len == 0 || w.bytes[0] != '{' || !gw_jcs_valid(w.bytes, w.len))
        return gw_err_set(err, GW_E_PARSE, "its bytes are not canonical JSON");
    *out = w;
    return GW_OK;
}

bool gw_wire_signed(const struct gw_wire *w, const struct gw_key *key)
{
    return gw_key_verify(key, gw_wire_domain(w->kind), w->bytes, w->len, w->sig);
}
