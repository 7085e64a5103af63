/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "source.h"

/* Starts an upgrade of the module ("": the only one) with the options of options.h. *ret_path is the job's object path,
 * which the caller frees. Returns an exit status and has printed the failure. */
int start_upgrade(Ctl *ctl, const char *module, const Source *source, char **ret_path);

/* Prints that the job at that path has started. request_id: that the caller gave, so that the job may be an earlier
 * one; NULL none. */
void start_tell(const Ctl *ctl, const char *path, const char *request_id);
