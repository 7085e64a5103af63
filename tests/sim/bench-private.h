/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The internals of the bench, shared by bench.c (its units) and bench-world.c (their surroundings).
 */
#pragma once

#include "attach.h"
#include "bench.h"
#include "fetch.h"
#include "model.h"

#include <stdio.h>

struct Bench {
        Bed *bed;
        FILE *log;
        char *log_path;
        gint64 start; /* µs, monotonic */
        GPtrArray *units;
        void (*on_event)(void *user);
        void *on_event_user;
};

struct Unit {
        Bench *bench;
        char *name;
        char *path;
        unsigned interface; /* of the AT port at a serial port */
        bool uart;          /* at a serial port, not on USB; `path` is its name as well */
        Device *device;
        Model *model; /* NULL: a decoy, `face` */
        struct usb_face face;
        guint64 bytes;      /* a decoy's, received */
        bool exclusive;     /* the AT port, since it was last opened */
        GHashTable *counts; /* event -> number of times */
};

/* `user` is a Unit. */
extern const struct device_observer bench_device_observer;
extern const struct model_world bench_world;
struct device_options bench_device_options(const Persona *persona);
