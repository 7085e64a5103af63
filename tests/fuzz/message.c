/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* D-Bus messages made of an input. A variant may hold any type. Words that matter to fotad are a byte in the script. */

#include <string.h>
#include <sys/socket.h>

#include "message.h"

#define DEPTH_MAX  8
#define LENGTH_MAX 24 /* elements of an array */

static const char *const words[] = {
        "expected-revision",
        "method",
        "upgrade-mode",
        "download-urc-max",
        "update-urc-max",
        "cid",
        "apn",
        "apn-user",
        "apn-password",
        "apn-auth",
        "flow-control",
        "pace-bytes",
        "pace-interval",
        "sha256",
        "check-source",
        "allow-unchanged",
        "allow-https",
        "dfota",
        "minifota",
        "hardware",
        "protocol",
        "org.freedesktop.ModemManager1.Modem",
        "Device",
        "Manufacturer",
        "Model",
        "Revision",
        "EquipmentIdentifier",
        "/sys/devices/usb1/1-1",
        "EC200ACNHAR01A01M16",
        "860000000000001",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "http://server/package.bin",
        "request-id",
};

/* A connection that goes nowhere, for sd-bus to make messages on. */
static sd_bus *get_bus(void)
{
        static sd_bus *bus;
        static int fds[2];

        if (bus)
                return bus;
        g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        g_assert(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0 && sd_bus_start(bus) >= 0);
        return bus;
}

static char *draw_string(Script *s)
{
        unsigned byte = s->next < s->end ? *s->next : 0;
        g_autofree char *text = NULL;

        if (byte >= 0x80) {
                script_byte(s);
                return g_strdup(words[byte % G_N_ELEMENTS(words)]);
        }
        text = script_text(s, 0x1e);
        return g_utf8_make_valid(text, -1);
}

static int append(Script *s, sd_bus_message *m, const char *type, unsigned depth);

/* The types of the signature, one after the other, as the next values of the message. */
static int append_all(Script *s, sd_bus_message *m, const char *signature, unsigned depth)
{
        int r = 0;

        while (*signature && r >= 0) {
                const char *end;
                g_autofree char *type = NULL;

                if (!g_variant_type_string_scan(signature, NULL, &end))
                        return -1;
                type = g_strndup(signature, (gsize)(end - signature));
                r = append(s, m, type, depth);
                signature = end;
        }
        return r;
}

static int append_container(Script *s, sd_bus_message *m, char type, const char *contents, unsigned depth)
{
        unsigned length = type == 'a' ? script_byte(s) % (LENGTH_MAX + 1) : 1;
        int r = sd_bus_message_open_container(m, type, contents);

        for (unsigned i = 0; i < length && r >= 0 && (type != 'a' || !script_is_over(s)); i++)
                r = append_all(s, m, contents, depth + 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_variant(Script *s, sd_bus_message *m, unsigned depth)
{
        static const char *const types[] = { "s", "u", "b", "s", "i", "y", "o", "g", "v", "as", "a{sv}", "(su)", "t" };

        return append_container(s, m, 'v', depth < DEPTH_MAX ? types[script_byte(s) % G_N_ELEMENTS(types)] : "s",
                                depth);
}

static int append_number(Script *s, sd_bus_message *m, char type)
{
        uint64_t value = script_byte(s);

        if (value >= 0xf0)
                value = UINT64_MAX - script_number(s, 0, 0xffff);
        if (type == 'b')
                return sd_bus_message_append_basic(m, 'b', &(int){ value & 1 });
        return sd_bus_message_append_basic(m, type, &value); /* its low bytes come first on this host */
}

static int append(Script *s, sd_bus_message *m, const char *type, unsigned depth)
{
        g_autofree char *contents = NULL, *text = NULL;

        if (depth > DEPTH_MAX)
                return -1;
        switch (*type) {
        case 's':
        case 'g':
        case 'o': text = draw_string(s); return sd_bus_message_append_basic(m, *type, text);
        case 'h': return sd_bus_message_append_basic(m, 'h', &(int){ 0 });
        case 'v': return append_variant(s, m, depth);
        case 'a': return append_container(s, m, 'a', type + 1, depth);
        case '(':
        case '{':
                contents = g_strndup(type + 1, strlen(type) - 2);
                return append_container(s, m, *type == '(' ? 'r' : 'e', contents, depth);
        default: return append_number(s, m, *type);
        }
}

int message_append(Script *s, sd_bus_message *m, const char *signature)
{
        return append_all(s, m, signature, 0);
}

sd_bus_message *message_draw(Script *s, const char *signature)
{
        g_autoptr(sd_bus_message) m = NULL;
        g_autofree char *any = signature ? g_strdup(signature) : script_text(s, 0x1e);

        g_assert(sd_bus_message_new_method_call(get_bus(), &m, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                "StartUpgrade") >= 0);
        if (!g_variant_is_signature(any) || message_append(s, m, any) < 0 || sd_bus_message_seal(m, 1, 0) < 0 ||
            sd_bus_message_rewind(m, true) < 0)
                return NULL;
        return g_steal_pointer(&m);
}
