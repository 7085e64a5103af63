/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "run.h"

#define HORIZON (24 * 3600 * SECOND) /* no fault and no incident after this */
#define QUIET   (48 * 3600 * SECOND) /* a job that still runs then has stalled */

static const char *const kinds[_KIND_MAX] = {
        [KIND_SUCCESS] = "success",
        [KIND_FAILURE] = "failure",
        [KIND_CANCELLED] = "cancelled",
        [KIND_UNCERTAIN] = "uncertain",
        [KIND_STALLED] = "stalled",
        [KIND_NOT_ADOPTED] = "not-adopted",
        [KIND_NO_RECORD] = "no-record",
        [KIND_BEGUN_ANEW] = "begun-anew",
        [KIND_WRONG_SUCCESS] = "wrong-success",
        [KIND_WRONG_FAILURE] = "wrong-failure",
        [KIND_STALLED_FOR_EVER] = "stalled-for-ever",
        [KIND_STALLED_WRONGLY] = "stalled-wrongly",
        [KIND_HANGING] = "hanging",
        [KIND_LOST] = "lost",
        [KIND_PERCENT_BACK] = "percent-back",
        [KIND_SETTING_LEFT] = "setting-left",
        [KIND_SENT_TWICE] = "sent-twice",
        [KIND_SENT_TO_ANOTHER] = "sent-to-another",
        [KIND_PACKAGE_DISTURBED] = "package-disturbed",
        [KIND_RESULT_TWICE] = "result-twice",
        [KIND_RESET_IN_WRITE] = "reset-in-write",
        [KIND_BUSY_LOOP] = "busy-loop",
        [KIND_PHASE_UNKNOWN] = "phase-unknown",
};

const char *kind_name(Kind kind)
{
        return kinds[kind];
}

/* The beginning or the end of an incident. */
typedef struct Due {
        uint64_t at;
        const Incident *incident;
        bool ends;
} Due;

/* The truth when a Result was sent, and the Result. */
typedef struct Verdict {
        JobResult result;
        CodeDomain domain;
        int code;
        char *message;
        bool is_new, swapped, other_is_named;
        bool works; /* the module downloads or updates, or will */
} Verdict;

typedef struct Run {
        const Plan *plan;
        Dice dice;
        Faults faults;
        Model *model;
        Host *host;
        uint64_t now;
        bool timeline;
        bool over; /* no incident begins any more */
        GArray *due;
        unsigned counts[_TRIGGER_MAX];
        Verdict settled; /* the truth when the result was settled, which may wait for the disk before it is sent */
        bool is_settled;
        unsigned commands_sent, retries, to_another, disturbed; /* about AT+QFOTADL */
        unsigned daemons_off;                                   /* incidents that keep the daemon from running */
        GArray *verdicts;
        uint64_t verdict_at;
} Run;

static void tell(Run *r, const char *who, const char *text)
{
        if (r->timeline)
                printf("%10.1f  %-6s %s\n", (double)r->now / (double)SECOND, who, text);
}

/* ---- incidents */

static void schedule(Run *r, uint64_t at, const Incident *incident, bool ends)
{
        Due due = { at, incident, ends };
        unsigned i = r->due->len;

        while (i > 0 && g_array_index(r->due, Due, i - 1).at > at)
                i--;
        g_array_insert_val(r->due, i, due);
}

static void kill_daemon(Run *r)
{
        r->daemons_off++;
        host_kill(r->host);
}

static void start_daemon(Run *r, bool boot)
{
        if (--r->daemons_off == 0)
                host_start(r->host, boot, r->now);
}

static void begin_incident(Run *r, const Incident *i)
{
        switch (i->type) {
        case INCIDENT_POWER_CUT: model_power_cut(r->model, r->now, i->lasts); return;
        case INCIDENT_RESET: model_reset(r->model, r->now); return;
        case INCIDENT_GLITCH: model_glitch(r->model, r->now, i->lasts); return;
        case INCIDENT_HANG: model_hang(r->model, r->now, i->lasts); return;
        case INCIDENT_DUMP: model_dump(r->model, r->now, i->lasts); return;
        case INCIDENT_SWAP: model_swap(r->model, r->now, i->lasts == 1); return;
        case INCIDENT_PORT_LOST: host_lose_port(r->host, r->now); return;
        case INCIDENT_NETWORK: model_set_network(r->model, false); return;
        case INCIDENT_DAEMON:
        case INCIDENT_GATEWAY: kill_daemon(r); return;
        case INCIDENT_POWER:
                kill_daemon(r);
                model_power_cut(r->model, r->now, i->lasts);
                return;
        case INCIDENT_SUSPEND: host_suspend(r->host, r->now); return;
        case INCIDENT_DISK_FULL: host_set_disk(r->host, DISK_FULL); return;
        case INCIDENT_DISK_READ_ONLY: host_set_disk(r->host, DISK_READ_ONLY); return;
        case INCIDENT_CANCEL: host_cancel(r->host, r->now); return;
        case INCIDENT_RETRY: r->retries += host_retry(r->host, r->now); return;
        case INCIDENT_DISMISS: host_dismiss(r->host, r->now); return;
        case INCIDENT_PUBLISH: model_publish(r->model, PACKAGE_GOOD); return;
        case _INCIDENT_MAX: return;
        }
}

static void end_incident(Run *r, const Incident *i)
{
        switch (i->type) {
        case INCIDENT_NETWORK: model_set_network(r->model, true); return;
        case INCIDENT_DAEMON: start_daemon(r, false); return;
        case INCIDENT_GATEWAY:
        case INCIDENT_POWER: start_daemon(r, true); return;
        case INCIDENT_SUSPEND: host_wake(r->host, r->now); return;
        case INCIDENT_DISK_FULL:
        case INCIDENT_DISK_READ_ONLY: host_set_disk(r->host, DISK_WORKS); return;
        case INCIDENT_POWER_CUT:
        case INCIDENT_RESET:
        case INCIDENT_GLITCH:
        case INCIDENT_HANG:
        case INCIDENT_DUMP:
        case INCIDENT_SWAP:
        case INCIDENT_PORT_LOST:
        case INCIDENT_CANCEL:
        case INCIDENT_RETRY:
        case INCIDENT_DISMISS:
        case INCIDENT_PUBLISH:
        case _INCIDENT_MAX: return;
        }
}

/* The incidents that end by an event of the run; the model ends the others. */
static bool has_end(IncidentType type)
{
        return type == INCIDENT_NETWORK || type == INCIDENT_DAEMON || type == INCIDENT_GATEWAY ||
               type == INCIDENT_POWER || type == INCIDENT_SUSPEND || type == INCIDENT_DISK_FULL ||
               type == INCIDENT_DISK_READ_ONLY;
}

static void happen(Run *r, const Incident *i)
{
        begin_incident(r, i);
        if (has_end(i->type))
                schedule(r, MIN(r->now + i->lasts, HORIZON), i, true);
}

/* The death of the daemon and a full disk take effect at once, all other incidents once the host has nothing to do. */
static bool is_immediate(IncidentType type)
{
        return type == INCIDENT_DAEMON || type == INCIDENT_GATEWAY || type == INCIDENT_DISK_FULL ||
               type == INCIDENT_DISK_READ_ONLY;
}

static void count(Run *r, Trigger trigger)
{
        unsigned n = ++r->counts[trigger];

        for (unsigned i = 0; !r->over && i < r->plan->incidents->len; i++) {
                const Incident *incident = &g_array_index(r->plan->incidents, Incident, i);

                if (incident->trigger != trigger || incident->at != n)
                        continue;
                if (is_immediate(incident->type))
                        happen(r, incident);
                else
                        schedule(r, r->now, incident, false);
        }
}

/* ---- the wiring */

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

static void on_step(void *userdata)
{
        count(userdata, TRIGGER_STEP);
}

static void on_model_note(void *userdata, const char *text)
{
        tell(userdata, "module", text);
}

static const ModelObserver model_observer = { on_attached, on_detached, on_line, on_step, on_model_note };

static void on_command(void *userdata, const char *command)
{
        Run *r = userdata;
        const Job *job = host_job(r->host);
        bool upgrade = g_str_has_prefix(command, "AT+QFOTADL=") && !g_str_has_suffix(command, "=?");

        count(r, TRIGGER_COMMAND);
        if (!host_is_running(r->host))
                return;
        tell(r, ">", command);
        if (!model_is_attached(r->model))
                return;
        r->commands_sent += upgrade;
        r->to_another += upgrade && model_is_swapped(r->model);
        r->disturbed += model_is_receiving(r->model) && job && job->result == JOB_RESULT_NONE && !job->abandon &&
                        !job->disconnected && !job->transferred;
        model_command(r->model, command, r->now);
        count(r, TRIGGER_BEHIND_COMMAND);
}

static void on_bytes(void *userdata, uint64_t bytes)
{
        Run *r = userdata;
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " bytes", bytes);

        tell(r, ">", text);
        if (model_is_attached(r->model))
                model_bytes(r->model, bytes, r->now);
}

static bool on_takes_bytes(void *userdata)
{
        Run *r = userdata;

        return model_takes_bytes(r->model, r->now);
}

static void note_truth(Run *r, const Job *job)
{
        r->is_settled = true;
        r->settled = (Verdict){ .domain = job->domain,
                                .code = job->code,
                                .is_new = model_is_new(r->model),
                                .swapped = model_is_swapped(r->model),
                                .other_is_named = model_is_other_named(r->model),
                                .works = model_works(r->model) };
}

static void on_action(void *userdata)
{
        Run *r = userdata;
        const Job *job = host_job(r->host);

        if (job && job->result == JOB_RESULT_NONE)
                r->is_settled = false;
        else if (job && (!r->is_settled || r->settled.code != job->code || r->settled.domain != job->domain))
                note_truth(r, job);
        count(r, TRIGGER_ACTION);
}

static void on_persisted(void *userdata)
{
        count(userdata, TRIGGER_PERSIST);
}

static void on_result(void *userdata)
{
        Run *r = userdata;
        const Job *job = host_job(r->host);
        Verdict v;

        if (!r->is_settled)
                note_truth(r, job);
        v = r->settled;
        v.result = job->result;
        v.message = g_strdup(job->message);
        g_array_append_val(r->verdicts, v);
        r->verdict_at = r->now;
}

static void on_host_note(void *userdata, const char *text)
{
        tell(userdata, "fotad", text);
}

static const HostObserver host_observer = { on_command, on_bytes,  on_takes_bytes, on_action,
                                            on_persisted, on_result, on_host_note };

/* ---- time */

static bool is_quiet(const Run *r)
{
        const Job *job = host_job(r->host);

        return job && job->state == JOB_FINISHED && !r->plan->request.adopted && r->due->len == 0 &&
               r->now >= 3600 * SECOND && model_next(r->model) == NEVER && host_next(r->host) == NEVER;
}

static void pass(Run *r, uint64_t until)
{
        for (;;) {
                uint64_t due = r->due->len > 0 ? g_array_index(r->due, Due, 0).at : NEVER;
                uint64_t next = MIN(MIN(model_next(r->model), host_next(r->host)), due);

                if (next > until)
                        return;
                r->now = MAX(next, r->now);
                if (due <= r->now) {
                        Due d = g_array_index(r->due, Due, 0);

                        g_array_remove_index(r->due, 0);
                        if (d.ends)
                                end_incident(r, d.incident);
                        else
                                happen(r, d.incident);
                } else if (model_next(r->model) <= r->now) {
                        model_advance(r->model, r->now);
                } else {
                        host_advance(r->host, r->now);
                }
                if (is_quiet(r))
                        return;
        }
}

/* ---- the verdict */

/* The rules are strict: success only with the new firmware running; no failure and no cancel if the module finishes, or
 * works on when the verdict is made; one AT+QFOTADL, and one more for each retry; one Result of a job; an end, or a stall
 * for the reason that is named; each setting put back or named. These are all exceptions:
 *
 * counted as   | if                                   | since
 * -------------+--------------------------------------+-----------------------------------------------------------------
 * uncertain    | the message admits it (admissions)   | a person who reads it looks at the module before a second try
 * success      | another module is there, whose IMEI  | the first module runs the new firmware, and nothing at a UART
 *              | fotad has not read yet               | shows the change
 * failure      | another module is there, and the     | the first module is out of reach; the message sends a person to
 *              | message says so                      | both modules
 * stalled      | the module hangs or has crashed for  | only a person can cycle its power; no package can be named then
 *              | good, whatever package is named      |
 * not-adopted  | another program's upgrade has no job | the port of an idle module is closed, and a MiniFOTA may end
 *              |                                      | between two looks at the identity
 * no-record    | the record was removed on a full     | the end could not be kept, which the journal says; the Result is
 *              | disk, and the daemon died then       | lost with the daemon
 * begun-anew   | a retry of another program's         | a firmware that was never asked before cannot be told from a Mini
 *              | MiniFOTA begins the upgrade anew     | system if an answer is missing or there is no SIM; the retry, which
 *              |                                      | a person wants, is not to wait for ever
 * (not judged) | settings of the module, of an        | the other program changed them, too; power/control is judged
 *              | adopted upgrade                      |
 * (not judged) | settings of a module that was        | it is not there; the message names them
 *              | replaced                             |
 * (not judged) | radio and contexts of a module that  | only a person can cycle its power, which undoes them
 *              | hangs or has crashed for good        |
 * (not judged) | power/control, while the module is   | the daemon keeps the module awake until the watch ends
 *              | watched after its job                |
 * (not judged) | a command into a package, after a    | fotad may write to the port again: after a restart the module does
 *              | disconnection, in giving up, and     | not wait for the package, a given-up package must fail, and a
 *              | when all bytes are said to be sent   | complete package is no longer received
 * (not drawn)  | swaps of modules to be adopted       | a module is known by its place until its IMEI was read */

static const char *const admissions[] = {
        "may still upgrade",
        "may still begin",
        "may still be writing its flash",
        "may still load a package",
        "may go on once its power is cycled",
        "may run either firmware",
        "may have taken place",
        "though it had reported success",
        "or its end was not seen",
};

/* Returns true if the message admits that the module may upgrade, or may have upgraded, all the same. */
static bool is_uncertain(const Verdict *v)
{
        for (unsigned i = 0; v->domain == CODE_DOMAIN_HOST && i < G_N_ELEMENTS(admissions); i++)
                if (strstr(v->message, admissions[i]))
                        return true;
        return false;
}

static Kind judge_verdict(const Run *r, const Verdict *v)
{
        if (v->result == JOB_RESULT_SUCCESS)
                return v->is_new && !v->works && !v->other_is_named ? KIND_SUCCESS : KIND_WRONG_SUCCESS;
        if (v->swapped && v->domain == CODE_DOMAIN_HOST && v->code == HOST_MODULE_REPLACED)
                return KIND_FAILURE;
        if (model_is_new(r->model) || v->works)
                return is_uncertain(v) ? KIND_UNCERTAIN : KIND_WRONG_FAILURE;
        return v->result == JOB_RESULT_CANCELLED ? KIND_CANCELLED : KIND_FAILURE;
}

static Kind judge_stall(const Run *r, const Job *job)
{
        Stage stage = model_stage(r->model);
        bool first = strstr(job->message, ".mini_1"), second = strstr(job->message, ".mini_2");

        if (model_system(r->model) == SYSTEM_FIRMWARE && !model_is_stuck(r->model))
                return KIND_STALLED_FOR_EVER;
        if (job->state != JOB_STALLED)
                return KIND_HANGING;
        if (!model_is_stuck(r->model) &&
            ((stage == STAGE_MINI_1 && second && !first) || (stage == STAGE_MINI_2 && first && !second)))
                return KIND_STALLED_WRONGLY;
        return KIND_STALLED;
}

static bool is_setting_left(const Run *r, const Job *job)
{
        const char *left = model_is_swapped(r->model) ? NULL : model_setting_left(r->model);

        if (job->origin == JOB_ORIGIN_ADOPTED)
                left = NULL;
        return (left && !strstr(job->message, left)) || (host_leaves_power(r->host) && !model_is_swapped(r->model));
}

static Kind judge(const Run *r)
{
        const Job *job = host_job(r->host);
        Kind worst = KIND_SUCCESS;
        bool adopted = r->plan->request.adopted;

        if (host_steps_back(r->host))
                return KIND_PERCENT_BACK;
        if (r->commands_sent > !adopted + r->retries || model_upgrades(r->model) > 1 + (adopted ? r->retries : 0))
                return KIND_SENT_TWICE;
        if (r->to_another)
                return KIND_SENT_TO_ANOTHER;
        if (r->disturbed)
                return KIND_PACKAGE_DISTURBED;
        if (host_results(r->host) > 1)
                return KIND_RESULT_TWICE;
        if (model_writes_broken(r->model))
                return KIND_RESET_IN_WRITE;
        if (host_busy_ticks(r->host))
                return KIND_BUSY_LOOP;
        if (host_phases_unknown(r->host))
                return KIND_PHASE_UNKNOWN;
        for (unsigned i = 0; i < r->verdicts->len; i++)
                worst = MAX(worst, judge_verdict(r, &g_array_index(r->verdicts, Verdict, i)));
        if (worst >= _KIND_RIGHT_MAX)
                return worst;
        if (model_upgrades(r->model) > 1)
                worst = KIND_BEGUN_ANEW;
        if (!job && adopted && r->verdicts->len == 0)
                return KIND_NOT_ADOPTED;
        if (!job)
                return host_removed_record(r->host) ? KIND_NO_RECORD : KIND_LOST;
        if (job->state != JOB_FINISHED)
                return judge_stall(r, job);
        if (is_setting_left(r, job))
                return KIND_SETTING_LEFT;
        return r->verdicts->len > 0 ? worst : KIND_LOST;
}

/* ---- one run */

static char *describe(const Run *r)
{
        const Job *job = host_job(r->host);

        if (!job)
                return g_strdup("there is no job");
        return g_strdup_printf("%s %s %s: %s", job_state_to_string(job->state), job_result_to_string(job->result),
                               job_error_name(job), job->message);
}

static void clear_verdict(void *verdict)
{
        g_free(((Verdict *)verdict)->message);
}

static void begin(Run *r)
{
        const Plan *plan = r->plan;

        memcpy(r->faults.rates, plan->rates, sizeof(plan->rates));
        faults_begin(&r->faults, plan->script, plan->seed * 0x9e6c63d0876a9a47u + 5);
        r->dice.state = plan->seed * 0x2545f4914f6cdd1du + 1;
        r->due = g_array_new(FALSE, FALSE, sizeof(Due));
        r->verdicts = g_array_new(FALSE, FALSE, sizeof(Verdict));
        g_array_set_clear_func(r->verdicts, clear_verdict);
        r->model = model_new(&plan->traits, &r->faults, &r->dice, &model_observer, r);
        r->host = host_new(&plan->traits, &plan->request, &host_observer, r);
        for (unsigned i = 0; i < plan->incidents->len; i++) {
                const Incident *incident = &g_array_index(plan->incidents, Incident, i);

                if (incident->trigger == TRIGGER_TIME)
                        schedule(r, incident->at, incident, false);
        }
        model_publish(r->model, plan->package);
        host_begin(r->host, r->now);
        if (plan->request.adopted) {
                pass(r, 60 * SECOND);
                r->now = MAX(r->now, 60 * SECOND);
                model_begin_elsewhere(r->model, r->now);
        }
}

Outcome run_carry_out(const Plan *plan, bool timeline)
{
        Run r = { .plan = plan, .timeline = timeline };
        Outcome outcome = { 0 };
        uint64_t settled;

        begin(&r);
        pass(&r, HORIZON);
        r.now = MAX(r.now, HORIZON);
        r.over = r.faults.over = true;
        pass(&r, QUIET);
        settled = model_settled_at(r.model);
        outcome.kind = judge(&r);
        outcome.faults = g_array_ref(r.faults.happened);
        outcome.sentence = describe(&r);
        outcome.timed = settled > 0 && r.verdict_at >= settled;
        outcome.delay = r.verdict_at - settled;
        memcpy(outcome.counts, r.counts, sizeof(r.counts));
        if (timeline)
                printf("%s: %s\n", kinds[outcome.kind], outcome.sentence);
        host_free(r.host);
        model_free(r.model);
        g_array_unref(r.due);
        g_array_unref(r.verdicts);
        faults_end(&r.faults);
        return outcome;
}

void outcome_clear(Outcome *outcome)
{
        g_clear_pointer(&outcome->faults, g_array_unref);
        g_clear_pointer(&outcome->sentence, g_free);
}

void plan_clear(Plan *plan)
{
        g_clear_pointer(&plan->incidents, g_array_unref);
        g_clear_pointer(&plan->script, g_array_unref);
}

/* ---- the plan for people */

static const char *incident_name(IncidentType type)
{
        static const char *const names[_INCIDENT_MAX] = {
                [INCIDENT_POWER_CUT] = "power cut of the module",
                [INCIDENT_RESET] = "the module crashes and restarts",
                [INCIDENT_GLITCH] = "USB glitch",
                [INCIDENT_HANG] = "the module hangs",
                [INCIDENT_DUMP] = "the module crashes without a restart",
                [INCIDENT_SWAP] = "another module takes the place",
                [INCIDENT_PORT_LOST] = "the port is lost",
                [INCIDENT_NETWORK] = "no network, or no server",
                [INCIDENT_DAEMON] = "the daemon is killed",
                [INCIDENT_GATEWAY] = "the gateway reboots",
                [INCIDENT_POWER] = "power cut of gateway and module",
                [INCIDENT_SUSPEND] = "the host is suspended",
                [INCIDENT_DISK_FULL] = "the disk is full",
                [INCIDENT_DISK_READ_ONLY] = "the disk is read-only",
                [INCIDENT_CANCEL] = "a cancel",
                [INCIDENT_RETRY] = "a retry",
                [INCIDENT_DISMISS] = "a dismiss",
                [INCIDENT_PUBLISH] = "the package is published",
        };

        return names[type];
}

static void print_incident(const Incident *i)
{
        static const char *const triggers[_TRIGGER_MAX] = {
                "", "action", "record", "command", "(behind) command", "step of the module",
        };

        if (i->trigger == TRIGGER_TIME)
                printf("  at %.1f s", (double)i->at / (double)SECOND);
        else
                printf("  at %s %" G_GUINT64_FORMAT, triggers[i->trigger], i->at);
        printf(": %s", incident_name(i->type));
        if (i->lasts == NEVER)
                printf(", for good\n");
        else if (i->lasts > 1)
                printf(", for %.1f s\n", (double)i->lasts / (double)SECOND);
        else
                printf("\n");
}

void plan_print(const Plan *plan)
{
        static const char *const sources[_SOURCE_MAX] = { "HTTP", "HTTPS", "FTP", "FILE" };
        static const char *const flows[_FLOW_MAX] = { "works", "is refused", "is kept off", "has no wires" };
        static const char *const parts[_PART_MAX] = { "none", "off", "boot", "start", "fetch", "write", "reply" };
        const Traits *t = &plan->traits;
        const Request *q = &plan->request;

        printf("%s by %s at %s%s%s%s%s%s%s\n", t->mini ? "MiniFOTA" : t->small ? "DFOTA of 8 MiB" : "DFOTA",
               sources[t->source], t->uart ? "a UART" : "USB", q->adopted ? ", begun by another program" : "",
               q->expected ? ", expected-revision" : "", q->context ? ", cid and apn" : "",
               q->check_source ? ", check-source" : "", q->unreadable ? ", the package cannot be read" : "",
               q->power_auto ? ", power/control auto" : "");
        printf("  SIM %d, SMS %d, boot URCs %d, progress %d, messages off %d, slow %u, long %s %.0f s\n", t->sim,
               t->firmware_sms, t->boot_urcs, t->progress, t->messages_off, t->slow, parts[t->long_part],
               (double)t->long_time / (double)SECOND);
        if (t->mini)
                printf("  Mini system: SMS %d, mute %d, revision %s, product %d\n", t->mini_sms, t->mini_mute,
                       t->mini_revision ?: "none", t->mini_product);
        else
                printf("  updater: answers %d, begins without a restart %d\n", t->updater_answers, t->at_once);
        if (t->source == SOURCE_FILE)
                printf("  %" G_GUINT64_FORMAT " bytes, flow control %s, host has RTS %d, gives up after %.0f s\n",
                       t->file_size, flows[t->flow], q->host_flow,
                       t->file_idle == NEVER ? -1. : (double)t->file_idle / (double)SECOND);
        for (unsigned i = 0; i < plan->incidents->len; i++)
                print_incident(&g_array_index(plan->incidents, Incident, i));
        for (unsigned i = 0; plan->script && i < plan->script->len; i++) {
                const Fault *f = &g_array_index(plan->script, Fault, i);

                printf("  line %u: %s\n", f->opportunity, fault_name(f->type));
        }
}
