/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/issues.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEPT      100
#define TEXT_SIZE 512
#define LINE_SIZE 1280 /* file, pointer and text; longer ones are cut */

struct issue {
    int line;
    size_t file_len; /* the text starts with the file's name */
    char text[];
};

struct gw_issues {
    size_t count;
    struct issue *kept[KEPT]; /* NULL where memory was short */
};

static const char no_memory[] = "out of memory: the text of this issue is lost";

struct gw_issues *gw_issues_new(void)
{
    return calloc(1, sizeof(struct gw_issues));
}

void gw_issues_free(struct gw_issues *is)
{
    if (is == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++)
        free(is->kept[i]);
    free(is);
}

static void one_line(char *out, size_t size, const char *fmt, ...) GW_PRINTF(3, 4);

static void one_line(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(out, size, fmt, ap);
    va_end(ap);
}

void gw_issues_add(struct gw_issues *is, const char *file, int line, const char *pointer,
                   const char *fmt, ...)
{
    const size_t i = is->count++;
    if (i >= KEPT)
        return;
    char text[TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);

    char number[16] = "";
    if (line > 0)
        one_line(number, sizeof number, ":%d", line);
    char whole[LINE_SIZE];
    one_line(whole, sizeof whole, "%s%s: %s%s%s", file, number, pointer,
             pointer[0] != '\0' ? ": " : "", text);

    const size_t size = strlen(whole) + 1;
    struct issue *issue = malloc(sizeof *issue + size);
    if (issue == NULL)
        return;
    issue->line = line;
    issue->file_len = strlen(file) < size ? strlen(file) : size - 1;
    memcpy(issue->text, whole, size);
    is->kept[i] = issue;
}

size_t gw_issues_count(const struct gw_issues *is)
{
    return is->count;
}

const char *gw_issues_text(const struct gw_issues *is, size_t i)
{
    return i < KEPT && is->kept[i] != NULL ? is->kept[i]->text : no_memory;
}

static int compare(const struct issue *a, const struct issue *b)
{
    if (a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    const size_t n = a->file_len < b->file_len ? a->file_len : b->file_len;
    const int files = memcmp(a->text, b->text, n);
    if (files != 0)
        return files;
    if (a->file_len != b->file_len)
        return a->file_len < b->file_len ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

void gw_issues_print(const struct gw_issues *is, FILE *to)
{
    const size_t n = is->count < KEPT ? is->count : KEPT;
    size_t order[KEPT];
    /* Insertion keeps the order of adding within a line. */
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        while (at > 0 && compare(is->kept[order[at - 1]], is->kept[i]) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%s\n", gw_issues_text(is, order[i]));
    if (is->count > KEPT)
        fprintf(to, "%zu issues, the first %d are shown\n", is->count, KEPT);
    else
        fprintf(to, "%zu issue%s\n", is->count, is->count == 1 ? "" : "s");
}
