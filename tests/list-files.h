/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

static inline int list_files_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of the files in the directory whose names end so, sorted; none if it cannot be read. The caller unrefs. */
static inline GPtrArray *list_files(const char *directory, const char *suffix)
{
        GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                if (g_str_has_suffix(name, suffix))
                        g_ptr_array_add(files, g_build_filename(directory, name, NULL));
        g_clear_pointer(&dir, g_dir_close);
        g_ptr_array_sort(files, list_files_compare);
        return files;
}
