/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server of the file: a thread that speaks the kernel's protocol, because libfuse answers everything. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuse-file.h"

#define SIZE     65536
#define TIMEOUT 60000 /* ms, far longer than any test needs */

struct FuseFile {
        char *path;
        int fd;
        pid_t victim;
        bool reads_hang;
        int waits[2]; /* a byte for each request that is not answered */
        GThread *thread;
};

typedef struct Request {
        struct fuse_in_header head;
        char rest[256 * 1024];
} Request;

/* The kernel names the thread. */
static bool is_of_victim(const FuseFile *f, const struct fuse_in_header *head)
{
        g_autofree char *task = g_strdup_printf("/proc/%d/task/%u", (int)f->victim, head->pid);

        return access(task, F_OK) == 0;
}

static void reply(const FuseFile *f, const Request *r, int error, const void *data, size_t size)
{
        struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + size),
                                        .error = -error,
                                        .unique = r->head.unique };
        struct iovec parts[] = { { &head, sizeof(head) }, { (void *)(uintptr_t)data, size } };

        (void)!writev(f->fd, parts, 2);
}

static void answer(const FuseFile *f, const Request *r)
{
        static const char zeros[SIZE];
        struct fuse_read_in read_in;
        struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };
        struct fuse_attr_out attributes = { .attr = { .ino = 1, .size = SIZE, .mode = S_IFREG | 0444, .nlink = 1 } };
        struct fuse_open_out opened = { .fh = 1 };

        memcpy(&read_in, r->rest, sizeof(read_in));
        switch (r->head.opcode) {
        case FUSE_INIT: reply(f, r, 0, &init, sizeof(init)); return;
        case FUSE_GETATTR: reply(f, r, 0, &attributes, sizeof(attributes)); return;
        case FUSE_OPEN: reply(f, r, 0, &opened, sizeof(opened)); return;
        case FUSE_READ:
                reply(f, r, 0, zeros, read_in.offset < SIZE ? MIN(read_in.size, SIZE - read_in.offset) : 0);
                return;
        case FUSE_FLUSH:
        case FUSE_RELEASE: reply(f, r, 0, NULL, 0); return;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT: return;
        default: reply(f, r, ENOSYS, NULL, 0); return;
        }
}

static gpointer serve(gpointer data)
{
        FuseFile *f = data;
        Request *r = g_new0(Request, 1);

        for (;;) {
                ssize_t n = read(f->fd, r, sizeof(*r));
                bool hangs;

                if (n < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
                        continue;
                if (n < 0)
                        break;
                hangs = r->head.opcode == FUSE_FLUSH || (f->reads_hang && r->head.opcode == FUSE_READ);
                if (hangs && is_of_victim(f, &r->head))
                        (void)!write(f->waits[1], "", 1);
                else
                        answer(f, r);
        }
        g_free(r);
        return NULL;
}

FuseFile *fuse_file_new(const char *path, pid_t victim, bool reads_hang)
{
        FuseFile *f = g_new0(FuseFile, 1);
        g_autofree char *options = NULL;
        int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);

        ck_assert_int_ge(fd, 0);
        close(fd);
        f->path = g_strdup(path);
        f->victim = victim;
        f->reads_hang = reads_hang;
        f->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        ck_assert_msg(f->fd >= 0, "/dev/fuse: %s", g_strerror(errno));
        ck_assert_int_eq(pipe2(f->waits, O_CLOEXEC), 0);
        options = g_strdup_printf("fd=%d,rootmode=100444,user_id=0,group_id=0,allow_other", f->fd);
        ck_assert_msg(mount("fuse", path, "fuse", MS_NOSUID | MS_NODEV, options) == 0, "%s", g_strerror(errno));
        f->thread = g_thread_new("fuse", serve, f);
        return f;
}

void fuse_file_await(FuseFile *f)
{
        struct pollfd fd = { .fd = f->waits[0], .events = POLLIN };
        char byte;

        ck_assert_msg(poll(&fd, 1, TIMEOUT) > 0, "nothing waits for %s", f->path);
        ck_assert_int_eq(read(f->waits[0], &byte, 1), 1);
}

void fuse_file_free(FuseFile *f)
{
        /* Ends the connection, and so the requests and the thread. */
        umount2(f->path, MNT_FORCE | MNT_DETACH);
        g_thread_join(f->thread);
        close(f->fd);
        close(f->waits[0]);
        close(f->waits[1]);
        g_free(f->path);
        g_free(f);
}
