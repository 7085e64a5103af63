/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host's actions on a tty besides reading: its ioctls, as libumockdev passes them, in a thread of its own. This file
 * implements that library's protocol; it must not depend on devices or events.
 */
#include "bed-private.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A tty by name: by the time a note arrives the tty may be gone. */
struct note {
        Bed *bed;
        char *name;
};

static struct note *note_new(Bed *bed, const char *name)
{
        struct note *note = g_new0(struct note, 1);

        note->bed = bed;
        note->name = g_strdup(name);
        return note;
}

static void note_free(void *data)
{
        struct note *note = data;

        g_free(note->name);
        g_free(note);
}

static void note_closure_free(void *data, GClosure *closure)
{
        (void)closure;
        note_free(data);
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

/* The kernel would answer 0 for a slave, because a write has arrived once it is in the pty. */
static void answer_outq(UMockdevIoctlClient *client, const struct note *note)
{
        int n = MAX(bed_waiting(note->bed, note->name), 0);
        g_autoptr(UMockdevIoctlData)
                number = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0, sizeof n, NULL);

        if (number)
                umockdev_ioctl_data_update(number, 0, (guint8 *)&n, sizeof n);
}

/* The three ioctls of which bed-guard.c asks; it makes all others itself. A pty stays exclusive after its last close,
 * unlike a serial port, so it is made exclusive only where all programs are root's, whose opens succeed anyway. */
static gboolean see_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *data)
{
        const struct note *note = data;
        unsigned long request = umockdev_ioctl_client_get_request(client);
        bool made = (request == TIOCEXCL || request == TIOCNXCL) && note->bed->host_is_root;

        (void)handler;
        if (request == TIOCEXCL)
                g_idle_add_full(G_PRIORITY_DEFAULT, tell_exclusive, note_new(note->bed, note->name), note_free);
        if (request == TIOCOUTQ)
                answer_outq(client, note);
        umockdev_ioctl_client_complete(client, made, 0);
        return TRUE;
}

/* A write is about to be made; the host makes it itself. */
static gboolean see_write(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *data)
{
        const struct note *note = data;
        const UMockdevIoctlData *bytes = umockdev_ioctl_client_get_arg(client);

        (void)handler;
        bed_note_write(note->bed, note->name, (size_t)bytes->data_len);
        return FALSE;
}

/* A name keeps its handler: the preload library aborts a process that still has the node open when its handler is
 * removed. */
void bed_tty_attach_ioctl(struct bed_tty *tty)
{
        g_autoptr(UMockdevIoctlBase) handler = NULL;
        g_autoptr(GError) error = NULL;

        if (!g_hash_table_add(tty->bed->handled, g_strdup(tty->node)))
                return;
        handler = umockdev_ioctl_base_new();
        g_signal_connect_data(handler, "handle-ioctl", G_CALLBACK(see_ioctl), note_new(tty->bed, tty->name),
                              note_closure_free, 0);
        g_signal_connect_data(handler, "handle-write", G_CALLBACK(see_write), note_new(tty->bed, tty->name),
                              note_closure_free, 0);
        if (!umockdev_testbed_attach_ioctl(tty->bed->testbed, tty->node, handler, &error))
                g_error("test bed: %s", error->message);
        bed_udev_ioctls(tty);
}
