/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes and checks the simulator's packages. Handles revisions and digests; it must not depend on the model, a URL or
 * an AT command.
 */
#include "package.h"

#include <string.h>

#define MAGIC      "FOTASIM-PACKAGE 1\n"
#define HEADER_MAX 2048

static const char *const breaks[] = { "magic", "truncated", "digest", "from", "project", "baseline", "flash", NULL };

const char *const *package_breaks(void)
{
        return breaks;
}

static bool two_digits(const char *s)
{
        return g_ascii_isdigit(s[0]) && g_ascii_isdigit(s[1]);
}

/* "EC200AEUHAR01A02M16" is <project>EC200AEUHA, R01, A02, M16: split where the last R<nn>A<nn> begins. */
static gsize release_at(const char *revision)
{
        gsize found = strlen(revision);

        for (gsize i = 0; i + 6 <= strlen(revision); i++)
                if (revision[i] == 'R' && two_digits(revision + i + 1) && revision[i + 3] == 'A' &&
                    two_digits(revision + i + 4))
                        found = i;
        return found;
}

static char *project_of(const char *revision)
{
        return g_strndup(revision, release_at(revision));
}

static char *baseline_of(const char *revision)
{
        gsize at = release_at(revision);

        return g_strndup(revision, MIN(at + 3, strlen(revision)));
}

unsigned package_mini_by_name(const char *path)
{
        return g_str_has_suffix(path, ".mini_1") ? 1 : g_str_has_suffix(path, ".mini_2") ? 2 : 0;
}

bool package_write(const char *path, const struct package_plan *plan, GError **error)
{
        const char *broken = plan->broken ?: "";

        if (plan->broken && !g_strv_contains(breaks, broken)) {
                g_autofree char *all = g_strjoinv(", ", (char **)breaks);
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "a package cannot be broken by '%s', only by %s", broken, all);
                return false;
        }

        /* Payload that compression on the way cannot shrink, the same in every run. */
        g_autofree guint8 *payload = g_malloc(plan->size ?: 1);
        g_autoptr(GRand) generator = g_rand_new_with_seed(1);
        for (gsize i = 0; i < plan->size; i++)
                payload[i] = (guint8)g_rand_int_range(generator, 0, 256);
        g_autofree char *md5 = g_compute_checksum_for_data(G_CHECKSUM_MD5, payload, plan->size);
        g_autofree char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, payload, plan->size);
        if (g_str_equal(broken, "digest") && plan->size)
                payload[plan->size / 2] ^= 0xff;

        g_autofree char *own_project = project_of(plan->from), *own_baseline = baseline_of(plan->from);
        const char *project = *plan->project ? plan->project : own_project;
        const char *baseline = *plan->baseline ? plan->baseline : own_baseline;
        g_autofree char *other_from = g_strconcat(own_project, "R00A00M00", NULL);

        g_autoptr(GString) file = g_string_new(g_str_equal(broken, "magic") ? "FOTASIM-PACKAGE ?\n" : MAGIC);
        g_string_append_printf(file, "project: %s\n", g_str_equal(broken, "project") ? "XX000XXXX" : project);
        g_string_append_printf(file, "baseline: %s\n", g_str_equal(broken, "baseline") ? "XX000XXXXR99" : baseline);
        g_string_append_printf(file, "from: %s\n", g_str_equal(broken, "from") ? other_from : plan->from);
        g_string_append_printf(file, "to: %s\nmini: %u\n", plan->to, plan->mini);
        g_string_append_printf(file, "flash: %s\n", g_str_equal(broken, "flash") ? "fails" : "works");
        g_string_append_printf(file, "size: %" G_GSIZE_FORMAT "\nmd5: %s\nsha256: %s\n\n", plan->size, md5, sha256);
        g_string_append_len(file, (const char *)payload, (gssize)plan->size);
        if (g_str_equal(broken, "truncated"))
                g_string_truncate(file, file->len - MIN(file->len, plan->size / 2 + 1));
        return g_file_set_contents(path, file->str, (gssize)file->len, error);
}

static char *header_value(char **lines, const char *name)
{
        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, name) && g_str_has_prefix(*line + strlen(name), ": "))
                        return g_strdup(*line + strlen(name) + 2);
        return g_strdup("");
}

/* The lines of the header and the start of the payload; NULL if there is no header. */
static char **header_of(GBytes *package, gsize *ret_payload)
{
        gsize n;
        const char *data = g_bytes_get_data(package, &n);
        const char *end = data ? g_strstr_len(data, (gssize)MIN(n, HEADER_MAX), "\n\n") : NULL;

        if (!end || n < strlen(MAGIC) || memcmp(data, MAGIC, strlen(MAGIC)) != 0)
                return NULL;
        g_autofree char *header = g_strndup(data, (gsize)(end - data));
        *ret_payload = (gsize)(end + 2 - data);
        return g_strsplit(header, "\n", -1);
}

static bool is_whole(GBytes *package, gsize payload_at, char **header)
{
        g_autofree char *size = header_value(header, "size");

        return *size && g_ascii_strtoull(size, NULL, 10) == g_bytes_get_size(package) - payload_at;
}

static bool digests_match(GBytes *package, gsize payload_at, char **header)
{
        gsize n;
        const guint8 *data = g_bytes_get_data(package, &n);
        g_autofree char *md5 = header_value(header, "md5"), *sha256 = header_value(header, "sha256");
        g_autofree char *real_md5 = g_compute_checksum_for_data(G_CHECKSUM_MD5, data + payload_at, n - payload_at);
        g_autofree char *real_sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data + payload_at,
                                                                   n - payload_at);

        return g_str_equal(md5, real_md5) && g_str_equal(sha256, real_sha256);
}

/* Compares the kind in the header. */
static unsigned check_kind(char **header, unsigned mini)
{
        g_autofree char *to = header_value(header, "to"), *kind = header_value(header, "mini");

        return *to && *kind && g_ascii_strtoull(kind, NULL, 10) == mini ? 0 : 505;
}

static unsigned check_names(char **header, const struct package_target *target)
{
        g_autofree char *project = header_value(header, "project"), *baseline = header_value(header, "baseline"),
                        *from = header_value(header, "from"), *to = header_value(header, "to");
        g_autofree char *own_project = project_of(target->revision), *own_baseline = baseline_of(target->revision);

        if (!g_str_equal(project, own_project))
                return 552;
        if (!g_str_equal(baseline, *target->baseline ? target->baseline : own_baseline))
                return 553;

        /* Vendor support names the old firmware by the output of AT+QGMR or by the bare revision. */
        g_autofree char *long_name = g_strconcat(target->revision, "_", target->build, NULL);
        if (!g_str_equal(from, target->revision) && !g_str_equal(from, long_name))
                return 507;
        return target->to && !g_str_equal(to, target->to) ? 507 : 0;
}

unsigned package_check(GBytes *package, unsigned mini, const struct package_target *target, char **ret_to,
                       bool *ret_flash_fails)
{
        gsize payload_at = 0;
        g_auto(GStrv) header = header_of(package, &payload_at);
        unsigned code;

        if (!header || check_kind(header, mini) || !is_whole(package, payload_at, header))
                return 505;
        if (!digests_match(package, payload_at, header))
                return 506;
        code = check_names(header, target);
        if (code)
                return code;
        g_autofree char *flash = header_value(header, "flash");
        *ret_to = header_value(header, "to");
        *ret_flash_fails = g_str_equal(flash, "fails");
        return 0;
}

unsigned package_check_head(GBytes *head, unsigned mini, const struct package_target *target)
{
        gsize payload_at;
        g_auto(GStrv) header = header_of(head, &payload_at);

        if (!header || check_kind(header, mini))
                return 505;
        return check_names(header, target);
}
