/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus as a gateway program sees it: calls, properties, and a record of every signal. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "world-private.h"

void world_drain(World *w)
{
        while (w->bus && sd_bus_process(w->bus, NULL) > 0)
                ;
}

static void signal_free(Signal *s)
{
        g_free(s->path);
        g_free(s->member);
        g_free(s->text);
        g_free(s);
}

GPtrArray *world_new_signals(void)
{
        return g_ptr_array_new_with_free_func((GDestroyNotify)signal_free);
}

/* The names of the properties in a PropertiesChanged. */
static char *read_names(sd_bus_message *m)
{
        g_autoptr(GString) names = g_string_new(" ");
        const char *name;

        ck_assert_int_ge(sd_bus_message_skip(m, "s"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(m, "s", &name), 0);
                g_string_append_printf(names, "%s ", name);
                ck_assert_int_ge(sd_bus_message_skip(m, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        }
        return g_strdup(names->str);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        World *w = userdata;
        Signal *s = g_new0(Signal, 1);

        (void)error;
        s->path = g_strdup(sd_bus_message_get_path(m));
        s->member = g_strdup(sd_bus_message_get_member(m));
        if (strcmp(s->member, "Progress") == 0) {
                const char *state;

                ck_assert_int_ge(sd_bus_message_read(m, "su", &state, &s->percent), 0);
                s->text = g_strdup_printf("%s %u", state, s->percent);
        } else if (strcmp(s->member, "Result") == 0) {
                const char *result, *domain, *message;
                int code;

                ck_assert_int_ge(sd_bus_message_read(m, "ssis", &result, &domain, &code, &message), 0);
                s->text = g_strdup_printf("%s|%s|%d|%s", result, domain, code, message);
        } else if (strcmp(s->member, "Resolved") == 0) {
                const char *revision;
                int changed;

                ck_assert_int_ge(sd_bus_message_read(m, "sb", &revision, &changed), 0);
                s->text = g_strdup_printf("%s %d", revision, changed);
        } else if (strcmp(s->member, "PropertiesChanged") == 0) {
                s->text = read_names(m);
        } else if (g_str_has_prefix(s->member, "Interfaces")) { /* Added, Removed */
                const char *object;

                ck_assert_int_ge(sd_bus_message_read(m, "o", &object), 0);
                s->text = g_strdup(object);
        }
        g_ptr_array_add(w->signals, s);
        return 0;
}

/* The shipped policy, except for the user, who need not exist on this machine. */
static void write_policy(World *w)
{
        g_autofree char *shipped = g_build_filename(g_getenv("abs_top_srcdir") ?: "..", "dbus/org.fotad1.conf", NULL);
        g_autofree char *path = world_path(w, "org.fotad1.conf"), *text = NULL, *ours = NULL;
        struct passwd *user = getpwuid(w->user);
        g_auto(GStrv) parts = NULL;

        ck_assert_msg(user != NULL, "the bus does not know the user %u", (unsigned)w->user);
        ck_assert(g_file_get_contents(shipped, &text, NULL, NULL));
        ours = g_strdup_printf("<policy user=\"%s\">", user->pw_name);
        parts = g_strsplit(text, "<policy user=\"fotad\">", -1);
        ck_assert_uint_ge(g_strv_length(parts), 2);
        g_clear_pointer(&text, g_free);
        text = g_strjoinv(ours, parts);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

void world_start_bus(World *w)
{
        g_autofree char *conf = world_path(w, "bus.conf"), *address = NULL, *text = NULL,
                        *log = world_path(w, "bus.log");
        g_autofree char *out = world_path(w, "bus.out");
        int r;

        unlink(out); /* of a bus before this one */
        text = g_strdup_printf(
                "<busconfig><type>system</type><listen>unix:path=%s/bus</listen>"
                "<auth>EXTERNAL</auth><policy context='default'><allow user='*'/>"
                /* as on the system bus of a distribution: signals pass, method calls need a policy */
                "<deny own='*'/><allow own='org.freedesktop.ModemManager1'/>"
                "<deny send_type='method_call'/><allow send_type='signal'/>"
                "<allow own='org.freedesktop.login1'/><allow send_destination='org.freedesktop.login1'/>"
                "<allow own='org.freedesktop.PolicyKit1'/><allow send_destination='org.freedesktop.PolicyKit1'/>"
                "<allow send_interface='org.freedesktop.PolicyKit1.AuthenticationAgent'/>"
                "<allow own='org.freedesktop.systemd1'/><allow send_destination='org.freedesktop.systemd1' "
                "send_interface='org.freedesktop.DBus.Properties' send_member='GetAll'/>"
                "<allow send_requested_reply='true' send_type='method_return'/>"
                "<allow send_requested_reply='true' send_type='error'/>"
                "<allow receive_type='method_call'/><allow receive_type='method_return'/>"
                "<allow receive_type='error'/><allow receive_type='signal'/>"
                "<allow send_destination='org.freedesktop.DBus'/></policy>"
                /* as in ModemManager's own policy */
                "<policy user='root'><allow send_destination='org.freedesktop.ModemManager1'/></policy>"
                "<policy context='default'><allow send_destination='org.freedesktop.ModemManager1' "
                "send_interface='org.freedesktop.DBus.ObjectManager'/></policy>"
                "<limit name='max_replies_per_connection'>%u</limit>"
                "<include>%s/org.fotad1.conf</include></busconfig>",
                w->directory, w->replies_max, w->directory);
        write_policy(w);
        ck_assert(g_file_set_contents(conf, text, -1, NULL));
        /* The daemon must not be on the bus, and send a signal, before the test listens. */
        if (w->daemon > 0)
                kill(w->daemon, SIGSTOP);
        w->bus_daemon = world_spawn(
                w, (char *[]){ "dbus-daemon", "--nofork", "--print-address", "--config-file", conf, NULL }, NULL, out,
                log);
        world_await(w, world_file_has, (const char *[]){ out, "\n" }, "the bus");
        address = g_strdup_printf("unix:path=%s/bus", w->directory);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
        r = sd_bus_open_system(&w->bus);
        ck_assert_msg(r >= 0, "the bus: %s", g_strerror(-r));
        ck_assert_int_ge(sd_bus_add_match(w->bus, NULL, "type='signal',path_namespace='/org/fotad1'", on_signal, w), 0);
        if (w->daemon > 0)
                kill(w->daemon, SIGCONT);
}

void world_kill_bus(World *w)
{
        kill(w->bus_daemon, SIGKILL);
        ck_assert_int_eq(world_reap(w, w->bus_daemon), -SIGKILL);
        g_clear_pointer(&w->bus, sd_bus_close_unref);
}

sd_bus *world_bus(World *w)
{
        return w->bus;
}

bool world_name_is_owned(World *w, const void *data)
{
        (void)data;
        world_drain(w);
        return sd_bus_get_name_creds(w->bus, "org.fotad1", 0, NULL) >= 0;
}

bool world_name_is_free(World *w, const void *data)
{
        return !world_name_is_owned(w, data);
}

/* ---- calls */

/* Processes the connection until the reply is there, so that signals are recorded in their order. */
static sd_bus_message *call(World *w, sd_bus_message *m)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        int r = sd_bus_call(w->bus, m, TIMEOUT, &error, &reply);

        g_clear_pointer(&w->error, g_free);
        g_clear_pointer(&w->error_message, g_free);
        if (r < 0) {
                const char *name = error.name ?: "";

                if (g_str_has_prefix(name, "org.fotad1.Error."))
                        name += strlen("org.fotad1.Error.");
                w->error = g_strdup(name);
                w->error_message = g_strconcat(error.message ?: "",
                                               w->daemon && world_daemon_is_dead(w) ? " (it has ended)" : "", NULL);
        }
        sd_bus_error_free(&error);
        sd_bus_message_unref(m);
        return reply;
}

const char *world_error(World *w)
{
        return w->error ?: "";
}

const char *world_error_message(World *w)
{
        return w->error_message ?: "";
}

static sd_bus_message *method(World *w, const char *path, const char *interface, const char *name)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(w->bus, &m, "org.fotad1", path, interface, name), 0);
        return m;
}

/* "key", "type", value triples, NULL at the end. */
static void append_options(sd_bus_message *m, va_list args)
{
        const char *key;

        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        while ((key = va_arg(args, const char *))) {
                const char *type = va_arg(args, const char *), *value = va_arg(args, const char *);
                int r;

                if (*type == 's')
                        r = sd_bus_message_append(m, "{sv}", key, "s", value);
                else
                        r = sd_bus_message_append(m, "{sv}", key, type, (int)strtoul(value, NULL, 10));
                ck_assert_int_ge(r, 0);
        }
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
}

/* The path of the new job; NULL if the call was refused. */
static char *call_for_job(World *w, sd_bus_message *m)
{
        sd_bus_message *reply = call(w, m);
        const char *path;
        char *copy;

        if (!reply)
                return NULL;
        ck_assert_int_ge(sd_bus_message_read(reply, "o", &path), 0);
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

char *world_start(World *w, const char *module, const char *source, ...)
{
        sd_bus_message *m = method(w, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade");
        va_list args;

        ck_assert_int_ge(sd_bus_message_append(m, "ss", module, source), 0);
        va_start(args, source);
        append_options(m, args);
        va_end(args);
        return call_for_job(w, m);
}

static char *start_fd(World *w, const char *module, int fd, const char *name, va_list args)
{
        sd_bus_message *m = method(w, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile");

        ck_assert_int_ge(sd_bus_message_append(m, "shs", module, fd, name), 0);
        append_options(m, args);
        return call_for_job(w, m);
}

char *world_start_fd(World *w, const char *module, int fd, const char *name, ...)
{
        va_list args;
        char *job;

        va_start(args, name);
        job = start_fd(w, module, fd, name, args);
        va_end(args);
        return job;
}

char *world_start_file(World *w, const char *module, const char *path, const char *name, ...)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        va_list args;
        char *job;

        ck_assert_msg(fd >= 0, "%s: %s", path, g_strerror(errno));
        va_start(args, name);
        job = start_fd(w, module, fd, name, args);
        va_end(args);
        close(fd);
        return job;
}

bool world_call(World *w, const char *path, const char *interface, const char *name)
{
        sd_bus_message *reply = call(w, method(w, path, interface, name));

        sd_bus_message_unref(reply);
        return reply != NULL;
}

static const char *interface_of(const char *path)
{
        return g_str_has_prefix(path, "/org/fotad1/job/")      ? "org.fotad1.Job"
               : g_str_has_prefix(path, "/org/fotad1/module/") ? "org.fotad1.Module"
                                                               : "org.fotad1.Manager";
}

char *world_property(World *w, const char *path, const char *name)
{
        sd_bus_message *m = method(w, path, "org.freedesktop.DBus.Properties", "Get"), *reply;
        const char *contents;
        char *text = NULL;
        uint64_t number = 0;
        int r;

        ck_assert_int_ge(sd_bus_message_append(m, "ss", interface_of(path), name), 0);
        reply = call(w, m);
        ck_assert_msg(reply != NULL, "%s of %s: %s", name, path, world_error_message(w));
        ck_assert_int_ge(sd_bus_message_peek_type(reply, NULL, &contents), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', contents), 0);
        if (strchr("so", *contents)) {
                const char *value;

                r = sd_bus_message_read_basic(reply, *contents, &value);
                text = g_strdup(value);
        } else {
                r = sd_bus_message_read_basic(reply, *contents, &number);
                text = *contents == 'i' ? g_strdup_printf("%d", (int)number)
                                        : g_strdup_printf("%" G_GUINT64_FORMAT, number);
        }
        ck_assert_int_ge(r, 0);
        sd_bus_message_unref(reply);
        return text;
}

void world_assert_property(World *w, const char *path, const char *name, const char *expected)
{
        g_autofree char *value = world_property(w, path, name);

        ck_assert_msg(strcmp(value, expected) == 0, "%s of %s is '%s' instead of '%s'", name, path, value, expected);
}

/* Reads the property again after each signal. */
static void await_property(World *w, const char *path, const char *name, const char *expected, bool equal)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;

        for (;;) {
                g_autofree char *value = world_property(w, path, name);

                if ((strcmp(value, expected) == 0) == equal)
                        return;
                ck_assert_msg(g_get_monotonic_time() < end, "%s of %s stays '%s'", name, path, value);
                if (sd_bus_process(w->bus, NULL) == 0)
                        sd_bus_wait(w->bus, G_USEC_PER_SEC);
                world_drain(w);
        }
}

void world_await_property(World *w, const char *path, const char *name, const char *expected)
{
        await_property(w, path, name, expected, true);
}

static bool module_is_known(World *w, const void *data)
{
        sd_bus_message *m = method(w, data, "org.freedesktop.DBus.Properties", "GetAll"), *reply;

        ck_assert_int_ge(sd_bus_message_append(m, "s", "org.fotad1.Module"), 0);
        reply = call(w, m);
        sd_bus_message_unref(reply);
        return reply != NULL;
}

void world_await_module(World *w, const char *path)
{
        world_await(w, module_is_known, path, "the module");
        await_property(w, path, "Revision", "", false);
}

static unsigned count_signals(World *w, const char *path, const char *member, const char *word)
{
        unsigned n = 0;

        world_drain(w);
        for (unsigned i = 0; i < w->signals->len; i++) {
                const Signal *s = g_ptr_array_index(w->signals, i);

                n += strcmp(s->path, path) == 0 && strcmp(s->member, member) == 0 &&
                     (!word || (s->text && strstr(s->text, word)));
        }
        return n;
}

unsigned world_count_signals(World *w, const char *path, const char *member)
{
        return count_signals(w, path, member, NULL);
}

bool world_await_signal(World *w, const char *path, const char *member, const char *word)
{
        struct pollfd fds[] = { { .fd = sd_bus_get_fd(w->bus), .events = POLLIN },
                                { .fd = pidfd_open(w->daemon, 0), .events = POLLIN } };
        gint64 end = g_get_monotonic_time() + TIMEOUT;
        bool found;

        ck_assert_int_ge(fds[1].fd, 0);
        while (!(found = count_signals(w, path, member, word) > 0) && !fds[1].revents)
                ck_assert_msg(poll(fds, 2, (int)MAX(0, (end - g_get_monotonic_time()) / 1000)) > 0,
                              "the signal %s of %s did not arrive", member, path);
        close(fds[1].fd);
        return found;
}

unsigned world_last_percent(World *w, const char *job)
{
        unsigned percent = 0;

        world_drain(w);
        for (unsigned i = 0; i < w->signals->len; i++) {
                const Signal *s = g_ptr_array_index(w->signals, i);

                if (strcmp(s->path, job) == 0 && strcmp(s->member, "Progress") == 0)
                        percent = s->percent;
        }
        return percent;
}

/* Returns the number of Results. */
static unsigned check_signals(World *w, const char *job, const char *result)
{
        unsigned last = 0, results = 0;
        bool finished = false;
        g_autofree char *domain = world_property(w, job, "ErrorDomain"), *code = world_property(w, job, "ErrorCode");
        g_autofree char *message = world_property(w, job, "Message");
        g_autofree char *expected = g_strdup_printf("%s|%s|%s|%s", result, domain, code, message);

        for (unsigned i = 0; i < w->signals->len; i++) {
                const Signal *s = g_ptr_array_index(w->signals, i);

                if (strcmp(s->path, job) != 0)
                        continue;
                if (strcmp(s->member, "Progress") == 0) {
                        ck_assert_msg(s->percent >= last, "the percentage went back from %u: %s", last, s->text);
                        ck_assert_msg(s->percent < 100 || strcmp(result, "success") == 0, "100 %% without success");
                        finished = finished || g_str_has_prefix(s->text, "finished ");
                        ck_assert_msg(!finished || g_str_has_prefix(s->text, "finished "), "not finished: %s", s->text);
                        last = s->percent;
                } else if (strcmp(s->member, "Result") == 0) {
                        ck_assert_str_eq(s->text, expected);
                        results++;
                }
        }
        ck_assert_msg(g_str_has_suffix(message, ".") && strlen(message) > 20, "no sentence: %s", message);
        return results;
}

static unsigned check_outcome(World *w, const char *job, const char *result, const char *domain, const char *name)
{
        g_autofree char *message = NULL, *found = NULL;

        world_await_property(w, job, "State", "finished");
        world_drain(w);
        message = world_property(w, job, "Message");
        found = world_property(w, job, "Result");
        ck_assert_msg(strcmp(found, result) == 0, "%s instead of %s: %s", found, result, message);
        if (strcmp(result, "success") == 0)
                world_assert_property(w, job, "Percent", "100");
        world_assert_property(w, job, "ErrorName", name);
        world_assert_property(w, job, "ErrorDomain", domain);
        world_assert_property(w, job, "Cancellable", "0");
        return check_signals(w, job, result);
}

void world_assert_result(World *w, const char *job, const char *result, const char *domain, const char *name)
{
        ck_assert_uint_eq(check_outcome(w, job, result, domain, name), 1);
}

void world_assert_outcome(World *w, const char *job, const char *result, const char *domain, const char *name)
{
        check_outcome(w, job, result, domain, name);
}
