/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a host sees devices: either a mocked USB, and serial ports (attach-umockdev.c: sysfs, uevents and tty nodes on
 * ptys, for every program that runs with the environment that bed_prepare() tells), or the USB of
 * another machine's kernel (attach-usbip.c: with its own drivers and its own udev). A program has one of them.
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

/* First of all; may start the program anew. Returns what programs that are to see the devices need in their
 * environment, "NAME=value\n" each. */
void bed_prepare(char **argv);
char *bed_environment(void);

Bed *bed_new(void);
/* The directory of a host's claims on places, which need not be there. */
void bed_follow_claims(Bed *bed, const char *directory);
/* The programs that see the devices are not root's: ttys are for a group, power/control and uevent of modules for a
 * user. Before there is any device. */
void bed_serve_owners(Bed *bed, gid_t ttys, uid_t power);
/* All devices must be gone. */
void bed_free(Bed *bed);

/* A device could appear at this port path ("1-1.2"): the path is well formed and free, its hubs are no other devices.
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
/* Bytes that the host has not read. While nobody has the tty open: those that are kept for whoever opens it. */
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
/* The content of power/control, "" off the bus. */
char *device_power_control(Device *device);
