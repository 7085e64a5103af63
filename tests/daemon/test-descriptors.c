/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Descriptors of callers whose files do not answer the daemon: it goes on answering others, whatever they do with it.
 */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuse-file.h"
#include "packages.h"
#include "suite.h"

/* ---- a caller that writes its messages itself: sd-bus passes no descriptor that the arguments do not name */

enum { PATH = 1, INTERFACE = 2, MEMBER = 3, DESTINATION = 6, SIGNATURE = 8, UNIX_FDS = 9 };

static void pad(GByteArray *a, size_t to)
{
        static const guint8 zeros[8];

        g_byte_array_append(a, zeros, (guint)(-a->len % to));
}

static void append_number(GByteArray *a, uint32_t n)
{
        pad(a, 4);
        g_byte_array_append(a, (const guint8 *)&n, sizeof(n));
}

static void append_text(GByteArray *a, guint8 code, const char *type, const char *text)
{
        guint8 head[] = { code, 1, (guint8)*type, 0 };

        pad(a, 8);
        g_byte_array_append(a, head, sizeof(head));
        append_number(a, (uint32_t)strlen(text));
        g_byte_array_append(a, (const guint8 *)text, (guint)strlen(text) + 1);
}

/* A call without arguments, in the byte order of the machine, with fds descriptors. */
static GByteArray *new_call(const char *destination, const char *path, const char *interface, const char *member,
                            uint32_t serial, uint32_t fds)
{
        static const guint8 head[] = { G_BYTE_ORDER == G_BIG_ENDIAN ? 'B' : 'l', 1, 0, 1 };
        static const guint8 fds_head[] = { UNIX_FDS, 1, 'u', 0 };
        GByteArray *a = g_byte_array_new();
        uint32_t length;

        g_byte_array_append(a, head, sizeof(head));
        append_number(a, 0);
        append_number(a, serial);
        append_number(a, 0);
        append_text(a, PATH, "o", path);
        append_text(a, INTERFACE, "s", interface);
        append_text(a, MEMBER, "s", member);
        append_text(a, DESTINATION, "s", destination);
        if (fds > 0) {
                pad(a, 8);
                g_byte_array_append(a, fds_head, sizeof(fds_head));
                append_number(a, fds);
        }
        length = a->len - 16;
        memcpy(a->data + 12, &length, sizeof(length));
        pad(a, 8);
        return a;
}

static void send_bytes(int socket, const void *bytes, size_t size, const int *fd)
{
        struct iovec piece = { (void *)(uintptr_t)bytes, size };
        union {
                struct cmsghdr head;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = { .head = {
                              .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
        struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };

        if (fd) {
                m.msg_control = &control;
                m.msg_controllen = sizeof(control);
                memcpy(CMSG_DATA(&control.head), fd, sizeof(*fd));
        }
        ck_assert_int_eq(sendmsg(socket, &m, MSG_NOSIGNAL), (ssize_t)size);
}

/* The bus takes descriptors only after the handshake. */
static void await_agreement(int socket)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char byte;

        while (!strstr(text->str, "AGREE_UNIX_FD\r\n")) {
                ck_assert_msg(read(socket, &byte, 1) == 1, "%s", text->str);
                g_string_append_c(text, byte);
        }
}

/* Calls a method with a descriptor and without arguments. Takes the descriptor. Returns the connection. */
static int call_with(const char *member, int fd)
{
        const char *address = g_getenv("DBUS_SYSTEM_BUS_ADDRESS") + strlen("unix:path=");
        struct sockaddr_un peer = { .sun_family = AF_UNIX };
        g_autofree char *user = g_strdup_printf("%u", geteuid());
        GString *hello = g_string_new("AUTH EXTERNAL ");
        int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        GByteArray *m;

        memcpy(peer.sun_path, address, strcspn(address, ",;"));
        ck_assert_int_eq(connect(s, (struct sockaddr *)&peer, sizeof(peer)), 0);
        for (const char *c = user; *c; c++)
                g_string_append_printf(hello, "%02x", (unsigned)*c);
        g_string_append(hello, "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
        send_bytes(s, "", 1, NULL);
        send_bytes(s, hello->str, hello->len, NULL);
        m = new_call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", 1, 0);
        send_bytes(s, m->data, m->len, NULL);
        g_byte_array_unref(m);
        await_agreement(s);
        m = new_call("org.fotad1", "/org/fotad1", "org.fotad1.Manager", member, 2, 1);
        send_bytes(s, m->data, m->len, &fd);
        g_byte_array_unref(m);
        g_string_free(hello, TRUE);
        close(fd);
        return s;
}

/* ---- tests */

static Bench *fuse_bench(bool reads_hang, FuseFile **ret_file, int *ret_fd)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        g_autofree char *path = NULL;
        Bench *b;

        if (geteuid() != 0)
                return NULL; /* nobody else may mount */
        b = bench_new(&settings);
        path = world_path(b->w, "fuse");
        *ret_file = fuse_file_new(path, world_daemon_pid(b->w), reads_hang);
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(*ret_fd, 0);
        return b;
}

static const char *const members[] = { "StartUpgrade", "StartUpgradeFile", "NoSuchMethod" };

/* The method takes no such descriptor, or there is no such method. */
START_TEST(test_unwanted)
{
        FuseFile *file;
        int fd, caller;
        Bench *b = fuse_bench(false, &file, &fd);

        if (!b)
                return;
        caller = call_with(members[_i], fd);
        fuse_file_await(file);
        world_assert_property(b->w, MODULE_1, "Job", "/");
        ck_assert(world_call(b->w, MODULE_1, "org.fotad1.Module", "Probe"));
        close(caller);
        world_assert_property(b->w, MODULE_1, "Present", "1");
        fuse_file_free(file);
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        bench_free(b);
}
END_TEST

static int ignore(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)m, (void)userdata, (void)error;
        return 0;
}

/* The package can never be read, or never be closed. */
START_TEST(test_package)
{
        FuseFile *file;
        sd_bus *bus;
        int fd;
        Bench *b = fuse_bench(_i == 0, &file, &fd);

        if (!b)
                return;
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(sd_bus_call_method_async(bus, NULL, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                  "StartUpgradeFile", ignore, NULL, "shsa{sv}", "", fd, "up.bin", 0),
                         0);
        ck_assert_int_ge(sd_bus_flush(bus), 0);
        close(fd);
        fuse_file_await(file);
        world_assert_property(b->w, MODULE_1, "Present", "1");
        sd_bus_flush_close_unref(bus);
        ck_assert(world_call(b->w, MODULE_1, "org.fotad1.Module", "Probe"));
        world_assert_property(b->w, MODULE_1, "Present", "1");
        fuse_file_free(file);
        bench_free(b);
}
END_TEST

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(m);
        char **ret = userdata;

        (void)error;
        *ret = g_strdup(failure ? failure->name : "started");
        return 0;
}

static void call_start(sd_bus *bus, const char *path, char **ret)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(sd_bus_call_method_async(bus, NULL, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                  "StartUpgradeFile", on_started, ret, "shsa{sv}", "", fd, "up.bin", 0),
                         0);
        close(fd);
}

static void call_pings(sd_bus *bus, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                ck_assert_int_ge(sd_bus_call_method_async(bus, NULL, "org.fotad1", "/org/fotad1",
                                                          "org.freedesktop.DBus.Peer", "Ping", ignore, NULL, NULL),
                                 0);
}

/* Calls with descriptors are in the daemon's socket between others when it reads the first one. */
START_TEST(test_between)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Bench *b = bench_new(&settings);
        g_autofree char *refused = NULL, *started = NULL;
        sd_bus *bus;

        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_eq(kill(world_daemon_pid(b->w), SIGSTOP), 0);
        call_pings(bus, (unsigned)_i);
        call_start(bus, "/dev/null", &refused);
        call_pings(bus, (unsigned)_i);
        call_start(bus, b->path, &started);
        call_pings(bus, (unsigned)_i);
        /* The bus answers this after it has passed the others on. */
        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
        ck_assert_int_eq(kill(world_daemon_pid(b->w), SIGCONT), 0);
        while (!refused || !started)
                if (sd_bus_process(bus, NULL) == 0)
                        ck_assert_int_ge(sd_bus_wait(bus, UINT64_MAX), 0);
        ck_assert_str_eq(refused, "org.fotad1.Error.InvalidSource");
        ck_assert_str_eq(started, "started");
        world_assert_property(b->w, JOB_1, "PackageSha256", b->sha256);
        sd_bus_flush_close_unref(bus);
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("descriptors");

        suite_add(s, "unwanted", test_unwanted, 0, G_N_ELEMENTS(members));
        suite_add(s, "package", test_package, 0, 2);
        suite_add(s, "between", test_between, 0, 4);
        return suite_run(s);
}
