/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scheduled upgrades: a file that is accepted holds no password, and yields a sound URL on the server that it names,
 * whatever the module calls itself. Input: the file. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "options.h"
#include "schedule.h"
#include "url.h"

const unsigned fuzz_runs = 6000;

static char *directory, *file;

static void clean_up(void)
{
        unlink(file);
        rmdir(directory);
}

/* The directory in which the input is the schedule x. */
static void prepare(const uint8_t *bytes, size_t size)
{
        const char *path = fuzz_file(bytes, size);

        if (directory)
                return;
        directory = g_build_filename(g_get_tmp_dir(), "fuzz-XXXXXX", NULL);
        g_assert(g_mkdtemp(directory));
        file = g_build_filename(directory, "x" SCHEDULE_SUFFIX, NULL);
        g_assert(symlink(path, file) == 0);
        atexit(clean_up);
}

static void check_source(const char *source, const char *filled)
{
        Url before, after;

        if (*source == '/') {
                g_assert(*filled == '/');
                return;
        }
        url_parse(source, &before);
        g_assert(url_parse(filled, &after) == URL_FLAW_NONE);
        g_assert(!before.password.start && !after.password.start && after.scheme == before.scheme);
        g_assert(after.rest - filled == before.rest - source);
        g_assert(memcmp(source, filled, (size_t)(before.rest - source)) == 0);
}

static void check_filled(const Schedule *s, const char *model, const char *revision)
{
        g_autofree char *source = NULL, *expected = NULL, *why = NULL;

        if (!schedule_fill(s, model, revision, &source, &expected, &why)) {
                g_assert(g_str_has_prefix(why, s->path));
                g_assert(strstr(s->source, "%{") || strstr(s->expected_revision, "%{"));
                return;
        }
        check_source(s->source, source);
        for (const char *p = expected; *p; p++)
                g_assert(g_ascii_isgraph(*p) && *p != '"' && *p != '\\');
        g_assert(*expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(Schedule) s = NULL;

        prepare(bytes, size);
        s = schedule_read(directory, "x", mistakes);
        g_assert(!s == (mistakes->len > 0));
        for (unsigned i = 0; i < mistakes->len; i++)
                g_assert(g_str_has_prefix(g_ptr_array_index(mistakes, i), file));
        if (!s)
                return 0;
        g_assert(!schedule_option(s, "apn-password") && s->options->len % 2 == 0);
        for (unsigned i = 0; i < s->options->len; i += 2)
                g_assert(!upgrade_option_judge(g_ptr_array_index(s->options, i), g_ptr_array_index(s->options, i + 1)));
        check_filled(s, "EC200A", "EC200ACNHAR01A01M16");
        check_filled(s, "..", "a/../../b");
        check_filled(s, "a\"b", "\r\nAT+CFUN=0");
        check_filled(s, "", "@host:1/");
        return 0;
}
