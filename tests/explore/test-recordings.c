/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each recording of tests/recordings leads to its verdict, with the restarts and the message that it has: its module is
 * played to the real core in simulated time; and to the same verdict if the daemon dies and starts again behind any of
 * its events. Whatever the core asks and the recording lacks is answered ERROR. */

#include <check.h>
#include <string.h>

#include "../list-files.h"
#include "../sim/recorded.h"
#include "host-private.h"

#define PATIENCE    (120 * SECOND) /* for a command that the recording has */
#define DAY         (24 * 3600 * SECOND)
#define SECONDS_MAX 300

static GPtrArray *files;

typedef struct Replay {
        const Recording *r;
        Host *host;
        unsigned at;     /* the event that comes next */
        GQueue commands; /* of the host, not answered yet */
        uint64_t now;
        uint64_t base; /* the time of an event, and in the recording */
        uint64_t base_at;
        unsigned lacks;
} Replay;

/* ---- the host */

static void on_command(void *userdata, const char *command)
{
        Replay *p = userdata;

        g_queue_push_tail(&p->commands, g_strdup(command));
}

static void on_bytes(void *userdata, uint64_t bytes)
{
        (void)userdata, (void)bytes;
}

static bool on_takes_bytes(void *userdata)
{
        (void)userdata;
        return true;
}

static void on_nothing(void *userdata)
{
        (void)userdata;
}

static void on_note(void *userdata, const char *text)
{
        (void)userdata, (void)text;
}

static const HostObserver observer = {
        on_command, on_bytes, on_takes_bytes, on_nothing, on_nothing, on_nothing, on_note
};

/* ---- answers */

/* Answers out of turn. */
static void answer(Replay *p, const char *command)
{
        int i = recorded_find(p->r, command, p->at, true);
        const RecordingEvent *event;

        if (i < 0) {
                p->lacks++;
                host_line(p->host, "ERROR", p->now);
                return;
        }
        while (++i < (int)p->r->events->len && (event = recorded_event(p->r, (unsigned)i))->word != RECORDING_SENT) {
                if (event->word == RECORDING_RECEIVED)
                        host_line(p->host, event->text, p->now);
                if (event->word == RECORDING_RECEIVED && recorded_is_final(event->text))
                        return;
        }
}

/* ---- time */

/* Lets the host do what is due until then; its commands wait. */
static void advance_to(Replay *p, uint64_t until)
{
        while (host_next(p->host) <= until) {
                p->now = MAX(p->now, host_next(p->host));
                host_advance(p->host, p->now);
        }
        p->now = MAX(p->now, until);
}

static void set_base(Replay *p, const RecordingEvent *event)
{
        p->base = p->now;
        p->base_at = event->at;
}

/* Waits for the command of the event, and answers others. Returns false if it does not come. */
static bool await_command(Replay *p, const RecordingEvent *event)
{
        uint64_t until = p->now + PATIENCE;

        for (;;) {
                g_autofree char *command = g_queue_pop_head(&p->commands);

                if (command && recorded_is_same(command, event->text))
                        return true;
                if (command)
                        answer(p, command);
                else if (host_next(p->host) > until)
                        return false;
                else
                        advance_to(p, host_next(p->host));
        }
}

static void await_open(Replay *p)
{
        uint64_t until = p->now + PATIENCE;

        while (!p->host->open && host_next(p->host) <= until)
                advance_to(p, host_next(p->host));
}

/* Returns true if fotad had an AT port before the device left again. */
static bool has_port(const Replay *p)
{
        for (unsigned i = p->at + 1; i < p->r->events->len && recorded_event(p->r, i)->word != RECORDING_GONE; i++)
                if (recorded_event(p->r, i)->word == RECORDING_OPEN)
                        return true;
        return false;
}

static void skip_answer(Replay *p)
{
        while (p->at + 1 < p->r->events->len) {
                const RecordingEvent *next = recorded_event(p->r, p->at + 1);

                if (next->word == RECORDING_SENT || next->word == RECORDING_GONE)
                        return;
                p->at++;
                if (next->word == RECORDING_RECEIVED && recorded_is_final(next->text))
                        return;
        }
}

static void play_event(Replay *p)
{
        const RecordingEvent *event = recorded_event(p->r, p->at);

        if (event->word != RECORDING_SENT)
                advance_to(p, p->base + (event->at - p->base_at));
        switch (event->word) {
        case RECORDING_SENT:
                if (!await_command(p, event))
                        skip_answer(p);
                set_base(p, event);
                break;
        case RECORDING_RECEIVED: host_line(p->host, event->text, p->now); break;
        case RECORDING_OPEN:
                await_open(p);
                set_base(p, event);
                break;
        case RECORDING_GONE: host_detached(p->host, p->now); break;
        case RECORDING_DEVICE:
                if (!p->host->attached)
                        host_attached(p->host, (unsigned)g_ascii_strtoull(event->text + 5, NULL, 16), has_port(p),
                                      p->now);
                break;
        case RECORDING_INTERFACE:
        case RECORDING_TTY:
        case RECORDING_TTY_GONE:
        case RECORDING_CLOSE:
        case RECORDING_NOTE:
        case RECORDING_DROPPED:
        case _RECORDING_WORD_MAX: break;
        }
}

/* The module says no more by itself. */
static void play_end(Replay *p)
{
        uint64_t until = p->now + DAY;

        while (host_job(p->host) && host_job(p->host)->state != JOB_FINISHED && p->now < until) {
                g_autofree char *command = g_queue_pop_head(&p->commands);

                if (command)
                        answer(p, command);
                else if (host_next(p->host) > until)
                        return;
                else
                        advance_to(p, host_next(p->host));
        }
}

/* ---- the job */

/* The rest of the first event with that word and beginning, "" none. */
static const char *find_text(const Recording *r, RecordingWord word, const char *beginning)
{
        for (unsigned i = 0; i < r->events->len; i++)
                if (recorded_event(r, i)->word == word && g_str_has_prefix(recorded_event(r, i)->text, beginning))
                        return recorded_event(r, i)->text + strlen(beginning);
        return "";
}

static const char *find_imei(const Recording *r)
{
        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = recorded_event(r, i);

                if (event->word == RECORDING_RECEIVED && strlen(event->text) == 15 &&
                    strspn(event->text, "0123456789") == 15)
                        return event->text;
        }
        return "";
}

/* The revision's letters up to its first digits and the letter behind: EC200A, EG800K. */
static char *find_model(const char *revision)
{
        size_t letters = strcspn(revision, "0123456789"), digits = strspn(revision + letters, "0123456789");

        return g_strndup(revision, letters + digits + 1);
}

static Recording *load(const char *file)
{
        g_autofree char *text = NULL, *why = NULL;
        gsize length;
        Recording *r;

        ck_assert_msg(g_file_get_contents(file, &text, &length, NULL), "%s cannot be read", file);
        r = recording_parse(text, length, &why);
        ck_assert_msg(r, "%s: %s", file, why);
        ck_assert_msg(recording_head(r, "verdict"), "%s names no verdict", file);
        return r;
}

static char *verdict_of(const Job *job)
{
        const char *name = job_error_name(job);

        return g_strdup_printf("%s%s%s", job_result_to_string(job->result), *name ? " " : "", name);
}

/* cut: the daemon dies behind that event, and starts again; -1: it does not. Returns the job's end. */
static Job *play(const Recording *r, int cut, unsigned *ret_lacks)
{
        const char *revision = find_text(r, RECORDING_NOTE, "revision before the upgrade: ");
        g_autofree char *model = find_model(revision), *why = NULL;
        const Traits traits = { .source = SOURCE_HTTP,
                                .mini = identity_method(model, revision) == METHOD_MINIFOTA,
                                .uart = g_str_has_prefix(recording_head(r, "module") ?: "", "tty-") };
        const Request request = { .host_flow = false };
        g_autoptr(Host) host = NULL;
        Replay p = { .r = r, .now = SECOND };
        Job *end;

        g_queue_init(&p.commands);
        p.host = host = host_new(&traits, &request, &observer, &p);
        host->product = (unsigned)g_ascii_strtoull(find_text(r, RECORDING_DEVICE, "2c7c:"), NULL, 16);
        host_begin(host, p.now);
        job_set_string(&host->job->imei, find_imei(r));
        job_set_string(&host->job->model, model);
        job_set_string(&host->job->from_revision, revision);
        g_free(host->disk);
        host->disk = job_to_text(host->job);
        p.base = p.now;
        for (; p.at < r->events->len; p.at++) {
                play_event(&p);
                if ((int)p.at != cut)
                        continue;
                host_kill(host); /* what it has sent the module has */
                host_start(host, false, p.now);
                if (host->attached && host->at_port)
                        await_open(&p); /* messages to a closed port would be lost */
                p.base = p.now;
                p.base_at = recorded_event(r, p.at)->at;
        }
        play_end(&p);
        g_queue_clear_full(&p.commands, g_free);
        *ret_lacks = p.lacks;
        end = job_from_text(host->disk ?: host->ended, "1", &why);
        ck_assert_msg(end, "%s", why);
        return end;
}

START_TEST(whole)
{
        const char *file = g_ptr_array_index(files, _i);
        g_autoptr(Recording) r = load(file);
        unsigned lacks, restarts = 0;
        g_autoptr(Job) job = play(r, -1, &lacks);
        g_autofree char *verdict = verdict_of(job);
        g_autofree char *result = g_strdup_printf("%s: %s", job_result_to_string(job->result), job->message);

        for (unsigned i = 0; i < r->events->len; i++)
                restarts += recorded_event(r, i)->word == RECORDING_NOTE &&
                            g_str_has_prefix(recorded_event(r, i)->text, "restart ");
        ck_assert_msg(strcmp(verdict, recording_head(r, "verdict")) == 0, "%s: %s: %s", file, verdict, job->message);
        ck_assert_msg(strcmp(result, find_text(r, RECORDING_NOTE, "result ")) == 0, "%s: %s", file, result);
        ck_assert_msg(job->restarts == restarts, "%s: %u restarts instead of %u", file, job->restarts, restarts);
        ck_assert_msg(lacks == 0, "%s lacks %u answers", file, lacks);
}
END_TEST

START_TEST(cut_at_every_event)
{
        const char *file = g_ptr_array_index(files, _i);
        g_autoptr(Recording) r = load(file);

        for (int cut = 0; cut < (int)r->events->len; cut++) {
                unsigned lacks;
                g_autoptr(Job) job = play(r, cut, &lacks);
                g_autofree char *verdict = verdict_of(job);

                ck_assert_msg(strcmp(verdict, recording_head(r, "verdict")) == 0,
                              "%s, cut behind %s (event %d): %s: %s", file, recorded_event(r, (unsigned)cut)->text, cut,
                              verdict, job->message);
        }
}
END_TEST

START_TEST(all_are_there)
{
        ck_assert_uint_ge(files->len, 10);
}
END_TEST

static void find_files(void)
{
        g_autofree char *directory = g_build_filename(g_getenv("srcdir") ?: ".", "tests", "recordings", NULL);

        files = list_files(directory, ".txt");
}

int main(void)
{
        TCase *t = tcase_create("recordings");
        Suite *s = suite_create("recordings");
        SRunner *runner;
        int failed;

        find_files();
        tcase_set_timeout(t, SECONDS_MAX);
        tcase_add_test(t, all_are_there);
        tcase_add_loop_test(t, whole, 0, (int)files->len);
        tcase_add_loop_test(t, cut_at_every_event, 0, (int)files->len);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
