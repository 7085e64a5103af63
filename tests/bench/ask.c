/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client of tests/bench/bench: measures times as a program on the bus sees them, and prints one a line, in µs.
 *
 *   ask call COUNT[/PAUSE] NAME PATH INTERFACE MEMBER [STRING...]
 *     each call, from the call to its answer, with a pause of so many ms after it
 *   ask owned NAME PROGRAM [ARGUMENT...]
 *     from the start of the program until it owns the name, and until it answers a Ping; the program goes on, and its
 *     process id is the third line
 *   ask progress SOCKET FIRST LAST MODULE...
 *     from a message of the module to the signal Progress, for each percentage after FIRST, one message at a time; the
 *     modules of modsim are in the update, which is held
 *   ask stream SOCKET RATE FIRST LAST MODULE...
 *     the same with so many messages a second of each module, whether or not their signals have come; job N is that of
 *     the Nth module; the number of signals that did not come goes to standard error
 *   ask echo SOCKET COUNT MODULE
 *     a command that modsim answers at once */

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define MATCH_PROGRESS "type='signal',interface='org.fotad1.Job',member='Progress',arg0='updating'"

#define TIMEOUT (60 * G_USEC_PER_SEC)
#define RETRY   (G_USEC_PER_SEC / 5) /* of a message that came before the port was open */
#define LAST    (5 * G_USEC_PER_SEC) /* without a signal: the rest are lost */

static void must(bool condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "ask: %s\n", what);
        exit(1);
}

static void print_since(gint64 begin)
{
        printf("%" G_GINT64_FORMAT "\n", g_get_monotonic_time() - begin);
}

static sd_bus *connect_to_bus(void)
{
        sd_bus *bus = NULL;

        must(sd_bus_open_system(&bus) >= 0, "no bus");
        return bus;
}

static void call(const char *how_often, char **words)
{
        const char *pause = strchr(how_often, '/');
        unsigned count = (unsigned)atoi(how_often);
        sd_bus *bus = connect_to_bus();

        for (unsigned i = 0; i < count; i++) {
                sd_bus_message *m = NULL, *reply = NULL;
                gint64 begin;

                must(sd_bus_message_new_method_call(bus, &m, words[0], words[1], words[2], words[3]) >= 0,
                     "no message");
                for (char **text = words + 4; *text; text++)
                        must(sd_bus_message_append(m, "s", *text) >= 0, "no text");
                begin = g_get_monotonic_time();
                must(sd_bus_call(bus, m, 0, NULL, &reply) >= 0, "the call failed");
                print_since(begin);
                sd_bus_message_unref(m);
                sd_bus_message_unref(reply);
                if (pause)
                        g_usleep((gulong)atoi(pause + 1) * 1000);
        }
        sd_bus_close_unref(bus);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)m, (void)error;
        *(bool *)userdata = true;
        return 0;
}

/* Returns false if the signal does not come within so many µs. */
static bool await_signal(sd_bus *bus, const bool *came, uint64_t timeout)
{
        while (!*came) {
                int r = sd_bus_process(bus, NULL);

                must(r >= 0, "the bus is lost");
                if (r == 0 && sd_bus_wait(bus, timeout) == 0)
                        return false;
        }
        return true;
}

static void start(const char *name, char **argv)
{
        g_autofree char *match = g_strdup_printf("type='signal',sender='org.freedesktop.DBus',"
                                                 "member='NameOwnerChanged',arg0='%s'",
                                                 name);
        sd_bus *bus = connect_to_bus();
        bool owned = false;
        gint64 begin;
        pid_t pid;

        must(sd_bus_add_match(bus, NULL, match, on_signal, &owned) >= 0, "no match");
        begin = g_get_monotonic_time();
        must((pid = fork()) >= 0, "no process");
        if (pid == 0) {
                /* The caller reads both until their ends. */
                must(freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr), "no /dev/null");
                execvp(argv[0], argv);
                _exit(127);
        }
        must(await_signal(bus, &owned, TIMEOUT), "the name is not owned");
        print_since(begin);
        must(sd_bus_call_method(bus, name, "/", "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, NULL) >= 0, "no answer");
        print_since(begin);
        printf("%d\n", (int)pid);
        sd_bus_close_unref(bus);
}

static FILE *connect_to_modsim(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        must(strlen(path) < sizeof(address.sun_path), "the name of the socket is too long");
        strcpy(address.sun_path, path);
        must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "no modsim");
        return fdopen(fd, "r");
}

static void command(FILE *modsim, const char *line)
{
        char answer[256] = "";

        must(write(fileno(modsim), line, strlen(line)) == (ssize_t)strlen(line) &&
                     fgets(answer, sizeof(answer), modsim) && g_str_has_prefix(answer, "ok"),
             "modsim refuses a command");
}

/* The command that has the module report the least of its own percentages that leads to that percentage of the job, of
 * which the download takes 50, and the end 1. The caller frees it. */
static char *report_line(const char *module, unsigned percent)
{
        return g_strdup_printf("bytes %s \\r\\n+QIND: \"FOTA\",\"UPDATING\",%u\\r\\n\n", module,
                               ((percent - 50) * 100 + 48) / 49);
}

static bool report(sd_bus *bus, FILE *modsim, const char *module, unsigned percent, bool *came, uint64_t timeout)
{
        g_autofree char *line = report_line(module, percent);

        *came = false;
        command(modsim, line);
        return await_signal(bus, came, timeout);
}

/* Returns a connection that waits for Progress, after each module has reported that percentage. */
static sd_bus *begin_progress(FILE *modsim, unsigned first, char **modules, bool *came)
{
        sd_bus *bus = connect_to_bus();

        must(sd_bus_add_match(bus, NULL, MATCH_PROGRESS, on_signal, came) >= 0, "no match");
        for (char **module = modules; *module; module++)
                while (!report(bus, modsim, *module, first, came, RETRY))
                        ;
        return bus;
}

static void progress(const char *path, unsigned first, unsigned last, char **modules)
{
        FILE *modsim = connect_to_modsim(path);
        bool came = false;
        sd_bus *bus = begin_progress(modsim, first, modules, &came);

        for (unsigned percent = first + 1; percent <= last; percent++)
                for (char **module = modules; *module; module++) {
                        gint64 begin = g_get_monotonic_time();

                        must(report(bus, modsim, *module, percent, &came, TIMEOUT), "no signal");
                        print_since(begin);
                }
        fclose(modsim);
        sd_bus_close_unref(bus);
}

typedef struct Stream {
        unsigned first, modules, steps;
        gint64 *sent; /* by module and step: when the message was sent; 0 it was not, or its signal has come */
        unsigned open; /* messages without a signal */
        gint64 heard_at;
} Stream;

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Stream *s = userdata;
        g_autofree char *id = NULL;
        const char *state;
        unsigned percent, module;
        gint64 *sent;

        (void)error;
        must(sd_bus_message_read(m, "su", &state, &percent) >= 0 &&
                     sd_bus_path_decode(sd_bus_message_get_path(m), "/org/fotad1/job", &id) > 0,
             "a signal is wrong");
        module = (unsigned)atoi(id) - 1;
        if (module >= s->modules || percent <= s->first || percent > s->first + s->steps)
                return 0;
        sent = &s->sent[module * s->steps + percent - s->first - 1];
        if (!*sent)
                return 0;
        print_since(*sent);
        *sent = 0;
        s->open--;
        s->heard_at = g_get_monotonic_time();
        return 0;
}

/* Waits for the bus, or for an answer of modsim, which is dropped, until that time. */
static void await_news(sd_bus *bus, int modsim, gint64 until)
{
        struct pollfd fds[] = { { sd_bus_get_fd(bus), POLLIN, 0 }, { modsim, POLLIN, 0 } };
        gint64 left = MAX(until - g_get_monotonic_time(), 0);
        struct timespec time = { left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000 };
        char answers[4096];

        must(ppoll(fds, G_N_ELEMENTS(fds), &time, NULL) >= 0 || errno == EINTR, "no news");
        while (recv(modsim, answers, sizeof(answers), MSG_DONTWAIT) > 0)
                ;
}

static void stream(const char *path, unsigned rate, unsigned first, unsigned last, char **modules)
{
        Stream s = { .first = first, .modules = g_strv_length(modules), .steps = last - first };
        FILE *modsim = connect_to_modsim(path);
        bool came = false;
        sd_bus *bus = begin_progress(modsim, first, modules, &came);
        unsigned n = 0, all = s.modules * s.steps;
        gint64 begin = g_get_monotonic_time();

        s.sent = g_new0(gint64, all);
        s.open = all;
        must(sd_bus_add_match(bus, NULL, MATCH_PROGRESS, on_progress, &s) >= 0, "no match");
        while (s.open > 0) {
                gint64 due = begin + (gint64)n * G_USEC_PER_SEC / (rate * s.modules), now = g_get_monotonic_time();

                if (n < all && now >= due) {
                        unsigned module = n % s.modules, step = n / s.modules;
                        g_autofree char *line = report_line(modules[module], first + 1 + step);

                        s.sent[module * s.steps + step] = s.heard_at = now;
                        must(write(fileno(modsim), line, strlen(line)) == (ssize_t)strlen(line), "modsim is gone");
                        n++;
                } else if (n == all && now > s.heard_at + LAST) {
                        break;
                }
                while (sd_bus_process(bus, NULL) > 0)
                        ;
                await_news(bus, fileno(modsim), n < all ? due : s.heard_at + LAST + 1);
        }
        fprintf(stderr, "%u\n", s.open);
        g_free(s.sent);
        fclose(modsim);
        sd_bus_close_unref(bus);
}

static void echo(const char *path, unsigned count, const char *module)
{
        FILE *modsim = connect_to_modsim(path);
        g_autofree char *line = g_strdup_printf("get %s revision\n", module);

        for (unsigned i = 0; i < count; i++) {
                gint64 begin = g_get_monotonic_time();

                command(modsim, line);
                print_since(begin);
        }
        fclose(modsim);
}

int main(int argc, char **argv)
{
        if (argc >= 7 && strcmp(argv[1], "call") == 0)
                call(argv[2], argv + 3);
        else if (argc >= 4 && strcmp(argv[1], "owned") == 0)
                start(argv[2], argv + 3);
        else if (argc >= 6 && strcmp(argv[1], "progress") == 0)
                progress(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), argv + 5);
        else if (argc >= 7 && strcmp(argv[1], "stream") == 0)
                stream(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]), argv + 6);
        else if (argc == 5 && strcmp(argv[1], "echo") == 0)
                echo(argv[2], (unsigned)atoi(argv[3]), argv[4]);
        else
                must(false, "unknown words");
        return 0;
}
