/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers of a module: its identity, the facts that are read before an upgrade, its fingerprint, and its settings. All
 * that is read is bounded and printable, and a setting that is read can be sent back. Input: answers, each a byte for
 * its result and the lines of its information up to 0x1e. */

#include <string.h>

#include "core/job/context.h"
#include "core/quectel/fingerprint.h"
#include "core/quectel/qfota.h"
#include "core/rules/inspect.h"
#include "fuzz.h"

#define QUESTIONS_MAX 64

const unsigned fuzz_runs = 8000;

static bool is_printable(const char *text)
{
        for (const char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        return false;
        return true;
}

static AtResult draw_result(Script *s, int *ret_error)
{
        static const AtResult results[] = { AT_RESULT_OK, AT_RESULT_OK, AT_RESULT_ERROR, AT_RESULT_TIMEOUT };
        unsigned byte = script_byte(s);
        AtResult result = results[byte % G_N_ELEMENTS(results)];

        *ret_error = result == AT_RESULT_ERROR && byte & 0x80 ? (int)(byte >> 2) : AT_ERROR_NONE;
        return result;
}

/* ---- the identity */

static Identity *read_identity(Script *s)
{
        g_autoptr(IdentityProbe) probe = identity_probe_new();
        uint64_t now = 0, at = UINT64_MAX;

        for (unsigned i = 0; !identity_probe_done(probe); i++) {
                const char *command = identity_probe_next(probe, now, &at);
                g_autofree char *text = NULL;
                AtResult result;
                int error;

                g_assert(i < QUESTIONS_MAX);
                if (!command) {
                        g_assert(at > now);
                        now = at;
                        continue;
                }
                fuzz_check_command(command);
                result = draw_result(s, &error);
                text = script_text(s, 0x1e);
                identity_probe_answer(probe, result, text, now);
        }
        identity_probe_is_nameless(probe);
        return identity_probe_steal(probe);
}

static void check_identity(const Identity *i, const Identity *before)
{
        g_autoptr(Identity) copy = identity_copy(i), distrusted = identity_copy(i);
        unsigned size = identity_flash_size(i->revision);

        g_assert(is_printable(i->manufacturer) && is_printable(i->model) && is_printable(i->revision) &&
                 is_printable(i->build) && is_printable(i->imei));
        g_assert(!*i->imei || (strlen(i->imei) == 15 && strspn(i->imei, "0123456789") == 15));
        g_assert(identity_equal(i, copy));
        identity_distrust(distrusted);
        g_assert(identity_equal(i, distrusted));
        g_assert(size <= 16);
        identity_method(i->model, i->revision);
        identity_fits(before->revision, i->revision);
        if (*i->revision)
                g_assert(identity_same_firmware(i->revision, i->build, i->revision, i->build));
        identity_take_known_build(copy, before->revision, before->build);
        identity_complete(copy, before);
}

/* ---- the facts */

static void check_list(const InspectList *list)
{
        g_autofree char *text = inspect_list_text(list);

        g_assert(list->n <= INSPECT_RANGES_MAX && is_printable(text));
        for (unsigned i = 0; i < list->n; i++)
                g_assert(list->ranges[i].least <= list->ranges[i].most &&
                         inspect_list_has(list, list->ranges[i].least) && inspect_list_has(list, list->ranges[i].most));
        for (unsigned value = 0; value <= 100; value++) {
                unsigned clipped = inspect_list_clip(list, value);

                g_assert(clipped == value || (clipped < value && inspect_list_has(list, clipped)));
        }
}

static void inspect(Script *s, unsigned questions)
{
        g_autoptr(Inspect) dialogue = inspect_new(questions);
        const Inspection *facts;
        const char *command;

        for (unsigned i = 0; (command = inspect_next(dialogue)); i++) {
                g_autofree char *text = NULL;
                AtResult result;
                int error;

                g_assert(i <= _INSPECT_QUESTION_MAX);
                fuzz_check_command(command);
                result = draw_result(s, &error);
                text = script_text(s, 0x1e);
                inspect_answer(dialogue, result, error, text);
        }
        facts = inspect_inspection(dialogue);
        check_list(&facts->upgrade_modes);
        check_list(&facts->download_urc_maxima);
        check_list(&facts->update_urc_maxima);
}

/* ---- the fingerprint, and the settings */

static void fingerprint(Script *s)
{
        Fingerprint print = { 0 };
        MiniSigns signs;
        const char *command;

        fingerprint_begin(&print, FINGERPRINT_ALL);
        mini_signs_begin(&signs);
        for (unsigned i = 0; (command = fingerprint_next(&print)); i++) {
                int error;
                AtResult result = draw_result(s, &error);
                g_autofree char *text = script_text(s, 0x1e);

                g_assert(i < QUESTIONS_MAX);
                fuzz_check_command(command);
                fingerprint_answer(&print, result, error, text);
                if (mini_signs_next(&signs))
                        mini_signs_answer(&signs, result, error, text);
        }
        g_assert(!(print.answered & print.refused) && !((print.answered | print.refused) & ~FINGERPRINT_ALL));
        g_assert(fingerprint_compare(&print, print.answered, false) != MINI_MARKER_MINI);
}

static void settings(Script *s)
{
        g_autofree char *text = script_text(s, 0x1e), *context = context_parse(text), *command = NULL;
        g_autofree char *flow = qfota_parse_flow(text, "+QCFG:", "usbifc"),
                        *bare = qfota_parse_flow(text, "+IFC:", NULL);
        g_autofree char *port = qfota_parse_setting(text, "+QURCCFG:", "urcport");

        g_assert((!flow || (*flow && qfota_is_flow(flow))) && (!bare || (*bare && qfota_is_flow(bare))));
        g_assert(!port || !strchr(port, '\n'));
        if (!context)
                return;
        g_assert(context_is_valid(context));
        command = g_strdup_printf("AT+QICSGP=2,%s", context);
        fuzz_check_command(command);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        Script s = script_new(bytes, size);
        unsigned flags = script_byte(&s);
        g_autoptr(Identity) before = read_identity(&s), after = read_identity(&s);

        check_identity(before, after);
        check_identity(after, before);
        inspect(&s, flags & 1 ? inspect_questions_for_job(METHOD_DFOTA, flags & 2)
                              : inspect_questions_for_check(METHOD_UNKNOWN));
        fingerprint(&s);
        while (!script_is_over(&s))
                settings(&s);
        return 0;
}
