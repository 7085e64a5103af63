/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a caller's descriptor to a file in the package store (guide 3.3.1.3): has the spool copy the file, and judges
 * the copy. Knows neither the request that the package is for nor the job that gets it. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/carrier.h"
#include "base/log.h"
#include "names.h"
#include "store/package-copy.h"
#include "store/spool.h"

struct PackageCopy {
        PackageStore *store;
        Writer *writer;
        char *file; /* in the store; NULL: there is none, or a job has it */
        char *wanted_sha256;
        Spool *spool;
        PackageCopyFunc func;
        void *userdata;
};

/* ---- the removal of a file that no job has */

typedef struct Discard {
        PackageStore *store;
        char *file;
        int result;
        void (*func)(void *userdata); /* NULL none */
        void *userdata;
} Discard;

static void discard(void *task)
{
        Discard *d = task;

        d->result = package_store_discard(d->store, d->file);
}

static void on_discarded(void *task)
{
        const Discard *d = task;

        if (d->result < 0)
                log_warning("the package %s cannot be removed: %s", d->file, g_strerror(-d->result));
        if (d->func)
                d->func(d->userdata);
}

static void discard_free(void *task)
{
        Discard *d = task;

        g_free(d->file);
        g_free(d);
}

static const WriterKind discard_kind = { .work = discard, .done = on_discarded, .free = discard_free };

void package_copy_discard(PackageCopy *c, void (*func)(void *userdata), void *userdata)
{
        Discard *d = g_new0(Discard, 1);

        d->func = func;
        d->userdata = userdata;
        d->store = c->store;
        d->file = g_steal_pointer(&c->file);
        writer_push(c->writer, d->file, &discard_kind, d);
}

/* ---- the copy */

void package_copy_free(PackageCopy *c)
{
        if (!c)
                return;
        spool_free(c->spool);
        if (c->file)
                package_copy_discard(c, NULL, NULL);
        g_free(c->file);
        g_free(c->wanted_sha256);
        g_free(c);
}

void package_copy_release_file(PackageCopy *c)
{
        g_clear_pointer(&c->file, g_free);
}

static bool judge(const PackageCopy *c, const SpoolResult *result, Refusal *ret_refusal)
{
        switch (result->end) {
        case SPOOL_COPIED: break;
        case SPOOL_BAD_FILE: return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE, "package: %s", result->why);
        case SPOOL_NO_SPACE:
                return refusal_set(ret_refusal, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                   "the package does not fit into the state directory: %s", result->why);
        case SPOOL_FAILED:
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be kept: %s", result->why);
        }
        if (c->wanted_sha256 && g_ascii_strcasecmp(c->wanted_sha256, result->sha256) != 0)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE,
                                   "the package's SHA-256 is %s, not %s as asked: get the package anew", result->sha256,
                                   c->wanted_sha256);
        return true;
}

static void on_copied(void *userdata, const SpoolResult *result)
{
        g_auto(Refusal) refusal = { 0 };
        PackageCopy *c = userdata;
        Package package = { .file = c->file, .sha256 = result->sha256, .size = result->size };

        c->func(c->userdata, judge(c, result, &refusal) ? &package : NULL, &refusal);
}

static bool begin(PackageCopy *c, sd_event *event, int fd, uint64_t size_max, Refusal *ret_refusal)
{
        int source = fcntl(fd, F_DUPFD_CLOEXEC, 3), target, r;
        g_autofree char *why = NULL;

        if (source < 0)
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be copied: %s",
                                   g_strerror(errno));
        target = package_store_create(c->store, &c->file, &why);
        if (target < 0) {
                carrier_close(source);
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be kept: %s", why);
        }
        r = spool_new(&c->spool, event, source, target, size_max, on_copied, c);
        if (r == -EBUSY)
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY,
                                   "%d packages are being copied already: try again when they are", SPOOLS_MAX);
        if (r < 0)
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be copied: %s",
                                   g_strerror(-r));
        return true;
}

PackageCopy *package_copy_new(sd_event *event, PackageStore *store, Writer *writer, int fd, uint64_t size_max,
                              const char *sha256, PackageCopyFunc func, void *userdata, Refusal *ret_refusal)
{
        PackageCopy *c = g_new0(PackageCopy, 1);

        c->store = store;
        c->writer = writer;
        c->wanted_sha256 = g_strdup(sha256);
        c->func = func;
        c->userdata = userdata;
        if (begin(c, event, fd, size_max, ret_refusal))
                return c;
        package_copy_free(c);
        return NULL;
}
