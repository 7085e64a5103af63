/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Explores upgrades in simulated time: the real core (host.c) against an independent model of a module (model.c), with
 * random faults. The truth is the model's flash. Each run follows from its seed.
 *
 *   explore [--from SEED] [--runs N] [--population ordinary|odd|messages] [--list KIND] [--timeline SEED]
 *
 * Prints a table of the outcomes; fails if an outcome of a kind that is wrong comes up. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state/upgrade-facts.h"
#include "host.h"
#include "model.h"

#define HORIZON       (24 * 3600 * SECOND) /* no fault after this; a job that still runs then has stalled */
#define QUIET         (36 * 3600 * SECOND)
#define INCIDENTS_MAX 6

typedef enum Population { POPULATION_MESSAGES, POPULATION_ORDINARY, POPULATION_ODD } Population;
static const char *const populations[] = { "messages", "ordinary", "odd" };

typedef enum Kind {
        KIND_RIGHT_SUCCESS,
        KIND_RIGHT_FAILURE,
        KIND_CANCELLED,
        KIND_UNCERTAIN,  /* a failure that warns that the module may still upgrade */
        KIND_STALLED,    /* for a real reason: the module waits for its package */
        _KIND_RIGHT_MAX, /* all kinds from here on are wrong */
        KIND_WRONG_SUCCESS = _KIND_RIGHT_MAX,
        KIND_WRONG_FAILURE,
        KIND_STALLED_FOR_EVER, /* beside a module that runs its firmware */
        KIND_HANGING,          /* neither ended nor stalled */
        KIND_PERCENT_BACK,
        KIND_SETTING_LEFT, /* not restored, and not named */
        KIND_SENT_TWICE,
        KIND_RESULT_TWICE,
        KIND_RESET_IN_WRITE,
        KIND_BUSY_LOOP,
        _KIND_MAX
} Kind;

static const char *const kinds[_KIND_MAX] = {
        [KIND_RIGHT_SUCCESS] = "success",
        [KIND_RIGHT_FAILURE] = "failure",
        [KIND_CANCELLED] = "cancelled",
        [KIND_UNCERTAIN] = "uncertain",
        [KIND_STALLED] = "stalled",
        [KIND_WRONG_SUCCESS] = "wrong-success",
        [KIND_WRONG_FAILURE] = "wrong-failure",
        [KIND_STALLED_FOR_EVER] = "stalled-for-ever",
        [KIND_HANGING] = "hanging",
        [KIND_PERCENT_BACK] = "percent-back",
        [KIND_SETTING_LEFT] = "setting-left",
        [KIND_SENT_TWICE] = "sent-twice",
        [KIND_RESULT_TWICE] = "result-twice",
        [KIND_RESET_IN_WRITE] = "reset-in-write",
        [KIND_BUSY_LOOP] = "busy-loop",
};

typedef enum IncidentType {
        INCIDENT_POWER_CUT,
        INCIDENT_RESET,
        INCIDENT_GLITCH,
        INCIDENT_NETWORK_DOWN,
        INCIDENT_NETWORK_UP,
        INCIDENT_DAEMON_DIES,
        INCIDENT_DAEMON_STARTS,
        INCIDENT_GATEWAY_BOOTS,
        INCIDENT_DISK_FULL,
        INCIDENT_DISK_WORKS,
        INCIDENT_CANCEL,
        INCIDENT_RETRY,
        INCIDENT_PUBLISH,
} IncidentType;

typedef struct Incident {
        uint64_t at;
        IncidentType type;
} Incident;

typedef struct Run {
        uint64_t seed;
        Dice dice;
        Traits traits;
        Faults faults;
        Package package;
        bool expected; /* the option expected-revision is given */
        Incident incidents[2 * INCIDENTS_MAX];
        unsigned n_incidents;

        Model *model;
        Host *host;
        uint64_t now;
        bool timeline;
        bool retried;
        bool new_at_end; /* the truth when the Result was sent */
        Stage stage_at_end;
} Run;

/* ---- the population */

static void add(Run *r, uint64_t at, IncidentType type)
{
        Incident incident = { at, type };
        unsigned i = r->n_incidents++;

        for (; i > 0 && r->incidents[i - 1].at > at; i--)
                r->incidents[i] = r->incidents[i - 1];
        r->incidents[i] = incident;
}

static void add_incident(Run *r, bool odd)
{
        Dice *d = &r->dice;
        uint64_t most = dice_hits(d, 500) ? 150 : dice_hits(d, 700) ? 900 : 6 * 3600;
        uint64_t at = dice_between(d, 0, most) * SECOND;
        uint64_t until = at + dice_between(d, 1, dice_hits(d, 800) ? 120 : 7200) * SECOND;

        switch (dice_between(d, 0, odd ? 7 : 4)) {
        case 0: add(r, at, INCIDENT_POWER_CUT); return;
        case 1:
                add(r, at, INCIDENT_NETWORK_DOWN);
                add(r, until, INCIDENT_NETWORK_UP);
                return;
        case 2:
                add(r, at, INCIDENT_DAEMON_DIES);
                add(r, until, INCIDENT_DAEMON_STARTS);
                return;
        case 3: add(r, at, INCIDENT_CANCEL); return;
        case 4: add(r, at, INCIDENT_RETRY); return;
        case 5: add(r, at, INCIDENT_RESET); return;
        case 6: add(r, at, INCIDENT_GLITCH); return;
        case 7:
                if (dice_hits(d, 500)) {
                        add(r, at, INCIDENT_DISK_FULL);
                        add(r, until, INCIDENT_DISK_WORKS);
                } else {
                        add(r, at, INCIDENT_DAEMON_DIES);
                        add(r, until, INCIDENT_GATEWAY_BOOTS);
                }
                return;
        }
}

static void draw(Run *r, Population population)
{
        static const char *const mini_revisions[] = { MODEL_OLD_MINI, "MINI_V01.00", NULL };
        Dice *d = &r->dice;
        bool odd = population == POPULATION_ODD;

        r->traits = (Traits){ .mini = dice_hits(d, 600),
                              .uart = dice_hits(d, 300),
                              .firmware_sms = !odd || !dice_hits(d, 300),
                              .mini_sms = odd && dice_hits(d, 200),
                              .mini_mute = dice_hits(d, 200),
                              .boot_urcs = dice_hits(d, 800),
                              .progress = !dice_hits(d, 100),
                              .updater_answers = odd && dice_hits(d, 150),
                              .mini_revision = mini_revisions[dice_between(d, 0, 2)],
                              .mini_product = dice_hits(d, 300),
                              .slow = dice_hits(d, 100) ? 3 : 1 };
        r->faults = (Faults){ .lost = dice_hits(d, 500) ? (unsigned)dice_between(d, 10, 600) : 0,
                              .doubled = dice_hits(d, 200) ? 100 : 0,
                              .late = dice_hits(d, 200) ? 100 : 0,
                              .garbled = odd && dice_hits(d, 200) ? 50 : 0,
                              .mute = odd && dice_hits(d, 200) ? 50 : 0,
                              .refused = odd && dice_hits(d, 200) ? 50 : 0,
                              .truncated = odd && dice_hits(d, 200) ? 50 : 0 };
        r->package = dice_hits(d, 250) ? (Package)dice_between(d, 1, r->traits.mini ? 3 : 2) : PACKAGE_GOOD;
        r->expected = dice_hits(d, 300);
        if (r->package != PACKAGE_GOOD && dice_hits(d, 500))
                add(r, dice_between(d, 60, 4 * 3600) * SECOND, INCIDENT_PUBLISH);
        if (population == POPULATION_MESSAGES)
                return;
        for (uint64_t n = dice_between(d, 0, 3); n > 0; n--)
                add_incident(r, odd);
}

/* ---- the wiring */

static void tell(Run *r, const char *who, const char *text)
{
        if (r->timeline)
                printf("%10.1f  %-6s %s\n", (double)r->now / (double)SECOND, who, text);
}

static void on_attached(void *userdata, unsigned product, bool at_port)
{
        Run *r = userdata;

        host_attached(r->host, product, at_port, r->now);
}

static void on_detached(void *userdata)
{
        Run *r = userdata;

        host_detached(r->host, r->now);
}

static void on_line(void *userdata, const char *line)
{
        Run *r = userdata;

        tell(r, "<", line);
        if (model_is_attached(r->model))
                host_line(r->host, line, r->now);
}

static void on_model_note(void *userdata, const char *text)
{
        tell(userdata, "module", text);
}

static const ModelObserver model_observer = { on_attached, on_detached, on_line, on_model_note };

static void on_command(void *userdata, const char *command)
{
        Run *r = userdata;

        tell(r, ">", command);
        model_command(r->model, command, r->now);
}

static void on_result(void *userdata)
{
        Run *r = userdata;

        r->new_at_end = model_is_new(r->model);
        r->stage_at_end = model_stage(r->model);
}

static void on_host_note(void *userdata, const char *text)
{
        tell(userdata, "fotad", text);
}

static const HostObserver host_observer = { on_command, on_result, on_host_note };

static void happen(Run *r, IncidentType type)
{
        switch (type) {
        case INCIDENT_POWER_CUT: model_power_cut(r->model, r->now, dice_between(&r->dice, 5, 60) * SECOND); return;
        case INCIDENT_RESET: model_reset(r->model, r->now); return;
        case INCIDENT_GLITCH: model_glitch(r->model, r->now); return;
        case INCIDENT_NETWORK_DOWN: model_set_network(r->model, false); return;
        case INCIDENT_NETWORK_UP: model_set_network(r->model, true); return;
        case INCIDENT_DAEMON_DIES:
                if (host_is_running(r->host))
                        host_kill(r->host);
                return;
        case INCIDENT_DAEMON_STARTS:
        case INCIDENT_GATEWAY_BOOTS:
                if (!host_is_running(r->host))
                        host_start(r->host, type == INCIDENT_GATEWAY_BOOTS, r->now);
                return;
        case INCIDENT_DISK_FULL: host_set_disk(r->host, false); return;
        case INCIDENT_DISK_WORKS: host_set_disk(r->host, true); return;
        case INCIDENT_CANCEL: host_cancel(r->host, r->now); return;
        case INCIDENT_RETRY: r->retried |= host_retry(r->host, r->now); return;
        case INCIDENT_PUBLISH: model_publish(r->model, PACKAGE_GOOD); return;
        }
}

/* ---- one run */

static void pass(Run *r, uint64_t until, unsigned *incident)
{
        for (;;) {
                uint64_t next = MIN(model_next(r->model), host_next(r->host));

                if (*incident < r->n_incidents)
                        next = MIN(next, r->incidents[*incident].at);
                if (next > until)
                        return;
                r->now = MAX(next, r->now);
                if (*incident < r->n_incidents && r->incidents[*incident].at <= r->now)
                        happen(r, r->incidents[(*incident)++].type);
                else if (model_next(r->model) <= r->now)
                        model_advance(r->model, r->now);
                else
                        host_advance(r->host, r->now);
                if (host_job(r->host) && host_job(r->host)->state == JOB_FINISHED && *incident >= r->n_incidents &&
                    r->now >= 3600 * SECOND && model_next(r->model) == NEVER)
                        return;
        }
}

/* Returns true if the message admits that the module may upgrade all the same. */
static bool is_uncertain(const Job *job)
{
        return job->domain == CODE_DOMAIN_HOST &&
               (job->code == HOST_UPDATE_TIMEOUT || job->code == HOST_MODULE_LOST || strstr(job->message, " may "));
}

static Kind judge_end(const Run *r, const Job *job)
{
        bool is_new = model_is_new(r->model);

        if (job->result == JOB_RESULT_SUCCESS)
                return r->new_at_end && r->stage_at_end == STAGE_IDLE ? KIND_RIGHT_SUCCESS : KIND_WRONG_SUCCESS;
        if (is_new || (r->stage_at_end != STAGE_IDLE && model_stage(r->model) != STAGE_IDLE))
                return is_uncertain(job) ? KIND_UNCERTAIN : KIND_WRONG_FAILURE;
        return job->result == JOB_RESULT_CANCELLED ? KIND_CANCELLED : KIND_RIGHT_FAILURE;
}

static Kind judge(const Run *r)
{
        const Job *job = host_job(r->host);
        const char *left = model_setting_left(r->model);

        if (host_steps_back(r->host))
                return KIND_PERCENT_BACK;
        if (model_upgrades(r->model) > 1)
                return KIND_SENT_TWICE;
        if (host_results(r->host) > 1)
                return KIND_RESULT_TWICE;
        if (model_writes_broken(r->model))
                return KIND_RESET_IN_WRITE;
        if (host_busy_ticks(r->host) > 3)
                return KIND_BUSY_LOOP;
        if (job->state != JOB_FINISHED && model_system(r->model) == SYSTEM_FIRMWARE)
                return KIND_STALLED_FOR_EVER;
        if (job->state != JOB_FINISHED)
                return job->state == JOB_STALLED ? KIND_STALLED : KIND_HANGING;
        if (left && !strstr(job->message, left))
                return KIND_SETTING_LEFT;
        return judge_end(r, job);
}

static Kind carry_out(uint64_t seed, Population population, bool timeline)
{
        Run r = { .seed = seed, .dice = { seed * 0x2545f4914f6cdd1du + 1 }, .timeline = timeline };
        unsigned incident = 0;
        Kind kind;

        draw(&r, population);
        r.model = model_new(&r.traits, &r.faults, &r.dice, &model_observer, &r);
        r.host = host_new(&r.traits, &host_observer, &r);
        model_publish(r.model, r.package);
        if (timeline)
                printf("%s at %s, package %d, firmware SMS %d, Mini SMS %d mute %d revision %s, boot URCs %d, lost "
                       "%u\n",
                       r.traits.mini ? "MiniFOTA" : "DFOTA", r.traits.uart ? "a UART" : "USB", (int)r.package,
                       r.traits.firmware_sms, r.traits.mini_sms, r.traits.mini_mute, r.traits.mini_revision ?: "none",
                       r.traits.boot_urcs, r.faults.lost);
        host_begin(r.host, !r.expected ? NULL : r.traits.mini ? MODEL_NEW_MINI : MODEL_NEW_DFOTA, r.now);
        pass(&r, HORIZON, &incident);
        model_set_network(r.model, true);
        model_end_faults(r.model);
        if (!host_is_running(r.host))
                host_start(r.host, false, r.now);
        host_set_disk(r.host, true);
        pass(&r, QUIET, &incident);
        kind = judge(&r);
        if (timeline)
                printf("%s: %s %s: %s\n", kinds[kind], job_result_to_string(host_job(r.host)->result),
                       job_error_name(host_job(r.host)), host_job(r.host)->message);
        host_free(r.host);
        model_free(r.model);
        return kind;
}

/* ---- many runs */

static gint64 from = 1, runs = 2000, shown = -1;
static char *population_name, *listed;

static const GOptionEntry entries[] = {
        { "from", 0, 0, G_OPTION_ARG_INT64, &from, "the first seed", "SEED" },
        { "runs", 0, 0, G_OPTION_ARG_INT64, &runs, "the number of runs of each population", "N" },
        { "population", 0, 0, G_OPTION_ARG_STRING, &population_name, "messages, ordinary or odd", "NAME" },
        { "list", 0, 0, G_OPTION_ARG_STRING, &listed, "list the seeds of this kind", "KIND" },
        { "timeline", 0, 0, G_OPTION_ARG_INT64, &shown, "print one run", "SEED" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
};

static unsigned explore(Population population)
{
        unsigned counts[_KIND_MAX] = { 0 }, wrong = 0;

        for (gint64 seed = from; seed < from + runs; seed++) {
                Kind kind = carry_out((uint64_t)seed, population, false);

                counts[kind]++;
                if (g_strcmp0(listed, kinds[kind]) == 0)
                        printf("%s %" G_GINT64_FORMAT "\n", populations[population], seed);
        }
        printf("%s: %" G_GINT64_FORMAT " upgrades\n", populations[population], runs);
        for (unsigned kind = 0; kind < _KIND_MAX; kind++) {
                if (kind >= _KIND_RIGHT_MAX)
                        wrong += counts[kind];
                if (counts[kind] || kind >= _KIND_RIGHT_MAX)
                        printf("%10u  %s\n", counts[kind], kinds[kind]);
        }
        return wrong;
}

int main(int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new(NULL);
        g_autoptr(GError) error = NULL;
        unsigned wrong = 0;

        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error)) {
                fprintf(stderr, "%s\n", error->message);
                return 2;
        }
        for (unsigned p = 0; p < G_N_ELEMENTS(populations); p++) {
                if (population_name && strcmp(population_name, populations[p]) != 0)
                        continue;
                if (shown >= 0)
                        carry_out((uint64_t)shown, (Population)p, true);
                else
                        wrong += explore((Population)p);
        }
        return wrong ? 1 : 0;
}
