/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tasks that may wait for the disk, and the threads that carry them out: a few, as each costs 12 kB, and more when tasks
 * wait for them. The end of a task reaches the loop by an eventfd. A thread ends when no task waits for one. Knows
 * nothing of files. */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store/writer.h"

#define THREADS_FAST 2                /* at a time, while no task waits for PATIENCE */
#define THREADS_MAX  64               /* as many records can be held by a slow disk before others wait for them */
#define PATIENCE     (20 * 1000)      /* µs */

typedef struct Task {
        const WriterKind *kind;
        void *task;
        char *key;
} Task;

struct Writer {
        sd_event *event;
        sd_event_source *source;
        sd_event_source *slow; /* due when the tasks that are ready get threads of their own, NULL: never */
        int ended; /* eventfd: a task has been carried out */
        void (*idle)(void *userdata);
        void *userdata;
        unsigned undone; /* tasks for which done() was not called */

        GMutex lock; /* of all that follows */
        GCond news;
        GHashTable *rows; /* key -> GQueue of Task that were not carried out; the first one is under way, or is ready */
        GQueue ready;     /* Task that no thread has taken; each is the first of its row */
        GQueue done;      /* Task */
        unsigned threads;
};

static void task_free(Task *t)
{
        t->kind->free(t->task);
        g_free(t->key);
        g_free(t);
}

/* ---- the threads */

/* The next task with this key is ready, if there is one. */
static void end_task(Writer *w, Task *t)
{
        GQueue *row = g_hash_table_lookup(w->rows, t->key);

        g_queue_pop_head(row);
        if (g_queue_is_empty(row))
                g_hash_table_remove(w->rows, t->key);
        else
                g_queue_push_tail(&w->ready, g_queue_peek_head(row));
        g_queue_push_tail(&w->done, t);
        eventfd_write(w->ended, 1);
}

static gpointer run(gpointer data)
{
        Writer *w = data;
        Task *t;

        g_mutex_lock(&w->lock);
        while ((t = g_queue_pop_head(&w->ready))) {
                g_mutex_unlock(&w->lock);
                t->kind->work(t->task);
                g_mutex_lock(&w->lock);
                end_task(w, t);
        }
        w->threads--;
        g_cond_broadcast(&w->news);
        g_mutex_unlock(&w->lock);
        return NULL;
}

/* ---- the loop */

static Task *pop_done(Writer *w)
{
        Task *t;

        g_mutex_lock(&w->lock);
        t = g_queue_pop_head(&w->done);
        g_mutex_unlock(&w->lock);
        return t;
}

static int on_ended(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Writer *w = userdata;
        eventfd_t n = 0;
        Task *t;

        (void)source, (void)events;
        eventfd_read(fd, &n);
        /* Tasks that end meanwhile come after the other events of the loop. */
        while (n-- > 0 && (t = pop_done(w))) {
                w->undone--;
                if (t->kind->done)
                        t->kind->done(t->task);
                task_free(t);
        }
        if (w->undone == 0)
                w->idle(w->userdata);
        return 0;
}

Writer *writer_new(sd_event *event, void (*idle)(void *userdata), void *userdata, char **ret_why)
{
        Writer *w = g_new0(Writer, 1);
        int r;

        w->event = event;
        w->idle = idle;
        w->userdata = userdata;
        w->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
        g_mutex_init(&w->lock);
        g_cond_init(&w->news);
        g_queue_init(&w->ready);
        g_queue_init(&w->done);
        w->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = w->ended < 0 ? -errno : sd_event_add_io(event, &w->source, w->ended, EPOLLIN, on_ended, w);
        if (r >= 0)
                return w;
        *ret_why = g_strdup_printf("the disk cannot be written by threads: %s", g_strerror(-r));
        writer_free(w);
        return NULL;
}

void writer_wait(Writer *w)
{
        g_mutex_lock(&w->lock);
        while (w->threads > 0)
                g_cond_wait(&w->news, &w->lock);
        g_mutex_unlock(&w->lock);
}

void writer_free(Writer *w)
{
        if (!w)
                return;
        writer_wait(w);
        sd_event_source_disable_unref(w->source);
        sd_event_source_disable_unref(w->slow);
        if (w->ended >= 0)
                close(w->ended);
        g_queue_clear_full(&w->done, (GDestroyNotify)task_free);
        g_hash_table_unref(w->rows);
        g_mutex_clear(&w->lock);
        g_cond_clear(&w->news);
        g_free(w);
}

/* Without any thread the loop waits for the disk itself. */
static void start_thread(Writer *w)
{
        GThread *thread = g_thread_try_new("writer", run, w, NULL);
        bool alone;

        if (thread) {
                g_thread_unref(thread); /* the thread is not joined */
                return;
        }
        g_mutex_lock(&w->lock);
        alone = w->threads == 1;
        if (!alone)
                w->threads--;
        g_mutex_unlock(&w->lock);
        if (alone)
                run(w);
}

/* Starts a thread for each task that is ready, up to the limit. Returns true if there are more tasks than that. */
static bool start_threads(Writer *w, unsigned limit)
{
        unsigned ready, n;

        g_mutex_lock(&w->lock);
        ready = g_queue_get_length(&w->ready);
        n = MIN(ready, limit - MIN(limit, w->threads));
        w->threads += n;
        g_mutex_unlock(&w->lock);
        for (unsigned i = 0; i < n; i++)
                start_thread(w);
        return ready > n;
}

static int on_slow(sd_event_source *source, uint64_t usec, void *userdata)
{
        Writer *w = userdata;

        (void)source, (void)usec;
        w->slow = sd_event_source_disable_unref(w->slow);
        start_threads(w, THREADS_MAX);
        return 0;
}

void writer_push(Writer *w, const char *key, const WriterKind *kind, void *task)
{
        Task *t = g_new0(Task, 1);
        GQueue *row;

        t->kind = kind;
        t->task = task;
        t->key = g_strdup(key);
        w->undone++;
        g_mutex_lock(&w->lock);
        row = g_hash_table_lookup(w->rows, key);
        if (!row) {
                row = g_queue_new();
                g_hash_table_insert(w->rows, g_strdup(key), row);
                g_queue_push_tail(&w->ready, t);
        }
        g_queue_push_tail(row, t);
        g_mutex_unlock(&w->lock);
        if (start_threads(w, THREADS_FAST) && !w->slow &&
            sd_event_add_time_relative(w->event, &w->slow, CLOCK_MONOTONIC, PATIENCE, 1, on_slow, w) < 0)
                start_threads(w, THREADS_MAX);
}

bool writer_is_idle(const Writer *w)
{
        return w->undone == 0;
}
