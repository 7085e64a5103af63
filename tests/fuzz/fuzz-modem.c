/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers of ModemManager to GetManagedObjects: an identity is read from them, or none, and holds only what may be
 * shown. Input: a byte for the signature, and the values. */

#include <string.h>

#include "bus/bus-modem-identity.h"
#include "message.h"

const unsigned fuzz_runs = 8000;

static void check_identity(const Identity *identity)
{
        const char *const texts[] = { identity->manufacturer, identity->model, identity->revision, identity->build,
                                      identity->imei };
        g_autoptr(Identity) copy = identity_copy(identity);

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                for (const char *p = texts[i]; *p; p++)
                        g_assert(*p >= ' ' && *p <= '~');
        identity_distrust(copy);
        g_assert(identity_equal(identity, copy));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        Script s = script_new(bytes, size);
        const char *signature = script_byte(&s) % 4 ? "a{oa{sa{sv}}}" : NULL;
        g_autoptr(sd_bus_message) m = message_draw(&s, signature);
        g_autoptr(Identity) identity = NULL;
        int r;

        if (!m)
                return 0;
        r = bus_modem_identity_read(m, "/sys/devices/usb1/1-1", &identity);
        g_assert(!signature || r >= 0);
        if (identity)
                check_identity(identity);
        return 0;
}
