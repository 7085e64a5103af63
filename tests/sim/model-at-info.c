/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that report: identity, network, memory. This file must not depend on lines and answers, or on the system
 * that allows a command.
 */
#include "model-at.h"

unsigned at_cmd_manufacturer(struct at_call *call)
{
        at_info(call, "%s", persona_text(call->m->persona, PERSONA_MANUFACTURER));
        return 0;
}

unsigned at_cmd_model(struct at_call *call)
{
        at_info(call, "%s", persona_text(call->m->persona, PERSONA_MODEL));
        return 0;
}

/* NULL if the running system reports none. *ret_build: the text that AT+QGMR appends to it, or NULL. */
static const char *revision(struct at_call *call, const char **ret_build)
{
        const Model *m = call->m;

        if (m->system == MODEL_MINI)
                return mini_revision(m, ret_build);
        *ret_build = persona_text(m->persona, PERSONA_BUILD);
        return persona_text(m->persona, PERSONA_REVISION);
}

unsigned at_cmd_about(struct at_call *call)
{
        const char *build, *text = revision(call, &build);

        if (!text || persona_is(call->m->persona, PERSONA_GMR, "error"))
                return CME_NOT_SUPPORTED;
        at_info(call, "%s", persona_text(call->m->persona, PERSONA_MANUFACTURER));
        at_info(call, "%s", persona_text(call->m->persona, PERSONA_MODEL));
        at_info(call, "Revision: %s", text);
        return 0;
}

unsigned at_cmd_revision(struct at_call *call)
{
        const char *build, *text = revision(call, &build);

        if (!text || persona_is(call->m->persona, PERSONA_GMR, "error"))
                return CME_NOT_SUPPORTED;
        at_info(call, "%s", text);
        return 0;
}

unsigned at_cmd_qgmr(struct at_call *call)
{
        const Persona *p = call->m->persona;
        const char *build, *text = revision(call, &build);

        if (!text || persona_is(p, PERSONA_QGMR, "error"))
                return CME_NOT_SUPPORTED;
        if (call->m->qgmr_reads++ < persona_number(p, PERSONA_QGMR_NOT_READY))
                at_info(call, "%s_01.00.000", text);
        else if (!build || persona_is(p, PERSONA_QGMR, "plain"))
                at_info(call, "%s", text);
        else
                at_info(call, "%s_%s", text, build);
        return 0;
}

unsigned at_cmd_csub(struct at_call *call)
{
        at_info(call, "SubEdition: V01");
        return 0;
}

unsigned at_cmd_imei(struct at_call *call)
{
        at_info(call, "%s", persona_text(call->m->persona, PERSONA_IMEI));
        return 0;
}

static unsigned cmd_status(struct at_call *call, const char *text)
{
        if (call->kind != AT_READ && call->kind != AT_RUN)
                return CME_NOT_SUPPORTED;
        at_info(call, "%s", text);
        return 0;
}

unsigned at_cmd_cpin(struct at_call *call)
{
        g_autofree char *text = g_strconcat("+CPIN: ", persona_text(call->m->persona, PERSONA_SIM), NULL);

        return cmd_status(call, text);
}

unsigned at_cmd_csq(struct at_call *call)
{
        g_autofree char *text = g_strconcat("+CSQ: ", persona_text(call->m->persona, PERSONA_CSQ), NULL);

        return cmd_status(call, call->m->cfun == 1 ? text : "+CSQ: 99,99");
}

static unsigned registration(struct at_call *call, const char *name, enum persona_key key)
{
        const char *state = call->m->cfun == 1 ? persona_text(call->m->persona, key) : "0";
        g_autofree char *text = g_strdup_printf("+%s: 0,%s", name, state);

        return cmd_status(call, text);
}

unsigned at_cmd_creg(struct at_call *call)
{
        return registration(call, "CREG", PERSONA_REGISTERED);
}

unsigned at_cmd_cgreg(struct at_call *call)
{
        return registration(call, "CGREG", PERSONA_REGISTERED);
}

unsigned at_cmd_cereg(struct at_call *call)
{
        bool same = persona_is(call->m->persona, PERSONA_EPS_REGISTERED, "");

        return registration(call, "CEREG", same ? PERSONA_REGISTERED : PERSONA_EPS_REGISTERED);
}

unsigned at_cmd_cops(struct at_call *call)
{
        unsigned state = call->m->cfun == 1 ? persona_number(call->m->persona, PERSONA_REGISTERED) : 0;

        return cmd_status(call, state == 1 || state == 5 ? "+COPS: 0,0,\"CHINA MOBILE\",7" : "+COPS: 0");
}

unsigned at_cmd_cgatt(struct at_call *call)
{
        return cmd_status(call, call->m->cfun == 1 ? "+CGATT: 1" : "+CGATT: 0");
}

/* Context 1 always exists, and is active with the network, as with LTE. */
unsigned at_cmd_cgact(struct at_call *call)
{
        const Model *m = call->m;
        unsigned state = m->cfun == 1 ? persona_number(m->persona, PERSONA_REGISTERED) : 0;

        if (call->kind != AT_READ)
                return CME_NOT_SUPPORTED;
        for (unsigned cid = 1; cid <= PDP_CONTEXTS; cid++)
                if (cid == 1 || m->pdp[cid].apn || m->pdp[cid].active)
                        at_info(call, "+CGACT: %u,%d", cid,
                                m->pdp[cid].active || (cid == 1 && (state == 1 || state == 5)));
        return 0;
}

unsigned at_cmd_qnetdevctl(struct at_call *call)
{
        if (call->kind != AT_READ || persona_is(call->m->persona, PERSONA_NETDEV, ""))
                return CME_NOT_SUPPORTED;
        at_info(call, "+QNETDEVCTL: %s", persona_text(call->m->persona, PERSONA_NETDEV));
        return 0;
}

unsigned at_cmd_qflds(struct at_call *call)
{
        const char *storage;

        if (call->kind != AT_SET || call->n != 1 || !at_string_at(call, 0, &storage) ||
            g_ascii_strcasecmp(storage, "UFS") != 0)
                return CME_PARAMETER;
        at_info(call, "+QFLDS: %s,%s", persona_text(call->m->persona, PERSONA_UFS_FREE),
                persona_text(call->m->persona, PERSONA_UFS_TOTAL));
        return 0;
}

unsigned at_cmd_cpms(struct at_call *call)
{
        return cmd_status(call, "+CPMS: \"ME\",0,180,\"ME\",0,180,\"ME\",0,180");
}

unsigned at_cmd_cpbs(struct at_call *call)
{
        return cmd_status(call, "+CPBS: \"ME\",0,250");
}

unsigned at_cmd_cssn(struct at_call *call)
{
        return cmd_status(call, "+CSSN: 0,0");
}
