/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files and devices that the program sees, and those that it may write: a mount namespace, made as the service
 * manager makes it, from a list of paths, outer ones before inner ones. Independent of users, except the owner of the
 * state.
 *
 * The files that the tests keep anywhere on the machine must remain visible (show), and some of them stand for a
 * directory of the system (stand-in): the testbed's sys for /sys. Rules for the one are then applied to the other. */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"

/* If a path is listed twice, the stricter rule applies, which is the later one. */
typedef enum Kind {
        KIND_WRITABLE,
        KIND_READ_ONLY,
        KIND_SHOWN, /* as before anything was mounted here */
        KIND_EMPTY, /* only the shown paths below it */
        KIND_PRIVATE,
        KIND_INACCESSIBLE,
} Kind;

typedef struct Entry {
        char *path;
        Kind kind;
        int tree; /* for shown paths: a copy of the mounts; -1 none */
        bool writable, directory, emptied;
} Entry;

static GPtrArray *entries;

static void must(int r, const char *what, const char *path)
{
        if (r < 0)
                confine_die("%s %s: %s", what, path, strerror(errno));
}

/* ---- the list */

static Entry *find_entry(const char *path)
{
        for (unsigned i = 0; i < entries->len; i++) {
                Entry *e = g_ptr_array_index(entries, i);

                if (strcmp(e->path, path) == 0)
                        return e;
        }
        return NULL;
}

static Entry *add_entry(const char *path, Kind kind)
{
        Entry *e = find_entry(path);

        if (!e) {
                e = g_new0(Entry, 1);
                e->path = g_strdup(path);
                e->tree = -1;
                e->kind = kind;
                g_ptr_array_add(entries, e);
        }
        e->kind = MAX(e->kind, kind);
        return e;
}

/* The place in the tests' world that stands for a path of the system; NULL if there is none. */
static char *stand_in_of(const Plan *plan, const char *path)
{
        for (char **each = plan->stand_ins; each && *each; each++) {
                g_auto(GStrv) pair = g_strsplit(*each, "=", 2);
                size_t n = strlen(pair[0]);

                if (strncmp(path, pair[0], n) == 0 && (path[n] == 0 || path[n] == '/'))
                        return g_strconcat(pair[1], path + n, NULL);
        }
        return NULL;
}

/* As much of the path as exists. */
static void add(const Plan *plan, const char *path, Kind kind)
{
        g_autofree char *stand_in = stand_in_of(plan, path);

        if (access(path, F_OK) == 0)
                add_entry(path, kind);
        if (stand_in && access(stand_in, F_OK) == 0)
                add_entry(stand_in, kind);
}

static void add_all(const Plan *plan, const char *const *paths, Kind kind)
{
        for (; *paths; paths++)
                add(plan, *paths, kind);
}

/* The path is visible wherever it is, and directories above it that are closed to other users are opened. */
static void show(const char *path, bool writable)
{
        Entry *e;
        struct stat st;

        must(stat(path, &st), "show", path);
        for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                g_autofree char *above = g_strndup(path, (gsize)(slash - path));
                struct stat way;

                if (stat(above, &way) == 0 && !(way.st_mode & S_IXOTH))
                        add_entry(above, KIND_EMPTY);
        }
        e = add_entry(path, KIND_SHOWN);
        e->writable = writable;
        e->directory = S_ISDIR(st.st_mode);
        e->tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        must(e->tree, "show", path);
}

/* ---- the unit's directives */

static void list_protections(const Plan *plan)
{
        static const char *const homes[] = { "/home", "/root", "/run/user", NULL };
        static const char *const temporary[] = { "/tmp", "/var/tmp", NULL };
        static const char *const apis[] = { "/proc", "/sys", "/dev", NULL };
        static const char *const tunables[] = { "/sys",
                                                "/proc/sys",
                                                "/proc/acpi",
                                                "/proc/asound",
                                                "/proc/bus",
                                                "/proc/fs",
                                                "/proc/irq",
                                                "/proc/mtrr",
                                                "/proc/sysrq-trigger",
                                                "/proc/latency_stats",
                                                "/proc/timer_stats",
                                                NULL };
        static const char *const kernel[] = { "/proc/kallsyms", "/proc/kcore", NULL };
        static const char *const logs[] = { "/proc/kmsg", "/dev/kmsg", NULL };
        static const char *const modules[] = { "/usr/lib/modules", NULL };
        static const char *const groups[] = { "/sys/fs/cgroup", NULL };

        if (plan->wanted & WANTED_PROTECT_SYSTEM) {
                add_entry("/", KIND_READ_ONLY);
                add_all(plan, apis, KIND_WRITABLE);
        }
        if (plan->wanted & WANTED_PROTECT_HOME)
                add_all(plan, homes, KIND_EMPTY);
        if (plan->wanted & WANTED_PRIVATE_TMP)
                add_all(plan, temporary, KIND_PRIVATE);
        if (plan->wanted & WANTED_KERNEL_TUNABLES) {
                add_all(plan, tunables, KIND_READ_ONLY);
                add_all(plan, kernel, KIND_INACCESSIBLE);
        }
        if (plan->wanted & WANTED_KERNEL_MODULES)
                add_all(plan, modules, KIND_INACCESSIBLE);
        if (plan->wanted & WANTED_KERNEL_LOGS)
                add_all(plan, logs, KIND_INACCESSIBLE);
        if (plan->wanted & WANTED_CONTROL_GROUPS)
                add_all(plan, groups, KIND_READ_ONLY);
}

static void list_devices(const Plan *plan)
{
        static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm" };

        if (!(plan->wanted & WANTED_CLOSED_DEVICES))
                return;
        add_entry("/dev", KIND_EMPTY);
        for (unsigned i = 0; i < G_N_ELEMENTS(nodes); i++) {
                g_autofree char *node = g_strconcat("/dev/", nodes[i], NULL);

                if (access(node, F_OK) == 0)
                        show(node, true);
        }
}

static void list_writable(const Plan *plan)
{
        for (unsigned i = 0; i < plan->writable->len; i++) {
                const char *path = g_ptr_array_index(plan->writable, i);

                if (*path != '-' && access(path, F_OK) < 0)
                        confine_die("ReadWritePaths=: there is no %s", path);
                add(plan, path + (*path == '-'), KIND_WRITABLE);
        }
}

static const Plan *owner_plan;

static int give(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)type;
        (void)ftw;
        if (st->st_uid != owner_plan->user || st->st_gid != owner_plan->user)
                must(lchown(path, owner_plan->user, owner_plan->user), "chown", path);
        return 0;
}

/* Creates the directory, and gives it to the user with its contents: files that a test has put there stand for the
 * program's own. */
static void list_directory(const Plan *plan, const char *parent, const char *name, mode_t mode)
{
        g_autofree char *whole = g_build_filename(parent, name ?: "", NULL), *path = NULL;
        struct stat st;

        if (!name)
                return;
        path = stand_in_of(plan, whole);
        if (!path)
                confine_die("nothing stands in for %s", whole);
        if (mkdir(path, mode) < 0 && errno != EEXIST)
                must(-1, "mkdir", path);
        must(stat(path, &st), "stat", path);
        if (S_ISDIR(st.st_mode)) {
                must(chmod(path, mode), "chmod", path);
                owner_plan = plan;
                must(nftw(path, give, 8, FTW_PHYS | FTW_MOUNT), "chown", path);
        }
        add_entry(path, KIND_WRITABLE);
}

/* ---- carried out */

static void set_read_only(const char *path, bool read_only, bool below)
{
        struct mount_attr attributes = { 0 };

        *(read_only ? &attributes.attr_set : &attributes.attr_clr) = MOUNT_ATTR_RDONLY;
        must(mount_setattr(AT_FDCWD, path, below ? AT_RECURSIVE : 0, &attributes, sizeof(attributes)), "mount", path);
}

static void bind_itself(const char *path)
{
        if (strcmp(path, "/") != 0)
                must(mount(path, path, NULL, MS_BIND | MS_REC, NULL), "bind", path);
}

static void make_mount_point(const Entry *e)
{
        g_autofree char *parent = g_path_get_dirname(e->path);
        int fd;

        if (access(e->path, F_OK) == 0)
                return;
        must(g_mkdir_with_parents(e->directory ? e->path : parent, 0755), "mkdir", e->path);
        if (!e->directory && (fd = open(e->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) >= 0)
                close(fd);
}

static void carry_out(Entry *e)
{
        /* Another mount hides the directory above. */
        if (e->kind != KIND_SHOWN && access(e->path, F_OK) < 0)
                return;
        switch (e->kind) {
        case KIND_WRITABLE:
        case KIND_READ_ONLY:
                bind_itself(e->path);
                set_read_only(e->path, e->kind == KIND_READ_ONLY, true);
                break;
        case KIND_SHOWN:
                make_mount_point(e);
                must(move_mount(e->tree, "", AT_FDCWD, e->path, MOVE_MOUNT_F_EMPTY_PATH), "show", e->path);
                set_read_only(e->path, !e->writable, true);
                break;
        case KIND_EMPTY:
        case KIND_PRIVATE:
                must(mount("tmpfs", e->path, "tmpfs", MS_NOSUID | MS_NODEV | MS_STRICTATIME,
                           e->kind == KIND_PRIVATE ? "mode=1777" : "mode=755"),
                     "tmpfs", e->path);
                e->emptied = e->kind == KIND_EMPTY;
                break;
        case KIND_INACCESSIBLE:
                if (g_file_test(e->path, G_FILE_TEST_IS_DIR))
                        must(mount("tmpfs", e->path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0"), "tmpfs",
                             e->path);
                else
                        must(mount("/dev/null", e->path, NULL, MS_BIND, NULL), "hide", e->path);
                break;
        }
}

static int outer_first(const void *a, const void *b)
{
        const Entry *const *x = a, *const *y = b;

        return strcmp((*x)->path, (*y)->path);
}

bool confine_files(const Plan *plan)
{
        entries = g_ptr_array_new();
        /* Given to the user also without namespaces. */
        list_directory(plan, "/var/lib", plan->state, plan->state_mode);
        list_directory(plan, "/run", plan->runtime, 0755);
        if (unshare(CLONE_NEWNS | (plan->wanted & WANTED_HOSTNAME ? CLONE_NEWUTS : 0)) < 0)
                return false;
        must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "mount", "/");
        list_protections(plan);
        list_devices(plan);
        for (char **path = plan->shown; path && *path; path++)
                show(*path, false);
        for (char **path = plan->shown_writable; path && *path; path++)
                show(*path, true);
        list_writable(plan);
        g_ptr_array_sort(entries, outer_first);
        for (unsigned i = 0; i < entries->len; i++)
                carry_out(g_ptr_array_index(entries, i));
        for (unsigned i = 0; i < entries->len; i++) {
                const Entry *e = g_ptr_array_index(entries, i);

                if (e->emptied)
                        set_read_only(e->path, true, false);
        }
        /* Not at the former path, which is outside. */
        must(chdir("/"), "go to", "/");
        return true;
}
