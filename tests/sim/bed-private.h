/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the test bed, shared by attach-umockdev.c (devices and their events), bed-sysfs.c (what they stand
 * on), bed-tty.c (the bed itself and its ttys), bed-take.c (how they take what hosts write) and bed-ioctl.c (what else
 * hosts do to them), bed-rules.c (what udev makes of claims).
 */
#pragma once

#include "attach.h"

#include <umockdev.h>

struct Bed {
        UMockdevTestbed *testbed;
        char *root;            /* directory that holds the mocked /sys and /dev */
        char *claims;          /* directory of fotad's claims, NULL none */
        GHashTable *ancestors; /* syspaths of controllers and hubs */
        GHashTable *taken;     /* port paths with a device */
        GHashTable *numbers;   /* "ttyUSB1" in use */
        GHashTable *handled;   /* "/dev/ttyUSB1" whose ioctls are passed on */
        unsigned devnums[10];  /* last of each bus */
        int epoll;             /* pty masters, edge triggered */
        guint epoll_source;
        int inotify;
        guint inotify_source;
        GHashTable *watches; /* descriptor -> struct bed_watch */
        GPtrArray *ttys;
        bool host_is_root;             /* the programs that see the devices run as root */
        gid_t ttys_group;              /* 0: root's */
        uid_t power_user;              /* 0: root */
        GMutex lock;                   /* of `ttys`, and of what bed-take.c's part says */
};

/* A tty of an enumeration. */
struct bed_tty {
        Bed *bed;
        char *name;  /* ttyUSB1 */
        char *node;  /* /dev/ttyUSB1 */
        char *link;  /* the real path of that link */
        char *slave; /* /dev/pts/5 */
        char *syspath;
        char *parent; /* of the usb-serial device, or NULL */
        struct bed_rule *rule;
        unsigned major, number, interface;
        enum usb_role role;
        int master; /* locked where it changes */
        int watch;
        unsigned own_opens; /* opened by ourselves, event still to come */
        bool told_open;     /* to the observer */
        bool closing;       /* somebody has closed it, and it was still open */
        bool has_node;
        bool keep_unheard;
        GByteArray *out; /* not taken by the pty yet */
        /* bed-take.c's: */
        GQueue writes;    /* of the host, not taken yet; locked */
        size_t allowance; /* may be taken, SIZE_MAX: all */
        unsigned rate;    /* bytes/s, 0: any */
        double credit;    /* bytes that may be taken now */
        gint64 credit_at; /* µs, monotonic */
        bool pulling;
        guint pull_source;
        const struct device_observer *observer;
        void *user;
};

struct bed_tty *bed_tty_new(Bed *bed, const char *family, unsigned major, unsigned number, unsigned interface,
                            enum usb_role role, bool cooked, bool keep_unheard, const struct device_observer *observer,
                            void *user);
void bed_tty_make_node(struct bed_tty *tty);
void bed_tty_remove_node(struct bed_tty *tty);
/* A process that has the tty open sees a hang-up. To be called once. */
void bed_tty_hang_up(struct bed_tty *tty);
void bed_tty_free(struct bed_tty *tty);
void bed_tty_write(struct bed_tty *tty, const void *bytes, size_t n);
size_t bed_tty_unread(struct bed_tty *tty);
bool bed_tty_is_open(struct bed_tty *tty);
/* Zeroes if nobody has it open. */
struct usb_line bed_tty_line(struct bed_tty *tty);

bool bed_number_used(Bed *bed, const char *family, unsigned number);
void bed_number_take(Bed *bed, const char *family, unsigned number);
void bed_number_give_back(Bed *bed, const char *family, unsigned number);

/* Tell power_control() when this file was written. */
int bed_watch(Bed *bed, const char *file, unsigned mask, const struct device_observer *observer, void *user);
void bed_unwatch(Bed *bed, int watch);

/* The same for a rule. */
int bed_watch_rule(Bed *bed, const char *file, unsigned mask, struct bed_rule *rule);

/* --- bed-rules.c --- */

/* The rule of a device or, `port`, of a tty of the device at that place. Begins the device's description; once the
 * device was added, bed_rule_begin() follows. */
struct bed_rule *bed_rule_new(Bed *bed, const char *syspath, const char *place, bool port, GString *text);
void bed_rule_begin(struct bed_rule *rule);
bool bed_rule_is_claimed(const struct bed_rule *rule);
/* Before it goes. */
void bed_rule_free(struct bed_rule *rule);
/* Its uevent was written. */
void bed_apply_rule(struct bed_rule *rule);

/* --- bed-take.c --- */

/* Hand on what a host wrote, as far as the module listens. */
void bed_tty_pull(struct bed_tty *tty);
/* How many bytes more it takes, and how fast, until told otherwise. */
void bed_tty_listen(struct bed_tty *tty, size_t most, unsigned rate);
/* Take all that is there, and close the master. */
void bed_tty_take_end(struct bed_tty *tty);
/* These two in any thread, by name: a host is about to write so many bytes; how many it wrote that were not taken, -1
 * if there is no such tty. */
void bed_note_write(Bed *bed, const char *name, size_t size);
int bed_waiting(Bed *bed, const char *name);

/* --- bed-ioctl.c --- */

void bed_tty_attach_ioctl(struct bed_tty *tty);

/* --- bed-udev.c --- */

/* Before its node is there, and when its ioctls are passed on. */
void bed_udev_tty(struct bed_tty *tty);
void bed_udev_ioctls(struct bed_tty *tty);
/* A file of sysfs that fotad's rules open to its group. */
void bed_udev_give(Bed *bed, const char *file);
/* As bed_add_device(); control: the path of its power/control. */
void bed_add_usb(Bed *bed, const char *text, unsigned vendor, unsigned product, bool claimed, const char *control);

/* --- bed-sysfs.c --- */

/* In a preloaded process this sends the "add" event by itself. */
void bed_add_device(Bed *bed, const char *text);
/* To be called for each device, leaves first: libumockdev leaves the links of children behind, and a second add aborts.
 */
void bed_remove_device(Bed *bed, const char *syspath);
/* A symbolic link of sysfs is relative to the device it stands in. */
char *bed_up_to_sys(const char *syspath);
/* The controller, the root hub and the hubs on the way to `path`, each once. Returns the syspath of `path`. */
char *bed_add_ancestors(Bed *bed, const char *path);
