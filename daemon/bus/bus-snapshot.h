/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The properties of one object, and which of them have changed since they were last told. */

typedef struct BusProperty {
        const char *name;
        const char *type;                 /* of D-Bus, one basic type */
        char *(*get)(const void *object); /* the value as text, for the wire and for comparison; the caller frees it */
} BusProperty;

typedef struct BusSnapshot BusSnapshot;

BusSnapshot *bus_snapshot_new(const BusProperty *properties, size_t n, const void *object);
void bus_snapshot_free(BusSnapshot *snapshot);

/* Emits PropertiesChanged for what differs, if anything does. */
void bus_snapshot_emit(BusSnapshot *snapshot, sd_bus *bus, const char *path, const char *interface);

/* Numbers and booleans, as BusProperty.get returns them. */
char *bus_number(uint64_t number);

/* Appends one property's value, with or without a variant around it. 0 or -errno. */
int bus_property_append(sd_bus_message *message, const BusProperty *property, const void *object, bool variant);

/* The answer of a vtable's getter: the property of that name. */
int bus_property_get(const BusProperty *properties, size_t n, const char *name, const void *object,
                     sd_bus_message *reply);
