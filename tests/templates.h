/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asserts that fotactl can translate a sentence of the daemon: dbus/texts.c has templates for all of it, or
 * dbus/codes.c the texts. */

#include <check.h>
#include <glib.h>
#include <string.h>

#include "codes.h"
#include "texts.h"

/* The language of the templates has no words, but only the parts between them. */
static inline const char *templates_wordless(const char *text)
{
        for (size_t i = 0; texts[i]; i++)
                if (strcmp(texts[i], text) == 0) {
                        g_autoptr(GString) s = g_string_new("#");

                        for (const char *p = text; *p; p++)
                                if (*p == '%')
                                        g_string_append_printf(s, "%%%c#", *++p);
                        return g_intern_string(s->str);
                }
        for (size_t i = 0; i < code_table_size; i++)
                if (strcmp(code_table[i].what, text) == 0 || strcmp(code_table[i].remedy, text) == 0)
                        return "#";
        return text;
}

static inline void assert_has_templates(const char *sentence)
{
        g_autofree char *rest = texts_translate(sentence, templates_wordless);

        ck_assert_msg(!g_regex_match_simple("(?<![-\\w./])[a-z']{2,} [a-z']{2,}(?![-\\w./])", rest, 0, 0),
                      "'%s' of '%s' is in no template: make update-texts", rest, sentence);
}
