/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a point: the single description of its keys.
 */
#include "modbus/point.h"

#include "modbus/point_in.h"

const char *const gw_mb_as_names[] = {"num", "int", "bool", "state", NULL};

#define VALUE(m) .offset = offsetof(struct gw_mb_point_keys, m)
#define TEXT(m)  VALUE(m), .size = sizeof(((struct gw_mb_point_keys *)NULL)->m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
#define COMMON_KEYS \
    {"fc", GW_KEY_INT, VALUE(fc), .min = 1, .max = 4, \
     .doc = "Modbus function: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers; " \
            "default 2 for type bit, otherwise 3."}, \
    {"address", GW_KEY_INT, VALUE(address), .max = 65535, \
     .doc = "Address as on the wire, counted from 0: register 40001 of a manual is 0. Must be given, " \
            "here or by \"from\"."}, \
    {"type", GW_KEY_ENUM, VALUE(type), .names = gw_mb_type_names, \
     .doc = "bit, u16, i16, u32, i32, u64, f32, f64, bcd (four digits), bcd32 (eight digits) or " \
            "mk102 (that maker's float); default bit for functions 1 and 2, otherwise u16."}, \
    {"order", GW_KEY_ENUM, VALUE(order), .names = gw_mb_order_names, .def = "ABCD", \
     .doc = "Order of the bytes of a 32- or 64-bit value: ABCD, CDAB (low word first), BADC, DCBA."}, \
    {"as", GW_KEY_ENUM, VALUE(as), .names = gw_mb_as_names, \
     .doc = "What it becomes: num, int (counter or code), bool (not 0) or state; default state with " \
            "states, bool with bit or type bit, int with codes, expect or counter, otherwise num."}, \
    {"bit", GW_KEY_INT, VALUE(bit), .max = 15, \
     .doc = "This bit of a u16 as a bool; 0 is the least significant."}, \
    {"field", GW_KEY_NODE, VALUE(field), .jtype = GW_J_OBJ, \
     .doc = "These bits of a u16 as a number, such as {\"shift\": 4, \"bits\": 4}."}, \
    {"invert", GW_KEY_BOOL, VALUE(invert), .def = "false", \
     .doc = "The bool is true when the bit is 0 (normally-closed contact)."}, \
    {"scale", GW_KEY_NUM, VALUE(scale), \
     .doc = "value = raw x scale + offset; default 1."}, \
    {"offset", GW_KEY_NUM, VALUE(offset), \
     .doc = "value = raw x scale + offset; default 0."}, \
    {"decimals_from", GW_KEY_STR, TEXT(decimals_from), .def = "", \
     .doc = "Name of the point of this device that says how many digits of raw stand behind the " \
            "decimal point; default none."}, \
    {"signal", GW_KEY_STR, TEXT(signal), .def = "", \
     .doc = "Profile of the 4-20 mA instrument behind this input, such as ne43 or honeywell-xcd; " \
            "raw x scale + offset must be mA."}, \
    {"bands", GW_KEY_NODE, VALUE(bands), .jtype = GW_J_ARR, \
     .doc = "Rows {\"lo\", \"hi\", \"is\"} in place of signal, tried in order: what a current from lo " \
            "to below hi means; outside of all, the quality is UNCERTAIN."}, \
    {"range", GW_KEY_NODE, VALUE(range), .jtype = GW_J_ARR, \
     .doc = "[value at 4 mA, value at 20 mA], with signal or bands; without it, the value is the " \
            "current."}, \
    {"unit", GW_KEY_STR, TEXT(unit), .def = "", \
     .doc = "Unit of the value, as on the instrument: %LEL, m3/h, degC."}, \
    {"decimals", GW_KEY_INT, VALUE(decimals), .max = 9, \
     .doc = "Digits after the point in records; default from scale and offset, 2 for floats."}, \
    {"sane", GW_KEY_NODE, VALUE(sane), .jtype = GW_J_ARR, \
     .doc = "[lowest, highest] value that can be; outside, the quality is BAD_RANGE."}, \
    {"states", GW_KEY_NODE, VALUE(states), .jtype = GW_J_ARR, \
     .doc = "Rows {\"mask\", \"equals\", \"is\"}, tried in order: the first with " \
            "(raw & mask) == equals gives the state."}, \
    {"else", GW_KEY_STR, TEXT(state_else), .def = "", \
     .doc = "The state when no row fits; default UNKNOWN."}, \
    {"bad_raw", GW_KEY_NODE, VALUE(bad_raw), .jtype = GW_J_ARR, \
     .doc = "Raw numbers by which the device says that its sensor failed, such as [32767, -32768]."}, \
    {"clamped_raw", GW_KEY_NODE, VALUE(clamped_raw), .jtype = GW_J_ARR, \
     .doc = "Raw numbers at which the module stops, so that they may mean anything beyond, a broken " \
            "wire as well: the quality is UNCERTAIN."}, \
    {"codes", GW_KEY_NODE, VALUE(codes), .jtype = GW_J_OBJ, \
     .doc = "What the numbers of an int mean, for messages, such as {\"1\": \"kPa\"}."}, \
    {"expect", GW_KEY_INT, VALUE(expect), .min = -2147483648.0, .max = 2147483647.0, \
     .doc = "What an int must be, such as the code of the unit; see valid_if."}, \
    {"valid_if", GW_KEY_NODE, VALUE(valid_if), .jtype = GW_J_ARR, \
     .doc = "Names of points of this device with expect; until each was read and is as expected, the " \
            "quality is UNCERTAIN."}, \
    {"counter", GW_KEY_INT, VALUE(counter), .min = 2, .max = 999999999999999.0, \
     .doc = "This int counts up and starts again at 0 behind counter - 1: 65536 for a whole u16, 10000 " \
            "for four digits. A derived rate or increase goes on over that."}, \
    {"restart_if_less", GW_KEY_BOOL, VALUE(restart_if_less), .def = "false", \
     .doc = "The device has started anew when this int becomes smaller (uptime, detectors found): " \
            "search_s and warmup_s begin again."}, \
    {"state_from", GW_KEY_STR, TEXT(state_from), .def = "", \
     .doc = "Name of the point of this device whose state decides how good this value is."}, \
    {"fault_if", GW_KEY_NODE, VALUE(fault_if), .jtype = GW_J_ARR, \
     .doc = "Names of bool points of this device; when one of them is true, the quality is " \
            "BAD_FAULT."}, \
    {"period_ms", GW_KEY_INT, VALUE(period_ms), .min = 100, .max = 3600000, \
     .doc = "How often this point is read, in milliseconds; default as its device."}

const struct gw_key gw_mb_point_keys[] = {
    COMMON_KEYS,
    {"from", GW_KEY_STR, TEXT(from), .def = "",
     .doc = "Name of a point of this device's profile that fc, address, type, order, scale, offset, "
            "bad_raw, clamped_raw and period_ms are taken from where they are not given here."},
    END,
};

const struct gw_key gw_mb_profile_point_keys[] = {
    {"name", GW_KEY_STR, TEXT(name), .min = 1, .required = true,
     .doc = "The point is called <device>.<name>; {n} stands for the channel, from 1."},
    COMMON_KEYS,
    {"per_channel", GW_KEY_BOOL, VALUE(per_channel), .def = "false",
     .doc = "One such point for each channel of the device."},
    {"stride", GW_KEY_INT, VALUE(stride), .min = 1, .max = 65535,
     .doc = "Addresses from one channel to the next; default 1."},
    {"count_from", GW_KEY_STR, TEXT(count_from), .def = "",
     .doc = "Name of the point that counts the channels present: the state of a channel above it is "
            "ABSENT."},
    {"role", GW_KEY_STR, TEXT(role), .def = "",
     .doc = "Role that it plays wherever the device is used, such as GAS: nonsitectl init maps it. Only "
            "where it can be no other."},
    END,
};

const struct gw_key gw_mb_field_keys[] = {
    {"shift", GW_KEY_INT, .offset = offsetof(struct gw_mb_field_in, shift), .max = 15, .required = true,
     .doc = "Bits to the right of the field."},
    {"bits", GW_KEY_INT, .offset = offsetof(struct gw_mb_field_in, bits), .min = 1, .max = 16,
     .required = true,
     .doc = "Width of the field."},
    END,
};

const struct gw_key gw_mb_state_keys[] = {
    {"mask", GW_KEY_INT, .offset = offsetof(struct gw_mb_state_in, mask), .max = 65535, .def = "65535",
     .doc = "The bits to look at; default all."},
    {"equals", GW_KEY_INT, .offset = offsetof(struct gw_mb_state_in, equals), .max = 65535,
     .required = true,
     .doc = "What these bits must be."},
    {"is", GW_KEY_STR, .offset = offsetof(struct gw_mb_state_in, is),
     .size = sizeof(((struct gw_mb_state_in *)NULL)->is), .min = 1, .required = true,
     .doc = "The state then: NORMAL, LOW, HIGH, SENSOR_FAULT, SHIELDED ..."},
    END,
};
/* clang-format on */
