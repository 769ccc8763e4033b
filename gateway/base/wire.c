/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

void gw_cursor_init(struct gw_cursor *c, const void *bytes, size_t n)
{
    *c = (struct gw_cursor){.p = bytes, .left = n};
}

const uint8_t *gw_cursor_bytes(struct gw_cursor *c, size_t n)
{
    if (c->failed || n > c->left) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *p = c->p;
    if (n > 0) {
        c->p += n;
        c->left -= n;
    }
    return p;
}

uint8_t gw_cursor_u8(struct gw_cursor *c)
{
    const uint8_t *p = gw_cursor_bytes(c, 1);
    return p != NULL ? p[0] : 0;
}

uint16_t gw_cursor_be16(struct gw_cursor *c)
{
    const uint8_t *p = gw_cursor_bytes(c, 2);
    return p != NULL ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

uint32_t gw_cursor_be32(struct gw_cursor *c)
{
    const uint8_t *p = gw_cursor_bytes(c, 4);
    if (p == NULL)
        return 0;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void gw_put_be16(uint8_t out[2], uint16_t v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)(v & 0xFFu);
}

void gw_put_be32(uint8_t out[4], uint32_t v)
{
    gw_put_be16(out, (uint16_t)(v >> 16));
    gw_put_be16(out + 2, (uint16_t)(v & 0xFFFFu));
}
