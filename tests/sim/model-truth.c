/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The facts that a test may query about a module. This file reads and changes nothing.
 */
#include "model-private.h"

static const char *const system_names[] = {
        [MODEL_OFF] = "off",   [MODEL_NORMAL] = "normal",   [MODEL_UPDATER] = "updater",
        [MODEL_MINI] = "mini", [MODEL_CRASHED] = "crashed", [MODEL_BOOT_ROM] = "boot-rom",
};

G_STATIC_ASSERT(G_N_ELEMENTS(system_names) == _MODEL_SYSTEM_MAX);

const char *model_system_name(enum model_system system)
{
        return system_names[system];
}

char *model_truth(Model *m, const char *name)
{
        const struct usb_line line = m->world->line(m->user, m->ports[0].interface);
        const struct pdp_context *pdp = &m->pdp[CLAMP(persona_number(m->persona, PERSONA_FOTA_CID), 1, PDP_CONTEXTS)];
        const struct {
                const char *name;
                const char *text;
                guint64 number;
        } truths[] = {
                { "system", system_names[m->system], 0 },
                { "restarts", NULL, m->restarts },
                { "qfotadl-count", NULL, m->qfotadl_count },
                { "last-qfotadl", m->last_qfotadl ?: "", 0 },
                { "qfotadl-parameters", NULL, m->qfotadl_parameters },
                { "at-lines", NULL, m->at_lines },
                { "diag-bytes", NULL, m->diag_bytes },
                { "fetched-sha256", m->fetched_sha256 ?: "", 0 },
                { "fetched-bytes", NULL, m->fetched_bytes },
                { "file-bytes", NULL, m->file.bytes },
                { "file-lost", NULL, m->file.lost },
                { "file-extra", NULL, m->file.extra },
                { "file-chunk-max", NULL, m->file.chunk_max },
                { "file-write-max", NULL, m->file.write_max },
                { "file-behind-max", NULL, m->file.behind_max },
                { "file-rate-max", NULL, m->file.rate_max },
                { "file-rate-mean", NULL, file_rate_mean(m) },
                { "file-count", NULL, m->file.count },
                { "file-crtscts", NULL, m->file.crtscts },
                { "crtscts", NULL, line.crtscts },
                { "host-baud", NULL, line.baud },
                { "downloading", NULL, m->fota.phase == FOTA_DOWNLOADING },
                { "upgrading", NULL, m->fota.phase != FOTA_NONE || m->pending.there || m->mini.stage != MINI_NONE },
                { "stage", mini_stage_name(m->mini.stage), 0 },
                { "header-matched", NULL, m->mini.matched },
                { "fetches", NULL, m->fetches },
                { "lacks", NULL, m->lacks },
                { "steps", NULL, m->steps },
                { "cfun", NULL, m->cfun },
                { "qind-now", NULL, m->qind },
                { "qind-fota-now", NULL, m->qind_fota },
                { "held", model_held(m, NULL) ?: "", 0 },
                { "apn", pdp->apn ?: "", 0 },
                { "apn-user", pdp->user ?: "", 0 },
                { "apn-password", pdp->password ?: "", 0 },
                { "apn-auth", NULL, pdp->auth },
                { "apn-active", NULL, pdp->active },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(truths); i++)
                if (g_str_equal(truths[i].name, name))
                        return truths[i].text ? g_strdup(truths[i].text)
                                              : g_strdup_printf("%" G_GUINT64_FORMAT, truths[i].number);
        return NULL;
}
