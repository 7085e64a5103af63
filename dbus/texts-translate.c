/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Translates sentences that were put together from the templates of texts.c. A sentence may be taken apart in several
 * ways; the best one is that in which templates cover the most characters. Knows no language. */

#include <stdbool.h>
#include <string.h>
#include <glib.h>

#include "texts.h"

/* More parts than this are not looked at: the sentences of fotad have some hundred. */
#define PARTS_MAX 1500

typedef struct Words {
        char *text;     /* translated */
        unsigned known; /* the number of characters that are covered */
        unsigned own;   /* by the outermost template */
} Words;

typedef struct Translation {
        const char *(*translate)(const char *text);
        GPtrArray *templates; /* that have their characters in the sentence */
        GHashTable *done;     /* sentences and parts of them: Words */
} Translation;

static const Words *find_words(Translation *t, const char *sentence);

static void words_free(gpointer data)
{
        Words *words = data;

        g_free(words->text);
        g_free(words);
}

/* Takes the text if it is better than the present one: more is covered, or as much, and by longer templates. */
static void offer(Words *words, char *text, unsigned known, unsigned own)
{
        if (known < words->known || (known == words->known && own <= words->own)) {
                g_free(text);
                return;
        }
        g_free(words->text);
        words->text = text;
        words->known = known;
        words->own = own;
}

/* ---- one template */

typedef struct Match {
        Translation *t;
        const char *template;  /* in the other language */
        bool words_of_its_own; /* not punctuation alone */
        GPtrArray *parts;      /* of the sentence, in their order */
        Words *words;
        unsigned breaks; /* in parts that go beyond a colon, or beyond a semicolon, which counts more */
} Match;

static bool has_words(const char *template)
{
        for (const char *p = template; *p; p++)
                if (*p == '%' && p[1])
                        p++;
                else if (g_ascii_isalpha(*p))
                        return true;
        return false;
}

/* Fills the translated template, in which a part may be named by its number, as in %2$s. */
static char *fill(const char *template, Words *const *parts, unsigned n)
{
        GString *s = g_string_new(NULL);
        unsigned next = 0;

        for (const char *p = template; *p; p++) {
                char *end;
                guint64 number;

                if (*p != '%') {
                        g_string_append_c(s, *p);
                        continue;
                }
                if (*++p == '%') {
                        g_string_append_c(s, '%');
                        continue;
                }
                number = g_ascii_strtoull(p, &end, 10);
                if (end > p && *end == '$')
                        p = end + 1;
                else
                        number = ++next;
                if (number > 0 && number <= n)
                        g_string_append(s, parts[number - 1]->text);
        }
        return g_string_free(s, FALSE);
}

/* The whole sentence matches; literal characters of it are the template's own. */
static void take(Match *m, unsigned literal)
{
        g_autofree Words **parts = g_new0(Words *, m->parts->len + 1);
        unsigned known = 0;

        for (guint i = 0; i < m->parts->len; i++) {
                parts[i] = (Words *)find_words(m->t, g_ptr_array_index(m->parts, i));
                known += parts[i]->known;
        }
        if ((known > 0 || m->words_of_its_own) && known + literal > m->breaks)
                offer(m->words, fill(m->template, parts, m->parts->len), known + literal - m->breaks, literal);
}

/* Returns true if a part may end there: at what follows in the template, or, before another part, at the end of a word
 * or before a number. */
static bool may_end(const char *rest, const char *end)
{
        if (*rest == '%' && rest[1] == 'd')
                return g_ascii_isdigit(*end) || *end == '-';
        if (*rest == '%' && rest[1] != '%')
                return !*end || strchr(" ,;.:", *end);
        return *rest ? *rest == *end : !*end;
}

static unsigned breaks_in(const char *sentence, size_t length)
{
        return (g_strstr_len(sentence, (gssize)length, ": ") ? 1 : 0) +
               (g_strstr_len(sentence, (gssize)length, "; ") ? 3 : 0);
}

/* A colon parts a finding from its remedy, and a semicolon two findings: text on both sides of one is a part only where
 * it comes after a colon of the template. */
static void match(Match *m, const char *template, const char *sentence, unsigned literal, bool after_colon)
{
        const char *begin = template;

        for (; *template && *template != '%'; template ++, sentence++, literal++)
                if (*template != *sentence)
                        return;
        if (template >= begin + 2)
                after_colon = g_str_has_prefix(template - 2, ": ");
        if (!*template) {
                if (!*sentence)
                        take(m, literal);
        } else if (template[1] == '%') {
                if (*sentence == '%')
                        match(m, template + 2, sentence + 1, literal + 1, false);
        } else {
                bool number = template[1] == 'd';
                size_t shortest = number ? strspn(sentence, "-0123456789") : 0, longest = strlen(sentence);

                if (number && shortest == 0)
                        return;
                for (size_t length = shortest; length <= (number ? shortest : longest); length++) {
                        unsigned breaks;

                        if (!number && !may_end(template + 2, sentence + length))
                                continue;
                        breaks = after_colon ? 0 : breaks_in(sentence, length);
                        m->breaks += breaks;
                        g_ptr_array_add(m->parts, g_strndup(sentence, length));
                        match(m, template + 2, sentence + length, literal, false);
                        g_ptr_array_remove_index(m->parts, m->parts->len - 1);
                        m->breaks -= breaks;
                }
        }
}

/* ---- sentences */

/* Offers the two texts, of which the second begins with a blank, one after the other. */
static void offer_pair(Translation *t, Words *words, const char *sentence, size_t length)
{
        g_autofree char *first = g_strndup(sentence, length);
        const Words *left = find_words(t, first), *right = find_words(t, sentence + length + 1);

        if (left->known + right->known > words->known)
                offer(words, g_strconcat(left->text, " ", right->text, NULL), left->known + right->known, 0);
}

/* Sentences, and the name of an option before its fault. */
static void split(Translation *t, Words *words, const char *sentence)
{
        size_t option = strspn(sentence, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

        if (option > 0 && sentence[option] == ' ') {
                const Words *fault = find_words(t, sentence + option + 1);

                offer(words, g_strdup_printf("%.*s %s", (int)option, sentence, fault->text), fault->known, 0);
        }
        for (const char *p = sentence; (p = strstr(p, ". ")); p++)
                offer_pair(t, words, sentence, (size_t)(p + 1 - sentence));
}

static bool is_template(const Translation *t, const char *sentence)
{
        return g_ptr_array_find_with_equal_func(t->templates, sentence, g_str_equal, NULL);
}

static const Words *find_words(Translation *t, const char *sentence)
{
        Words *words = g_hash_table_lookup(t->done, sentence);
        const char *exact;

        if (words)
                return words;
        words = g_new0(Words, 1);
        words->text = g_strdup(sentence);
        g_hash_table_insert(t->done, g_strdup(sentence), words);
        if ((!strchr(sentence, ' ') && !is_template(t, sentence)) || g_hash_table_size(t->done) > PARTS_MAX)
                return words;
        if (*sentence == ' ') {
                const Words *rest = find_words(t, sentence + 1);

                offer(words, g_strconcat(" ", rest->text, NULL), rest->known, rest->own);
                return words;
        }
        if (g_str_has_suffix(sentence, " ")) {
                g_autofree char *trimmed = g_strndup(sentence, strlen(sentence) - 1);
                const Words *rest = find_words(t, trimmed);

                offer(words, g_strconcat(rest->text, " ", NULL), rest->known, rest->own);
                return words;
        }
        exact = t->translate(sentence);
        if (exact != sentence) {
                offer(words, g_strdup(exact), (unsigned)strlen(sentence), (unsigned)strlen(sentence));
                return words;
        }
        for (guint i = 0; i < t->templates->len; i++) {
                const char *template = g_ptr_array_index(t->templates, i);
                Match m = { .t = t, .template = t->translate(template), .words = words };

                m.words_of_its_own = has_words(template);
                m.parts = g_ptr_array_new_with_free_func(g_free);
                match(&m, template, sentence, 0, false);
                g_ptr_array_unref(m.parts);
        }
        split(t, words, sentence);
        return words;
}

/* Returns false if the template matches no part of the sentence: its characters are not there in their order. */
static bool may_match(const char *template, const char *sentence)
{
        while (*template && sentence) {
                size_t length = strcspn(template, "%");
                g_autofree char *literal = g_strndup(template, length);

                sentence = strstr(sentence, literal);
                if (sentence)
                        sentence += length;
                template += length;
                template += *template ? 2 : 0;
        }
        return sentence;
}

static bool is_wide_mark(gunichar c)
{
        return g_unichar_iswide(c) && g_unichar_ispunct(c);
}

char *texts_without_gaps(const char *text)
{
        GString *s = g_string_new(NULL);
        gunichar before = 0;

        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p), after = *p == ' ' ? g_utf8_get_char(p + 1) : 0;

                if (*p == ' ' && (is_wide_mark(before) || is_wide_mark(after) || after == ',' ||
                                  (g_unichar_iswide(before) && g_unichar_iswide(after))))
                        continue;
                g_string_append_unichar(s, c);
                before = c;
        }
        return g_string_free(s, FALSE);
}

char *texts_translate(const char *sentence, const char *(*translate)(const char *text))
{
        Translation t = { .translate = translate };
        char *text;

        if (translate(texts[0]) == texts[0])
                return g_strdup(sentence);
        t.done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, words_free);
        t.templates = g_ptr_array_new();
        for (size_t i = 0; texts[i]; i++)
                if (may_match(texts[i], sentence))
                        g_ptr_array_add(t.templates, (gpointer)texts[i]);
        text = texts_without_gaps(find_words(&t, sentence)->text);
        g_hash_table_unref(t.done);
        g_ptr_array_unref(t.templates);
        return text;
}
