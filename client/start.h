/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "source.h"

/* Asks for an upgrade of that module ("": the only one) with the upgrade's options. *ret_path is the job's; the caller
 * frees it. Exit status, the failure reported. */
int start_upgrade(Ctl *ctl, const char *module, const Source *source, char **ret_path);

/* Tells that it is started. */
void start_tell(const Ctl *ctl, const char *path);
