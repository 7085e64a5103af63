/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The world around the daemon. Nothing here depends on the daemon's internals: it is the program as built, with its
 * files, its bus and its devices replaced. Every wait ends with the event that it waits for, or fails the test. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sim/package.h"
#include "world-private.h"

static const char *build_directory(void)
{
        return g_getenv("abs_top_builddir") ?: ".";
}

char *world_path(World *w, const char *name)
{
        return g_build_filename(w->directory, name, NULL);
}

char *world_program(const char *name)
{
        return g_build_filename(build_directory(), name, NULL);
}

/* ---- processes */

/* stdout is written to out, stderr to err. */
pid_t world_spawn(World *w, char *const *argv, char *const *environment, const char *out, const char *err)
{
        pid_t parent = getpid(), pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid > 0) {
                g_ptr_array_add(w->processes, GINT_TO_POINTER(pid));
                return pid;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(127);
        dup2(open(out, O_WRONLY | O_CREAT | O_APPEND, 0644), STDOUT_FILENO);
        dup2(open(err, O_WRONLY | O_CREAT | O_APPEND, 0644), STDERR_FILENO);
        execvpe(argv[0], argv, environment ?: environ);
        _exit(127);
}

int world_reap(World *w, pid_t pid)
{
        int status;

        g_ptr_array_remove(w->processes, GINT_TO_POINTER(pid));
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Polls a condition that has no event to wait for: a file that another process writes, a socket that it opens. */
void world_await(World *w, bool (*ready)(World *w, const void *data), const void *data, const char *what)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;

        while (!ready(w, data)) {
                ck_assert_msg(g_get_monotonic_time() < end, "%s: timed out", what);
                poll(NULL, 0, 2);
        }
}

bool world_file_has(World *w, const void *data)
{
        const char *const *pair = data;
        g_autofree char *text = NULL;

        (void)w;
        return g_file_get_contents(pair[0], &text, NULL, NULL) && strstr(text, pair[1]);
}

void world_await_file(World *w, const char *path, const char *text)
{
        world_await(w, world_file_has, (const char *[]){ path, text }, text);
}

void world_await_note_of_result(World *w, const char *job)
{
        g_autofree char *id = world_property(w, job, "Id"), *name = g_strdup_printf("state/jobs/%s.job", id);
        g_autofree char *path = world_path(w, name);

        world_await_file(w, path, "Announced=yes");
}

static bool port_is_open(World *w, const void *data)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)GPOINTER_TO_UINT(data)),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool open = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

        (void)w;
        close(fd);
        return open;
}

void world_await_server(World *w, unsigned port)
{
        g_autofree char *what = g_strdup_printf("the server at port %u", port);

        world_await(w, port_is_open, GUINT_TO_POINTER(port), what);
}

unsigned world_free_port(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        close(fd);
        return ntohs(address.sin_port);
}

/* ---- simulator */

static int connect_control(World *w)
{
        g_autofree char *path = world_path(w, "ctl");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void set_preload(World *w, const char *library)
{
        g_autofree char *path = library ? world_program(library) : NULL, *value = NULL;
        /* The sanitizer's library must be the first one. */
        const char *libraries[] = { g_getenv("FOTAD_TEST_PRELOAD"), path, w->preload };
        g_autoptr(GPtrArray) list = g_ptr_array_new();

        for (unsigned i = 0; i < G_N_ELEMENTS(libraries); i++)
                if (libraries[i])
                        g_ptr_array_add(list, (char *)libraries[i]);
        g_ptr_array_add(list, NULL);
        value = g_strjoinv(":", (char **)list->pdata);
        world_set_environment(w, "LD_PRELOAD", value);
}

static void start_sim(World *w, const WorldSettings *settings)
{
        g_autofree char *modsim = world_program("tests/sim/modsim"), *socket_path = world_path(w, "ctl");
        g_autofree char *log = world_path(w, "truth.log"), *out = world_path(w, "sim.out"), *text = NULL;
        g_autofree char *err = world_path(w, "sim.err"), *owners = world_owners(w);
        g_autofree char *claims = world_path(w, "run/claims");
        g_autofree char *guard = world_program("tests/sim/bed-guard.so");
        g_autofree char *libraries = g_strconcat(guard, ":libumockdev-preload.so.0", NULL);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        g_auto(GStrv) lines = NULL, environment = g_get_environ();

        /* Without these modsim would set them, and start a second time. A search for leaks at its end would have no
         * consequence: a test does not depend on its exit status. */
        environment = g_environ_setenv(environment, "LD_PRELOAD", libraries, TRUE);
        environment = g_environ_setenv(environment, "ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", TRUE);
        g_ptr_array_add(argv, modsim);
        for (unsigned i = 0; i < G_N_ELEMENTS(settings->modules) && settings->modules[i]; i++) {
                g_ptr_array_add(argv, "--module");
                g_ptr_array_add(argv, (char *)settings->modules[i]);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(settings->decoys) && settings->decoys[i]; i++) {
                g_ptr_array_add(argv, "--decoy");
                g_ptr_array_add(argv, (char *)settings->decoys[i]);
        }
        g_ptr_array_add(argv, "--claims");
        g_ptr_array_add(argv, claims);
        g_ptr_array_add(argv, "--control");
        g_ptr_array_add(argv, socket_path);
        g_ptr_array_add(argv, "--log");
        g_ptr_array_add(argv, log);
        if (owners) {
                g_ptr_array_add(argv, "--owners");
                g_ptr_array_add(argv, owners);
        }
        g_ptr_array_add(argv, NULL);
        w->sim = world_spawn(w, (char **)argv->pdata, environment, out, err);
        world_await(w, world_file_has, (const char *[]){ out, "ready\n" }, "the simulator");
        ck_assert(g_file_get_contents(out, &text, NULL, NULL));
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, "UMOCKDEV_DIR="))
                        g_ptr_array_add(w->environment, g_strdup(*line));
                else if (g_str_has_prefix(*line, "LD_PRELOAD="))
                        w->preload = g_strdup(*line + strlen("LD_PRELOAD="));
        set_preload(w, settings->preload);
        w->control = connect_control(w);
}

/* other: a file descriptor that ends the wait as well, without an answer; -1 none. */
static char *sim_command(int control, const char *command, int other)
{
        g_autofree char *line = g_strconcat(command, "\n", NULL);
        g_autoptr(GString) answer = g_string_new(NULL);
        gint64 end = g_get_monotonic_time() + TIMEOUT;

        ck_assert_msg(send(control, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line),
                      "the simulator has ended before '%s'", command);
        while (!g_str_has_suffix(answer->str, "\n")) {
                struct pollfd fds[] = { { .fd = control, .events = POLLIN }, { .fd = other, .events = POLLIN } };
                char buffer[4096];
                ssize_t n;

                ck_assert_msg(poll(fds, 2, (int)MAX(0, (end - g_get_monotonic_time()) / 1000)) > 0,
                              "the simulator: '%s' timed out", command);
                if (fds[1].revents)
                        return NULL;
                n = read(control, buffer, sizeof(buffer));
                ck_assert_msg(n > 0, "the simulator has ended at '%s'", command);
                g_string_append_len(answer, buffer, n);
        }
        g_string_truncate(answer, answer->len - 1);
        ck_assert_msg(g_str_has_prefix(answer->str, "ok"), "the simulator: '%s': %s", command, answer->str);
        return g_strdup(answer->str + (answer->str[2] == ' ' ? 3 : 2));
}

char *world_sim(World *w, const char *format, ...)
{
        g_autofree char *command = NULL;
        va_list args;

        va_start(args, format);
        command = g_strdup_vprintf(format, args);
        va_end(args);
        return sim_command(w->control, command, -1);
}

bool world_sim_or_end(World *w, const char *command)
{
        int control = connect_control(w), daemon = pidfd_open(w->daemon, 0);
        g_autofree char *answer = NULL;

        ck_assert_int_ge(daemon, 0);
        answer = sim_command(control, command, daemon);
        close(control);
        close(daemon);
        return answer != NULL;
}

void world_connect_anew(World *w)
{
        w->control = connect_control(w);
}

void world_await_port(World *w)
{
        g_autofree char *opened = world_sim(w, "count 1-1 opened"), *connected = world_sim(w, "get 1-1 connected");

        if (strcmp(connected, "1") != 0)
                g_free(world_sim(w, "wait 1-1 opened %d", atoi(opened) + 1));
}

void world_pass(World *w, const char *point)
{
        g_free(world_sim(w, "held 1-1 %s", point));
        world_await_port(w);
        g_free(world_sim(w, "release 1-1 %s", point));
}

void world_assert_sim(World *w, const char *expected, const char *format, ...)
{
        g_autofree char *command = NULL, *answer = NULL;
        va_list args;

        va_start(args, format);
        command = g_strdup_vprintf(format, args);
        va_end(args);
        answer = sim_command(w->control, command, -1);
        ck_assert_msg(strcmp(answer, expected) == 0, "'%s': %s instead of %s", command, answer, expected);
}

const char *world_preload(World *w)
{
        return w->preload;
}

const char *world_testbed(World *w)
{
        for (unsigned i = 0; i < w->environment->len; i++) {
                const char *entry = g_ptr_array_index(w->environment, i);

                if (g_str_has_prefix(entry, "UMOCKDEV_DIR="))
                        return entry + strlen("UMOCKDEV_DIR=");
        }
        ck_abort_msg("the simulator has not printed its test bed");
}

char *world_tty(World *w, const char *module, const char *port)
{
        g_autofree char *node = world_sim(w, "get %s port-%s", module, port);
        g_autofree char *link = g_build_filename(world_testbed(w), node, NULL);

        return g_file_read_link(link, NULL);
}

/* ---- packages and servers */

static void write_package(World *w, const char *name, const char *from, const char *to, const char *break_, gsize size)
{
        const struct package_plan plan = { .from = from,
                                           .to = to,
                                           .project = "",
                                           .baseline = "",
                                           .size = size,
                                           .broken = break_,
                                           .mini = package_mini_by_name(name) };
        g_autofree char *file = world_path(w, name);
        g_autoptr(GError) error = NULL;

        ck_assert_msg(package_write(file, &plan, &error), "%s: %s", file, error->message);
}

void world_package(World *w, const char *name, const char *from, const char *to, const char *break_)
{
        g_autofree char *path = g_build_filename("www", name, NULL);

        write_package(w, path, from, to, break_, 65536);
}

void world_make_package(World *w, const char *name, const char *from, const char *to, unsigned size)
{
        write_package(w, name, from, to, NULL, size);
}

static void start_lighttpd(World *w, unsigned port, bool tls)
{
        g_autofree char *conf = world_path(w, tls ? "https.conf" : "http.conf"), *log = world_path(w, "http.log");
        g_autofree char *pem = world_path(w, "server.pem"), *text = NULL;

        text = g_strdup_printf("server.document-root=\"%s/www\"\nserver.bind=\"127.0.0.1\"\nserver.port=%u\n"
                               "server.stat-cache-engine=\"disable\"\n%s%s%s", /* packages are published anew */
                               w->directory, port,
                               tls ? "server.modules=(\"mod_openssl\")\nssl.engine=\"enable\"\nssl.pemfile=\"" : "",
                               tls ? pem : "", tls ? "\"\n" : "");
        ck_assert(g_file_set_contents(conf, text, -1, NULL));
        if (tls)
                ck_assert_int_eq(world_reap(w, world_spawn(w,
                                                     (char *[]){ "openssl", "req", "-x509", "-newkey", "rsa:2048",
                                                                 "-nodes", "-days", "2", "-subj", "/CN=localhost",
                                                                 "-keyout", pem, "-out", pem, NULL },
                                                     NULL, log, log)),
                                 0);
        world_spawn(w, (char *[]){ "lighttpd", "-D", "-f", conf, NULL }, NULL, log, log);
        world_await_server(w, port);
}

char *world_http(World *w, const char *name)
{
        if (!w->http_port) {
                w->http_port = world_free_port();
                start_lighttpd(w, w->http_port, false);
        }
        return g_strdup_printf("http://127.0.0.1:%u/%s", w->http_port, name);
}

char *world_https(World *w, const char *name)
{
        if (!w->https_port) {
                w->https_port = world_free_port();
                start_lighttpd(w, w->https_port, true);
        }
        return g_strdup_printf("https://127.0.0.1:%u/%s", w->https_port, name);
}

char *world_ftp(World *w, const char *login, const char *name)
{
        if (!w->ftp_port) {
                g_autofree char *www = world_path(w, "www"), *port = NULL, *log = world_path(w, "ftp.log");

                w->ftp_port = world_free_port();
                port = g_strdup_printf("%u", w->ftp_port);
                world_spawn(w,
                            (char *[]){ "/usr/bin/python3", "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", port, "-d", www,
                                        "-u", "gateway", "-P", "s3cret-Pa55", NULL },
                            NULL, log, log);
                world_await_server(w, w->ftp_port);
        }
        return g_strdup_printf("ftp://%s127.0.0.1:%u/%s", login, w->ftp_port, name);
}

/* ---- the daemon */

void world_set_environment(World *w, const char *name, const char *value)
{
        g_autofree char *start = g_strconcat(name, "=", NULL);

        for (unsigned i = w->environment->len; i-- > 0;)
                if (g_str_has_prefix(g_ptr_array_index(w->environment, i), start))
                        g_ptr_array_remove_index(w->environment, i);
        if (value)
                g_ptr_array_add(w->environment, g_strconcat(start, value, NULL));
}

void world_await_daemon(World *w)
{
        world_await(w, world_name_is_owned, NULL, "the daemon");
}

void world_start_daemon(World *w)
{
        w->daemon = world_launch(w);
        world_await_daemon(w);
}

/* The status can still be read. */
bool world_daemon_is_dead(World *w)
{
        siginfo_t info = { 0 };

        ck_assert_int_eq(waitid(P_PID, (id_t)w->daemon, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        return info.si_pid != 0;
}

static bool has_come_or_gone(World *w, const void *data)
{
        return world_name_is_owned(w, data) || world_daemon_is_dead(w);
}

bool world_try_daemon(World *w)
{
        w->daemon = world_launch(w);
        world_await(w, has_come_or_gone, NULL, "the daemon, or its end");
        return !world_daemon_is_dead(w);
}

int world_run_daemon(World *w)
{
        return world_reap(w, world_launch(w));
}

static bool has_ended(World *w, const void *data)
{
        (void)data;
        return world_daemon_is_dead(w);
}

int world_await_end(World *w)
{
        int status;

        world_await(w, has_ended, NULL, "the daemon's end");
        status = world_reap(w, w->daemon);
        w->daemon = 0;
        /* The bus reports the release after all that it had read from the daemon. A name that still exists would be
         * taken for that of the next daemon. A bus that was killed has no names. */
        if (w->bus)
                world_await(w, world_name_is_free, NULL, "the end of the daemon's name");
        return status;
}

void world_kill_daemon(World *w)
{
        kill(w->daemon, SIGKILL);
        world_await_end(w);
        world_drain(w);
}

int world_stop_daemon(World *w)
{
        kill(w->daemon, SIGTERM);
        return world_await_end(w);
}

pid_t world_daemon_pid(World *w)
{
        return w->daemon;
}

char *world_log(World *w)
{
        g_autofree char *path = world_path(w, "fotad.log");
        char *text = NULL;

        return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* ---- life */

/* Events of a module's first boot must not be taken for later ones. */
static void await_boots(World *w, const WorldSettings *settings, bool uarts)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(settings->modules) && settings->modules[i]; i++) {
                const char *module = settings->modules[i];
                bool boots = !strstr(module, ",attached=0") && !strstr(module, ",appear=");

                if (boots && g_str_has_prefix(module, "tty:") == uarts)
                        g_free(world_sim(w, "wait %.*s idle", (int)strcspn(module, "="), module));
        }
}

World *world_new(const WorldSettings *settings)
{
        World *w = g_new0(World, 1);
        g_autofree char *fotad = world_program("daemon/fotad");
        static const char *const directories[] = { "state", "lock", "www" };
        g_autofree char *conf = NULL, *text = NULL;

        ck_assert_msg(g_getenv("abs_top_srcdir") && g_access(fotad, X_OK) == 0,
                      "the tests want abs_top_srcdir and abs_top_builddir, as make check gives them");
        w->directory = g_dir_make_tmp("fotad-XXXXXX", NULL);
        ck_assert_ptr_nonnull(w->directory);
        ck_assert_int_eq(chmod(w->directory, 0755), 0); /* the bus is for all users */
        w->environment = g_ptr_array_new_with_free_func(g_free);
        w->processes = g_ptr_array_new();
        w->signals = world_new_signals();
        w->user = geteuid() == 0 ? WORLD_USER : geteuid();
        w->by_hand = settings->by_hand;
        w->replies_max = settings->replies_max ?: REPLIES_MAX;
        w->program = world_program(settings->program ?: "daemon/fotad");
        for (unsigned i = 0; i < G_N_ELEMENTS(directories); i++) {
                g_autofree char *path = world_path(w, directories[i]);

                ck_assert_int_eq(g_mkdir(path, 0755), 0);
        }
        conf = world_path(w, "fotad.conf");
        text = g_strdup_printf("[serial]\nlock-directory=%s/lock\n[jobs]\nsource-check=%s/source-check\n[timeouts]\n"
                               "command=5\nstart=10\ndownload-idle=10\nupdate-idle=10\nrestart=10\nsettle=10\n%s",
                               w->directory, w->directory, settings->config ?: "");
        ck_assert(g_file_set_contents(conf, text, -1, NULL));
        g_ptr_array_add(w->environment, g_strdup_printf("STATE_DIRECTORY=%s/state", w->directory));
        g_ptr_array_add(w->environment, g_strdup_printf("RUNTIME_DIRECTORY=%s/run", w->directory));
        g_ptr_array_add(w->environment, g_strdup("ASAN_OPTIONS=verify_asan_link_order=0"));
        world_start_bus(w);
        start_sim(w, settings);
        await_boots(w, settings, true); /* the daemon takes any RDY for that of a restart */
        if (!settings->no_daemon)
                world_start_daemon(w);
        await_boots(w, settings, false);
        return w;
}

void world_free(World *w)
{
        g_autofree char *remove = g_strdup_printf("rm -rf '%s'", w->directory);

        /* A daemon that still runs must end well: with its sanitizers it reports leaks here. */
        if (w->daemon)
                ck_assert_int_eq(world_stop_daemon(w), 0);
        close(w->control);
        if (w->sim) {
                kill(w->sim, SIGTERM);
                world_reap(w, w->sim);
        }
        while (w->processes->len) {
                pid_t pid = GPOINTER_TO_INT(g_ptr_array_index(w->processes, 0));

                kill(pid, SIGKILL);
                world_reap(w, pid);
        }
        sd_bus_close_unref(w->bus);
        if (!g_getenv("FOTAD_TEST_KEEP"))
                ck_assert_int_eq(system(remove), 0);
        g_ptr_array_unref(w->environment);
        g_ptr_array_unref(w->processes);
        g_ptr_array_unref(w->signals);
        g_free(w->error);
        g_free(w->error_message);
        g_free(w->program);
        g_free(w->preload);
        g_free(w->directory);
        g_free(w);
}
