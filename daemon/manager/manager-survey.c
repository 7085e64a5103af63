/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Surveys: what a module tells when it is asked what only reads, as a text to be sent to other people. Writes the head
 * of the text, has the module asked, and passes the text on. Changes nothing. */

#include <string.h>

#include "base/clock.h"
#include "manager/manager-modules.h"
#include "manager/manager-recording.h"
#include "manager/manager-state.h"
#include "manager/manager-survey.h"
#include "manager/manager-uart.h"
#include "manager/manager-watch.h"
#include "names.h"

#define BYTES_MAX (256 * 1024)

struct Survey {
        char *module;           /* its Id, and the key in Manager: the module may be removed meanwhile */
        ManagerSurveyFunc func; /* NULL: the caller has left */
        void *userdata;
        GDestroyNotify destroy;
};

static void forget_caller(Survey *s)
{
        if (s->destroy)
                s->destroy(s->userdata);
        s->destroy = NULL;
        s->func = NULL;
        s->userdata = NULL;
}

void manager_survey_free(Survey *s)
{
        forget_caller(s);
        g_free(s->module);
        g_free(s);
}

static RecordingWriter *new_recording(const Module *module, const char *modem_manager)
{
        RecordingWriter *recording = recording_writer_new("survey", BYTES_MAX);

        manager_write_head(module, recording);
        recording_writer_head(recording, "modem-manager", modem_manager);
        return recording;
}

void manager_module_surveyed(Manager *m, Module *module, RecordingWriter *taken, const char *failure)
{
        g_autoptr(RecordingWriter) recording = taken;
        Survey *s = g_hash_table_lookup(m->surveys, module_id(module));
        g_auto(Refusal) refusal = { 0 };
        g_autofree char *text = NULL;

        if (!s)
                return;
        if (failure) {
                g_autofree char *note = g_strdup_printf("warning the survey ended early: %s", failure);

                recording_writer_add(recording, clock_now(), RECORDING_NOTE, note);
                refusal_set(&refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s cannot be asked: %s", module_id(module),
                            failure);
        }
        text = recording_writer_text(recording);
        if (s->func)
                s->func(s->userdata, !failure || recording_writer_has_heard(recording) ? text : NULL, &refusal);
        g_hash_table_remove(m->surveys, module_id(module));
        manager_drop_uarts_soon(m); /* the module may have been kept for this survey only */
}

bool manager_refuse_surveyed(Manager *m, const Module *module, Refusal *ret_refusal)
{
        return !g_hash_table_contains(m->surveys, module_id(module)) ||
               refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is being surveyed: wait for the end of that",
                           module_id(module));
}

bool manager_survey(Manager *m, Module *module, const char *modem_manager, ManagerSurveyFunc func, void *userdata,
                    GDestroyNotify destroy, Refusal *ret_refusal)
{
        g_autofree char *problem = NULL;
        const Job *watched;
        Survey *s;

        manager_look_at_uarts(m);
        problem = module_problem(module);
        if (module_is_taken(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is held by job %s: wait for its end",
                                   module_id(module), module_taken_by(module));
        watched = manager_watch_of(m, module);
        if (watched)
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY,
                                   "%s may still be writing its flash for job %s: wait until it is back",
                                   module_id(module), watched->id);
        if (!manager_refuse_surveyed(m, module, ret_refusal))
                return false;
        if (module_is_being_asked(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is being checked: wait for that answer",
                                   module_id(module));
        if (!*module_port(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                   problem);
        s = g_new0(Survey, 1);
        s->module = g_strdup(module_id(module));
        s->func = func;
        s->userdata = userdata;
        s->destroy = destroy;
        g_hash_table_insert(m->surveys, s->module, s);
        module_survey(module, new_recording(module, modem_manager)); /* it may have ended already */
        return true;
}

void manager_drop_survey(Manager *m, const void *userdata)
{
        GHashTableIter iter;
        void *survey;

        g_hash_table_iter_init(&iter, m->surveys);
        while (g_hash_table_iter_next(&iter, NULL, &survey))
                if (((Survey *)survey)->func && ((Survey *)survey)->userdata == userdata)
                        forget_caller(survey);
}
