/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* Registers the interface of all objects below the prefix, which come and go, with the connection b->bus. The userdata
 * of the vtable's functions is the object that bus_object_add() got. 0 or -errno. */
int bus_object_export(Bus *bus, const char *prefix, const char *interface, const sd_bus_vtable *vtable);

/* Announces the object. Borrows the path, which names the object, and the object until bus_object_remove(). */
void bus_object_add(Bus *bus, const char *path, void *object);

/* Announces the removal of the object. */
void bus_object_remove(Bus *bus, const char *path);
