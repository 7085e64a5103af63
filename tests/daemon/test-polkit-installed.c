/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The installed files for the bus and for polkit: the policies, read by the programs that read them on a gateway, and a
 * daemon that runs as fotad. */

#include <check.h>
#include <string.h>

#include "polkit.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define NAME "org.fotad1"

static const char *const actions[] = { "org.fotad1.start", "org.fotad1.cancel", "org.fotad1.retry",
                                       "org.fotad1.probe" };

static World *begin(const char *rules)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w;

        polkit_prepare(rules);
        w = world_new(&settings);
        polkit_start(w);
        return w;
}

static int job_cancel(sd_bus *bus, const void *data, sd_bus_error *e)
{
        (void)data;
        return sd_bus_call_method(bus, NAME, JOB_1, "org.fotad1.Job", "Cancel", e, NULL, NULL);
}

static int probe(sd_bus *bus, const void *data, sd_bus_error *e)
{
        (void)data;
        return sd_bus_call_method(bus, NAME, MODULE_1, "org.fotad1.Module", "Probe", e, NULL, NULL);
}

static int own(sd_bus *bus, const void *name, sd_bus_error *e)
{
        (void)e;
        return sd_bus_request_name(bus, name, 0);
}

/* The installed daemon does not run as root: polkit answers it about other users, and accepts the variable module from
 * it, because it owns the actions. */
START_TEST(test_owner)
{
        g_autofree char *url = NULL, *job = NULL;
        World *w;

        w = begin("polkit.addRule(function(action, subject) {\n"
                  "  if (subject.user == 'carol' && action.id == 'org.fotad1.cancel' &&\n"
                  "      action.lookup('module') == 'usb-1-1') return polkit.Result.YES;\n"
                  "  if (subject.user == 'bob') return polkit.Result.NO;\n"
                  "});\n");
        url = world_http(w, "up.bin");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "success", "", "");
        ck_assert_int_eq(world_stop_daemon(w), 0);

        world_start_daemon(w);
        user_assert_do(&carol, false, job_cancel, NULL, "NotCancellable", "finished");
        user_assert_do(&bob, false, job_cancel, NULL, "AccessDenied", "polkit does not admit you");
        user_assert_do(&alice, false, job_cancel, NULL, "InteractiveAuthorizationRequired", "org.fotad1.cancel");
        user_assert_do(&alice, false, probe, NULL, "InteractiveAuthorizationRequired", "org.fotad1.probe");
        user_assert_do(&member, false, job_cancel, NULL, "NotCancellable", "finished");
        world_free(w);
}
END_TEST

/* The bus allows only root and fotad to own the name. */
START_TEST(test_name)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        World *w;

        polkit_prepare("");
        w = world_new(&settings);
        user_assert_do(&alice, false, own, NAME, "AccessDenied", "");
        user_assert_do(&member, false, own, NAME, "AccessDenied", "");
        user_assert_do(&alice, false, own, NAME ".Other", "AccessDenied", "");
        user_assert_do(&fotad, false, own, NAME, "done", "");
        world_free(w);
}
END_TEST

/* Fails as a method that polkit guards: AccessDenied, or InteractiveAuthorizationRequired. */
static int ask_polkit(sd_bus *bus, const void *action, sd_bus_error *e)
{
        sd_bus_message *reply = NULL;
        int r, is_authorized, challenge;
        const char *me;

        if ((r = sd_bus_get_unique_name(bus, &me)) < 0 ||
            (r = sd_bus_call_method(bus, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                                    "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization", e, &reply,
                                    "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s", me, action, 0, 0, "")) < 0 ||
            (r = sd_bus_message_enter_container(reply, 'r', "bba{ss}")) < 0 ||
            (r = sd_bus_message_read(reply, "bb", &is_authorized, &challenge)) < 0)
                return r;
        sd_bus_message_unref(reply);
        if (is_authorized)
                return 0;
        return sd_bus_error_set(
                e, challenge ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED : SD_BUS_ERROR_ACCESS_DENIED, "no");
}

/* The daemon may call the other services that it needs, which other users without a session may not; and it may do
 * nothing else there. (The list of actions was recorded where those services run.) */
START_TEST(test_of_others)
{
        static const struct {
                const char *policy, *actions[4], *other;
        } all[] = { { "org.freedesktop.login1.policy",
                      { "org.freedesktop.login1.inhibit-block-shutdown", "org.freedesktop.login1.inhibit-block-sleep",
                        "org.freedesktop.login1.inhibit-handle-lid-switch" },
                      "org.freedesktop.login1.inhibit-handle-power-key" },
                    { "org.freedesktop.ModemManager1.policy",
                      { "org.freedesktop.ModemManager1.Control" },
                      "org.freedesktop.ModemManager1.Firmware" } };
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        World *w;

        polkit_prepare_beside("", all[_i].policy);
        w = world_new(&settings);
        polkit_start(w);
        for (const char *const *action = all[_i].actions; *action; action++) {
                user_assert_do(&fotad, false, ask_polkit, *action, "done", "");
                ck_assert_str_ne(user_do(&alice, false, ask_polkit, *action), "done");
                ck_assert_str_ne(user_do(&member, false, ask_polkit, *action), "done");
        }
        ck_assert_str_ne(user_do(&fotad, false, ask_polkit, all[_i].other), "done");
        world_free(w);
}
END_TEST

/* The policy as polkitd reads it, and as a person reads it. */
START_TEST(test_policy)
{
        static const struct {
                const char *locale, *words;
        } languages[] = { { "C", "Authentication is required" },
                          { "de_DE.UTF-8", "Legitimierung" },
                          { "zh_CN.UTF-8", "需要认证" } };
        const char *id, *description, *message, *vendor, *url, *icon;
        g_autoptr(GString) ids = g_string_new(NULL);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        uint32_t any, inactive, active;
        sd_bus_message *reply = NULL;
        World *w = begin("");

        ck_assert_msg(sd_bus_call_method(world_bus(w), "org.freedesktop.PolicyKit1",
                                         "/org/freedesktop/PolicyKit1/Authority",
                                         "org.freedesktop.PolicyKit1.Authority", "EnumerateActions", &error, &reply,
                                         "s", languages[_i].locale) >= 0,
                      "%s", error.message);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "(ssssssuuua{ss})"), 0);
        while (sd_bus_message_enter_container(reply, 'r', "ssssssuuua{ss}") > 0) {
                ck_assert_int_ge(sd_bus_message_read(reply, "ssssssuuu", &id, &description, &message, &vendor, &url,
                                                     &icon, &any, &inactive, &active),
                                 0);
                ck_assert_int_ge(sd_bus_message_skip(reply, "a{ss}"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
                g_string_append_printf(ids, "%s ", id);
                ck_assert_msg(strstr(message, languages[_i].words) && strstr(message, "$(module)"), "%s", message);
                ck_assert_str_ne(description, "");
                /* polkit's numbers for auth_admin and auth_admin_keep */
                ck_assert_uint_eq(any, 2);
                ck_assert_uint_eq(inactive, 2);
                ck_assert_uint_eq(active, 4);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
                ck_assert_msg(strstr(ids->str, actions[i]) != NULL, "no %s in: %s", actions[i], ids->str);
        ck_assert_uint_eq(ids->len, strlen("org.fotad1.start org.fotad1.cancel org.fotad1.retry org.fotad1.probe "));
        sd_bus_message_unref(reply);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("polkit-installed");

        suite_add(s, "owner", test_owner, 0, 1);
        suite_add(s, "name", test_name, 0, 1);
        suite_add(s, "of-others", test_of_others, 0, 2);
        suite_add(s, "policy", test_policy, 0, 3);
        return suite_run(s);
}
