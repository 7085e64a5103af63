/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A conversation between the AT engine and a module, as written in tests/data/conversations (see README there). */
typedef struct Conversation Conversation;

/* Fails the test with file and line if the file cannot be read. */
Conversation *conversation_load(const char *path);
void conversation_free(Conversation *conversation);

/* The number of bytes that the module sends. */
size_t conversation_length(const Conversation *conversation);

/* Returns true if a cut before this byte is worth combining with other cuts: false in the middle of a long
 * repetition. */
bool conversation_is_cut(const Conversation *conversation, size_t position);

/* The events that the file expects, one per line. */
const char *conversation_expected(const Conversation *conversation);

/* Plays the conversation with the module's bytes cut before the given positions, and returns the events, one per line.
 * The caller frees them. A cut at 0 cuts nothing. */
char *conversation_play(const Conversation *conversation, size_t cut_a, size_t cut_b);
