/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device that is attached at one place: its ids, its ttys, and the tty that is its AT port by the configuration.
 * Opens no tty, and knows neither jobs nor answers of the module. */

#include <errno.h>

#include "base/clock.h"
#include "core/quectel/layout.h"
#include "device/power.h"
#include "module/module-place.h"

struct Place {
        const ModuleContext *context;

        bool present;
        bool boot_rom;
        uint64_t came_at, left_at; /* µs of clock_now(), 0 never */
        uint16_t vendor_id, product_id;
        unsigned device_number;
        char *syspath;
        char *uid;
        Ports *ports;
        GHashTable *at_interfaces; /* as the configuration had them when no job held the module */
};

Place *place_new(const ModuleContext *context)
{
        Place *p = g_new0(Place, 1);

        p->context = context;
        p->ports = ports_new();
        p->at_interfaces = g_hash_table_ref(context->config->at_interfaces);
        return p;
}

void place_free(Place *p)
{
        if (!p)
                return;
        ports_free(p->ports);
        g_hash_table_unref(p->at_interfaces);
        g_free(p->syspath);
        g_free(p->uid);
        g_free(p);
}

/* ---- events */

void place_device_came(Place *p, const UsbDevice *device)
{
        p->present = true;
        p->came_at = clock_now();
        p->vendor_id = device->vendor_id;
        p->product_id = device->product_id;
        p->boot_rom = layout_is_boot_rom(device->vendor_id, device->product_id);
        p->device_number = device->number;
        g_free(p->syspath);
        p->syspath = g_strdup(device->syspath);
        g_free(p->uid);
        p->uid = g_strdup(device->uid);
}

void place_device_left(Place *p)
{
        p->present = false;
        p->boot_rom = false;
        p->left_at = clock_now();
        ports_clear(p->ports);
}

void place_tty_came(Place *p, const UsbTty *tty)
{
        ports_add(p->ports, tty);
}

void place_tty_left(Place *p, const char *node)
{
        ports_remove(p->ports, node);
}

void place_set_device_number(Place *p, unsigned number)
{
        p->device_number = number;
}

void place_reconfigure(Place *p)
{
        g_hash_table_unref(p->at_interfaces);
        p->at_interfaces = g_hash_table_ref(p->context->config->at_interfaces);
}

/* ---- the device */

bool place_is_uart(const Place *p)
{
        return g_str_has_prefix(p->context->id, JOB_UART_PREFIX);
}

bool place_is_present(const Place *p)
{
        return p->present;
}

bool place_is_boot_rom(const Place *p)
{
        return p->boot_rom;
}

uint16_t place_vendor_id(const Place *p)
{
        return p->vendor_id;
}

uint16_t place_product_id(const Place *p)
{
        return p->product_id;
}

unsigned place_device_number(const Place *p)
{
        return p->device_number;
}

const char *place_syspath(const Place *p)
{
        return p->syspath;
}

const char *place_uid(const Place *p)
{
        return p->uid;
}

uint64_t place_came_at(const Place *p)
{
        return p->came_at;
}

uint64_t place_left_at(const Place *p)
{
        return p->left_at;
}

char *place_power_control(const Place *p)
{
        return p->syspath ? power_control_read(p->syspath) : NULL;
}

int place_set_power_control(const Place *p, const char *value)
{
        return p->syspath ? power_control_write(p->syspath, value) : -ENODEV;
}

/* ---- the ttys */

const Ports *place_ports(const Place *p)
{
        return p->ports;
}

int place_at_interface(const Place *p)
{
        return config_at_interface(p->at_interfaces, p->product_id);
}

const char *place_at_node(const Place *p)
{
        return p->boot_rom ? NULL : ports_find_at(p->ports, p->product_id, place_at_interface(p));
}

bool place_is_usual_at(const Place *p, const char *node)
{
        return ports_is_usual_at(p->ports, p->product_id, node);
}

bool place_has_diag(const Place *p)
{
        return ports_have_diag(p->ports, p->product_id);
}
