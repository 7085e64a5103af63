/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reason why a call was refused: a D-Bus error name and a sentence. It knows neither the calls nor the bus. */

#include "base/refusal.h"

void refusal_clear(Refusal *refusal)
{
        g_clear_pointer(&refusal->message, g_free);
        refusal->name = NULL;
}

bool refusal_set(Refusal *ret, const char *name, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        ret->name = name;
        ret->message = g_strdup_vprintf(format, args);
        va_end(args);
        return false;
}
