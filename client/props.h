/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <systemd/sd-bus.h>

#include "json.h"

/* The properties of one object, in the order of the bus. */
typedef struct Props Props;

Props *props_new(void);
void props_free(Props *props);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Props, props_free)

/* Reads an a{sv} into props: replaces the properties that props has and adds the others. 0 or -errno. */
int props_read(Props *props, sd_bus_message *message);

void props_set_string(Props *props, const char *name, const char *value);
void props_set_number(Props *props, const char *name, char type, int64_t value);

/* The value as received, "" if it is missing. For comparisons; a terminal needs props_text(). */
const char *props_string(const Props *props, const char *name);

/* The value after text_clean(), for a terminal. */
const char *props_text(const Props *props, const char *name);

/* The value of a number or boolean; 0 if it is missing. */
int64_t props_number(const Props *props, const char *name);

/* "Name=value", then the separator and the next one, of all properties but those named, for a terminal; except may be
 * NULL. The caller frees it. */
char *props_describe(const Props *props, const char *separator, const char *const *except);

/* Writes the properties as members of the object that is open in json. */
void props_write(const Props *props, Json *json);
