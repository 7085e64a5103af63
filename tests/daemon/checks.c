/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared by the tests of checks: the call, its rows, and a server with given answers. */

#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checks.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static void row_free(void *data)
{
        Row *row = data;

        g_free(row->rule);
        g_free(row->finding);
        g_free(row->remedy);
        g_free(row);
}

GPtrArray *check_read(sd_bus_message *reply)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
        const char *rule, *finding, *remedy;
        int holds;

        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "(sbss)"), 0);
        while (sd_bus_message_read(reply, "(sbss)", &rule, &holds, &finding, &remedy) > 0) {
                Row *row = g_new0(Row, 1);

                row->rule = g_strdup(rule);
                row->holds = holds;
                row->finding = g_strdup(finding);
                row->remedy = g_strdup(remedy);
                g_ptr_array_add(rows, row);
                ck_assert_msg(!strstr(finding, "s3cret") && !strstr(remedy, "s3cret"), "%s: %s", rule, finding);
                ck_assert_msg(*finding && (!holds || !*remedy), "%s: '%s' '%s'", rule, finding, remedy);
        }
        return rows;
}

sd_bus_message *check_message(World *w, const char *module, const char *source)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(world_bus(w), &m, "org.fotad1", "/org/fotad1",
                                                        "org.fotad1.Manager", "Check"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "ss", module, source), 0);
        return m;
}

GPtrArray *check_call(World *w, const char *module, const char *source, char **ret_error, ...)
{
        g_autoptr(sd_bus_message) m = check_message(w, module, source), reply = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *key;
        va_list args;
        int r;

        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        va_start(args, ret_error);
        while ((key = va_arg(args, const char *))) {
                const char *type = va_arg(args, const char *), *value = va_arg(args, const char *);

                r = *type == 's' ? sd_bus_message_append(m, "{sv}", key, "s", value)
                                 : sd_bus_message_append(m, "{sv}", key, type, (int)strtoul(value, NULL, 10));
                ck_assert_int_ge(r, 0);
        }
        va_end(args);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        r = sd_bus_call(world_bus(w), m, 60 * G_USEC_PER_SEC, &error, &reply);
        if (r < 0) {
                ck_assert_msg(ret_error != NULL, "%s: %s", error.name, error.message);
                ck_assert(!strstr(error.message, "s3cret"));
                *ret_error = g_strconcat(error.name, ": ", error.message, NULL);
                sd_bus_error_free(&error);
                return NULL;
        }
        ck_assert_msg(ret_error == NULL, "the check was not refused");
        return check_read(reply);
}

const Row *check_find(GPtrArray *rows, const char *rule)
{
        for (unsigned i = 0; i < rows->len; i++)
                if (strcmp(((const Row *)g_ptr_array_index(rows, i))->rule, rule) == 0)
                        return g_ptr_array_index(rows, i);
        return NULL;
}

void check_assert(GPtrArray *rows, const char *rule, bool holds, const char *finding)
{
        const Row *row = check_find(rows, rule);

        ck_assert_msg(row != NULL, "there is no %s", rule);
        ck_assert_msg(row->holds == holds && strstr(row->finding, finding), "%s %s: %s, instead of: %s", rule,
                      row->holds ? "holds" : "does not hold", row->finding, finding);
}

void check_assert_all_but(GPtrArray *rows, const char *broken)
{
        g_auto(GStrv) names = g_strsplit(broken, " ", -1);

        for (unsigned i = 0; i < rows->len; i++) {
                const Row *row = g_ptr_array_index(rows, i);

                ck_assert_msg(row->holds != g_strv_contains((const char *const *)names, row->rule), "%s %s: %s",
                              row->rule, row->holds ? "holds" : "does not hold", row->finding);
        }
}

static void serve(int fd, const char *to_head, const char *to_range)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
                char request[4096] = "";
                int client = accept(fd, NULL, NULL);
                const char *answer = to_head;

                if (client < 0 || !answer) /* the connection stays open */
                        continue;
                if (read(client, request, sizeof(request) - 1) > 0) {
                        if (g_str_has_prefix(request, "GET ") && strstr(request, "\r\nRange: bytes=0-0\r\n"))
                                answer = to_range;
                        while (*answer) {
                                ssize_t n = write(client, answer, strlen(answer));

                                if (n < 0)
                                        break;
                                answer += n;
                        }
                }
                close(client);
        }
}

unsigned check_server(const char *answer)
{
        return check_server_by_method(answer, answer);
}

unsigned check_server_by_method(const char *to_head, const char *to_range)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 8), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        if (fork() == 0)
                serve(fd, to_head, to_range);
        close(fd);
        return ntohs(address.sin_port);
}
