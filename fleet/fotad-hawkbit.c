/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad-hawkbit: a target of hawkBit for each module of fotad. Carries out what the targets decide (core/target), and
 * tells them what fotad and the server say. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/target.h"
#include "fotad.h"
#include "http.h"
#include "log.h"
#include "package.h"
#include "settings.h"
#include "store.h"

#define EXIT_CONFIG 78 /* EX_CONFIG, which the unit knows */

typedef struct Bridge {
        sd_event *event;
        Settings *settings;
        TargetSettings common;
        char *server;          /* its URL, with the tenant */
        const char *directory; /* of the state */
        Http *http;
        Packages *packages;
        Fotad *fotad;
        GHashTable *entries;  /* by the IMEI */
        GHashTable *refusals; /* modules whose controller id belongs to another one: their IMEIs */
} Bridge;

/* A target, and what waits for it. */
typedef struct Entry {
        Bridge *bridge;
        Target *target;
        sd_event_source *timer;
        bool reached, unreachable; /* the server, as the log has it */
} Entry;

static void advance(Entry *e);

static const Job *find_job(void *userdata, const char *request_id)
{
        return fotad_find_job(userdata, request_id);
}

static Facts facts_of(const Entry *e)
{
        Fotad *f = e->bridge->fotad;
        uint64_t date = 0;

        sd_event_now(e->bridge->event, CLOCK_REALTIME, &date);
        return (Facts){ .module = fotad_find_module(f, target_record(e->target)->imei),
                        .listed = fotad_is_listed(f),
                        .version = fotad_version(f),
                        .date = date,
                        .find_job = find_job,
                        .userdata = f };
}

static uint64_t now_of(const Bridge *b)
{
        uint64_t now = 0;

        sd_event_now(b->event, CLOCK_MONOTONIC, &now);
        return now;
}

static unsigned roll(void)
{
        return (unsigned)g_random_int_range(0, TARGET_DICE + 1);
}

/* ---- the server */

static char *url_of(const Entry *e, const char *path)
{
        g_autofree char *id = g_uri_escape_string(target_record(e->target)->controller, NULL, FALSE);

        return g_strconcat(e->bridge->server, "/controller/v1/", id, path, NULL);
}

static void log_answer(Entry *e, const HttpAnswer *answer)
{
        const char *id = target_record(e->target)->controller;
        bool served = answer->status >= 200 && answer->status < 300;

        if (served && !e->reached)
                log_info("%s: the server answers", id);
        else if (!served && !e->unreachable && answer->error)
                log_warning("%s: the server cannot be reached: %s", id, answer->error);
        else if (!served && !answer->error)
                log_warning("%s: the server answers with status %u", id, answer->status);
        e->reached = served;
        e->unreachable = answer->error != NULL;
}

static void on_answer(void *userdata, const HttpAnswer *answer)
{
        Entry *e = userdata;
        Facts facts = facts_of(e);

        log_answer(e, answer);
        target_answered(e->target, &facts, answer->status, answer->body, answer->retry_after, now_of(e->bridge),
                        roll());
        advance(e);
}

static void request(Entry *e, const TargetAction *action)
{
        g_autofree char *url = url_of(e, action->path);

        http_send(e->bridge->http,
                  &(HttpRequest){ .method = action->method,
                                  .url = url,
                                  .controller = target_record(e->target)->controller,
                                  .body = action->body,
                                  .fd = -1 },
                  on_answer, e);
}

typedef struct Download {
        Entry *entry;
        char *action;
} Download;

static void on_package(void *userdata, PackageResult result, const char *why, unsigned retry_after)
{
        Download *d = userdata;
        Entry *e = d->entry;
        TargetDownload said = result == PACKAGE_READY   ? TARGET_FILE_READY
                              : result == PACKAGE_LATER ? TARGET_FILE_LATER
                                                        : TARGET_FILE_REFUSED;

        if (result != PACKAGE_READY)
                log_warning("%s: %s", target_record(e->target)->controller, why);
        target_downloaded(e->target, d->action, said, why, retry_after, now_of(e->bridge), roll());
        g_free(d->action);
        g_free(d);
        advance(e);
}

static void download(Entry *e)
{
        const Record *r = target_record(e->target);
        g_autofree char *path = store_package_path(e->bridge->directory, r);
        Download *d = g_new(Download, 1);

        *d = (Download){ .entry = e, .action = g_strdup(r->action) };
        packages_fetch(e->bridge->packages,
                       &(PackageOrder){ .controller = r->controller,
                                        .url = r->download,
                                        .path = path,
                                        .sha256 = r->sha256,
                                        .size = r->size },
                       on_package, d);
}

/* ---- fotad */

static void on_started(void *userdata, const char *error, const char *message)
{
        Entry *e = userdata;
        Facts facts = facts_of(e);

        if (error)
                log_warning("%s: fotad does not start the upgrade now: %s", target_record(e->target)->controller,
                            message);
        target_started(e->target, &facts, error, message);
        advance(e);
}

static void start(Entry *e)
{
        const Record *r = target_record(e->target);
        FotadStart s = { .imei = r->imei,
                         .source = r->source,
                         .revision = r->revision,
                         .request_id = target_request_id(e->target),
                         .sha256 = r->sha256,
                         .fd = -1 };

        log_info("%s: deployment %s: upgrade to %s", r->controller, r->action, r->revision);
        if (*r->download) {
                g_autofree char *path = store_package_path(e->bridge->directory, r);

                s.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                if (s.fd < 0) {
                        on_started(e, SD_BUS_ERROR_FAILED, g_strerror(errno));
                        return;
                }
        }
        fotad_start(e->bridge->fotad, &s, on_started, e);
        if (s.fd >= 0)
                close(s.fd);
}

static void on_cancelled(void *userdata, const char *error, const char *message)
{
        Entry *e = userdata;

        if (error)
                log_warning("%s: fotad does not cancel the upgrade: %s", target_record(e->target)->controller, message);
        target_cancelled(e->target, error);
        advance(e);
}

/* ---- targets */

static void write_record(Entry *e)
{
        const Record *r = target_record(e->target);

        target_written(e->target, store_write(e->bridge->directory, r), now_of(e->bridge));
        if (r->stage >= STAGE_ENDED) {
                g_autofree char *package = store_package_path(e->bridge->directory, r);

                unlink(package);
                log_info("%s: deployment %s %s: %s", r->controller, r->action,
                         r->stage == STAGE_CLOSED ? "is closed" : "has ended", r->details);
        }
}

/* Carries out what the target decides, until it waits. */
static void advance(Entry *e)
{
        Bridge *b = e->bridge;

        for (;;) {
                Facts facts = facts_of(e);
                TargetAction action = target_next(e->target, &facts, now_of(b));

                switch (action.kind) {
                case TARGET_WRITE: write_record(e); break;
                case TARGET_START: start(e); break;
                case TARGET_CANCEL: fotad_cancel(b->fotad, action.path, on_cancelled, e); break;
                case TARGET_REQUEST: request(e, &action); break;
                case TARGET_DOWNLOAD: download(e); break;
                case TARGET_WAIT:
                        sd_event_source_set_time(e->timer, action.until);
                        sd_event_source_set_enabled(e->timer,
                                                    action.until == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
                        return;
                }
                g_free(action.path);
                g_free(action.body);
        }
}

static int on_time(sd_event_source *source, uint64_t time, void *userdata)
{
        (void)source;
        (void)time;
        advance(userdata);
        return 0;
}

static void add_entry(Bridge *b, Record *record)
{
        Entry *e = g_new0(Entry, 1);

        e->bridge = b;
        e->target = target_new(record, &b->common, now_of(b), roll());
        if (sd_event_add_time(b->event, &e->timer, CLOCK_MONOTONIC, 0, 0, on_time, e) < 0)
                g_error("the event loop takes no timer");
        g_hash_table_insert(b->entries, record->imei, e);
}

static void entry_free(void *data)
{
        Entry *e = data;

        sd_event_source_disable_unref(e->timer);
        target_free(e->target);
        g_free(e);
}

static char *fill(const Bridge *b, const Module *module)
{
        const char *const values[][2] = { { "%{imei}", module->imei },
                                          { "%{gateway}", b->settings->gateway },
                                          { "%{module}", module->id } };
        char *id = g_strdup(b->settings->controller);

        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                g_auto(GStrv) parts = g_strsplit(id, values[i][0], -1);

                g_free(id);
                id = g_strjoinv(values[i][1], parts);
        }
        return id;
}

static bool is_taken(const Bridge *b, const char *controller)
{
        GHashTableIter i;
        void *value;

        g_hash_table_iter_init(&i, b->entries);
        while (g_hash_table_iter_next(&i, NULL, &value))
                if (strcmp(target_record(((const Entry *)value)->target)->controller, controller) == 0)
                        return true;
        return false;
}

/* A target for each module that has none. */
static void add_modules(Bridge *b)
{
        g_autoptr(GPtrArray) imeis = fotad_list_modules(b->fotad);

        for (unsigned i = 0; i < imeis->len; i++) {
                const char *imei = g_ptr_array_index(imeis, i);
                g_autofree char *controller = NULL;

                if (g_hash_table_contains(b->entries, imei) || g_hash_table_contains(b->refusals, imei))
                        continue;
                controller = fill(b, fotad_find_module(b->fotad, imei));
                if (is_taken(b, controller)) {
                        log_error("the module with the IMEI %s is no target: the one with another IMEI is %s", imei,
                                  controller);
                        g_hash_table_add(b->refusals, g_strdup(imei));
                } else {
                        add_entry(b, record_new(b->server, controller, imei));
                }
        }
}

static void on_changed(void *userdata, const char *imei)
{
        Bridge *b = userdata;
        GHashTableIter i;
        void *value;

        if (!b->fotad)
                return;
        add_modules(b);
        if (imei && (value = g_hash_table_lookup(b->entries, imei))) {
                advance(value);
        } else if (!imei) {
                g_hash_table_iter_init(&i, b->entries);
                while (g_hash_table_iter_next(&i, NULL, &value))
                        advance(value);
        }
}

static void on_lost(void *userdata)
{
        Bridge *b = userdata;

        log_error("the bus is lost");
        sd_event_exit(b->event, EXIT_FAILURE);
}

/* ---- the program */

static int bridge_open(Bridge *b, const char *config)
{
        g_autoptr(GPtrArray) records = NULL;
        FotadObserver observer = { .changed = on_changed, .lost = on_lost, .userdata = b };
        sigset_t signals;
        int r;

        b->settings = settings_read(config);
        if (!b->settings)
                return EXIT_CONFIG;
        b->server = g_strconcat(b->settings->url, "/", b->settings->tenant, NULL);
        b->common = (TargetSettings){ .server = b->server,
                                      .gateway = b->settings->gateway,
                                      .interval = b->settings->interval * (uint64_t)G_USEC_PER_SEC };
        b->directory = g_getenv("STATE_DIRECTORY") ?: "/var/lib/fotad-hawkbit";
        records = store_read(b->directory, b->server);
        if (!records)
                return EXIT_FAILURE;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        if (sd_event_default(&b->event) < 0 || sd_event_add_signal(b->event, NULL, SIGTERM, NULL, NULL) < 0 ||
            sd_event_add_signal(b->event, NULL, SIGINT, NULL, NULL) < 0)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < records->len; i++) {
                Record *record = g_ptr_array_index(records, i);

                if (g_hash_table_contains(b->entries, record->imei))
                        log_error("%s: another target has this IMEI as well", record->controller);
                else
                        add_entry(b, g_steal_pointer(&record));
                g_clear_pointer(&record, record_free);
        }
        b->http = http_new(b->event, b->settings);
        if (!b->http)
                return EXIT_FAILURE;
        b->packages = packages_new(b->http, b->settings->url);
        r = fotad_new(b->event, &observer, &b->fotad);
        if (r < 0) {
                log_error("the system bus cannot be used: %s", g_strerror(-r));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

static void bridge_close(Bridge *b)
{
        g_clear_pointer(&b->http, http_free);
        g_clear_pointer(&b->packages, packages_free);
        g_clear_pointer(&b->fotad, fotad_free);
        g_hash_table_unref(b->entries);
        g_hash_table_unref(b->refusals);
        g_clear_pointer(&b->settings, settings_free);
        g_free(b->server);
        sd_event_unref(b->event);
}

static int run(const char *config)
{
        Bridge b = { .entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free),
                     .refusals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
        int status = bridge_open(&b, config);

        if (status == EXIT_SUCCESS) {
                sd_notify(false, "READY=1");
                status = sd_event_loop(b.event);
        }
        bridge_close(&b);
        return status < 0 ? EXIT_FAILURE : status;
}

static int check(const char *config)
{
        g_autoptr(Settings) settings = settings_read(config);

        return settings ? EXIT_SUCCESS : EXIT_CONFIG;
}

int main(int argc, char **argv)
{
        static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                                 { "check-config", no_argument, NULL, 'k' },
                                                 { "help", no_argument, NULL, 'h' },
                                                 { "version", no_argument, NULL, 'V' },
                                                 { NULL, 0, NULL, 0 } };
        const char *config = CONFIG_FILE;
        bool only_check = false;
        int option;

        while ((option = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
                switch (option) {
                case 'c': config = optarg; break;
                case 'k': only_check = true; break;
                case 'h':
                        puts("fotad-hawkbit [--config FILE] [--check-config]\n\n"
                             "Makes each module of fotad a target of a hawkBit server: fotad-hawkbit(8).\n\n"
                             "  --config FILE    read this file instead of " CONFIG_FILE "\n"
                             "  --check-config   read the configuration, say what is wrong with it, and end\n"
                             "  --help           print this text\n"
                             "  --version        print the version");
                        return EXIT_SUCCESS;
                case 'V': puts("fotad-hawkbit " PACKAGE_VERSION); return EXIT_SUCCESS;
                default: return 2;
                }
        }
        return only_check ? check(config) : run(config);
}
