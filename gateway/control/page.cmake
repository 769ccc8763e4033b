# SPDX-License-Identifier: Apache-2.0
# Writes the table of page.h: cmake -DOUT=<file.c> -DFILES=<file>;... -P page.cmake
# Bytes and not string literals, which C bounds at 4095 characters. All files are one array on pages of
# its own, in steps of what a kernel reads around a fault: a gateway whose page nobody opens does not
# have it in memory.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(arrays "")
set(rows "")
set(n 0)
set(at 0)
set(step 65536)
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME)
    get_filename_component(kind "${file}" LAST_EXT)
    string(SUBSTRING "${kind}" 1 -1 kind)
    if(NOT DEFINED type_${kind})
        message(FATAL_ERROR "${file}: no content type is known for .${kind}")
    endif()
    if(name STREQUAL "index.html")
        set(name "")
    endif()
    file(READ "${file}" hex HEX)
    file(SHA256 "${file}" sha)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
        "\\1\n" bytes "${bytes}")
    file(SIZE "${file}" size)
    string(APPEND arrays "${bytes}\n")
    string(APPEND rows "    {\"/${name}\", \"${type_${kind}}\", files + ${at}, ${size},\n"
        "     \"${sha}\"},\n")
    math(EXPR at "${at} + ${size}")
    math(EXPR n "${n} + 1")
endforeach()

math(EXPR room "(${at} + ${step} - 1) / ${step} * ${step}")
file(WRITE "${OUT}" "/* Written by gateway/control/page.cmake. */
#include \"control/page.h\"

static const _Alignas(${step}) unsigned char files[${room}] = {
${arrays}};

const struct gw_page_asset gw_page_assets[] = {
${rows}};
const size_t gw_page_nassets = ${n};
")
