/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as text and back, with C escapes: the form of the log and of the control socket. */
#pragma once

#include <glib.h>

char *text_escape(const void *bytes, gsize n);
/* \r \n \t \\ \" \0 \xHH; anything else after a backslash stands for itself. */
GBytes *text_unescape(const char *text);
