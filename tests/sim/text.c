/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Escapes, exact for every byte, NUL included, which glib's own functions do not offer. Depends on nothing else.
 */
#include "text.h"

char *text_escape(const void *bytes, gsize n)
{
        const guint8 *byte = bytes;
        g_autoptr(GString) out = g_string_sized_new(n + 8);

        for (gsize i = 0; i < n; i++)
                switch (byte[i]) {
                case '\r': g_string_append(out, "\\r"); break;
                case '\n': g_string_append(out, "\\n"); break;
                case '\\':
                case '"': g_string_append_printf(out, "\\%c", byte[i]); break;
                default:
                        g_string_append_printf(out, byte[i] >= 0x20 && byte[i] < 0x7f ? "%c" : "\\x%02x", byte[i]);
                        break;
                }
        return g_string_free(g_steal_pointer(&out), FALSE);
}

GBytes *text_unescape(const char *text)
{
        g_autoptr(GByteArray) out = g_byte_array_new();

        for (; *text; text++) {
                guint8 byte = (guint8)*text;

                if (*text == '\\' && text[1]) {
                        byte = (guint8) * ++text;
                        switch (*text) {
                        case 'r': byte = '\r'; break;
                        case 'n': byte = '\n'; break;
                        case 't': byte = '\t'; break;
                        case '0': byte = '\0'; break;
                        case 'x':
                                if (g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2])) {
                                        byte = (guint8)(g_ascii_xdigit_value(text[1]) * 16 +
                                                        g_ascii_xdigit_value(text[2]));
                                        text += 2;
                                }
                                break;
                        default: break;
                        }
                }
                g_byte_array_append(out, &byte, 1);
        }
        return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}
