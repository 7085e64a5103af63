/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Command line, event loop, reload, exit status. Decides nothing about upgrades. */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <config.h>

#include "base/clock.h"
#include "bus/bus.h"
#include "base/log.h"
#include "manager/manager.h"
#include "base/message-ids.h"
#include "base/settings.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event, sd_event_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event_source, sd_event_source_disable_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manager, manager_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)

/* Logs the cause and returns the exit status. systemd restarts the daemon after EXIT_FAILURE, but not after EX_CONFIG
 * (RestartPreventExitStatus= in the unit). */
static int fail(const char *what, const char *why)
{
        log_error("fotad: %s%s", what, why);
        return EXIT_FAILURE;
}

/* Logs each mistake in the configuration. */
static int fail_config(bool wrong, const char *mistakes)
{
        g_auto(GStrv) lines = g_strsplit(mistakes, "\n", -1);

        for (char **line = lines; *line; line++)
                fail("", *line);
        return wrong ? EX_CONFIG : EXIT_FAILURE;
}

/* The objects that a reload concerns. */
typedef struct Running {
        const char *config_file;
        bool must_exist;
        Config *config;
        Manager *manager;
        Bus *bus;
} Running;

/* SIGHUP: reads the configuration again. One with an error changes nothing. The service manager is told of the
 * beginning and the end. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Running *running = userdata;
        g_autofree char *mistakes = NULL, *why = NULL;
        Config *config;
        bool wrong;

        (void)source, (void)info;
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
        config = config_load(running->config_file, running->must_exist, &wrong, &mistakes);
        if (config) {
                config_replace(running->config, config);
                manager_reconfigured(running->manager);
                log_notice("the configuration was read again");
        } else {
                g_auto(GStrv) lines = g_strsplit(mistakes, "\n", -1);

                why = g_strjoinv("; ", lines);
                log_event(LOG_ERR, &(LogEvent){ .message_id = MESSAGE_ID_CONFIG },
                          "%s; the configuration stays as it was", why);
        }
        bus_reloaded(running->bus, why);
        sd_notify(0, "READY=1");
        return 0;
}

/* SIGTERM or SIGINT. */
static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        const Running *running = userdata;

        (void)source, (void)info;
        sd_notify(0, "STOPPING=1");
        manager_end(running->manager, 0);
        return 0;
}

static int run(const char *config_file, bool must_exist)
{
        g_autofree char *why = NULL;
        g_autoptr(Config) config = NULL;
        g_autoptr(sd_event) event = NULL;
        g_autoptr(sd_event_source) hangup = NULL;
        g_autoptr(Manager) manager = NULL;
        g_autoptr(Bus) bus = NULL;
        Running running = { config_file, must_exist, NULL, NULL, NULL };
        const char *state = getenv("STATE_DIRECTORY"), *runtime = getenv("RUNTIME_DIRECTORY");
        ManagerDirectories directories = { state ?: "/var/lib/fotad", runtime ?: "/run/fotad" };
        sigset_t signals;
        bool wrong;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        config = config_load(config_file, must_exist, &wrong, &why);
        if (!config)
                return fail_config(wrong, why);
        if ((r = sd_event_default(&event)) < 0 || (r = sd_event_set_watchdog(event, true)) < 0 ||
            (r = sd_event_add_signal(event, NULL, SIGTERM, on_end, &running)) < 0 ||
            (r = sd_event_add_signal(event, NULL, SIGINT, on_end, &running)) < 0 ||
            (r = sd_event_add_signal(event, &hangup, SIGHUP, on_hangup, &running)) < 0 ||
            /* Handled before calls that come later: the unit's ExecReload= waits for the reply to one. */
            (r = sd_event_source_set_priority(hangup, SD_EVENT_PRIORITY_IMPORTANT)) < 0)
                return fail("no event loop: ", g_strerror(-r));
        manager = manager_new(event, config, &directories, &why);
        if (!manager)
                return fail("", why);
        if (bus_new(&bus, event, manager, &why) < 0 || bus_start(bus, &why) < 0)
                return fail("", why);
        running.config = config;
        running.manager = manager;
        running.bus = bus;
        sd_notify(0, "READY=1");
        r = clock_loop(event);
        sd_notify(0, "STOPPING=1");
        manager_stop(manager);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check_config(const char *file, bool must_exist)
{
        g_autofree char *why = NULL;
        bool wrong;
        g_autoptr(Config) config = config_load(file, must_exist, &wrong, &why);

        return config ? EXIT_SUCCESS : fail_config(wrong, why);
}

/* Opens the standard files that are closed. Otherwise the log would be written to the file that gets the number of
 * standard error: the connection to the bus, or a tty. */
static bool open_standard_files(void)
{
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd < 0)
                return false;
        close(fd);
        return true;
}

int main(int argc, char **argv)
{
        g_autofree char *file = NULL;
        gboolean version = FALSE, debug = FALSE, check = FALSE;
        GOptionEntry entries[] = {
                { "config", 'c', 0, G_OPTION_ARG_FILENAME, &file, "Read FILE instead of " CONFIG_DEFAULT_FILE, "FILE" },
                { "check-config", 0, 0, G_OPTION_ARG_NONE, &check, "Only say what is wrong with the configuration",
                  NULL },
                { "debug", 'd', 0, G_OPTION_ARG_NONE, &debug, "Log what is said on the AT port", NULL },
                { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
                { NULL, 0, 0, 0, NULL, NULL, NULL },
        };
        g_autoptr(GOptionContext) context = g_option_context_new("- upgrades the firmware of cellular modules");
        g_autoptr(GError) error = NULL;
        bool good;

        /* Otherwise the C library keeps some kB, and reserves 64 MB of addresses, for each thread that writes. */
        mallopt(M_ARENA_MAX, 1);
        if (!open_standard_files())
                return EXIT_FAILURE;
        g_option_context_add_main_entries(context, entries, NULL);
        good = g_option_context_parse(context, &argc, &argv, &error);
        if (!good || argc > 1) {
                fprintf(stderr, "fotad: %s\n", good ? "it takes no arguments" : error->message);
                return 2;
        }
        if (version) {
                puts("fotad " PACKAGE_VERSION);
                return EXIT_SUCCESS;
        }
        if (check)
                return check_config(file ?: CONFIG_DEFAULT_FILE, file != NULL);
        if (debug)
                log_set_level(LOG_DEBUG);
        signal(SIGPIPE, SIG_IGN);
        return run(file ?: CONFIG_DEFAULT_FILE, file != NULL);
}
