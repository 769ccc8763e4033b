/* SPDX-License-Identifier: Apache-2.0 */
#include "site_fixture.h"

#include "stub_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Tests count its lines. */
const char site_base[] =
    "{\n"
    "  // a small plant\n"
    "  \"gateway\": {\"id\": \"gw-test\", \"catalogue\": \"findings.json\", \"profiles\": "
    "\"./devices\"},\n"
    "  \"enterprise\": {\n"
    "    \"uscc\": \"91371311MAXX00015G\", \"name\": \"罗庄铸造\", \"county\": \"371311\", "
    "\"sector\": \"machinery\"\n"
    "  },\n"
    "  \"buses\": {\n"
    "    \"plc\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.10\"},\n"
    "    \"gas\": {\"driver\": \"modbus-tcp\", \"host\": \"192.0.2.11\", \"port\": 1502}\n"
    "  },\n"
    "  \"devices\": {\n"
    "    \"ax\": {\"bus\": \"gas\", \"profile\": \"ax100\", \"cal_due\": \"2027-03-31\", "
    "\"channels\": 4},\n"
    "    \"qin\": {\"bus\": \"plc\", \"profile\": \"mfe600h\", \"unit\": 2},\n"
    "    \"raw\": {\"bus\": \"plc\", \"unit\": 9, \"period_ms\": 5000}\n"
    "  },\n"
    "  \"points\": {\n"
    "    \"raw.run\": {\"address\": 7, \"scale\": 0.1}\n"
    "  },\n"
    "  \"assets\": {\n"
    "    \"furnace-1\": {\n"
    "      \"type\": \"if_furnace\", \"name\": \"1号中频炉\",\n"
    "      \"facts\": {\"loop\": \"closed\", \"power_kw\": 750, \"indoor\": true},\n"
    "      \"rated\": {\"flow\": 12.5},\n"
    "      \"roles\": {\"Q_IN\": \"qin.flow\", \"RUN\": [\"raw.run\"]},\n"
    "      \"overrides\": {\"CW-FLT-01\": {\"delay_s\": 60}}\n"
    "    },\n"
    "    \"paint\": {\"type\": \"paint_mix\", \"name\": \"调漆间\",\n"
    "      \"roles\": {\"GAS\": [\"ax.p1\", \"ax.p2\"]}}\n"
    "  },\n"
    "  \"publish\": {\n"
    "    \"mqtt\": {\"host\": \"127.0.0.1\", \"port\": 1883, \"tls\": false, \"receipts\": false}\n"
    "  },\n"
    "  \"journal\": {\"records_mb\": 64}\n"
    "}\n";

static const struct {
    const char *name, *text;
} files[] = {
    {"findings.json", "{\"findings\": []}\n"},
    {"devices/ax100.json", "{\"points\": [\"mains_fault\", \"battery_fault\", \"linkage\"],\n"
                           " \"per_channel\": [\"p{n}\", \"p{n}_state\", \"p{n}_shielded\"]}\n"},
    {"devices/mfe600h.json",
     "{\"points\": [\"flow\", \"empty_pipe\", \"system_alarm\", \"total\"]}\n"},
    {"devices/dampt100.json", "{\"per_channel\": [\"t{n}\"]}\n"},
    {"devices/di-module.json", "{\"per_channel\": [\"di{n}\"]}\n"},
    {"devices/broken.json", "{\"points\": [\"flow\"}\n"},
    {"devices/twice.json", "{\"points\": [\"flow\", \"flow\"]}\n"},
    {"devices/wrong.json", "{\"points\": [\"no name\"]}\n"},
};

void site_fixture_write(const struct site_fixture *f, const char *name, const char *text,
                        size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

int site_fixture_make(struct site_fixture *f)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(f->dir, sizeof f->dir, "%s/gw-conf-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    (void)snprintf(f->site, sizeof f->site, "%s/site.json", f->dir);
    char devices[160];
    (void)snprintf(devices, sizeof devices, "%s/devices", f->dir);
    if (mkdir(devices, 0700) != 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        site_fixture_write(f, files[i].name, files[i].text, strlen(files[i].text));
    return 0;
}

void site_fixture_remove(struct site_fixture *f)
{
    char path[256];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f->dir, files[i].name);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/devices", f->dir);
    (void)rmdir(path);
    (void)unlink(f->site);
    (void)rmdir(f->dir);
}

enum gw_status site_fixture_load(const struct site_fixture *f, const char *text, size_t len,
                                 struct gw_issues *issues, struct gw_site **out)
{
    site_fixture_write(f, "site.json", text, len);
    return gw_site_load(f->site, stub_drivers, issues, out);
}

char *site_replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (at == NULL) {
        fail_msg("the text has no <%s>", from);
        return NULL;
    }
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

char *site_without_dir(const struct site_fixture *f, const char *text)
{
    char *out = strdup(text);
    assert_non_null(out);
    const size_t n = strlen(f->dir) + 1;
    for (char *at = strstr(out, f->dir); at != NULL; at = strstr(at, f->dir))
        memmove(at, at + n, strlen(at + n) + 1);
    return out;
}
