/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SOURCE on the command line: a URL is passed on unchanged; anything else is a file, which is opened here with the
 * caller's rights. A URL may contain a password, so SOURCE is never printed, not even in an error message. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "input.h"
#include "report.h"
#include "source.h"
#include "url.h"

void source_clear(Source *source)
{
        g_free(source->url);
        g_free(source->name);
        if (source->fd >= 0)
                close(source->fd);
        *source = (Source)SOURCE_NULL;
}

int source_read(Ctl *ctl, const char *arg, char **ret)
{
        g_autofree char *text = NULL;

        if (strcmp(arg, "-") == 0) {
                g_autofree char *line = NULL, *why = NULL;
                struct termios before, hidden;
                bool typed = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;

                if (typed) { /* the URL may contain a password */
                        g_printerr(_("Source (not shown): "));
                        hidden = before;
                        hidden.c_lflag &= ~(tcflag_t)ECHO;
                        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
                }
                line = input_read_line(STDIN_FILENO, &why);
                if (typed) {
                        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
                        g_printerr("\n");
                }
                if (!line)
                        return fail_usage(ctl, _("SOURCE cannot be read: %s"), why);
                text = g_strdup(g_strstrip(line));
        } else {
                text = g_strdup(arg);
        }
        if (!text || !*text)
                return fail_usage(ctl, _("SOURCE is empty"));
        *ret = g_steal_pointer(&text);
        return STATUS_DONE;
}

static int open_file(Ctl *ctl, const char *path, Source *source)
{
        g_autofree char *base = g_path_get_basename(path);
        struct stat st;

        source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (source->fd < 0)
                return fail_usage(ctl,
                                  _("SOURCE is no http://, https:// or ftp:// URL and cannot be opened as a file: %s"),
                                  g_strerror(errno));
        if (fstat(source->fd, &st) < 0 || !S_ISREG(st.st_mode))
                return fail_usage(ctl, _("SOURCE is not a regular file"));
        source->name = g_filename_display_name(base);
        return STATUS_DONE;
}

int source_open(Ctl *ctl, const char *arg, Source *ret)
{
        g_auto(Source) source = SOURCE_NULL;
        g_autofree char *text = NULL;
        int status;

        status = source_read(ctl, arg, &text);
        if (status != STATUS_DONE)
                return status;
        g_assert(text);
        if (!url_is(text))
                status = open_file(ctl, text, &source);
        else if (!g_utf8_validate(text, -1, NULL))
                status = fail_usage(ctl, _("the URL is not UTF-8"));
        else
                source.url = g_steal_pointer(&text);
        if (status != STATUS_DONE)
                return status;
        *ret = source;
        source = (Source)SOURCE_NULL;
        return STATUS_DONE;
}
