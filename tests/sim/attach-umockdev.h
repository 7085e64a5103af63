/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mocked USB, and serial ports: devices with sysfs, uevents and tty nodes on ptys, seen by every program that runs
 * with LD_PRELOAD=libumockdev-preload.so.0 and this test bed's UMOCKDEV_DIR. This process must be preloaded too.
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
        bool keep_unheard; /* keep what is written while nobody has the tty open */
};

/* None of these may free the device or make it leave the bus. */
struct device_observer {
        void (*rx)(void *user, unsigned interface, const struct usb_piece *piece);
        /* A tty is there. */
        void (*arrived)(void *user, unsigned interface, enum usb_role role);
        void (*opened)(void *user, unsigned interface, bool open);
        /* The host made a tty exclusive. */
        void (*exclusive)(void *user, unsigned interface);
        /* The host wrote this into power/control. */
        void (*power_control)(void *user, const char *value);
        void (*log)(void *user, const char *line);
};

Bed *bed_new(void);
/* All devices must be gone. */
void bed_free(Bed *bed);

/* Whether a device could appear at this port path ("1-1.2"): well formed, free, no device in place of its hubs.
 * `mine`: a path that will have been left by then, or NULL. */
bool bed_path_is_free(Bed *bed, const char *path, const char *mine, GError **error);

Device *device_new(Bed *bed, const struct device_observer *observer, void *user);
/* Leaves the bus first. */
void device_free(Device *device);

/* Appear at a port path that is free. */
void device_enumerate(Device *device, const char *path, const struct usb_face *face,
                      const struct device_options *options);
/* "ttyS1" */
bool bed_serial_name_ok(const char *name);
/* Be at a serial port of the host's own, for ever: a tty of that name, and what is sent to `interface` goes there. */
void device_plug_serial(Device *device, const char *name, unsigned interface, const struct device_options *options);
/* Vanish; nothing if it is not there. */
void device_leave(Device *device);

void device_tx(Device *device, unsigned interface, const void *bytes, size_t n);
/* Bytes in the tty's input queue that the host has not read; 0 if nobody has it open. */
size_t device_unread(Device *device, unsigned interface);
bool device_is_open(Device *device, unsigned interface);
/* How many bytes more are taken from the host there (SIZE_MAX: all), and how many a second (0: any), until told
 * otherwise. What is not taken waits, and so does the host. */
void device_listen(Device *device, unsigned interface, size_t most, unsigned rate);
/* How the host has set that tty, zeroes if it does not have it open. */
struct usb_line device_line(Device *device, unsigned interface);

/* "/dev/ttyUSB1", "" if there is none. */
const char *device_node(Device *device, enum usb_role role);
unsigned device_number(Device *device);
/* What power/control says, "" off the bus. */
char *device_power_control(Device *device);
