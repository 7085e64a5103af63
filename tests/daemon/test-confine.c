/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon's tests prove nothing about the unit unless its restrictions are in force there: a probe in the daemon's
 * place prints which actions succeed. No line of the unit may be ignored. */

#include <check.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#ifdef SANITIZED /* see confine-calls.c for the reason */
#define PTRACE "ESRCH"
#else
#define PTRACE "EPERM"
#endif

/* The group dialout has its rights, but no name there. */
static const char confined[] =
        "uid 10 10, gid 10 10, groups 65534\n"
        "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
        "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
        "umask 0077, state 0700, core 0 0\n"
        "write /: EROFS\nwrite /etc: EROFS\nwrite /usr: EROFS\nwrite /var: EROFS\nwrite /run: EROFS\n"
        "write /home: EROFS\nwrite /root: EROFS\nwrite /dev: EROFS\nwrite /tmp: done\nwrite /var/tmp: done\n"
        "write /proc/sys/kernel/core_pattern: EACCES\nwrite /proc/self/root/sys/fs/cgroup: EROFS\nwrite /dev/null: "
        "done\n"
        "write of the world: EROFS\nwrite state: done\nwrite runtime: done\nwrite lock: done\n"
        "write sys: EROFS\nwrite sys/bus: EROFS\nwrite power/control: done\nwrite authorized: EACCES\n"
        "write power/control of another device: EACCES\n"
        "/dev/kmsg: ENOENT\n/dev/mem: ENOENT\n/dev/vda: ENOENT\n/dev/sda: ENOENT\n/dev/tty0: ENOENT\n"
        "/dev/ttyS0: ENOENT\n/dev/fuse: ENOENT\n"
        "mount: EPERM\numount2: EPERM\nunshare CLONE_NEWNS: EPERM\nunshare CLONE_NEWUSER: EPERM\n"
        "unshare CLONE_NEWNET: EPERM\nptrace: " PTRACE "\nsetuid: EPERM\nsetgid: EPERM\nsetgroups: EPERM\n"
        "chown to root: EPERM\nchroot: EPERM\nmknod: EPERM\nsethostname: EPERM\nclock_settime: EPERM\n"
        "adjtimex: EPERM\nsyslog: EPERM\ninit_module: EPERM\nbpf: EPERM\nclone3: ENOSYS\nopenat2: ENOSYS\n"
        "setpriority: EPERM\nsched_setscheduler: EPERM\npersonality: EPERM\nmprotect execute: EPERM\n"
        "mmap write and execute: EPERM\ncreate a file: done\nchmod 0640: done\nchmod 04755: EPERM\n"
        "chmod 02755: EPERM\nunlink: done\n"
        "socket AF_UNIX: done\nsocket AF_NETLINK: done\nsocket AF_INET: EAFNOSUPPORT\nsocket AF_INET6: EAFNOSUPPORT\n"
        "socket AF_PACKET: EAFNOSUPPORT\nsocket AF_VSOCK: EAFNOSUPPORT\nsocket AF_ALG: EAFNOSUPPORT\n";

START_TEST(test_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .decoys = { "1-3=ftdi" },
                                   .no_daemon = true,
                                   .program = "tests/daemon/confine-probe" };
        World *w;
        g_autofree char *log = NULL;

        ck_assert_msg(geteuid() == 0, "this test becomes another user, which only root can");
        w = world_new(&settings);
        ck_assert_int_eq(world_run_daemon(w), 0);
        log = world_log(w);
        ck_assert_str_eq(log, confined);
        world_free(w);
}
END_TEST

/* The daemon itself, by the kernel's status of it. */
START_TEST(test_daemon)
{
        WorldSettings settings = WORLD_EC200A;
        static const char *const namespaces[] = { "mnt", "user", "uts" };
        World *w;
        g_autofree char *path = NULL, *status = NULL, *ids = NULL;

        ck_assert_msg(geteuid() == 0, "this test becomes another user, which only root can");
        w = world_new(&settings);
        path = g_strdup_printf("/proc/%d/status", (int)world_daemon_pid(w));
        ck_assert(g_file_get_contents(path, &status, NULL, NULL));
        ids = g_strdup_printf("\nUid:\t%d\t%d\t%d\t%d\n", WORLD_USER, WORLD_USER, WORLD_USER, WORLD_USER);
        ck_assert_msg(g_str_has_prefix(status, "Name:\tfotad\n"), "%s", status);
        ck_assert_msg(strstr(status, ids) != NULL, "%s", status);
        ck_assert_msg(strstr(status, "\nSeccomp_filters:\t2\n") != NULL, "%s", status);
        for (unsigned i = 0; i < G_N_ELEMENTS(namespaces); i++) {
                g_autofree char *its = g_strdup_printf("/proc/%d/ns/%s", (int)world_daemon_pid(w), namespaces[i]);
                g_autofree char *our = g_strdup_printf("/proc/self/ns/%s", namespaces[i]);
                g_autofree char *theirs = g_file_read_link(its, NULL), *ours = g_file_read_link(our, NULL);

                ck_assert_str_ne(theirs, ours);
        }
        world_free(w);
}
END_TEST

/* ---- units with unknown directives */

static const struct {
        const char *unit, *said;
} refused[] = {
        { "[Service]\nUMask=0077\nProtectEverything=yes\n", "ProtectEverything=yes: not known" },
        { "[Service]\nUMask=0077\nPrivateNetwork=yes\n", "PrivateNetwork=yes: not known" },
        { "[Service]\nUMask=rw\n", "UMask=rw: this value" },
        { "[Service]\nProtectSystem=full\n", "ProtectSystem=full: only" },
        { "[Service]\nNoNewPrivileges=no\n", "NoNewPrivileges=no: only" },
        { "[Service]\nCapabilityBoundingSet=CAP_SYS_ADMIN\n", "CapabilityBoundingSet=CAP_SYS_ADMIN: only" },
        { "[Service]\nRestrictAddressFamilies=AF_UNIX AF_NONE_SUCH\n", "AF_NONE_SUCH: this value" },
        { "[Service]\nSupplementaryGroups=none-such\n", "no group none-such" },
        { "[Service]\nNoNewPrivileges=yes\nSystemCallFilter=@none-such\n", "no @none-such" },
        { "[Service]\nNoNewPrivileges=yes\nSystemCallFilter=~@mount\n", "SystemCallFilter=~@mount: the first" },
        { "[Service]\nNoNewPrivileges=\\\nyes\n", "not understood" },
        { "[Unit]\nNoNewPrivileges=yes\n", "no [Service]" },
};

START_TEST(test_refused)
{
        const char *build = g_getenv("abs_top_builddir") ?: ".";
        g_autofree char *confine = g_build_filename(build, "tests/daemon/confine", NULL);
        g_autofree char *sets = g_build_filename(build, "tests/daemon/syscall-sets", NULL), *unit = NULL, *said = NULL;
        int fd = g_file_open_tmp("fotad-XXXXXX.service", &unit, NULL), status;
        char *argv[] = { confine, "--unit", unit, "--sets", sets, "--user", "10", "--", "/bin/true", NULL };

        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert(g_file_set_contents(unit, refused[_i].unit, -1, NULL));
        ck_assert(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, NULL, &said, &status, NULL));
        unlink(unit);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 125);
        ck_assert_msg(strstr(said, refused[_i].said) != NULL, "no '%s' in: %s", refused[_i].said, said);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("confine");

        suite_add(s, "held", test_held, 0, 1);
        suite_add(s, "daemon", test_daemon, 0, 1);
        suite_add(s, "refused", test_refused, 0, G_N_ELEMENTS(refused));
        return suite_run(s);
}
