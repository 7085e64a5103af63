/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page in Cockpit: Debian's cockpit-ws and bridge serve it, and a headless Chromium clicks through it (the program
 * "click"), with one module that takes DFOTA and one that takes MiniFOTA. Its calls go to the world's bus. Skipped
 * without root's rights, or if Cockpit or Chromium is not installed. */

#include <check.h>
#include <glib/gstdio.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codes.h"
#include "presets.h"
#include "suite.h"
#include "texts.h"
#include "world-private.h"

#define SKIPPED 77 /* automake knows this status */

#define COCKPIT_WS "/usr/lib/cockpit/cockpit-ws"
#define NOBODY     "65534"

/* Longer than the browser needs on a busy machine while a module is held. */
#define CONFIG "start=100\ndownload-idle=100\nupdate-idle=100\nrestart=100\nsettle=2\nstall=2\n"

#define MINI_OLD "EC600MCNLER06A08M08"
#define MINI_NEW "EC600MCNLER06A09M08"
#define LAST     "EC200AEUHAR01A04M16"

static const char *const languages[] = { "de", "zh_CN" };

/* ---- sentences, for the comparison of the page's translations with fotactl's */

static bool is_of_code(const char *text)
{
        for (size_t i = 0; i < code_table_size; i++) {
                const Code *code = &code_table[i];

                if (strcmp(text, code->what) == 0 || strcmp(text, code->cause) == 0 || strcmp(text, code->remedy) == 0)
                        return true;
        }
        return false;
}

/* The templates and the texts of codes: fotactl has other texts, too, of which the page has none. */
static const char *translated(const char *text)
{
        return *text && (g_strv_contains(texts, text) || is_of_code(text)) ? gettext(text) : text;
}

/* The template with values in it. */
static char *filled(const char *template)
{
        static const char *const values[] = { "usb-1-1", "ttyUSB1", OLD_REVISION };
        GString *s = g_string_new(NULL);
        unsigned n = 0;

        for (const char *p = template; *p; p++) {
                if (*p != '%') {
                        g_string_append_c(s, *p);
                        continue;
                }
                switch (*++p) {
                case 's': g_string_append(s, values[n++ % G_N_ELEMENTS(values)]); break;
                case 'd': g_string_append_c(s, '7'); break;
                default: g_string_append_c(s, *p);
                }
        }
        return g_string_free(s, FALSE);
}

/* Each template, alone and with another one as its remedy or after it. */
static GPtrArray *sentences(void)
{
        static const char *const joints[] = { ": ", "; ", ". " };
        GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

        for (size_t i = 0; texts[i]; i++) {
                g_autofree char *first = filled(texts[i]), *second = NULL;

                second = filled(texts[texts[i + 1] ? i + 1 : 0]);
                g_ptr_array_add(all, g_strconcat(first, joints[i % G_N_ELEMENTS(joints)], second, NULL));
                g_ptr_array_add(all, g_steal_pointer(&first));
        }
        return all;
}

/* Writes a line for each sentence: English, and its translation as fotactl prints it. In a process of its own, for the
 * language. */
static void write_sentences(World *w, const char *language)
{
        g_autofree char *file = g_strdup_printf("%s/sentences.%s", w->directory, language);
        g_autofree char *directory = g_strdup_printf("%s/locale/%s/LC_MESSAGES", w->directory, language);
        g_autofree char *above = world_path(w, "locale"), *link = g_build_filename(directory, "fotad.mo", NULL);
        g_autofree char *compiled = g_strdup_printf("%s/po/%s.gmo", g_getenv("abs_top_srcdir"), language);
        g_autoptr(GPtrArray) all = sentences();
        g_autoptr(GString) lines = g_string_new(NULL);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
        ck_assert_int_eq(symlink(compiled, link), 0);
        g_setenv("LANGUAGE", language, TRUE);
        ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
        bindtextdomain("fotad", above);
        bind_textdomain_codeset("fotad", "UTF-8");
        textdomain("fotad");
        for (guint i = 0; i < all->len; i++) {
                const char *sentence = g_ptr_array_index(all, i);
                g_autofree char *words = texts_translate(sentence, translated);

                g_string_append_printf(lines, "%s\t%s\n", sentence, words);
        }
        ck_assert(g_file_set_contents(file, lines->str, -1, NULL));
}

static void write_all_sentences(World *w)
{
        for (size_t i = 0; i < G_N_ELEMENTS(languages); i++) {
                int status;
                pid_t pid = fork();

                if (pid == 0) {
                        write_sentences(w, languages[i]);
                        _exit(0);
                }
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert_int_eq(status, 0);
        }
}

/* ---- Cockpit */

/* The page as it is installed. */
static void install_page(World *w)
{
        g_autofree char *place = world_path(w, "share/cockpit/fotad");
        g_autofree char *command = g_strdup_printf("mkdir -p '%s' && cd '%s/cockpit' && "
                                                   "cp *.json *.html *.css *.js '%s'/cockpit/*.js '%s'",
                                                   place, g_getenv("abs_top_srcdir"), g_getenv("abs_top_builddir"),
                                                   place);

        ck_assert_int_eq(system(command), 0);
}

/* Cockpit without a login: a session of that user, whose bridge finds the page, the bus, and the built fotactl. */
static char *start_cockpit(World *w, const char *user)
{
        unsigned number = world_free_port();
        g_autofree char *port = g_strdup_printf("%u", number), *log = g_strdup_printf("%s/%s.log", w->directory, user);
        g_autofree char *share = g_strdup_printf("XDG_DATA_HOME=%s/share", w->directory);
        g_autofree char *home = g_strdup_printf("HOME=%s/home-%s", w->directory, user);
        g_autofree char *temporary = g_strdup_printf("TMPDIR=%s/uploads", w->directory);
        g_autofree char *path = g_strdup_printf("PATH=%s/client:%s", g_getenv("abs_top_builddir"), g_getenv("PATH"));
        char *argv[] = { "setpriv",
                         "--reuid",
                         (char *)user,
                         "--regid",
                         (char *)user,
                         "--clear-groups",
                         "env",
                         share,
                         home,
                         path,
                         temporary,
                         COCKPIT_WS,
                         "--no-tls",
                         "--address",
                         "127.0.0.1",
                         "--port",
                         port,
                         "--local-session=cockpit-bridge",
                         NULL };

        world_spawn(w, argv, NULL, log, log);
        world_await_server(w, number);
        return g_strdup_printf("http://127.0.0.1:%s", port);
}

/* ---- the browser */

/* Runs "click", which asks for what only the world can do by a line of output, and waits for a line of input then. */
static void run_browser(World *w, const char *root, const char *nobody)
{
        g_autofree char *program = g_build_filename(g_getenv("abs_top_srcdir"), "tests/cockpit/click", NULL);
        g_autofree char *server = world_http(w, "");
        const char *argv[] = { program, w->directory, root, nobody, server, NULL };
        g_autoptr(GError) error = NULL;
        g_autofree char *line = NULL;
        size_t size = 0;
        int in, out, status;
        FILE *lines;
        GPid pid;

        ck_assert_msg(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                               &in, &out, NULL, &error),
                      "%s", error ? error->message : "");
        lines = fdopen(out, "r");
        while (getline(&line, &size, lines) > 0) {
                if (strcmp(line, "stop fotad\n") == 0)
                        ck_assert_int_eq(world_stop_daemon(w), 0);
                else if (strcmp(line, "start fotad\n") == 0)
                        world_start_daemon(w);
                else {
                        fputs(line, stdout);
                        fflush(stdout);
                        continue;
                }
                ck_assert_int_eq(write(in, "\n", 1), 1);
        }
        fclose(lines);
        close(in);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(status == 0, "the browser saw a fault: status %x", status);
}

START_TEST(test_page)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600m" }, .config = CONFIG };
        World *w = world_new(&settings);
        g_autofree char *root = NULL, *nobody = NULL, *uploads = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_make_package(w, "last.bin", NEW_REVISION, LAST, 1000);
        world_package(w, "up.mini_1", MINI_OLD, MINI_NEW, NULL); /* there is no up.mini_2 */
        world_package(w, "fixed.mini_1", MINI_OLD, MINI_NEW, NULL);
        world_package(w, "fixed.mini_2", MINI_OLD, MINI_NEW, NULL);
        write_all_sentences(w);
        install_page(w);
        uploads = world_path(w, "uploads");
        ck_assert_int_eq(g_mkdir(uploads, 0755), 0);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        root = start_cockpit(w, "0");
        nobody = start_cockpit(w, NOBODY);
        run_browser(w, root, nobody);

        /* The clicks: a MiniFOTA with a retry, an upgrade that was cancelled before its command, one that failed, one
         * from a URL, one with a file. */
        world_assert_sim(w, MINI_NEW, "get 1-2 revision");
        world_assert_sim(w, "2", "get 1-2 qfotadl-count");
        world_assert_sim(w, LAST, "get 1-1 revision");
        world_assert_sim(w, "3", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

int main(void)
{
        g_autofree char *chromium = g_find_program_in_path("chromium");
        g_autofree char *bridge = g_find_program_in_path("cockpit-bridge");
        Suite *s;

        if (geteuid() != 0 || access(COCKPIT_WS, X_OK) < 0 || !bridge || !chromium) {
                g_printerr("cockpit-ws, cockpit-bridge, cockpit-system, chromium and root's rights are needed\n");
                return SKIPPED;
        }
        s = suite_create("cockpit");
        suite_add(s, "page", test_page, 0, 1);
        return suite_run(s);
}
