/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module's next steps and their times, and the holds that stop it for a test. This file must not depend on a step's
 * effects.
 */
#include "model-private.h"

#include <string.h>

/* --- reporting --- */

void model_log(Model *m, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        m->world->log(m->user, line);
}

void model_event(Model *m, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *event = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        m->world->event(m->user, event);
}

/* --- steps and holds --- */

/* "downloading:40" -> 40 if it is a point of `what`; -1 otherwise. */
static int point_percent(const char *point, const char *what)
{
        size_t n = strlen(what);
        guint64 percent;

        return strncmp(point, what, n) == 0 && point[n] == ':' &&
                               g_ascii_string_to_unsigned(point + n + 1, 10, 0, 1000, &percent, NULL)
                       ? (int)percent
                       : -1;
}

const char *model_hold_between(Model *m, const char *what, unsigned before, unsigned now)
{
        for (guint i = 0; i < m->holds->len; i++) {
                const char *hold = g_ptr_array_index(m->holds, i);
                int percent = point_percent(hold, what);

                if (g_str_equal(hold, what) || (percent > (int)before && percent <= (int)now))
                        return hold;
        }
        return NULL;
}

bool model_point_between(const Model *m, enum persona_key key, const char *what, unsigned before, unsigned now)
{
        int percent = point_percent(persona_text(m->persona, key), what);

        return percent > (int)before && percent <= (int)now;
}

const char *model_hold_at(const Model *m, const char *point)
{
        for (guint i = 0; point && i < m->holds->len; i++) {
                const char *hold = g_ptr_array_index(m->holds, i);
                size_t n = strlen(hold);

                if (strncmp(hold, point, n) == 0 && (point[n] == '\0' || point[n] == ':'))
                        return hold;
        }
        return NULL;
}

bool model_step_cut(Model *m)
{
        if (!m->counting)
                return false;
        if (m->steps + 1 == persona_number(m->persona, PERSONA_CUT_STEP)) {
                persona_put(m->persona, PERSONA_CUT_STEP, "0");
                model_power_cut(m);
                return true;
        }
        m->steps++;
        return false;
}

static void lane_run(void *data)
{
        struct lane_state *lane = data;
        Model *m = lane->model;
        const char *hold = model_hold_at(m, lane->point);

        lane->timer = 0;
        if (hold) {
                lane->held = g_strdup(hold);
                model_log(m, "held at %s", hold);
                model_event(m, "held");
                return;
        }
        model_step fn = lane->fn;
        bool step = !lane->poll && (lane == &m->lanes[LANE_JOB] || lane == &m->lanes[LANE_LIFE]);
        g_clear_pointer(&lane->point, g_free);
        lane->fn = NULL;
        if (!step || !model_step_cut(m))
                fn(m);
}

void model_stop(Model *m, enum lane which)
{
        struct lane_state *lane = &m->lanes[which];

        if (lane->timer)
                m->world->timer_stop(m->user, lane->timer);
        lane->timer = 0;
        lane->fn = NULL;
        g_clear_pointer(&lane->point, g_free);
        g_clear_pointer(&lane->held, g_free);
}

static void schedule(Model *m, enum lane which, unsigned ms, const char *point, model_step fn, bool poll)
{
        struct lane_state *lane = &m->lanes[which];

        model_stop(m, which);
        lane->fn = fn;
        lane->poll = poll;
        lane->point = g_strdup(point);
        lane->timer = m->world->timer_start(m->user, ms, lane_run, lane);
}

void model_next(Model *m, enum lane which, unsigned ms, const char *point, model_step fn)
{
        schedule(m, which, ms, point, fn, false);
}

void model_poll(Model *m, enum lane which, unsigned ms, const char *point, model_step fn)
{
        schedule(m, which, ms, point, fn, true);
}

void model_hold(Model *m, const char *point)
{
        if (!g_ptr_array_find_with_equal_func(m->holds, point, g_str_equal, NULL))
                g_ptr_array_add(m->holds, g_strdup(point));
        file_listen(m);
}

const char *model_held(const Model *m, const char *point)
{
        for (unsigned i = 0; i < _LANE_MAX; i++)
                if (m->lanes[i].held && (!point || g_str_equal(m->lanes[i].held, point)))
                        return m->lanes[i].held;
        return NULL;
}

bool model_release(Model *m, const char *point)
{
        guint index;
        g_autofree char *name = g_strdup(point ?: model_held(m, NULL));

        if (!name || !g_ptr_array_find_with_equal_func(m->holds, name, g_str_equal, &index))
                return false;
        g_ptr_array_remove_index(m->holds, index);
        for (unsigned i = 0; i < _LANE_MAX; i++) {
                struct lane_state *lane = &m->lanes[i];

                if (!lane->held || !g_str_equal(lane->held, name))
                        continue;
                g_clear_pointer(&lane->held, g_free);
                lane->timer = m->world->timer_start(m->user, 0, lane_run, lane);
        }
        return true;
}
