/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Behaves as ModemManager 1.20 (field facts 7.1). Its state and the calls that it received are in memory that both
 * processes share. */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modem-manager.h"
#include "workers.h"
#include "world-private.h"

#define NAME  "org.freedesktop.ModemManager1"
#define ERROR NAME ".Error.Core."

typedef struct Shared {
        _Atomic FakeState state;
        _Atomic unsigned inhibited, released, held;
        _Atomic bool ready;
        char uid[256];
} Shared;

struct FakeMM {
        World *world;
        pid_t pid;
        Shared *shared;
        const char *revision;
        /* Used in its own process: */
        char *holder; /* of the device */
        GQueue unanswered; /* calls, in the order of arrival */
};

/* ---- its process */

static void drop(FakeMM *mm)
{
        g_clear_pointer(&mm->holder, g_free);
        mm->shared->held = 0;
}

static int grant(FakeMM *mm, sd_bus_message *m)
{
        mm->holder = g_strdup(sd_bus_message_get_sender(m));
        mm->shared->held = 1;
        return sd_bus_reply_method_return(m, NULL);
}

static int inhibit(FakeMM *mm, sd_bus_message *m, sd_bus_error *error)
{
        mm->shared->inhibited++;
        if (!g_str_has_suffix(mm->shared->uid, "/usb1/1-1"))
                return sd_bus_error_set(error, ERROR "NotFound", "No device found with uid");
        if (mm->holder)
                return sd_bus_error_set(error, ERROR "InProgress", "Device is already inhibited");
        switch (mm->shared->state) {
        case FAKE_UNKNOWN: return sd_bus_error_set(error, ERROR "NotFound", "No device found with uid");
        case FAKE_PROBING: return sd_bus_error_set(error, ERROR "WrongState", "Modem not exported in the bus");
        case FAKE_TAKEN: return sd_bus_error_set(error, ERROR "InProgress", "Device is already inhibited");
        case FAKE_REFUSES: return sd_bus_error_set(error, ERROR "Unauthorized", "PolicyKit authorization failed");
        case FAKE_SILENT: g_queue_push_tail(&mm->unanswered, sd_bus_message_ref(m)); return 1;
        case FAKE_EXPORTED: return grant(mm, m);
        }
        return -EINVAL;
}

static int on_inhibit_device(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        FakeMM *mm = userdata;
        const char *uid;
        int yes;

        if (sd_bus_message_read(m, "sb", &uid, &yes) < 0)
                return -EINVAL;
        if (!yes && strcmp(uid, "/") == 0) {
                if (mm->shared->state == FAKE_REFUSES)
                        return sd_bus_error_set(error, ERROR "Unauthorized", "PolicyKit authorization failed");
                return sd_bus_error_set(error, ERROR "NotFound", "No inhibition found");
        }
        g_strlcpy(mm->shared->uid, uid, sizeof(mm->shared->uid));
        if (yes)
                return inhibit(mm, m, error);
        mm->shared->released++;
        if (g_strcmp0(mm->holder, sd_bus_message_get_sender(m)) != 0)
                return sd_bus_error_set(error, ERROR "NotFound", "No inhibition found");
        drop(mm);
        return sd_bus_reply_method_return(m, NULL);
}

/* A single modem, at the first module's place. Implemented as a filter, because sd-bus reserves this interface. */
static int on_get_objects(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        FakeMM *mm = userdata;
        sd_bus_message *reply = NULL;
        int r;

        (void)error;
        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
                return 0;
        if ((r = sd_bus_message_new_method_return(m, &reply)) < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        if (mm->shared->state == FAKE_EXPORTED && !mm->holder)
                r = sd_bus_message_append(
                        reply, "{oa{sa{sv}}}", "/org/freedesktop/ModemManager1/Modem/0", 2, /* interfaces */
                        NAME ".Modem.Simple", 0, NAME ".Modem", 7, "Bearers", "ao", 0, "Device", "s",
                        "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1", "Manufacturer", "s", "Quectel", "Model", "s",
                        "EC200A", "Revision", "s", mm->revision, "EquipmentIdentifier", "s", "867710050000013",
                        "MaxBearers", "u", 1);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        FakeMM *mm = userdata;
        const char *name, *before, *now;

        (void)error;
        if (sd_bus_message_read(m, "sss", &name, &before, &now) >= 0 && !*now && g_strcmp0(name, mm->holder) == 0)
                drop(mm);
        return 0;
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("InhibitDevice", "sb", "", on_inhibit_device, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* The first caller gets the inhibition, even if it does not wait for the answer any more. */
static void answer_late(FakeMM *mm)
{
        sd_bus_message *m;

        while ((m = g_queue_pop_head(&mm->unanswered))) {
                if (mm->holder)
                        sd_bus_reply_method_errorf(m, ERROR "InProgress", "Device is already inhibited");
                else
                        grant(mm, m);
                sd_bus_message_unref(m);
        }
}

static void serve(FakeMM *mm)
{
        sd_bus *bus = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_bus_open_system(&bus) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/ModemManager1", NAME, manager_vtable, mm) < 0 ||
            sd_bus_add_filter(bus, NULL, on_get_objects, mm) < 0 ||
            sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                "NameOwnerChanged", on_owner_changed, mm) < 0 ||
            sd_bus_request_name(bus, NAME, 0) < 0)
                _exit(1);
        mm->shared->ready = true;
        while (sd_bus_wait(bus, 5000) >= 0) { /* the test may have set another state */
                while (sd_bus_process(bus, NULL) > 0)
                        ;
                if (mm->shared->state == FAKE_EXPORTED)
                        answer_late(mm);
        }
        _exit(1);
}

/* ---- used by the test */

static bool is_ready(World *w, const void *data)
{
        (void)w;
        return ((const FakeMM *)data)->shared->ready;
}

FakeMM *fake_mm_start(World *w, FakeState state, const char *revision)
{
        FakeMM *mm = g_new0(FakeMM, 1);

        mm->world = w;
        mm->revision = revision;
        mm->shared = workers_share(sizeof(Shared));
        mm->shared->state = state;
        mm->pid = fork();
        ck_assert_int_ge(mm->pid, 0);
        if (mm->pid == 0)
                serve(mm);
        world_await(w, is_ready, mm, "a ModemManager");
        return mm;
}

void fake_mm_stop(FakeMM *mm)
{
        kill(mm->pid, SIGKILL);
        ck_assert_int_eq(waitpid(mm->pid, NULL, 0), mm->pid);
        g_free(mm);
}

void fake_mm_set(FakeMM *mm, FakeState state)
{
        mm->shared->state = state;
}

unsigned fake_mm_calls(const FakeMM *mm, bool inhibit)
{
        return inhibit ? mm->shared->inhibited : mm->shared->released;
}

unsigned fake_mm_held(const FakeMM *mm)
{
        return mm->shared->held;
}

typedef struct Expected {
        const FakeMM *mm;
        bool inhibit;
        unsigned n;
} Expected;

static bool are_called(World *w, const void *data)
{
        const Expected *e = data;

        (void)w;
        return fake_mm_calls(e->mm, e->inhibit) >= e->n;
}

static bool are_held(World *w, const void *data)
{
        const Expected *e = data;

        (void)w;
        return fake_mm_held(e->mm) == e->n;
}

void fake_mm_await_calls(FakeMM *mm, bool inhibit, unsigned n)
{
        world_await(mm->world, are_called, &(Expected){ mm, inhibit, n }, "a call of InhibitDevice");
}

void fake_mm_await_held(FakeMM *mm, unsigned n)
{
        world_await(mm->world, are_held, &(Expected){ mm, false, n }, n ? "an inhibition" : "the end of an inhibition");
}

char *fake_mm_uid(const FakeMM *mm)
{
        return g_strdup(mm->shared->uid);
}
