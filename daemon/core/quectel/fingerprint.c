/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fingerprint by which firmware and Mini system are told apart: the commands, the meaning of their answers, and the
 * comparison of two fingerprints. Knows no port and no upgrade. */

#include <glib.h>
#include <string.h>

#include "core/quectel/fingerprint.h"

#define SEVERAL 2

/* Each command is of another subsystem, and answers at once, without the network. */
static const struct {
        const char *command;
        const char *information; /* the beginning of the answer */
} rows[FINGERPRINT_ROWS] = {
        { "AT+CMGF?", "+CMGF:" },                       /* SMS, 27.005 */
        { "AT+CPBS?", "+CPBS:" },                       /* phone book, 27.007 */
        { "AT+CSSN?", "+CSSN:" },                       /* supplementary services, 27.007 */
        { "AT+QCFG=\"usbnet\"", "+QCFG: \"usbnet\"," }, /* network adapter */
        { "AT+IFC?", "+IFC:" },                         /* flow control of the UART */
};

static unsigned count(unsigned set)
{
        unsigned n = 0;

        for (; set; set &= set - 1)
                n++;
        return n;
}

static unsigned next_row(const Fingerprint *f)
{
        unsigned row = 0;

        while (row < FINGERPRINT_ROWS && !(f->wanted & 1u << row))
                row++;
        return row;
}

void fingerprint_begin(Fingerprint *f, unsigned wanted)
{
        *f = (Fingerprint){ .wanted = wanted & FINGERPRINT_ALL };
}

const char *fingerprint_next(const Fingerprint *f)
{
        return f->wanted ? rows[next_row(f)].command : NULL;
}

static bool has_line(const char *information, const char *prefix)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, prefix))
                        return true;
        return false;
}

/* ERROR; +CME ERROR 4: operation not supported, 50: incorrect parameters, 100: unknown; +CMS ERROR 303: operation not
 * supported. Every other number names the SIM, the memory or a state, and words instead of a number may mean
 * anything. */
static bool lacks_command(int error)
{
        return error == AT_ERROR_NONE || error == 4 || error == 50 || error == 100 || error == 303;
}

void fingerprint_answer(Fingerprint *f, AtResult result, int error, const char *information)
{
        unsigned row = next_row(f);

        if (row == FINGERPRINT_ROWS)
                return;
        f->wanted &= ~(1u << row);
        if (result == AT_RESULT_OK && has_line(information, rows[row].information))
                f->answered |= 1u << row;
        else if (result == AT_RESULT_ERROR && lacks_command(error))
                f->refused |= 1u << row;
}

MiniMarker fingerprint_compare(const Fingerprint *f, unsigned known, bool never_asked)
{
        unsigned lost = count(f->refused & known), kept = count(f->answered);

        if (never_asked) {
                if (kept == 0 && count(f->refused) >= SEVERAL)
                        return MINI_MARKER_MINI;
                return kept > FINGERPRINT_ROWS / 2 ? MINI_MARKER_FIRMWARE : MINI_MARKER_UNKNOWN;
        }
        if (lost >= SEVERAL || (lost > 0 && lost == count(known)))
                return MINI_MARKER_MINI;
        /* Firmware that refused every row had perhaps not started all subsystems yet. */
        if (!known && f->refused)
                return kept > FINGERPRINT_ROWS / 2 ? MINI_MARKER_FIRMWARE : MINI_MARKER_UNKNOWN;
        return lost == 0 && kept >= (known ? MIN(SEVERAL, count(known)) : SEVERAL) ? MINI_MARKER_FIRMWARE
                                                                                     : MINI_MARKER_UNKNOWN;
}

char *fingerprint_commands(unsigned set)
{
        GString *s = g_string_new(NULL);

        for (unsigned row = 0; row < FINGERPRINT_ROWS; row++)
                if (set & 1u << row)
                        g_string_append_printf(s, "%s%s", s->len ? ", " : "", rows[row].command);
        return g_string_free(s, FALSE);
}

void mini_signs_begin(MiniSigns *s)
{
        *s = (MiniSigns){ .asked = 0 };
        fingerprint_begin(&s->fingerprint, FINGERPRINT_ALL);
}

const char *mini_signs_next(const MiniSigns *s)
{
        if (s->asked == 0)
                return "AT+QFOTADL=?";
        if (s->asked == 1)
                return s->upgrades ? "AT+CREG?" : NULL;
        return s->registers && !s->fingerprint.answered ? fingerprint_next(&s->fingerprint) : NULL;
}

void mini_signs_answer(MiniSigns *s, AtResult result, int error, const char *information)
{
        if (s->asked == 0)
                s->upgrades = result == AT_RESULT_OK;
        else if (s->asked == 1)
                s->registers = result == AT_RESULT_OK && has_line(information, "+CREG:");
        else
                fingerprint_answer(&s->fingerprint, result, error, information);
        s->asked++;
}

bool mini_signs_found(const MiniSigns *s)
{
        return s->upgrades && s->registers && fingerprint_compare(&s->fingerprint, 0, true) == MINI_MARKER_MINI;
}
