/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every result code of the guide's chapter 6, as a module reports it and as a client reads it: the number is kept, the
 * code has its stable name, and the sentence names a remedy. Then the codes that real causes lead to. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "client-run.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

typedef struct CodeName {
        int number;
        const char *name;
} CodeName;

/* Guide 6.1, table 3. */
static const CodeName ftp_codes[] = {
        { 601, "unknown-error" },
        { 602, "service-blocked" },
        { 603, "service-busy" },
        { 604, "dns-failed" },
        { 605, "network-error" },
        { 606, "control-connection-closed" },
        { 607, "data-connection-closed" },
        { 608, "socket-closed-by-peer" },
        { 609, "timeout" },
        { 610, "invalid-parameter" },
        { 611, "file-open-failed" },
        { 612, "path-error" },
        { 613, "file-error" },
        { 614, "service-unavailable" },
        { 615, "data-connection-failed" },
        { 616, "transfer-aborted" },
        { 617, "file-not-requested" },
        { 618, "local-error" },
        { 619, "insufficient-storage" },
        { 620, "command-unrecognized" },
        { 621, "parameter-syntax" },
        { 622, "command-not-implemented" },
        { 623, "bad-command-sequence" },
        { 624, "parameter-not-implemented" },
        { 625, "login-failed" },
        { 626, "account-needed" },
        { 627, "action-not-taken" },
        { 628, "page-type-unknown" },
        { 629, "file-action-aborted" },
        { 600, "unlisted" },
        { 630, "unlisted" },
        { 714, "unlisted" }, /* of another table */
};

/* Guide 6.2, table 4. */
static const CodeName http_codes[] = {
        { 701, "unknown-error" },
        { 702, "timeout" },
        { 703, "busy" },
        { 704, "uart-busy" },
        { 705, "no-request" },
        { 706, "network-busy" },
        { 707, "network-open-failed" },
        { 708, "network-not-configured" },
        { 709, "network-deactivated" },
        { 710, "network-error" },
        { 711, "url-error" },
        { 712, "url-empty" },
        { 713, "ip-address-error" },
        { 714, "dns-failed" },
        { 715, "socket-create-failed" },
        { 716, "socket-connect-failed" },
        { 717, "socket-read-failed" },
        { 718, "socket-write-failed" },
        { 719, "socket-closed" },
        { 720, "encode-failed" },
        { 721, "decode-failed" },
        { 722, "read-timeout" },
        { 723, "response-failed" },
        { 724, "incoming-call-busy" },
        { 725, "voice-call-busy" },
        { 726, "input-timeout" },
        { 727, "data-timeout" },
        { 728, "response-timeout" },
        { 729, "out-of-memory" },
        { 730, "invalid-parameter" },
        /* in no table, yet some of them were seen in the field */
        { 420, "field-420" },
        { 570, "field-570" },
        { 12, "unlisted" },
        { 608, "unlisted" },
        { 731, "unlisted" },
        { 999, "unlisted" },
};

/* Guide 6.4, table 6. */
static const CodeName update_codes[] = {
        { 504, "update-failed" },    { 505, "package-check-failed" }, { 506, "md5-mismatch" },
        { 507, "version-mismatch" }, { 552, "project-mismatch" },     { 553, "baseline-mismatch" },
        { 508, "unlisted" },
};

static char *begin(World *w, const char *url)
{
        char *job = world_start(w, "", url, NULL);

        ck_assert_msg(job != NULL, "%s: %s", url, world_error_message(w));
        return job;
}

/* Asserts that DescribeCode has the name, and the remedy that the job's message ends with. */
static void check_described(World *w, const char *domain, int number, const char *name, const char *message)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *key, *value, *remedy = NULL;
        g_autofree char *end = NULL;
        int r;

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                            "DescribeCode", NULL, &reply, "si", domain, number),
                         0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                ck_assert_int_ge(sd_bus_message_read(reply, "s", &key), 0);
                if (strcmp(key, "retry") == 0) {
                        ck_assert_int_ge(sd_bus_message_skip(reply, "v"), 0);
                } else {
                        ck_assert_int_ge(sd_bus_message_read(reply, "v", "s", &value), 0);
                        if (strcmp(key, "name") == 0)
                                ck_assert_str_eq(value, name);
                        else if (strcmp(key, "what") == 0)
                                ck_assert_msg(g_str_has_prefix(message, value), "%s: %s", message, value);
                        else if (strcmp(key, "remedy") == 0)
                                remedy = value;
                }
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_int_eq(r, 0);
        ck_assert_ptr_nonnull(remedy);
        end = g_strconcat(": ", remedy, ".", NULL);
        ck_assert_msg(strstr(message, end) != NULL, "%s: %s", message, end);
}

/* Asserts a module's code as a client reads it. */
static void check_code(World *w, const char *job, const char *domain, int number, const char *name)
{
        g_autofree char *text = g_strdup_printf("%d", number), *named = g_strdup_printf(" code %d", number);
        g_autofree char *message = NULL;
        const char *remedy;

        world_assert_result(w, job, "failed", domain, name);
        world_assert_property(w, job, "ErrorCode", text);
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, named) != NULL, "the number is not in: %s", message);
        remedy = strstr(message, "): "); /* the number and the usual cause are in the parentheses */
        ck_assert_msg(remedy && strlen(remedy) > strlen("): ."), "no remedy in: %s", message);
        ck_assert(g_ascii_isupper(*message));
        check_described(w, domain, number, name, message);
        world_assert_property(w, MODULE_1, "Job", "/");
}

static void check_truth(World *w, unsigned jobs)
{
        g_autofree char *count = g_strdup_printf("%u", jobs);

        world_assert_sim(w, count, "get 1-1 qfotadl-count");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "get 1-3 bytes");
}

START_TEST(test_download_code)
{
        const CodeName *codes = _i ? ftp_codes : http_codes;
        unsigned n = _i ? G_N_ELEMENTS(ftp_codes) : G_N_ELEMENTS(http_codes);
        const char *domain = _i ? "ftp" : "http";
        g_autofree char *url = g_strconcat(domain, "://192.0.2.2/up.bin", NULL);
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);

        world_await_module(w, MODULE_1);
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *job = NULL;

                g_free(world_sim(w, "set 1-1 %s-code %d", domain, codes[i].number));
                job = begin(w, url);
                check_code(w, job, domain, codes[i].number, codes[i].name);
                world_assert_property(w, job, "Restarts", "0");
                world_assert_property(w, job, "FromRevision", OLD_REVISION);
        }
        check_truth(w, n);
        world_assert_sim(w, "0", "get 1-1 restarts");
        world_free(w);
}
END_TEST

/* 0: in the running firmware, before a START; no restart follows. 1: in the updater; the result waits for the
 * module. */
START_TEST(test_update_code)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        g_autofree char *url = NULL;
        ClientRun *r;

        url = world_publish(w);
        world_await_module(w, MODULE_1);
        for (unsigned i = 0; i < G_N_ELEMENTS(update_codes); i++) {
                g_autofree char *job = NULL;

                g_free(world_sim(w, "set 1-1 %s-code %d", _i ? "update" : "check", update_codes[i].number));
                if (_i == 1)
                        g_free(world_sim(w, "hold 1-1 end"));
                job = begin(w, url);
                if (_i == 1)
                        world_pass(w, "end");
                check_code(w, job, "update", update_codes[i].number, update_codes[i].name);
                world_assert_property(w, job, "Restarts", _i ? "2" : "0");
                world_assert_property(w, job, "ToRevision", OLD_REVISION);
                world_assert_property(w, MODULE_1, "System", "normal");
                world_assert_sim(w, "normal", "get 1-1 system");
        }
        check_truth(w, G_N_ELEMENTS(update_codes));
        r = client_begin_at(w, "watch", &(ClientTerminal){ .language = "de" }); /* the last job */
        client_finish(r, 1);
        ck_assert_msg(strstr(r->text->str, "Code gemeldet, der in keiner Tabelle steht"), "%s", r->text->str);
        client_free(r);
        world_free(w);
}
END_TEST

/* END,504 is no result yet: the module is in its updater, and the firmware that comes back is still unknown. */
START_TEST(test_failed_update_waits)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, "flash");
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 end"));
        g_free(world_sim(w, "hold 1-1 off:2"));
        job = begin(w, url);
        world_pass(w, "end");
        g_free(world_sim(w, "held 1-1 off:2"));
        world_await_property(w, job, "State", "restarting");
        world_assert_property(w, job, "Restarts", "1");
        world_assert_property(w, job, "Cancellable", "0");
        world_assert_property(w, MODULE_1, "Job", job);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 0);
        g_free(world_sim(w, "release 1-1"));
        check_code(w, job, "update", 504, "update-failed");
        world_assert_property(w, job, "Restarts", "2");
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
        check_truth(w, 1);
        world_free(w);
}
END_TEST

/* A fault, and the guide's code for it. */
static const struct {
        const char *source;      /* a URL, or http, https, ftp and a package's name */
        const char *key, *value; /* of the module during the upgrade */
        const char *domain;
        int number;
        const char *name;
} causes[] = {
        { "http missing.bin", NULL, NULL, "http", 711, "url-error" },
        { "https missing.bin", NULL, NULL, "http", 711, "url-error" },
        { "ftp missing.bin", NULL, NULL, "ftp", 611, "file-open-failed" },
        { "http://127.0.0.1:1/up.bin", NULL, NULL, "http", 716, "socket-connect-failed" }, /* no listener */
        { "https://127.0.0.1:1/up.bin", NULL, NULL, "http", 716, "socket-connect-failed" },
        { "ftp://127.0.0.1:1/up.bin", NULL, NULL, "ftp", 605, "network-error" },
        { "http://no.such.host.invalid/up.bin", NULL, NULL, "http", 714, "dns-failed" },
        { "ftp://no.such.host.invalid/up.bin", NULL, NULL, "ftp", 604, "dns-failed" },
        { "http redirected", NULL, NULL, "http", 723, "response-failed" },
        { "https up.bin", "tls-verify", "1", "http", 716, "socket-connect-failed" },
        { "http up.bin", "ufs-free", "100", "http", 729, "out-of-memory" },
        { "ftp up.bin", "ufs-free", "100", "ftp", 619, "insufficient-storage" },
        { "http up.bin", "registered", "2", "http", 707, "network-open-failed" },
        { "ftp up.bin", "registered", "0", "ftp", 605, "network-error" },
        { "http up.bin", "needs-pdp", "1", "http", 708, "network-not-configured" },
        { "http magic", NULL, NULL, "update", 505, "package-check-failed" },
        { "http truncated", NULL, NULL, "update", 505, "package-check-failed" },
        { "http digest", NULL, NULL, "update", 506, "md5-mismatch" },
        { "http from", NULL, NULL, "update", 507, "version-mismatch" },
        { "http project", NULL, NULL, "update", 552, "project-mismatch" },
        { "http baseline", NULL, NULL, "update", 553, "baseline-mismatch" },
        { "http flash", NULL, NULL, "update", 504, "update-failed" },
        { "ftp digest", NULL, NULL, "update", 506, "md5-mismatch" },
        { "https from", NULL, NULL, "update", 507, "version-mismatch" },
};

static char *url_of(World *w, const char *source)
{
        g_auto(GStrv) words = g_strsplit(source, " ", 2);

        if (!words[1])
                return g_strdup(source);
        return strcmp(words[0], "http") == 0    ? world_http(w, words[1])
               : strcmp(words[0], "https") == 0 ? world_https(w, words[1])
                                                : world_ftp(w, "gateway:s3cret-Pa55@", words[1]);
}

START_TEST(test_cause)
{
        static const char *const breaks[] = { "magic", "truncated", "digest", "from", "project", "baseline", "flash" };
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        g_autofree char *directory = world_path(w, "www/redirected"), *url = NULL, *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(breaks); i++)
                world_package(w, breaks[i], OLD_REVISION, NEW_REVISION, breaks[i]); /* named after its fault */
        ck_assert_int_eq(g_mkdir(directory, 0755), 0); /* servers redirect /directory to /directory/ */
        world_await_module(w, MODULE_1);
        for (unsigned i = 0; i < G_N_ELEMENTS(causes); i++) {
                g_autofree char *source = url_of(w, causes[i].source), *failed = NULL, *before = NULL;

                if (causes[i].key) {
                        before = world_sim(w, "get 1-1 %s", causes[i].key);
                        g_free(world_sim(w, "set 1-1 %s %s", causes[i].key, causes[i].value));
                }
                failed = begin(w, source);
                check_code(w, failed, causes[i].domain, causes[i].number, causes[i].name);
                if (before)
                        g_free(world_sim(w, "set 1-1 %s %s", causes[i].key, before));
        }
        check_truth(w, G_N_ELEMENTS(causes));

        /* None of these faults has harmed the module. */
        url = world_http(w, "up.bin");
        job = begin(w, url);
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("codes");

        suite_add(s, "download-code", test_download_code, 0, 2);
        suite_add(s, "update-code", test_update_code, 0, 2);
        suite_add(s, "failed-update-waits", test_failed_update_waits, 0, 1);
        suite_add(s, "cause", test_cause, 0, 1);
        return suite_run(s);
}
