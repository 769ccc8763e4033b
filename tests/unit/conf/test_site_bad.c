/* SPDX-License-Identifier: Apache-2.0
 *
 * What a site file may get wrong, and the exact words about it.
 */
#include "site_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_ISSUES 5

/* One change of the right file, and every issue that it must give, sorted as printed. */
struct bad {
    const char *from, *to;
    const char *issues[MAX_ISSUES + 1];
};

#define NO_RECEIPTS                                                                                \
    "records wait for the platform's receipts, but no key in platform.keys may give \"receipt\"; " \
    "name one, or set \"receipts\": false to let the broker's acknowledgement stand in"
/* A platform section in front of "journal". */
#define PLATFORM(text, issue)                                                                      \
    {                                                                                              \
        "\"journal\"", "\"platform\": " text ", \"journal\"",                                      \
        {                                                                                          \
            "site.json:33: " issue                                                                 \
        }                                                                                          \
    }
#define MQTT   "{\"host\": \"127.0.0.1\", \"port\": 1883, \"tls\": false, \"receipts\": false}"
#define LONG32 "abcdefghijklmnopqrstuvwxyz012345"
#define LONG96 LONG32 LONG32 LONG32

static const struct bad bad_sites[] = {
    /* the whole file */
    {"{\n  // a small plant",
     "[{\n",
     {"site.json:35: expected ',' or ']', found the end of the file"}},
    {"\"journal\": {",
     "\"jurnal\": {",
     {"site.json:33: /jurnal: unknown key; is \"journal\" meant?"}},
    {"\"journal\": {", "\"remote\": {}, \"journal\": {", {"site.json:33: /remote: unknown key"}},
    {"\"journal\": {\"records_mb\": 64}",
     "\"journal\": [64]",
     {"site.json:33: /journal: must be an object, is an array"}},
    {"\"journal\": {\"records_mb\": 64}",
     "\"journal\": null",
     {"site.json:33: /journal: must be an object, is null"}},
    {"\"points\": {",
     "\"points\": {}, \"points\": {",
     {"site.json:16: /points: duplicate key; it was given on line 16 already"}},
    {"\"enterprise\": {",
     "\"Enterprise\": {",
     {"site.json:1: \"enterprise\" is missing",
      "site.json:4: /Enterprise: unknown key; is \"enterprise\" meant?"}},

    /* gateway */
    {"\"id\": \"gw-test\", ", "", {"site.json:3: /gateway: \"id\" is missing"}},
    {"\"gw-test\"",
     "\"gw test\"",
     {"site.json:3: /gateway/id: must be made of letters, digits, '-' and '_', is \"gw test\""}},
    {"\"gw-test\"",
     "\"gw/test\"",
     {"site.json:3: /gateway/id: must be made of letters, digits, '-' and '_', is \"gw/test\""}},
    {"\"gw-test\"",
     "\"网关\"",
     {"site.json:3: /gateway/id: must be made of letters, digits, '-' and '_', is \"网关\""}},
    {"\"gw-test\"",
     "\"\"",
     {"site.json:3: /gateway/id: must be made of letters, digits, '-' and '_', is \"\""}},
    {"\"gw-test\"",
     "\"" LONG32 "\"",
     {"site.json:3: /gateway/id: must be at most 31 bytes of UTF-8, has 32"}},
    {"\"gw-test\"", "7", {"site.json:3: /gateway/id: must be a string, is a number"}},
    {"\"gw-test\"", "null", {"site.json:3: /gateway/id: must be a string, is null"}},
    {"\"gw-test\"", "[\"gw\"]", {"site.json:3: /gateway/id: must be a string, is an array"}},
    {"\"gw-test\"", "{\"a\": 1}", {"site.json:3: /gateway/id: must be a string, is an object"}},
    {"\"gw-test\"", "true", {"site.json:3: /gateway/id: must be a string, is true or false"}},
    {"\"gw-test\"",
     "\"gw-test\", \"log_level\": \"trace\"",
     {"site.json:3: /gateway/log_level: must be one of \"err\", \"warn\", \"info\", \"debug\", is "
      "\"trace\""}},
    {"\"gw-test\"",
     "\"gw-test\", \"state_dir\": \"\"",
     {"site.json:3: /gateway/state_dir: must not be empty"}},
    {"\"gw-test\"",
     "\"gw-test\", \"key_file\": \"a\\u0007b\"",
     {"site.json:3: /gateway/key_file: must not contain control characters"}},
    {"\"gw-test\"",
     "\"gw-test\", \"state_dir\": \"/" LONG96 LONG96 LONG32 LONG32 "\"",
     {"site.json:3: /gateway/state_dir: must be at most 255 bytes of UTF-8, has, as an absolute "
      "path, 257"}},
    {"\"findings.json\"",
     "\"nothing.json\"",
     {"site.json:3: /gateway/catalogue: cannot read nothing.json: No such file or directory"}},
    {"\"findings.json\"",
     "\"devices/broken.json\"",
     {"devices/broken.json:1: /points: expected ',' or ']', found '}'"}},
    {"\"findings.json\"", "3", {"site.json:3: /gateway/catalogue: must be a string, is a number"}},
    {"\"./devices\"",
     "false",
     {"site.json:3: /gateway/profiles: must be a string, is true or false"}},
    {"\"./devices\"",
     "\"nowhere\"",
     {"site.json:12: /devices/ax/profile: cannot read nowhere/ax100.json: No such file or "
      "directory",
      "site.json:13: /devices/qin/profile: cannot read nowhere/mfe600h.json: No such file or "
      "directory"}},

    /* enterprise */
    {"91371311MAXX00015G",
     "91371311MAXX00015H",
     {"site.json:5: /enterprise/uscc: check character: expected 'G', is 'H'"}},
    {"91371311MAXX00015G",
     "91371311MAXX0001G",
     {"site.json:5: /enterprise/uscc: must have 18 characters, has 17"}},
    {"91371311MAXX00015G",
     "91371311MAXX00015GG",
     {"site.json:5: /enterprise/uscc: must be at most 18 bytes of UTF-8, has 19"}},
    {"91371311MAXX00015G",
     "91371311MAXX0OO15G",
     {"site.json:5: /enterprise/uscc: may hold digits and the capital letters other than I, O, S, "
      "V "
      "and Z only"}},
    {"91371311MAXX00015G",
     "91371311maxx00015g",
     {"site.json:5: /enterprise/uscc: may hold digits and the capital letters other than I, O, S, "
      "V "
      "and Z only"}},
    {"91371311MAXX00015G", "", {"site.json:5: /enterprise/uscc: must not be empty"}},
    {"\"371311\"",
     "\"37131\"",
     {"site.json:5: /enterprise/county: must be the 6 digits of GB/T 2260, is \"37131\""}},
    {"\"371311\"",
     "\"3713A1\"",
     {"site.json:5: /enterprise/county: must be the 6 digits of GB/T 2260, is \"3713A1\""}},
    {"\"371311\"", "371311", {"site.json:5: /enterprise/county: must be a string, is a number"}},
    {"\"machinery\"",
     "\"机械\"",
     {"site.json:5: /enterprise/sector: must be one of \"metallurgy\", \"nonferrous\", "
      "\"building\", \"machinery\", \"light\", \"textile\", \"tobacco\", \"commerce\", is "
      "\"机械\""}},
    {", \"sector\": \"machinery\"", "", {"site.json:4: /enterprise: \"sector\" is missing"}},
    {"\"name\": \"罗庄铸造\"",
     "\"name\": \"\"",
     {"site.json:5: /enterprise/name: must not be empty"}},
    {"\"name\": \"罗庄铸造\"",
     "\"name\": \"" LONG96 "\"",
     {"site.json:5: /enterprise/name: must be at most 95 bytes of UTF-8, has 96"}},

    /* buses */
    {"\"plc\": {\"driver\": \"modbus-tcp\"",
     "\"plc\": {\"driver\": \"modbus-rtu\"",
     {"site.json:8: /buses/plc/driver: there is no driver \"modbus-rtu\"; this version has "
      "\"modbus-tcp\", \"stub-serial\""}},
    {"\"plc\": {\"driver\": \"modbus-tcp\", ",
     "\"plc\": {",
     {"site.json:8: /buses/plc: \"driver\" is missing"}},
    {"\"plc\": {\"driver\": \"modbus-tcp\"",
     "\"plc\": {\"driver\": 1",
     {"site.json:8: /buses/plc/driver: must be a string, is a number"}},
    {"\"plc\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.10\"}",
     "\"plc\": \"192.0.2.10\"",
     {"site.json:8: /buses/plc: must be an object, is a string"}},
    {"\"plc\": {",
     "\"plc 1\": {",
     {"site.json:8: /buses/plc 1: the name of a bus has 1 to 31 letters, digits, '-' and '_'",
      "site.json:13: /devices/qin/bus: there is no bus \"plc\"",
      "site.json:14: /devices/raw/bus: there is no bus \"plc\""}},
    {"\"plc\": {",
     "\"gas\": {\"driver\": \"modbus-tcp\", \"host\": \"a\"}, \"plc\": {",
     {"site.json:9: /buses/gas: duplicate key; it was given on line 8 already"}},
    {"\"port\": 1502",
     "\"prot\": 1502",
     {"site.json:9: /buses/gas/prot: unknown key; is \"port\" meant?"}},
    {"\"port\": 1502", "\"baud\": 9600", {"site.json:9: /buses/gas/baud: unknown key"}},
    {"\"port\": 1502", "\"port\": 0", {"site.json:9: /buses/gas/port: must be 1 to 65535, is 0"}},
    {"\"port\": 1502",
     "\"port\": 65536",
     {"site.json:9: /buses/gas/port: must be 1 to 65535, is 65536"}},
    {"\"port\": 1502", "\"port\": -1", {"site.json:9: /buses/gas/port: must be 1 to 65535, is -1"}},
    {"\"port\": 1502",
     "\"port\": 502.5",
     {"site.json:9: /buses/gas/port: must be a whole number, is 502.5"}},
    {"\"port\": 1502",
     "\"port\": 1e300",
     {"site.json:9: /buses/gas/port: must be a whole number, is 1e+300"}},
    {"\"port\": 1502",
     "\"port\": \"1502\"",
     {"site.json:9: /buses/gas/port: must be a number, is a string"}},
    {"\"port\": 1502",
     "\"port\": 1502, \"driver\": \"modbus-tcp\"",
     {"site.json:9: /buses/gas/driver: duplicate key; it was given on line 9 already"}},
    {"\"buses\": {",
     "\"buses\": [], \"bus\": {",
     {"site.json:7: /buses: must be an object, is an array", "site.json:7: /bus: unknown key",
      "site.json:12: /devices/ax/bus: there is no bus \"gas\"",
      "site.json:13: /devices/qin/bus: there is no bus \"plc\"",
      "site.json:14: /devices/raw/bus: there is no bus \"plc\""}},

    /* devices */
    {"\"ax\": {\"bus\": \"gas\"",
     "\"ax\": {\"bus\": \"gass\"",
     {"site.json:12: /devices/ax/bus: there is no bus \"gass\""}},
    {"\"ax\": {\"bus\": \"gas\", ", "\"ax\": {", {"site.json:12: /devices/ax: \"bus\" is missing"}},
    {"\"ax\": {\"bus\": \"gas\"",
     "\"ax\": {\"bus\": \"\"",
     {"site.json:12: /devices/ax/bus: must be made of letters, digits, '-' and '_', is \"\""}},
    {"\"profile\": \"ax100\"",
     "\"profile\": \"ax1000\"",
     {"site.json:12: /devices/ax/profile: cannot read devices/ax1000.json: No such file or "
      "directory"}},
    {"\"profile\": \"ax100\"",
     "\"profile\": \"../findings\"",
     {"site.json:12: /devices/ax/profile: must be made of letters, digits, '-' and '_', is "
      "\"../findings\""}},
    {"\"profile\": \"mfe600h\"",
     "\"profile\": \"broken\"",
     {"devices/broken.json:1: /points: expected ',' or ']', found '}'"}},
    {"\"profile\": \"mfe600h\"",
     "\"profile\": \"twice\"",
     {"devices/twice.json:1: /points/1: point \"qin.flow\" exists already"}},
    {"\"profile\": \"mfe600h\"",
     "\"profile\": \"wrong\"",
     {"devices/wrong.json:1: /points/0: \"qin.no name\" is no name for a point of device \"qin\": "
      "it "
      "must be \"qin.\" and letters, digits, '-', '_'"}},
    {"\"2027-03-31\"",
     "\"2027-02-29\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027-02-29\""}},
    {"\"2027-03-31\"",
     "\"2027-13-01\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027-13-01\""}},
    {"\"2027-03-31\"",
     "\"2027-3-31\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027-3-31\""}},
    {"\"2027-03-31\"",
     "\"2027/03/31\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027/03/31\""}},
    {"\"2027-03-31\"",
     "\"2100-02-29\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2100-02-29\""}},
    {"\"2027-03-31\"",
     "\"2027-04-31\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027-04-31\""}},
    {"\"2027-03-31\"",
     "\"2027-03-00\"",
     {"site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
      "\"2027-03-00\""}},
    {"\"period_ms\": 5000",
     "\"period_ms\": 99",
     {"site.json:14: /devices/raw/period_ms: must be 100 to 3600000, is 99"}},
    {"\"period_ms\": 5000",
     "\"period_s\": 5",
     {"site.json:14: /devices/raw/period_s: unknown key; is \"period_ms\" meant?"}},
    {"\"unit\": 9", "\"unit\": 256", {"site.json:14: /devices/raw/unit: must be 0 to 255, is 256"}},
    {"\"channels\": 4",
     "\"channels\": 1",
     {"site.json:28: /assets/paint/roles/GAS/1: device \"ax\" has no point \"p2\""}},
    {"\"qin\": {",
     "\"q.in\": {",
     {"site.json:13: /devices/q.in: the name of a device has 1 to 31 letters, digits, '-' and '_'",
      "site.json:24: /assets/furnace-1/roles/Q_IN: there is no device \"qin\""}},
    {"\"qin\": {\"bus\"",
     "\"ax\": {\"bus\"",
     {"site.json:13: /devices/ax: duplicate key; it was given on line 12 already"}},

    /* points */
    {"\"raw.run\": {",
     "\"run\": {",
     {"site.json:17: /points/run: the name of a point is \"<device>.<name>\", at most 63 letters, "
      "digits, '-' and '_'",
      "site.json:24: /assets/furnace-1/roles/RUN/0: device \"raw\" has no point \"run\""}},
    {"\"raw.run\": {",
     "\"rau.run\": {",
     {"site.json:17: /points/rau.run: there is no device \"rau\"",
      "site.json:24: /assets/furnace-1/roles/RUN/0: device \"raw\" has no point \"run\""}},
    {"\"raw.run\": {",
     "\"raw.run.x\": {",
     {"site.json:17: /points/raw.run.x: the name of a point is \"<device>.<name>\", at most 63 "
      "letters, digits, '-' and '_'",
      "site.json:24: /assets/furnace-1/roles/RUN/0: device \"raw\" has no point \"run\""}},
    {"\"raw.run\": {",
     "\"raw." LONG32 LONG32 "\": {}, \"raw.run\": {",
     {"site.json:17: /points/raw." LONG32 LONG32 ": the name of a point is \"<device>.<name>\", at "
      "most 63 letters, digits, '-' and '_'"}},
    {"\"raw.run\": {",
     "\"ax.p1\": {\"address\": 1}, \"raw.run\": {",
     {"site.json:17: /points/ax.p1: point \"ax.p1\" exists already"}},
    {"\"address\": 7, ", "", {"site.json:17: /points/raw.run: \"address\" is missing"}},
    {"\"address\": 7",
     "\"address\": 65536",
     {"site.json:17: /points/raw.run/address: must be 0 to 65535, is 65536"}},
    {"\"scale\": 0.1",
     "\"scale\": \"x\"",
     {"site.json:17: /points/raw.run/scale: must be a number, is a string"}},
    {"{\"address\": 7, \"scale\": 0.1}",
     "7",
     {"site.json:17: /points/raw.run: must be an object, is a number"}},

    /* assets */
    {"\"furnace-1\": {",
     "\"furnace 1\": {",
     {"site.json:20: /assets/furnace 1: the name of an asset has 1 to 31 letters, digits, '-' and "
      "'_'"}},
    {"\"type\": \"if_furnace\", ", "", {"site.json:20: /assets/furnace-1: \"type\" is missing"}},
    {", \"name\": \"1号中频炉\"", "", {"site.json:20: /assets/furnace-1: \"name\" is missing"}},
    {"\"closed\"",
     "[\"closed\"]",
     {"site.json:22: /assets/furnace-1/facts/loop: must be a string, a number, true or false, is "
      "an "
      "array"}},
    {"\"closed\"",
     "null",
     {"site.json:22: /assets/furnace-1/facts/loop: must be a string, a number, true or false, is "
      "null"}},
    {"\"closed\"",
     "\"" LONG32 "\"",
     {"site.json:22: /assets/furnace-1/facts/loop: must be at most 31 bytes of UTF-8, has 32"}},
    {"\"loop\"",
     "\"lo op\"",
     {"site.json:22: /assets/furnace-1/facts/lo op: a name here has 1 to 23 letters, digits, '-' "
      "and '_'"}},
    {"\"loop\"",
     "\"\"",
     {"site.json:22: /assets/furnace-1/facts/: a name here has 1 to 23 letters, digits, '-' and "
      "'_'"}},
    {"12.5",
     "\"12.5\"",
     {"site.json:23: /assets/furnace-1/rated/flow: must be a number, is a string"}},
    {"\"Q_IN\"",
     "\"q_in\"",
     {"site.json:24: /assets/furnace-1/roles/q_in: a role has 1 to 23 capital letters, digits and "
      "'_'"}},
    {"\"Q_IN\"",
     "\"Q-IN\"",
     {"site.json:24: /assets/furnace-1/roles/Q-IN: a role has 1 to 23 capital letters, digits and "
      "'_'"}},
    {"\"qin.flow\"",
     "\"qin.flaw\"",
     {"site.json:24: /assets/furnace-1/roles/Q_IN: device \"qin\" has no point \"flaw\""}},
    {"\"qin.flow\"",
     "\"qout.flow\"",
     {"site.json:24: /assets/furnace-1/roles/Q_IN: there is no device \"qout\""}},
    {"\"qin.flow\"",
     "\"flow\"",
     {"site.json:24: /assets/furnace-1/roles/Q_IN: \"flow\" is no point: write "
      "\"<device>.<name>\""}},
    {"\"qin.flow\"",
     "[]",
     {"site.json:24: /assets/furnace-1/roles/Q_IN: names no point; leave the role out instead"}},
    {"\"qin.flow\"",
     "{}",
     {"site.json:24: /assets/furnace-1/roles/Q_IN: must be the name of a point, is an object"}},
    {"[\"raw.run\"]",
     "[\"raw.run\", \"raw.run\"]",
     {"site.json:24: /assets/furnace-1/roles/RUN/1: point \"raw.run\" plays this role already"}},
    {"[\"raw.run\"]",
     "[\"raw.run\", 4]",
     {"site.json:24: /assets/furnace-1/roles/RUN/1: must be the name of a point, is a number"}},
    {"{\"delay_s\": 60}",
     "60",
     {"site.json:25: /assets/furnace-1/overrides/CW-FLT-01: must be an object such as "
      "{\"delay_s\": 60}, is a number"}},
    {"\"delay_s\": 60",
     "\"delay_s\": \"60\"",
     {"site.json:25: /assets/furnace-1/overrides/CW-FLT-01/delay_s: must be a number, is a "
      "string"}},
    {"\"CW-FLT-01\"",
     "\"CW/FLT\"",
     {"site.json:25: /assets/furnace-1/overrides/CW~1FLT: a name here has 1 to 23 letters, digits, "
      "'-' and '_'"}},
    {"\"overrides\"",
     "\"override\"",
     {"site.json:25: /assets/furnace-1/override: unknown key; is \"overrides\" meant?"}},

    /* publish */
    {MQTT, "[]", {"site.json:31: /publish/mqtt: must be an object, is an array"}},
    {"\"mqtt\": {\"host\"",
     "\"amqp\": {\"host\"",
     {"site.json:30: /publish: \"mqtt\" is missing", "site.json:31: /publish/amqp: unknown key"}},
    {MQTT,
     "{\"receipts\": false}",
     {"site.json:31: /publish/mqtt: \"host\" is missing; or set \"enabled\": false"}},
    {", \"receipts\": false", "", {"site.json:31: /publish/mqtt: " NO_RECEIPTS}},
    {"\"receipts\": false",
     "\"receipts\": true",
     {"site.json:31: /publish/mqtt/receipts: " NO_RECEIPTS}},
    PLATFORM("{}", "/platform: \"keys\" is missing"),
    PLATFORM("{\"keys\": {}}", "/platform/keys: must be an array, is an object"),
    PLATFORM("{\"keys\": [{\"file\": \"a\"}]}", "/platform/keys/0: \"may\" is missing"),
    PLATFORM("{\"keys\": [{\"file\": \"a\", \"may\": []}]}",
             "/platform/keys/0/may: names no command; leave the key out instead"),
    PLATFORM("{\"keys\": [{\"file\": \"a\", \"may\": [\"burn\"]}]}",
             "/platform/keys/0/may/0: there is no command \"burn\""),
    PLATFORM("{\"keys\": [{\"file\": \"a\", \"may\": [3]}]}",
             "/platform/keys/0/may/0: must be a string, is a number"),
    PLATFORM("{\"keys\": [{\"file\": \"a\", \"may\": [\"ack\", \"ack\"]}]}",
             "/platform/keys/0/may/1: \"ack\" is given twice"),
    PLATFORM("{\"keys\": [{\"file\": \"a\", \"may\": [\"ack\"]}, {\"file\": \"a\", \"may\": "
             "[\"ack\"]}]}",
             "/platform/keys/1: the same file stands in another entry"),
    {"\"receipts\": false",
     "\"receipts\": \"no\"",
     {"site.json:31: /publish/mqtt/receipts: must be true or false, is a string"}},
    {"127.0.0.1",
     "192.0.2.1",
     {"site.json:31: /publish/mqtt/tls: must be true, because \"192.0.2.1\" is another machine; "
      "\"allow_plaintext\": true takes the risk by name"}},
    {"127.0.0.1",
     "localhost.example.com",
     {"site.json:31: /publish/mqtt/tls: must be true, because \"localhost.example.com\" is another "
      "machine; \"allow_plaintext\": true takes the risk by name"}},
    {"\"127.0.0.1\"",
     "\"fe80::1\", \"password_file\": \"pw\", \"username\": \"u\"",
     {"site.json:31: /publish/mqtt/tls: must be true, because \"fe80::1\" is another machine; "
      "\"allow_plaintext\": true takes the risk by name",
      "site.json:31: /publish/mqtt/password_file: the password would travel in the clear to "
      "\"fe80::1\""}},
    {"127.0.0.1",
     "mqtt://127.0.0.1",
     {"site.json:31: /publish/mqtt/host: must be a host name or an address alone, without "
      "\"mqtt://\" and port, is \"mqtt://127.0.0.1\""}},
    {"\"port\": 1883",
     "\"version\": 5",
     {"site.json:31: /publish/mqtt/version: must be a string, is a number"}},
    {"\"port\": 1883",
     "\"version\": \"3.1\"",
     {"site.json:31: /publish/mqtt/version: must be one of \"5\", \"3.1.1\", is \"3.1\""}},
    {"\"port\": 1883",
     "\"version\": \"3.1.1\", \"password_file\": \"pw\"",
     {"site.json:31: /publish/mqtt/password_file: MQTT 3.1.1 has no password without "
      "\"username\""}},
    {"\"port\": 1883",
     "\"cert_file\": \"c.pem\"",
     {"site.json:31: /publish/mqtt: \"cert_file\" and \"private_key_file\" belong together: give "
      "both or none"}},
    {"\"port\": 1883",
     "\"window\": 0",
     {"site.json:31: /publish/mqtt/window: must be 1 to 1000, is 0"}},
    {"\"port\": 1883",
     "\"password\": \"secret\"",
     {"site.json:31: /publish/mqtt/password: unknown key"}},

    {MQTT,
     MQTT ", \"telemetry\": {\"heartbeat_s\": 60, \"deadbands\": {\"raw.run\": 0, \"qin.flow\": "
          "\"2\", \"qin.total\": \"101 %\", \"ax.mains_fault\": \"0 %\"}}",
     {"site.json:31: /publish/telemetry/deadbands/raw.run: must be greater than 0",
      "site.json:31: /publish/telemetry/deadbands/qin.flow: must be a number in the point's unit, "
      "or as \"2 %\" of the value sent last, up to 100 %",
      "site.json:31: /publish/telemetry/deadbands/qin.total: must be a number in the point's unit, "
      "or as \"2 %\" of the value sent last, up to 100 %",
      "site.json:31: /publish/telemetry/deadbands/ax.mains_fault: must be a number in the point's "
      "unit, or as \"2 %\" of the value sent last, up to 100 %"}},
    {MQTT,
     MQTT ", \"telemetry\": {\"heartbeat_s\": 86401, \"deadbands\": {\"gone.x\": 1}}",
     {"site.json:31: /publish/telemetry/heartbeat_s: must be 0 to 86400, is 86401",
      "site.json:31: /publish/telemetry/deadbands: does nothing without \"heartbeat_s\"; 60 is "
      "usual",
      "site.json:31: /publish/telemetry/deadbands/gone.x: there is no point \"gone.x\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"version\": 1, \"db\": \"d\"}",
     {"site.json:31: /publish/influx: \"url\" is missing; or set \"enabled\": false"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\"}",
     {"site.json:31: /publish/influx: \"version\" is missing: 1, 2 or 3"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 4}",
     {"site.json:31: /publish/influx/version: must be 1 to 3, is 4"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 1, \"db\": \"\", "
          "\"org\": \"o\"}",
     {"site.json:31: /publish/influx/db: must not be empty",
      "site.json:31: /publish/influx/org: InfluxDB 1 has no such thing"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 2}",
     {"site.json:31: /publish/influx: \"org\" is missing; InfluxDB 2 needs it",
      "site.json:31: /publish/influx: \"bucket\" is missing; InfluxDB 2 needs it",
      "site.json:31: /publish/influx: \"token_file\" is missing; InfluxDB 2 needs it"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 3, \"db\": "
          "\"d\", \"rp\": \"r\", \"username\": \"u\"}",
     {"site.json:31: /publish/influx/rp: InfluxDB 3 has no such thing",
      "site.json:31: /publish/influx/username: InfluxDB 3 has no such thing"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 1, \"db\": "
          "\"d\", \"password_file\": \"p\"}",
     {"site.json:31: /publish/influx/password_file: belongs to \"username\", which is missing"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h\", \"version\": 1, \"db\": "
          "\"d\", \"username\": \"u\", \"token_file\": \"t\"}",
     {"site.json:31: /publish/influx/username: give \"username\" or \"token_file\", not both"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://192.0.2.1:8086\", \"version\": 3, "
          "\"db\": \"d\", \"token_file\": \"t\"}",
     {"site.json:31: /publish/influx/url: must start with \"https://\", because \"192.0.2.1\" is "
      "another machine; \"allow_plaintext\": true takes the risk by name",
      "site.json:31: /publish/influx/token_file: what is in it would travel in the clear to "
      "\"192.0.2.1\""}},
    {MQTT,
     MQTT
     ", \"influx\": {\"enabled\": true, \"url\": \"influx:8086\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"influx:8086\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"ftp://h\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"ftp://h\""}},
    {MQTT,
     MQTT
     ", \"influx\": {\"enabled\": true, \"url\": \"https://u:p@h\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://u:p@h\""}},
    {MQTT,
     MQTT
     ", \"influx\": {\"enabled\": true, \"url\": \"https://h:0\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://h:0\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h:70000\", \"version\": 3, \"db\": "
          "\"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://h:70000\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://h/x?db=d\", \"version\": 3, "
          "\"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://h/x?db=d\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"https://\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://\""}},
    {MQTT,
     MQTT
     ", \"influx\": {\"enabled\": true, \"url\": \"https://[::1\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"https://[::1\""}},
    {MQTT,
     MQTT
     ", \"influx\": {\"enabled\": true, \"url\": \"http://h x\", \"version\": 3, \"db\": \"d\"}",
     {"site.json:31: /publish/influx/url: must be as \"https://host:8086\", without user name and "
      "parameters, is \"http://h x\""}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"device\": \"x\"}}",
     {"site.json:31: /publish/influx/tags/device: the name is taken by the gateway or by InfluxDB "
      "itself"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"_x\": \"x\"}}",
     {"site.json:31: /publish/influx/tags/_x: the name is taken by the gateway or by InfluxDB "
      "itself"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"\": \"x\"}}",
     {"site.json:31: /publish/influx/tags/: the name of a tag is empty or too long"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"a\": \"\"}}",
     {"site.json:31: /publish/influx/tags/a: is empty or too long"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"a\": 1}}",
     {"site.json:31: /publish/influx/tags/a: must be a string, is a number"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"a\": \"x\\\\\"}}",
     {"site.json:31: /publish/influx/tags/a: must not hold '\\' at the end or before ',', '=' or a "
      "space"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"a\": \"x\\ny\"}}",
     {"site.json:31: /publish/influx/tags/a: must not hold control characters"}},
    {MQTT,
     MQTT ", \"influx\": {\"enabled\": true, \"url\": \"http://[::1]:8086/x\", \"version\": 3, "
          "\"db\": \"d\", \"tags\": {\"t0\": \"x\", \"t1\": \"x\", \"t2\": \"x\", \"t3\": \"x\", "
          "\"t4\": \"x\", \"t5\": \"x\", \"t6\": \"x\", \"t7\": \"x\", \"t8\": \"x\"}}",
     {"site.json:31: /publish/influx/tags/t8: more than 8 tags"}},

    /* journal */
    {"64}", "15}", {"site.json:33: /journal/records_mb: must be 16 to 65536, is 15"}},
    {"64}",
     "64, \"window_after_s\": 0}",
     {"site.json:33: /journal/window_after_s: must be 10 to 1800, is 0"}},
    {"64}", "64.5}", {"site.json:33: /journal/records_mb: must be a whole number, is 64.5"}},

    /* local */
    {"64}",
     "64}, \"local\": {\"http\": {\"listen\": \"0.0.0.0:8480\"}}",
     {"site.json:33: /local/http/listen: must be an address of this machine and a port, "
      "\"127.0.0.1:8480\" or \"[::1]:8480\", is \"0.0.0.0:8480\"; other machines come through a "
      "tunnel"}},
    {"64}",
     "64}, \"local\": {\"http\": {\"page\": false}, \"operator_group\": \"a b\"}",
     {"site.json:33: /local/operator_group: must be made of letters, digits, '-' and '_', is "
      "\"a b\"",
      "site.json:33: /local/http: \"listen\" is missing"}},
    {"64}",
     "64}, \"local\": {\"socket_mode\": \"660\"}",
     {"site.json:33: /local/socket_mode: must be permissions such as \"0660\", the owner's with a "
      "6, "
      "is \"660\""}},
    {"64}",
     "64}, \"local\": {\"socket_mode\": \"0680\"}",
     {"site.json:33: /local/socket_mode: must be permissions such as \"0660\", the owner's with a "
      "6, "
      "is \"0680\""}},
    {"64}",
     "64}, \"local\": {\"socket_mode\": \"0466\"}",
     {"site.json:33: /local/socket_mode: must be permissions such as \"0660\", the owner's with a "
      "6, "
      "is \"0466\""}},
    {"64}",
     "64}, \"local\": {\"socket\": \"/" LONG96 "0123456789a\"}",
     {"site.json:33: /local/socket: a socket's path has at most 107 bytes, \"/" LONG96
      "0123456789a\" has 108; name a shorter one in local.socket"}},
    {"64}", "64}, \"local\": {\"port\": 80}", {"site.json:33: /local/port: unknown key"}},
};

static int setup(void **state)
{
    static struct site_fixture fixture;
    *state = &fixture;
    return site_fixture_make(&fixture);
}

static int teardown(void **state)
{
    site_fixture_remove(*state);
    return 0;
}

/* The issues as --check prints them, paths inside the folder made short. malloc'd. */
static char *printed(const struct site_fixture *f, const struct gw_issues *issues)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    gw_issues_print(issues, to);
    assert_int_equal(fclose(to), 0);
    char *cut = site_without_dir(f, text);
    free(text);
    return cut;
}

static char *expected(const struct bad *b)
{
    struct gw_buf out;
    gw_buf_init(&out, 10000);
    size_t n = 0;
    while (b->issues[n] != NULL)
        gw_buf_printf(&out, "%s\n", b->issues[n++]);
    gw_buf_printf(&out, "%zu issue%s\n", n, n == 1 ? "" : "s");
    return gw_buf_take(&out, &n);
}

/* False when the issues are not the expected ones; they are printed then. */
static bool check_one(const struct site_fixture *f, const struct bad *b)
{
    char *text = site_replace(site_base, b->from, b->to);
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(site_fixture_load(f, text, strlen(text), issues, &site), GW_E_PARSE);
    assert_null(site);
    char *is = printed(f, issues);
    char *must = expected(b);
    const bool same = strcmp(is, must) == 0;
    if (!same)
        print_error("%s -> %s gives\n%swanted\n%s", b->from, b->to, is, must);
    free(must);
    free(is);
    gw_issues_free(issues);
    free(text);
    return same;
}

static void every_bad_site_is_refused_with_its_issues(void **state)
{
    const size_t n = sizeof bad_sites / sizeof bad_sites[0];
    print_message("%zu bad site files\n", n);
    assert_true(n >= 100);
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        wrong += !check_one(*state, &bad_sites[i]);
    assert_int_equal(wrong, 0);
}

static void the_base_has_no_issue(void **state)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    const enum gw_status status =
        site_fixture_load(*state, site_base, strlen(site_base), issues, &site);
    if (status != GW_OK)
        fail_msg("%s", gw_issues_text(issues, 0));
    assert_int_equal(gw_issues_count(issues), 0);
    gw_site_free(site);
    gw_issues_free(issues);
}

static void all_errors_of_a_file_are_told_at_once(void **state)
{
    static const struct bad changes[] = {
        {"\"gw-test\"", "\"gw test\"", {NULL}},
        {"00015G", "00015H", {NULL}},
        {"\"port\": 1502", "\"port\": 0", {NULL}},
        {"2027-03-31", "2027-03-32", {NULL}},
        {"\"address\"", "\"adress\"", {NULL}},
        {"\"Q_IN\"", "\"q in\"", {NULL}},
        {"\"receipts\": false", "\"receipt\": false", {NULL}},
        {"64}", "1}", {NULL}},
    };
    char *text = strdup(site_base);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *next = site_replace(text, changes[i].from, changes[i].to);
        free(text);
        text = next;
    }
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    assert_int_equal(site_fixture_load(*state, text, strlen(text), issues, &site), GW_E_PARSE);
    char *is = printed(*state, issues);
    assert_string_equal(
        is,
        "site.json:3: /gateway/id: must be made of letters, digits, '-' and '_', is \"gw test\"\n"
        "site.json:5: /enterprise/uscc: check character: expected 'G', is 'H'\n"
        "site.json:9: /buses/gas/port: must be 1 to 65535, is 0\n"
        "site.json:12: /devices/ax/cal_due: must be a date such as \"2027-03-31\", is "
        "\"2027-03-32\"\n"
        "site.json:17: /points/raw.run/adress: unknown key; is \"address\" meant?\n"
        "site.json:17: /points/raw.run: \"address\" is missing\n"
        "site.json:24: /assets/furnace-1/roles/q in: a role has 1 to 23 capital letters, digits "
        "and '_'\n"
        "site.json:31: /publish/mqtt/receipt: unknown key; is \"receipts\" meant?\n"
        "site.json:31: /publish/mqtt: " NO_RECEIPTS "\n"
        "site.json:33: /journal/records_mb: must be 16 to 65536, is 1\n"
        "10 issues\n");
    free(is);
    gw_issues_free(issues);
    free(text);
}

/* Points whose fields would meet others, or what InfluxDB keeps for itself. */
static void names_of_points_suit_the_database(void **state)
{
    static const struct {
        const char *points, *words;
    } rows[] = {
        {"\"raw.time\": {\"address\": 1}, ",
         "InfluxDB keeps the name of point \"raw.time\" for itself"},
        {"\"raw._x\": {\"address\": 1}, ",
         "InfluxDB keeps the name of point \"raw._x\" for itself"},
        {"\"raw.clock_sync\": {\"address\": 1}, ",
         "point \"raw.clock_sync\" has the name of a field of the gateway's own"},
        {"\"raw.run_q\": {\"address\": 1}, ",
         "point \"raw.run_q\" has the name of the field for the quality of \"raw.run\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char points[128], words[160];
        (void)snprintf(points, sizeof points, "%s\"raw.run\": {", rows[i].points);
        (void)snprintf(words, sizeof words, "site.json:31: /publish/influx: %s", rows[i].words);
        char *more = site_replace(site_base, "\"raw.run\": {", points);
        char *whole = site_replace(more, MQTT,
                                   MQTT ", \"influx\": {\"enabled\": true, \"version\": 3, "
                                        "\"db\": \"d\", \"url\": \"https://h\"}");
        struct gw_issues *issues = gw_issues_new();
        struct gw_site *site = NULL;
        assert_int_equal(site_fixture_load(*state, whole, strlen(whole), issues, &site),
                         GW_E_PARSE);
        assert_int_equal(gw_issues_count(issues), 1);
        char *is = site_without_dir(*state, gw_issues_text(issues, 0));
        assert_string_equal(is, words);
        free(is);
        gw_issues_free(issues);
        free(whole);
        free(more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_has_no_issue),
        cmocka_unit_test(every_bad_site_is_refused_with_its_issues),
        cmocka_unit_test(all_errors_of_a_file_are_told_at_once),
        cmocka_unit_test(names_of_points_suit_the_database),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
