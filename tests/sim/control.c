/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands from tests, and waits, so that tests need not sleep. A connection has one command at a time; a command that
 * waits delays only its own connection. This file must not depend on the meaning of an event or a hold.
 */
#include "control.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct Control {
        char *path;
        Bench *bench;
        GSocketService *service;
        GPtrArray *clients;
        void (*quit)(void *user);
        void *quit_user;
};

struct client {
        Control *control;
        GSocketConnection *connection;
        GDataInputStream *in;
        GCancellable *cancel;
        /* the event that it waits for */
        Unit *unit;
        char *event; /* NULL: waits until the unit is held, at `point` if that is not NULL */
        char *point;
        unsigned count;
};

struct command {
        const char *name;
        unsigned least, most; /* arguments; the last one takes the rest of the line */
        bool unit;            /* the first one is a unit */
        /* Returns the value, "" for none, or NULL with an error; NULL without an error: the answer comes later. */
        char *(*run)(struct client *client, Unit *unit, char **argument, GError **error);
};

static void client_read(struct client *client);

static void client_free(struct client *client)
{
        g_ptr_array_remove(client->control->clients, client);
        g_io_stream_close(G_IO_STREAM(client->connection), NULL, NULL);
        g_object_unref(client->in);
        g_object_unref(client->connection);
        g_object_unref(client->cancel);
        g_free(client->event);
        g_free(client->point);
        g_free(client);
}

static void client_answer(struct client *client, const char *word, const char *value)
{
        g_autofree char *line = g_strdup_printf("%s%s%s\n", word, *value ? " " : "", value);

        /* A line fits into the socket's buffer; a client that has disconnected is noticed by the next read. */
        g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(client->connection)), line, strlen(line),
                                  NULL, NULL, NULL);
}

/* --- waits --- */

/* The value of the answer if the event that the client waits for has happened, else NULL. */
static char *client_ready(struct client *client)
{
        if (client->event)
                return unit_count(client->unit, client->event) >= client->count
                               ? g_strdup_printf("%u", unit_count(client->unit, client->event))
                               : NULL;
        return g_strdup(unit_held(client->unit, client->point));
}

static void on_event(void *user)
{
        Control *control = user;

        for (guint i = 0; i < control->clients->len; i++) {
                struct client *client = g_ptr_array_index(control->clients, i);
                g_autofree char *value = client->unit ? client_ready(client) : NULL;

                if (!value)
                        continue;
                client->unit = NULL;
                client_answer(client, "ok", value);
                client_read(client);
        }
}

static char *client_wait(struct client *client, Unit *unit, const char *event, const char *point, unsigned count)
{
        g_free(client->event);
        client->event = g_strdup(event);
        g_free(client->point);
        client->point = g_strdup(point);
        client->count = count;
        client->unit = unit;
        char *value = client_ready(client);
        if (value)
                client->unit = NULL;
        return value;
}

/* --- commands --- */

static char *done(bool ok)
{
        return ok ? g_strdup("") : NULL;
}

static char *run_set(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client;
        return done(unit_set(unit, argument[1], argument[2] ?: "", error));
}

static char *run_get(struct client *client, Unit *unit, char **argument, GError **error)
{
        char *value = unit_get(unit, argument[1]);

        (void)client;
        if (!value)
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no setting and no truth is called '%s'",
                            argument[1]);
        return value;
}

static char *run_count(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)error;
        return g_strdup_printf("%u", unit_count(unit, argument[1]));
}

static char *run_attach(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)argument;
        return done(unit_attach(unit, error));
}

static char *run_detach(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)argument, (void)error;
        unit_detach(unit);
        return done(true);
}

static char *run_power_cut(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)argument;
        return done(unit_power_cut(unit, error));
}

static char *run_plug(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)argument;
        return done(unit_adapter(unit, true, error));
}

static char *run_pull(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)argument;
        return done(unit_adapter(unit, false, error));
}

static char *run_move(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client;
        return done(unit_move(unit, argument[1], error));
}

static char *run_urc(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client;
        return done(unit_say(unit, argument[1], error));
}

static char *run_bytes(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client, (void)error;
        unit_bytes(unit, argument[1]);
        return done(true);
}

/* wait UNIT EVENT [COUNT|+COUNT] */
static char *run_wait(struct client *client, Unit *unit, char **argument, GError **error)
{
        const char *text = argument[2] ?: "1";
        bool more = *text == '+';
        guint64 count;

        if (!g_ascii_string_to_unsigned(text + more, 10, 1, G_MAXUINT / 2, &count, error))
                return NULL;
        return client_wait(client, unit, argument[1], NULL,
                           (unsigned)count + (more ? unit_count(unit, argument[1]) : 0));
}

static char *run_hold(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client;
        return done(unit_hold(unit, argument[1], error));
}

static char *run_release(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)client;
        return done(unit_release(unit, argument[1], error));
}

static char *run_held(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)error;
        return client_wait(client, unit, NULL, argument[1], 0);
}

static char *run_log(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)unit, (void)argument, (void)error;
        return g_strdup(bench_log_path(client->control->bench));
}

static char *run_quit(struct client *client, Unit *unit, char **argument, GError **error)
{
        (void)unit, (void)argument, (void)error;
        client->control->quit(client->control->quit_user);
        return g_strdup("");
}

static const struct command commands[] = {
        { "set", 2, 3, true, run_set },       { "get", 2, 2, true, run_get },
        { "count", 2, 2, true, run_count },   { "attach", 1, 1, true, run_attach },
        { "detach", 1, 1, true, run_detach }, { "power-cut", 1, 1, true, run_power_cut },
        { "plug", 1, 1, true, run_plug },     { "pull", 1, 1, true, run_pull },
        { "move", 2, 2, true, run_move },     { "urc", 2, 2, true, run_urc },
        { "bytes", 2, 2, true, run_bytes },   { "wait", 2, 3, true, run_wait },
        { "hold", 2, 2, true, run_hold },     { "release", 1, 2, true, run_release },
        { "held", 1, 2, true, run_held },     { "log", 0, 0, false, run_log },
        { "quit", 0, 0, false, run_quit },
};

/* Returns true after an answer, so that the next command may be read. */
static bool client_command(struct client *client, const char *line)
{
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) head = g_strsplit(line, " ", 2);

        for (unsigned i = 0; i < G_N_ELEMENTS(commands) && head[0]; i++) {
                const struct command *command = &commands[i];
                g_auto(GStrv) argument = g_strsplit(head[1] ?: "", " ", (int)command->most);
                unsigned n = head[1] ? g_strv_length(argument) : 0;
                Unit *unit = command->unit && n ? bench_find(client->control->bench, argument[0]) : NULL;
                g_autofree char *value = NULL;

                if (!g_str_equal(command->name, head[0]))
                        continue;
                if (n < command->least || n > command->most)
                        g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s takes %u to %u arguments",
                                    command->name, command->least, command->most);
                else if (command->unit && !unit)
                        g_set_error(&error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is no %s", argument[0]);
                else
                        value = command->run(client, unit, argument, &error);
                if (!value && !error)
                        return false;
                client_answer(client, value ? "ok" : "error", value ?: error->message);
                return true;
        }
        client_answer(client, "error", "unknown command");
        return true;
}

static void client_line(GObject *source, GAsyncResult *result, void *data)
{
        struct client *client = data;
        g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, NULL, NULL);

        if (!line)
                client_free(client);
        else if (client_command(client, line))
                client_read(client);
}

static void client_read(struct client *client)
{
        g_data_input_stream_read_line_async(client->in, G_PRIORITY_DEFAULT, client->cancel, client_line, client);
}

/* --- the socket --- */

static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, void *data)
{
        Control *control = data;
        struct client *client = g_new0(struct client, 1);

        (void)service, (void)source;
        client->control = control;
        client->connection = g_object_ref(connection);
        client->in = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
        client->cancel = g_cancellable_new();
        g_ptr_array_add(control->clients, client);
        client_read(client);
        return TRUE;
}

static GSocket *listen_at(const char *path, GError **error)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (strlen(path) >= sizeof address.sun_path) {
                g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "%s is too long for a socket", path);
                close(fd);
                return NULL;
        }
        strcpy(address.sun_path, path);
        g_unlink(path);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 8) < 0) {
                g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
                close(fd);
                return NULL;
        }
        return g_socket_new_from_fd(fd, error);
}

Control *control_new(const char *path, Bench *bench, void (*quit)(void *user), void *user, GError **error)
{
        g_autoptr(GSocket) socket = listen_at(path, error);
        g_autoptr(GSocketService) service = g_socket_service_new();

        if (!socket || !g_socket_listener_add_socket(G_SOCKET_LISTENER(service), socket, NULL, error))
                return NULL;
        Control *control = g_new0(Control, 1);
        control->path = g_strdup(path);
        control->bench = bench;
        control->service = g_steal_pointer(&service);
        control->clients = g_ptr_array_new();
        control->quit = quit;
        control->quit_user = user;
        g_signal_connect(control->service, "incoming", G_CALLBACK(on_incoming), control);
        bench_on_event(bench, on_event, control);
        return control;
}

void control_free(Control *control)
{
        if (!control)
                return;
        bench_on_event(control->bench, NULL, NULL);
        g_socket_service_stop(control->service);
        g_socket_listener_close(G_SOCKET_LISTENER(control->service));
        while (control->clients->len) {
                struct client *client = g_ptr_array_index(control->clients, 0);

                /* A pending read ends in client_line(), which frees the client. */
                if (client->unit)
                        client_free(client);
                else
                        g_cancellable_cancel(client->cancel);
                while (g_main_context_iteration(NULL, FALSE))
                        ;
        }
        g_ptr_array_unref(control->clients);
        g_object_unref(control->service);
        g_unlink(control->path);
        g_free(control->path);
        g_free(control);
}
