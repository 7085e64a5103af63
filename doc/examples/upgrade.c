/* SPDX-License-Identifier: 0BSD */
/* upgrade URL REVISION */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.fotad1"
#define JOB  "org.fotad1.Job"

static char *job; /* object path; NULL until there is one */
static bool look; /* the job is to be read: it may have ended, or the daemon may be back */

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *state;
        uint32_t percent;

        (void)userdata;
        (void)error;
        if (job && strcmp(sd_bus_message_get_path(m), job) == 0 && sd_bus_message_read(m, "su", &state, &percent) >= 0)
                printf("%s, %u %%\n", state, percent);
        return 0;
}

static int on_news(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)m;
        (void)userdata;
        (void)error;
        look = true;
        return 0;
}

static char *property(sd_bus *bus, const char *name)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        char *value = NULL;

        if (sd_bus_get_property_string(bus, NAME, job, JOB, name, &error, &value) < 0)
                fprintf(stderr, "not reachable now: %s\n", error.message); /* it will be back; the upgrade goes on */
        sd_bus_error_free(&error);
        return value;
}

/* The exit status, or -1 while it is under way. The end is taken from the properties, which stay. */
static int read_job(sd_bus *bus)
{
        char *result = property(bus, "Result"), *message = result && *result ? property(bus, "Message") : NULL;
        int status = -1;

        if (message) {
                printf("%s: %s\n", result, message);
                status = strcmp(result, "success") == 0 ? 0 : strcmp(result, "cancelled") == 0 ? 5 : 1;
        }
        free(result);
        free(message);
        return status;
}

static int start(sd_bus *bus, const char *url, const char *revision)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *answer = NULL;
        const char *path;
        int status = 0;

        if (sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", &error, &answer, "ssa{sv}",
                               "", url, 1, "expected-revision", "s", revision) >= 0 &&
            sd_bus_message_read(answer, "o", &path) >= 0) {
                job = strdup(path);
        } else {
                fprintf(stderr, "%s: %s\n", error.name, error.message);
                status = sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) ? 4 : 3;
        }
        sd_bus_message_unref(answer);
        sd_bus_error_free(&error);
        return status;
}

int main(int argc, char **argv)
{
        sd_bus *bus = NULL;
        int status, r;

        if (argc != 3)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (sd_bus_open_system(&bus) < 0)
                return 4;
        /* Listen first, then start, then read the state. */
        r = sd_bus_match_signal(bus, NULL, NAME, NULL, JOB, "Progress", on_progress, NULL);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NAME, NULL, JOB, "Result", on_news, NULL);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                                     "arg0='" NAME "'",
                                     on_news, NULL);
        status = r < 0 ? 4 : start(bus, argv[1], argv[2]);
        for (look = true; job && status <= 0;) {
                if (look) {
                        look = false;
                        status = read_job(bus);
                        if (status >= 0)
                                break;
                }
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0)
                        status = 4;
        }
        free(job);
        sd_bus_flush_close_unref(bus);
        return status;
}
