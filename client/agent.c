/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs polkit's authentication agent for terminals (pkttyagent) as a child process. If it is not installed, polkit
 * refuses and gives that as the reason. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define PKTTYAGENT "/usr/bin/pkttyagent"

bool agent_has_person(void)
{
        return isatty(STDIN_FILENO);
}

/* Runs in the child. The agent talks to the user on /dev/tty, so its output goes to /dev/null. */
static void become_agent(int ready, pid_t parent)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        char fd[16];

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent || null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
                _exit(1);
        snprintf(fd, sizeof(fd), "%d", ready);
        /* Not --fallback: polkit does not find a fallback agent where logind knows no session. This agent serves our
         * process alone. */
        execl(PKTTYAGENT, PKTTYAGENT, "--notify-fd", fd, NULL);
        _exit(127);
}

pid_t agent_open(void)
{
        pid_t parent = getpid(), pid;
        int ends[2];
        char c;

        if (geteuid() == 0 || !agent_has_person() || pipe(ends) < 0)
                return 0;
        pid = fork();
        if (pid == 0) {
                close(ends[0]);
                become_agent(ends[1], parent);
        }
        close(ends[1]);
        /* The agent closes its end of the pipe when polkit has registered it, or when it exits. */
        while (pid > 0 && read(ends[0], &c, 1) < 0 && errno == EINTR)
                ;
        close(ends[0]);
        return pid > 0 ? pid : 0;
}

void agent_close(pid_t agent)
{
        if (agent == 0)
                return;
        kill(agent, SIGTERM);
        while (waitpid(agent, NULL, 0) < 0 && errno == EINTR)
                ;
}
