/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The properties of one object, and the values that were last announced. */

typedef struct BusProperty {
        const char *name;
        const char *type;                 /* D-Bus signature of one basic type */
        char *(*get)(const void *object); /* the value as text, for bus and comparison; the caller frees it */
} BusProperty;

typedef struct BusSnapshot BusSnapshot;

BusSnapshot *bus_snapshot_new(const BusProperty *properties, size_t n, const void *object);
void bus_snapshot_free(BusSnapshot *snapshot);

/* Emits PropertiesChanged for the properties that differ from the last announced values, if there are any. */
void bus_snapshot_emit(BusSnapshot *snapshot, sd_bus *bus, const char *path, const char *interface);

/* Formats a number or boolean for BusProperty.get. The caller frees it. */
char *bus_number(uint64_t number);

/* Appends the value of one property, with or without a variant around it. 0 or -errno. */
int bus_property_append(sd_bus_message *message, const BusProperty *property, const void *object, bool variant);

/* The getter of a vtable: appends the value of the property with that name. 0 or -errno. */
int bus_property_get(const BusProperty *properties, size_t n, const char *name, const void *object,
                     sd_bus_message *reply);
