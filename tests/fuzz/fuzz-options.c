/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls of StartUpgrade and StartUpgradeFile: whatever their types and values, the arguments are read or refused,
 * options that are accepted come back from a record as they were, and their part of a command cannot end it. Input: a
 * byte for the signature, and the values. */

#include <string.h>

#include "bus/bus-request.h"
#include "core/job/context.h"
#include "core/job/options.h"
#include "core/quectel/qfota.h"
#include "message.h"

const unsigned fuzz_runs = 8000;

static void check_saved(const Options *options)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *why = NULL, *before = options_describe(options), *after = NULL;
        g_autoptr(Options) again = NULL;

        options_save(options, text, "Options");
        g_assert(text->len == 0 || g_key_file_load_from_data(file, text->str, text->len, G_KEY_FILE_NONE, NULL));
        again = options_load(file, "Options", &why);
        g_assert(again && !why);
        after = options_describe(again);
        g_assert_cmpstr(before, ==, after);
        g_assert_cmpstr(options->apn_password, ==, again->apn_password);
        g_assert_cmpstr(options->apn_user, ==, again->apn_user);
}

static void check_commands(const Options *o)
{
        g_autofree char *context = NULL, *contexts = NULL;
        g_autofree char *command = qfota_build_command("http://h/x", (int)o->upgrade_mode, (int)o->download_urc_max,
                                                       (int)o->update_urc_max);

        fuzz_check_command(command);
        if (!o->apn)
                return;
        context = context_from_options(o);
        contexts = g_strdup_printf("AT+QICSGP=%d,%s", (int)o->cid, context);
        g_assert(context_is_valid(context));
        g_assert(o->apn_auth < 0 || context[strlen(context) - 1] == '0' + o->apn_auth);
        fuzz_check_command(contexts);
}

static void check_options(const Options *o)
{
        for (Method method = METHOD_UNKNOWN; method <= METHOD_MINIFOTA; method++) {
                g_autofree char *why = NULL;
                const char *key = NULL;
                bool good = options_check(o, method, &key, &why);

                g_assert(good ? !key && !why : options_type(key) && *why);
                if (good)
                        check_commands(o);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static const char *const signatures[] = { "ssa{sv}", "ssa{sv}", "ssa{sv}", "shsa{sv}", NULL };
        Script s = script_new(bytes, size);
        const char *signature = signatures[script_byte(&s) % G_N_ELEMENTS(signatures)];
        g_autoptr(sd_bus_message) m = message_draw(&s, signature);
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(BusRequest) request = { 0 };
        int r;

        if (!m)
                return 0;
        r = bus_request_read(m, &request, &error);
        g_assert(r >= 0 ? !error.name : request.options == NULL);
        if (r < 0)
                return 0;
        g_assert(request.module && request.source && request.options);
        check_saved(request.options);
        check_options(request.options);
        return 0;
}
