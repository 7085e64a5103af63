/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sends the bytes of a package, as fast as the line takes them, or as slowly as a module without flow control needs.
 * Bytes are written only when all bytes before them have left the host: so a port that takes no more bytes is noticed
 * at once, and can be closed (field facts 1.4). Knows no AT; at-port reads the messages of the module meanwhile. */

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/at/pace.h"
#include "device/transfer.h"

#define CHUNK           4095 /* one less than a whole number of USB packets: no zero-length packet is needed */
#define CHUNKS_MOST     16   /* written before other events have their turn */
#define POLL_LEAST      250  /* µs */
#define POLL_MOST       8000
#define REPORT_INTERVAL G_USEC_PER_SEC

struct Transfer {
        Serial *serial;
        int fd;
        uint64_t size;
        uint64_t chunk; /* bytes of one write */
        bool paced;
        const TransferObserver *observer;
        void *userdata;

        sd_event_source *timer;
        uint64_t written; /* to the port, which may still have some of it */
        bool may_end;     /* transfer_send_last() was called */
        bool asked_end;
        Pace pace;
        uint64_t poll;                  /* until the port is looked at again */
        uint64_t reported, reported_at; /* bytes, and when */
};

static uint64_t now_usec(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * G_USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void wake_at(Transfer *t, uint64_t at)
{
        sd_event_source_set_time(t->timer, at);
        sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT);
}

/* ---- the package */

bool transfer_is_package(int fd, uint64_t size, const char *sha256)
{
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        uint8_t buffer[1 << 16];
        uint64_t at = 0;
        ssize_t n;

        while ((n = pread(fd, buffer, sizeof(buffer), (off_t)at)) > 0) {
                g_checksum_update(sum, buffer, n);
                at += (uint64_t)n;
        }
        return n == 0 && at == size && strcmp(g_checksum_get_string(sum), sha256) == 0;
}

/* ---- pace */

static uint64_t chunk_size(const Transfer *t)
{
        return MIN(t->size - t->written, t->chunk);
}

static uint64_t due(const Transfer *t)
{
        return t->paced ? pace_due(&t->pace) : 0;
}

static void wake(Transfer *t, uint64_t now, size_t waiting)
{
        uint64_t at = due(t);

        if (at > now) {
                t->poll = POLL_LEAST;
                wake_at(t, at);
                return;
        }
        if (waiting > 0 || t->paced)
                t->poll = MAX(t->poll, POLL_LEAST);
        wake_at(t, now + t->poll);
        t->poll = CLAMP(t->poll * 2, POLL_LEAST, POLL_MOST);
}

/* ---- sending */

/* Returns false if the transfer has failed; the observer may have freed it. */
static bool write_chunk(Transfer *t, uint64_t now)
{
        uint8_t buffer[CHUNK];
        uint64_t size = chunk_size(t);
        ssize_t n = pread(t->fd, buffer, size, (off_t)t->written);

        if (n <= 0) {
                t->observer->failed(t->userdata,
                                    n < 0 ? g_strerror(errno) : "the package on the disk has become shorter");
                return false;
        }
        n = serial_write_now(t->serial, buffer, (size_t)n);
        if (n > 0) {
                t->written += (uint64_t)n;
                pace_wrote(&t->pace, (uint64_t)n, now);
                t->poll = 0;
        }
        return true; /* a broken port is noticed when it is read */
}

/* Reports progress, if it is time to. Returns false if it was reported; the observer may have freed the transfer. */
static bool report(Transfer *t, uint64_t now, size_t waiting)
{
        uint64_t sent = t->written - MIN(t->written, waiting);
        bool percent = sent * 100 / t->size != t->reported * 100 / t->size;

        if (sent <= t->reported || (!percent && sent < t->size && now < t->reported_at + REPORT_INTERVAL))
                return true;
        t->reported = sent;
        t->reported_at = now;
        t->observer->sent(t->userdata, sent);
        return false;
}

static bool awaits_last(const Transfer *t)
{
        return t->written + chunk_size(t) == t->size && !t->may_end;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Transfer *t = userdata;
        uint64_t now = now_usec();
        size_t waiting;

        (void)source, (void)usec;
        waiting = serial_pending(t->serial);
        if (waiting == 0 && t->written < t->size && awaits_last(t)) {
                if (!t->asked_end) {
                        t->asked_end = true;
                        t->observer->all_but_last(t->userdata);
                }
                return 0; /* transfer_send_last() goes on */
        }
        /* A port that takes bytes at once gets several chunks. */
        for (unsigned n = 0; n < CHUNKS_MOST && waiting == 0 && t->written < t->size && !awaits_last(t); n++) {
                uint64_t before = t->written;

                if (now < due(t))
                        break;
                if (!write_chunk(t, now))
                        return 0;
                waiting = serial_pending(t->serial);
                if (t->paced || t->written == before)
                        break;
        }
        if (t->written < t->size || waiting > 0)
                wake(t, now, waiting);
        report(t, now, waiting);
        return 0;
}

void transfer_send_last(Transfer *t)
{
        t->may_end = true;
        wake_at(t, 0);
}

/* ---- life */

int transfer_new(Transfer **ret, sd_event *event, Serial *serial, int fd, uint64_t size, const TransferPace *pace,
                 const TransferObserver *observer, void *userdata)
{
        Transfer *t = g_new0(Transfer, 1);
        int r;

        t->serial = serial;
        t->fd = fd;
        t->size = size;
        t->paced = pace != NULL;
        t->chunk = pace ? pace->bytes : CHUNK;
        t->pace.interval = pace ? (uint64_t)pace->interval * 1000 : 0;
        t->observer = observer;
        t->userdata = userdata;
        t->poll = POLL_LEAST;
        t->pace.began = t->reported_at = now_usec();
        r = sd_event_add_time(event, &t->timer, CLOCK_MONOTONIC, t->pace.began, 1, on_timer, t);
        if (r < 0) {
                transfer_free(t);
                return r;
        }
        *ret = t;
        return 0;
}

void transfer_free(Transfer *t)
{
        if (!t)
                return;
        sd_event_source_disable_unref(t->timer);
        if (t->reported < t->size)
                serial_drop(t->serial);
        close(t->fd);
        g_free(t);
}
