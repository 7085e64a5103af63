/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The source of a number: the guide's tables 3 (FTP_err), 4 (HTTP_err), 5 (file_err), 6 (err), or the daemon
 * ("host"). */
typedef enum CodeDomain {
        CODE_DOMAIN_NONE,
        CODE_DOMAIN_FTP,
        CODE_DOMAIN_HTTP,
        CODE_DOMAIN_FILE,
        CODE_DOMAIN_UPDATE,
        CODE_DOMAIN_HOST,
        _CODE_DOMAIN_MAX,
} CodeDomain;

/* The daemon's own codes. Names and numbers are part of the interface: add to them, never change them. */
typedef enum HostCode {
        HOST_CANCELLED = 1,
        HOST_MODULE_LOST = 2,
        HOST_MODULE_REPLACED = 3,
        HOST_NO_RESPONSE = 4,
        HOST_DOWNLOAD_TIMEOUT = 5,
        HOST_UPDATE_TIMEOUT = 6,
        HOST_FELL_BACK = 7,
        HOST_UNCHANGED = 8,
        HOST_REVISION_MISMATCH = 9,
        HOST_REJECTED = 10,
        HOST_SOURCE_UNREACHABLE = 11,
        HOST_INSUFFICIENT_SPACE = 12,
        HOST_PORT_BUSY = 13,
        HOST_INTERRUPTED = 14,
        HOST_BOOT_ROM = 15,
        HOST_CRASHED = 16,
        HOST_DISMISSED = 17,
} HostCode;

typedef struct Code {
        CodeDomain domain;
        int number;
        const char *name;   /* stable, for programs */
        const char *what;   /* what happened: the first half of a sentence */
        const char *cause;  /* what is usually behind it; "" if what says it all */
        const char *remedy; /* what to do next: the second half of that sentence */
        bool retry;         /* true if the same upgrade may succeed when it is simply tried again */
} Code;

/* Stands for every number of the module that the table lacks; its own domain and number mean nothing. */
extern const Code code_unlisted;

extern const Code code_table[];
extern const size_t code_table_size;

/* "", "ftp", "http", "file", "update", "host" */
const char *code_domain_to_string(CodeDomain domain);

/* The domain as a word in a sentence: "FTP", "HTTP", "file", "update"; "" for the others. */
const char *code_domain_label(CodeDomain domain);

/* Returns CODE_DOMAIN_NONE for "" and for unknown names. */
CodeDomain code_domain_from_string(const char *s);

/* The row of the table for a number; NULL if no table lists it. Modules in the field report such numbers, and fotad
 * passes them on. */
const Code *code_find(CodeDomain domain, int number);

/* The row of the table with that name, NULL if there is none. CODE_DOMAIN_NONE searches all domains. */
const Code *code_find_name(CodeDomain domain, const char *name);
