/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/record/recording.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;
typedef struct Survey Survey;

/* Receives the text of the survey, valid during the call only; or NULL and a refusal: the module told nothing. */
typedef void (*ManagerSurveyFunc)(void *userdata, const char *text, const Refusal *refusal);

/* Asks the module everything that core/record/survey lists, and describes its USB device. Changes nothing.
 * modem_manager: the version of ModemManager, or another word for the head of the file.
 *
 * true: calls func once, perhaps before this function returns, and then destroy(userdata); if the survey is dropped or
 * the module is removed, only destroy(userdata). false: refused, and userdata stays the caller's. */
bool manager_survey(Manager *manager, Module *module, const char *modem_manager, ManagerSurveyFunc func, void *userdata,
                    GDestroyNotify destroy, Refusal *ret_refusal);

/* Drops the survey with that userdata: its caller gets no answer. The module is asked to the end. */
void manager_drop_survey(Manager *manager, const void *userdata);

/* Refuses what cannot be done while the module is asked for a survey. Returns false if it refused. */
bool manager_refuse_surveyed(Manager *manager, const Module *module, Refusal *ret_refusal);

/* The rest is for manager.c. */

void manager_survey_free(Survey *survey);

/* The observer's surveyed(). Takes the recording. */
void manager_module_surveyed(Manager *manager, Module *module, RecordingWriter *recording, const char *failure);
