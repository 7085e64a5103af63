/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that the daemon returns: read from their descriptor, and written where the user wants them. Knows nothing of
 * their contents. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "json.h"
#include "recording-file.h"
#include "report.h"
#include "text.h"

#define BYTES_MAX (1024 * 1024)

static char *output;

const GOptionEntry recording_file_entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, N_("Write it to FILE; - is standard output, the default"),
          "FILE" },
        { NULL },
};

/* NULL and errno on failure. */
static GString *read_all(int fd)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char bytes[4096];
        ssize_t n;

        while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return NULL;
                if (text->len + (size_t)n > BYTES_MAX) {
                        errno = EFBIG;
                        return NULL;
                }
                g_string_append_len(text, bytes, n);
        }
        return g_steal_pointer(&text);
}

static void write_json(const char *path, const GString *text)
{
        g_autoptr(Json) json = json_new();

        json_begin(json, NULL, '{');
        if (path)
                json_string(json, "output", path);
        else
                json_string(json, "text", text->str);
        json_unsigned(json, "bytes", text->len);
        json_end(json, '}');
        json_print(json);
}

/* Into a device or a pipe, which is not to be replaced by a file. -errno on failure. */
static int write_into(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), r = 0;

        if (fd < 0)
                return -errno;
        for (size_t left = strlen(text); left > 0 && r == 0;) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno != EINTR)
                        r = -errno;
                text += MAX(n, 0);
                left -= (size_t)MAX(n, 0);
        }
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

bool file_save(const char *path, const char *text, char **ret_why)
{
        g_autoptr(GError) error = NULL;
        struct stat st;
        int r;

        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
                r = write_into(path, text);
                if (r < 0)
                        *ret_why = g_strdup_printf("%s: %s", path, g_strerror(-r));
                return r == 0;
        }
        if (g_file_set_contents(path, text, -1, &error))
                return true;
        *ret_why = g_strdup(error->message);
        return false;
}

int recording_file_save(Ctl *ctl, sd_bus_message *reply, const char *what)
{
        const char *path = g_strcmp0(output, "-") == 0 ? NULL : output;
        g_autoptr(GString) text = NULL;
        g_autofree char *sentence = NULL, *shown = NULL, *why = NULL;
        int fd, r;

        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        text = read_all(fd);
        if (!text)
                return fail_bus(ctl, NULL, -errno);
        if (path && !file_save(path, text->str, &why))
                return fail(ctl, STATUS_OUTPUT, ERROR_USAGE, _("the file cannot be written: %s"), why);
        if (ctl->json) {
                write_json(path, text);
        } else if (path) {
                g_auto(GStrv) parts = g_strsplit(what, "%s", 2);

                shown = text_clean(path);
                sentence = g_strjoinv(shown, parts);
                text_wrap(sentence, 0);
        } else {
                g_print("%s", text->str);
        }
        return STATUS_DONE;
}
