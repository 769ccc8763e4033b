/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/export_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "journal/records_in.h"

#define NO_QUOTA (INT64_C(1) << 40)

static enum gw_status find(const char *path, struct gw_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return gw_err_set(err, GW_E_NOTFOUND, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return gw_err_set(err, GW_E_PARSE, "%s: not a journal", path);
    return GW_OK;
}

enum gw_status gw_export_file(const char *path,
                              bool (*put)(void *ctx, const char *wire, size_t len), void *ctx,
                              uint64_t *damaged, struct gw_err *err)
{
    static const char *const query[] = {"SELECT seq, topic, wire, sum FROM records ORDER BY seq"};
    struct gw_db *db = NULL;
    bool row = false;

    *damaged = 0;
    enum gw_status status = find(path, err);
    if (status == GW_OK)
        status = gw_db_open(path, NO_QUOTA, true, &db, err);
    if (status != GW_OK)
        return status;
    status = gw_db_prepare(db, query, 1, err);
    while (status == GW_OK) {
        size_t topic_len = 0;
        size_t len = 0;
        status = gw_db_step(db, 0, &row, err);
        if (status != GW_OK || !row)
            break;
        const char *topic = gw_db_text(db, 0, 1, &topic_len);
        const char *wire = gw_db_text(db, 0, 2, &len);
        int64_t sum = gw_records_sum(gw_db_int(db, 0, 0), topic, topic_len, wire, len);
        if (sum != gw_db_int(db, 0, 3))
            ++*damaged;
        else if (!put(ctx, wire, len))
            status = gw_err_set(err, GW_E_IO, "the export cannot be written");
    }
    gw_db_close(db, false);
    return status;
}
