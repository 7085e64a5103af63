/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The passwords of scheduled upgrades: files beside the schedule that only root can read. systemd passes them to the
 * unit as credentials (LoadCredential= in fotad-upgrade@.service), so the unit's user needs no right to read the
 * files. */

#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "credentials.h"
#include "ctl.h"
#include "input.h"
#include "url.h"

#define SOURCE_PASSWORD "source-password"
#define APN_PASSWORD    "apn-password"

static void wipe(char **text)
{
        if (*text)
                explicit_bzero(*text, strlen(*text));
        g_clear_pointer(text, g_free);
}

void credentials_clear(Credentials *c)
{
        wipe(&c->source_password);
        wipe(&c->apn_password);
}

/* The path of the password file beside the schedule. */
static char *file_of(const Schedule *s, const char *name)
{
        return g_strdup_printf("%.*s.%s", (int)(strlen(s->path) - strlen(SCHEDULE_SUFFIX)), s->path, name);
}

/* The reason why the schedule has no use for that password; NULL if it has. */
static const char *find_lack(const Schedule *s, const char *name)
{
        Url url;

        if (strcmp(name, APN_PASSWORD) == 0)
                return schedule_option(s, "apn") ? NULL : _("is of no use without apn= in [options]");
        url_parse(s->source, &url);
        return url.user.start ? NULL
                              : _("is of no use unless source= names the user it belongs to: ftp://user@server/...");
}

static void check_file(const Schedule *s, const char *name, GPtrArray *mistakes)
{
        g_autofree char *path = file_of(s, name);
        const char *lack = find_lack(s, name);
        struct stat st;

        if (lstat(path, &st) < 0)
                return;
        if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
                g_ptr_array_add(mistakes, g_strdup_printf(_("%s must be a file for its owner alone: chmod 600"), path));
        else if (lack)
                g_ptr_array_add(mistakes, g_strdup_printf("%s %s", path, lack));
}

void credentials_check_files(const Schedule *s, GPtrArray *mistakes)
{
        check_file(s, SOURCE_PASSWORD, mistakes);
        check_file(s, APN_PASSWORD, mistakes);
}

/* For a run that was not started by systemd, which passes no credentials: false, and *ret_why, if there is a password
 * file. */
static bool read_nothing(const Schedule *s, const char *name, char **ret_why)
{
        g_autofree char *path = file_of(s, name);

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
                return true;
        *ret_why = g_strdup_printf(_("only systemd hands over what is in %s: systemctl start fotad-upgrade@%s"), path,
                                   s->name);
        return false;
}

static bool read_one(const Schedule *s, const char *name, char **ret, char **ret_why)
{
        const char *directory = g_getenv("CREDENTIALS_DIRECTORY"), *lack = find_lack(s, name);
        g_autofree char *path = directory ? g_build_filename(directory, name, NULL) : NULL;
        g_autofree char *why = NULL;
        char *text;
        size_t length;

        if (!directory)
                return read_nothing(s, name, ret_why);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
                return true;
        text = input_read_file(path, &length, &why);
        if (!text) {
                *ret_why = g_strdup_printf(_("the credential %s cannot be read: %s"), name, why);
                return false;
        }
        text[strcspn(text, "\r\n")] = '\0';
        if (*text && lack)
                *ret_why = g_strdup_printf(_("the credential %s %s"), name, lack);
        else if (!g_utf8_validate(text, -1, NULL))
                *ret_why = g_strdup_printf(_("the credential %s is not UTF-8"), name);
        if (*ret_why || !*text)
                wipe(&text);
        *ret = text;
        return !*ret_why;
}

bool credentials_read(const Schedule *s, Credentials *ret, char **ret_why)
{
        return read_one(s, SOURCE_PASSWORD, &ret->source_password, ret_why) &&
               read_one(s, APN_PASSWORD, &ret->apn_password, ret_why);
}
