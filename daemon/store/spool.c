/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies a file that was passed as a descriptor. All calls that may block on it (fstat, read, close: the file may be on
 * a network, or served by another process) are made by a thread; its end reaches the loop by an eventfd, and the loop
 * never waits for it. Knows no jobs, no directory and no names. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/carrier.h"
#include "base/write-all.h"
#include "store/spool.h"

#define CHUNK   (64 * 1024)
#define RESERVE (1024 * 1024) /* bytes that stay free for the jobs' records */

/* Shared by the thread and the loop: the last of them frees it. */
typedef struct Work {
        gint refs;
        gint given_up;
        int source, target; /* the thread's */
        int done;           /* eventfd: the result is there */
        uint64_t most;
        SpoolResult result;
} Work;

struct Spool {
        Work *work;
        sd_event_source *done;
        SpoolFunc func;
        void *userdata;
};

static gint running; /* threads */

static void work_unref(Work *w)
{
        if (!g_atomic_int_dec_and_test(&w->refs))
                return;
        if (w->done >= 0)
                close(w->done);
        g_free(w->result.why);
        g_free(w->result.sha256);
        g_free(w);
}

/* ---- the thread */

static bool end(Work *w, SpoolEnd how, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool end(Work *w, SpoolEnd how, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        w->result.end = how;
        w->result.why = g_strdup_vprintf(format, args);
        va_end(args);
        return false;
}

static bool end_written(Work *w, int error)
{
        if (error == ENOSPC || error == EDQUOT)
                return end(w, SPOOL_NO_SPACE, "the disk became full while %" G_GUINT64_FORMAT " bytes were copied",
                           w->result.size);
        return end(w, SPOOL_FAILED, "it cannot be written: %s", g_strerror(error));
}

static bool look_at(Work *w, struct stat *ret)
{
        int flags = fcntl(w->source, F_GETFL);

        if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
                return end(w, SPOOL_BAD_FILE, "it is not open for reading: pass a regular file that is");
        if (fstat(w->source, ret) < 0)
                return end(w, SPOOL_BAD_FILE, "it cannot be looked at: %s", g_strerror(errno));
        if (!S_ISREG(ret->st_mode))
                return end(w, SPOOL_BAD_FILE, "it is not a regular file");
        if (ret->st_size <= 0)
                return end(w, SPOOL_BAD_FILE, "it is empty");
        w->result.size = (uint64_t)ret->st_size;
        if (w->result.size > w->most)
                return end(w, SPOOL_BAD_FILE,
                           "it has %" G_GUINT64_FORMAT " bytes, and %" G_GUINT64_FORMAT
                           " are allowed ([jobs] package-size-max)",
                           w->result.size, w->most);
        return true;
}

static bool look_for_space(Work *w)
{
        uint64_t needed = w->result.size + RESERVE, free_bytes;
        struct statvfs vfs;

        if (fstatvfs(w->target, &vfs) < 0)
                return end_written(w, errno);
        free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
        if (free_bytes < needed)
                return end(w, SPOOL_NO_SPACE,
                           "%" G_GUINT64_FORMAT " bytes are needed, the package and 1 MiB, and %" G_GUINT64_FORMAT
                           " are free",
                           needed, free_bytes);
        /* Reserves the space, so that other copies at the same time see it taken. Not every file system can. */
        if (fallocate(w->target, 0, 0, (off_t)w->result.size) < 0 && (errno == ENOSPC || errno == EDQUOT))
                return end_written(w, errno);
        return true;
}

static bool changed(Work *w)
{
        return end(w, SPOOL_BAD_FILE, "it was changed while it was copied: pass it when it is complete");
}

static bool copy_bytes(Work *w, GChecksum *sum)
{
        char bytes[CHUNK];
        uint64_t at = 0;

        while (at < w->result.size) {
                ssize_t n = pread(w->source, bytes, MIN(sizeof(bytes), w->result.size - at), (off_t)at);
                int r;

                if (g_atomic_int_get(&w->given_up))
                        return end(w, SPOOL_FAILED, "nobody waits for it any more");
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return end(w, SPOOL_BAD_FILE, "it cannot be read: %s", g_strerror(errno));
                if (n == 0)
                        return changed(w);
                r = write_all(w->target, bytes, (size_t)n);
                if (r < 0)
                        return end_written(w, -r);
                g_checksum_update(sum, (const guchar *)bytes, n);
                at += (uint64_t)n;
        }
        return true;
}

static bool copy(Work *w)
{
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        struct stat before, after;

        if (!look_at(w, &before) || !look_for_space(w) || !copy_bytes(w, sum))
                return false;
        if (fsync(w->target) < 0)
                return end_written(w, errno);
        if (fstat(w->source, &after) < 0 || after.st_size != before.st_size ||
            after.st_mtim.tv_sec != before.st_mtim.tv_sec || after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
                return changed(w);
        w->result.end = SPOOL_COPIED;
        w->result.sha256 = g_strdup(g_checksum_get_string(sum));
        return true;
}

static gpointer run(gpointer data)
{
        Work *w = data;

        w->source = carrier_open(w->source);
        copy(w);
        close(w->source);
        close(w->target);
        g_atomic_int_add(&running, -1);
        eventfd_write(w->done, 1);
        work_unref(w);
        return NULL;
}

/* ---- the loop */

static int on_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Spool *s = userdata;

        (void)source, (void)fd, (void)events;
        s->func(s->userdata, &s->work->result);
        return 0;
}

static int listen_for_end(Spool *s, sd_event *event)
{
        int r;

        s->work->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->work->done < 0)
                return -errno;
        r = sd_event_add_io(event, &s->done, s->work->done, EPOLLIN, on_done, s);
        return r < 0 ? r : sd_event_source_set_enabled(s->done, SD_EVENT_ONESHOT);
}

static int start(Work *w)
{
        GThread *thread;

        if (g_atomic_int_add(&running, 1) >= SPOOLS_MAX) {
                g_atomic_int_add(&running, -1);
                return -EBUSY;
        }
        g_atomic_int_inc(&w->refs);
        thread = g_thread_try_new("spool", run, w, NULL);
        if (thread) {
                g_thread_unref(thread); /* the thread is not joined */
                return 0;
        }
        g_atomic_int_add(&running, -1);
        g_atomic_int_add(&w->refs, -1);
        return -EAGAIN;
}

int spool_new(Spool **ret, sd_event *event, int source, int target, uint64_t most, SpoolFunc func, void *userdata)
{
        Spool *s = g_new0(Spool, 1);
        int r;

        s->work = g_new0(Work, 1);
        s->work->refs = 1;
        s->work->source = source;
        s->work->target = target;
        s->work->most = most;
        s->func = func;
        s->userdata = userdata;
        if ((r = listen_for_end(s, event)) < 0 || (r = start(s->work)) < 0) {
                carrier_close(source);
                close(target);
                spool_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

void spool_free(Spool *s)
{
        if (!s)
                return;
        sd_event_source_disable_unref(s->done);
        g_atomic_int_set(&s->work->given_up, 1);
        work_unref(s->work);
        g_free(s);
}
