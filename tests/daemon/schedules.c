/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared by the tests of fotactl schedule: a folder of schedules, systemd's credentials, and messages to systemd. */

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "client-run.h"
#include "schedules.h"

Schedules *schedules_new(const WorldSettings *settings)
{
        Schedules *b = g_new0(Schedules, 1);
        g_autofree char *notify = NULL;

        b->w = world_new(settings);
        b->directory = world_path(b->w, "schedule");
        notify = world_path(b->w, "notify");
        ck_assert_int_eq(g_mkdir_with_parents(b->directory, 0755), 0);
        b->systemd = datagrams_new(notify);
        g_setenv("NOTIFY_SOCKET", notify, TRUE);
        if (!settings->no_daemon)
                world_await_module(b->w, MODULE_1);
        return b;
}

void schedules_free(Schedules *b)
{
        world_free(b->w);
        datagrams_free(b->systemd);
        g_free(b->directory);
        g_free(b);
}

char *schedules_write_file(Schedules *b, const char *name, const char *text, int mode)
{
        char *path = g_build_filename(b->directory, name, NULL);

        ck_assert(g_file_set_contents(path, text, -1, NULL));
        ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
        return path;
}

/* The schedule "night". */
void schedules_write(Schedules *b, const char *source, const char *more)
{
        g_autofree char *text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=" NEW_REVISION "\n%s", source,
                                                more);

        g_free(schedules_write_file(b, "night.conf", text, 0644));
}

/* A systemd credential; the caller's own shell has none. */
void schedules_write_credential(Schedules *b, const char *name, const char *text)
{
        g_autofree char *directory = world_path(b->w, "credentials"), *path = g_build_filename(directory, name, NULL);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0700), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
}

char *schedules_command(Schedules *b, const char *verb)
{
        return g_strdup_printf("schedule --directory '%s' %s", b->directory, verb);
}

void schedules_assert(Schedules *b, const char *verb, int status, const char *out, const char *err)
{
        g_autofree char *line = schedules_command(b, verb);

        client_assert(b->w, line, NULL, status, out, err);
}

/* The last message to systemd since then; none of them holds a password. */
void schedules_assert_told(Schedules *b, unsigned from, const char *status)
{
        g_autoptr(GPtrArray) texts = NULL;

        datagrams_await(b->systemd, from, status);
        texts = datagrams_get(b->systemd);
        for (unsigned i = 0; i < texts->len; i++)
                ck_assert(!strstr(g_ptr_array_index(texts, i), "s3cret"));
        ck_assert_msg(strstr(g_ptr_array_index(texts, texts->len - 1), status) != NULL,
                      "'%s' is the last message, not '%s'", (char *)g_ptr_array_index(texts, texts->len - 1), status);
}

unsigned schedules_count_told(Schedules *b)
{
        g_autoptr(GPtrArray) texts = datagrams_get(b->systemd);

        return texts->len;
}
