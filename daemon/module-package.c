/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The package on the host of a module's job: whether it still is the one that was given, and its way to the port. Must
 * not know when that is right. */

#include <string.h>
#include <unistd.h>

#include "log-job.h"
#include "module-private.h"

static void on_sent(void *userdata, uint64_t bytes)
{
        Module *m = userdata;

        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_SENT, .size = bytes });
        module_pump(m);
}

static void on_all_but_last(void *userdata)
{
        Module *m = userdata;

        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_ALL_BUT_LAST });
        module_pump(m);
}

static void on_not_sent(void *userdata, const char *why)
{
        Module *m = userdata;

        log_job(LOG_ERR, NULL, m->job, "job %s on %s: %s", m->job->id, m->context.id, why);
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_NOT_SENT, .text = why });
        module_pump(m);
}

static const TransferObserver transfer_observer = {
        .sent = on_sent,
        .all_but_last = on_all_but_last,
        .failed = on_not_sent,
};

static const char *find_fault(int fd, const Job *job)
{
        if (fd < 0)
                return g_strerror(-fd);
        return transfer_is_package(fd, job->package_size, job->package_sha256)
                       ? NULL
                       : "the file that was kept for it is not the one that was given";
}

void module_check_package(Module *m)
{
        int fd = m->observer->package_open(m->userdata, m->job);
        const char *fault = find_fault(fd, m->job);

        if (fd >= 0)
                close(fd);
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE, .text = fault });
}

void module_begin_transfer(Module *m, const char *how)
{
        int fd, r;

        if (!m->serial)
                return; /* it has been told, or will be */
        log_job(LOG_INFO, NULL, m->job, "job %s on %s: sends %" G_GUINT64_FORMAT " bytes, %s", m->job->id,
                m->context.id, m->job->package_size, how);
        g_clear_pointer(&m->transfer, transfer_free);
        fd = r = m->observer->package_open(m->userdata, m->job);
        if (r >= 0)
                r = transfer_new(&m->transfer, m->context.event, m->serial, fd, m->job->package_size,
                                 strcmp(how, "paced") == 0, &transfer_observer, m);
        if (r < 0)
                on_not_sent(m, g_strerror(-r));
}
