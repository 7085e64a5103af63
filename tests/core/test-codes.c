/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of codes holds each number of the guide's tables 3 to 6 once and each host name of the contract, under
 * names that programs can rely on and with texts that form sentences. */

#include "codes.h"
#include "testing.h"

/* Copied from the guide by hand, not computed. */
static const int table_3[] = { 601, 602, 603, 604, 605, 606, 607, 608, 609, 610, 611, 612, 613, 614, 615,
                               616, 617, 618, 619, 620, 621, 622, 623, 624, 625, 626, 627, 628, 629 };
static const int table_4[] = { 701, 702, 703, 704, 705, 706, 707, 708, 709, 710, 711, 712, 713, 714, 715,
                               716, 717, 718, 719, 720, 721, 722, 723, 724, 725, 726, 727, 728, 729, 730 };
static const int table_5[] = { 500 };
static const int table_6[] = { 504, 505, 506, 507, 552, 553 };

static const char *const host_names[] = {
        "cancelled", "module-lost", "module-replaced",   "no-response", "download-timeout",   "update-timeout",
        "fell-back", "unchanged",   "revision-mismatch", "rejected",    "source-unreachable", "insufficient-space",
        "port-busy", "interrupted", "boot-rom",          "crashed",     "dismissed"
};

static unsigned count(CodeDomain domain, int number)
{
        unsigned n = 0;

        for (size_t i = 0; i < code_table_size; i++)
                n += code_table[i].domain == domain && code_table[i].number == number;
        return n;
}

static void assert_table(CodeDomain domain, const int *numbers, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const Code *code = code_find(domain, numbers[i]);

                ck_assert_msg(count(domain, numbers[i]) == 1, "%s %d", code_domain_to_string(domain), numbers[i]);
                ck_assert_ptr_nonnull(code);
                ck_assert(code->domain == domain && code->number == numbers[i]);
        }
}

START_TEST(the_guide_s_tables)
{
        assert_table(CODE_DOMAIN_FTP, table_3, G_N_ELEMENTS(table_3));
        assert_table(CODE_DOMAIN_HTTP, table_4, G_N_ELEMENTS(table_4));
        assert_table(CODE_DOMAIN_FILE, table_5, G_N_ELEMENTS(table_5));
        assert_table(CODE_DOMAIN_UPDATE, table_6, G_N_ELEMENTS(table_6));
        /* 0 is success in every domain and has no code */
        for (int d = 0; d < _CODE_DOMAIN_MAX; d++)
                ck_assert_ptr_null(code_find((CodeDomain)d, 0));
}
END_TEST

START_TEST(host_codes)
{
        unsigned n = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(host_names); i++) {
                const Code *code = code_find_name(CODE_DOMAIN_HOST, host_names[i]);

                ck_assert_msg(code, "%s", host_names[i]);
                ck_assert_uint_eq(count(CODE_DOMAIN_HOST, code->number), 1);
                ck_assert_int_gt(code->number, 0);
        }
        for (size_t i = 0; i < code_table_size; i++)
                n += code_table[i].domain == CODE_DOMAIN_HOST;
        ck_assert_uint_ge(n, G_N_ELEMENTS(host_names));
        /* these numbers are written to job files and used by other programs */
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_HOST, "cancelled")->number, 1);
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_HOST, "unchanged")->number, 8);
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_HOST, "crashed")->number, 16);
}
END_TEST

START_TEST(no_two_alike)
{
        for (size_t i = 0; i < code_table_size; i++)
                for (size_t j = i + 1; j < code_table_size; j++) {
                        const Code *a = &code_table[i], *b = &code_table[j];

                        if (a->domain != b->domain)
                                continue;
                        ck_assert_msg(strcmp(a->name, b->name) != 0, "%s", a->name);
                        ck_assert_int_ne(a->number, b->number);
                }
}
END_TEST

START_TEST(names_and_texts)
{
        for (size_t i = 0; i < code_table_size; i++) {
                const Code *c = &code_table[i];
                const char *const texts[] = { c->what, c->remedy, c->cause };

                ck_assert(c->domain > CODE_DOMAIN_NONE && c->domain < _CODE_DOMAIN_MAX);
                ck_assert_msg(*c->name && strspn(c->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(c->name),
                              "%s", c->name);
                ck_assert(*c->name != '-' && !g_str_has_suffix(c->name, "-"));
                ck_assert_str_ne(c->name, "unlisted"); /* the name of an unknown number */
                ck_assert_msg(*c->what && *c->remedy, "%s", c->name);
                for (size_t t = 0; t < G_N_ELEMENTS(texts); t++) {
                        size_t n = strlen(texts[t]);

                        ck_assert_msg(!n || !strchr(".!?:;, ", texts[t][n - 1]), "%s: %s", c->name, texts[t]);
                        ck_assert_msg(*texts[t] != ' ' && !strstr(texts[t], "  "), "%s: %s", c->name, texts[t]);
                        ck_assert_msg(g_str_is_ascii(texts[t]), "%s: %s", c->name, texts[t]);
                        ck_assert_msg(!strstr(texts[t], ". "), "%s is more than one sentence: %s", c->name, texts[t]);
                }
                ck_assert_msg(g_ascii_isupper(*c->what), "%s: %s", c->name, c->what);
                ck_assert_msg(g_ascii_islower(*c->remedy), "%s: %s", c->name, c->remedy);
        }
}
END_TEST

START_TEST(domains)
{
        static const char *const names[] = { "", "ftp", "http", "file", "update", "host" };

        ck_assert_uint_eq(G_N_ELEMENTS(names), _CODE_DOMAIN_MAX);
        for (int d = 0; d < _CODE_DOMAIN_MAX; d++) {
                ck_assert_str_eq(code_domain_to_string((CodeDomain)d), names[d]);
                ck_assert_int_eq(code_domain_from_string(names[d]), d);
        }
        ck_assert_str_eq(code_domain_to_string((CodeDomain)99), "");
        ck_assert_str_eq(code_domain_to_string((CodeDomain)-1), "");
        ck_assert_int_eq(code_domain_from_string("HTTP"), CODE_DOMAIN_NONE);
        ck_assert_int_eq(code_domain_from_string(NULL), CODE_DOMAIN_NONE);
}
END_TEST

START_TEST(finding)
{
        ck_assert_ptr_null(code_find(CODE_DOMAIN_HTTP, 12));
        ck_assert_ptr_null(code_find(CODE_DOMAIN_FTP, 701));
        ck_assert_ptr_null(code_find(CODE_DOMAIN_HTTP, -1));
        ck_assert_ptr_null(code_find_name(CODE_DOMAIN_FTP, "dns-faile"));
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_FTP, "dns-failed")->number, 604);
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_HTTP, "dns-failed")->number, 714);
        ck_assert_int_eq(code_find_name(CODE_DOMAIN_NONE, "md5-mismatch")->number, 506);
        ck_assert_ptr_null(code_find_name(CODE_DOMAIN_NONE, ""));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("codes");

        tcase_add_test(t, the_guide_s_tables);
        tcase_add_test(t, host_codes);
        tcase_add_test(t, no_two_alike);
        tcase_add_test(t, names_and_texts);
        tcase_add_test(t, domains);
        tcase_add_test(t, finding);
        return testing_run(t, "codes");
}
