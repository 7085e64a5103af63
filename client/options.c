/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of an upgrade, from the command line to the bus. The daemon judges their values; here they only get their
 * types. request-id is an option of the verbs that start upgrades, which set it here. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "options.h"
#include "report.h"

static char *expect, *method, *upgrade_mode, *download_urc_max, *update_urc_max, *cid, *apn, *apn_user, *apn_auth,
        *apn_password_file, *apn_password, *flow_control, *pace_bytes, *pace_interval, *sha256, *request_id;
static gboolean check_source, allow_unchanged, allow_https, record;

const GOptionEntry upgrade_options[] = {
        { "expect", 0, 0, G_OPTION_ARG_STRING, &expect, N_("Succeed only with this revision afterwards"), N_("REV") },
        { "method", 0, 0, G_OPTION_ARG_STRING, &method, N_("auto, dfota or minifota"), N_("METHOD") },
        { "upgrade-mode", 0, 0, G_OPTION_ARG_STRING, &upgrade_mode, N_("The guide's upgrade_mode: 0 or 1"), "N" },
        { "download-urc-max", 0, 0, G_OPTION_ARG_STRING, &download_urc_max, N_("Download reports: 0, 5-100"), "N" },
        { "update-urc-max", 0, 0, G_OPTION_ARG_STRING, &update_urc_max, N_("Update reports: 0, 5-100"), "N" },
        { "cid", 0, 0, G_OPTION_ARG_STRING, &cid, N_("PDP context for the download"), "N" },
        { "apn", 0, 0, G_OPTION_ARG_STRING, &apn, N_("Configure that context first"), "APN" },
        { "apn-user", 0, 0, G_OPTION_ARG_STRING, &apn_user, N_("User name for the APN"), N_("USER") },
        { "apn-password-file", 0, 0, G_OPTION_ARG_FILENAME, &apn_password_file,
          N_("File with the APN's password in its first line"), N_("FILE") },
        { "apn-auth", 0, 0, G_OPTION_ARG_STRING, &apn_auth, N_("The guide's authentication type"), "N" },
        { "flow-control", 0, 0, G_OPTION_ARG_STRING, &flow_control, N_("Of a file: auto, hardware, none or protocol"),
          N_("FLOW") },
        { "pace-bytes", 0, 0, G_OPTION_ARG_STRING, &pace_bytes, N_("Without flow control: bytes a write, 1-32"), "N" },
        { "pace-interval", 0, 0, G_OPTION_ARG_STRING, &pace_interval,
          N_("Without flow control: ms between writes, 0-1000"), "N" },
        { "sha256", 0, 0, G_OPTION_ARG_STRING, &sha256, N_("What the package on this host must have"), N_("SHA256") },
        { "check-source", 0, 0, G_OPTION_ARG_NONE, &check_source, N_("Ask the server first"), NULL },
        { "allow-unchanged", 0, 0, G_OPTION_ARG_NONE, &allow_unchanged, N_("The same revision is no failure"), NULL },
        { "allow-https", 0, 0, G_OPTION_ARG_NONE, &allow_https, N_("Let MiniFOTA try HTTPS (not with 2 MB of flash)"),
          NULL },
        { "record", 0, 0, G_OPTION_ARG_NONE, &record, N_("Keep a recording, for fotactl recording"), NULL },
        { NULL },
};

/* The D-Bus name and type of each option. The password is read from its file. */
static const struct {
        const char *key;
        char type;
        char **text;    /* s, u */
        gboolean *flag; /* b */
} wire[] = {
        { "expected-revision", 's', &expect, NULL },
        { "method", 's', &method, NULL },
        { "upgrade-mode", 'u', &upgrade_mode, NULL },
        { "download-urc-max", 'u', &download_urc_max, NULL },
        { "update-urc-max", 'u', &update_urc_max, NULL },
        { "cid", 'u', &cid, NULL },
        { "apn", 's', &apn, NULL },
        { "apn-user", 's', &apn_user, NULL },
        { "apn-password", 's', &apn_password, NULL },
        { "apn-auth", 'u', &apn_auth, NULL },
        { "flow-control", 's', &flow_control, NULL },
        { "pace-bytes", 'u', &pace_bytes, NULL },
        { "pace-interval", 'u', &pace_interval, NULL },
        { "sha256", 's', &sha256, NULL },
        { "check-source", 'b', NULL, &check_source },
        { "allow-unchanged", 'b', NULL, &allow_unchanged },
        { "allow-https", 'b', NULL, &allow_https },
        { "record", 'b', NULL, &record },
        { "request-id", 's', &request_id, NULL },
};

static bool is_given(size_t i)
{
        return wire[i].type == 'b' ? *wire[i].flag : *wire[i].text != NULL;
}

static int read_password(Ctl *ctl)
{
        g_autofree char *why = NULL;
        int fd;

        if (!apn_password_file)
                return STATUS_DONE;
        fd = open(apn_password_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return fail_usage(ctl, "--apn-password-file: %s: %s", apn_password_file, g_strerror(errno));
        apn_password = input_read_line(fd, &why);
        close(fd);
        if (!apn_password)
                return fail_usage(ctl, "--apn-password-file: %s: %s", apn_password_file, why);
        if (!g_utf8_validate(apn_password, -1, NULL))
                return fail_usage(ctl, _("--apn-password-file: the password is not UTF-8"));
        return STATUS_DONE;
}

int upgrade_options_check(Ctl *ctl)
{
        for (size_t i = 0; i < G_N_ELEMENTS(wire); i++)
                if (wire[i].type == 'u' && is_given(i) &&
                    !g_ascii_string_to_unsigned(*wire[i].text, 10, 0, G_MAXUINT32, NULL, NULL))
                        return fail_usage(ctl, _("--%s takes a number"), wire[i].key);
        return read_password(ctl);
}

static size_t find_option(const char *key)
{
        size_t i = 0;

        while (i < G_N_ELEMENTS(wire) && strcmp(wire[i].key, key) != 0)
                i++;
        return i;
}

const char *upgrade_option_judge(const char *key, const char *value)
{
        size_t i = find_option(key);

        if (i == G_N_ELEMENTS(wire))
                return _("is no option of an upgrade");
        if (wire[i].type == 'u' && !g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT32, NULL, NULL))
                return _("must be a number");
        if (wire[i].type == 'b' && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
                return _("must be true or false");
        return g_utf8_validate(value, -1, NULL) ? NULL : _("is not UTF-8");
}

void upgrade_option_set(const char *key, const char *value)
{
        size_t i = find_option(key);

        if (wire[i].type == 'b')
                *wire[i].flag = strcmp(value, "true") == 0;
        else
                *wire[i].text = g_strdup(value);
}

static int append_option(sd_bus_message *call, size_t i)
{
        const char *key = wire[i].key;

        switch (wire[i].type) {
        case 's': return sd_bus_message_append(call, "{sv}", key, "s", *wire[i].text);
        case 'u':
                return sd_bus_message_append(call, "{sv}", key, "u",
                                             (uint32_t)g_ascii_strtoull(*wire[i].text, NULL, 10));
        default: return sd_bus_message_append(call, "{sv}", key, "b", 1);
        }
}

int upgrade_options_append(Ctl *ctl, sd_bus_message *call)
{
        int r;

        r = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "{sv}");
        for (size_t i = 0; r >= 0 && i < G_N_ELEMENTS(wire); i++)
                if (is_given(i))
                        r = append_option(call, i);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? fail_bus(ctl, NULL, r) : STATUS_DONE;
}
