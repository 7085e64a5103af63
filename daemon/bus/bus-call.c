/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Common to all objects on the bus: the queue to the bus, replies for refusals, object paths, options. Knows none of
 * the objects. */

#include <errno.h>
#include <string.h>

#include "bus/bus-call.h"
#include "names.h"

uint64_t bus_count_queued(const Bus *b)
{
        uint64_t n;

        return sd_bus_get_n_queued_write(b->bus, &n) < 0 ? 0 : n;
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
