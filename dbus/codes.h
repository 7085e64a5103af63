/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a number comes from: the guide's tables 3 (FTP_err), 4 (HTTP_err), 5 (file_err), 6 (err), or the daemon. */
typedef enum CodeDomain {
        CODE_DOMAIN_NONE,
        CODE_DOMAIN_FTP,
        CODE_DOMAIN_HTTP,
        CODE_DOMAIN_FILE,
        CODE_DOMAIN_UPDATE,
        CODE_DOMAIN_HOST,
        _CODE_DOMAIN_MAX,
} CodeDomain;

/* The host's codes: the names are the contract's, the numbers ours. Never renumber, only add. */
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
} HostCode;

typedef struct Code {
        CodeDomain domain;
        int number;
        const char *name;   /* stable, for programs */
        const char *what;   /* what happened: the first half of a sentence */
        const char *cause;  /* what is usually behind it; "" if what says it all */
        const char *remedy; /* what to do next: the second half of that sentence */
        bool retry;         /* whether the same upgrade may succeed if just tried again */
} Code;

extern const Code code_table[];
extern const size_t code_table_size;

/* "", "ftp", "http", "file", "update", "host" */
const char *code_domain_to_string(CodeDomain domain);

/* For sentences: "FTP", "HTTP", "file", "update"; "" of what no module reports. */
const char *code_domain_label(CodeDomain domain);

/* CODE_DOMAIN_NONE for "" and for anything unknown. */
CodeDomain code_domain_from_string(const char *s);

/* NULL: a number that no table lists. Modules in the field do report such numbers; they are kept as they are. */
const Code *code_find(CodeDomain domain, int number);

/* CODE_DOMAIN_NONE searches all domains. */
const Code *code_find_name(CodeDomain domain, const char *name);
