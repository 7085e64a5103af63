/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Common to all objects on the bus: replies for refusals, calls that wait, object paths, options. Knows none of the
 * objects. */

#include <errno.h>
#include <string.h>

#include "bus/bus-call.h"
#include "names.h"

#define WAITING_MAX 64                    /* calls */
#define WAIT_MAX    (20 * G_USEC_PER_SEC) /* clients give up after 25 s; a call that was given up is not carried out */

typedef struct Waiting {
        sd_bus_message *message;
        Module *module;
        BusWaitFunc func;
        gint64 since;
} Waiting;

static void waiting_free(Waiting *waiting)
{
        sd_bus_message_unref(waiting->message);
        g_free(waiting);
}

char *bus_module_path(const char *id)
{
        char *path = NULL;

        return sd_bus_path_encode(FOTAD_MODULE_PREFIX, id, &path) >= 0 ? path : NULL;
}

char *bus_job_path(const char *id)
{
        char *path = NULL;

        return sd_bus_path_encode(FOTAD_JOB_PREFIX, id, &path) >= 0 ? path : NULL;
}

int bus_refuse(sd_bus_error *error, const Refusal *refusal)
{
        return sd_bus_error_set(error, refusal->name, refusal->message);
}

int bus_refuse_not_ready(sd_bus_error *error, const Module *module, const char *failure)
{
        return sd_bus_error_setf(error, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                 failure);
}

/* ---- calls that wait */

bool bus_wait(Bus *b, sd_bus_message *message, Module *module, BusWaitFunc func)
{
        Waiting *waiting;

        if (g_queue_get_length(&b->waiting) >= WAITING_MAX)
                return false;
        waiting = g_new0(Waiting, 1);
        waiting->message = sd_bus_message_ref(message);
        waiting->module = module;
        waiting->func = func;
        waiting->since = g_get_monotonic_time();
        g_queue_push_tail(&b->waiting, waiting);
        return true;
}

void bus_unwait(Bus *b, sd_bus_message *message)
{
        for (GList *l = b->waiting.head; l; l = l->next) {
                Waiting *waiting = l->data;

                if (waiting->message == message) {
                        waiting_free(waiting);
                        g_queue_delete_link(&b->waiting, l);
                        return;
                }
        }
}

static void answer(Bus *b, Waiting *waiting, const char *failure)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!failure && g_get_monotonic_time() - waiting->since > WAIT_MAX)
                failure = "it took too long to tell who it is: try again";
        r = waiting->func(b, waiting->message, waiting->module, failure, &error);
        if (r < 0 && !sd_bus_error_is_set(&error))
                sd_bus_error_set_errno(&error, r);
        if (sd_bus_error_is_set(&error))
                sd_bus_reply_method_error(waiting->message, &error);
        sd_bus_error_free(&error);
}

void bus_answer_waiting(Bus *b, Module *module, const char *failure)
{
        /* An answered call may start a job or a probe, which may change the queue, so the queue is walked by count. */
        for (unsigned n = g_queue_get_length(&b->waiting); n > 0; n--) {
                Waiting *waiting = g_queue_pop_head(&b->waiting);

                if (!waiting)
                        break;
                if (waiting->module == module) {
                        answer(b, waiting, failure);
                        waiting_free(waiting);
                } else {
                        g_queue_push_tail(&b->waiting, waiting);
                }
        }
}

void bus_drop_waiting(Bus *b)
{
        g_queue_clear_full(&b->waiting, (GDestroyNotify)waiting_free);
}

/* ---- options */

static int invalid_option(sd_bus_error *error, const char *key, const char *why)
{
        return sd_bus_error_setf(error, FOTAD_ERROR_INVALID_OPTION, "%s %s", key, why);
}

static int read_option(sd_bus_message *m, const char *key, Options *options, sd_bus_error *error)
{
        char type = options_type(key), contents[2] = { type, 0 };
        g_autofree char *why = NULL;
        const char *given, *text;
        uint32_t number;
        int boolean, r;
        bool good = false;

        if (!type)
                return invalid_option(error, key, "is not an option: org.fotad1.Manager.xml lists those there are");
        r = sd_bus_message_peek_type(m, NULL, &given);
        if (r < 0)
                return r;
        if (strcmp(given, contents) != 0) {
                why = g_strdup_printf("must be of type %s, not %s", contents, given);
                return invalid_option(error, key, why);
        }
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        if (type == 's') {
                r = sd_bus_message_read_basic(m, 's', &text);
                good = r >= 0 && options_set_string(options, key, text, &why);
        } else if (type == 'u') {
                r = sd_bus_message_read_basic(m, 'u', &number);
                good = r >= 0 && options_set_number(options, key, number, &why);
        } else {
                r = sd_bus_message_read_basic(m, 'b', &boolean);
                good = r >= 0 && options_set_boolean(options, key, boolean);
        }
        if (r < 0)
                return r;
        if (!good)
                return invalid_option(error, key, why);
        return sd_bus_message_exit_container(m);
}

int bus_read_options(sd_bus_message *m, Options *options, sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *key;

                if ((r = sd_bus_message_read_basic(m, 's', &key)) < 0 || (r = read_option(m, key, options, error)) < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
