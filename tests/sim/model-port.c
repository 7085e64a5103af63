/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A serial port of the module: lines, echo, the order and timing of output, the form of results. This file must not
 * depend on any command.
 */
#include "model-private.h"
#include "text.h"

#include <string.h>

#define LINE_MAX_BYTES 1024

struct at_write {
        GString *bytes;
        unsigned ms;
        bool join;
        char *point; /* the point at which it is held; NULL none */
};

/* --- output --- */

static void free_write(void *data)
{
        struct at_write *write = data;

        g_string_free(write->bytes, TRUE);
        g_free(write->point);
        g_free(write);
}

static void put_out(void *data);
static void let_out(Model *m);

static enum lane lane_of(const struct at_port *port)
{
        return port == port->model->ports ? LANE_ANSWER : LANE_ANSWER_MODEM;
}

static void schedule_out(struct at_port *port)
{
        Model *m = port->model;
        struct at_write *write;

        while (!port->timer && !port->held && (write = g_queue_peek_head(port->out))) {
                if (write->point) {
                        port->held = true;
                        model_poll(m, lane_of(port), 0, write->point, let_out);
                        return;
                }
                if (write->ms) {
                        port->timer = m->world->timer_start(m->user, write->ms, put_out, port);
                        return;
                }
                g_queue_pop_head(port->out);
                m->world->tx(m->user, port->interface, write->bytes->str, write->bytes->len);
                free_write(write);
        }
}

static void put_out(void *data)
{
        struct at_port *port = data;
        struct at_write *write = g_queue_peek_head(port->out);

        port->timer = 0;
        write->ms = 0;
        schedule_out(port);
}

/* The hold of an answer is over, on one port. */
static void let_out(Model *m)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++) {
                struct at_port *port = &m->ports[i];
                struct at_write *write = g_queue_peek_head(port->out);

                if (!port->held || m->lanes[lane_of(port)].fn)
                        continue;
                port->held = false;
                g_clear_pointer(&write->point, g_free);
                schedule_out(port);
        }
}

static void put(struct at_port *port, const char *bytes, size_t n, unsigned ms, bool join, const char *point)
{
        const Model *m = port->model;
        struct at_write *last = g_queue_peek_tail(port->out);

        /* The module waits for RTS, which no wire carries. */
        if (m->uart && !persona_flag(m->persona, PERSONA_WIRES) &&
            g_str_has_suffix(persona_text(m->persona, PERSONA_IFC), "2"))
                return;
        if (join && last && last->join) {
                g_string_append_len(last->bytes, bytes, (gssize)n);
                return;
        }
        struct at_write *write = g_new0(struct at_write, 1);
        write->bytes = g_string_new_len(bytes, (gssize)n);
        write->ms = ms;
        write->join = join;
        write->point = g_strdup(point);
        g_queue_push_tail(port->out, write);
        schedule_out(port);
}

void at_port_write(struct at_port *port, const char *bytes, size_t n, unsigned ms, bool join)
{
        put(port, bytes, n, ms, join, NULL);
}

/* --- answers --- */

static char *result_line(const struct at_port *port, unsigned error)
{
        if (port->quiet)
                return g_strdup("");
        if (error && port->cmee == 1)
                return g_strdup_printf("\r\n+CME ERROR: %u\r\n", error);
        if (error && port->cmee == 2)
                return g_strdup_printf("\r\n+CME ERROR: %s\r\n", error == CME_NOT_ALLOWED ? "Operation not allowed"
                                                                 : error == CME_NOT_SUPPORTED
                                                                         ? "Operation not supported"
                                                                         : "Incorrect parameters");
        if (!port->verbose)
                return g_strdup(error ? "4\r" : "0\r");
        return g_strdup(error ? "\r\nERROR\r\n" : "\r\nOK\r\n");
}

void at_port_answer(struct at_port *port, const char *text, unsigned error)
{
        const Persona *p = port->model->persona;
        unsigned delay = persona_number(p, PERSONA_DELAY);
        g_autofree char *result = result_line(port, error), *point = g_strconcat("answer:", port->command, NULL);
        g_autoptr(GString) all = g_string_new(text ?: "");

        if (all->len && !persona_is(p, PERSONA_INSIDE, ""))
                g_string_append_printf(all, "\r\n%s\r\n", persona_text(p, PERSONA_INSIDE));
        g_string_append(all, result);
        if (all->len)
                put(port, all->str, all->len, delay, false, model_hold_at(port->model, point) ? point : NULL);
}

void at_port_result(struct at_port *port, unsigned error)
{
        at_port_answer(port, NULL, error);
}

/* --- input --- */

static void end_of_line(struct at_port *port)
{
        Model *m = port->model;
        g_autofree char *escaped = text_escape(port->line->str, port->line->len);
        bool whole = memchr(port->line->str, '\0', port->line->len) == NULL && port->line->len <= LINE_MAX_BYTES;
        g_autofree char *line = g_strndup(port->line->str, port->line->len);
        g_auto(GStrv) parts = g_strsplit(line, "\n", -1); /* a line feed is ignored */
        g_autofree char *command = g_strjoinv("", parts);

        g_string_truncate(port->line, 0);
        if (!*escaped)
                return;
        m->at_lines++;
        model_log(m, "rx %s \"%s\"", usb_role_name(port->role), escaped);
        model_event(m, "rx-%s", usb_role_name(port->role));
        model_event(m, "rx:%s", command);
        g_free(port->command);
        port->command = g_strdup(command);
        if (!whole)
                at_port_result(port, CME_PARAMETER);
        else if (*command)
                at_run_line(port, command);
}

static bool is_deaf(const struct at_port *port)
{
        const Model *m = port->model;

        return m->mute || m->leaving || (m->system == MODEL_UPDATER && !persona_flag(m->persona, PERSONA_UPDATER_AT)) ||
               (m->system == MODEL_MINI && persona_is(m->persona, PERSONA_MINI_AT, "none")) ||
               (port->role == USB_MODEM && !persona_flag(m->persona, PERSONA_MODEM_AT));
}

static void swallow(struct at_port *port, const char *why)
{
        g_autofree char *escaped = text_escape(port->in->str, port->in->len);

        if (port->in->len)
                model_log(port->model, "rx %s %s \"%s\"", usb_role_name(port->role), why, escaped);
        g_string_truncate(port->in, 0);
}

void at_port_resume(struct at_port *port)
{
        port->busy = false;
        while (port->in->len && !port->busy) {
                if (is_deaf(port)) {
                        swallow(port, "swallowed");
                        return;
                }
                const char *cr = memchr(port->in->str, '\r', port->in->len);
                size_t n = cr ? (size_t)(cr - port->in->str) + 1 : port->in->len;
                if (port->echo)
                        at_port_write(port, port->in->str, n, 0, false);
                g_string_append_len(port->line, port->in->str, (gssize)(cr ? n - 1 : n));
                g_string_erase(port->in, 0, (gssize)n);
                if (cr) {
                        /* A line feed after the previous carriage return is not part of this line. */
                        if (port->line->len && port->line->str[0] == '\n')
                                g_string_erase(port->line, 0, 1);
                        end_of_line(port);
                }
        }
}

void at_port_rx(struct at_port *port, const struct usb_piece *piece)
{
        size_t used = 0;

        if (port->data_mode && !is_deaf(port))
                used = file_rx(port->model, piece);
        else if (port == port->model->file.port && file_swallows(port->model, piece))
                used = piece->n;
        g_string_append_len(port->in, (const char *)piece->bytes + used, (gssize)(piece->n - used));
        if (!port->busy)
                at_port_resume(port);
}

void at_port_reset(struct at_port *port)
{
        Model *m = port->model;

        if (port->timer)
                m->world->timer_stop(m->user, port->timer);
        port->timer = 0;
        if (!port->in) {
                port->in = g_string_new(NULL);
                port->line = g_string_new(NULL);
                port->out = g_queue_new();
        }
        g_string_prepend_len(port->in, port->line->str, (gssize)port->line->len);
        swallow(port, "forgotten");
        g_string_truncate(port->line, 0);
        g_queue_clear_full(port->out, free_write);
        port->busy = port->data_mode = port->quiet = port->held = false;
        port->verbose = true;
        port->echo = persona_flag(m->persona, PERSONA_ECHO);
        port->cmee = persona_number(m->persona, PERSONA_CMEE);
}

void at_port_free(struct at_port *port)
{
        if (port->timer)
                port->model->world->timer_stop(port->model->user, port->timer);
        g_string_free(port->in, TRUE);
        g_string_free(port->line, TRUE);
        g_free(port->command);
        g_queue_free_full(port->out, free_write);
}
