/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of the normal system. AT+QFOTADL is parsed here and carried out in model-fota.c. This room must not
 * know what an upgrade does, nor how lines come and answers go.
 */
#include "model-private.h"

#include <string.h>

#define ARGUMENTS_MAX 8

enum at_kind {
        AT_RUN,  /* AT+X */
        AT_READ, /* AT+X? */
        AT_TEST, /* AT+X=? */
        AT_SET,  /* AT+X=... */
};

struct at_argument {
        char *text;
        bool quoted;
};

/* One command of a line, while it is carried out. */
struct at_call {
        Model *m;
        struct at_port *port;
        enum at_kind kind;
        unsigned n;
        struct at_argument argument[ARGUMENTS_MAX];
        GString *info;   /* the answer's text so far */
        bool deferred;   /* somebody else will call at_port_result() */
        model_step then; /* after the result */
};

/* --- answers --- */

G_GNUC_PRINTF(2, 3)
static void info(struct at_call *call, const char *format, ...)
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

/* Strict, as the module is: a string is all inside quotes, nothing stands beside them. */
static bool parse_arguments(struct at_call *call, const char *s)
{
        for (;;) {
                if (call->n == ARGUMENTS_MAX)
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

static bool string_at(const struct at_call *call, unsigned i, const char **ret)
{
        if (i >= call->n || !call->argument[i].quoted)
                return false;
        *ret = call->argument[i].text;
        return true;
}

static bool number_at(const struct at_call *call, unsigned i, unsigned *ret)
{
        const char *text = i < call->n && !call->argument[i].quoted ? call->argument[i].text : "";

        if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
                return false;
        *ret = (unsigned)g_ascii_strtoull(text, NULL, 10);
        return true;
}

/* --- commands: each returns 0 or a +CME ERROR number --- */

static unsigned cmd_manufacturer(struct at_call *call)
{
        info(call, "%s", persona_text(call->m->persona, PERSONA_MANUFACTURER));
        return 0;
}

static unsigned cmd_model(struct at_call *call)
{
        info(call, "%s", persona_text(call->m->persona, PERSONA_MODEL));
        return 0;
}

static unsigned cmd_revision(struct at_call *call)
{
        info(call, "%s", persona_text(call->m->persona, PERSONA_REVISION));
        return 0;
}

static unsigned cmd_qgmr(struct at_call *call)
{
        const Persona *p = call->m->persona;
        const char *revision = persona_text(p, PERSONA_REVISION);

        if (persona_is(p, PERSONA_QGMR, "error"))
                return CME_NOT_SUPPORTED;
        if (call->m->qgmr_reads++ < persona_number(p, PERSONA_QGMR_NOT_READY))
                info(call, "%s_01.00.000", revision);
        else if (persona_is(p, PERSONA_QGMR, "plain"))
                info(call, "%s", revision);
        else
                info(call, "%s_%s", revision, persona_text(p, PERSONA_BUILD));
        return 0;
}

static unsigned cmd_csub(struct at_call *call)
{
        info(call, "SubEdition: V01");
        return 0;
}

static unsigned cmd_imei(struct at_call *call)
{
        info(call, "%s", persona_text(call->m->persona, PERSONA_IMEI));
        return 0;
}

static unsigned cmd_cmee(struct at_call *call)
{
        unsigned value;

        if (call->kind == AT_READ) {
                info(call, "+CMEE: %u", call->port->cmee);
                return 0;
        }
        if (!number_at(call, 0, &value) || value > 2)
                return CME_PARAMETER;
        call->port->cmee = value;
        return 0;
}

static void reset_now(Model *m)
{
        fota_forget(m);
        model_restart(m);
}

static unsigned cmd_cfun(struct at_call *call)
{
        unsigned function, reset = 0;

        if (call->kind == AT_READ) {
                info(call, "+CFUN: %u", call->m->cfun);
                return 0;
        }
        if (!number_at(call, 0, &function) || (function != 0 && function != 1 && function != 4) ||
            (call->n > 1 && (!number_at(call, 1, &reset) || reset > 1)))
                return CME_PARAMETER;
        if (reset) {
                call->then = reset_now;
                return 0;
        }
        call->m->cfun = function;
        if (function != 1)
                call->then = fota_network_lost;
        return 0;
}

static unsigned cmd_status(struct at_call *call, const char *text)
{
        if (call->kind != AT_READ && call->kind != AT_RUN)
                return CME_NOT_SUPPORTED;
        info(call, "%s", text);
        return 0;
}

static unsigned cmd_cpin(struct at_call *call)
{
        g_autofree char *text = g_strconcat("+CPIN: ", persona_text(call->m->persona, PERSONA_SIM), NULL);

        return cmd_status(call, text);
}

static unsigned cmd_csq(struct at_call *call)
{
        return cmd_status(call, call->m->cfun == 1 ? "+CSQ: 24,99" : "+CSQ: 99,99");
}

static unsigned registration(struct at_call *call, const char *name)
{
        g_autofree char *text = g_strdup_printf(
                "+%s: 0,%u", name, call->m->cfun == 1 ? persona_number(call->m->persona, PERSONA_REGISTERED) : 0);

        return cmd_status(call, text);
}

static unsigned cmd_creg(struct at_call *call)
{
        return registration(call, "CREG");
}

static unsigned cmd_cereg(struct at_call *call)
{
        return registration(call, "CEREG");
}

static unsigned cmd_cgatt(struct at_call *call)
{
        return cmd_status(call, call->m->cfun == 1 ? "+CGATT: 1" : "+CGATT: 0");
}

/* AT+QICSGP=<cid>[,<type>,<apn>[,<user>,<password>[,<auth>]]] */
static unsigned cmd_qicsgp(struct at_call *call)
{
        unsigned cid, type, auth = 0;
        const char *apn, *user = "", *password = "";

        if (!number_at(call, 0, &cid) || cid < 1 || cid > PDP_CONTEXTS)
                return CME_PARAMETER;
        struct pdp_context *pdp = &call->m->pdp[cid];
        if (call->n == 1) {
                info(call, "+QICSGP: %u,\"%s\",\"%s\",\"%s\",%u", pdp->type ?: 1, pdp->apn ?: "", pdp->user ?: "",
                     pdp->password ?: "", pdp->auth);
                return 0;
        }
        if (!number_at(call, 1, &type) || type < 1 || type > 3 || !string_at(call, 2, &apn) ||
            (call->n > 3 && (!string_at(call, 3, &user) || !string_at(call, 4, &password))) ||
            (call->n > 5 && (!number_at(call, 5, &auth) || auth > 3)) || call->n > 6)
                return CME_PARAMETER;
        if (pdp->active)
                return CME_NOT_ALLOWED;
        pdp->type = type;
        g_free(pdp->apn);
        pdp->apn = g_strdup(apn);
        g_free(pdp->user);
        pdp->user = g_strdup(user);
        g_free(pdp->password);
        pdp->password = g_strdup(password);
        pdp->auth = auth;
        return 0;
}

static unsigned set_active(struct at_call *call, bool active)
{
        unsigned cid;

        if (!number_at(call, 0, &cid) || cid < 1 || cid > PDP_CONTEXTS || call->n != 1)
                return CME_PARAMETER;
        if (active && (call->m->cfun != 1 || persona_is(call->m->persona, PERSONA_QIACT, "error")))
                return CME_NOT_ALLOWED;
        call->m->pdp[cid].active = active;
        return 0;
}

static unsigned cmd_qiact(struct at_call *call)
{
        if (call->kind == AT_SET)
                return set_active(call, true);
        for (unsigned cid = 1; cid <= PDP_CONTEXTS; cid++)
                if (call->m->pdp[cid].active)
                        info(call, "+QIACT: %u,1,1,\"10.0.0.%u\"", cid, cid);
        return 0;
}

static unsigned cmd_qideact(struct at_call *call)
{
        return call->kind == AT_SET ? set_active(call, false) : CME_NOT_SUPPORTED;
}

static unsigned urc_port(struct at_call *call, const char *command, const char *name)
{
        const char *where;

        if (call->n == 1) {
                info(call, "+%s: \"%s\",\"%s\"", command, name, persona_text(call->m->persona, PERSONA_URCPORT));
                return 0;
        }
        if (call->n != 2 || !string_at(call, 1, &where) || !persona_set(call->m->persona, "urcport", where, NULL))
                return CME_PARAMETER;
        return 0;
}

static unsigned cmd_qurccfg(struct at_call *call)
{
        const char *name;

        if (!string_at(call, 0, &name) || g_ascii_strcasecmp(name, "urcport") != 0)
                return CME_PARAMETER;
        return urc_port(call, "QURCCFG", "urcport");
}

/* A QCFG of one number. */
static unsigned qcfg_number(struct at_call *call, const char *name, unsigned least, unsigned most, unsigned *value)
{
        unsigned wanted;

        if (call->n == 1) {
                info(call, "+QCFG: \"%s\",%u", name, *value);
                return 0;
        }
        if (call->n != 2 || !number_at(call, 1, &wanted) || wanted < least || wanted > most)
                return CME_PARAMETER;
        *value = wanted;
        return 0;
}

static unsigned qcfg_usbifc(struct at_call *call)
{
        unsigned out, in;

        if (call->n == 1) {
                info(call, "+QCFG: \"usbifc\",%u,%u", call->m->usbifc[0], call->m->usbifc[1]);
                return 0;
        }
        if (call->n != 3 || !number_at(call, 1, &out) || !number_at(call, 2, &in) || (out != 0 && out != 2) ||
            (in != 0 && in != 2))
                return CME_PARAMETER;
        call->m->usbifc[0] = out;
        call->m->usbifc[1] = in;
        return 0;
}

static unsigned cmd_qcfg(struct at_call *call)
{
        Model *m = call->m;
        const char *name;

        if (call->kind != AT_SET || !string_at(call, 0, &name))
                return CME_PARAMETER;
        if (g_ascii_strcasecmp(name, "fota/cid") == 0) {
                unsigned cid = persona_number(m->persona, PERSONA_FOTA_CID);
                /* MiniFOTA has no PDP context to choose. */
                unsigned error = persona_is(m->persona, PERSONA_METHOD, "minifota")
                                         ? CME_NOT_SUPPORTED
                                         : qcfg_number(call, "fota/cid", 1, PDP_CONTEXTS, &cid);
                g_autofree char *text = g_strdup_printf("%u", cid);

                persona_put(m->persona, PERSONA_FOTA_CID, text);
                return error;
        }
        if (g_ascii_strcasecmp(name, "usbifc") == 0)
                return qcfg_usbifc(call);
        if (g_ascii_strcasecmp(name, "urc/port") == 0)
                return urc_port(call, "QCFG", "urc/port");
        if (g_ascii_strcasecmp(name, "urc/delay") == 0)
                return qcfg_number(call, "urc/delay", 0, 1, &m->urc_delay);
        if (g_ascii_strcasecmp(name, "urc/cache") == 0) {
                unsigned error = qcfg_number(call, "urc/cache", 0, 1, &m->urc_cache);

                if (!m->urc_cache)
                        call->then = model_flush_cached_urcs;
                return error;
        }
        return CME_PARAMETER;
}

static unsigned cmd_qflds(struct at_call *call)
{
        const char *storage;

        if (call->kind != AT_SET || call->n != 1 || !string_at(call, 0, &storage) ||
            g_ascii_strcasecmp(storage, "UFS") != 0)
                return CME_PARAMETER;
        info(call, "+QFLDS: %s,%s", persona_text(call->m->persona, PERSONA_UFS_FREE),
             persona_text(call->m->persona, PERSONA_UFS_TOTAL));
        return 0;
}

static unsigned cmd_qfotadl(struct at_call *call)
{
        const Persona *p = call->m->persona;
        const char *url;
        unsigned mode = 0, download_max = persona_number(p, PERSONA_DOWNLOAD_MAX), update_max = 100;

        if (call->kind == AT_TEST) {
                if (persona_is(p, PERSONA_QFOTADL_TEST, "error"))
                        return CME_NOT_SUPPORTED;
                if (persona_is(p, PERSONA_QFOTADL_TEST, "full"))
                        info(call, "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)");
                return 0;
        }
        if (call->kind != AT_SET)
                return CME_NOT_SUPPORTED;
        call->m->qfotadl_count++;
        model_event(call->m, "qfotadl");
        if (!string_at(call, 0, &url) || call->n > 4 || strlen(url) > 255 || !*url ||
            (call->n > 1 && (!number_at(call, 1, &mode) || mode > 1)) ||
            (call->n > 2 &&
             (!number_at(call, 2, &download_max) || download_max > 100 || (download_max && download_max < 5))) ||
            (call->n > 3 && (!number_at(call, 3, &update_max) || update_max > 100 || (update_max && update_max < 5))))
                return CME_PARAMETER;
        g_free(call->m->last_qfotadl);
        call->m->last_qfotadl = g_strdup(url);
        if (!fota_command(call->m, call->port, url, mode, download_max, update_max))
                return CME_NOT_ALLOWED;
        call->deferred = true;
        return 0;
}

/* clang-format off */
static const struct {
        const char *name;
        unsigned (*run)(struct at_call *call);
} commands[] = {
        { "CGMI", cmd_manufacturer }, { "GMI", cmd_manufacturer }, { "CGMM", cmd_model },   { "GMM", cmd_model },
        { "CGMR", cmd_revision },     { "GMR", cmd_revision },     { "QGMR", cmd_qgmr },    { "CSUB", cmd_csub },
        { "CGSN", cmd_imei },         { "GSN", cmd_imei },         { "CMEE", cmd_cmee },    { "CFUN", cmd_cfun },
        { "CPIN", cmd_cpin },         { "CSQ", cmd_csq },          { "CREG", cmd_creg },    { "CEREG", cmd_cereg },
        { "CGATT", cmd_cgatt },       { "QICSGP", cmd_qicsgp },    { "QIACT", cmd_qiact },  { "QIDEACT", cmd_qideact },
        { "QURCCFG", cmd_qurccfg },   { "QCFG", cmd_qcfg },        { "QFLDS", cmd_qflds },  { "QFOTADL", cmd_qfotadl },
};
/* clang-format on */

/* --- lines --- */

/* "+NAME...": up to a ';' outside quotes. Advances *s behind it. */
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
                if (call->kind == AT_TEST && commands[i].run != cmd_qfotadl)
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

        if (ampersand ? letter == 'F' : letter == 'Z') {
                call->port->echo = call->port->verbose = true;
                call->port->quiet = false;
                return 0;
        }
        if (ampersand)
                return strchr("CDKWV", letter) ? 0 : CME_NOT_SUPPORTED;
        if (letter == 'I' && value == 0) {
                info(call, "%s", persona_text(call->m->persona, PERSONA_MANUFACTURER));
                info(call, "%s", persona_text(call->m->persona, PERSONA_MODEL));
                info(call, "Revision: %s", persona_text(call->m->persona, PERSONA_REVISION));
                return 0;
        }
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

        for (const char *s = line + 2; !error && *s && !call.deferred;)
                error = *s == '+' ? run_extended(&call, &s) : run_basic(&call, &s);
        if (call.deferred) {
                port->busy = true;
                return;
        }
        at_port_answer(port, error ? NULL : text->str, error);
        if (call.then)
                call.then(m);
}
