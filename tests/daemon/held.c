/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records that are held, and calls meanwhile. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "held.h"
#include "presets.h"

#define TIMEOUT (60 * G_USEC_PER_SEC)

/* ---- a record that is being written */

void held_start_daemon_of(World *w, const char *files)
{
        g_autofree char *syncs = world_path(w, "syncs"), *later = world_path(w, "later");
        g_autofree char *refuse = world_path(w, "refuse");

        world_set_environment(w, "LATER", later);
        world_set_environment(w, "REMOVALS_FAIL", refuse);
        world_set_environment(w, "SYNCS_WAIT", syncs);
        world_set_environment(w, "SYNCS_OF", files);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
}

void held_start_daemon(World *w)
{
        held_start_daemon_of(w, "/1.job");
}

World *held_world(const char *config)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600n" },
                                   .config = config,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);

        held_start_daemon(w);
        world_await_module(w, MODULE_2);
        world_package(w, "other.bin", OTHER_OLD, OTHER_NEW, NULL);
        return w;
}

void held_let_pass(World *w, const char *seconds)
{
        g_autofree char *later = world_path(w, "later");

        ck_assert(g_file_set_contents(later, seconds, -1, NULL));
}

Hold *hold_new(World *w)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Hold *h = g_new0(Hold, 1);

        h->w = w;
        h->path = world_path(w, "syncs");
        h->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        h->sync = -1;
        g_strlcpy(address.sun_path, h->path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(h->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(h->path, 0666), 0);
        ck_assert_int_eq(listen(h->listener, 16), 0);
        return h;
}

static bool new_record_has(World *w, const char *part)
{
        g_autofree char *jobs = world_path(w, "state/jobs");
        g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);
        const char *name;
        bool has = false;

        while (!has && (name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(jobs, name, NULL), *text = NULL;

                if (g_str_has_prefix(name, "1.job.") && g_file_get_contents(path, &text, NULL, NULL))
                        has = strstr(text, part) != NULL;
        }
        return has;
}

void hold_await(Hold *h, const char *part)
{
        do {
                if (h->sync >= 0)
                        close(h->sync);
                h->sync = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
                ck_assert_int_ge(h->sync, 0);
        } while (!new_record_has(h->w, part));
}

void hold_await_any(Hold *h)
{
        h->sync = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(h->sync, 0);
}

void hold_await_removal(Hold *h)
{
        close(h->sync);
        hold_await_any(h);
}

void hold_release(Hold *h)
{
        ck_assert_int_eq(unlink(h->path), 0);
        close(h->listener);
        close(h->sync);
        g_free(h->path);
        g_free(h);
}

void held_start_job(World *w, const char *point)
{
        g_autofree char *url = world_publish(w), *job = NULL;

        g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(job, JOB_1);
        g_free(world_sim(w, "held 1-1 %s", point));
}

Hold *hold_before_command(World *w)
{
        Hold *h;

        held_start_job(w, PREPARING);
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 " PREPARING));
        hold_await(h, "Sent=true");
        return h;
}

void hold_assert(World *w)
{
        for (unsigned i = 0; i < 10; i++) {
                world_assert_property(w, JOB_1, "State", "preparing");
                world_assert_property(w, MODULE_1, "Job", JOB_1);
        }
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
}

void held_assert_success(World *w)
{
        world_assert_result(w, JOB_1, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
}

/* ---- callers that do not wait for the answer */

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Caller *c = userdata;
        const char *path;

        (void)unused;
        c->answered = true;
        if (sd_bus_message_is_method_error(m, NULL))
                c->error = g_strdup(sd_bus_message_get_error(m)->message);
        else if (sd_bus_message_has_signature(m, "o") && sd_bus_message_read(m, "o", &path) >= 0)
                c->job = g_strdup(path);
        return 0;
}

Caller *caller_new(sd_bus_message **ret, const char *path, const char *interface, const char *method)
{
        Caller *c = g_new0(Caller, 1);

        ck_assert_int_ge(sd_bus_open_system(&c->bus), 0);
        ck_assert_int_ge(sd_bus_message_new_method_call(c->bus, ret, "org.fotad1", path, interface, method), 0);
        return c;
}

Caller *caller_send(Caller *c, sd_bus_message *m)
{
        ck_assert_int_ge(sd_bus_call_async(c->bus, NULL, m, on_answer, c, UINT64_MAX), 0);
        ck_assert_int_ge(sd_bus_flush(c->bus), 0);
        sd_bus_message_unref(m);
        return c;
}

/* id: NULL none. */
static void append_id(sd_bus_message *m, const char *id)
{
        ck_assert_int_ge(id ? sd_bus_message_append(m, "a{sv}", 1, "request-id", "s", id)
                            : sd_bus_message_append(m, "a{sv}", 0),
                         0);
}

static Caller *call_start(const char *url, const char *id)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade");

        ck_assert_int_ge(sd_bus_message_append(m, "ss", MODULE_1, url), 0);
        append_id(m, id);
        return caller_send(c, m);
}

/* Sends StartUpgradeFile with the package that call_start_file() has made. */
static Caller *caller_send_file(Caller *c, sd_bus_message *m, World *w, const char *id)
{
        g_autofree char *path = world_path(w, "package.bin");
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(sd_bus_message_append(m, "shs", MODULE_1, fd, "package.bin"), 0);
        append_id(m, id);
        close(fd);
        return caller_send(c, m);
}

Caller *call_start_file(World *w, const char *id)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile");

        world_make_package(w, "package.bin", OLD_REVISION, NEW_REVISION, 20000);
        return caller_send_file(c, m, w, id);
}

void call_start_file_again(Caller *c, World *w, const char *id)
{
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_message_new_method_call(c->bus, &m, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                        "StartUpgradeFile"),
                         0);
        caller_send_file(c, m, w, id);
}

Caller *call_job(const char *method, const char *url)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, JOB_1, "org.fotad1.Job", method);

        if (url)
                ck_assert_int_ge(sd_bus_message_append(m, "sa{sv}", url, 0), 0);
        return caller_send(c, m);
}

void caller_free(Caller *c)
{
        sd_bus_flush_close_unref(c->bus);
        g_free(c->job);
        g_free(c->error);
        g_free(c);
}

Caller *call_cancel(int how)
{
        sd_bus_message *m;
        Caller *c;

        if (how == 0)
                return call_job("Cancel", NULL);
        c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "Cancel");
        ck_assert_int_ge(sd_bus_message_append(m, "o", JOB_1), 0);
        return caller_send(c, m);
}

void caller_leave(Caller *c, World *w)
{
        g_autofree char *unique = NULL;
        const char *name;

        ck_assert_int_ge(sd_bus_get_unique_name(c->bus, &name), 0);
        unique = g_strdup(name);
        caller_free(c);
        while (sd_bus_get_name_creds(world_bus(w), unique, 0, NULL) >= 0)
                ;
}

void caller_settle(Caller *c)
{
        for (unsigned i = 0; i < 2; i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                char *version = NULL;

                ck_assert_int_ge(sd_bus_get_property_string(c->bus, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                            "Version", &error, &version),
                                 0);
                free(version);
        }
}

void caller_await_answer(Caller *c)
{
        gint64 last = g_get_monotonic_time() + TIMEOUT;

        while (!c->answered) {
                ck_assert_msg(g_get_monotonic_time() < last, "no answer");
                if (sd_bus_process(c->bus, NULL) == 0)
                        sd_bus_wait(c->bus, G_USEC_PER_SEC);
        }
}

void caller_await(Caller *c)
{
        caller_await_answer(c);
        ck_assert_msg(!c->error, "%s", c->error);
}

void caller_await_refusal(Caller *c)
{
        caller_await_answer(c);
        ck_assert_ptr_nonnull(c->error);
        ck_assert_str_eq(c->error, "the disk took too long: try again");
}

void caller_assert_waits(Caller *c)
{
        while (sd_bus_process(c->bus, NULL) > 0)
                ;
        ck_assert(!c->answered);
}

void held_assert_no_job(World *w)
{
        ck_assert(!world_call(w, JOB_1, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "org.freedesktop.DBus.Error.UnknownObject");
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
}

Caller *call_start_with(World *w, int how, const char *id)
{
        g_autofree char *url = world_publish(w);

        return how == 0 ? call_start(url, id) : call_start_file(w, id);
}

Caller *call_start_either(World *w, int how)
{
        return call_start_with(w, how, NULL);
}

bool held_has_files(World *w, const char *directory)
{
        g_autofree char *path = world_path(w, directory);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

        return dir && g_dir_read_name(dir);
}

void held_await_no_files(World *w, const char *directory)
{
        gint64 last = g_get_monotonic_time() + TIMEOUT;

        while (held_has_files(w, directory))
                ck_assert_msg(g_get_monotonic_time() < last, "a file stays in %s", directory);
}
