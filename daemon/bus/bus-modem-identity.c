/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads ModemManager's reply to GetManagedObjects. Makes no calls. */

#include <string.h>

#include "bus/bus-modem-identity.h"

#define MODEM "org.freedesktop.ModemManager1.Modem"

/* Reads the identity from the properties of an interface, an a{sv}. */
static int read_modem(sd_bus_message *m, Identity *identity, char **ret_device)
{
        const struct {
                const char *name;
                char **value;
        } wanted[] = { { "Device", ret_device },
                       { "Manufacturer", &identity->manufacturer },
                       { "Model", &identity->model },
                       { "Revision", &identity->revision },
                       { "EquipmentIdentifier", &identity->imei } };
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name, *value, *contents;
                char **place = NULL;

                if ((r = sd_bus_message_read(m, "s", &name)) < 0 ||
                    (r = sd_bus_message_peek_type(m, NULL, &contents)) < 0)
                        return r;
                for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
                        if (strcmp(name, wanted[i].name) == 0 && strcmp(contents, "s") == 0)
                                place = wanted[i].value;
                if (place && (r = sd_bus_message_read(m, "v", "s", &value)) >= 0) {
                        g_free(*place);
                        *place = g_strstrip(g_strdup(value));
                } else if (!place) {
                        r = sd_bus_message_skip(m, "v");
                }
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Reads the modem interface from an object's interfaces, an a{sa{sv}}. Leaves *ret alone if the object is no modem or
 * belongs to another device. */
static int read_object(sd_bus_message *m, const char *uid, Identity **ret)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                g_autoptr(Identity) identity = identity_new();
                g_autofree char *device = NULL;
                const char *interface;

                if ((r = sd_bus_message_read(m, "s", &interface)) < 0)
                        return r;
                r = strcmp(interface, MODEM) == 0 ? read_modem(m, identity, &device) : sd_bus_message_skip(m, "a{sv}");
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
                identity_distrust(identity);
                if (!*ret && g_strcmp0(device, uid) == 0)
                        *ret = g_steal_pointer(&identity);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int bus_modem_identity_read(sd_bus_message *m, const char *uid, Identity **ret)
{
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0)
                if ((r = sd_bus_message_skip(m, "o")) < 0 || (r = read_object(m, uid, ret)) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        return r;
}
