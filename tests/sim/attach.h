/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's view of devices: either a mocked USB, and serial ports (attach-umockdev.c: sysfs, uevents and tty nodes on
 * ptys, for every program that runs with the environment that bed_prepare() returns), or the USB of another machine's
 * kernel (attach-usbip.c: with its own drivers and its own udev). A program has one of them.
 */
#pragma once

#include "usb.h"

#include <glib.h>

typedef struct Bed Bed;
typedef struct Device Device;

struct device_options {
        bool same_numbers; /* ttys keep their numbers when those are free */
        bool reverse;      /* the last tty arrives first */
        unsigned gap_ms;   /* between two ttys */
        bool hangup_after; /* ttys hang up after the remove events, not before */
        bool cooked;       /* leave ECHO and ICANON on */
        bool keep_unheard; /* keep bytes that are written while no program has the tty open */
};

/* None of these may free the device or disconnect it. */
struct device_observer {
        void (*rx)(void *user, unsigned interface, const struct usb_piece *piece);
        /* A tty exists. */
        void (*arrived)(void *user, unsigned interface, enum usb_role role);
        void (*opened)(void *user, unsigned interface, bool open);
        /* The host has made a tty exclusive. */
        void (*exclusive)(void *user, unsigned interface);
        /* The host has written this into power/control. */
        void (*power_control)(void *user, const char *value);
        void (*log)(void *user, const char *line);
};

/* Must be called first; may start the program anew. Returns the environment that programs need in order to see the
 * devices, "NAME=value\n" each. */
void bed_prepare(char **argv);
char *bed_environment(void);

Bed *bed_new(void);
/* The directory of a host's claims on places, which need not exist. */
void bed_follow_claims(Bed *bed, const char *directory);
/* The programs that see the devices do not run as root: ttys belong to a group, power/control and uevent of modules to
 * a user. Must be called before there is any device. */
void bed_serve_owners(Bed *bed, gid_t ttys, uid_t power);
/* All devices must have been freed. */
void bed_free(Bed *bed);

/* Returns true if a device could appear at this port path ("1-1.2"): the path is well formed and free, and its hubs are
 * no other devices. `mine`: a path that will be free by then, or NULL. */
bool bed_path_is_free(Bed *bed, const char *path, const char *mine, GError **error);

Device *device_new(Bed *bed, const struct device_observer *observer, void *user);
/* Disconnects it first. */
void device_free(Device *device);

/* Connects at a port path that is free. */
void device_enumerate(Device *device, const char *path, const struct usb_face *face,
                      const struct device_options *options);
/* "ttyS1" */
bool bed_serial_name_ok(const char *name);
/* Connects to a serial port of the host for ever: a tty of that name, whose bytes go to `interface`. */
void device_plug_serial(Device *device, const char *name, unsigned interface, const struct device_options *options);
/* Disconnects; does nothing if it is not connected. */
void device_leave(Device *device);

void device_tx(Device *device, unsigned interface, const void *bytes, size_t n);
/* Bytes that the host has not read. While no program has the tty open: those that are kept for the next one. */
size_t device_unread(Device *device, unsigned interface);
bool device_is_open(Device *device, unsigned interface);
/* The number of further bytes that are taken from the host there (SIZE_MAX: all), and of bytes per second (0: any),
 * until the next call. Other bytes wait, and so does the host. */
void device_listen(Device *device, unsigned interface, size_t most, unsigned rate);
/* The host's settings of that tty; zeroes if it does not have it open. */
struct usb_line device_line(Device *device, unsigned interface);

/* "/dev/ttyUSB1", or "". */
const char *device_node(Device *device, enum usb_role role);
unsigned device_number(Device *device);
/* The content of power/control, "" off the bus. */
char *device_power_control(Device *device);
