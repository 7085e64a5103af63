/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "props.h"

/* The job's Message in the user's language, which the caller frees. On the bus it is English, built from the texts
 * of dbus/codes.c with a detail between them. The detail is not translated, nor is a message that is not built that
 * way. */
char *message_words(const Props *job);
