/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fetches one package: goes on where an earlier attempt has ended, and compares the size and the SHA-256 sum. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package.h"

typedef struct Fetch {
        char *path, *sha256;
        uint64_t size;
        bool resumed;
        int fd;
        PackageDone done;
        void *userdata;
} Fetch;

static void finish(Fetch *f, PackageResult result, const char *why, unsigned retry_after)
{
        if (f->fd >= 0)
                close(f->fd);
        f->done(f->userdata, result, why, retry_after);
        g_free(f->path);
        g_free(f->sha256);
        g_free(f);
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
        } else if (answer->status != 200 && answer->status != 206) {
                if (answer->status == 416)
                        unlink(f->path);
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

void package_fetch(Http *http, const PackageOrder *order, PackageDone done, void *userdata)
{
        Fetch *f = g_new0(Fetch, 1);
        uint64_t offset;

        f->path = g_strdup(order->path);
        f->sha256 = g_strdup(order->sha256);
        f->size = order->size;
        f->done = done;
        f->userdata = userdata;
        f->fd = -1;
        if (!settings_is_safe(order->url)) {
                finish(f, PACKAGE_REFUSED, "the link of the artifact is neither https nor one to the gateway itself",
                       0);
                return;
        }
        f->fd = open(order->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (f->fd < 0) {
                finish(f, PACKAGE_LATER, g_strerror(errno), 0);
                return;
        }
        if (is_whole(f)) {
                finish(f, PACKAGE_READY, NULL, 0);
                return;
        }
        offset = size_of(f->fd);
        if (offset >= f->size)
                offset = 0; /* it is of another deployment */
        f->resumed = offset > 0;
        if (ftruncate(f->fd, (off_t)offset) < 0 || lseek(f->fd, (off_t)offset, SEEK_SET) < 0) {
                finish(f, PACKAGE_LATER, g_strerror(errno), 0);
                return;
        }
        http_send(http,
                  &(HttpRequest){ .method = "GET",
                                  .url = order->url,
                                  .controller = is_of(order->url, order->server) ? order->controller : NULL,
                                  .fd = f->fd,
                                  .offset = offset,
                                  .size = order->size },
                  on_answer, f);
}
