/* SPDX-License-Identifier: Apache-2.0
 *
 * page: the files of the local page (gateway/control/page/), compiled in.
 *
 * The table is written by page.cmake while the project is built: every file of the folder is served
 * under its own name, index.html at "/". Constant; any thread.
 */
#ifndef GW_CONTROL_PAGE_H
#define GW_CONTROL_PAGE_H

#include <stddef.h>

struct gw_page_asset {
    const char *path; /* "/", "/page.css" ... */
    const char *type; /* value of Content-Type */
    const unsigned char *bytes;
    size_t len;
    const char *sha; /* SHA-256 of the bytes, 64 hexadecimal digits: an entity tag */
};

/* Every path stands once. */
extern const struct gw_page_asset gw_page_assets[];
extern const size_t gw_page_nassets;

/* The asset at path, or NULL. */
const struct gw_page_asset *gw_page_find(const char *path);

#endif
