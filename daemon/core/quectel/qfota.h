/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "codes.h"

/* Guide 3.3.1: the range of a URC maximum. */
#define QFOTA_URC_MAX_LEAST   5
#define QFOTA_URC_MAX_MOST    100
#define QFOTA_URC_MAX_DEFAULT 100 /* index and percentage agree */
#define QFOTA_MODE_DEFAULT    1   /* as in the guide's examples */

typedef enum QfotaUrcType {
        QFOTA_URC_DOWNLOAD_START, /* FTPSTART, HTTPSTART, FILESTART: domain */
        QFOTA_URC_DOWNLOADING,    /* value: an index out of the maximum asked for, or a percentage */
        QFOTA_URC_DOWNLOAD_END,   /* FTPEND, HTTPEND, FILEEND: domain, value 0 or a code of it */
        QFOTA_URC_START,
        QFOTA_URC_UPDATING, /* value: as the module counts, at most 100 */
        QFOTA_URC_END,      /* value: 0 or a code of CODE_DOMAIN_UPDATE */
        QFOTA_URC_OTHER,    /* another message about the upgrade: a sign of life */
} QfotaUrcType;

typedef struct QfotaUrc {
        QfotaUrcType type;
        CodeDomain domain; /* CODE_DOMAIN_NONE if the module did not name the protocol */
        int value;
} QfotaUrc;

/* Reads a line as +QIND: "FOTA",... (guide 3.3.1.1 to 3.3.1.3, and the variants seen in the field).
 * false: the line is not about an upgrade. */
bool qfota_parse_urc(const char *line, QfotaUrc *ret);

/* AT+QFOTADL="<url>"[,<upgrade_mode>[,<download_URC_max>[,<update_URC_max>]]], ending with the last parameter that
 * is not -1. Parameters in the middle get what the guide's examples use: mode 1, maximum 100. */
char *qfota_build_command(const char *url, int upgrade_mode, int download_urc_max, int update_urc_max);

/* 0-100 of the download from a DOWNLOADING value. Some modules report a percentage whatever maximum was asked for: a
 * value over the maximum shows it, and *is_percentage remembers it. */
unsigned qfota_download_percent(int value, unsigned maximum, bool *is_percentage);

/* Returns true if the value is valid for AT+IFC or AT+QCFG="usbifc", as in 0,0 (0 none, 1 in software, 2 RTS/CTS), or
 * "". */
bool qfota_is_flow(const char *value);

/* Reads that value from the answer to its query: for +IFC: 2,2 with the prefix "+IFC:" and no name, for
 * +QCFG: "usbifc",2,2 with "+QCFG:" and "usbifc". NULL if the answer lacks it. */
char *qfota_parse_flow(const char *information, const char *prefix, const char *name);

/* The value of a named setting in the answer to its query: for the information +QURCCFG: "urcport","usbat", the prefix
 * "+QURCCFG:" and the name "urcport" it is usbat; NULL if the answer lacks it. */
char *qfota_parse_setting(const char *information, const char *prefix, const char *name);
