/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A gateway with users and Debian's polkitd, invisible to the machine that runs the tests. */

typedef struct User {
        const char *name; /* polkitd's rules name the action so */
        uid_t uid;
        gid_t group;
} User;

/* Ordinary users; the kernel's name for unknown users; a member of the group fotad; the user fotad, who runs the
 * daemon. */
extern const User alice, bob, carol, nobody, member, fotad;

/* More users, by their uids. */
#define GUEST_UID 5000
#define GUESTS    10

/* Before the world is made: from here on this process and its children see these users, the policy as built, the
 * shipped rules, these rules (JavaScript, as polkitd's), and no others; and another program's policy, by the name of
 * its file on the machine that runs the tests. */
void polkit_prepare(const char *rules);
void polkit_prepare_beside(const char *rules, const char *neighbour);

/* polkitd itself, on the world's bus. Returns when it owns its name. */
pid_t polkit_start(World *world);

/* ---- a user's actions, each in a process and on a connection of its own */

typedef int (*UserFunc)(sd_bus *bus, const void *data, sd_bus_error *error);

/* The outcome: "done", or the error's name, without org.fotad1.Error. or org.freedesktop.DBus.Error. in front. Its
 * message is in user_message(). interactive: the calls allow interactive authorization. */
const char *user_do(const User *user, bool interactive, UserFunc func, const void *data);
const char *user_message(void);

/* Asserts that outcome, and that the message has those words. */
void user_assert(const char *answer, const char *expected, const char *words);
void user_assert_do(const User *user, bool interactive, UserFunc func, const void *data, const char *expected,
                    const char *words);

/* The same in two halves. user_await() may be omitted if the process is killed. */
typedef struct UserCall {
        pid_t pid;
        int fd;
} UserCall;
UserCall user_begin(const User *user, bool interactive, UserFunc func, const void *data);
const char *user_await(UserCall call);
void user_kill(UserCall call);
