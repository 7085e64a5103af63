/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chooses the interface of a module's USB device that is its AT port. The product id names a layout, not a model: many
 * models have the same id. Knows no device; only asking a port shows whether it answers AT. */

#include <string.h>
#include <strings.h>

#include "core/quectel/layout.h"

#define NONE     (-1)
#define USUAL_AT 3 /* where ASR firmware has its AT port, whatever the product id */

typedef struct Layout {
        uint16_t product_id;
        int at, modem, diag; /* bInterfaceNumber */
} Layout;

/* From the option driver and lsusb listings of modules in the field. */
static const Layout layouts[] = {
        { 0x6001, 3, 4, 2 },       /* EC600N, EG912Y */
        { 0x6002, 3, 4, 2 },       /* EC200M, EC600M, EG810M, EG800AK and many others */
        { 0x6005, 3, 4, 2 },       /* EC200A */
        { 0x6026, 3, 4, 2 },       /* EC200T */
        { 0x6007, 2, 3, 0 },       /* EIGEN: EG800Q, EG915Q */
        { 0x0901, 2, NONE, NONE }, /* UNISOC: EC200U */
        { 0x0903, 2, 3, NONE },    /* EIGEN: EC800E */
        { 0x0125, 2, 3, 0 },       /* Qualcomm: EC25 and its kin, which share their vendor with ours */
        { 0x0121, 2, 3, 0 },       { 0x0191, 2, 3, 0 }, { 0x0195, 2, 3, 0 }, { 0x0296, 2, 3, 0 }, { 0x0306, 2, 3, 0 },
};

static const Layout *find_layout(uint16_t product_id)
{
        for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
                if (layouts[i].product_id == product_id)
                        return &layouts[i];
        return NULL;
}

static bool name_has(const LayoutPort *port, const char *word)
{
        return port->interface_name && strcasestr(port->interface_name, word);
}

static bool is_labelled_at(const LayoutPort *port)
{
        return name_has(port, "AT Interface");
}

/* DIAG ports have two endpoints, AT and modem ports a third for notifications. */
static bool is_diag(const Layout *layout, const LayoutPort *port)
{
        return name_has(port, "diag") ||
               (layout && (int)port->interface == layout->diag && port->endpoints != 3 && !is_labelled_at(port));
}

static bool is_other(const Layout *layout, const LayoutPort *port)
{
        return is_diag(layout, port) || name_has(port, "nmea") || name_has(port, "gps");
}

/* The likeness of a port of an unknown layout to an AT port; 0 none. Older firmware calls the modem port AT, too: of
 * equals the lowest number wins. */
static unsigned likeness(const Layout *layout, const LayoutPort *port, bool alone)
{
        if (is_other(layout, port))
                return 0;
        if (is_labelled_at(port))
                return 4;
        if (layout && (int)port->interface == layout->modem && port->endpoints != 2)
                return 3;
        if (port->endpoints == 3)
                return 2;
        return alone ? 1 : 0;
}

static int find_interface(const LayoutPort *ports, size_t n_ports, int interface)
{
        for (size_t i = 0; i < n_ports; i++)
                if ((int)ports[i].interface == interface)
                        return (int)i;
        return -1;
}

/* The port with the lowest interface number that is labelled as an AT port, -1 if there is none. */
static int find_labelled(const LayoutPort *ports, size_t n_ports)
{
        int best = -1;

        for (size_t i = 0; i < n_ports; i++)
                if (is_labelled_at(&ports[i]) && (best < 0 || ports[i].interface < ports[best].interface))
                        best = (int)i;
        return best;
}

static int find_likely(const Layout *layout, uint32_t interfaces, const LayoutPort *ports, size_t n_ports)
{
        int best = -1;
        unsigned best_likeness = 0;

        for (size_t i = 0; i < n_ports; i++) {
                /* The only interface of a device is its AT port; the first of several to appear may be DIAG. */
                bool alone = n_ports == 1 && (interfaces & (interfaces - 1)) == 0;
                unsigned l = likeness(layout, &ports[i], alone);

                if (l > best_likeness || (l && l == best_likeness && ports[i].interface < ports[best].interface)) {
                        best = (int)i;
                        best_likeness = l;
                }
        }
        return best;
}

int layout_find_at_port(uint16_t product_id, int override, uint32_t interfaces, const LayoutPort *ports, size_t n_ports)
{
        const Layout *layout = find_layout(product_id);
        int number = layout ? layout->at : USUAL_AT;
        int usual = find_interface(ports, n_ports, number), labelled = find_labelled(ports, n_ports);

        if (override >= 0)
                return find_interface(ports, n_ports, override);
        if (usual >= 0 && (is_labelled_at(&ports[usual]) || (labelled < 0 && !is_diag(layout, &ports[usual]))))
                return usual;
        /* The tty of that interface is still to come, and may be labelled as an AT port as well. */
        if (usual < 0 && (interfaces & (1u << number)))
                return -1;
        return labelled >= 0 ? labelled : find_likely(layout, interfaces, ports, n_ports);
}

int layout_find_other_port(uint16_t product_id, uint32_t tried, const LayoutPort *ports, size_t n_ports)
{
        const Layout *layout = find_layout(product_id);
        int best = -1;

        for (size_t i = 0; i < n_ports; i++)
                if (ports[i].endpoints == 3 && !is_other(layout, &ports[i]) && ports[i].interface < 32 &&
                    !(tried & (1u << ports[i].interface)) && (best < 0 || ports[i].interface < ports[best].interface))
                        best = (int)i;
        return best;
}

bool layout_is_usual_at_port(uint16_t product_id, unsigned interface)
{
        const Layout *layout = find_layout(product_id);

        return (int)interface == (layout ? layout->at : USUAL_AT);
}

bool layout_has_diag_port(uint16_t product_id, const LayoutPort *ports, size_t n_ports)
{
        const Layout *layout = find_layout(product_id);

        for (size_t i = 0; i < n_ports; i++)
                if (is_diag(layout, &ports[i]))
                        return true;
        return false;
}

bool layout_is_boot_rom(uint16_t vendor_id, uint16_t product_id)
{
        static const struct {
                uint16_t vendor_id, product_id;
        } loaders[] = {
                { LAYOUT_CHIP_VENDOR_ID, 0x3001 },
                { LAYOUT_CHIP_VENDOR_ID, 0x3004 },
                { LAYOUT_CHIP_VENDOR_ID, 0x4e11 },
                { 0x1286, 0x821a }, /* Marvell, who made the chips before */
        };

        for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
                if (loaders[i].vendor_id == vendor_id && loaders[i].product_id == product_id)
                        return true;
        return false;
}
