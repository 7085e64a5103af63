/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Replies about a package's server, as they come from the socket of fotad-source-check: each ends the question, with a
 * finding in one line that names no part of the URL. Input: the reply, which arrives in pieces, up to a byte 0xff each.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "source-question.h"
#include "store/source-check.h"

#define URL       "ftp://geheim:geheim@geheim/geheim.bin"
#define INPUT_MAX 4096 /* bytes, which fit into a socket */
#define TURNS_MAX 128  /* of the event loop; each reads a part of the reply */

const unsigned fuzz_runs = 6000;

static void on_answer(void *userdata, ServerAnswer *answer)
{
        ServerAnswer **ret = userdata;

        g_assert(!*ret && answer);
        *ret = answer;
}

static char path[108];

static void clean_up(void)
{
        unlink(path);
}

/* The socket of fotad-source-check. */
static int listen_there(void)
{
        static int fd = -1;
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (fd >= 0)
                return fd;
        g_snprintf(path, sizeof(path), "%s/fuzz-server-%d", g_get_tmp_dir(), (int)getpid());
        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        unlink(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0);
        atexit(clean_up);
        return fd;
}

static void reply(int fd, sd_event *event, Script *s)
{
        char question[SOURCE_QUESTION_MAX + 1] = { 0 };

        g_assert(recv(fd, question, sizeof(question) - 1, 0) > 0);
        g_assert_cmpstr(question, ==, "30000 " URL "\n");
        while (!script_is_over(s)) {
                const uint8_t *end = memchr(s->next, 0xff, (size_t)(s->end - s->next)) ?: s->end;

                if (end > s->next)
                        g_assert(send(fd, s->next, (size_t)(end - s->next), MSG_NOSIGNAL | MSG_DONTWAIT) != 0);
                s->next = end < s->end ? end + 1 : end;
                g_assert(sd_event_run(event, 0) >= 0);
        }
        close(fd);
}

static void check_answer(const ServerAnswer *a)
{
        g_assert(*a->finding && !strpbrk(a->finding, "\r\n") && !strpbrk(a->remedy, "\r\n"));
        g_assert(!strstr(a->finding, "geheim") && !strstr(a->remedy, "geheim"));
        g_assert(a->good ? !a->unasked && !*a->remedy : *a->remedy != 0);
        g_assert(a->size <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static sd_event *event;
        int listening = listen_there();
        g_autoptr(ServerAnswer) answer = NULL;
        g_autoptr(SourceCheck) check = NULL;
        Script s = script_new(bytes, MIN(size, INPUT_MAX));

        if (!event)
                g_assert(sd_event_new(&event) >= 0);
        check = source_check_new(event, path, URL, 30 * G_USEC_PER_SEC, on_answer, &answer);
        reply(accept4(listening, NULL, NULL, SOCK_CLOEXEC), event, &s);
        for (unsigned i = 0; i < TURNS_MAX && !answer; i++)
                g_assert(sd_event_run(event, 0) >= 0);
        g_assert(answer);
        check_answer(answer);
        return 0;
}
