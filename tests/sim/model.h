/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The behaviour of a module: bytes in, bytes out, time, a network, and connecting to and disconnecting from the bus.
 * Its surroundings are a struct of functions, so that it can be plugged into anything that simulates a bus.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "fetch.h"
#include "persona.h"
#include "usb.h"

/* The system that runs on the module. */
enum model_system {
        MODEL_OFF, /* off the bus: no power, or restarting */
        MODEL_NORMAL,
        MODEL_UPDATER,
        MODEL_MINI,    /* the old or the new Mini system */
        MODEL_CRASHED, /* DIAG only */
        MODEL_BOOT_ROM,
        _MODEL_SYSTEM_MAX,
};

struct model_world {
        /* Connects to the bus; the model is disconnected. */
        void (*enumerate)(void *user, const struct usb_face *face);
        /* Disconnects. */
        void (*leave)(void *user);
        void (*tx)(void *user, unsigned interface, const void *bytes, size_t n);
        /* Bytes that were sent to the host and that it has not read, 0 if unknown or if it does not listen. */
        size_t (*unread)(void *user, unsigned interface);
        bool (*is_open)(void *user, unsigned interface); /* by the host */
        /* The number of further bytes that are taken from the host there (SIZE_MAX: all), and of bytes per second (0:
         * any), until the next call; model_rx() is not called from within. Other bytes delay the host. */
        void (*listen)(void *user, unsigned interface, size_t most, unsigned rate);
        struct usb_line (*line)(void *user, unsigned interface);
        gint64 (*now)(void *user); /* µs */
        /* Calls `fn` once after `ms`; the result is not 0 and is good for one timer_stop() before that call. */
        unsigned (*timer_start)(void *user, unsigned ms, void (*fn)(void *data), void *data);
        void (*timer_stop)(void *user, unsigned timer);
        Fetch *(*fetch)(void *user, const struct fetch_request *request, const struct fetch_observer *observer,
                        void *data);
        void (*fetch_allow)(void *user, Fetch *fetch, guint64 bytes);
        GBytes *(*fetch_peek)(void *user, Fetch *fetch, gsize n);
        void (*fetch_cancel)(void *user, Fetch *fetch);
        /* A line for the truth log. */
        void (*log)(void *user, const char *line);
        /* An event: "left", "updating:50"; tests wait for these. */
        void (*event)(void *user, const char *event);
};

typedef struct Model Model;

/* Takes ownership of the persona. The module is off the bus until model_power_on(). `uart`: instead of a bus it has a
 * line, that of the AT port, which always exists; appearing and vanishing are then running and being silent. */
Model *model_new(Persona *persona, bool uart, const struct model_world *world, void *user);
void model_free(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

/* Bytes from the host for an interface. */
void model_rx(Model *model, unsigned interface, const struct usb_piece *piece);

/* Power and the plug: off loses everything except flash. */
void model_power_on(Model *model);
void model_power_off(Model *model);
/* Off, and on again after the persona's `off` time. */
void model_power_cut(Model *model);

/* Changes a setting, now: a network that is lost ends a download. As persona_set(). */
bool model_set(Model *model, const char *key, const char *value, GError **error);

/* Prints this as an unsolicited line. */
void model_say(Model *model, const char *text);

/* Points at which the model stops until they are released: "qfotadl", "downloading:40", ... */
void model_hold(Model *model, const char *point);
/* Returns false if there is no such hold. NULL: the hold at which it is stopped. */
bool model_release(Model *model, const char *point);
/* The hold at which it is stopped, or NULL. point: only that one; NULL any. */
const char *model_held(const Model *model, const char *point);

Persona *model_persona(Model *model);
enum model_system model_system(const Model *model);
const char *model_system_name(enum model_system system);
/* A fact about the module as text, NULL if there is none of that `name`. */
char *model_truth(Model *model, const char *name);
