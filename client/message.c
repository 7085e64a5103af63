/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Translates the sentences of the daemon. Knows the tables of codes and of templates, and how the daemon builds the
 * message of a job's end (core/job/job.c there). The translation contains every part of the message. */

#include "config.h"

#include <string.h>

#include "codes.h"
#include "ctl.h"
#include "message.h"
#include "text.h"
#include "texts.h"

static char *put_together(CodeDomain domain, int number, const char *detail, const char *(*translate)(const char *))
{
        const Code *code = code_find(domain, number) ?: &code_unlisted;
        const char *label = code_domain_label(domain), *what = translate(code->what);
        const char *cause = *code->cause ? translate(code->cause) : "", *remedy = translate(code->remedy);

        if (*label && *cause) /* what happened, a detail or "", the domain, its number, the cause, what to do */
                return g_strdup_printf(translate(N_("%s%s (%s code %d; usual cause: %s): %s.")), what, detail, label,
                                       number, cause, remedy);
        if (*label)
                return g_strdup_printf(translate(N_("%s%s (%s code %d): %s.")), what, detail, label, number, remedy);
        if (*cause)
                return g_strdup_printf(translate(N_("%s%s (usual cause: %s): %s.")), what, detail, cause, remedy);
        return g_strdup_printf(translate(N_("%s%s: %s.")), what, detail, remedy);
}

static const char *english(const char *text)
{
        return text;
}

/* The daemon also quotes the C library, as in "No space left on device". */
static const char *translated(const char *text)
{
        const char *words = gettext(text);

        return words == text ? dgettext("libc", text) : words;
}

char *sentence_words(const char *sentence)
{
        g_autofree char *clean = text_clean(sentence);

        return texts_translate(clean, translated);
}

/* The message with the texts of that code, a detail between them, and sentences after them; NULL if it is another one.
 */
static char *code_words(CodeDomain domain, int number, const char *message)
{
        const Code *code = code_find(domain, number) ?: &code_unlisted;
        g_autofree char *whole = put_together(domain, number, "", english), *detail = NULL, *words = NULL, *rest = NULL;
        g_autofree char *all = NULL;
        const char *end = whole + strlen(code->what), *found;

        if (!g_str_has_prefix(message, code->what) || !(found = strstr(message + strlen(code->what), end)))
                return NULL;
        detail = g_strndup(message + strlen(code->what), (gsize)(found - message) - strlen(code->what));
        words = texts_translate(detail, translated);
        rest = texts_translate(found + strlen(end), translated);
        g_free(detail);
        detail = put_together(domain, number, words, translated);
        all = g_strconcat(detail, rest, NULL);
        return texts_without_gaps(all);
}

char *message_words_of(const Props *job, const char *message)
{
        CodeDomain domain = code_domain_from_string(props_text(job, "ErrorDomain"));
        g_autofree char *words = NULL;

        if (domain != CODE_DOMAIN_NONE)
                words = code_words(domain, (int)props_number(job, "ErrorCode"), message);
        return words ? g_steal_pointer(&words) : texts_translate(message, translated);
}

char *message_words(const Props *job)
{
        return message_words_of(job, props_text(job, "Message"));
}
