/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* State files. A file is replaced as a whole, and is on the disk before the caller goes on. Knows nothing of what is in
 * a record. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "store.h"

#define SUFFIX ".target"

/* A name without / and ., whatever the server's id of the target has. */
static char *path_of(const char *directory, const Record *record, const char *suffix)
{
        g_autofree char *name = g_uri_escape_string(record->controller, NULL, FALSE);
        g_autofree char *file = g_strconcat(*name == '.' ? "%2E" : "", *name == '.' ? name + 1 : name, suffix, NULL);

        return g_build_filename(directory, file, NULL);
}

char *store_package_path(const char *directory, const Record *record)
{
        return path_of(directory, record, ".package");
}

static void set_aside(const char *path, const char *suffix, const char *why)
{
        g_autofree char *aside = g_strconcat(path, suffix, NULL);

        if (rename(path, aside) == 0)
                log_error("%s is set aside as %s: %s", path, aside, why);
        else
                log_error("%s: %s; it cannot be set aside: %s", path, why, g_strerror(errno));
}

GPtrArray *store_read(const char *directory, const char *server)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) folder = g_dir_open(directory, 0, &error);
        GPtrArray *records;
        const char *name;

        if (!folder) {
                log_error("%s", error->message);
                return NULL;
        }
        records = g_ptr_array_new();
        while ((name = g_dir_read_name(folder))) {
                g_autofree char *path = g_build_filename(directory, name, NULL), *text = NULL, *why = NULL;
                Record *record;

                if (!g_str_has_suffix(name, SUFFIX))
                        continue;
                record = g_file_get_contents(path, &text, NULL, NULL) ? record_read(text, &why) : NULL;
                if (!record) {
                        set_aside(path, ".broken", why ?: "it cannot be read");
                } else if (strcmp(record->server, server) != 0) {
                        set_aside(path, ".other", "it is of another server");
                        record_free(record);
                } else {
                        g_ptr_array_add(records, record);
                }
        }
        return records;
}

static bool write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        size_t length = strlen(text);
        bool written;

        if (fd < 0)
                return false;
        written = write(fd, text, length) == (ssize_t)length && fsync(fd) == 0;
        return close(fd) == 0 && written;
}

static bool sync_directory(const char *directory)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool synced;

        if (fd < 0)
                return false;
        synced = fsync(fd) == 0;
        close(fd);
        return synced;
}

bool store_write(const char *directory, const Record *record)
{
        g_autofree char *path = path_of(directory, record, SUFFIX), *temporary = g_strconcat(path, ".new", NULL);
        g_autofree char *text = record_write(record);

        if (write_file(temporary, text) && rename(temporary, path) == 0 && sync_directory(directory))
                return true;
        log_error("%s cannot be written: %s", path, g_strerror(errno));
        return false;
}
