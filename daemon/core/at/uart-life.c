/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Detects the restarts of a module at a UART, which no bus reports: by RDY and APP RDY or, where those are not printed
 * or are lost, by silence followed by answers. A restart without either is not seen.
 *
 * A boot says one of the words, or both in this order, and a byte that was lost may have either repeated: so APP RDY
 * after RDY is the same boot, and so is a word right behind the one before. Anything else of the module's between two
 * words makes the second one another boot. */

#include <glib.h>
#include <string.h>

#include "core/at/uart-life.h"

#define SAME_BOOT (3 * G_USEC_PER_SEC) /* the quickest boot that was seen takes longer (field facts 1.3) */
#define SILENCE   5                    /* questions, a second apart but for the first: more than a slow answer */

void uart_life_begin(UartLife *life, bool said)
{
        *life = (UartLife){ .spoke = said };
}

void uart_life_asked(UartLife *life)
{
        life->asked++;
}

void uart_life_bytes(UartLife *life)
{
        if (life->asked > SILENCE && life->spoke)
                life->silent = true;
        life->asked = 0;
}

static void count(UartLife *life, char word, uint64_t now)
{
        life->word = word;
        life->booted_at = now;
        life->bare = true;
        life->by_silence = word == 0;
        life->spoke = life->silent = false;
}

static bool is_same_boot(const UartLife *life, char word, uint64_t now)
{
        if (!life->booted_at)
                return false;
        if (word == 'A' && life->word == 'R')
                return true;
        return (life->bare || life->by_silence) && now < life->booted_at + SAME_BOOT;
}

bool uart_life_line(UartLife *life, const char *line, uint64_t now)
{
        char word = strcmp(line, "RDY") == 0 ? 'R' : strcmp(line, "APP RDY") == 0 ? 'A' : 0;

        life->silent = false; /* the module was only busy; after a restart a boot word follows */
        if (!word) {
                life->bare = false;
                life->spoke = true;
                return false;
        }
        if (is_same_boot(life, word, now)) {
                life->word = word;
                life->by_silence = false;
                return false;
        }
        count(life, word, now);
        return true;
}

bool uart_life_answered(UartLife *life, uint64_t now)
{
        bool restarted = life->silent;

        if (restarted)
                count(life, 0, now);
        life->bare = false;
        life->spoke = true;
        return restarted;
}
