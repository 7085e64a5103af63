/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine of "make check": gives a target each file of its corpus, and then fuzz_runs inputs that are made of those
 * files, always the same ones. Needs no clang. libFuzzer takes its place in "make fuzz", and finds more, because it
 * sees the branches that an input reaches.
 *
 *   fuzz-NAME              the corpus, in corpus/NAME, and inputs that are made of it
 *   fuzz-NAME FILE...      these files alone, as libFuzzer takes them
 *
 * The inputs run in a process of their own. If that dies, the input is in fuzz-NAME.failed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../list-files.h"
#include "faults.h"
#include "fuzz.h"

#define INPUT_MAX   4096 /* bytes */
#define CHANGES_MAX 8    /* in one input */
#define PIECE_MAX   24   /* bytes that one change inserts, copies or removes */

/* The present input, which outlives the process that runs it. */
typedef struct Present {
        char name[256];
        size_t size;
        uint8_t bytes[64 * 1024];
} Present;

static Present *present;

static void run(const char *name, const void *bytes, size_t size)
{
        g_autofree uint8_t *copy = g_malloc(MAX(size, 1)); /* of this size: a sanitizer sees where it ends */

        g_assert(size <= sizeof(present->bytes));
        g_strlcpy(present->name, name, sizeof(present->name));
        present->size = size;
        if (size > 0) { /* else there may be no bytes at all */
                memcpy(present->bytes, bytes, size);
                memcpy(copy, bytes, size);
        }
        LLVMFuzzerTestOneInput(copy, size);
}

/* ---- inputs that are made */

/* A byte that matters in many formats, or any byte. */
static uint8_t draw_byte(Dice *d)
{
        static const char bytes[] = "\r\n\"',;=:/@%#?[]\\ +-*09aZ\177";

        return dice_hits(d, 500) ? (uint8_t)bytes[dice_between(d, 0, sizeof(bytes) - 1)]
                                 : (uint8_t)dice_between(d, 0, 255);
}

/* Replaces the bytes from at to at + removed by a part of another input. */
static void splice(GByteArray *input, size_t at, size_t removed, const GByteArray *other, size_t from, size_t length)
{
        g_autoptr(GByteArray) tail = g_byte_array_new();

        g_byte_array_append(tail, input->data + at + removed, (guint)(input->len - at - removed));
        g_byte_array_set_size(input, (guint)at);
        g_byte_array_append(input, other->data + from, (guint)length);
        g_byte_array_append(input, tail->data, tail->len);
}

static void change(GByteArray *input, Dice *d, const GByteArray *other)
{
        size_t at = dice_between(d, 0, input->len), left = input->len - at;
        size_t removed = dice_between(d, 0, MIN(left, PIECE_MAX));
        size_t from = dice_between(d, 0, other->len), length = dice_between(d, 0, MIN(other->len - from, PIECE_MAX));
        uint8_t byte = draw_byte(d);

        switch (dice_between(d, 0, 5)) {
        case 0:
                if (left > 0)
                        input->data[at] = byte;
                return;
        case 1:
                if (left > 0)
                        input->data[at] ^= (uint8_t)(1u << dice_between(d, 0, 7));
                return;
        case 2: splice(input, at, removed, other, 0, 0); return;
        case 3: splice(input, at, 0, &(GByteArray){ &byte, 1 }, 0, 1); return;
        case 4: splice(input, at, dice_hits(d, 500) ? removed : 0, other, from, length); return;
        case 5: splice(input, at, left, other, from, other->len - from); return;
        }
}

static void run_made(const GPtrArray *corpus)
{
        Dice d = { 1 };

        for (unsigned i = 0; i < fuzz_runs; i++) {
                const GByteArray *seed = g_ptr_array_index(corpus, dice_between(&d, 0, corpus->len - 1));
                g_autoptr(GByteArray) input = g_byte_array_new();
                g_autofree char *name = g_strdup_printf("made input %u", i);

                g_byte_array_append(input, seed->data, seed->len);
                for (uint64_t n = dice_between(&d, 1, CHANGES_MAX); n > 0; n--)
                        change(input, &d, g_ptr_array_index(corpus, dice_between(&d, 0, corpus->len - 1)));
                run(name, input->data, MIN(input->len, INPUT_MAX));
        }
}

/* ---- the corpus */

static void run_all(const GPtrArray *paths, bool made)
{
        g_autoptr(GPtrArray) corpus = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

        for (unsigned i = 0; i < paths->len; i++) {
                const char *path = g_ptr_array_index(paths, i);
                char *text;
                gsize size;

                if (!g_file_get_contents(path, &text, &size, NULL)) {
                        fprintf(stderr, "%s cannot be read\n", path);
                        exit(2);
                }
                run(path, text, size);
                g_ptr_array_add(corpus, g_byte_array_new_take((guint8 *)text, size));
        }
        if (made)
                run_made(corpus);
}

int main(int argc, char **argv)
{
        g_autofree char *program = g_path_get_basename(argv[0]), *failed = g_strconcat(argv[0], ".failed", NULL);
        g_autofree char *corpus = g_build_filename(g_getenv("srcdir") ?: ".", "tests/fuzz/corpus",
                                                   program + strlen("fuzz-"), NULL);
        g_autoptr(GPtrArray) paths = argc > 1 ? g_ptr_array_new_with_free_func(g_free) : list_files(corpus, "");
        int status = -1;
        pid_t child;

        for (int i = 1; i < argc; i++)
                g_ptr_array_add(paths, g_strdup(argv[i]));
        if (paths->len == 0) {
                fprintf(stderr, "%s has no files\n", corpus);
                return 2;
        }
        present = mmap(NULL, sizeof(Present), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        g_assert(present != MAP_FAILED);
        child = fork();
        if (child == 0) {
                run_all(paths, argc == 1);
                return 0;
        }
        g_assert(child > 0 && waitpid(child, &status, 0) == child);
        if (status == 0) {
                printf("%u files and %u inputs made of them\n", paths->len, argc == 1 ? fuzz_runs : 0);
                return 0;
        }
        if (g_file_set_contents(failed, (const char *)present->bytes, (gssize)present->size, NULL))
                printf("FAIL: %s: %s with status %#x; to repeat: %s %s\n", program, present->name, (unsigned)status,
                       argv[0], failed);
        return 1;
}
