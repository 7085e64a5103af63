/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a module takes a host's bytes: a limited number at a limited rate, while the rest waits in the pty, which is the
 * back-pressure of a real line. Also the boundaries and times of the single writes, which a pty does not report. This
 * file must not depend on the contents.
 */
#include "bed-private.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RATE_TICK_MS 5
#define RATE_BURST   50             /* the largest share of a second that it may have fallen behind */
#define SURELY_DONE  G_USEC_PER_SEC /* from the beginning of a write to its bytes in the pty */
#define PTY_HOLDS    20480          /* bytes, about; the kernel reports only the first 4095 */

struct write {
        gint64 at;
        size_t size, taken, behind;
};

/* --- called by the thread of bed-host.c --- */

/* Locked. */
static struct bed_tty *find_tty(Bed *bed, const char *name)
{
        for (guint i = 0; i < bed->ttys->len; i++) {
                struct bed_tty *tty = g_ptr_array_index(bed->ttys, i);

                if (tty->master >= 0 && g_str_equal(tty->name, name))
                        return tty;
        }
        return NULL;
}

/* Bytes in the pty's input queue, or 0 if there are none anywhere: written bytes travel in a kernel thread, for which a
 * poll() waits if it finds the queue empty. FIONREAD does not. */
static int readable(const struct bed_tty *tty)
{
        struct pollfd look = { .fd = tty->master, .events = POLLIN };
        int n = 0;

        poll(&look, 1, 0);
        ioctl(tty->master, FIONREAD, &n);
        return n;
}

/* Recorded, and not taken. */
static size_t outstanding(const struct bed_tty *tty)
{
        size_t n = 0;

        for (const GList *each = tty->writes.head; each; each = each->next) {
                const struct write *write = each->data;

                n += write->size - write->taken;
        }
        return n;
}

void bed_note_write(Bed *bed, const char *name, size_t size)
{
        struct bed_tty *tty;

        g_mutex_lock(&bed->lock);
        if (size && (tty = find_tty(bed, name))) {
                struct write *write = g_new0(struct write, 1);

                write->at = g_get_monotonic_time();
                write->size = size;
                write->behind = !tty->told_empty && readable(tty) > 0 ? outstanding(tty) : 0;
                tty->told_empty = false;
                g_queue_push_tail(&tty->writes, write);
        }
        g_mutex_unlock(&bed->lock);
}

/* 0 may be the answer while the last bytes of a long write still travel: a write behind that answer is not behind the
 * bytes. */
int bed_waiting(Bed *bed, const char *name)
{
        struct bed_tty *tty;
        int n = -1;

        g_mutex_lock(&bed->lock);
        if ((tty = find_tty(bed, name)) && (n = readable(tty)) > 0)
                /* Too many if a write found no room for all its bytes. */
                n = MAX(n, (int)MIN(outstanding(tty), PTY_HOLDS));
        if (tty)
                tty->told_empty = n == 0;
        g_mutex_unlock(&bed->lock);
        return n;
}

/* --- taking --- */

/* At most `n` bytes, all of one write. */
static struct usb_piece next_piece(struct bed_tty *tty, const guint8 *bytes, size_t n)
{
        struct usb_piece piece = { .bytes = bytes, .n = n, .at = g_get_monotonic_time(), .write = n };
        struct write *write;

        g_mutex_lock(&tty->bed->lock);
        if ((write = g_queue_peek_head(&tty->writes))) {
                piece.n = MIN(n, write->size - write->taken);
                piece.at = write->at;
                piece.before = write->taken;
                piece.write = write->size;
                piece.behind = write->behind;
                write->taken += piece.n;
                if (write->taken == write->size)
                        g_free(g_queue_pop_head(&tty->writes));
        }
        g_mutex_unlock(&tty->bed->lock);
        return piece;
}

/* The pty is empty: a write that has been recorded for so long did not get all its bytes in, or the host flushed
 * them. */
static void forget_old_writes(struct bed_tty *tty, gint64 age)
{
        gint64 old = g_get_monotonic_time() - age;
        struct write *write;

        g_mutex_lock(&tty->bed->lock);
        while ((write = g_queue_peek_head(&tty->writes)) && write->at < old)
                g_free(g_queue_pop_head(&tty->writes));
        g_mutex_unlock(&tty->bed->lock);
}

static size_t may_take(struct bed_tty *tty, size_t most)
{
        gint64 now = g_get_monotonic_time();

        if (tty->rate) {
                double more = (double)(now - tty->credit_at) * tty->rate / G_USEC_PER_SEC;

                tty->credit = MIN(tty->credit + more, MAX((double)tty->rate / RATE_BURST, 1));
                tty->credit_at = now;
                most = MIN(most, (size_t)tty->credit);
        }
        return MIN(most, tty->allowance);
}

static gboolean pull_later(void *data)
{
        struct bed_tty *tty = data;

        tty->pull_source = 0;
        bed_tty_pull(tty);
        return G_SOURCE_REMOVE;
}

static void schedule_pull(struct bed_tty *tty, unsigned ms)
{
        if (tty->pull_source)
                g_source_remove(tty->pull_source);
        tty->pull_source = g_timeout_add_full(G_PRIORITY_DEFAULT, ms, pull_later, tty, NULL);
}

void bed_tty_pull(struct bed_tty *tty)
{
        guint8 bytes[4096];
        size_t most;
        ssize_t n = 1;

        if (tty->pulling)
                return;
        tty->pulling = true;
        /* EIO: no program has the slave open, which is no end. */
        while (tty->master >= 0 && (most = may_take(tty, sizeof bytes)) > 0 &&
               (n = read(tty->master, bytes, most)) > 0) {
                if (tty->allowance != SIZE_MAX)
                        tty->allowance -= (size_t)n;
                tty->credit -= tty->rate ? (double)n : 0;
                for (size_t used = 0; used < (size_t)n;) {
                        struct usb_piece piece = next_piece(tty, bytes + used, (size_t)n - used);

                        piece.read = (size_t)n;
                        used += piece.n;
                        tty->observer->rx(tty->user, tty->interface, &piece);
                }
        }
        tty->pulling = false;
        if (n <= 0)
                forget_old_writes(tty, SURELY_DONE);
        else if (tty->master >= 0 && tty->rate && tty->allowance)
                schedule_pull(tty, RATE_TICK_MS);
}

void bed_tty_listen(struct bed_tty *tty, size_t most, unsigned rate)
{
        bool more = tty->allowance < most || tty->rate != rate;

        /* A host that waits for the beginning of something is not in the middle of a write. */
        if (tty->allowance == SIZE_MAX && most != SIZE_MAX && tty->master >= 0 && readable(tty) == 0)
                forget_old_writes(tty, 0);
        if (tty->rate != rate) {
                tty->credit = 0;
                tty->credit_at = g_get_monotonic_time();
        }
        tty->allowance = most;
        tty->rate = rate;
        if (more && tty->master >= 0 && !tty->pulling)
                schedule_pull(tty, 0);
}

void bed_tty_take_end(struct bed_tty *tty)
{
        /* The bytes that have arrived until now go to the log. */
        tty->allowance = SIZE_MAX;
        tty->rate = 0;
        bed_tty_pull(tty);
        if (tty->pull_source)
                g_source_remove(tty->pull_source);
        tty->pull_source = 0;
        g_mutex_lock(&tty->bed->lock);
        g_queue_clear_full(&tty->writes, g_free);
        close(tty->master);
        tty->master = -1;
        g_mutex_unlock(&tty->bed->lock);
}
