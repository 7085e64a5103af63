/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The system calls that the program may make, and their arguments, as in the service manager's filters. A call must
 * pass two filters: a list of allowed calls, and a list of refused ones. Independent of users and files. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "confine.h"

static void must(int r, const char *what)
{
        if (r < 0)
                confine_die("system calls: %s: %s", what, strerror(-r));
}

/* A call that this architecture does not have needs no rule. */
static int number_of(const char *name)
{
        return seccomp_syscall_resolve_name(name);
}

static void refuse(scmp_filter_ctx filter, int error, const char *name, unsigned n, struct scmp_arg_cmp argument)
{
        if (number_of(name) >= 0)
                must(seccomp_rule_add_exact_array(filter, SCMP_ACT_ERRNO((uint32_t)error), number_of(name), n,
                                                  &argument),
                     name);
}

/* ---- allowed calls */

/* Adds the calls of a set, or removes them. Returns false if there is no such set. */
static bool change_set(GHashTable *calls, char *const *sets, const char *set, bool add)
{
        char *const *line = sets;

        while (*line && strcmp(*line, set) != 0)
                line++;
        if (!*line)
                return false;
        for (line++; **line == ' '; line++) {
                const char *name = *line + strspn(*line, " ");

                if (*name == '@') {
                        if (!change_set(calls, sets, name, add))
                                confine_die("there is no set %s", name);
                } else if (*name == '#') {
                        continue;
                } else if (add) {
                        g_hash_table_add(calls, g_strdup(name));
                } else {
                        g_hash_table_remove(calls, name);
                }
        }
        return true;
}

static GHashTable *list_calls(const Plan *plan)
{
        GHashTable *calls = g_hash_table_new(g_str_hash, g_str_equal);
        g_auto(GStrv) sets = g_strsplit(plan->sets, "\n", -1);

        if (!change_set(calls, sets, "@default", true))
                confine_die("there are no sets of system calls");
        for (unsigned i = 0; i < plan->filters->len; i++) {
                const char *value = g_ptr_array_index(plan->filters, i);
                bool add = *value != '~';
                g_auto(GStrv) names = g_strsplit(add ? value : value + 1, " ", -1);

                /* Otherwise the list would become one of refused calls. */
                if (i == 0 && !add)
                        confine_die("SystemCallFilter=%s: the first one must say what is allowed", value);
                for (char **name = names; *name; name++) {
                        if (**name == '@' && change_set(calls, sets, *name, add))
                                continue;
                        if (number_of(*name) == __NR_SCMP_ERROR)
                                confine_die("SystemCallFilter=: there is no %s", *name);
                        if (add)
                                g_hash_table_add(calls, g_strdup(*name));
                        else
                                g_hash_table_remove(calls, *name);
                }
        }
        return calls;
}

static void load_allowed(const Plan *plan)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO((uint32_t)plan->call_error));
        g_autoptr(GHashTable) calls = list_calls(plan);
        GHashTableIter each;
        void *name;

#ifdef SANITIZED
        /* LeakSanitizer stops the threads by this call while it searches. */
        g_hash_table_add(calls, g_strdup("ptrace"));
#endif
        g_hash_table_iter_init(&each, calls);
        while (g_hash_table_iter_next(&each, &name, NULL))
                if (number_of(name) >= 0)
                        must(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number_of(name), 0), name);
        must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "a tree");
        must(seccomp_load(filter), "SystemCallFilter=");
        seccomp_release(filter);
}

/* ---- refused calls */

static void refuse_families(scmp_filter_ctx filter, const GPtrArray *allowed)
{
        /* Linux has fewer of them; a call without a number does not exist yet. */
        for (int family = 0; family < 64; family++)
                if (!g_ptr_array_find((GPtrArray *)allowed, GINT_TO_POINTER(family), NULL))
                        refuse(filter, EAFNOSUPPORT, "socket", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
        refuse(filter, EAFNOSUPPORT, "socket", 1, SCMP_A0(SCMP_CMP_GE, 64));
}

static void refuse_namespaces(scmp_filter_ctx filter)
{
        static const unsigned kinds[] = { CLONE_NEWCGROUP, CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
                                          CLONE_NEWPID,    CLONE_NEWUSER, CLONE_NEWUTS };

        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
                refuse(filter, EPERM, "unshare", 1, SCMP_A0(SCMP_CMP_MASKED_EQ, kinds[i], kinds[i]));
                refuse(filter, EPERM, "clone", 1, SCMP_A0(SCMP_CMP_MASKED_EQ, kinds[i], kinds[i]));
        }
        refuse(filter, EPERM, "setns", 0, SCMP_A0(SCMP_CMP_EQ, 0));
        /* Its flags are in memory, which filters cannot read: the C library falls back to clone. */
        refuse(filter, ENOSYS, "clone3", 0, SCMP_A0(SCMP_CMP_EQ, 0));
}

static void refuse_suidsgid(scmp_filter_ctx filter)
{
        static const struct {
                const char *name;
                unsigned argument; /* this argument is the mode */
                int flags;         /* the argument that must have O_CREAT or a similar flag; -1 none */
        } calls[] = { { "chmod", 1, -1 },   { "fchmod", 1, -1 }, { "fchmodat", 2, -1 }, { "mkdir", 1, -1 },
                      { "mkdirat", 2, -1 }, { "mknod", 1, -1 },  { "mknodat", 2, -1 },  { "creat", 1, -1 },
                      { "open", 2, 1 },     { "openat", 3, 2 } };
        static const mode_t bits[] = { S_ISUID, S_ISGID };

        for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++)
                for (unsigned k = 0; k < G_N_ELEMENTS(bits); k++) {
                        struct scmp_arg_cmp all[] = {
                                SCMP_CMP(calls[i].argument, SCMP_CMP_MASKED_EQ, bits[k], bits[k]),
                                SCMP_CMP((unsigned)calls[i].flags, SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT),
                        };

                        if (number_of(calls[i].name) >= 0)
                                must(seccomp_rule_add_exact_array(filter, SCMP_ACT_ERRNO(EPERM),
                                                                  number_of(calls[i].name), calls[i].flags < 0 ? 1 : 2,
                                                                  all),
                                     calls[i].name);
                }
        refuse(filter, ENOSYS, "openat2", 0, SCMP_A0(SCMP_CMP_EQ, 0));
}

static void refuse_write_execute(scmp_filter_ctx filter)
{
        refuse(filter, EPERM, "mmap", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE));
        refuse(filter, EPERM, "mprotect", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
        refuse(filter, EPERM, "pkey_mprotect", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
        refuse(filter, EPERM, "shmat", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, SHM_EXEC, SHM_EXEC));
}

/* SCHED_OTHER, BATCH and IDLE remain allowed. */
static void refuse_realtime(scmp_filter_ctx filter)
{
        for (int policy = 0; policy < 8; policy++)
                if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
                        refuse(filter, EPERM, "sched_setscheduler", 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)policy));
        refuse(filter, EPERM, "sched_setscheduler", 1, SCMP_A1(SCMP_CMP_GE, 8));
        refuse(filter, EPERM, "sched_setattr", 0, SCMP_A0(SCMP_CMP_EQ, 0));
}

static void refuse_all(scmp_filter_ctx filter, const char *const *names)
{
        for (; *names; names++)
                refuse(filter, EPERM, *names, 0, SCMP_A0(SCMP_CMP_EQ, 0));
}

static void load_refused(const Plan *plan)
{
        static const char *const modules[] = { "init_module", "finit_module", "delete_module", NULL };
        static const char *const clock[] = { "adjtimex", "clock_adjtime", "clock_settime", "settimeofday", NULL };
        static const char *const hostname[] = { "sethostname", "setdomainname", NULL };
        static const char *const logs[] = { "syslog", NULL };
        /* Without SystemCallArchitectures= the other architectures are allowed. */
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

        must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                              plan->wanted & WANTED_NATIVE_CALLS ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW),
             "architectures");
        if (plan->families)
                refuse_families(filter, plan->families);
        if (plan->wanted & WANTED_NO_NAMESPACES)
                refuse_namespaces(filter);
        if (plan->wanted & WANTED_NO_SUIDSGID)
                refuse_suidsgid(filter);
        if (plan->wanted & WANTED_NO_WRITE_EXECUTE)
                refuse_write_execute(filter);
        if (plan->wanted & WANTED_NO_REALTIME)
                refuse_realtime(filter);
        if (plan->wanted & WANTED_PERSONALITY)
                refuse(filter, EPERM, "personality", 1,
                       SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)(unsigned)personality(0xffffffff)));
        if (plan->wanted & WANTED_KERNEL_MODULES)
                refuse_all(filter, modules);
        if (plan->wanted & WANTED_CLOCK)
                refuse_all(filter, clock);
        if (plan->wanted & WANTED_HOSTNAME)
                refuse_all(filter, hostname);
        if (plan->wanted & WANTED_KERNEL_LOGS)
                refuse_all(filter, logs);
        must(seccomp_load(filter), "what is refused");
        seccomp_release(filter);
}

void confine_calls(const Plan *plan)
{
        /* The second filter is loaded through the first. */
        load_refused(plan);
        if (plan->filters->len)
                load_allowed(plan);
}
