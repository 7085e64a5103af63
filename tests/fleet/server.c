/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A hawkBit server in a process of its own, and its management interface. */

#include <curl/curl.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "server.h"

#define TIMEOUT  (60 * G_USEC_PER_SEC)
#define PAUSE    100 /* ms: each question costs the server more than the test */
#define STARTED  "started on port(s) "
#define SET_TYPE "firmware"

static char *url;

/* ---- the process */

typedef struct Output {
        FILE *from, *to;
} Output;

/* The server's log, for as long as it runs: it would wait if nothing read it. */
static void *keep_log(void *data)
{
        Output *o = data;
        char line[4096];

        while (fgets(line, sizeof(line), o->from)) {
                fputs(line, o->to);
                fflush(o->to);
        }
        return NULL;
}

static pid_t run_server(int *ret_out)
{
        g_autofree char *serve = g_build_filename(g_getenv("abs_top_srcdir"), "tests/fleet/hawkbit/serve", NULL);
        g_autofree char *directory = g_build_filename(g_getenv("abs_top_builddir"), "tests/fleet", NULL);
        int ends[2];
        pid_t pid;

        if (pipe(ends) < 0 || (pid = fork()) < 0)
                return -1;
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(ends[1], STDOUT_FILENO);
                close(ends[0]);
                close(ends[1]);
                execl(serve, serve, directory, "--hawkbit.controller.pollingTime=00:00:01",
                      "--hawkbit.controller.minPollingTime=00:00:01",
                      "--hawkbit.server.ddi.security.authentication.gatewaytoken.key=" SERVER_TOKEN, NULL);
                _exit(127);
        }
        close(ends[1]);
        *ret_out = ends[0];
        return pid;
}

int server_start(void)
{
        g_autofree char *path = g_build_filename(g_getenv("abs_top_builddir"), "tests/fleet/server.log", NULL);
        static Output output;
        char line[4096];
        int out, status;
        pid_t pid = run_server(&out);

        if (pid < 0)
                return EXIT_FAILURE;
        output = (Output){ .from = fdopen(out, "r"), .to = fopen(path, "w") };
        if (!output.from || !output.to)
                return EXIT_FAILURE;
        while (!url && fgets(line, sizeof(line), output.from)) {
                const char *port = strstr(line, STARTED);

                fputs(line, output.to);
                if (port)
                        url = g_strdup_printf("http://127.0.0.1:%d", atoi(port + strlen(STARTED)));
        }
        if (!url) {
                waitpid(pid, &status, 0);
                return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? 77 : EXIT_FAILURE;
        }
        g_thread_unref(g_thread_new("log", keep_log, &output));
        return EXIT_SUCCESS;
}

const char *server_url(void)
{
        return url;
}

/* ---- a way to it */

static int connect_to_server(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
        return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* One connection, until either side ends it. */
static void carry(int one, int other)
{
        struct pollfd fds[] = { { .fd = one, .events = POLLIN }, { .fd = other, .events = POLLIN } };
        char buffer[16384];

        while (poll(fds, 2, -1) > 0)
                for (unsigned i = 0; i < 2; i++) {
                        ssize_t n = fds[i].revents ? read(fds[i].fd, buffer, sizeof(buffer)) : -1;

                        if (fds[i].revents && (n <= 0 || send(fds[1 - i].fd, buffer, (size_t)n, MSG_NOSIGNAL) != n))
                                _exit(0);
                }
}

static void be_the_way(int listener)
{
        int one, other;

        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        while ((one = accept(listener, NULL, NULL)) >= 0) {
                if (fork() == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        other = connect_to_server();
                        if (other >= 0)
                                carry(one, other);
                        _exit(0);
                }
                close(one);
        }
        _exit(0);
}

Way server_open_way(int port)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
        Way way;

        address.sin_port = htons((uint16_t)port);
        ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
        ck_assert_int_eq(listen(listener, 16), 0);
        way = (Way){ .pid = fork(), .port = ntohs(address.sin_port) };
        ck_assert_int_ge(way.pid, 0);
        if (way.pid == 0)
                be_the_way(listener);
        close(listener);
        return way;
}

void server_close_way(Way *way)
{
        kill(way->pid, SIGKILL); /* and with it what it has started */
        ck_assert_int_eq(waitpid(way->pid, NULL, 0), way->pid);
        way->pid = 0;
}

/* ---- requests */

static size_t take_answer(char *bytes, size_t size, size_t n, void *userdata)
{
        g_string_append_len(userdata, bytes, (gssize)(size * n));
        return size * n;
}

static char *ask_with(const char *method, const char *body, const char *file, const char *name, const char *path,
                      long *ret_status)
{
        g_autofree char *whole = g_strdup_printf("%s/rest/v1/%s", url, path);
        struct curl_slist *headers = file ? NULL : curl_slist_append(NULL, "Content-Type: application/json");
        GString *answer = g_string_new(NULL);
        CURL *easy = curl_easy_init();
        curl_mime *form = NULL;

        if (file) {
                curl_mimepart *part = curl_mime_addpart(form = curl_mime_init(easy));

                curl_mime_name(part, "file");
                curl_mime_filedata(part, file);
                curl_mime_filename(part, name);
                curl_easy_setopt(easy, CURLOPT_MIMEPOST, form);
        }
        curl_easy_setopt(easy, CURLOPT_URL, whole);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(easy, CURLOPT_USERPWD, "admin:admin");
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        if (body)
                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        ck_assert_int_eq(curl_easy_perform(easy), CURLE_OK);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
        curl_mime_free(form);
        return g_string_free(answer, FALSE);
}

static char *ask(const char *method, const char *body, const char *path, long *ret_status)
{
        return ask_with(method, body, NULL, NULL, path, ret_status);
}

char *server_do(const char *method, const char *body, const char *path, ...)
{
        g_autofree char *whole = NULL;
        char *answer;
        long status;
        va_list ap;

        va_start(ap, path);
        whole = g_strdup_vprintf(path, ap);
        va_end(ap);
        answer = ask(method, body, whole, &status);
        ck_assert_msg(status >= 200 && status < 300, "%s %s: %ld %s", method, whole, status, answer);
        return answer;
}

static char *text_of(JsonNode *node)
{
        return json_node_get_value_type(node) == G_TYPE_STRING ? g_strdup(json_node_get_string(node))
                                                               : json_to_string(node, FALSE);
}

/* All that the JSONPath finds, a line each. */
static char *find(const char *json, const char *value)
{
        g_autoptr(JsonNode) root = json_from_string(json, NULL), found = NULL;
        GString *text = g_string_new(NULL);

        if (root)
                found = json_path_query(value, root, NULL);
        for (unsigned i = 0; found && i < json_array_get_length(json_node_get_array(found)); i++) {
                g_autofree char *one = text_of(json_array_get_element(json_node_get_array(found), i));

                g_string_append_printf(text, "%s%s", text->len ? "\n" : "", one);
        }
        return g_string_free(text, FALSE);
}

static char *get(const char *value, const char *path)
{
        long status;
        g_autofree char *answer = ask("GET", NULL, path, &status);

        ck_assert_msg(status == 200 || status == 204 || status == 404, "GET %s: %ld %s", path, status, answer);
        return status == 200 ? find(answer, value) : g_strdup("");
}

char *server_get(const char *value, const char *path, ...)
{
        g_autofree char *whole = NULL;
        va_list ap;

        va_start(ap, path);
        whole = g_strdup_vprintf(path, ap);
        va_end(ap);
        return get(value, whole);
}

void server_await(const char *expected, const char *value, const char *path, ...)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;
        g_autofree char *whole = NULL, *found = NULL;
        va_list ap;

        va_start(ap, path);
        whole = g_strdup_vprintf(path, ap);
        va_end(ap);
        while (found = get(value, whole), strcmp(found, expected) != 0) {
                ck_assert_msg(g_get_monotonic_time() < end, "%s of %s is '%s', not '%s'", value, whole, found,
                              expected);
                g_clear_pointer(&found, g_free);
                poll(NULL, 0, PAUSE);
        }
}

/* ---- what an operator does */

/* Makes the type of software that a modem has, unless a case before this one has made it. */
void server_add_types(void)
{
        static const char *const types[][2] = {
                { "softwaremoduletypes", "[{\"name\":\"modem\",\"key\":\"modem\",\"maxAssignments\":1}]" },
                { "distributionsettypes", "[{\"name\":\"" SET_TYPE "\",\"key\":\"" SET_TYPE "\",\"optionalmodules\":["
                                          "{\"id\":1},{\"id\":2},{\"id\":3}]}]" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                long status;
                g_autofree char *answer = ask("POST", types[i][1], types[i][0], &status);

                ck_assert_msg(status == 201 || status == 409, "%s: %ld %s", types[i][0], status, answer);
        }
}

char *server_add_module(const char *type, const char *version, const char *source)
{
        g_autofree char *name = g_uuid_string_random();
        g_autofree char *body = g_strdup_printf(
                "[{\"name\":\"%s\",\"vendor\":\"v\",\"type\":\"%s\",\"version\":\"%s\"}]", name, type, version);
        g_autofree char *answer = server_do("POST", body, "softwaremodules");
        char *id = find(answer, "$[0].id");

        if (source) {
                g_autofree char *metadata = g_strdup_printf(
                        "[{\"key\":\"source\",\"value\":\"%s\",\"targetVisible\":true}]", source);

                g_free(server_do("POST", metadata, "softwaremodules/%s/metadata", id));
        }
        return id;
}

void server_add_artifact(const char *module, const char *path, const char *name)
{
        g_autofree char *resource = g_strdup_printf("softwaremodules/%s/artifacts", module);
        long status;
        g_autofree char *answer = ask_with("POST", NULL, path, name, resource, &status);

        ck_assert_msg(status == 201, "%s: %ld %s", resource, status, answer);
}

char *server_add_set(const char *module, ...)
{
        g_autofree char *name = g_uuid_string_random(), *body = NULL, *answer = NULL;
        g_autoptr(GString) modules = g_string_new(NULL);
        va_list ap;

        va_start(ap, module);
        for (; module; module = va_arg(ap, const char *))
                g_string_append_printf(modules, "%s{\"id\":%s}", modules->len ? "," : "", module);
        va_end(ap);
        body = g_strdup_printf("[{\"name\":\"%s\",\"version\":\"1\",\"type\":\"" SET_TYPE "\",\"modules\":[%s]}]", name,
                               modules->str);
        answer = server_do("POST", body, "distributionsets");
        return find(answer, "$[0].id");
}

char *server_assign(const char *controller, const char *set, const char *options)
{
        g_autofree char *body = g_strdup_printf("{\"id\":%s,\"type\":\"forced\"%s}", set, options ?: "");

        g_free(server_do("POST", body, "targets/%s/assignedDS", controller));
        return server_get("$.content[0].id", "targets/%s/actions?sort=id:DESC&limit=1", controller);
}

void server_await_status(const char *controller, const char *action, const char *type)
{
        server_await(type, "$.content[0].type", "targets/%s/actions/%s/status?sort=id:DESC&limit=1", controller,
                     action);
}

char *server_messages(const char *controller, const char *action)
{
        return server_get("$.content[*].messages[*]", "targets/%s/actions/%s/status?sort=id:DESC&limit=500", controller,
                          action);
}

void server_await_message(const char *controller, const char *action, const char *part)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;
        g_autofree char *messages = NULL;

        while (messages = server_messages(controller, action), !strstr(messages, part)) {
                ck_assert_msg(g_get_monotonic_time() < end, "not '%s' in: %s", part, messages);
                g_clear_pointer(&messages, g_free);
                poll(NULL, 0, PAUSE);
        }
}
