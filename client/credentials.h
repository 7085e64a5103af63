/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "schedule.h"

/* The passwords of one scheduled upgrade; NULL: it has none. */
typedef struct Credentials {
        char *source_password, *apn_password;
} Credentials;

void credentials_clear(Credentials *credentials);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Credentials, credentials_clear)

/* Whether the files that the unit takes them from are for their owner alone and of use to the upgrade. Looks at the
 * files, not into them; false, and *ret_why. */
bool credentials_check_files(const Schedule *schedule, char **ret_why);

/* Those that systemd handed over. false, and *ret_why, if they cannot be read, or there are some that it did not hand
 * over because somebody runs this by hand. */
bool credentials_read(const Schedule *schedule, Credentials *ret, char **ret_why);
