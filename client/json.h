/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* A JSON document that is written in order. key is NULL inside an array and at the top; bracket is one of { } [ ]. */
typedef struct Json Json;

Json *json_new(void);
void json_free(Json *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_free)

void json_begin(Json *json, const char *key, char bracket);
void json_end(Json *json, char bracket);
void json_string(Json *json, const char *key, const char *value);
void json_signed(Json *json, const char *key, int64_t value);
void json_unsigned(Json *json, const char *key, uint64_t value);
void json_bool(Json *json, const char *key, bool value);

/* Begins and ends the object of an event: {"event": ..., ..., "time": µs since the epoch}. */
void json_begin_event(Json *json, const char *event);
void json_end_event(Json *json);

const char *json_text(const Json *json);

/* Prints the document as one line on stdout. */
void json_print(const Json *json);
