/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints failures and returns their exit status; all errors are printed here. Knows the names of errors, but not the
 * calls that failed. */

#include "config.h"

#include <errno.h>
#include <systemd/sd-daemon.h>

#include "bus.h"
#include "json.h"
#include "message.h"
#include "names.h"
#include "report.h"
#include "text.h"

void tell_status(const Ctl *ctl, const char *text)
{
        g_autofree char *clean = text_clean(text);

        if (ctl->notify)
                sd_notifyf(0, "STATUS=%s", clean);
}

static void print_error(const Ctl *ctl, const char *name, const char *message)
{
        g_autofree char *clean_name = text_clean(name), *clean_message = text_clean(message);

        tell_status(ctl, message);
        if (ctl->json) {
                g_autoptr(Json) json = json_new();
                json_begin(json, NULL, '{');
                json_begin(json, "error", '{');
                json_string(json, "name", name);
                json_string(json, "message", message);
                json_end(json, '}');
                json_end(json, '}');
                json_print(json);
                return;
        }
        if (g_str_has_prefix(name, "fotactl."))
                g_printerr("fotactl: %s\n", clean_message);
        else
                g_printerr("fotactl: %s: %s\n", clean_name, clean_message);
}

int fail(const Ctl *ctl, int status, const char *name, const char *format, ...)
{
        g_autofree char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        print_error(ctl, name, message);
        return status;
}

int fail_usage(const Ctl *ctl, const char *format, ...)
{
        g_autofree char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        print_error(ctl, ERROR_USAGE, message);
        if (!ctl->json)
                g_printerr(_("Try \"%s --help\".\n"), g_get_prgname());
        return STATUS_USAGE;
}

bool error_means_absent(const sd_bus_error *error)
{
        static const char *const names[] = {
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_NO_SERVER,
                SD_BUS_ERROR_NO_REPLY,
                SD_BUS_ERROR_DISCONNECTED,
                SD_BUS_ERROR_TIMEOUT,
                "org.freedesktop.DBus.Error.TimedOut",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (sd_bus_error_has_name(error, names[i]))
                        return true;
        /* The bus replies with these if it could not start the daemon, with and without systemd. */
        if (error->name && (g_str_has_prefix(error->name, "org.freedesktop.DBus.Error.Spawn.") ||
                            g_str_has_prefix(error->name, "org.freedesktop.systemd1.")))
                return true;
        switch (sd_bus_error_get_errno(error)) {
        case ECONNREFUSED:
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
        case ESHUTDOWN:
        case ETIMEDOUT: return true;
        default: return false;
        }
}

/* JSON has the sentence as fotad sent it. */
static int fail_refused(const Ctl *ctl, const sd_bus_error *error)
{
        g_autofree char *words = sentence_words(error->message);

        return fail(ctl, STATUS_REFUSED, error->name, "%s", ctl->json ? error->message ?: "" : words);
}

int fail_bus(const Ctl *ctl, const sd_bus_error *error, int r)
{
        g_auto(sd_bus_error) own = SD_BUS_ERROR_NULL;

        if (!error || !sd_bus_error_is_set(error)) {
                sd_bus_error_set_errno(&own, r);
                error = &own;
        }
        if (!error_means_absent(error))
                return fail_refused(ctl, error);
        if (ctl->json)
                return fail(ctl, STATUS_NO_DAEMON, error->name, "%s", error->message ?: "");
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN))
                return fail(ctl, STATUS_NO_DAEMON, ERROR_NO_DAEMON,
                            _("fotad is not running, and the bus knows no service that would start it: is it "
                              "installed? Look at \"systemctl status fotad\""));
        return fail(ctl, STATUS_NO_DAEMON, ERROR_NO_DAEMON,
                    _("fotad is not reachable: %s (%s); look at \"systemctl status fotad\""), error->message ?: "",
                    error->name);
}
