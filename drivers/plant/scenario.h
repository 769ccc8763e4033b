/* SPDX-License-Identifier: Apache-2.0
 *
 * scenario: what a simulated plant consists of and what happens to it, read from a file.
 *
 * Strict JSON with comments; every issue is told at once, with file, line and JSON pointer. A
 * loaded scenario is constant and does not need the file any more. Owned by one thread.
 *
 * A scenario:
 *
 *   {
 *     "seed": 1,
 *     "endpoints": { "panel": { "port": 0, "units": { "1": "gas", "2": "di" } } },
 *     "devices": {
 *       "gas": { "kind": "ax100", "probes": 4, "set": { "p1": 3.2 }, "noise": { "p1": 0.2 } },
 *       "di":  { "kind": "di-module", "channels": 8 }
 *     },
 *     "follow": [
 *       { "device": "di", "signal": "di3", "when": "gas.fan == 1", "after_s": 2 }
 *     ],
 *     "timeline": [
 *       { "at_s": 10, "device": "gas", "ramp": { "p1": { "to": 60, "over_s": 15 } } },
 *       { "at_s": 40, "device": "gas", "fault": "silence", "for_s": 20 }
 *     ]
 *   }
 *
 * THE FILE
 *   seed         whole number, default 1: the seed of all noise. The same seed gives the same
 * values at the same moments of the story, however often they are read. endpoints    by name:
 * Modbus TCP servers (below). At least one. devices      by name: instruments (below). follow list:
 * signals that follow others (below). timeline     list: what happens when (below), in any order.
 *   Names are 1 to 31 letters, digits, '-' and '_'. Times are seconds (fractions are fine, to the
 *   millisecond) since the story began: when the program was ready, or with --hold at the first
 *   request that any client sends.
 *
 * AN ENDPOINT
 *   units            by unit id, "0".."255": the name of the device that answers. A device may
 * stand behind several units and endpoints. port             0..65535, default 0: any free one; the
 * program tells which. bind             address, default "127.0.0.1"; only loopback addresses
 * (127.x.y.z) are taken. unknown_unit     what a request for a unit that is not there gets:
 * "exception" (11, gateway target failed to respond; the default) or "silence".
 *   max_connections  1..4096, default 256: one more is accepted and closed at once.
 *   framing          "tcp" (the default) or "rtu": RTU frames over TCP, as behind a transparent
 * serial server: a unit that is not there is silent, and what is no frame is passed over.
 *   serial           "pty" or the path of a serial port: Modbus RTU on a line instead of TCP. A
 * path is for training on real cables; nothing but the gateway under training should be on it.
 *   baud             rate of the line, default 9600, 8 data bits, no parity; on a pty an answer
 * takes the time that the bytes would take.
 *   link             of a pty: a symbolic link that is made to it, and removed in the end; relative
 * paths start at the folder of the scenario.
 *   On a line there is nothing to close: "close" and "reset" are silence. "refuse" takes the port
 * away, as when a USB adapter is unplugged.
 *
 * A DEVICE
 *   kind         one of the kinds below; further keys belong to the kind.
 *   id           text of the answer to function 17 (report server id); default by kind.
 *   latency_ms   0..600000, default 0: how long the device takes for any answer.
 *   set, ramp, wave, noise   the signals at the beginning, as in the timeline.
 *
 * KINDS AND THEIR SIGNALS (n counts from 1; a signal of 0 and 1 takes true and false, too)
 *   ax100        gas controller, FC 03. Keys: probes (1..192, default 4), low (25), high (50 %LEL).
 *                p<n> %LEL 0..100; p<n>_comm_fault, p<n>_sensor_fault, p<n>_shielded, p<n>_absent,
 *                p<n>_warmup; mains_fault, battery_fault, battery_low, linkage_broken, ext_alarm.
 *                Level bits, relays, linkage outputs and system word follow from these by
 * themselves; linkage_broken keeps fan and valves off at level 2. Outputs, for conditions: low,
 *                high, fan.
 *   mfe600h      flow meter, FC 04. Key: dn_mm (bore, default 80). flow in m3/h, shown in the unit
 *                that `unit` names (0 L/s, 1 L/min, 2 L/h, 3 m3/s, 4 m3/min, 5 m3/h; 5 at first);
 *                empty_pipe, system_alarm; total (m3 at the beginning, flow is added up);
 * resistance; t_in, t_out. Output: total_now. dampt100     Pt100 module, FC 04. Key: channels
 * (1..16, default 4). t<n> in degC -200..850, 20 at first. A value beyond int16 shows as 32767, NaN
 * as well. di-module    digital inputs, FC 02 and the same by FC 01. Key: channels (1..256, default
 * 8). di<n>. qdy30a       pressure or level transmitter, FC 03. value in engineering units, unit (1
 * kPa at first), decimals (0..4, 1 at first), zero, span. map          raw registers for tests of
 * drivers. Keys: regs { "<address>": [words] }, bits { "<address>": [0, 1] }, fc (list of 1, 2, 3,
 * 4; default all), range and bit_range
 *                ([first, last] that can be read, default just what is declared; 0 where nothing is
 *                declared). Signals r<address> and b<address> for what is declared.
 *   kb6000iii    gas controller, FC 03. Keys: detectors (1..64, default 4), low (25), high (50).
 *                d<n> in the detector's unit; d<n>_comm_fault, d<n>_sensor_fault, d<n>_warmup;
 *                d<n>_code (0..255: this state whatever else; -1 at first), d<n>_point (decimals,
 *                1 at first), d<n>_gas, d<n>_unit; found: how many detectors the controller has
 *                found, all at first (a ramp of it is a search). Outputs: low, high.
 *   mk102        gas controller with 8 channels, FC 03 states, FC 04 values, FC 02 itself. Keys:
 *                low (25), high (50 %LEL). c<n> %LEL 0..100; c<n>_comm_fault, c<n>_sensor_fault,
 *                c<n>_absent, c<n>_unknown; battery_fault, mains_fault, supply_short, s1_short.
 *                Outputs: low, high.
 *   mfe600c      flow meter, FC 03. flow in m3/h, unit (a code, 5 at first), excitation_alarm,
 *                electrode_alarm, empty_pipe, upper_alarm, lower_alarm.
 *   tuf-2000     ultrasonic meter, FC 03. Key: dn_mm (bore, default 80). flow in m3/h, t1, t2, ai3,
 *                ai4, ai5 in mA, total (m3 at the beginning, flow is added up). Output: total_now.
 *   vortex       gas meter, FC 03. temperature, pressure, frequency, flow, output_ma; upper and
 *                lower: words of alarm bits (1 actual, 4 standard, 16 pressure, 64 temperature).
 *   ai-module    4-20 mA inputs, FC 03 and the same by FC 04. Keys: channels (1..16, default 8),
 *                show ("+-20mA", "0-20mA", "4-20mA" over 0..65535, or "uA"). i<n> in mA, 4 at
 *                first; the register stops at the ends of the range.
 *   Every device answers function 17. A function that it does not offer gets exception 1, an
 * address outside its ranges exception 2, a wrong count or length exception 3; all are counted.
 *
 * THE TIMELINE: an entry is an object with
 *   at_s         when, >= 0.
 *   device       to which device; or
 *   endpoint     to which endpoint (only "fault", "clear", "for_s" and "say" go with it).
 *   set          { "<signal>": number or bool }: constant from now on.
 *   ramp         { "<signal>": { "to": number, "over_s": seconds } }: straight from its present
 * value. wave         { "<signal>": { "shape": "sine" or "square", "mean": number, "amplitude":
 * number, "period_s": seconds, "duty": 0..1 } }; a square wave starts with mean + amplitude for
 *                `duty` (default 0.5) of the period, then mean - amplitude.
 *   noise        { "<signal>": amount } for even noise of +-amount, or { "<signal>": { "uniform":
 *                amount } } or { "<signal>": { "gauss": standard deviation } }; 0 ends it. It
 * changes every 100 ms. Not for signals of 0 and 1; for good, whatever for_s says. fault        the
 * name of a fault (below); code, ms, by, bytes, unit, times are its numbers. signals      list of signals
 * that a "frozen", "nan", "inf" or "neg_inf" fault is for; default: all that can have it. for_s
 * ends set, ramp, wave and fault after this time: the signals go back to what they had. Without it
 * they stay for good. clear        true: first ends all faults of the device or endpoint and all
 * that a for_s holds. say          a line for the log when it happens. A later entry for the same
 * signal or the same fault replaces an earlier one. Different faults of one device act together, in
 * the order of this list:
 *
 * FAULTS OF A DEVICE, on every reply
 *   silence         no answer
 *   close           the connection is closed instead of an answer
 *   reset           the same by a TCP reset
 *   exception       exception `code` (default 4; 6 is "busy") instead of data
 *   exception_storm `times` (default 20, at most 50) exceptions `code` (default 6) instead of data
 *   swap_words      the registers of each pair in the other order, as with another word order
 *   fewer           well-formed, but one register (or one byte of bits) less than asked for
 *   short_count     the byte count field is `by` (default 2) too low; nothing else changes
 *   long_count      the byte count field is `by` (default 2) too high; nothing else changes
 *   wrong_fc        function 1 for 2, 2 for 1, 3 for 4, 4 and 17 for 3
 *   foreign_unit    unit id `unit` in the reply (default: the right one plus 1)
 *   wrong_tid       transaction id plus `by` (default 1)
 *   wrong_protocol  protocol id plus `by` (default 1)
 *   wrong_length    MBAP length plus `by` (default 1; negative is too short)
 *   bad_crc         one bit of the CRC of an RTU frame is wrong; nothing on TCP
 *   clash           a second unit has the same address: its frame, with all data inverted, follows
 *                   right behind
 *   junk_head       `bytes` (default 3) bytes A5 5A ... before the frame
 *   junk_tail       `bytes` (default 8) further bytes A5 5A A5 5A ... behind the frame
 *   truncate        only the first `bytes` (default: half of the frame), then it is closed
 *   delay           the answer comes `ms` (default 1000) later
 *   dribble         one byte each `ms` (default 400)
 *   late            the answer is kept and sent when the connection's next request arrives; the
 *                   answer to that one is kept in turn. When the fault has ended, a kept answer
 *                   goes out right before the next good one.
 *
 * FAULTS OF A DEVICE'S SIGNALS
 *   frozen          the value no longer moves
 *   nan, inf, neg_inf   no number; for signals that are shown as a float (flow, resistance, t<n>)
 *
 * FAULTS OF AN ENDPOINT
 *   refuse          stops listening and drops its connections
 *   black_hole      as behind a cut cable: a connection that is asked for comes neither to be nor
 *                   is it refused, and nothing moves on those that are open
 *   mute            takes connections and all that comes, and answers nothing
 *   half_open       the peer of the connections that are open has lost them without a word: they
 *                   stay open, and dead for good; new ones are served
 *   hang_up         closes its connections, and each new one at once
 *   garbage         `bytes` (default 5) unasked-for bytes A5 5A ... to each connection every `ms`
 *                   (default 500), except in the middle of a reply
 *   On a serial line black_hole is mute; half_open and hang_up do nothing.
 *
 * FOLLOW: an entry is an object with
 *   device, signal   the signal that follows; it is set, as by "set", each time the condition
 *                    changes
 *   when             "<device>.<signal> >= number" (or <=, ==); the signal may be an output; or
 *   any              list of such conditions of which one is enough
 *   after_s          default 0: how long the condition must hold before the signal changes
 *   back_s           default after_s: how long it must be over before the signal goes back
 *   to, else         default 1 and 0: the value while it holds and while it does not
 *   At the beginning the signal has the value that the condition asks for. Conditions see what the
 * device shows: a frozen value does not move them. A follower is broken by freezing its signal.
 */
#ifndef GW_PLANT_SCENARIO_H
#define GW_PLANT_SCENARIO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/issues.h"
#include "plant/fault.h"
#include "plant/kind.h"
#include "plant/signal.h"

#define GW_PLANT_NAME  32
#define GW_PLANT_ID    64
#define GW_PLANT_SAY   200
#define GW_PLANT_UNITS 256
#define GW_PLANT_PATH  256

/* A change of one signal. */
enum gw_change_kind { GW_CHANGE_SHAPE = 0, GW_CHANGE_NOISE };
struct gw_change {
    enum gw_change_kind kind;
    size_t signal;
    struct gw_shape shape;
    struct gw_noise noise;
};

/* One entry of the timeline, or one line of the control input. */
struct gw_action {
    int64_t at_ms;
    int device;     /* index, or -1 */
    int endpoint;   /* index, or -1 */
    int64_t for_ms; /* 0: for good */
    bool clear;
    struct gw_change *changes;
    size_t n_changes;
    enum gw_fault_kind fault; /* NONE: none */
    int64_t param[GW_FAULT_PARAMS];
    size_t *signals; /* of a signal fault; none: all that can have it */
    size_t n_signals;
    char say[GW_PLANT_SAY];
};

struct gw_sc_device {
    char name[GW_PLANT_NAME];
    char id[GW_PLANT_ID];
    const struct gw_kind *kind;
    struct gw_kind_conf conf;
    int64_t latency_ms;
    struct gw_signal *signals; /* as they are at the beginning */
    size_t n_signals;
};

struct gw_sc_endpoint {
    char name[GW_PLANT_NAME];
    struct in_addr bind;
    uint16_t port;
    enum gw_framing framing;
    char serial[GW_PLANT_PATH]; /* "" = TCP; "pty" or the path of a serial port */
    char link[GW_PLANT_PATH];   /* of a pty; "" = none */
    int64_t baud;
    bool unknown_silent;
    size_t max_connections;
    int16_t unit[GW_PLANT_UNITS]; /* index of the device, or -1 */
};

/* <device>.<signal or output> <op> <number> */
enum gw_cond_op { GW_COND_GE = 0, GW_COND_LE, GW_COND_EQ };
struct gw_cond {
    size_t device;
    size_t index; /* of the signal or output */
    bool output;
    enum gw_cond_op op;
    double number;
};

struct gw_follow {
    size_t device, signal;
    struct gw_cond *conds; /* any of them */
    size_t n_conds;
    int64_t after_ms, back_ms;
    double to, otherwise;
};

struct gw_scenario {
    uint64_t seed;
    struct gw_sc_endpoint *endpoints;
    size_t n_endpoints;
    struct gw_sc_device *devices;
    size_t n_devices;
    struct gw_follow *follows;
    size_t n_follows;
    struct gw_action *timeline; /* by rising at_ms, equal ones as in the file */
    size_t n_timeline;
};

/* Reads a file. What is wrong is in issues (GW_E_PARSE, or the status of the unreadable file);
 * GW_E_NOMEM. *out is untouched on failure. */
enum gw_status gw_scenario_load(const char *path, struct gw_issues *issues,
                                struct gw_scenario **out) GW_MUST_CHECK;
/* The same for a text; name stands for the file in messages. */
enum gw_status gw_scenario_parse(const char *text, size_t len, const char *name,
                                 struct gw_issues *issues, struct gw_scenario **out) GW_MUST_CHECK;
void gw_scenario_free(struct gw_scenario *sc);

/* Reads one entry of the timeline without "at_s", as it comes by the control input. GW_E_PARSE with
 * the reasons in issues, GW_E_NOMEM. The caller ends *out with gw_action_clean. */
enum gw_status gw_scenario_action(const struct gw_scenario *sc, const char *text, size_t len,
                                  struct gw_issues *issues, struct gw_action *out) GW_MUST_CHECK;
/* Frees what the action points at. */
void gw_action_clean(struct gw_action *a);

/* Index of the endpoint, device, signal of a device or output of a kind with this name, or -1. */
int gw_scenario_endpoint(const struct gw_scenario *sc, const char *name);
int gw_scenario_device(const struct gw_scenario *sc, const char *name);
int gw_scenario_signal(const struct gw_sc_device *device, const char *name);
int gw_scenario_output(const struct gw_sc_device *device, const char *name);

#endif
