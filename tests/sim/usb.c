/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faces that never change. Data only.
 */
#include "usb.h"

#include <glib.h>

const struct usb_face usb_boot_rom = {
        .vendor = 0x2ecc,
        .product = 0x3004,
        .manufacturer = "ASR",
        .product_name = "Arom_Usb_Boot_Port",
        .serial = "arom0123456789",
        .driver = "cdc_acm",
        .bound = true,
        .n_ports = 1,
        .ports = { { .interface = 0, .endpoints = 3, .role = USB_OTHER, .label = "" } },
};

const struct usb_face usb_ftdi = {
        .vendor = 0x0403,
        .product = 0x6001,
        .manufacturer = "FTDI",
        .product_name = "FT232R_USB_UART",
        .serial = "A50285BI",
        .driver = "ftdi_sio",
        .bound = true,
        .n_ports = 1,
        .ports = { { .interface = 0, .endpoints = 2, .role = USB_OTHER, .label = "FT232R USB UART" } },
};

const char *usb_role_name(enum usb_role role)
{
        static const char *const names[] = {
                [USB_DIAG] = "diag", [USB_AT] = "at", [USB_MODEM] = "modem", [USB_OTHER] = "other"
        };

        G_STATIC_ASSERT(G_N_ELEMENTS(names) == _USB_ROLE_MAX);
        return names[role];
}
