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

/* is_settled: returns true if the last announced values are to be read, which is cheap, instead of the present ones. */
BusSnapshot *bus_snapshot_new(const BusProperty *properties, size_t n, const void *object,
                              bool (*is_settled)(const void *object));
void bus_snapshot_free(BusSnapshot *snapshot);

/* The object is announced anew with all its values: from here on the present values are the last announced ones, unless
 * is_settled. */
void bus_snapshot_renew(BusSnapshot *snapshot);

/* Emits PropertiesChanged for the properties that differ from the last announced values, if there are any. */
void bus_snapshot_emit(BusSnapshot *snapshot, sd_bus *bus, const char *path, const char *interface);

/* Formats a number or boolean for BusProperty.get. The caller frees it. */
char *bus_number(uint64_t number);

/* These append values. 0 or -errno. */

/* The value of the property with that name: the getter of a vtable. */
int bus_snapshot_get(const BusSnapshot *snapshot, const char *name, sd_bus_message *reply);

/* All properties, an a{sv}. */
int bus_snapshot_append(const BusSnapshot *snapshot, sd_bus_message *message);

/* An object with this interface and those that each object has, an {oa{sa{sv}}} of GetManagedObjects. */
int bus_snapshot_append_object(const BusSnapshot *snapshot, sd_bus_message *message, const char *path,
                               const char *interface);
