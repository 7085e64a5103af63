/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The internals of the test bed, shared by attach-umockdev.c (devices and their events), bed-sysfs.c (controllers and
 * hubs), bed-tty.c (the bed itself and its ttys), bed-take.c (how ttys take the host's bytes), bed-host.c (the host's
 * writes and ioctls) and bed-rules.c (udev's handling of claims).
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
        unsigned devnums[10];  /* last of each bus */
        int epoll;             /* pty masters, edge triggered */
        guint epoll_source;
        int inotify;
        guint inotify_source;
        GHashTable *watches; /* descriptor -> struct bed_watch */
        GPtrArray *ttys;
        struct BedHost *host;
        bool host_is_root;             /* the programs that see the devices run as root */
        gid_t ttys_group;              /* 0: root's */
        uid_t power_user;              /* 0: root */
        GMutex lock;                   /* of `ttys`, and of the locked fields of bed-take.c */
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
        unsigned own_opens; /* opened by this process, event still to come */
        bool told_open;     /* to the observer */
        bool closing;       /* a process has closed it while it was still open elsewhere */
        bool has_node;
        bool keep_unheard;
        GByteArray *out; /* not taken by the pty yet */
        /* bed-take.c's: */
        GQueue writes;    /* of the host, not taken yet; locked */
        bool told_empty;  /* the host was told that nothing waits, and has written nothing since; locked */
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
/* Hangs the tty up for a process that has it open. Must be called once. */
void bed_tty_hang_up(struct bed_tty *tty);
void bed_tty_free(struct bed_tty *tty);
void bed_tty_write(struct bed_tty *tty, const void *bytes, size_t n);
size_t bed_tty_unread(struct bed_tty *tty);
bool bed_tty_is_open(struct bed_tty *tty);
/* Zeroes if no program has it open. */
struct usb_line bed_tty_line(struct bed_tty *tty);

bool bed_number_used(Bed *bed, const char *family, unsigned number);
void bed_number_take(Bed *bed, const char *family, unsigned number);
void bed_number_give_back(Bed *bed, const char *family, unsigned number);

/* Reports writes to this file to power_control(). */
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
/* Before the device is removed. */
void bed_rule_free(struct bed_rule *rule);
/* Its uevent was written. */
void bed_apply_rule(struct bed_rule *rule);

/* --- bed-take.c --- */

/* Passes the host's bytes on, as far as the module listens. */
void bed_tty_pull(struct bed_tty *tty);
/* The number of further bytes that are taken, and the rate, until the next call. */
void bed_tty_listen(struct bed_tty *tty, size_t most, unsigned rate);
/* Takes all bytes that are there, and closes the master. */
void bed_tty_take_end(struct bed_tty *tty);
/* Called by name in any thread: a host is about to write so many bytes; the number of bytes that it wrote and that were
 * not taken, -1 if there is no such tty. */
void bed_note_write(Bed *bed, const char *name, size_t size);
int bed_waiting(Bed *bed, const char *name);

/* --- bed-host.c --- */

/* Answers the programs that see the devices, once `root` is set. */
struct BedHost *bed_host_new(Bed *bed);
void bed_host_free(struct BedHost *host);

/* --- bed-udev.c --- */

/* Before its node exists. */
void bed_udev_tty(struct bed_tty *tty);
/* A file of sysfs that fotad's rules open to its group. */
void bed_udev_give(Bed *bed, const char *file);
/* As bed_add_device(); control: the path of its power/control. */
void bed_add_usb(Bed *bed, const char *text, unsigned vendor, unsigned product, bool claimed, const char *control);

/* --- bed-sysfs.c --- */

/* In a preloaded process this sends the "add" event by itself. */
void bed_add_device(Bed *bed, const char *text);
/* Must be called for each device, leaves first: libumockdev leaves the links of children behind, and a second add
 * aborts. */
void bed_remove_device(Bed *bed, const char *syspath);
/* A symbolic link of sysfs is relative to its device. */
char *bed_up_to_sys(const char *syspath);
/* The controller, the root hub and the hubs on the way to `path`, each once. Returns the syspath of `path`. */
char *bed_add_ancestors(Bed *bed, const char *path);
