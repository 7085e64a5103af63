/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the command of a line, and checks that the running system has it. This file must not depend on a command's
 * effects, or on lines and answers.
 */
#include "model-at.h"

#include <string.h>

/* --- answers --- */

void at_info(struct at_call *call, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        if (call->port->verbose && call->info->len == 0)
                g_string_append(call->info, "\r\n");
        g_string_append_printf(call->info, "%s\r\n", line);
}

/* --- arguments --- */

static void free_arguments(struct at_call *call)
{
        for (unsigned i = 0; i < call->n; i++)
                g_free(call->argument[i].text);
        call->n = 0;
}

/* Strict, as the module is: a string is entirely inside quotes, and nothing stands beside them. */
static bool parse_arguments(struct at_call *call, const char *s)
{
        for (;;) {
                if (call->n == AT_ARGUMENTS_MAX)
                        return false;
                struct at_argument *argument = &call->argument[call->n];
                argument->quoted = *s == '"';
                size_t n = argument->quoted ? strcspn(++s, "\"") : strcspn(s, ",\"");
                argument->text = g_strndup(s, n);
                call->n++;
                s += n;
                if (argument->quoted && *s++ != '"')
                        return false;
                if (*s == '\0')
                        return true;
                if (*s++ != ',')
                        return false;
        }
}

bool at_string_at(const struct at_call *call, unsigned i, const char **ret)
{
        if (i >= call->n || !call->argument[i].quoted)
                return false;
        *ret = call->argument[i].text;
        return true;
}

bool at_number_at(const struct at_call *call, unsigned i, unsigned *ret)
{
        const char *text = i < call->n && !call->argument[i].quoted ? call->argument[i].text : "";

        if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
                return false;
        *ret = (unsigned)g_ascii_strtoull(text, NULL, 10);
        return true;
}

/* --- commands --- */

/* The systems that have a command, besides the normal one. */
enum permit {
        NORMAL,   /* nowhere */
        MINI,     /* in the Mini systems */
        IMEI,     /* in the Mini systems if the persona says so */
        SMS,      /* the same, and not necessarily in the normal system */
        SERVICES, /* the same for phone book and supplementary services */
};

/* clang-format off */
static const struct {
        const char *name;
        enum permit permit;
        unsigned (*run)(struct at_call *call);
} commands[] = {
        { "CGMI", NORMAL, at_cmd_manufacturer }, { "GMI", NORMAL, at_cmd_manufacturer }, { "CGMM", NORMAL, at_cmd_model },
        { "GMM", NORMAL, at_cmd_model },         { "CGMR", MINI, at_cmd_revision },      { "GMR", MINI, at_cmd_revision },
        { "QGMR", MINI, at_cmd_qgmr },           { "CSUB", NORMAL, at_cmd_csub },        { "CGSN", IMEI, at_cmd_imei },
        { "GSN", IMEI, at_cmd_imei },            { "CMEE", MINI, at_cmd_cmee },          { "CFUN", NORMAL, at_cmd_cfun },
        { "CPIN", MINI, at_cmd_cpin },           { "CSQ", MINI, at_cmd_csq },            { "CREG", MINI, at_cmd_creg },
        { "CGREG", MINI, at_cmd_cgreg },         { "CEREG", MINI, at_cmd_cereg },        { "COPS", MINI, at_cmd_cops },
        { "CGATT", NORMAL, at_cmd_cgatt },       { "QICSGP", NORMAL, at_cmd_qicsgp },    { "QIACT", NORMAL, at_cmd_qiact },
        { "QIDEACT", NORMAL, at_cmd_qideact },   { "QURCCFG", NORMAL, at_cmd_qurccfg },  { "QCFG", NORMAL, at_cmd_qcfg },
        { "QFLDS", NORMAL, at_cmd_qflds },       { "CMGF", SMS, at_cmd_cmgf },           { "CPMS", SMS, at_cmd_cpms },
        { "IFC", NORMAL, at_cmd_ifc },           { "CGACT", NORMAL, at_cmd_cgact },      { "QNETDEVCTL", NORMAL, at_cmd_qnetdevctl },
        { "CPBS", SERVICES, at_cmd_cpbs },       { "CSSN", SERVICES, at_cmd_cssn },      { "QFOTADL", MINI, at_cmd_qfotadl },
        { "QINDCFG", NORMAL, at_cmd_qindcfg },
};
/* clang-format on */

/* --- permission --- */

static bool allowed(const struct at_call *call, enum permit permit)
{
        const Persona *p = call->m->persona;
        bool full = persona_is(p, PERSONA_MINI_AT, "full");

        if (call->m->system != MODEL_MINI)
                return (permit != SMS || persona_flag(p, PERSONA_SMS)) &&
                       (permit != SERVICES || persona_flag(p, PERSONA_SERVICES));
        switch (permit) {
        case NORMAL: return full;
        case MINI: return true;
        case IMEI: return full || persona_flag(p, PERSONA_MINI_IMEI);
        case SMS: return full && persona_flag(p, PERSONA_MINI_SMS);
        case SERVICES: return full && persona_flag(p, PERSONA_MINI_SERVICES);
        }
        return false;
}

/* --- lines --- */

/* "+NAME...": up to a ';' outside quotes. Advances *s past it. */
static unsigned run_extended(struct at_call *call, const char **s)
{
        const char *begin = *s + 1, *end = begin;
        bool quoted = false;

        for (; *end && (quoted || *end != ';'); end++)
                quoted ^= *end == '"';
        *s = *end ? end + 1 : end;

        g_autofree char *text = g_strndup(begin, (size_t)(end - begin));
        size_t n = strcspn(text, "=?");
        const char *rest = text + n;
        call->kind = g_str_equal(rest, "=?")  ? AT_TEST
                     : g_str_equal(rest, "?") ? AT_READ
                     : *rest == '='           ? AT_SET
                                              : AT_RUN;
        if (call->kind == AT_RUN && *rest)
                return CME_NOT_SUPPORTED;

        for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
                if (strlen(commands[i].name) != n || g_ascii_strncasecmp(commands[i].name, text, n) != 0)
                        continue;
                if (!allowed(call, commands[i].permit))
                        return CME_NOT_SUPPORTED;
                if (call->kind == AT_TEST && commands[i].run != at_cmd_qfotadl)
                        return 0;
                bool parsed = call->kind != AT_SET || parse_arguments(call, rest + 1);
                unsigned error = parsed ? commands[i].run(call) : CME_PARAMETER;
                free_arguments(call);
                return error;
        }
        return CME_NOT_SUPPORTED;
}

/* E1, Q0, V1, I, &F, ...: one letter and a number. */
static unsigned run_basic(struct at_call *call, const char **s)
{
        bool ampersand = **s == '&';
        char letter = g_ascii_toupper((*s)[ampersand]);
        unsigned value = 0;

        *s += ampersand ? 1 : 0;
        if (!letter)
                return CME_NOT_SUPPORTED;
        for (++*s; g_ascii_isdigit(**s); ++*s)
                value = MIN(value * 10 + (unsigned)(**s - '0'), 1000);
        if (**s == ';')
                ++*s;

        if ((ampersand || letter == 'H') && !allowed(call, NORMAL))
                return CME_NOT_SUPPORTED;
        if (ampersand ? letter == 'F' : letter == 'Z') {
                call->port->echo = call->port->verbose = true;
                call->port->quiet = false;
                return 0;
        }
        if (ampersand)
                return strchr("CDKWV", letter) ? 0 : CME_NOT_SUPPORTED;
        if (letter == 'I' && value == 0)
                return at_cmd_about(call);
        if (letter == 'H')
                return 0;
        if (!strchr("EQV", letter) || value > 1)
                return CME_NOT_SUPPORTED;
        *(letter == 'E' ? &call->port->echo : letter == 'Q' ? &call->port->quiet : &call->port->verbose) = value != 0;
        return 0;
}

void at_run_line(struct at_port *port, const char *line)
{
        Model *m = port->model;
        g_autoptr(GString) text = g_string_new(NULL);
        struct at_call call = { .m = m, .port = port, .info = text };
        unsigned error = g_ascii_strncasecmp(line, "AT", 2) == 0 ? 0 : CME_NOT_SUPPORTED;
        const char *answer = NULL;

        if (persona_recording(m->persona)) {
                recording_command(m, line);
                return;
        }
        /* What a survey knows of this very command counts in the system that was surveyed. */
        if (m->system == MODEL_NORMAL) {
                error = error ?: persona_refusal(m->persona, line);
                answer = persona_answer(m->persona, line);
        }
        for (const char *s = line + 2; !error && *s && !call.deferred;)
                error = *s == '+' ? run_extended(&call, &s) : run_basic(&call, &s);
        if (call.deferred) {
                port->busy = true;
                return;
        }
        if (error == CME_NOT_SUPPORTED && answer) {
                g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);

                for (char **known = lines; *known; known++)
                        at_info(&call, "%s", *known);
                error = 0;
        }
        at_port_answer(port, error ? NULL : text->str, error);
        if (call.then)
                call.then(m);
}
