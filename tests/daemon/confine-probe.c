/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Started in place of the daemon: tries actions that the unit denies to the daemon, and some that it allows, and prints
 * the outcome of each, one per line. Only test-confine has the right outcomes. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, long r)
{
        printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "done");
}

static void say_ids(void)
{
        gid_t groups[16];
        int n = getgroups(16, groups);

        printf("uid %u %u, gid %u %u, groups", getuid(), geteuid(), getgid(), getegid());
        for (int i = 0; i < n; i++)
                printf(" %u", groups[i]);
        printf("\n");
}

/* Prints lines of /proc/self/status. */
static void say_status(void)
{
        static const char *const names[] = {
                "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"
        };
        FILE *f = fopen("/proc/self/status", "r");
        char line[256];

        while (f && fgets(line, sizeof(line), f))
                for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                        if (strncmp(line, names[i], strlen(names[i])) == 0 && line[strlen(names[i])] == ':')
                                fputs(line, stdout);
        if (f)
                fclose(f);
}

static void say_limits(void)
{
        struct rlimit core;
        mode_t mask = umask(0);
        const char *state = getenv("STATE_DIRECTORY");
        struct stat st = { 0 };

        umask(mask);
        if (state)
                stat(state, &st);
        getrlimit(RLIMIT_CORE, &core);
        printf("umask %04o, state %04o, core %lu %lu\n", mask, st.st_mode & 07777, (unsigned long)core.rlim_cur,
               (unsigned long)core.rlim_max);
}

/* A file of that name in a directory, removed again; or an existing file. */
static void say_write(const char *label, const char *path)
{
        struct stat st;
        char file[4096];
        bool directory = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        int fd;

        snprintf(file, sizeof(file), "%s%s", path ? path : "", directory ? "/probe" : "");
        fd = open(file, O_WRONLY | O_CLOEXEC | (directory ? O_CREAT : 0), 0600);
        printf("write %s: %s\n", label, fd < 0 ? strerrorname_np(errno) : "done");
        if (fd >= 0)
                close(fd);
        if (fd >= 0 && directory)
                unlink(file);
}

/* /sys itself is mocked, but not through /proc. */
static void say_files(const char *world, const char *testbed)
{
        static const char *const paths[] = { "/",
                                             "/etc",
                                             "/usr",
                                             "/var",
                                             "/run",
                                             "/home",
                                             "/root",
                                             "/dev",
                                             "/tmp",
                                             "/var/tmp",
                                             "/proc/sys/kernel/core_pattern",
                                             "/proc/self/root/sys/fs/cgroup",
                                             "/dev/null" };
        char path[4096];

        for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
                say_write(paths[i], paths[i]);
        say_write("of the world", world);
        say_write("state", getenv("STATE_DIRECTORY"));
        say_write("runtime", getenv("RUNTIME_DIRECTORY"));
        snprintf(path, sizeof(path), "%s/lock", world);
        say_write("lock", path);
        snprintf(path, sizeof(path), "%s/sys", testbed);
        say_write("sys", path);
        snprintf(path, sizeof(path), "%s/sys/bus", testbed);
        say_write("sys/bus", path);
        /* The rules leave one attribute of a module writable. */
        snprintf(path, sizeof(path), "%s/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/power/control", testbed);
        say_write("power/control", path);
        snprintf(path, sizeof(path), "%s/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/authorized", testbed);
        say_write("authorized", path);
        snprintf(path, sizeof(path), "%s/sys/devices/pci0000:00/0000:00:14.0/usb1/1-3/power/control", testbed);
        say_write("power/control of another device", path);
}

/* Devices of the machine. */
static void say_hidden(void)
{
        static const char *const paths[] = { "/dev/kmsg", "/dev/mem",   "/dev/vda", "/dev/sda",
                                             "/dev/tty0", "/dev/ttyS0", "/dev/fuse" };

        for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
                printf("%s: %s\n", paths[i], access(paths[i], F_OK) < 0 ? strerrorname_np(errno) : "there");
}

/* The arguments are invalid, so that a call that is allowed changes nothing either. */
static void say_calls(void)
{
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct sched_param param = { .sched_priority = 1 };
        struct timex adjust = { 0 };
        char state[4096];

        snprintf(state, sizeof(state), "%s/mode", getenv("STATE_DIRECTORY") ? getenv("STATE_DIRECTORY") : ".");
        say("mount", mount("none", "/", "none-such", 0, NULL));
        say("umount2", umount2("/none-such", 0));
        say("unshare CLONE_NEWNS", unshare(CLONE_NEWNS));
        say("unshare CLONE_NEWUSER", unshare(CLONE_NEWUSER));
        say("unshare CLONE_NEWNET", unshare(CLONE_NEWNET));
        say("ptrace", ptrace(PTRACE_DETACH, -1, NULL, NULL));
        say("setuid", setuid(0));
        say("setgid", setgid(0));
        say("setgroups", setgroups(0, NULL));
        say("chown to root", chown("/tmp", 0, 0));
        say("chroot", chroot("/"));
        say("mknod", mknod("/tmp/node", S_IFCHR | 0600, makedev(1, 3)));
        unlink("/tmp/node");
        say("sethostname", syscall(SYS_sethostname, "", -1));
        say("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ .tv_nsec = -1 }));
        say("adjtimex", adjtimex(&adjust));
        say("syslog", syscall(SYS_syslog, 3, NULL, 0));
        say("init_module", syscall(SYS_init_module, NULL, 0, ""));
        say("bpf", syscall(SYS_bpf, 0, NULL, 0));
        say("clone3", syscall(SYS_clone3, NULL, 0));
        say("openat2", syscall(SYS_openat2, 0, NULL, NULL, 0));
        say("setpriority", setpriority(PRIO_PROCESS, 0, -1));
        say("sched_setscheduler", sched_setscheduler(0, SCHED_FIFO, &param));
        say("personality", personality(ADDR_NO_RANDOMIZE));
        say("mprotect execute", mprotect(page, 4096, PROT_READ | PROT_EXEC));
        say("mmap write and execute",
            (long)mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        say("create a file", open(state, O_CREAT | O_WRONLY, 0600));
        say("chmod 0640", chmod(state, 0640));
        say("chmod 04755", chmod(state, 04755));
        say("chmod 02755", chmod(state, 02755));
        say("unlink", unlink(state));
        say("socket AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
        say("socket AF_NETLINK", socket(AF_NETLINK, SOCK_RAW, 15));
        say("socket AF_INET", socket(AF_INET, SOCK_STREAM, 0));
        say("socket AF_INET6", socket(AF_INET6, SOCK_STREAM, 0));
        say("socket AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0));
        say("socket AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
        say("socket AF_ALG", socket(AF_ALG, SOCK_SEQPACKET, 0));
}

/* With the daemon's arguments: --debug --config FILE. */
int main(int argc, char **argv)
{
        char *world = argc == 4 ? strdup(argv[3]) : NULL, *slash = world ? strrchr(world, '/') : NULL;
        const char *testbed = getenv("UMOCKDEV_DIR");

        if (!slash || !testbed)
                return 1;
        *slash = 0;
        say_ids();
        say_status();
        say_limits();
        say_files(world, testbed);
        say_hidden();
        say_calls();
        free(world);
        return fflush(stdout) == 0 ? 0 : 1;
}
