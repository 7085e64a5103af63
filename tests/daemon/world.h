/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

/* The world around the daemon, all of it replaced: a directory of its own, a private bus, simulated modules, servers on
 * loopback. Every wait has a time-out, which fails the test. */
typedef struct World World;

typedef struct WorldSettings {
        const char *modules[20]; /* as modsim's --module: 1-1=ec200a,key=value */
        const char *decoys[4];   /* as modsim's --decoy: 1-3=ftdi */
        const char *config;      /* additional lines of fotad.conf, read after the world's own; NULL none */
        const char *preload;     /* a library of the build between the daemon and its devices; NULL none */
        const char *program;     /* a program of the build, in place of the daemon; NULL the daemon */
        unsigned replies_max;    /* calls of one connection that the bus lets wait for replies; 0: 10000 */
        bool by_hand;            /* root runs the daemon, without the unit's restrictions */
        bool no_daemon;          /* world_start_daemon() comes later */
} WorldSettings;

/* The daemon's user and group, in place of fotad: uucp, which exists on every Debian, and as which nothing else runs.
 * Tests that root does not run start the daemon as their own user. */
#define WORLD_USER 10

/* For most tests: one EC200A. */
#define WORLD_EC200A ((WorldSettings){ .modules = { "1-1=ec200a" }, .decoys = { "1-3=ftdi" } })
#define OLD_REVISION "EC200AEUHAR01A02M16"
#define NEW_REVISION "EC200AEUHAR01A03M16"

/* A hold in the preparations of a job: AT+QFOTADL comes later. */
#define PREPARING "answer:AT+QURCCFG=\"urcport\""

/* Returns when all modules have booted that can boot. */
World *world_new(const WorldSettings *settings);
void world_free(World *world);

/* A path below the world's own directory; the caller frees it. */
char *world_path(World *world, const char *name);
/* Waits until a file, given by its whole path, has that text in it. */
void world_await_file(World *world, const char *path, const char *text);
/* Waits until the disk has the note that the job's Result was sent. A daemon that is killed before it has written the
 * note is followed by one that sends the Result once more. */
void world_await_note_of_result(World *world, const char *job);

/* ---- the daemon */

/* For daemons that are started from now on; NULL: not set. */
void world_set_environment(World *world, const char *name, const char *value);
/* Returns when the daemon owns its name. */
void world_start_daemon(World *world);
/* The same for a daemon that runs, and whose bus was killed. */
void world_await_daemon(World *world);
/* Returns false if the daemon has ended instead. */
bool world_try_daemon(World *world);
/* Returns the exit status of a daemon that ends by itself, without waiting for its name. */
int world_run_daemon(World *world);
void world_kill_daemon(World *world);
/* Waits for the end of the daemon, however it ends; returns its exit status, or the signal, negative. All its signals
 * are recorded. */
int world_await_end(World *world);
/* Sends SIGTERM; returns the exit status. */
int world_stop_daemon(World *world);
pid_t world_daemon_pid(World *world);
/* The log so far, over all lives of the daemon. */
char *world_log(World *world);

/* ---- the modules: a command for modsim; its answer, which must be ok */
char *world_sim(World *world, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same for a command that waits; false if the daemon has ended instead. */
bool world_sim_or_end(World *world, const char *command);
/* For a process that was forked: its commands go over a connection of its own. */
void world_connect_anew(World *world);
void world_assert_sim(World *world, const char *expected, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Waits until the daemon has the AT port of module 1-1 open. */
void world_await_port(World *world);
/* Module 1-1 has a hold at that point, in a system that prints messages: waits until the module is held there and its
 * port is open, so that no message is lost, and releases it. */
void world_pass(World *world, const char *point);
/* The tty behind a port of a module, as other programs on the gateway would open it: a path outside the test bed. */
char *world_tty(World *world, const char *module, const char *port);

/* ---- packages and servers, started when they are first used */

/* Puts a package on all servers. break_ as modsim's --break, NULL for a good one. */
void world_package(World *world, const char *name, const char *from, const char *to, const char *break_);
/* Makes a package of that many bytes in the world's directory, on no server. */
void world_make_package(World *world, const char *name, const char *from, const char *to, unsigned size);
char *world_http(World *world, const char *name);
char *world_https(World *world, const char *name);
char *world_ftp(World *world, const char *login, const char *name); /* login as user:password@ or "" */

/* ---- the bus */

sd_bus *world_bus(World *world);

/* SIGKILL for the dbus-daemon: every connection is lost, the world's own too. Until world_start_bus() has started the
 * next one, the world makes no calls. */
void world_kill_bus(World *world);
void world_start_bus(World *world);

/* StartUpgrade with options as "key", "type", value triples, NULL at the end. Returns the job's path; NULL if the call
 * was refused: world_error() is then the error's name, without org.fotad1.Error. in front. */
char *world_start(World *world, const char *module, const char *source, ...) G_GNUC_NULL_TERMINATED;
/* The same by StartUpgradeFile, with the file at that path under that name. */
char *world_start_file(World *world, const char *module, const char *path, const char *name,
                       ...) G_GNUC_NULL_TERMINATED;
char *world_start_fd(World *world, const char *module, int fd, const char *name, ...) G_GNUC_NULL_TERMINATED;
/* Calls a method without arguments. Returns true, or false and world_error(). */
bool world_call(World *world, const char *path, const char *interface, const char *method);
const char *world_error(World *world);
const char *world_error_message(World *world);

/* A property as text; numbers in decimal, booleans as 0 and 1. */
char *world_property(World *world, const char *path, const char *name);
void world_assert_property(World *world, const char *path, const char *name, const char *expected);
/* Waits until the property has that value. */
void world_await_property(World *world, const char *path, const char *name, const char *expected);
/* Waits until the module has reported its revision. */
void world_await_module(World *world, const char *path);

/* Waits for the job's end, checks the conditions for every job that ends (one Result that agrees with the properties,
 * percentages that never decreased, 100 with success alone), and compares: domain and name "" for success. */
void world_assert_result(World *world, const char *job, const char *result, const char *domain, const char *name);

/* The same, for a daemon that was killed at a moment when it may have sent the Result: the number of Results is not
 * checked. */
void world_assert_outcome(World *world, const char *job, const char *result, const char *domain, const char *name);

/* The number of signals of that name that the daemon has sent since the world began. */
unsigned world_count_signals(World *world, const char *path, const char *member);
/* Waits for a signal with that word among its arguments: of PropertiesChanged the properties' names, of InterfacesAdded
 * and InterfacesRemoved the object; NULL: any. Returns false if the daemon has ended without such a signal. */
bool world_await_signal(World *world, const char *path, const char *member, const char *word);
/* The percentage of the last Progress signal. */
unsigned world_last_percent(World *world, const char *job);

#define MODULE_1    "/org/fotad1/module/usb_2d1_2d1"
#define MODULE_2    "/org/fotad1/module/usb_2d1_2d2"
#define MODULE_UART "/org/fotad1/module/tty_2dttyS1"
#define JOB_1       "/org/fotad1/job/_31"
