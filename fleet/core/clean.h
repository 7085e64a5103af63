/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A text of the server or of fotad as it may stand in a line of the log or a message: control characters and other
 * invisible ones are blanks, wrong UTF-8 is replaced, and what is behind max characters is cut off (of UTF-16, which
 * the server counts). The caller frees it. */
char *clean_text(const char *text, unsigned max);
