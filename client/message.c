/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Translates the message of a job's end. Knows the table of codes and how the daemon builds such a message
 * (core/job/job.c there). The translation contains every part of the message. */

#include "config.h"

#include <string.h>

#include "codes.h"
#include "ctl.h"
#include "message.h"

/* The part of the message between beginning and end; NULL if the message does not begin and end so. */
static char *between(const char *message, const char *beginning, const char *end)
{
        size_t length = strlen(message), before = strlen(beginning), after = strlen(end);

        if (length < before + after || !g_str_has_prefix(message, beginning) || !g_str_has_suffix(message, end))
                return NULL;
        return g_strndup(message + before, length - before - after);
}

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

static const char *translated(const char *text)
{
        return gettext(text);
}

char *message_words(const Props *job)
{
        const char *message = props_text(job, "Message"), *revision = props_text(job, "ToRevision");
        CodeDomain domain = code_domain_from_string(props_text(job, "ErrorDomain"));
        int number = (int)props_number(job, "ErrorCode");
        const Code *code = code_find(domain, number) ?: &code_unlisted;
        g_autofree char *success = g_strdup_printf("The module runs %s now.", revision);

        if (strcmp(message, success) == 0)
                return g_strdup_printf(_("The module runs %s now."), revision);
        if (domain != CODE_DOMAIN_NONE) {
                g_autofree char *whole = put_together(domain, number, "", english);
                g_autofree char *detail = between(message, code->what, whole + strlen(code->what));
                if (detail)
                        return put_together(domain, number, detail, translated);
        }
        return g_strdup(message);
}
