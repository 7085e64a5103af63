/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sends a file over a pty whose other end takes up to RATE bytes a second (0: at once), as a module with flow control
 * does: until then the pty takes no more bytes. Prints the bytes, the time in µs, and the sender's processor time in
 * µs.
 *
 *   send FILE RATE                      by device/transfer, as fotad sends a package
 *   send FILE RATE COMMAND [ARGUMENT...]  by a program that writes the file to its standard output */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/serial.h"
#include "device/transfer.h"

static void must(bool condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "send: %s\n", what);
        exit(1);
}

/* ---- the sender */

typedef struct Sender {
        sd_event *event;
        Transfer *transfer;
        uint64_t size;
} Sender;

static void on_bytes(void *userdata, const void *bytes, size_t n)
{
        (void)userdata, (void)bytes, (void)n;
}

static void on_lost(void *userdata, const char *why)
{
        (void)userdata;
        must(false, why);
}

static void on_sent(void *userdata, uint64_t bytes)
{
        Sender *s = userdata;

        if (bytes == s->size)
                sd_event_exit(s->event, 0);
}

static void on_all_but_last(void *userdata)
{
        Sender *s = userdata;

        transfer_send_last(s->transfer);
}

static const SerialObserver serial_observer = { .bytes = on_bytes, .lost = on_lost };
static const TransferObserver transfer_observer = {
        .sent = on_sent,
        .all_but_last = on_all_but_last,
        .failed = on_lost,
};

/* The port stays open until the other end has taken all. */
static int transfer(const char *file, uint64_t size, const char *node, int taken)
{
        SerialSettings settings = { .lock_directory = g_get_tmp_dir(), .baud_rate = 115200 };
        g_autofree char *holder = NULL;
        Sender s = { .size = size };
        Serial *serial;
        int fd = open(file, O_RDONLY | O_CLOEXEC), r;

        must(sd_event_new(&s.event) >= 0, "no event loop");
        r = serial_open(&serial, s.event, node, &settings, &serial_observer, &s, &holder);
        must(r >= 0, holder ?: "the pty cannot be opened");
        must(transfer_new(&s.transfer, s.event, serial, fd, size, NULL, &transfer_observer, &s) >= 0, "no transfer");
        r = sd_event_loop(s.event);
        must(read(taken, &(char){ 0 }, 1) == 0, "the other end is wrong");
        transfer_free(s.transfer);
        serial_close(serial);
        sd_event_unref(s.event);
        return r < 0;
}

static int run(char **argv, const char *node)
{
        struct termios raw;
        int fd = open(node, O_RDWR | O_NOCTTY);

        must(fd >= 0 && tcgetattr(fd, &raw) == 0, "no pty");
        cfmakeraw(&raw);
        must(tcsetattr(fd, TCSANOW, &raw) == 0 && dup2(fd, STDOUT_FILENO) >= 0, "no raw pty");
        execvp(argv[0], argv);
        return 127;
}

/* ---- the other end */

/* There is nothing to read before the sender has opened the pty. */
static void take_all(int master, uint64_t size, uint64_t rate)
{
        gint64 begin = 0;
        uint64_t taken = 0;
        char bytes[1 << 14];

        while (taken < size) {
                gint64 due = rate ? begin + (gint64)(taken * G_USEC_PER_SEC / rate) : 0, now = g_get_monotonic_time();
                ssize_t n;

                if (taken > 0 && due > now)
                        g_usleep((gulong)(due - now));
                n = read(master, bytes, sizeof(bytes));
                must(n >= 0 || taken == 0, "the sender has closed the pty before all was taken");
                if (n < 0)
                        g_usleep(100);
                else if (taken == 0)
                        begin = g_get_monotonic_time();
                taken += n > 0 ? (uint64_t)n : 0;
        }
}

int main(int argc, char **argv)
{
        int master, slave, status = -1, taken[2];
        struct rusage usage;
        struct stat st;
        char node[64];
        gint64 begin;
        pid_t pid;

        must(argc >= 3 && stat(argv[1], &st) == 0, "no file");
        must(openpty(&master, &slave, node, NULL, NULL) == 0, "no pty");
        must(pipe(taken) == 0, "no pipe");
        fcntl(master, F_SETFD, FD_CLOEXEC);
        close(slave);
        begin = g_get_monotonic_time();
        must((pid = fork()) >= 0, "no process");
        if (pid == 0) {
                close(master);
                close(taken[1]);
                _exit(argc > 3 ? run(argv + 3, node) : transfer(argv[1], (uint64_t)st.st_size, node, taken[0]));
        }
        take_all(master, (uint64_t)st.st_size, g_ascii_strtoull(argv[2], NULL, 10));
        close(taken[1]);
        must(wait4(pid, &status, 0, &usage) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "not all was sent");
        printf("%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT "\n", (gint64)st.st_size,
               g_get_monotonic_time() - begin,
               (gint64)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec +
                       usage.ru_stime.tv_usec);
        return 0;
}
