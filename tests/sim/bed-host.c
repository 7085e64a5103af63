/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host's actions on a tty besides reading: its writes and those of its ioctls in which the simulator has a part, as
 * bed-guard.c reports them. A thread of its own answers, because a program waits for the answer. This file must not
 * depend on devices or events.
 */
#include "bed-host.h"
#include "bed-private.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct BedHost {
        Bed *bed;
        int listener;
        GThread *thread;
};

/* A tty by name: by the time the main thread reads a note the tty may be gone. */
struct note {
        Bed *bed;
        char *name;
};

static void note_free(void *data)
{
        struct note *note = data;

        g_free(note->name);
        g_free(note);
}

static gboolean tell_exclusive(void *data)
{
        const struct note *note = data;

        for (guint i = 0; i < note->bed->ttys->len; i++) {
                struct bed_tty *tty = g_ptr_array_index(note->bed->ttys, i);

                if (g_str_equal(tty->name, note->name))
                        tty->observer->exclusive(tty->user, tty->interface);
        }
        return G_SOURCE_REMOVE;
}

/* A pty stays exclusive after its last close, unlike a serial port, so it is made exclusive only where all programs are
 * root's, whose opens succeed anyway. The kernel would answer 0 to TIOCOUTQ of a slave, because a write has arrived once
 * it is in the pty. */
static int32_t answer(Bed *bed, const struct bed_host_question *question)
{
        if (question->request == TIOCEXCL) {
                struct note *note = g_new0(struct note, 1);

                note->bed = bed;
                note->name = g_strdup(question->name);
                g_idle_add_full(G_PRIORITY_DEFAULT, tell_exclusive, note, note_free);
        }
        if (question->request == TIOCOUTQ)
                return MAX(bed_waiting(bed, question->name), 0);
        if (question->request == 0)
                bed_note_write(bed, question->name, question->size);
        return (question->request == TIOCEXCL || question->request == TIOCNXCL) && bed->host_is_root;
}

/* False at the end of the connection. */
static bool serve_question(Bed *bed, int fd)
{
        struct bed_host_question question;
        int32_t n;

        if (recv(fd, &question, sizeof question, 0) != sizeof question)
                return false;
        question.name[sizeof question.name - 1] = '\0';
        n = answer(bed, &question);
        return send(fd, &n, sizeof n, MSG_NOSIGNAL) == sizeof n;
}

static void *serve(void *data)
{
        struct BedHost *host = data;
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
        struct pollfd first = { .fd = host->listener, .events = POLLIN };
        bool over = false;

        g_array_append_val(fds, first);
        while (!over && (poll((struct pollfd *)(void *)fds->data, fds->len, -1) >= 0 || errno == EINTR)) {
                for (guint i = fds->len - 1; i > 0; i--) {
                        const struct pollfd *look = &g_array_index(fds, struct pollfd, i);

                        if (look->revents && !serve_question(host->bed, look->fd)) {
                                close(look->fd);
                                g_array_remove_index_fast(fds, i);
                        }
                }
                if (g_array_index(fds, struct pollfd, 0).revents) {
                        struct pollfd next = { .fd = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC),
                                               .events = POLLIN };

                        if (next.fd >= 0)
                                g_array_append_val(fds, next);
                        else
                                over = errno == EINVAL; /* bed_host_free() */
                }
        }
        for (guint i = 1; i < fds->len; i++)
                close(g_array_index(fds, struct pollfd, i).fd);
        return NULL;
}

struct BedHost *bed_host_new(Bed *bed)
{
        struct BedHost *host = g_new0(struct BedHost, 1);
        struct sockaddr_un name = { .sun_family = AF_UNIX };

        host->bed = bed;
        host->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (g_snprintf(name.sun_path, sizeof name.sun_path, "%s/" BED_HOST_SOCKET, bed->root) >=
                    (int)sizeof name.sun_path ||
            bind(host->listener, (struct sockaddr *)&name, sizeof name) < 0 || listen(host->listener, SOMAXCONN) < 0)
                g_error("test bed: %s: %s", name.sun_path, g_strerror(errno));
        host->thread = g_thread_new("host", serve, host);
        return host;
}

void bed_host_free(struct BedHost *host)
{
        shutdown(host->listener, SHUT_RDWR);
        g_thread_join(host->thread);
        close(host->listener);
        g_free(host);
}
