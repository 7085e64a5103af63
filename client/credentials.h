/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "schedule.h"

/* The passwords of one scheduled upgrade; NULL: it has none. */
typedef struct Credentials {
        char *source_password, *apn_password;
} Credentials;

void credentials_clear(Credentials *credentials);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Credentials, credentials_clear)

/* Checks that only their owner can access the password files and that the schedule can use them; a text for each that
 * is wrong is added to mistakes. Does not read their contents. */
void credentials_check_files(const Schedule *schedule, GPtrArray *mistakes);

/* Reads the credentials that systemd passed. false, and *ret_why, which the caller frees, if one cannot be read, or if
 * there are password files but no credentials because the run was not started by systemd. The caller clears *ret. */
bool credentials_read(const Schedule *schedule, Credentials *ret, char **ret_why);
