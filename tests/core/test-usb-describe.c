/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The descriptors of a device are in its event as a whole, or the event says that they are cut. */

#include <stdlib.h>

#include "device/usb-describe.h"
#include "testing.h"

static const struct {
        gsize length;
        const char *whole; /* the value of descriptors-length */
} descriptors[] = {
        { 18, NULL },
        { 1100, NULL },
        { RECORDING_DESCRIPTORS_MAX, NULL },
        { RECORDING_DESCRIPTORS_MAX + 1, "4097" },
        { 65553, "65553" },
};

START_TEST(descriptors_are_whole)
{
        gsize length = descriptors[_i].length, shown = MIN(length, RECORDING_DESCRIPTORS_MAX);
        g_autofree char *device = g_dir_make_tmp("fotad-device-XXXXXX", NULL), *bytes = g_malloc(length);
        g_autofree char *file = g_build_filename(device, "descriptors", NULL), *text = NULL, *why = NULL;
        g_autofree char *value = NULL, *whole = NULL, *remove = g_strdup_printf("rm -rf '%s'", device);
        g_autoptr(RecordingWriter) w = recording_writer_new("survey", 65536);
        g_autoptr(Recording) r = NULL;
        const RecordingEvent *event;

        for (gsize i = 0; i < length; i++)
                bytes[i] = (char)(i % 251);
        ck_assert(g_file_set_contents(file, bytes, (gssize)length, NULL));
        usb_describe(w, 0, device, true);
        ck_assert_int_eq(system(remove), 0);
        text = recording_writer_text(w);
        r = recording_parse(text, strlen(text), &why);
        ck_assert_msg(r, "%s", why);
        ck_assert_uint_eq(r->events->len, 1);
        event = g_ptr_array_index(r->events, 0);
        ck_assert_int_eq(event->word, RECORDING_DEVICE);
        value = recording_value(event->text, "descriptors");
        ck_assert_uint_eq(strlen(value), 2 * shown);
        for (gsize i = 0; i < shown; i++) {
                char pair[3] = { value[2 * i], value[2 * i + 1] };

                ck_assert_uint_eq(strtoul(pair, NULL, 16), i % 251);
        }
        whole = recording_value(event->text, "descriptors-length");
        ck_assert_pstr_eq(whole, descriptors[_i].whole);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("usb-describe");

        tcase_add_loop_test(t, descriptors_are_whole, 0, G_N_ELEMENTS(descriptors));
        return testing_run(t, "usb-describe");
}
