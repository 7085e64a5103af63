/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The positions at which a tty cuts its reads do not matter: each conversation under tests/data/conversations gives the
 * same events whole, cut before every byte, and cut before every two bytes. */

#include "../list-files.h"
#include "conversation.h"
#include "testing.h"

static GPtrArray *names;

static void find_conversations(void)
{
        g_autofree char *directory = testing_data("conversations");

        names = list_files(directory, ".txt");
}

static void play(const char *name, const Conversation *c, size_t a, size_t b)
{
        g_autofree char *events = conversation_play(c, a, b);

        if (strcmp(events, conversation_expected(c)) != 0)
                ck_abort_msg("%s, cut at %zu and %zu\n--- expected\n%s--- came\n%s", name, a, b,
                             conversation_expected(c), events);
}

START_TEST(all_are_there)
{
        ck_assert_uint_ge(names->len, 20);
}
END_TEST

START_TEST(whole_and_cut_once)
{
        const char *name = g_ptr_array_index(names, _i);
        Conversation *c = conversation_load(name);

        for (size_t a = 0; a < conversation_length(c); a++)
                play(name, c, a, 0);
        conversation_free(c);
}
END_TEST

START_TEST(cut_twice)
{
        const char *name = g_ptr_array_index(names, _i);
        Conversation *c = conversation_load(name);

        for (size_t a = 1; a < conversation_length(c); a++)
                for (size_t b = a + 1; b < conversation_length(c); b++)
                        if (conversation_is_cut(c, a) && conversation_is_cut(c, b))
                                play(name, c, a, b);
        conversation_free(c);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("conversations");

        find_conversations();
        tcase_add_test(t, all_are_there);
        tcase_add_loop_test(t, whole_and_cut_once, 0, (int)names->len);
        tcase_add_loop_test(t, cut_twice, 0, (int)names->len);
        return testing_run(t, "conversations");
}
