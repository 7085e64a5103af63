/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The questions of a survey. Knows no answers: they go into the file as the module gives them. */

#include <glib.h>

#include "core/record/survey.h"

static const char *const questions[] = {
        /* who it is */
        "ATI",
        "AT+CGMI",
        "AT+CGMM",
        "AT+GMR",
        "AT+CGMR",
        "AT+QGMR",
        "AT+CGSN",
        "AT+CLAC",
        /* its state */
        "AT+CMEE?",
        "AT+CFUN?",
        "AT+CPIN?",
        "AT+CREG?",
        "AT+CEREG?",
        "AT+CSQ",
        "AT+QIACT?",
        "AT+QNETDEVCTL?",
        /* what tells a firmware from a Mini system (core/quectel/fingerprint) */
        "AT+CMGF?",
        "AT+CPMS?",
        "AT+CPBS?",
        "AT+CSSN?",
        /* what an upgrade depends on */
        "AT+QFOTADL=?",
        "AT+QFLDS=\"UFS\"",
        "AT+QURCCFG=\"urcport\"",
        "AT+QINDCFG=\"all\"",
        "AT+QINDCFG=\"FOTA\"",
        "AT+IFC?",
        "AT+IPR?",
        "AT+QCFG=?",
        "AT+QCFG=\"fota/cid\"",
        "AT+QCFG=\"fota/times\"",
        "AT+QCFG=\"fota/path\"",
        "AT+QCFG=\"usbifc\"",
        "AT+QCFG=\"usbnet\"",
        "AT+QCFG=\"urc/port\"",
        "AT+QCFG=\"urc/delay\"",
        "AT+QCFG=\"urc/cache\"",
        "AT+QCFG=\"modemrstlevel\"",
        "AT+QCFG=\"aprstlevel\"",
};

const char *survey_question(unsigned i)
{
        return i < G_N_ELEMENTS(questions) ? questions[i] : NULL;
}
