/* SPDX-License-Identifier: Apache-2.0 */
#include "item_count.h"

#include <stddef.h>

/* libc's own, by the names under which it keeps them. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static struct item_count count;

struct item_count item_count_now(void)
{
    return count;
}

void *malloc(size_t n)
{
    count.all++;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    count.all++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    count.all++;
    return __libc_realloc(p, n);
}

void *__wrap_malloc(size_t n)
{
    count.own++;
    count.all++;
    return __libc_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    count.own++;
    count.all++;
    return __libc_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    count.own++;
    count.all++;
    return __libc_realloc(p, n);
}
