/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the table of all codes as doc/codes.md: "make update-codes" writes that file, a test compares it. Knows the
 * table and nothing else. */

#include <stdio.h>

#include "codes.h"

static const struct {
        CodeDomain domain;
        const char *title;
} domains[] = {
        { CODE_DOMAIN_FTP, "`ftp`: the module's FTP_err (guide 6.1, table 3)" },
        { CODE_DOMAIN_HTTP, "`http`: the module's HTTP_err (guide 6.2, table 4), and what was seen in the field" },
        { CODE_DOMAIN_FILE, "`file`: the module's file_err (guide 6.3, table 5)" },
        { CODE_DOMAIN_UPDATE, "`update`: the module's err (guide 6.4, table 6)" },
        { CODE_DOMAIN_HOST, "`host`: what fotad itself concludes" },
};

static void print_code(const Code *code)
{
        printf("| %d | `%s` | %s | %s | %s | %s |\n", code->number, code->name, code->what, code->cause, code->remedy,
               code->retry ? "may help" : "will not help");
}

int main(void)
{
        printf("# Every code\n\n"
               "Made from the table in `dbus/codes.c` by `make update-codes`; do not edit. `fotactl explain CODE` says "
               "the\n"
               "same of one code. In all tables of the guide 0 is success and no code. A number that no table lists "
               "is\n"
               "reported as it came, under the name `unlisted`.\n");
        for (size_t d = 0; d < sizeof(domains) / sizeof(domains[0]); d++) {
                printf("\n## %s\n\n"
                       "| number | name | what happened | usual cause | what to do | trying again |\n"
                       "|---|---|---|---|---|---|\n",
                       domains[d].title);
                for (size_t i = 0; i < code_table_size; i++)
                        if (code_table[i].domain == domains[d].domain)
                                print_code(&code_table[i]);
        }
        return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
