/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/sync.h"

struct gw_mailbox {
    struct gw_monitor monitor; /* guards all below but fd and the sizes */
    size_t item_size;
    size_t capacity;
    unsigned char *ring;
    size_t head; /* index of the oldest value */
    size_t count;
    uint64_t refused;
    bool closed;
    int fd; /* an eventfd, 1 exactly while count > 0 */
};

enum gw_status gw_mailbox_new(size_t item_size, size_t capacity, struct gw_mailbox **out,
                              struct gw_err *err)
{
    if (item_size == 0 || capacity == 0)
        return gw_err_set(err, GW_E_INVAL, "mailbox: item size and capacity must be positive");

    struct gw_mailbox *mb = calloc(1, sizeof *mb);
    unsigned char *ring = capacity <= SIZE_MAX / item_size ? calloc(capacity, item_size) : NULL;
    if (mb == NULL || ring == NULL || gw_monitor_init(&mb->monitor) != 0) {
        free(ring);
        free(mb);
        return gw_err_set(err, GW_E_NOMEM, "mailbox: out of memory");
    }
    mb->item_size = item_size;
    mb->capacity = capacity;
    mb->ring = ring;
    mb->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mb->fd < 0) {
        int error = errno;
        gw_mailbox_free(mb);
        return gw_err_set(err, GW_E_IO, "mailbox: cannot make an event descriptor: %s",
                          strerror(error));
    }
    *out = mb;
    return GW_OK;
}

void gw_mailbox_free(struct gw_mailbox *mb)
{
    if (mb == NULL)
        return;
    if (mb->fd >= 0)
        close(mb->fd);
    gw_monitor_free(&mb->monitor);
    free(mb->ring);
    free(mb);
}

/* The eventfd's counter goes between 0 and 1 only, so neither call can fail or block. */
static void raise_fd(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n;
}

static void lower_fd(int fd)
{
    uint64_t value;
    ssize_t n = read(fd, &value, sizeof value);
    (void)n;
}

enum gw_status gw_mailbox_put(struct gw_mailbox *mb, const void *item)
{
    enum gw_status status = GW_OK;

    pthread_mutex_lock(&mb->monitor.mutex);
    if (mb->closed) {
        status = GW_E_CLOSED;
    } else if (mb->count == mb->capacity) {
        mb->refused++;
        status = GW_E_FULL;
    } else {
        /* Not (head + count) % capacity, which may overflow. */
        size_t left = mb->capacity - mb->head;
        size_t slot = mb->count < left ? mb->head + mb->count : mb->count - left;
        memcpy(mb->ring + slot * mb->item_size, item, mb->item_size);
        if (mb->count++ == 0)
            raise_fd(mb->fd);
        pthread_cond_signal(&mb->monitor.cond);
    }
    pthread_mutex_unlock(&mb->monitor.mutex);
    return status;
}

/* With the mutex held. */
static bool take(struct gw_mailbox *mb, void *item)
{
    if (mb->count == 0)
        return false;
    memcpy(item, mb->ring + mb->head * mb->item_size, mb->item_size);
    mb->head = mb->head + 1 < mb->capacity ? mb->head + 1 : 0;
    if (--mb->count == 0) {
        mb->head = 0; /* an idle one uses the same few pages again and again */
        lower_fd(mb->fd);
    }
    return true;
}

bool gw_mailbox_get(struct gw_mailbox *mb, void *item)
{
    pthread_mutex_lock(&mb->monitor.mutex);
    bool got = take(mb, item);
    pthread_mutex_unlock(&mb->monitor.mutex);
    return got;
}

bool gw_mailbox_wait(struct gw_mailbox *mb, void *item, int64_t timeout_ms)
{
    struct timespec deadline = gw_monitor_deadline(timeout_ms);

    pthread_mutex_lock(&mb->monitor.mutex);
    while (mb->count == 0 && !mb->closed && gw_monitor_wait(&mb->monitor, &deadline))
        continue;
    bool got = take(mb, item);
    pthread_mutex_unlock(&mb->monitor.mutex);
    return got;
}

void gw_mailbox_close(struct gw_mailbox *mb)
{
    pthread_mutex_lock(&mb->monitor.mutex);
    mb->closed = true;
    pthread_cond_broadcast(&mb->monitor.cond);
    pthread_mutex_unlock(&mb->monitor.mutex);
}

int gw_mailbox_fd(const struct gw_mailbox *mb)
{
    return mb->fd;
}

size_t gw_mailbox_room(struct gw_mailbox *mb)
{
    pthread_mutex_lock(&mb->monitor.mutex);
    size_t room = mb->closed ? 0 : mb->capacity - mb->count;
    pthread_mutex_unlock(&mb->monitor.mutex);
    return room;
}

uint64_t gw_mailbox_refused(struct gw_mailbox *mb)
{
    pthread_mutex_lock(&mb->monitor.mutex);
    uint64_t refused = mb->refused;
    pthread_mutex_unlock(&mb->monitor.mutex);
    return refused;
}
