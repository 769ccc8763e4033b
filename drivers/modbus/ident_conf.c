/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/ident_conf.h"

#include <assert.h>
#include <string.h>

#define ADDRESSES 65536

struct ident_in {
    bool fn17;
    const struct gw_jnode *registers;
};

struct reg_in {
    char label[sizeof(((struct gw_mb_ident_part *)NULL)->label)];
    int64_t fc, address, regs;
    int type, order;
};

/* "text", then the types that a number can have; floats name nothing. */
static const char *const type_names[] = {"text", "u16", "u32", "u64", "bcd", "bcd32", NULL};
static const enum gw_mb_type types[] = {GW_MB_BIT, GW_MB_U16, GW_MB_U32,
                                        GW_MB_U64, GW_MB_BCD, GW_MB_BCD32};

#define IDENT(m) .offset = offsetof(struct ident_in, m)
#define REG(m)   .offset = offsetof(struct reg_in, m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_mb_ident_keys[] = {
    {"fn17", GW_KEY_BOOL, IDENT(fn17), .def = "false",
     .doc = "Ask by function 17 (report server id); not of a device that such a request disturbs."},
    {"registers", GW_KEY_NODE, IDENT(registers), .jtype = GW_J_ARR,
     .doc = "Up to five registers, or texts in registers, that say what device it is: model, serial "
            "number, firmware."},
    END,
};

const struct gw_key gw_mb_ident_reg_keys[] = {
    {"label", GW_KEY_STR, REG(label), .size = sizeof(((struct reg_in *)NULL)->label), .def = "",
     .doc = "Word in front of it, such as sn or fw."},
    {"fc", GW_KEY_INT, REG(fc), .min = 3, .max = 4, .def = "3",
     .doc = "Modbus function: 3 holding registers, 4 input registers."},
    {"address", GW_KEY_INT, REG(address), .max = 65535, .required = true,
     .doc = "Address as on the wire, counted from 0."},
    {"type", GW_KEY_ENUM, REG(type), .names = type_names, .def = "text",
     .doc = "text (two characters in each register) or a whole number."},
    {"order", GW_KEY_ENUM, REG(order), .names = gw_mb_order_names, .def = "ABCD",
     .doc = "Order of the bytes, as of a point; of a text ABCD (first character in the high byte) or "
            "BADC (in the low byte)."},
    {"regs", GW_KEY_INT, REG(regs), .min = 1, .max = GW_MB_IDENT_REGS,
     .doc = "Registers of a text; must be given for one."},
    END,
};
/* clang-format on */

static const struct gw_jnode *at(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? n : obj;
}

static void read_reg(const struct gw_jnode *n, struct gw_mb_ident_conf *out,
                     struct gw_issues *issues)
{
    struct reg_in in = {0};
    if (!gw_keys_read(n, gw_mb_ident_reg_keys, &in, issues))
        return;
    const bool text = in.type == 0;
    const enum gw_mb_order order = (enum gw_mb_order)in.order;
    if (text && in.regs == 0)
        gw_jnode_issue(n, issues, "\"regs\" is missing: how many registers has the text?");
    if (!text && in.regs != 0)
        gw_jnode_issue(at(n, "regs"), issues, "has a meaning only for a text");
    if (text && order != GW_MB_ABCD && order != GW_MB_BADC)
        gw_jnode_issue(at(n, "order"), issues, "of a text must be ABCD or BADC");
    if (!text && order != GW_MB_ABCD && gw_mb_type_regs(types[in.type]) < 2)
        gw_jnode_issue(at(n, "order"), issues, "has no meaning for %s", type_names[in.type]);
    struct gw_mb_ident_part part = {
        .fc = (enum gw_mb_fc)in.fc,
        .address = (uint16_t)in.address,
        .count = (uint16_t)(text ? in.regs : (int64_t)gw_mb_type_regs(types[in.type])),
        .text = text,
        .type = types[in.type],
        .order = order,
    };
    memcpy(part.label, in.label, sizeof part.label);
    if (in.address + part.count > ADDRESSES)
        gw_jnode_issue(at(n, "address"), issues, "%u registers from %d on end behind 65535",
                       (unsigned)part.count, (int)in.address);
    out->parts[out->nparts++] = part;
}

bool gw_mb_ident_read(const struct gw_jnode *obj, struct gw_mb_ident_conf *out,
                      struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    struct ident_in in = {0};
    *out = (struct gw_mb_ident_conf){0};
    if (!gw_keys_read(obj, gw_mb_ident_keys, &in, issues))
        return false;
    out->fn17 = in.fn17;
    const size_t n = in.registers != NULL ? gw_jnode_count(in.registers) : 0;
    if (n >= GW_MB_IDENT_PARTS) {
        gw_jnode_issue(in.registers, issues, "must have at most %d members, has %zu",
                       GW_MB_IDENT_PARTS - 1, n);
        return false;
    }
    for (const struct gw_jnode *r = n > 0 ? gw_jnode_first(in.registers) : NULL; r != NULL;
         r = gw_jnode_next(r))
        read_reg(r, out, issues);
    if (!in.fn17 && n == 0)
        gw_jnode_issue(obj, issues, "says no way to ask: \"fn17\" or \"registers\"");
    return gw_issues_count(issues) == before;
}

void gw_mb_ident_settle(struct gw_mb_ident_conf *conf)
{
    if (!conf->fn17)
        return;
    assert(conf->nparts < GW_MB_IDENT_PARTS);
    memmove(conf->parts + 1, conf->parts, conf->nparts * sizeof conf->parts[0]);
    conf->parts[0] = (struct gw_mb_ident_part){.fc = GW_MB_REPORT_ID};
    conf->nparts++;
}
