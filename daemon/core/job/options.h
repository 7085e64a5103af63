/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/quectel/identity.h"

/* The options of StartUpgrade. Strings are NULL and numbers -1 where the caller left them out. */
typedef struct Options {
        char *expected_revision;
        char *method; /* auto, dfota, minifota */
        int64_t upgrade_mode;
        int64_t download_urc_max;
        int64_t update_urc_max;
        int64_t cid;
        char *apn;
        char *apn_user;
        char *apn_password;
        int64_t apn_auth;
        char *flow_control;                /* auto, hardware, none, protocol */
        int64_t pace_bytes, pace_interval; /* of one write, and ms between two writes, without flow control */
        char *sha256;                      /* of a package on the host */
        bool check_source;
        bool allow_unchanged;
        bool allow_https;
        bool record;      /* keep a recording of the job */
        char *request_id; /* the caller's own name for the request: the same one starts no second job */
} Options;

Options *options_new(void);
void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

/* The D-Bus type of an option: 's', 'u', 'b'; 0 for an unknown key. */
char options_type(const char *key);

/* Set one option. On false *ret_why names the rule that the value breaks and the right values; *ret_why neither names
 * the key nor repeats the value. The key must have that type. */
bool options_set_string(Options *options, const char *key, const char *value, char **ret_why);
bool options_set_number(Options *options, const char *key, uint32_t value, char **ret_why);
bool options_set_boolean(Options *options, const char *key, bool value);

/* Checks the rules between options. On false *ret_key is the option at fault. */
bool options_check(const Options *options, Method method, const char **ret_key, char **ret_why);

/* The options that are set, as in "method=dfota, cid=2", without credentials. The caller frees it. */
char *options_describe(const Options *options);

/* For the job's file: the options that are set, as keys of the group, which is left out if there are none. Reading skips
 * unknown keys, and returns NULL and *ret_why if a value breaks a rule. */
void options_save(const Options *options, GString *text, const char *group);
Options *options_load(GKeyFile *file, const char *group, char **ret_why);

/* Wipes the password from memory. */
void options_wipe(Options *options);
