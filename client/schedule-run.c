/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A run of a scheduled upgrade, as started by fotad-upgrade@.service: decides if there is anything to do, calls the
 * daemon and waits for the end. Nobody watches, so every run ends with one line that tells all. Never retries: the
 * timer starts the next run. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "credentials.h"
#include "follow.h"
#include "message.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "schedule-run.h"
#include "schedule-wait.h"
#include "show.h"
#include "start.h"
#include "text.h"
#include "url.h"

#define INVOCATION_ID_LENGTH 32
#define NAME_MAX_IN_ID       31 /* so that a request id has 64 bytes at most */

typedef struct Run {
        Ctl *ctl;
        const Schedule *schedule;
        const char *request_id; /* that the caller gave, NULL none */
        Credentials credentials;
        Follow *follow;
        Objects *objects;
        const Object *module; /* owned by objects */
        char *expected;       /* revision */
        char *shown;          /* the source as in the job's Source, without secrets */
        Source source;
        bool had_ended; /* the job with the request id, when the module's revision was read */
} Run;

static void clear_filled(Run *run)
{
        g_clear_pointer(&run->expected, g_free);
        g_clear_pointer(&run->shown, g_free);
        if (run->source.url) /* the URL may contain the password */
                explicit_bzero(run->source.url, strlen(run->source.url));
        source_clear(&run->source);
}

static void run_clear(Run *run)
{
        credentials_clear(&run->credentials);
        follow_free(run->follow);
        objects_free(run->objects);
        clear_filled(run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static int fail_schedule(const Run *run, const char *why)
{
        return fail(run->ctl, STATUS_USAGE, ERROR_SCHEDULE, "%s", why);
}

/* Prints the last line. With --json the last event has that. */
static void tell_end(const Run *run, int status, const char *text)
{
        tell_status(run->ctl, text);
        if (run->ctl->json)
                return;
        if (status == STATUS_DONE)
                g_print("%s: %s\n", run->schedule->name, text);
        else
                g_printerr("fotactl: %s: %s\n", run->schedule->name, text);
}

int schedule_find_module(Ctl *ctl, const Objects *objects, const Schedule *s, const Object **ret)
{
        if (!*s->module && objects->modules->len == 1) {
                *ret = g_ptr_array_index(objects->modules, 0);
                return STATUS_DONE;
        }
        return objects_find_module(ctl, objects, *s->module ? s->module : NULL, ret);
}

/* Returns the module of the newest job with the caller's request id; NULL if there is none. */
static const Object *find_requested_module(const Run *run)
{
        const Object *module = NULL;

        for (guint i = 0; run->request_id && i < run->objects->jobs->len; i++) {
                const Object *job = g_ptr_array_index(run->objects->jobs, i);

                if (strcmp(props_string(job->props, "RequestId"), run->request_id) == 0)
                        module = objects_at(run->objects->modules, props_string(job->props, "Module"));
        }
        return module;
}

static int read_module(Run *run)
{
        int status;

        g_clear_pointer(&run->objects, objects_free);
        status = objects_read(run->ctl, &run->objects);
        if (status != STATUS_DONE)
                return status;
        run->module = *run->schedule->module ? NULL : find_requested_module(run);
        return run->module ? STATUS_DONE
                           : schedule_find_module(run->ctl, run->objects, run->schedule, &run->module);
}

static const Object *find_job(const Run *run)
{
        return objects_at(run->objects->jobs, props_string(run->module->props, "Job"));
}

/* Fills source and expected revision for a module with that revision. false, and *ret_why, if that is not possible. */
static bool fill(Run *run, const char *revision, char **ret_why)
{
        const char *password = run->credentials.source_password;
        g_autofree char *source = NULL;

        clear_filled(run);
        if (!schedule_fill(run->schedule, props_string(run->module->props, "Model"), revision, &source, &run->expected,
                           ret_why))
                return false;
        if (!url_is(source)) {
                run->shown = g_path_get_basename(source);
                run->source.name = g_steal_pointer(&source);
                return true;
        }
        run->source.url = password ? url_with_password(source, password) : g_steal_pointer(&source);
        if (!run->source.url) {
                *ret_why = g_strdup(_("the credential source-password has a control character in it, which no URL can "
                                      "hold"));
                return false;
        }
        run->shown = url_redact(run->source.url);
        return true;
}

/* Prints the result of a job that was followed. If the run was detached or the daemon was lost, that has been printed
 * before. */
static int conclude(const Run *run, int status)
{
        const Props *job = follow_job(run->follow);
        g_autofree char *error = NULL, *revisions = NULL, *text = NULL, *message = NULL;

        if (!job || !job_is_finished(job) ||
            (status != STATUS_DONE && status != STATUS_FAILED && status != STATUS_CANCELLED))
                return status;
        error = job_error(job);
        revisions = job_revisions(job);
        message = message_words(job);
        if (status == STATUS_DONE && strcmp(props_string(job, "ToRevision"), run->expected) != 0) {
                status = STATUS_FAILED;
                text = g_strdup_printf(_("the upgrade succeeded, but not to what this schedule expects: %s, not %s"),
                                       revisions, run->expected);
        } else if (status == STATUS_DONE && run->had_ended) {
                status = STATUS_FAILED;
                text = g_strdup_printf(_("the upgrade succeeded earlier (%s), but the module has %s now: give a new "
                                         "request id to upgrade it again"),
                                       revisions, props_text(run->module->props, "Revision"));
        } else if (status == STATUS_DONE) {
                text = g_strdup_printf(_("the upgrade succeeded: %s"), revisions);
        } else if (status == STATUS_CANCELLED) {
                text = g_strdup_printf(_("the upgrade was cancelled: %s"), message);
        } else {
                text = g_strdup_printf(_("the upgrade failed: %s: %s"), error, message);
        }
        tell_end(run, status, text);
        return status;
}

/* True if the module is present, has reported its revision since it came ("normal"), and has the expected one. Then it
 * is not probed, so that a weekly run does not disturb a module that is up to date. */
static bool is_fulfilled(Run *run)
{
        const char *revision = props_string(run->module->props, "Revision");
        g_autofree char *why = NULL;

        return props_number(run->module->props, "Present") &&
               strcmp(props_string(run->module->props, "System"), "normal") == 0 && fill(run, revision, &why) &&
               strcmp(revision, run->expected) == 0;
}

/* Reads the module's identity again, so that the decision is about the revision that runs now and not about the one
 * read when the module was plugged in. */
static int probe(Run *run)
{
        int status = bus_act_on(run->ctl, run->module->path, FOTAD_MODULE_INTERFACE, "Probe");

        return status == STATUS_DONE ? read_module(run) : status;
}

static int do_nothing(const Run *run)
{
        const char *id = props_text(run->module->props, "Id");
        g_autofree char *text = g_strdup_printf(_("nothing to do: %s has %s already"), id, run->expected);

        if (run->ctl->json)
                print_event("nothing-to-do", "module", run->module);
        tell_end(run, STATUS_DONE, text);
        return STATUS_DONE;
}

/* Opens the package on the host: fill() has stored its path in source.name. */
static int open_package(Run *run)
{
        g_autofree char *path = g_steal_pointer(&run->source.name), *error = NULL, *why = NULL;

        if (access(path, R_OK) < 0) {
                error = g_strdup_printf(_("cannot be read: %s: %s"), path, g_strerror(errno));
                why = schedule_complain(run->schedule, run->schedule->source_line, "source", error);
                return fail_schedule(run, why);
        }
        return source_open(run->ctl, path, &run->source);
}

/* The request id of a run that systemd started: the schedule's name and systemd's id of the run (systemd.exec), so that
 * each run may start an upgrade, and one at most. Long names are replaced by a checksum. NULL for other runs: processes
 * inherit INVOCATION_ID, and fotactl may be called several times with the same one. NULL, too, if the adopted job that
 * the run gives its source to has an id, which stays. */
static char *request_id_of_run(const Run *run)
{
        const Object *adopted = find_job(run);
        const char *invocation = g_getenv("INVOCATION_ID"), *main_pid = g_getenv("SYSTEMD_EXEC_PID");
        const char *name = run->schedule->name;
        g_autofree char *sum = NULL, *pid = g_strdup_printf("%d", (int)getpid());

        if (!invocation || strlen(invocation) != INVOCATION_ID_LENGTH || g_strcmp0(main_pid, pid) != 0 ||
            (adopted && *props_string(adopted->props, "RequestId")))
                return NULL;
        if (strlen(name) > NAME_MAX_IN_ID) {
                sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
                sum[NAME_MAX_IN_ID] = '\0';
                name = sum;
        }
        return g_strdup_printf("%s-%s", name, invocation);
}

static int start(Run *run)
{
        const Schedule *s = run->schedule;
        g_autofree char *path = NULL, *id = run->request_id ? g_strdup(run->request_id) : request_id_of_run(run);
        int status = run->source.url || run->source.fd >= 0 ? STATUS_DONE : open_package(run);
        const Object *earlier;

        if (status != STATUS_DONE)
                return status;
        for (unsigned i = 0; i < s->options->len; i += 2)
                upgrade_option_set(g_ptr_array_index(s->options, i), g_ptr_array_index(s->options, i + 1));
        upgrade_option_set("expected-revision", run->expected);
        if (run->credentials.apn_password)
                upgrade_option_set("apn-password", run->credentials.apn_password);
        if (id)
                upgrade_option_set("request-id", id);
        status = start_upgrade(run->ctl, run->module->path, &run->source, &path);
        if (status != STATUS_DONE)
                return status;
        start_tell(run->ctl, path, run->request_id);
        earlier = objects_at(run->objects->jobs, path);
        run->had_ended = earlier && job_is_finished(earlier->props);
        return conclude(run, follow_run(run->follow, path));
}

static char *checksum(int fd)
{
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        guchar buffer[64 * 1024];
        off_t offset = 0;
        ssize_t n;

        for (; (n = pread(fd, buffer, sizeof(buffer), offset)) > 0; offset += n)
                g_checksum_update(sum, buffer, n);
        return g_strdup(g_checksum_get_string(sum));
}

/* Sets *ret_same if the job has the source that fill() found: the same URL, or a package of the same name and
 * contents. */
static int compare_source(Run *run, const Object *job, bool *ret_same)
{
        g_autofree char *sha256 = NULL;
        int status;

        *ret_same = strcmp(run->shown, props_string(job->props, "Source")) == 0;
        if (!*ret_same || run->source.url)
                return STATUS_DONE;
        status = open_package(run);
        if (status != STATUS_DONE)
                return status;
        sha256 = checksum(run->source.fd);
        *ret_same = strcmp(sha256, props_string(job->props, "PackageSha256")) == 0;
        return STATUS_DONE;
}

static int follow_same(Run *run, const Object *job)
{
        if (run->ctl->json)
                print_event("following", "job", job);
        else
                text_say(TEXT_NONE, _("Job %s upgrades the module from the same source already; it is followed."),
                         props_text(job->props, "Id"));
        return conclude(run, follow_run(run->follow, job->path));
}

/* Another job holds the module. A run that was interrupted leaves its job behind; the next run follows that job if the
 * source is the same, with the placeholders filled for the revision that ran then. A job that was adopted in the Mini
 * system may need this source: StartUpgrade passes it on, and the daemon decides. The revision that a Mini system
 * reports is not the one that the package was made for. */
static int follow_other(Run *run, const Object *job)
{
        const char *from = props_string(job->props, "FromRevision");
        bool adopted = strcmp(props_string(job->props, "Origin"), "adopted") == 0, same = false;
        g_autofree char *why = NULL;
        int status = STATUS_DONE;

        if (fill(run, *from || adopted ? from : props_string(run->module->props, "Revision"), &why))
                status = compare_source(run, job, &same);
        else if (adopted)
                return fail_schedule(run, why);
        if (status != STATUS_DONE)
                return status;
        if (same)
                return follow_same(run, job);
        if (adopted)
                return start(run);
        return fail(run->ctl, STATUS_REFUSED, FOTAD_ERROR_BUSY,
                    _("job %s, which is not this schedule's, holds the module: %s"), props_text(job->props, "Id"),
                    props_text(job->props, "Source"));
}

static int upgrade(Run *run)
{
        g_autofree char *why = NULL;
        g_autofree char *problem = NULL;
        const char *revision;
        int status;

        if (!find_job(run) && is_fulfilled(run))
                return do_nothing(run);
        status = find_job(run) ? STATUS_DONE : probe(run);
        if (status != STATUS_DONE)
                return status;
        if (find_job(run))
                return follow_other(run, find_job(run));
        revision = props_string(run->module->props, "Revision");
        problem = sentence_words(props_string(run->module->props, "Problem"));
        if (!*revision)
                return fail(run->ctl, STATUS_REFUSED, FOTAD_ERROR_MODULE_NOT_READY, _("%s has told no revision: %s"),
                            props_text(run->module->props, "Id"), problem);
        if (!fill(run, revision, &why))
                return fail_schedule(run, why);
        return strcmp(revision, run->expected) == 0 ? do_nothing(run) : start(run);
}

int schedule_run(Ctl *ctl, const Schedule *s, const char *request_id, unsigned patience)
{
        g_auto(Run) run = { .ctl = ctl, .schedule = s, .request_id = request_id, .source = SOURCE_NULL };
        g_autofree char *why = NULL;
        int status;

        if (!credentials_read(s, &run.credentials, &why))
                return fail_schedule(&run, why);
        status = follow_new(ctl, &run.follow);
        if (status == STATUS_DONE)
                status = schedule_await_module(ctl, s, patience);
        if (status == STATUS_DONE)
                status = read_module(&run);
        return status == STATUS_DONE ? upgrade(&run) : status;
}
