/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that the daemon refuses, and that a refused call changes nothing: no job, no file, not a line to the
 * module. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "presets.h"
#include "suite.h"
#include "world.h"
#include "../templates.h"

#define SECRET "s3cret-Pa55"
#define X10    "xxxxxxxxxx"
#define X50    X10 X10 X10 X10 X10
#define X200   X50 X50 X50 X50

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* ---- a refused call changes nothing */

static char *list_jobs(World *w)
{
        g_autofree char *path = world_path(w, "state/jobs");
        GString *names = g_string_new(NULL);
        GDir *dir = g_dir_open(path, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(dir)))
                g_string_append_printf(names, "%s ", name);
        g_dir_close(dir);
        return g_string_free(names, FALSE);
}

static unsigned count_objects(World *w)
{
        g_autoptr(sd_bus_message) m = NULL;
        unsigned n = 0;

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", "/org/fotad1",
                                            "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, &m, NULL),
                         0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}"), 0);
        while (sd_bus_message_skip(m, "{oa{sa{sv}}}") > 0)
                n++;
        return n;
}

typedef struct Before {
        char *files, *lines;
        unsigned objects, added;
} Before;

static Before look(World *w)
{
        return (Before){ list_jobs(w), world_sim(w, "get 1-1 at-lines"), count_objects(w),
                         world_count_signals(w, "/org/fotad1", "InterfacesAdded") };
}

static void assert_unchanged(World *w, Before *before)
{
        Before after = look(w);

        ck_assert_str_eq(after.files, before->files);
        ck_assert_str_eq(after.lines, before->lines);
        ck_assert_uint_eq(after.objects, before->objects);
        ck_assert_uint_eq(after.added, before->added);
        g_free(after.files);
        g_free(after.lines);
        g_free(before->files);
        g_free(before->lines);
}

/* The message names the fault, and no secret, and can be translated. */
static void assert_error(World *w, const char *what, const char *error, const char *part)
{
        ck_assert_msg(strcmp(world_error(w), error) == 0, "%s: %s instead of %s: %s", what, world_error(w), error,
                      world_error_message(w));
        ck_assert_msg(strstr(world_error_message(w), part) != NULL, "%s: '%s' does not have '%s'", what,
                      world_error_message(w), part);
        ck_assert_msg(!strstr(world_error_message(w), "s3cret"), "%s: %s", what, world_error_message(w));
        assert_has_templates(world_error_message(w));
}

static void assert_no_secret(World *w, const char *secret)
{
        g_autofree char *log = world_log(w);

        ck_assert(!strstr(log, secret));
}

/* ---- sources */

static const struct {
        const char *source, *rule;
} sources[] = {
        { "", "empty" },
        { "up.bin", "must begin with http://" },
        { "/etc/passwd", "must begin with" },
        { "file:///etc/passwd", "must begin with" },
        { "gopher://gw:" SECRET "@host/up.bin", "must begin with" },
        { "http:/host/up.bin", "must begin with" },
        { "httpx://host/up.bin", "must begin with" },
        { "http://host/my up.bin", "blank" },
        { " http://host/up.bin", "blank" },
        { "http://gw:" SECRET "@host/my up.bin", "blank" },
        { "http://host/\"up.bin", "quote" },
        { "http://host/up.bin\"", "quote" },
        { "http://gw:" SECRET "\"@host/up.bin", "quote" },
        { "http://host/up.bin\";+CFUN=0", "quote" },
        { "http://host/up.bin\",1,50\r\nAT+CFUN=0\r\n", "quote" },
        { "http://host/'up.bin", "quote" },
        { "http://host/`up.bin", "quote" },
        { "http://host/\\up.bin", "backslash" },
        { "http://host/up.bin\\0", "backslash" },
        { "http://host/up.bin\\22", "backslash" },
        { "http://host/up.bin\r", "control" },
        { "http://host/up.bin\n", "control" },
        { "http://host/up.bin\r\nAT+CFUN=0\r\n", "control" },
        { "\r\nAT+CFUN=0\r\n", "control" },
        { "http://host\rAT+CFUN=0\r/up.bin", "control" },
        { "http://host/up\t.bin", "control" },
        { "http://host/up\x1a.bin", "control" },
        { "http://host/up\x1b.bin", "control" },
        { "http://host/up\x7f.bin", "control" },
        { "http://host/up\x01.bin", "control" },
        { "http://host/\xc3\xbcp.bin", "ASCII" },
        { "http://host/up\xe2\x80\x9d.bin", "ASCII" },
        { "http://", "server" },
        { "http:///up.bin", "server" },
        { "http://:80/up.bin", "server" },
        { "http://gw:" SECRET "@/up.bin", "server" },
        { "http://ho(st/up.bin", "server" },
        { "http://host,1/up.bin", "server" },
        { "http://host:0/up.bin", "1 to 65535" },
        { "http://host:65536/up.bin", "1 to 65535" },
        { "http://host:99999999999999999999/up.bin", "1 to 65535" },
        { "http://host:80x/up.bin", "1 to 65535" },
        { "http://host:-1/up.bin", "1 to 65535" },
        { "http://host:/up.bin", "1 to 65535" },
        { "http://gw:" SECRET "@host:x/up.bin", "1 to 65535" },
        { "http://host", "file name" },
        { "http://host/", "file name" },
        { "http://host/dir/", "file name" },
        { "http://host?up.bin", "file name" },
        { "http://host/?f=up.bin", "file name" },
        { "ftp://gw:" SECRET "@host/", "file name" },
        { "http://h/" X200 X10 X10 X10 X10 "xxxxxx", ".mini" /* 255 is not too long: see test_sources */ },
        { "http://h/" X200 X10 X10 X10 X10 "xxxxxxx", "255 bytes" },
        { "http://gw:" SECRET "@h/" X200 X50, "255 bytes" },
        { "ftp://" X50 "x:" SECRET "@host/up.bin", "user" },
        { "ftp://gw:" SECRET X50 "@host/up.bin", "password" },
        { "ftp://gw:" SECRET "@" X50 "x/up.bin", "server" },
        { "ftp://gw:" SECRET "@host/" X50 "x", "file" },
        { "FTP://gw:" SECRET "@host/dir/up.bin", "root" },
        { "http://host/up.mini_1", ".mini" },
        { "http://host/up.mini_2", ".mini" },
        { "http://host/up.MINI_1?x=1", ".mini" },
        { "http://gw:" SECRET "@host/up.mini_1", ".mini" },
};

START_TEST(test_sources)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        Before before = look(w);

        for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
                g_autofree char *source = g_strdup(sources[i].source);

                if (strcmp(sources[i].rule, ".mini") == 0 && strlen(source) == 255)
                        memcpy(source + 255 - strlen(".mini_1"), ".mini_1", strlen(".mini_1"));
                ck_assert_msg(world_start(w, "", source, NULL) == NULL, "accepted: %s", source);
                assert_error(w, source, "InvalidSource", sources[i].rule);
                ck_assert(g_str_has_prefix(world_error_message(w), "source: "));
        }
        assert_unchanged(w, &before);
        assert_no_secret(w, "s3cret");
        world_free(w);
}
END_TEST

/* ---- options */

static const struct {
        const char *key, *type;
} keys[] = {
        { "expected-revision", "s" }, { "method", "s" },      { "upgrade-mode", "u" }, { "download-urc-max", "u" },
        { "update-urc-max", "u" },    { "cid", "u" },         { "apn", "s" },          { "apn-user", "s" },
        { "apn-password", "s" },      { "apn-auth", "u" },    { "flow-control", "s" }, { "check-source", "b" },
        { "allow-unchanged", "b" },   { "allow-https", "b" }, { "pace-bytes", "u" },   { "pace-interval", "u" },
};

START_TEST(test_types)
{
        static const char *const types[] = { "s", "u", "b", "i", "q", "y", "n" };
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        Before before = look(w);

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
                        if (strcmp(types[t], keys[i].type) == 0)
                                continue;
                        ck_assert_ptr_null(world_start(w, "", "http://host/up.bin", keys[i].key, types[t], "1", NULL));
                        assert_error(w, keys[i].key, "InvalidOption", keys[i].key);
                        assert_error(w, keys[i].key, "InvalidOption", "type");
                }
                for (unsigned deep = 0; deep < 2; deep++) {
                        sd_bus_error error = SD_BUS_ERROR_NULL;
                        const char *type = keys[i].type[0] == 's' ? deep ? "v" : "as" : deep ? "v" : "x";
                        g_autoptr(sd_bus_message) m = NULL;

                        ck_assert_int_ge(sd_bus_message_new_method_call(world_bus(w), &m, "org.fotad1", "/org/fotad1",
                                                                        "org.fotad1.Manager", "StartUpgrade"),
                                         0);
                        ck_assert_int_ge(sd_bus_message_append(m, "ss", "", "http://host/up.bin"), 0);
                        if (deep)
                                ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 1, keys[i].key, type, "u", 1), 0);
                        else if (*type == 'a')
                                ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 1, keys[i].key, type, 1, "1"), 0);
                        else
                                ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 1, keys[i].key, type, (int64_t)1),
                                                 0);
                        ck_assert_int_lt(sd_bus_call(world_bus(w), m, 0, &error, NULL), 0);
                        ck_assert_str_eq(error.name, "org.fotad1.Error.InvalidOption");
                        ck_assert(strstr(error.message, keys[i].key));
                        sd_bus_error_free(&error);
                }
        }
        assert_unchanged(w, &before);
        world_free(w);
}
END_TEST

static const struct {
        const char *key, *type, *value, *error, *named;
} options[] = {
        { "", "s", "x", "InvalidOption", "is not an option" },
        { "expect", "s", "x", "InvalidOption", "expect " },
        { "Cid", "u", "1", "InvalidOption", "Cid " },
        { "cid ", "u", "1", "InvalidOption", "cid  " },
        { "method", "s", "", "InvalidOption", "auto, dfota, minifota" },
        { "method", "s", "DFOTA", "InvalidOption", "auto, dfota, minifota" },
        { "method", "s", "minifota", "InvalidOption", "dfota" }, /* contradicts the revision */
        { "expected-revision", "s", "", "InvalidOption", "empty" },
        { "upgrade-mode", "u", "2", "InvalidOption", "0 to 1" },
        { "upgrade-mode", "u", "4294967295", "InvalidOption", "0 to 1" },
        { "download-urc-max", "u", "1", "InvalidOption", "0 or 5 to 100" },
        { "download-urc-max", "u", "4", "InvalidOption", "0 or 5 to 100" },
        { "download-urc-max", "u", "101", "InvalidOption", "0 or 5 to 100" },
        { "update-urc-max", "u", "4", "InvalidOption", "0 or 5 to 100" },
        { "update-urc-max", "u", "101", "InvalidOption", "0 or 5 to 100" },
        { "update-urc-max", "u", "4294967295", "InvalidOption", "0 or 5 to 100" },
        { "cid", "u", "0", "InvalidOption", "1 to 15" },
        { "cid", "u", "16", "InvalidOption", "1 to 15" },
        { "apn-auth", "u", "4", "InvalidOption", "0 to 3" },
        { "apn-auth", "u", "1", "InvalidOption", "goes with the option apn" },
        { "apn", "s", "cmnet", "InvalidOption", "cid" },
        { "apn", "s", "", "InvalidOption", "cid" },
        { "apn", "s", X50 X50 X10 X10 "12345678", "InvalidOption", "127 bytes" },
        { "apn-user", "s", "gw", "InvalidOption", "goes with the option apn" },
        { "apn-password", "s", SECRET, "InvalidOption", "goes with the option apn" },
        { "apn-password", "s", SECRET X50 X50 X50, "InvalidOption", "127 bytes" },
        { "flow-control", "s", "xon", "InvalidOption", "auto, hardware, none" },
        { "flow-control", "s", "none", "InvalidOption", "package on the host" },
};

START_TEST(test_options)
{
        static const char *const smuggled[] = {
                "x\"",   "\"x",   "x\",\"y", "x\r",   "x\n",   "x\r\nAT+CFUN=0\r\n", "x\";+CFUN=0",   "\r", "x\\",
                "x\\22", "x\x1a", "x\x1b",   "x\x01", "x\x7f", "x\xc3\xbc",          "x\xe2\x80\x9d",
        };
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        Before before = look(w);

        for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
                ck_assert_msg(!world_start(w, "", "http://host/up.bin", options[i].key, options[i].type,
                                           options[i].value, NULL),
                              "accepted: %s=%s", options[i].key, options[i].value);
                assert_error(w, options[i].key, options[i].error, options[i].named);
                assert_error(w, options[i].key, options[i].error, options[i].key);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                for (size_t k = 0; keys[i].type[0] == 's' && k < G_N_ELEMENTS(smuggled); k++) {
                        /* All other options are valid. */
                        bool apn = strcmp(keys[i].key, "apn") == 0;

                        ck_assert_msg(!world_start(w, "", "http://host/up.bin", "cid", "u", "2",
                                                   apn ? "allow-https" : "apn", apn ? "b" : "s", "1", keys[i].key, "s",
                                                   smuggled[k], NULL),
                                      "accepted: %s=%s", keys[i].key, smuggled[k]);
                        assert_error(w, keys[i].key, "InvalidOption", keys[i].key);
                }
        assert_unchanged(w, &before);
        assert_no_secret(w, "s3cret");
        world_free(w);
}
END_TEST

/* ---- modules that cannot be upgraded now */

static const struct {
        const char *module, *ready, *value, *option, *error, *part;
} unready[] = {
        { "1-1=ec200a,bound=0", "Present", "1", NULL, "ModuleNotReady", "no tty" },
        { "1-1=ec200a,appear=boot-rom", "Present", "1", NULL, "ModuleNotReady", "boot loader" },
        { "1-1=ec200a,appear=diag", "Present", "1", NULL, "ModuleNotReady", "DIAG" },
        { "1-1=ec600m", "Method", "minifota", "dfota", "InvalidOption", "method" },
        { "1-1=ec200a,model=EC600N", "Method", "dfota", NULL, "", "" },
};

static bool object_is_there(World *w, const char *path)
{
        return sd_bus_call_method(world_bus(w), "org.fotad1", path, "org.freedesktop.DBus.Properties", "GetAll", NULL,
                                  NULL, "s", "org.fotad1.Module") >= 0;
}

START_TEST(test_unready)
{
        WorldSettings settings = { .modules = { unready[_i].module } };
        World *w = world_new(&settings);
        Before before;

        ck_assert(object_is_there(w, MODULE_1));
        world_await_property(w, MODULE_1, unready[_i].ready, unready[_i].value);
        if (strcmp(unready[_i].ready, "Present") != 0)
                g_free(world_sim(w, "wait 1-1 closed 1"));
        else
                world_assert_sim(w, "0", "get 1-1 at-lines");
        before = look(w);
        if (*unready[_i].error) {
                ck_assert_ptr_null(world_start(w, "", "http://host/up.mini_1", unready[_i].option ? "method" : NULL,
                                               "s", unready[_i].option, NULL));
                assert_error(w, unready[_i].module, unready[_i].error, unready[_i].part);
                assert_unchanged(w, &before);
        } else {
                /* The revision decides, not the model. */
                ck_assert_ptr_null(world_start(w, "", "http://host/up.mini_1", NULL));
                assert_error(w, unready[_i].module, "InvalidSource", ".mini");
                assert_unchanged(w, &before);
        }
        world_free(w);
}
END_TEST

/* The guide's rules for MiniFOTA alone; each refusal names the chapter. */
#define LONG_NAME "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
static const struct {
        const char *module, *source, *key, *type, *value, *error, *part;
} mini[] = {
        { "1-1=ec600m", "http://host/up.bin", NULL, NULL, NULL, "InvalidSource", ".mini_1 (guide 4.1)" },
        { "1-1=ec600m", "http://host/up.mini_2", NULL, NULL, NULL, "InvalidSource", ".mini_1 (guide 4.1)" },
        { "1-1=ec600m", "http://host/up.mini_1?a=b", NULL, NULL, NULL, "InvalidSource", ".mini_1 (guide 4.1)" },
        { "1-1=ec600m", "http://host/0123456789" LONG_NAME ".mini_1", NULL, NULL, NULL, "InvalidSource",
          "128 bytes at most (guide 3.3.1, note 1)" },
        { "1-1=ec600m", "https://host/up.mini_1", NULL, NULL, NULL, "InvalidSource", "guide 3.3.1.2, note 1" },
        { "1-1=eg800k-2", "https://host/up.mini_1", "allow-https", "b", "1", "InvalidSource", "2 MB" },
        { "1-1=ec800m-4", "ftp://host/up.mini_1", NULL, NULL, NULL, "InvalidSource", "guide 3.3.1.1, note 1" },
        { "1-1=eg800k-2", "FTP://host/up.mini_1", NULL, NULL, NULL, "InvalidSource", "guide 3.3.1.1, note 1" },
        { "1-1=ec600m", "http://host/up.mini_1", "cid", "u", "2", "InvalidOption", "cid MiniFOTA takes no PDP" },
        { "1-1=ec600m", "http://host/up.mini_1", "apn", "s", "cmnet", "InvalidOption", "apn MiniFOTA takes no PDP" },
        { "1-1=ec600m", "http://host/up.mini_1", "download-urc-max", "u", "50", "InvalidOption",
          "guide 3.3.1.2, note 2" },
        { "1-1=ec600m", "http://host/up.mini_1", "update-urc-max", "u", "0", "InvalidOption", "guide 3.3.1.2, note 2" },
        { "1-1=ec600m", "http://host/up.mini_1", "upgrade-mode", "u", "1", "InvalidOption", "guide 2.3.1.2" },
        { "1-1=ec600m", "http://host/up.mini_1", "method", "s", "dfota", "InvalidOption", "method" },
        { "1-1=ec200a", "http://host/up.mini_1", "method", "s", "minifota", "InvalidOption", "method" },
};

START_TEST(test_mini)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { mini[_i].module } });
        Before before = look(w);

        ck_assert_ptr_null(world_start(w, "", mini[_i].source, mini[_i].key, mini[_i].type, mini[_i].value, NULL));
        assert_error(w, mini[_i].source, mini[_i].error, mini[_i].part);
        assert_unchanged(w, &before);
        world_free(w);
}
END_TEST

START_TEST(test_absent)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        Before before;

        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        before = look(w);
        ck_assert_ptr_null(world_start(w, "", "http://host/up.bin", NULL));
        assert_error(w, "absent", "ModuleNotReady", "not on the bus");
        ck_assert_ptr_null(world_start(w, "usb-1-1", "http://host/up.bin", NULL));
        assert_error(w, "absent", "ModuleNotReady", "not on the bus");
        assert_unchanged(w, &before);
        world_free(w);
}
END_TEST

/* Another process had the port before the module could be asked for its identity: exclusively, or just open, which only
 * a daemon of root's can see. */
START_TEST(test_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true, .by_hand = _i == 1 };
        World *w = world_new(&settings);
        g_autofree char *tty = world_tty(w, "1-1", "at"), *pid = g_strdup_printf("(pid %d)", (int)getpid());
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        Before before;

        ck_assert_int_ge(fd, 0);
        if (!settings.by_hand)
                ck_assert_int_eq(ioctl(fd, TIOCEXCL), 0);
        world_start_daemon(w);
        ck_assert_ptr_null(world_start(w, "", "http://host/up.bin", NULL));
        before = look(w);
        ck_assert_ptr_null(world_start(w, "", "http://host/up.bin", NULL));
        assert_error(w, "held", "ModuleNotReady", settings.by_hand ? pid : "by another process");
        assert_unchanged(w, &before);
        world_assert_sim(w, "0", "get 1-1 at-lines");
        close(fd);
        world_free(w);
}
END_TEST

/* ---- calls at the wrong time */

static void assert_call(World *w, const char *path, const char *interface, const char *method, const char *error,
                        const char *types, const char *first, const char *second)
{
        sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        if (strcmp(types, "shsa{sv}") == 0)
                r = sd_bus_call_method(world_bus(w), "org.fotad1", path, interface, method, &e, NULL, types, first,
                                       STDERR_FILENO, second, 0);
        else if (second)
                r = sd_bus_call_method(world_bus(w), "org.fotad1", path, interface, method, &e, NULL, types, first,
                                       second, 0);
        else
                r = sd_bus_call_method(world_bus(w), "org.fotad1", path, interface, method, &e, NULL, types, first, 0);
        ck_assert_int_lt(r, 0);
        ck_assert_msg(g_str_has_prefix(e.name, "org.fotad1.Error.") && strcmp(strrchr(e.name, '.') + 1, error) == 0,
                      "%s: %s instead of %s: %s", method, e.name, error, e.message);
        ck_assert(!strstr(e.message, "s3cret"));
        sd_bus_error_free(&e);
}

START_TEST(test_calls)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        g_autofree char *job = NULL, *url = NULL, *finished = NULL, *lines = NULL;
        static const char root[] = "/org/fotad1", manager[] = "org.fotad1.Manager", of_job[] = "org.fotad1.Job";
        Before before = look(w);

        assert_call(w, root, manager, "StartUpgradeFile", "InvalidSource", "shsa{sv}", "", "dir/up.bin");
        assert_call(w, root, manager, "Cancel", "NoSuchJob", "o", JOB_1, NULL);
        assert_call(w, root, manager, "Cancel", "NoSuchJob", "o", "/", NULL);
        assert_call(w, root, manager, "Cancel", "NoSuchJob", "o", MODULE_1, NULL);
        assert_unchanged(w, &before);

        url = world_publish(w);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_expect_job(w, world_start(w, "", url, NULL));
        g_free(world_sim(w, "held 1-1 downloading:50"));
        world_await_property(w, job, "Percent", "25");
        before = look(w);
        ck_assert_ptr_null(world_start(w, "", url, NULL));
        assert_error(w, "busy", "Busy", "job 1");
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        assert_error(w, "busy", "Busy", "job 1");
        assert_call(w, job, of_job, "Retry", "NotStalled", "sa{sv}", url, NULL);
        assert_unchanged(w, &before);
        g_free(world_sim(w, "release 1-1 downloading:50"));

        g_free(world_sim(w, "held 1-1 updating:50"));
        world_await_property(w, job, "Percent", "74");
        before = look(w);
        ck_assert(!world_call(w, job, of_job, "Cancel"));
        assert_error(w, "cancel", "NotCancellable", "updating");
        assert_call(w, root, manager, "Cancel", "NotCancellable", "o", job, NULL);
        assert_call(w, job, of_job, "Retry", "NotStalled", "sa{sv}", url, NULL);
        assert_unchanged(w, &before);
        g_free(world_sim(w, "release 1-1 updating:50"));
        world_assert_result(w, job, "success", "", "");

        world_await_property(w, MODULE_1, "Job", "/");
        before = look(w);
        ck_assert(!world_call(w, job, of_job, "Cancel"));
        assert_error(w, "cancel", "NotCancellable", "finished");
        assert_call(w, root, manager, "Cancel", "NotCancellable", "o", job, NULL);
        assert_call(w, job, of_job, "Retry", "NotStalled", "sa{sv}", "ftp://gw:" SECRET "@host/up.bin", NULL);
        assert_unchanged(w, &before);
        assert_no_secret(w, "s3cret");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("refusals");

        suite_add(s, "sources", test_sources, 0, 1);
        suite_add(s, "types", test_types, 0, 1);
        suite_add(s, "options", test_options, 0, 1);
        suite_add(s, "mini", test_mini, 0, G_N_ELEMENTS(mini));
        suite_add(s, "unready", test_unready, 0, G_N_ELEMENTS(unready));
        suite_add(s, "absent", test_absent, 0, 1);
        suite_add(s, "held", test_held, 0, 2);
        suite_add(s, "calls", test_calls, 0, 1);
        return suite_run(s);
}
