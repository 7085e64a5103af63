/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ttys that a module has now, as they come and go one by one. core/quectel/layout knows their purposes. */

#include <string.h>

#include "core/quectel/layout.h"
#include "device/ports.h"

typedef struct Port {
        char *node, *syspath, *interface_name;
        LayoutPort layout;
} Port;

struct Ports {
        GPtrArray *list;
        uint32_t interfaces; /* bit n: the device has interface n, with or without a tty */
};

static void port_free(Port *port)
{
        g_free(port->node);
        g_free(port->syspath);
        g_free(port->interface_name);
        g_free(port);
}

Ports *ports_new(void)
{
        Ports *ports = g_new0(Ports, 1);

        ports->list = g_ptr_array_new_with_free_func((GDestroyNotify)port_free);
        return ports;
}

void ports_free(Ports *ports)
{
        g_ptr_array_unref(ports->list);
        g_free(ports);
}

void ports_add(Ports *ports, const UsbTty *tty)
{
        Port *port = g_new0(Port, 1);

        port->node = g_strdup(tty->node);
        port->syspath = g_strdup(tty->syspath);
        port->interface_name = g_strdup(tty->interface_name);
        port->layout = (LayoutPort){ tty->interface, tty->endpoints, port->interface_name };
        g_ptr_array_add(ports->list, port);
        ports->interfaces = tty->interfaces;
}

void ports_remove(Ports *ports, const char *node)
{
        for (unsigned i = 0; i < ports->list->len; i++) {
                const Port *port = g_ptr_array_index(ports->list, i);

                if (strcmp(port->node, node) == 0) {
                        g_ptr_array_remove_index(ports->list, i);
                        return;
                }
        }
}

void ports_clear(Ports *ports)
{
        g_ptr_array_set_size(ports->list, 0);
        ports->interfaces = 0;
}

bool ports_are_none(const Ports *ports)
{
        return ports->list->len == 0;
}

/* The ttys in the form that core/quectel/layout reads. The caller frees the array. */
static LayoutPort *layout_of(const Ports *ports)
{
        LayoutPort *layout = g_new0(LayoutPort, ports->list->len + 1);

        for (unsigned i = 0; i < ports->list->len; i++)
                layout[i] = ((const Port *)g_ptr_array_index(ports->list, i))->layout;
        return layout;
}

const char *ports_find_at(const Ports *ports, uint16_t product_id, int override)
{
        g_autofree LayoutPort *layout = layout_of(ports);
        int i = layout_find_at_port(product_id, override, ports->interfaces, layout, ports->list->len);

        return i >= 0 ? ((const Port *)g_ptr_array_index(ports->list, i))->node : NULL;
}

const char *ports_find_other(const Ports *ports, uint16_t product_id, uint32_t tried)
{
        g_autofree LayoutPort *layout = layout_of(ports);
        int i = layout_find_other_port(product_id, tried, layout, ports->list->len);

        return i >= 0 ? ((const Port *)g_ptr_array_index(ports->list, i))->node : NULL;
}

static const Port *find(const Ports *ports, const char *node)
{
        for (unsigned i = 0; i < ports->list->len; i++) {
                const Port *port = g_ptr_array_index(ports->list, i);

                if (strcmp(port->node, node) == 0)
                        return port;
        }
        return NULL;
}

int ports_interface(const Ports *ports, const char *node)
{
        const Port *port = find(ports, node);

        return port ? (int)port->layout.interface : -1;
}

const char *ports_syspath(const Ports *ports, const char *node)
{
        const Port *port = find(ports, node);

        return port ? port->syspath : NULL;
}

bool ports_is_usual_at(const Ports *ports, uint16_t product_id, const char *node)
{
        const Port *port = find(ports, node);

        return port && layout_is_usual_at_port(product_id, port->layout.interface);
}

bool ports_have_diag(const Ports *ports, uint16_t product_id)
{
        g_autofree LayoutPort *layout = layout_of(ports);

        return layout_has_diag_port(product_id, layout, ports->list->len);
}
