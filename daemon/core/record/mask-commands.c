/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides which commands and answers have private values, by their names: the tables. Knows no line. */

#include <string.h>

#include "core/record/mask-commands.h"

#define PLACE_SHOWN 1

/* Commands and answers with values that may be private: subscriber, network, credentials, messages. A * stands for any
 * end. */
static const char *const private_names[] = {
        "+AUTHDATA", "+CALA",       "+CBM",     "+CCFC",      "+CCID",     "+CCLK",     "+CCWA",    "+CDS",
        "+CDIP",     "+CEREG",      "+CGAUTH",  "+CGCONTRDP", "+CGDCONT",  "+CGDSCONT", "+CGLA",    "+CGPADDR",
        "+CGREG",    "+CGSCONTRDP", "+CGSN",    "+CGTFTRDP",  "+CIMI",     "+CLCC",     "+CLCK",    "+CLIP",
        "+CMGC",     "+CMGL",       "+CMGR",    "+CMGS",      "+CMGW",     "+CMSS",     "+CMT",     "+CNAP",
        "+CNUM",     "+COLP",       "+COPN",    "+COPS",      "+CPBF",     "+CPBR",     "+CPBW",    "+CPNSTAT",
        "+CPOL",     "+CPWD",       "+CREG",    "+CRSM",      "+CSCA",     "+CSIM",     "+CSPN",    "+CSSI",
        "+CSSU",     "+CTZE",       "+CTZV",    "+CUSD",      "+EGMR",     "+EID",      "+GSN",     "+ICCID",
        "+QAPN",     "+QAUTH*",     "+QCCID",   "+QCELLINFO", "+QESIM",    "+QFTP*",    "+QGSN",    "+QHTTP*",
        "+QIACT",    "+QICSGP",     "+QIDNS*",  "+QIMS*",     "+QIOPEN",   "+QIRD",     "+QISTATE", "+QIURC",
        "+QLTS",     "+QLWM2M*",    "+QMBNCFG", "+QMT*",      "+QNETINFO", "+QNTP",     "+QPING",   "+QPPP*",
        "+QSMTP*",   "+QSPN",       "+QSSL*",   "+QSTK*",     "+STK*",     "+QWIFI*",   "$QCPDPP",  "$MYNET*",
        "$QCRMCALL", "^AUTHDATA",   "^DSCI",    "^ICCID",     "^NWTIME",   "+CPIN=",
};

/* The same for the place: a number of two digits may be the network's, and is replaced, too. */
static const char *const place_names[] = {
        "+CELL*",  "+CGNS*", "+CGPSINFO", "+CIPGSMLOC", "+CLBS",      "+CPOS",   "+EEM*",    "+QCAINFO",
        "+QCELL*", "+QENG",  "+QGPS*",    "+QLBS*",     "+QLOCATION", "+QNWCFG", "+QNWINFO", "+QNWLOCK",
        "+QSCAN",  "+QOPS",  "+QCOPS",    "^MONSC",     "^MONNC",     "^EEM*",
};

/* Answers whose quoted words are the module's, not a person's. */
static const char *const public_names[] = {
        "+CLAC", "+CMTI", "+CPBS", "+CPMS", "+CSCS", "+QCFG", "+QFLDS", "+QFOTADL", "+QIND", "+QINDCFG", "+QURCCFG",
};

/* Words that stand between private values. */
static const char *const public_words[] = {
        "IP", "IPV4V6", "IPV6", "PPP", "ME", "SM", "MT", "SR", "FE", "SC", "0.0.0.0"
};

static bool is_one_of(const char *text, size_t length, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(words[i]) == length && strncmp(words[i], text, length) == 0)
                        return true;
        return false;
}

/* name: with the * or the = at its end, which the list has. */
static bool matches(const char *name, const char *text, size_t length)
{
        size_t n = strlen(name);

        if (name[n - 1] == '*')
                return length >= n - 1 && g_ascii_strncasecmp(name, text, n - 1) == 0;
        if (name[n - 1] == '=')
                return text[length] == '=' && length == n - 1 && g_ascii_strncasecmp(name, text, n - 1) == 0;
        return length == n && g_ascii_strncasecmp(name, text, n) == 0;
}

static bool is_listed(const char *const *names, size_t n, const char *text, size_t length)
{
        for (size_t i = 0; i < n; i++)
                if (matches(names[i], text, length))
                        return true;
        return false;
}

size_t mask_digits_shown(const char *name, size_t length)
{
        return is_listed(place_names, G_N_ELEMENTS(place_names), name, length)       ? PLACE_SHOWN
               : is_listed(private_names, G_N_ELEMENTS(private_names), name, length) ? MASK_NUMBERS_SHOWN
                                                                                     : 0;
}

bool mask_is_public_name(const char *name, size_t length)
{
        return is_one_of(name, length, public_names, G_N_ELEMENTS(public_names));
}

bool mask_is_public_word(const char *word, size_t length)
{
        return is_one_of(word, length, public_words, G_N_ELEMENTS(public_words));
}
