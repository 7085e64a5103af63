/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Carries one inspection of a module from the request to the report: waits for the identity, and then asks the
 * questions of core/rules/inspect one by one. It ends early when the module no longer answers, its port is lost, or a
 * job begins. A survey is an inspection with the questions of core/record/survey. Knows neither the port nor the
 * meaning of the answers. */

#include "base/clock.h"
#include "core/record/survey.h"
#include "module/module-inspect.h"

#define UNANSWERED_MAX 3 /* questions of a survey in a row */

struct Inspector {
        const ModuleContext *context;
        const InspectorObserver *observer;
        void *userdata;

        bool busy;
        bool over; /* and over() is still to be called */
        Method method;
        Inspect *inspect; /* the dialogue, once the identity is known */
        bool survey;      /* instead of an inspection */
        bool answers;     /* the port answers: the survey can go on */
        unsigned asks;    /* the next question of the survey */
        unsigned unanswered;
        bool asked;     /* a question of the dialogue is under way */
        uint64_t until; /* the end if the port does not answer, UINT64_MAX never */
        char *failure;  /* the reason for the end; NULL if there is none */
};

Inspector *inspector_new(const ModuleContext *context, const InspectorObserver *observer, void *userdata)
{
        Inspector *i = g_new0(Inspector, 1);

        i->context = context;
        i->observer = observer;
        i->userdata = userdata;
        i->until = UINT64_MAX;
        return i;
}

void inspector_free(Inspector *i)
{
        if (!i)
                return;
        inspect_free(i->inspect);
        g_free(i->failure);
        g_free(i);
}

void inspector_begin(Inspector *i, Method method)
{
        i->busy = true;
        i->method = method;
        i->over = false;
        i->until = clock_now() + i->context->config->timeouts.command;
}

void inspector_begin_survey(Inspector *i)
{
        inspector_begin(i, METHOD_UNKNOWN);
        i->survey = true;
        i->answers = false;
        i->asks = i->unanswered = 0;
}

bool inspector_is_busy(const Inspector *i)
{
        return i->busy;
}

bool inspector_needs_port(const Inspector *i)
{
        return i->busy && !i->over;
}

void inspector_port_answers(Inspector *i)
{
        i->until = UINT64_MAX;
        i->answers = true;
}

void inspector_identity_known(Inspector *i)
{
        if (!inspector_needs_port(i) || i->inspect || i->survey)
                return;
        i->until = UINT64_MAX;
        i->inspect = inspect_new(inspect_questions_for_check(i->method));
        i->asked = false;
}

void inspector_answer(Inspector *i, AtResult result, int error, const char *information)
{
        if (!i->asked)
                return;
        i->asked = false;
        if (i->inspect)
                inspect_answer(i->inspect, result, error, information);
        i->unanswered = result == AT_RESULT_TIMEOUT ? i->unanswered + 1 : 0;
        if (i->survey && i->unanswered >= UNANSWERED_MAX)
                inspector_end(i, "it does not answer");
}

void inspector_end(Inspector *i, const char *failure)
{
        if (!inspector_needs_port(i))
                return;
        i->over = true;
        i->until = UINT64_MAX;
        i->failure = g_strdup(failure);
}

static void report(Inspector *i)
{
        g_autofree char *failure = g_steal_pointer(&i->failure);
        Inspection *inspection = i->inspect ? inspect_steal(i->inspect) : NULL;

        g_clear_pointer(&i->inspect, inspect_free);
        i->busy = i->over = i->asked = i->survey = false;
        i->observer->over(i->userdata, inspection, failure);
}

bool inspector_advance(Inspector *i, bool can_ask)
{
        const char *question;
        bool begun;

        if (!i->busy)
                return false;
        if (clock_has_passed(i->until))
                inspector_end(i, "it does not answer");
        if (i->over) {
                report(i);
                return true;
        }
        begun = i->survey ? i->answers : i->inspect != NULL;
        if (!begun || i->asked || !can_ask)
                return false;
        question = i->survey ? survey_question(i->asks++) : inspect_next(i->inspect);
        if (!question) {
                inspector_end(i, NULL);
                return true;
        }
        i->asked = true;
        i->observer->ask(i->userdata, question);
        return true;
}

uint64_t inspector_deadline(const Inspector *i)
{
        return i->until;
}
