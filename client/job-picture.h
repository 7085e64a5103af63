/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "props.h"

/* An SVG document of an upgrade on a time axis: its phases, its percentage, its restarts, the codes that the module
 * named, and the end of cancelling. lines: of LogLine, at least one. The caller frees it. */
char *job_picture(const Props *job, const GPtrArray *lines);
