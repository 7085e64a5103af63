/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fetches packages, a few at a time: goes on where an earlier attempt has ended, and compares the size and the SHA-256
 * sum. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package.h"

#define PACKAGE_MAX ((uint64_t)64 << 20) /* bytes */
#define FETCHES_MAX 2                    /* at a time */

struct Packages {
        Http *http;
        const char *server;
        GQueue waiting; /* of Fetch */
        GQueue fetches; /* of Fetch, those under way */
};

typedef struct Fetch {
        Packages *packages;
        char *controller, *url, *path, *sha256;
        uint64_t size;
        bool resumed;
        int fd;
        PackageDone done;
        void *userdata;
} Fetch;

static void fetch_free(void *data)
{
        Fetch *f = data;

        if (f->fd >= 0)
                close(f->fd);
        g_free(f->controller);
        g_free(f->url);
        g_free(f->path);
        g_free(f->sha256);
        g_free(f);
}

static void begin_more(Packages *p);

static void finish(Fetch *f, PackageResult result, const char *why, unsigned retry_after)
{
        Packages *p = f->packages;

        g_queue_remove(&p->fetches, f);
        f->done(f->userdata, result, why, retry_after);
        fetch_free(f);
        begin_more(p);
}

static uint64_t size_of(int fd)
{
        struct stat info;

        return fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* True if the file is the package. Leaves the position at the end of the file. */
static bool is_whole(const Fetch *f)
{
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        guchar buffer[65536];
        ssize_t n;

        if (size_of(f->fd) != f->size || lseek(f->fd, 0, SEEK_SET) < 0)
                return false;
        while ((n = read(f->fd, buffer, sizeof(buffer))) > 0)
                g_checksum_update(sum, buffer, n);
        return n == 0 && g_ascii_strcasecmp(g_checksum_get_string(sum), f->sha256) == 0;
}

static void ask(Fetch *f, uint64_t offset);

static void on_answer(void *userdata, const HttpAnswer *answer)
{
        Fetch *f = userdata;
        g_autofree char *why = NULL;

        if (answer->error) {
                why = g_strdup_printf("the package cannot be fetched: %s", answer->error);
                finish(f, PACKAGE_LATER, why, 0);
        } else if (answer->status == 404 || answer->status == 410) {
                why = g_strdup_printf("the server does not have the package: it answers with status %u",
                                      answer->status);
                finish(f, PACKAGE_REFUSED, why, 0);
        } else if (answer->status == 416 && f->resumed) {
                ask(f, 0); /* what is there already is not of this package */
        } else if (answer->status != 200 && answer->status != 206) {
                why = g_strdup_printf("the package cannot be fetched: the server answers with status %u",
                                      answer->status);
                finish(f, PACKAGE_LATER, why, answer->retry_after);
        } else if (is_whole(f)) {
                finish(f, PACKAGE_READY, NULL, 0);
        } else {
                unlink(f->path);
                finish(f, f->resumed ? PACKAGE_LATER : PACKAGE_REFUSED,
                       "the package that the server sends has another size or SHA-256 sum than the deployment says", 0);
        }
}

/* True if the URL belongs to that server. */
static bool is_of(const char *url, const char *server)
{
        size_t scheme = strcspn(server, ":") + strlen("://"), length = scheme + strcspn(server + scheme, "/");

        return g_ascii_strncasecmp(url, server, length) == 0 && url[length] == '/';
}

/* Asks for the bytes from offset on. */
static void ask(Fetch *f, uint64_t offset)
{
        const char *server = f->packages->server;

        f->resumed = offset > 0;
        if (ftruncate(f->fd, (off_t)offset) < 0 || lseek(f->fd, (off_t)offset, SEEK_SET) < 0) {
                finish(f, PACKAGE_LATER, g_strerror(errno), 0);
                return;
        }
        http_send(f->packages->http,
                  &(HttpRequest){ .method = "GET",
                                  .url = f->url,
                                  .controller = is_of(f->url, server) ? f->controller : NULL,
                                  .fd = f->fd,
                                  .offset = offset,
                                  .size = f->size },
                  on_answer, f);
}

static void begin(Fetch *f)
{
        uint64_t offset;

        f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (f->fd < 0) {
                finish(f, PACKAGE_LATER, g_strerror(errno), 0);
                return;
        }
        if (is_whole(f)) {
                finish(f, PACKAGE_READY, NULL, 0);
                return;
        }
        offset = size_of(f->fd);
        ask(f, offset < f->size ? offset : 0); /* a longer file is of another deployment */
}

static void begin_more(Packages *p)
{
        Fetch *f;

        if (p->fetches.length < FETCHES_MAX && (f = g_queue_pop_head(&p->waiting))) {
                g_queue_push_tail(&p->fetches, f);
                begin(f);
        }
}

Packages *packages_new(Http *http, const char *server)
{
        Packages *p = g_new0(Packages, 1);

        p->http = http;
        p->server = server;
        g_queue_init(&p->waiting);
        g_queue_init(&p->fetches);
        return p;
}

void packages_free(Packages *p)
{
        g_queue_clear_full(&p->waiting, fetch_free);
        g_queue_clear_full(&p->fetches, fetch_free);
        g_free(p);
}

void packages_fetch(Packages *p, const PackageOrder *order, PackageDone done, void *userdata)
{
        Fetch *f;

        if (!settings_is_safe(order->url)) {
                done(userdata, PACKAGE_REFUSED,
                     "the link of the artifact is neither https nor one to the gateway itself", 0);
                return;
        }
        if (order->size > PACKAGE_MAX) {
                done(userdata, PACKAGE_REFUSED, "the artifact is larger than 64 MiB, so it is no package for a module",
                     0);
                return;
        }
        f = g_new0(Fetch, 1);
        f->packages = p;
        f->controller = g_strdup(order->controller);
        f->url = g_strdup(order->url);
        f->path = g_strdup(order->path);
        f->sha256 = g_strdup(order->sha256);
        f->size = order->size;
        f->done = done;
        f->userdata = userdata;
        f->fd = -1;
        g_queue_push_tail(&p->waiting, f);
        begin_more(p);
}
