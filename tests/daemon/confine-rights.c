/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The user that the program runs as, without any of root's rights, in the service manager's order. Independent of files
 * and system calls. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

static void must(int r, const char *what)
{
        if (r < 0)
                confine_die("%s: %s", what, strerror(errno));
}

static void write_map(pid_t pid, const char *name, uid_t id)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
        g_autofree char *map = g_strdup_printf("0 0 1\n%u %u 1\n", id, id);
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
                _exit(1);
        close(fd);
}

/* Only root and the program's own user exist there; all others are nobody. Written by a process that stayed outside. */
static void enter_user_namespace(uid_t user)
{
        int ready[2], status;
        pid_t self = getpid(), child;
        bool entered;
        char byte;

        must(pipe(ready), "pipe");
        must(child = fork(), "fork");
        if (child == 0) {
                close(ready[1]);
                if (read(ready[0], &byte, 1) != 1)
                        _exit(1);
                write_map(self, "uid_map", user);
                write_map(self, "gid_map", user);
                _exit(0);
        }
        close(ready[0]);
        entered = unshare(CLONE_NEWUSER) == 0;
        if (entered)
                must((int)write(ready[1], "", 1), "pipe");
        else
                confine_lacks("PrivateUsers=");
        close(ready[1]);
        must(waitpid(child, &status, 0), "waitpid");
        if (entered && status != 0)
                confine_die("the user namespace has no map");
}

static void drop_bounding_set(void)
{
        must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities");
        for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
                must(prctl(PR_CAPBSET_DROP, capability), "bounding set");
}

void confine_rights(const Plan *plan, bool privileged)
{
        if (plan->umask >= 0)
                umask((mode_t)plan->umask);
        if (plan->has_core)
                must(setrlimit(RLIMIT_CORE, &(struct rlimit){ plan->core, plan->core }), "LimitCORE=");
        if (plan->descriptors)
                must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ plan->descriptors, plan->descriptors }),
                     "LimitNOFILE=");
        if (plan->wanted & WANTED_KEYRING && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
                confine_lacks("KeyringMode=");
        if (privileged) {
                /* Before the namespace, in which the groups have no names but keep their rights. */
                must(setgroups(plan->groups->len, (const gid_t *)(void *)plan->groups->data), "groups");
                must(setresgid(plan->user, plan->user, plan->user), "group");
                if (plan->wanted & WANTED_PRIVATE_USERS)
                        enter_user_namespace(plan->user);
                /* While still root: the change of user drops the right to do this, with all others. */
                if (plan->wanted & WANTED_NO_CAPABILITIES)
                        drop_bounding_set();
                must(setresuid(plan->user, plan->user, plan->user), "user");
        }
        if (plan->wanted & WANTED_NO_NEW_PRIVILEGES)
                must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "NoNewPrivileges=");
}
