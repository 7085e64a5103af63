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
        uint32_t mute;             /* bit n: the port of interface n did not answer in this enumeration */
        int found_interface;       /* the AT port that was found by asking, LAYOUT_NO_OVERRIDE none */
        uint16_t found_product_id; /* with this product id */
};

Place *place_new(const ModuleContext *context)
{
        Place *p = g_new0(Place, 1);

        p->context = context;
        p->ports = ports_new();
        p->at_interfaces = g_hash_table_ref(context->config->at_interfaces);
        p->found_interface = LAYOUT_NO_OVERRIDE;
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

void place_device_came(Place *p, const UsbDevice *device, uint64_t at)
{
        p->present = true;
        p->came_at = at;
        p->vendor_id = device->vendor_id;
        p->product_id = device->product_id;
        p->boot_rom = layout_is_boot_rom(device->vendor_id, device->product_id);
        p->device_number = device->number;
        p->mute = 0;
        g_free(p->syspath);
        p->syspath = g_strdup(device->syspath);
        g_free(p->uid);
        p->uid = g_strdup(device->uid);
}

void place_device_left(Place *p, uint64_t at)
{
        p->present = false;
        p->boot_rom = false;
        p->left_at = at;
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

/* The port that the configuration, an earlier search, or number and label suggest. */
static const char *suggested_node(const Place *p)
{
        int interface = place_at_interface(p);
        bool found = interface == LAYOUT_NO_OVERRIDE && p->found_product_id == p->product_id;
        const char *node = found ? ports_find_at(p->ports, p->product_id, p->found_interface) : NULL;

        return node ?: ports_find_at(p->ports, p->product_id, interface);
}

const char *place_at_node(const Place *p)
{
        const char *node = p->boot_rom ? NULL : suggested_node(p);
        const char *other = node && p->mute ? ports_find_other(p->ports, p->product_id, p->mute) : NULL;

        return other ?: node;
}

bool place_is_suggested(const Place *p, const char *node)
{
        return g_strcmp0(suggested_node(p), node) == 0;
}

/* The ports that are known to be mute if the present one is. */
static uint32_t mute_with_present(const Place *p)
{
        const char *node = place_at_node(p);
        int interface = node ? ports_interface(p->ports, node) : -1;

        return interface >= 0 && interface < 32 ? p->mute | 1u << interface : p->mute;
}

bool place_has_other_port(const Place *p)
{
        const char *node = place_at_node(p);

        if (!node || place_at_interface(p) != LAYOUT_NO_OVERRIDE)
                return false;
        return ports_find_other(p->ports, p->product_id, mute_with_present(p)) || !place_is_suggested(p, node);
}

void place_try_other_port(Place *p)
{
        p->mute = mute_with_present(p);
}

void place_forget_mute_ports(Place *p)
{
        p->mute = 0;
}

void place_port_answers(Place *p, const char *node)
{
        const char *usual = ports_find_at(p->ports, p->product_id, LAYOUT_NO_OVERRIDE);

        if (place_at_interface(p) != LAYOUT_NO_OVERRIDE)
                return;
        p->found_interface = g_strcmp0(usual, node) == 0 ? LAYOUT_NO_OVERRIDE : ports_interface(p->ports, node);
        p->found_product_id = p->product_id;
}

bool place_is_usual_at(const Place *p, const char *node)
{
        return ports_is_usual_at(p->ports, p->product_id, node);
}

bool place_has_diag(const Place *p)
{
        return ports_have_diag(p->ports, p->product_id);
}
