/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every method of every object, called thousands of times with wrong types and values, by root, who may call each of
 * them: each call is answered, and refused if its types are wrong; no upgrade is begun, cancelled or disturbed, and
 * the daemon keeps neither memory nor descriptors. The calls are the same in each run. */

#include <check.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "presets.h"
#include "suite.h"

#define SEED       1
#define ROUNDS     400 /* calls of each method of fotad's own interfaces */
#define STANDARD   10  /* those of sd-bus's interfaces, which each object has, in one round of so many */
#define CALLS_MAX  16  /* calls under way */
#define VALUES     256 /* bytes of which the values of a call are made */
#define GROWTH_MAX 256 /* kB that the daemon may need more, after 7,500 calls: some 35 bytes for each */
#define TIMEOUT    (30 * G_USEC_PER_SEC)

/* A method, with the types of its arguments and of its reply. */
typedef struct Member {
        char *path, *interface, *member, *in, *out;
} Member;

typedef struct Answers {
        unsigned done, refused;
} Answers;

/* A call under way. */
typedef struct Call {
        const Member *method;
        char *signature;
        Answers *answers;
} Call;

/* ---- the methods */

static char *join_types(GDBusArgInfo **args)
{
        GString *s = g_string_new(NULL);

        for (; args && *args; args++)
                g_string_append(s, (*args)->signature);
        return g_string_free(s, FALSE);
}

/* Appends the methods of the object at that path, and of all objects below it. */
static void find_methods(World *w, const char *path, GPtrArray *methods)
{
        g_autoptr(sd_bus_message) reply = NULL;
        GDBusNodeInfo *node;
        const char *xml;

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", path, "org.freedesktop.DBus.Introspectable",
                                            "Introspect", NULL, &reply, NULL),
                         0);
        ck_assert_int_ge(sd_bus_message_read(reply, "s", &xml), 0);
        node = g_dbus_node_info_new_for_xml(xml, NULL);
        ck_assert_ptr_nonnull(node);
        for (GDBusInterfaceInfo **i = node->interfaces; i && *i; i++)
                for (GDBusMethodInfo **m = (*i)->methods; m && *m; m++) {
                        Member *method = g_new(Member, 1);

                        *method = (Member){ g_strdup(path), g_strdup((*i)->name), g_strdup((*m)->name),
                                            join_types((*m)->in_args), join_types((*m)->out_args) };
                        g_ptr_array_add(methods, method);
                }
        for (GDBusNodeInfo **n = node->nodes; n && *n; n++) {
                g_autofree char *below = g_strconcat(path[1] ? path : "", "/", (*n)->path, NULL);

                find_methods(w, below, methods);
        }
        g_dbus_node_info_unref(node);
}

static void free_method(void *data)
{
        Member *m = data;

        g_free(m->path);
        g_free(m->interface);
        g_free(m->member);
        g_free(m->in);
        g_free(m->out);
        g_free(m);
}

/* sd-bus itself answers these interfaces, and does not look at arguments behind those that it needs. */
static bool is_standard(const Member *method)
{
        return strcmp(method->interface, "org.freedesktop.DBus.Peer") == 0 ||
               strcmp(method->interface, "org.freedesktop.DBus.Properties") == 0 ||
               strcmp(method->interface, "org.freedesktop.DBus.Introspectable") == 0;
}

/* ---- arguments */

/* No array of descriptors: dbus-daemon ends a connection for a message with more than 16. */
static void append_any_type(GRand *rand, GString *s, unsigned depth)
{
        static const char basic[] = "ybnqiuxtdsogh";

        switch (g_rand_int_range(rand, 0, depth < 4 ? 8 : 5)) {
        case 5:
                g_string_append_c(s, 'a');
                append_any_type(rand, s, depth + 1);
                break;
        case 6:
                g_string_append(s, "a{s");
                append_any_type(rand, s, depth + 1);
                g_string_append_c(s, '}');
                break;
        case 7:
                g_string_append_c(s, '(');
                append_any_type(rand, s, depth + 1);
                append_any_type(rand, s, depth + 1);
                g_string_append_c(s, ')');
                break;
        case 4: g_string_append_c(s, 'v'); break;
        default: g_string_append_c(s, basic[g_rand_int_range(rand, 0, (int)strlen(basic) - (depth > 0))]);
        }
}

/* The types of the method's arguments, or some of them, or with another one in front or at the end, or any others. */
static char *draw_signature(GRand *rand, const char *right)
{
        GString *s = g_string_new(NULL);
        const char *end = right;
        int kind = g_rand_int_range(rand, 0, 8);

        if (kind == 5)
                append_any_type(rand, s, 0);
        if (kind <= 5) {
                g_string_append(s, right);
        } else if (kind == 6) {
                while (*end && g_rand_boolean(rand))
                        ck_assert(g_variant_type_string_scan(end, NULL, &end));
                g_string_append_len(s, right, end - right);
        }
        if (kind == 4 || kind == 7)
                for (int n = g_rand_int_range(rand, 1, 4); n > 0; n--)
                        append_any_type(rand, s, 0);
        return g_string_free(s, FALSE);
}

/* Values that get a call further than the first check. */
static int append_known(GRand *rand, sd_bus_message *m, char type)
{
        static const char *const paths[] = { MODULE_1, MODULE_2, JOB_1, "/org/fotad1/job/_32", "/org/fotad1", "/" };
        static const char *const texts[] = { "usb-1-1",
                                             "http://127.0.0.1/up.bin",
                                             "up.bin",
                                             "org.fotad1.Job",
                                             "State",
                                             "org.fotad1.Module",
                                             "org.freedesktop.LogControl1",
                                             "LogLevel",
                                             "quectel",
                                             "update",
                                             "host",
                                             "" };

        return sd_bus_message_append_basic(m, type,
                                           type == 'o' ? paths[g_rand_int_range(rand, 0, G_N_ELEMENTS(paths))]
                                                       : texts[g_rand_int_range(rand, 0, G_N_ELEMENTS(texts))]);
}

/* < 0 if the values that were drawn are none that a message can have. */
static int append_arguments(GRand *rand, sd_bus_message *m, const char *signature)
{
        int r = 0;

        while (*signature && r >= 0) {
                uint8_t bytes[VALUES];
                Script script = script_new(bytes, (size_t)g_rand_int_range(rand, 0, VALUES));
                g_autofree char *type = NULL;
                const char *end;

                ck_assert(g_variant_type_string_scan(signature, NULL, &end));
                type = g_strndup(signature, (gsize)(end - signature));
                for (size_t i = 0; i < VALUES; i++)
                        bytes[i] = (uint8_t)g_rand_int(rand);
                if (strchr("so", *type) && g_rand_int_range(rand, 0, 4) > 0)
                        r = append_known(rand, m, *type);
                else
                        r = message_append(&script, m, type);
                signature = end;
        }
        return r;
}

/* ---- answers */

static void check_error(const char *call, const sd_bus_error *e)
{
        static const char *const names[] = {
                SD_BUS_ERROR_INVALID_ARGS,      SD_BUS_ERROR_UNKNOWN_OBJECT,     SD_BUS_ERROR_UNKNOWN_INTERFACE,
                SD_BUS_ERROR_UNKNOWN_PROPERTY,  SD_BUS_ERROR_PROPERTY_READ_ONLY, SD_BUS_ERROR_UNKNOWN_METHOD,
                SD_BUS_ERROR_INVALID_SIGNATURE,
        };
        bool known = g_str_has_prefix(e->name, "org.fotad1.Error.");

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                known |= strcmp(e->name, names[i]) == 0;
        ck_assert_msg(known, "%s: %s: %s", call, e->name, e->message);
        ck_assert_msg(e->message && *e->message && g_utf8_validate(e->message, -1, NULL), "%s: %s", call, e->name);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Call *c = userdata;
        const Member *method = c->method;
        g_autofree char *call = g_strdup_printf("%s %s.%s(%s)", method->path, method->interface, method->member,
                                                c->signature);

        (void)error;
        if (sd_bus_message_is_method_error(m, NULL)) {
                c->answers->refused++;
                check_error(call, sd_bus_message_get_error(m));
        } else {
                c->answers->done++;
                ck_assert_msg(strcmp(c->signature, method->in) == 0 || is_standard(method), "%s is answered", call);
                ck_assert_msg(sd_bus_message_has_signature(m, method->out), "%s is answered with %s", call,
                              sd_bus_message_get_signature(m, true));
        }
        return 1;
}

static void free_call(void *data)
{
        Call *c = data;

        g_free(c->signature);
        g_free(c);
}

/* ---- the daemon's memory and descriptors */

static unsigned resident_kb(World *w)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)world_daemon_pid(w)), *text = NULL;
        const char *line;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        line = strstr(text, "\nVmRSS:");
        ck_assert_ptr_nonnull(line);
        return (unsigned)g_ascii_strtoull(line + strlen("\nVmRSS:"), NULL, 10);
}

static unsigned count_descriptors(World *w)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)world_daemon_pid(w));
        g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        ck_assert_ptr_nonnull(directory);
        while (g_dir_read_name(directory))
                n++;
        return n;
}

/* ---- the test */

/* Waits until at most that many of the calls are under way. */
static void await_answers(World *w, const Answers *a, unsigned calls, unsigned most)
{
        while (calls - a->done - a->refused > most)
                if (sd_bus_process(world_bus(w), NULL) == 0)
                        ck_assert_int_gt(sd_bus_wait(world_bus(w), TIMEOUT), 0);
}

/* The only call that would have an effect: it ends a job whose module may be writing its flash. */
static bool is_dismissal(const Member *method, const char *signature)
{
        return strcmp(method->member, "Dismiss") == 0 && !*signature;
}

/* Returns false if no call was made. */
static bool call_once(World *w, GRand *rand, const Member *method, Answers *answers)
{
        g_autofree char *signature = draw_signature(rand, method->in);
        g_autoptr(sd_bus_message) m = NULL;
        sd_bus_slot *slot;
        Call *call;

        ck_assert_int_ge(sd_bus_message_new_method_call(world_bus(w), &m, "org.fotad1", method->path, method->interface,
                                                        method->member),
                         0);
        if (is_dismissal(method, signature) || append_arguments(rand, m, signature) < 0)
                return false;
        call = g_new(Call, 1);
        *call = (Call){ method, g_steal_pointer(&signature), answers };
        ck_assert_int_ge(sd_bus_call_async(world_bus(w), &slot, m, on_answer, call, TIMEOUT), 0);
        ck_assert_int_ge(sd_bus_slot_set_destroy_callback(slot, free_call), 0);
        ck_assert_int_ge(sd_bus_slot_set_floating(slot, true), 0);
        sd_bus_slot_unref(slot);
        return true;
}

static void call_all(World *w, GRand *rand, const GPtrArray *methods, unsigned rounds)
{
        Answers a = { 0 };
        unsigned calls = 0;

        for (unsigned i = 0; i < rounds * methods->len; i++) {
                const Member *method = g_ptr_array_index(methods, i % methods->len);

                if (is_standard(method) && i / methods->len % STANDARD > 0)
                        continue;
                calls += call_once(w, rand, method, &a);
                await_answers(w, &a, calls, CALLS_MAX - 1);
        }
        await_answers(w, &a, calls, 0);
        ck_assert_uint_gt(a.done, calls / 20);
        ck_assert_uint_gt(a.refused, calls / 2);
}

/* A module in the middle of its upgrade, which can be neither cancelled nor begun again, and one whose upgrade has
 * ended. */
static World *begin(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" },
                                   .config = "[timeouts]\nupdate-idle=600\n" };
        World *w = world_new(&settings);
        g_autofree char *url = world_publish(w), *first = NULL, *second = NULL;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        first = world_expect_job(w, world_start(w, "usb-1-2", url, NULL));
        world_assert_result(w, first, "success", "", "");
        g_free(world_sim(w, "hold 1-1 updating:50"));
        second = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, second, "Percent", "74");
        return w;
}

START_TEST(test_random)
{
        World *w = begin();
        g_autoptr(GPtrArray) methods = g_ptr_array_new_with_free_func(free_method);
        GRand *rand = g_rand_new_with_seed(SEED);
        gint64 end;
        unsigned descriptors, memory;

        find_methods(w, "/", methods);
        call_all(w, rand, methods, ROUNDS / 4); /* what is kept once is kept now */
        memory = resident_kb(w);
        descriptors = count_descriptors(w);
        call_all(w, rand, methods, ROUNDS);
        if (!g_getenv("FOTAD_TEST_PRELOAD")) /* AddressSanitizer keeps what was freed */
                ck_assert_uint_le(resident_kb(w), memory + GROWTH_MAX);
        end = g_get_monotonic_time() + TIMEOUT; /* a copy of a descriptor is closed by another process */
        while (count_descriptors(w) != descriptors)
                ck_assert_msg(g_get_monotonic_time() < end, "%u descriptors, not %u", count_descriptors(w),
                              descriptors);
        world_assert_property(w, MODULE_1, "Job", "/org/fotad1/job/_32");
        world_assert_property(w, MODULE_2, "Job", "/");
        world_assert_property(w, MODULE_2, "Revision", NEW_REVISION);
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "1", "get 1-2 qfotadl-count");
        world_assert_sim(w, "normal", "get 1-2 system");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, "/org/fotad1/job/_32", "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        g_rand_free(rand);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("random-calls");

        suite_add(s, "random", test_random, 0, 1);
        return suite_run(s);
}
