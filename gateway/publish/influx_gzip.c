/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_gzip.h"

#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* the largest window, and gzip's frame */
#define MEM_LEVEL   8

struct gw_influx_gzip {
    z_stream stream;
    unsigned char *out;
    size_t cap;
};

enum gw_status gw_influx_gzip_new(struct gw_influx_gzip **out)
{
    struct gw_influx_gzip *z = calloc(1, sizeof *z);
    if (z == NULL)
        return GW_E_NOMEM;
    if (deflateInit2(&z->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(z);
        return GW_E_NOMEM;
    }
    *out = z;
    return GW_OK;
}

void gw_influx_gzip_free(struct gw_influx_gzip *z)
{
    if (z == NULL)
        return;
    (void)deflateEnd(&z->stream);
    free(z->out);
    free(z);
}

enum gw_status gw_influx_gzip_pack(struct gw_influx_gzip *z, const char *data, size_t len,
                                   const char **packed, size_t *packed_len)
{
    if (len > (size_t)1 << 30)
        return GW_E_RANGE;
    if (deflateReset(&z->stream) != Z_OK)
        return GW_E_NOMEM;
    size_t bound = deflateBound(&z->stream, (uLong)len);
    if (bound > z->cap) {
        unsigned char *out = realloc(z->out, bound);
        if (out == NULL)
            return GW_E_NOMEM;
        z->out = out;
        z->cap = bound;
    }
    z->stream.next_in = (const Bytef *)data;
    z->stream.avail_in = (uInt)len;
    z->stream.next_out = z->out;
    z->stream.avail_out = (uInt)(z->cap < UINT32_MAX ? z->cap : UINT32_MAX);
    /* With room for the bound, one call is enough; anything else is our own mistake. */
    if (deflate(&z->stream, Z_FINISH) != Z_STREAM_END)
        return GW_E_NOMEM;
    *packed = (const char *)z->out;
    *packed_len = z->stream.total_out;
    return GW_OK;
}
