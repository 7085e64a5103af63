/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The life of a job, whatever the module, time, the disk and people do: AT+QFOTADL is sent once, and once more for each
 * retry, each time after the record says so; one Result; the percentage never goes back; success only with a revision;
 * no password in a record of a job that has ended; each record can be read again; and no loop without time. Input: a
 * script; the first three bytes are the module and the request. The host is that of the explorer, and the script takes
 * the place of its module. */

#include <string.h>

#include "core/quectel/identity.h"
#include "fuzz.h"
#include "host-private.h"

#define STEPS_MAX 400

const unsigned fuzz_runs = 600;

typedef struct Life {
        Host *host;
        Traits traits;
        Request request;
        uint64_t now;
        bool attached;
        const char *revision;       /* that the module reports */
        char *asked;                /* the last command, NULL once it is answered */
        bool obedient;              /* each command is answered as a firmware does */
        unsigned commands, retries; /* AT+QFOTADL, and requests for another one */
        unsigned beyond_start;      /* resets after the update has begun */
} Life;

/* ---- the host's side */

/* Disk, then wire: the record has the URL of the command. */
static void check_record(const Life *l, const char *command)
{
        g_autofree char *why = NULL;
        g_autoptr(Job) saved = l->host->disk ? job_from_text(l->host->disk, host_job(l->host)->id, &why) : NULL;
        g_autofree char *start = NULL;

        g_assert(saved && saved->sent);
        start = g_strdup_printf("AT+QFOTADL=\"%s\"", saved->source);
        g_assert(saved->from_host || g_str_has_prefix(command, start));
}

static void on_command(void *userdata, const char *command)
{
        Life *l = userdata;
        const Job *job = host_job(l->host);

        fuzz_check_command(command);
        if (g_str_has_prefix(command, "AT+QFOTADL=\"")) {
                l->commands++;
                check_record(l, command);
        }
        if (job && strcmp(command, "AT+CFUN=1,1") == 0)
                l->beyond_start += job->reached >= JOB_REACHED_UPDATING && job->state != JOB_FINISHED;
        g_free(l->asked);
        l->asked = g_strdup(command);
}

static void on_bytes(void *userdata, uint64_t bytes)
{
        const Life *l = userdata;

        g_assert(bytes <= l->traits.file_size);
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

static void on_result(void *userdata)
{
        Life *l = userdata;
        const Job *job = host_job(l->host);
        g_autofree char *record = job_to_text(job);

        g_assert(job->result != JOB_RESULT_NONE && *job->message && !strchr(job->message, '\n'));
        g_assert((job_percent_shown(job) == 100) == (job->result == JOB_RESULT_SUCCESS));
        g_assert(!strstr(record, HOST_PASSWORD));
        g_assert(!l->host->disk || strstr(l->host->disk, "\nResult="));
        if (job->result != JOB_RESULT_SUCCESS)
                return;
        g_assert(*job->to_revision);
        if (l->request.expected && !l->request.adopted)
                g_assert(strcmp(job->to_revision, model_new_revision(&l->traits)) == 0);
}

static void on_note(void *userdata, const char *text)
{
        (void)userdata;
        g_assert(!strstr(text, HOST_PASSWORD));
}

static const HostObserver observer = {
        on_command, on_bytes, on_takes_bytes, on_nothing, on_nothing, on_result, on_note
};

/* ---- the module's side */

static void say(Life *l, const char *line)
{
        host_line(l->host, line, l->now);
}

/* The commands that only a firmware knows. */
static const char *const of_firmware[] = { "AT+CMGF?", "AT+CPBS?", "AT+CSSN?", "AT+QCFG=\"usbnet\"", "AT+IFC?" };

static bool is_mini(const Life *l)
{
        return l->traits.mini && strcmp(l->revision, model_new_revision(&l->traits)) != 0 &&
               strcmp(l->revision, model_old_revision(&l->traits)) != 0;
}

/* The answer of a firmware, or of a Mini system, to the last command. */
static void answer(Life *l)
{
        static const char *const answers[][2] = {
                { "AT+CMEE?", "+CMEE: 1" },
                { "AT+CGSN", MODEL_IMEI },
                { "AT+GSN", MODEL_IMEI },
                { "AT+CPIN?", "+CPIN: READY" },
                { "AT+CEREG?", "+CEREG: 0,1" },
                { "AT+QURCCFG=\"urcport\"", "+QURCCFG: \"urcport\",\"usbmodem\"" },
                { "AT+QCFG=\"usbifc\"", "+QCFG: \"usbifc\",0,0" },
                { "AT+IFC?", "+IFC: 0,0" },
                { "AT+CMGF?", "+CMGF: 0" },
                { "AT+CPBS?", "+CPBS: \"SM\",0,100" },
                { "AT+CSSN?", "+CSSN: 0,0" },
                { "AT+QCFG=\"usbnet\"", "+QCFG: \"usbnet\",1" },
                { "AT+QICSGP=2", "+QICSGP: 1,\"before\",\"\",\"\",0" },
                { "AT+QCFG=\"fota/cid\"", "+QCFG: \"fota/cid\",1" },
                { "AT+QFOTADL=?", "+QFOTADL: <URL>,(0,1),(0,5-100),(0,5-100)" },
        };
        g_autofree char *asked = g_steal_pointer(&l->asked),
                        *build = g_strconcat("+QGMR: ", l->revision, "_01.001", NULL);

        if (!asked)
                return;
        for (size_t i = 0; is_mini(l) && i < G_N_ELEMENTS(of_firmware); i++)
                if (strcmp(asked, of_firmware[i]) == 0) {
                        say(l, "ERROR");
                        return;
                }
        if (strcmp(asked, "ATI") == 0 || strcmp(asked, "AT+CGMR") == 0 || strcmp(asked, "AT+GMR") == 0)
                say(l, l->revision);
        if (strcmp(asked, "AT+QGMR") == 0)
                say(l, build);
        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
                if (strcmp(asked, answers[i][0]) == 0)
                        say(l, answers[i][1]);
        say(l, "OK");
}

static void obey(Life *l)
{
        for (unsigned i = 0; l->obedient && l->asked && i < 64; i++)
                answer(l);
}

static const char *const messages[] = {
        "OK",
        "ERROR",
        "+CME ERROR: 100",
        "RDY",
        "APP RDY",
        "POWERED DOWN",
        "+QIND: \"FOTA\",\"HTTPSTART\"",
        "+QIND: \"FOTA\",\"FTPSTART\"",
        "+QIND: \"FOTA\",\"FILESTART\"",
        "+QIND: \"FOTA\",\"DOWNLOADING\",20",
        "+QIND: \"FOTA\",\"DOWNLOADING\",100",
        "+QIND: \"FOTA\",\"HTTPEND\",0",
        "+QIND: \"FOTA\",\"HTTPEND\",701",
        "+QIND: \"FOTA\",\"FTPEND\",0",
        "+QIND: \"FOTA\",\"FTPEND\",614",
        "+QIND: \"FOTA\",\"FILEEND\",0",
        "+QIND: \"FOTA\",\"FILEEND\",402",
        "+QIND: \"FOTA\",\"START\"",
        "+QIND: \"FOTA\",\"UPDATING\",7",
        "+QIND: \"FOTA\",\"UPDATING\",96",
        "+QIND: \"FOTA\",\"END\",0",
        "+QIND: \"FOTA\",\"END\",504",
        "+QIND: \"FOTA\",\"END\",552",
        "+QIND: \"FOTA\",\"Last upgrade was not finished\"",
        "+CREG: 1",
};

/* ---- the script */

static void pass(Life *l, uint64_t time)
{
        uint64_t until = l->now + time;

        for (unsigned i = 0; i < STEPS_MAX && host_next(l->host) <= until; i++) {
                l->now = MAX(l->now, host_next(l->host));
                host_advance(l->host, l->now);
                obey(l);
        }
        l->now = until;
}

/* Events of the USB, which a module at a UART does not have. */
static void detach(Life *l)
{
        if (l->attached && !l->traits.uart)
                host_detached(l->host, l->now);
        l->attached = l->traits.uart;
}

static void attach(Life *l, unsigned product, bool at_port)
{
        if (!l->attached)
                host_attached(l->host, product, at_port, l->now);
        l->attached = true;
}

static void set_revision(Life *l, unsigned choice)
{
        static const char *const others[] = { "MINI_V01.00", "EC200ACNHAR01A09M16", "", "x", "SYSSTART" };

        choice %= G_N_ELEMENTS(others) + 2;
        l->revision = choice == 0   ? model_old_revision(&l->traits)
                      : choice == 1 ? model_new_revision(&l->traits)
                                    : others[choice - 2];
}

static void step(Life *l, Script *s)
{
        static const unsigned products[] = { 0x6005, 0x6002, 0x0903, 0 };
        static const uint64_t times[] = { SECOND / 5,   SECOND,       5 * SECOND,   30 * SECOND,  60 * SECOND,
                                          180 * SECOND, 300 * SECOND, 420 * SECOND, 900 * SECOND, 3600 * SECOND };
        unsigned n = script_byte(s);

        if (n >= 0x80) { /* half of all steps are messages */
                say(l, messages[n % G_N_ELEMENTS(messages)]);
                return;
        }
        switch (n % 21) {
        case 0: pass(l, times[script_byte(s) % G_N_ELEMENTS(times)]); return;
        case 1: answer(l); return;
        case 2: l->obedient = !l->obedient; return;
        case 3: detach(l); return;
        case 4:
                n = script_byte(s);
                detach(l);
                attach(l, products[n % G_N_ELEMENTS(products)], n < 0xc0);
                return;
        case 5: {
                g_autofree char *text = script_text(s, 0x1e);

                say(l, text);
                return;
        }
        case 6: set_revision(l, script_byte(s)); return;
        case 7: host_kill(l->host); return;
        case 8: host_start(l->host, false, l->now); return;
        case 9: host_start(l->host, true, l->now); return;
        case 10:
                host_kill(l->host);
                host_start(l->host, false, l->now);
                return;
        case 11: host_set_disk(l->host, (Disk)(script_byte(s) % 3)); return;
        case 12: host_suspend(l->host, l->now); return;
        case 13: host_wake(l->host, l->now); return;
        case 14: host_lose_port(l->host, l->now); return;
        case 15: host_cancel(l->host, l->now); return;
        case 16: l->retries += host_retry(l->host, l->now); return;
        case 17: host_dismiss(l->host, l->now); return;
        case 18: /* a restart */
                detach(l);
                pass(l, 5 * SECOND);
                attach(l, 0x6005, true);
                pass(l, SECOND);
                return;
        case 19: pass(l, SECOND); return;
        case 20:
                pass(l, host_next(l->host) == NEVER ? 0 : host_next(l->host) - MIN(l->now, host_next(l->host)));
                return;
        }
}

static void draw(Life *l, Script *s)
{
        unsigned traits = script_byte(s), request = script_byte(s), source = script_byte(s);

        l->traits = (Traits){
                .mini = traits & 1, .uart = traits & 2, .small = traits & 4, .slow = 1, .file_size = 12000
        };
        l->traits.source = (Source)(source % (l->traits.mini ? SOURCE_FILE : _SOURCE_MAX));
        l->request = (Request){ .adopted = request & 1 && l->traits.source != SOURCE_FILE,
                                .expected = request & 2,
                                .context = request & 4,
                                .check_source = request & 8,
                                .server_fails = request & 16,
                                .unreadable = request & 32,
                                .host_flow = request & 64,
                                .power_auto = request & 128 };
        l->obedient = traits & 8;
        set_revision(l, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        Script s = script_new(bytes, size);
        Life l = { .attached = true };

        draw(&l, &s);
        l.host = host_new(&l.traits, &l.request, &observer, &l);
        host_begin(l.host, l.now);
        obey(&l);
        for (unsigned i = 0; i < STEPS_MAX && !script_is_over(&s); i++) {
                step(&l, &s);
                obey(&l);
        }
        pass(&l, 24 * 3600 * SECOND);
        g_assert_cmpuint(l.commands, <=, !l.request.adopted + l.retries);
        g_assert_cmpuint(host_steps_back(l.host), ==, 0);
        g_assert_cmpuint(host_results(l.host), <=, 1);
        g_assert_cmpuint(host_busy_ticks(l.host), ==, 0);
        g_assert_cmpuint(l.beyond_start, ==, 0);
        host_free(l.host);
        g_free(l.asked);
        return 0;
}
