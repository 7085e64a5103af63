/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* hawkbit.conf, and the credentials that systemd has loaded. */
typedef struct Settings {
        char *url;                 /* of the server, without a slash at its end */
        char *tenant;              /* at the server */
        char *controller;          /* template of the targets' ids */
        char *gateway;             /* the name of this machine */
        unsigned interval;         /* seconds between polls, until the server says it */
        char *ca_file;             /* NULL: the system's certificates */
        char *certificate, *key;   /* files; NULL: none */
        char *gateway_token;       /* NULL none */
        GHashTable *target_tokens; /* by the targets' ids */
} Settings;

/* Returns NULL after a mistake, which it has logged. */
Settings *settings_read(const char *path);
void settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

/* True if a token or password would not be readable on the way there: https, or http to this machine itself. */
bool settings_is_safe(const char *url);
