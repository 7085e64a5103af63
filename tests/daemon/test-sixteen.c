/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixteen modules on one gateway, all with the same serial number, upgraded at once: DFOTA and MiniFOTA, each with its
 * own fault or none, and each with its own right end. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "world.h"

#define N 16

typedef enum Published {
        PUBLISHED,   /* all packages */
        MISSING,     /* none */
        FIRST_FIRST, /* .mini_2 only when all others have finished */
        WRONG,       /* a package from another revision */
} Published;

static const struct Case {
        const char *path, *module; /* as modsim's --module */
        const char *fault;         /* a setting, made right before the start; NULL none */
        bool mini;
        Published published;
        const char *domain, *name; /* "": success */
        bool new;                  /* the firmware that it runs in the end */
        bool there;                /* and whether it is present then */
} cases[N] = {
        { "1-1", "ec200a", NULL, false, PUBLISHED, "", "", true, true },
        { "1-2", "ec200a-8", NULL, false, MISSING, "http", "url-error", false, true },
        { "1-3", "ec600n,http-code=714", NULL, false, PUBLISHED, "http", "dns-failed", false, true },
        { "1-4", "eg915n,return=never,return-at=1", NULL, false, PUBLISHED, "host", "module-lost", false, false },
        { "2-1", "ec600m", NULL, true, FIRST_FIRST, "", "", true, true },
        { "2-2", "ec800m-4,cut=updating:76", NULL, true, PUBLISHED, "", "", true, true },
        { "2-3", "eg800k-2", NULL, true, MISSING, "host", "fell-back", false, true },
        { "2-4", "eg800k-4", NULL, true, WRONG, "host", "fell-back", false, true },
        { "3-1", "noecho,lost=download-start/downloading/download-end/start/updating/end", NULL, false, PUBLISHED, "",
          "", true, true },
        { "3-2", "noqgmr,new-imei=867710050000099", NULL, false, PUBLISHED, "host", "module-replaced", true, true },
        { "3-3", "nostart", "mute 600000", false, PUBLISHED, "host", "no-response", true, false },
        { "3-4", "ends-at-91", NULL, false, WRONG, "update", "version-mismatch", false, true },
        { "4-1.1", "percent,cut=downloading:50", NULL, false, PUBLISHED, "host", "interrupted", false, true },
        { "4-1.2", "https-word,check-code=506", NULL, false, PUBLISHED, "update", "md5-mismatch", false, true },
        { "4-1.3", "blank,update-code=504", NULL, false, PUBLISHED, "update", "update-failed", false, true },
        { "4-1.4", "ec800m-4,mini-revision=new,mini-imei=1", NULL, true, PUBLISHED, "", "", true, true },
};

/* The data of one module. */
typedef struct One {
        const struct Case *c;
        char *module; /* object path */
        char *imei, *old, *new, *url, *job;
} One;

/* Written beside its place first: a client that fetches it meanwhile gets the whole file or none. */
static void publish_second(World *w, const One *one, unsigned i)
{
        g_autofree char *directory = world_path(w, "www"), *name = g_strdup_printf("%u.mini_2", i);
        g_autofree char *hidden = g_strconcat("new-", name, NULL);
        g_autofree char *from = g_build_filename(directory, hidden, NULL),
                        *to = g_build_filename(directory, name, NULL);

        world_package(w, hidden, one->old, one->new, NULL);
        ck_assert_int_eq(g_rename(from, to), 0);
}

static void publish(World *w, One *one, unsigned i)
{
        const struct Case *c = one->c;
        g_autofree char *name = g_strdup_printf("%u.%s", i, c->mini ? "mini_1" : "bin");

        one->url = strstr(c->module, "https-word") ? world_https(w, name) : world_http(w, name);
        if (c->published == MISSING)
                return;
        world_package(w, name, one->old, one->new, c->published == WRONG ? "from" : NULL);
        if (c->mini && c->published != FIRST_FIRST)
                publish_second(w, one, i);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        One *one = userdata;
        const char *job;

        (void)error;
        ck_assert_msg(!sd_bus_message_is_method_error(m, NULL), "%s: %s", one->c->path,
                      sd_bus_message_is_method_error(m, NULL) ? sd_bus_message_get_error(m)->message : "");
        ck_assert_int_ge(sd_bus_message_read(m, "o", &job), 0);
        one->job = g_strdup(job);
        return 0;
}

/* All calls are sent before the first answer is awaited. */
static void start_all(World *w, One *all)
{
        for (unsigned i = 0; i < N; i++) {
                sd_bus_message *m = NULL;

                ck_assert_int_ge(sd_bus_message_new_method_call(world_bus(w), &m, "org.fotad1", "/org/fotad1",
                                                                "org.fotad1.Manager", "StartUpgrade"),
                                 0);
                /* By path and by IMEI in turn. */
                ck_assert_int_ge(
                        sd_bus_message_append(m, "ssa{sv}", i % 2 ? all[i].imei : all[i].module, all[i].url, 0), 0);
                ck_assert_int_ge(sd_bus_call_async(world_bus(w), NULL, m, on_answer, &all[i], 0), 0);
                sd_bus_message_unref(m);
        }
        for (unsigned i = 0; i < N; i++)
                while (!all[i].job)
                        if (sd_bus_process(world_bus(w), NULL) == 0)
                                sd_bus_wait(world_bus(w), G_USEC_PER_SEC);
}

static void check_end(World *w, const One *one)
{
        const struct Case *c = one->c;
        bool replaced = strstr(c->module, "new-imei") != NULL;
        const char *runs = c->new ? one->new : one->old;

        world_assert_result(w, one->job, *c->name ? "failed" : "success", c->domain, c->name);
        world_assert_property(w, one->job, "Module", one->module);
        world_assert_property(w, one->job, "Source", one->url);
        world_assert_property(w, one->job, "FromRevision", one->old);
        world_assert_property(w, one->module, "Job", "/");
        world_assert_sim(w, "1", "get %s qfotadl-count", c->path);
        world_assert_sim(w, one->url, "get %s last-qfotadl", c->path);
        world_assert_sim(w, "0", "get %s diag-bytes", c->path);
        world_assert_sim(w, runs, "get %s revision", c->path);
        if (!c->there)
                return;
        world_assert_property(w, one->module, "Imei", replaced ? "867710050000099" : one->imei);
        world_assert_property(w, one->module, "Revision", runs);
        if (!replaced)
                world_assert_property(w, one->job, "ToRevision", runs);
        world_assert_sim(w, "0", "get %s upgrading", c->path);
        world_assert_sim(w, "1", "get %s cfun", c->path);
        world_assert_sim(w, "auto", "get %s power-control", c->path);
        if (!replaced) /* whose settings must not be changed */
                world_assert_sim(w, "uart1", "get %s urcport", c->path);
}

static void begin(World *w, One *one, unsigned i)
{
        const struct Case *c = one->c;
        g_autofree char *id = g_strconcat("usb-", c->path, NULL);

        ck_assert_int_ge(sd_bus_path_encode("/org/fotad1/module", id, &one->module), 0);
        one->imei = g_strdup_printf("8677100500001%02u", i);
        one->old = world_sim(w, "get %s revision", c->path);
        one->new = g_strdup(one->old);
        one->new[strlen(one->new) - 4]++; /* A02M16 -> A03M16 */
        publish(w, one, i);
        world_await_module(w, one->module);
        world_assert_property(w, one->module, "Imei", one->imei);
        if (c->fault)
                g_free(world_sim(w, "set %s %s", c->path, c->fault));
}

START_TEST(test_sixteen)
{
        WorldSettings settings = { .config = "restart=15\nsettle=15\nstall=3\n" };
        One all[N] = { 0 };
        World *w;
        unsigned late = N;

        for (unsigned i = 0; i < N; i++)
                settings.modules[i] = g_strdup_printf("%s=%s,imei=8677100500001%02u,urcport=uart1,unopened=keep",
                                                      cases[i].path, cases[i].module, i);
        w = world_new(&settings);
        for (unsigned i = 0; i < N; i++) {
                all[i].c = &cases[i];
                begin(w, &all[i], i);
                if (cases[i].published == FIRST_FIRST)
                        late = i;
        }
        ck_assert_uint_lt(late, N);
        start_all(w, all);
        for (unsigned i = 0; i < N; i++)
                if (i != late)
                        world_await_property(w, all[i].job, "State", "finished");

        /* The last one waits, and can be repaired. On a busy machine it may have been stalled before that, and its
         * messages may have been missed meanwhile. */
        g_free(world_sim(w, "wait %s mini-2", all[late].c->path));
        world_await_property(w, all[late].job, "State", "stalled");
        ck_assert_uint_eq(world_count_signals(w, all[late].job, "Result"), 0);
        publish_second(w, &all[late], late);
        for (unsigned i = 0; i < N; i++)
                check_end(w, &all[i]);

        for (unsigned i = 0; i < N; i++) {
                ck_assert_uint_eq(world_count_signals(w, all[i].job, "Result"), 1);
                for (unsigned k = 0; k < i; k++)
                        ck_assert_str_ne(all[i].job, all[k].job);
        }
        for (unsigned i = 0; i < N; i++) {
                g_free((char *)settings.modules[i]);
                free(all[i].module);
                g_free(all[i].imei);
                g_free(all[i].old);
                g_free(all[i].new);
                g_free(all[i].url);
                g_free(all[i].job);
        }
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("sixteen");

        suite_add(s, "sixteen", test_sixteen, 0, 1);
        return suite_run(s);
}
