/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "props.h"

/* A job's Message in the reader's language. On the bus it is English, made of the texts of dbus/codes.c and of a detail
 * between them; the detail stays as it is, and so does a message that is not made that way. */
char *message_words(const Props *job);
