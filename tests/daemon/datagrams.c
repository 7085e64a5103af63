/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads a datagram socket in a thread of its own, whatever the contents are. */

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "datagrams.h"

#define TIMEOUT (60 * G_USEC_PER_SEC) /* far longer than any test needs */

struct Datagrams {
        int fd;
        GThread *thread;
        GMutex lock;
        GCond news;
        GPtrArray *texts;
        bool listening;
};

static void *receive(void *userdata)
{
        Datagrams *d = userdata;
        char buffer[64 * 1024];
        ssize_t n;

        g_mutex_lock(&d->lock);
        d->listening = true;
        g_cond_broadcast(&d->news);
        g_mutex_unlock(&d->lock);
        while ((n = recv(d->fd, buffer, sizeof(buffer), 0)) > 0) {
                g_mutex_lock(&d->lock);
                g_ptr_array_add(d->texts, g_strndup(buffer, (gsize)n));
                g_cond_broadcast(&d->news);
                g_mutex_unlock(&d->lock);
        }
        return NULL;
}

Datagrams *datagrams_new(const char *path)
{
        Datagrams *d = g_new0(Datagrams, 1);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        ck_assert_uint_lt(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), sizeof(address.sun_path));
        d->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(d->fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(path, 0666), 0); /* as real ones have it */
        d->texts = g_ptr_array_new_with_free_func(g_free);
        g_mutex_init(&d->lock);
        g_cond_init(&d->news);
        d->thread = g_thread_new("datagrams", receive, d);
        /* A process forked while the thread starts would inherit the allocator's locks, held for ever. */
        g_mutex_lock(&d->lock);
        while (!d->listening)
                g_cond_wait(&d->news, &d->lock);
        g_mutex_unlock(&d->lock);
        return d;
}

void datagrams_free(Datagrams *d)
{
        shutdown(d->fd, SHUT_RDWR);
        g_thread_join(d->thread);
        close(d->fd);
        g_ptr_array_unref(d->texts);
        g_mutex_clear(&d->lock);
        g_cond_clear(&d->news);
        g_free(d);
}

unsigned datagrams_await(Datagrams *d, unsigned from, const char *text)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;
        bool in_time = true;

        g_mutex_lock(&d->lock);
        for (;;) {
                for (; from < d->texts->len; from++)
                        if (strstr(g_ptr_array_index(d->texts, from), text)) {
                                g_mutex_unlock(&d->lock);
                                return from;
                        }
                ck_assert_msg(in_time, "'%s' does not arrive", text);
                in_time = g_cond_wait_until(&d->news, &d->lock, end);
        }
}

GPtrArray *datagrams_get(Datagrams *d)
{
        GPtrArray *copies = g_ptr_array_new_with_free_func(g_free);

        g_mutex_lock(&d->lock);
        for (unsigned i = 0; i < d->texts->len; i++)
                g_ptr_array_add(copies, g_strdup(g_ptr_array_index(d->texts, i)));
        g_mutex_unlock(&d->lock);
        return copies;
}
