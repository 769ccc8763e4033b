/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gw_status fail_errno(struct gw_err *err, const char *path, int error)
{
    enum gw_status status = GW_E_IO;
    if (error == ENOENT)
        status = GW_E_NOTFOUND;
    else if (error == EACCES || error == EPERM || error == EROFS)
        status = GW_E_REFUSED;
    else if (error == ENOMEM)
        status = GW_E_NOMEM;
    return gw_err_set(err, status, "%s: %s", path, strerror(error));
}

/* Reads until the end or until size bytes are there. -1 and errno on failure. */
static ssize_t read_full(int fd, char *data, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, data + len, size - len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            len += (size_t)n;
    }
    return (ssize_t)len;
}

/* How much to ask for: one byte more than max, so that a larger file shows. A regular file tells
 * its size, and reading it takes one allocation of that, which matters for secrets. */
static size_t first_guess(const struct stat *st, size_t max)
{
    if (S_ISREG(st->st_mode) && st->st_size > 0 && (uintmax_t)st->st_size <= max)
        return (size_t)st->st_size + 1;
    return max < SIZE_MAX - 1 ? max + 1 : SIZE_MAX - 1;
}

enum gw_status gw_file_read(const char *path, size_t max, char **out, size_t *len,
                            struct gw_err *err)
{
    enum gw_status status = GW_OK;
    char *data = NULL;
    struct stat st;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_errno(err, path, errno);
    if (fstat(fd, &st) != 0) {
        status = fail_errno(err, path, errno);
        goto out;
    }
    size_t size = first_guess(&st, max);
    data = malloc(size + 1);
    if (data == NULL) {
        status = gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
        goto out;
    }
    ssize_t n = read_full(fd, data, size);
    if (n < 0) {
        status = fail_errno(err, path, errno);
        goto out;
    }
    if ((size_t)n > max) {
        status = gw_err_set(err, GW_E_RANGE, "%s: is larger than %zu bytes", path, max);
        goto out;
    }
    if ((size_t)n == size) {
        status = gw_err_set(err, GW_E_IO, "%s: grew while it was read", path);
        goto out;
    }
    data[n] = '\0';
    *out = data;
    *len = (size_t)n;
    data = NULL;

out:
    free(data);
    close(fd);
    return status;
}

/* One folder, whose parent exists. */
static enum gw_status make_one(const char *path, struct gw_err *err)
{
    if (mkdir(path, 0700) == 0)
        return GW_OK;
    int error = errno;
    struct stat st;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return GW_OK;
        return gw_err_set(err, GW_E_IO, "%s: is there, but is not a folder", path);
    }
    return fail_errno(err, path, error);
}

enum gw_status gw_dir_make(const char *path, struct gw_err *err)
{
    if (path[0] == '\0')
        return gw_err_set(err, GW_E_INVAL, "the name of a folder is empty");
    char *copy = strdup(path);
    if (copy == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);

    enum gw_status status = GW_OK;
    for (char *p = copy + 1; status == GW_OK && *p != '\0'; p++) {
        if (*p == '/' && p[-1] != '/') {
            *p = '\0';
            status = make_one(copy, err);
            *p = '/';
        }
    }
    if (status == GW_OK)
        status = make_one(copy, err);
    free(copy);
    return status;
}
