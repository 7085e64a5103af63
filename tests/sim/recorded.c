/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See recorded.h. This file only reads recordings; it depends on no module and on no time.
 */
#include "recorded.h"

#include <string.h>

const RecordingEvent *recorded_event(const Recording *r, unsigned i)
{
        return g_ptr_array_index(r->events, i);
}

bool recorded_is_final(const char *line)
{
        return strcmp(line, "OK") == 0 || strcmp(line, "ERROR") == 0 || g_str_has_prefix(line, "+CME ERROR");
}

bool recorded_is_same(const char *sent, const char *recorded)
{
        static const char *const private[] = { "AT+QFOTADL=\"", "AT+QICSGP=" };

        for (size_t i = 0; i < G_N_ELEMENTS(private); i++)
                if (g_str_has_prefix(sent, private[i]) && g_str_has_prefix(recorded, private[i]))
                        return true;
        return strcmp(sent, recorded) == 0;
}

bool recorded_is_answered(const Recording *r, unsigned i)
{
        while (++i < r->events->len && recorded_event(r, i)->word != RECORDING_SENT)
                if (recorded_event(r, i)->word == RECORDING_RECEIVED && recorded_is_final(recorded_event(r, i)->text))
                        return true;
        return false;
}

static unsigned distance(const Recording *r, unsigned i, unsigned at)
{
        unsigned first = MIN(i, at), last = MIN(MAX(i, at), r->events->len - 1), n = last - first;

        for (unsigned k = first; k <= last; k++)
                if (recorded_event(r, k)->word == RECORDING_GONE)
                        return n + r->events->len;
        return n;
}

int recorded_find(const Recording *r, const char *command, unsigned at, bool answered)
{
        int found = -1;

        for (unsigned i = 0; i < r->events->len; i++)
                if (recorded_event(r, i)->word == RECORDING_SENT &&
                    recorded_is_same(command, recorded_event(r, i)->text) &&
                    (!answered || recorded_is_answered(r, i)) &&
                    (found < 0 || distance(r, i, at) < distance(r, (unsigned)found, at)))
                        found = (int)i;
        return found;
}
