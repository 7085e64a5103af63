/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that change something. AT+QFOTADL is parsed here and carried out in model-fota.c. This file must not
 * depend on an upgrade's course, on lines and answers, or on the system that allows a command.
 */
#include "model-at.h"

#include <string.h>

unsigned at_cmd_cmee(struct at_call *call)
{
        unsigned value;

        if (call->kind == AT_READ) {
                at_info(call, "+CMEE: %u", call->port->cmee);
                return 0;
        }
        if (!at_number_at(call, 0, &value) || value > 2)
                return CME_PARAMETER;
        call->port->cmee = value;
        return 0;
}

static void reset_now(Model *m)
{
        fota_forget(m);
        model_restart(m);
}

unsigned at_cmd_cfun(struct at_call *call)
{
        unsigned function, reset = 0;

        if (call->kind == AT_READ) {
                at_info(call, "+CFUN: %u", call->m->cfun);
                return 0;
        }
        if (!at_number_at(call, 0, &function) || (function != 0 && function != 1 && function != 4) ||
            (call->n > 1 && (!at_number_at(call, 1, &reset) || reset > 1)))
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

unsigned at_cmd_cmgf(struct at_call *call)
{
        if (call->kind == AT_READ) {
                at_info(call, "+CMGF: %u", call->m->cmgf);
                return 0;
        }
        return at_number_at(call, 0, &call->m->cmgf) && call->m->cmgf <= 1 ? 0 : CME_PARAMETER;
}

/* AT+QICSGP=<cid>[,<type>,<apn>[,<user>,<password>[,<auth>]]] */
unsigned at_cmd_qicsgp(struct at_call *call)
{
        unsigned cid, type, auth = 0;
        const char *apn, *user = "", *password = "";

        if (!at_number_at(call, 0, &cid) || cid < 1 || cid > PDP_CONTEXTS)
                return CME_PARAMETER;
        struct pdp_context *pdp = &call->m->pdp[cid];
        if (call->n == 1) {
                at_info(call, "+QICSGP: %u,\"%s\",\"%s\",\"%s\",%u", pdp->type ?: 1, pdp->apn ?: "", pdp->user ?: "",
                        pdp->password ?: "", pdp->auth);
                return 0;
        }
        if (!at_number_at(call, 1, &type) || type < 1 || type > 3 || !at_string_at(call, 2, &apn) ||
            (call->n > 3 && (!at_string_at(call, 3, &user) || !at_string_at(call, 4, &password))) ||
            (call->n > 5 && (!at_number_at(call, 5, &auth) || auth > 3)) || call->n > 6)
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

        if (!at_number_at(call, 0, &cid) || cid < 1 || cid > PDP_CONTEXTS || call->n != 1)
                return CME_PARAMETER;
        if (active && (call->m->cfun != 1 || persona_is(call->m->persona, PERSONA_QIACT, "error")))
                return CME_NOT_ALLOWED;
        call->m->pdp[cid].active = active;
        return 0;
}

unsigned at_cmd_qiact(struct at_call *call)
{
        if (call->kind == AT_SET)
                return set_active(call, true);
        for (unsigned cid = 1; cid <= PDP_CONTEXTS; cid++)
                if (call->m->pdp[cid].active)
                        at_info(call, "+QIACT: %u,1,1,\"10.0.0.%u\"", cid, cid);
        return 0;
}

unsigned at_cmd_qideact(struct at_call *call)
{
        return call->kind == AT_SET ? set_active(call, false) : CME_NOT_SUPPORTED;
}

static unsigned urc_port(struct at_call *call, const char *command, const char *name)
{
        const char *where;

        if (call->n == 1) {
                at_info(call, "+%s: \"%s\",\"%s\"", command, name, persona_text(call->m->persona, PERSONA_URCPORT));
                return 0;
        }
        if (call->n != 2 || !at_string_at(call, 1, &where) || !persona_set(call->m->persona, "urcport", where, NULL))
                return CME_PARAMETER;
        return 0;
}

unsigned at_cmd_qurccfg(struct at_call *call)
{
        const char *name;

        if (!at_string_at(call, 0, &name) || g_ascii_strcasecmp(name, "urcport") != 0)
                return CME_PARAMETER;
        return urc_port(call, "QURCCFG", "urcport");
}

/* A QCFG with one number. */
static unsigned qcfg_number(struct at_call *call, const char *name, unsigned least, unsigned most, unsigned *value)
{
        unsigned wanted;

        if (call->n == 1) {
                at_info(call, "+QCFG: \"%s\",%u", name, *value);
                return 0;
        }
        if (call->n != 2 || !at_number_at(call, 1, &wanted) || wanted < least || wanted > most)
                return CME_PARAMETER;
        *value = wanted;
        return 0;
}

/* Flow control, to the module and from it: none or RTS/CTS each. Arguments `i` and `i` + 1. */
static unsigned set_flow(struct at_call *call, unsigned i, enum persona_key key, enum persona_key answer)
{
        unsigned out, in;

        if (call->n != i + 2 || !at_number_at(call, i, &out) || !at_number_at(call, i + 1, &in) ||
            (out != 0 && out != 2) || (in != 0 && in != 2))
                return CME_PARAMETER;
        if (persona_is(call->m->persona, answer, "error"))
                return CME_NOT_ALLOWED;
        if (persona_is(call->m->persona, answer, "ok")) {
                g_autofree char *text = g_strdup_printf("%u,%u", out, in);

                persona_put(call->m->persona, key, text);
        }
        return 0;
}

unsigned at_cmd_ifc(struct at_call *call)
{
        if (call->kind == AT_READ) {
                if (persona_is(call->m->persona, PERSONA_IFC, ""))
                        return CME_NOT_SUPPORTED;
                at_info(call, "+IFC: %s", persona_text(call->m->persona, PERSONA_IFC));
                return 0;
        }
        return call->kind == AT_SET ? set_flow(call, 0, PERSONA_IFC, PERSONA_IFC_ANSWER) : CME_NOT_SUPPORTED;
}

static unsigned qcfg_usbifc(struct at_call *call)
{
        if (call->n == 1) {
                at_info(call, "+QCFG: \"usbifc\",%s", persona_text(call->m->persona, PERSONA_USBIFC));
                return 0;
        }
        return set_flow(call, 1, PERSONA_USBIFC, PERSONA_USBIFC_ANSWER);
}

unsigned at_cmd_qcfg(struct at_call *call)
{
        Model *m = call->m;
        const char *name;

        if (call->kind != AT_SET || !at_string_at(call, 0, &name))
                return CME_PARAMETER;
        if (g_ascii_strcasecmp(name, "fota/cid") == 0) {
                unsigned cid = persona_number(m->persona, PERSONA_FOTA_CID);
                /* MiniFOTA has no choice of a PDP context. */
                unsigned error = persona_is(m->persona, PERSONA_METHOD, "minifota")
                                         ? CME_NOT_SUPPORTED
                                         : qcfg_number(call, "fota/cid", 1, PDP_CONTEXTS, &cid);
                g_autofree char *text = g_strdup_printf("%u", cid);

                persona_put(m->persona, PERSONA_FOTA_CID, text);
                return error;
        }
        if (g_ascii_strcasecmp(name, "usbifc") == 0)
                return qcfg_usbifc(call);
        if (g_ascii_strcasecmp(name, "usbnet") == 0)
                return persona_flag(m->persona, PERSONA_USBNET) ? qcfg_number(call, "usbnet", 0, 3, &m->usbnet)
                                                                : CME_NOT_SUPPORTED;
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

/* AT+QINDCFG=<item>[,<enable>[,<save>]] */
unsigned at_cmd_qindcfg(struct at_call *call)
{
        Model *m = call->m;
        const char *item;
        unsigned enable, save = 0;

        if (persona_is(m->persona, PERSONA_QINDCFG, "error"))
                return CME_NOT_SUPPORTED;
        if (call->kind != AT_SET || !at_string_at(call, 0, &item))
                return CME_PARAMETER;
        bool all = g_ascii_strcasecmp(item, "all") == 0;
        if (!all && (g_ascii_strcasecmp(item, "FOTA") != 0 || persona_is(m->persona, PERSONA_QIND_FOTA, "none")))
                return CME_PARAMETER;
        unsigned *value = all ? &m->qind : &m->qind_fota;
        if (call->n == 1) {
                at_info(call, "+QINDCFG: \"%s\",%u", item, *value);
                return 0;
        }
        if (!at_number_at(call, 1, &enable) || enable > 1 || (call->n > 2 && !at_number_at(call, 2, &save)) ||
            save > 1 || call->n > 3)
                return CME_PARAMETER;
        *value = enable;
        if (save)
                persona_put(m->persona, all ? PERSONA_QIND : PERSONA_QIND_FOTA, enable ? "1" : "0");
        return 0;
}

/* <download_URC_max>, <update_URC_max>; *ret is unchanged if it is missing. */
static bool urc_max_at(const struct at_call *call, unsigned i, unsigned *ret)
{
        return call->n <= i || (at_number_at(call, i, ret) && *ret <= 100 && (*ret == 0 || *ret >= 5));
}

unsigned at_cmd_qfotadl(struct at_call *call)
{
        const Persona *p = call->m->persona;
        const char *url;
        unsigned mode = 0, download_max = persona_number(p, PERSONA_DOWNLOAD_MAX), update_max = 100;

        if (call->kind == AT_TEST) {
                if (persona_is(p, PERSONA_QFOTADL_TEST, "error"))
                        return CME_NOT_SUPPORTED;
                if (persona_is(p, PERSONA_QFOTADL_TEST, "full"))
                        at_info(call, "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)");
                else if (g_str_has_prefix(persona_text(p, PERSONA_QFOTADL_TEST), "+QFOTADL:"))
                        at_info(call, "%s", persona_text(p, PERSONA_QFOTADL_TEST));
                return 0;
        }
        if (call->kind != AT_SET)
                return CME_NOT_SUPPORTED;
        call->m->qfotadl_count++;
        model_event(call->m, "qfotadl");
        call->m->qfotadl_parameters = call->n;
        if (!at_string_at(call, 0, &url) || strlen(url) > 255 || !*url)
                return CME_PARAMETER;
        /* MiniFOTA accepts all of them, and ignores them. */
        if (!persona_is(p, PERSONA_METHOD, "minifota") &&
            (call->n > 4 || (call->n > 1 && (!at_number_at(call, 1, &mode) || mode > 1)) ||
             !urc_max_at(call, 2, &download_max) || !urc_max_at(call, 3, &update_max)))
                return CME_PARAMETER;
        g_free(call->m->last_qfotadl);
        call->m->last_qfotadl = g_strdup(url);
        if (!fota_command(call->m, call->port, url, mode, download_max, update_max))
                return CME_NOT_ALLOWED;
        call->deferred = true;
        return 0;
}
