/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps ModemManager away from the AT ports that fotad needs; there is a Hold for each such module. For a job the
 * device is inhibited: the call is repeated while ModemManager still probes the device (it inhibits only devices that
 * it has on the bus), and when ModemManager is restarted. An inhibition belongs to our bus connection and outlives
 * restarts of the device. To identify a module, ModemManager is asked first, and the device is inhibited only if
 * ModemManager does not know it. */

#include <errno.h>

#include "bus/bus-call.h"
#include "bus/bus-modem-identity.h"
#include "bus/bus-modem-manager.h"
#include "bus/bus-name.h"
#include "base/log.h"
#include "base/message-ids.h"

#define NAME      "org.freedesktop.ModemManager1"
#define PATH      "/org/freedesktop/ModemManager1"
#define INTERFACE NAME
#define ERROR     NAME ".Error.Core."

#define ASKED "has not let go of it yet" /* until ModemManager replies */

#define AGAIN       G_USEC_PER_SEC
#define UNKNOWN_MAX 3 /* replies NotFound until that is believed: ModemManager may not have seen the device yet */

typedef enum HoldState { HOLD_ASKING, HOLD_FREE, HOLD_HELD } HoldState;

typedef struct Hold {
        BusModemManager *owner;
        Module *module; /* NULL: not needed any more, but a reply is awaited */
        char *id;       /* the module's Id, which outlives the module */
        char *uid;
        ModuleNeed need;
        HoldState state;
        bool granted;      /* the port was free for this job once, and stays so */
        unsigned unknown;  /* replies NotFound in a row */
        unsigned asked;    /* calls made */
        sd_bus_slot *call; /* the call to ModemManager, NULL when it has replied */
        sd_event_source *again;
} Hold;

struct BusModemManager {
        sd_bus *bus;
        sd_event *event;
        Manager *manager;
        sd_bus_slot *watch, *asks_leave;
        sd_bus_slot *asks_owner; /* NULL when the bus has replied */
        bool running;
        GPtrArray *holds; /* Hold */
};

static void hold_free(Hold *h)
{
        sd_bus_slot_unref(h->call);
        sd_event_source_disable_unref(h->again);
        g_free(h->id);
        g_free(h->uid);
        g_free(h);
}

static bool is_for_job(const Hold *h)
{
        return h->need >= MODULE_NEED_JOB;
}

/* Opens the module's port to its user. For a job also applies the udev rules again: devices that appear from now on are
 * claimed, and udev makes ModemManager forget those that are there, so that neither our death nor a restart of
 * ModemManager brings them back. */
static void open_gate(Hold *h)
{
        if (is_for_job(h) && !h->granted) {
                h->granted = true;
                manager_apply_udev_rules(h->owner->manager, h->module);
        }
        module_set_gate(h->module, MODULE_GATE_OPEN, NULL);
}

static void shut_gate(Hold *h, ModuleGate gate, const char *why)
{
        if (!h->granted)
                module_set_gate(h->module, gate, why);
}

/* ---- asking */

static void ask(Hold *h);

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        ask(userdata);
        return 0;
}

/* Repeats the call every second for the time that a module may take to be ready, then every settle. */
static void ask_again(Hold *h)
{
        uint64_t settle = manager_config(h->owner->manager)->timeouts.settle;
        uint64_t in = h->asked < settle / AGAIN ? AGAIN : MAX(AGAIN, settle);

        sd_event_source_disable_unref(h->again);
        h->again = NULL;
        if (sd_event_add_time_relative(h->owner->event, &h->again, CLOCK_BOOTTIME, in, 0, on_again, h) < 0)
                log_module(LOG_ERR, h->module, "no timer");
}

/* The reason for a refusal, which the caller frees, and the gate that follows from it. */
static char *refusal_of(const sd_bus_error *error, ModuleGate *ret_gate)
{
        *ret_gate = MODULE_GATE_PENDING;
        if (sd_bus_error_has_name(error, ERROR "WrongState"))
                return g_strdup("is still looking at it");
        if (sd_bus_error_has_name(error, ERROR "InProgress"))
                return g_strdup("keeps it for another program, which has inhibited it");
        if (sd_bus_error_has_name(error, ERROR "Unauthorized") ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED)) {
                *ret_gate = MODULE_GATE_REFUSED;
                return g_strdup("does not let fotad inhibit it, for the bus policy or the polkit rule that come with "
                                "fotad are missing");
        }
        return g_strdup_printf("does not let go of it (%s)", error->message ?: error->name);
}

static void release(Hold *h)
{
        LogEvent event = { .module = h->id };
        int r;

        if (!sd_bus_is_open(h->owner->bus)) /* the inhibition has ended with the connection */
                return;
        r = sd_bus_call_method_async(h->owner->bus, NULL, NAME, PATH, INTERFACE, "InhibitDevice", NULL, NULL, "sb",
                                     h->uid, false);
        if (r < 0)
                log_event(LOG_WARNING, &event, "%s: it is not given back to ModemManager: %s", h->id, g_strerror(-r));
        else
                log_event(LOG_DEBUG, &event, "%s: given back to ModemManager", h->id);
}

static void on_refused(Hold *h, const sd_bus_error *error)
{
        g_autofree char *why = NULL;
        ModuleGate gate;

        if (sd_bus_error_has_name(error, ERROR "NotFound")) {
                if (++h->unknown < UNKNOWN_MAX) {
                        ask_again(h);
                        return;
                }
                log_module(LOG_DEBUG, h->module, "ModemManager does not know it");
                h->state = HOLD_FREE;
                open_gate(h);
                return;
        }
        h->unknown = 0;
        why = refusal_of(error, &gate);
        ask_again(h); /* first, because the next line may end the hold */
        if (gate == MODULE_GATE_REFUSED && !is_for_job(h))
                gate = MODULE_GATE_JOBS_ONLY; /* ModemManager may report the identity later */
        shut_gate(h, gate, why);
}

static int on_inhibited(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Hold *h = userdata;

        (void)error;
        h->call = sd_bus_slot_unref(h->call);
        if (!sd_bus_is_open(h->owner->bus)) { /* asked again on the next connection */
                return 0;
        } else if (!h->module) {
                if (!sd_bus_message_is_method_error(m, NULL))
                        release(h);
                g_ptr_array_remove(h->owner->holds, h);
        } else if (sd_bus_message_is_method_error(m, NULL)) {
                on_refused(h, sd_bus_message_get_error(m));
        } else {
                log_module(LOG_DEBUG, h->module, "ModemManager lets go of it");
                h->state = HOLD_HELD;
                open_gate(h);
        }
        return 0;
}

static void inhibit(Hold *h)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        /* ModemManager disables the modem first and ends its connections, which may take a while. The timeout is
         * infinite, because an inhibition that is granted after a timeout would never be released. The need for the
         * port has a timeout of its own, and set_running() drops the call when ModemManager ends. */
        if ((r = sd_bus_message_new_method_call(h->owner->bus, &m, NAME, PATH, INTERFACE, "InhibitDevice")) < 0 ||
            (r = sd_bus_message_append(m, "sb", h->uid, true)) < 0 ||
            (r = sd_bus_call_async(h->owner->bus, &h->call, m, on_inhibited, h, UINT64_MAX)) < 0)
                log_module(LOG_WARNING, h->module, "ModemManager cannot be asked for it: %s", g_strerror(-r));
}

/* ---- the identity */

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Hold *h = userdata;
        Module *module = h->module;
        g_autoptr(Identity) identity = NULL;

        (void)error;
        h->call = sd_bus_slot_unref(h->call);
        if (!sd_bus_is_open(h->owner->bus))
                return 0;
        if (!sd_bus_message_is_method_error(m, NULL) && bus_modem_identity_read(m, h->uid, &identity) < 0)
                g_clear_pointer(&identity, identity_free);
        if (is_for_job(h) || (module && !identity)) {
                inhibit(h);
                return 0;
        }
        if (module && !*identity->revision) { /* no connection is interrupted to read an identity */
                ask_again(h);
                module_set_gate(module, MODULE_GATE_JOBS_ONLY, "has it, and does not tell its revision");
        } else if (module) { /* each of these two calls may end the hold */
                module_set_gate(module, MODULE_GATE_JOBS_ONLY, "has it");
                module_take_identity(module, g_steal_pointer(&identity));
        } else {
                g_ptr_array_remove(h->owner->holds, h);
        }
        return 0;
}

static void ask(Hold *h)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        /* Without a reply about the owner, or without a bus, set_running() asks later. */
        if (h->call || h->state != HOLD_ASKING || h->owner->asks_owner || !sd_bus_is_open(h->owner->bus))
                return;
        h->asked++;
        if (is_for_job(h)) {
                inhibit(h);
                return;
        }
        if ((r = sd_bus_message_new_method_call(h->owner->bus, &m, NAME, PATH, "org.freedesktop.DBus.ObjectManager",
                                                "GetManagedObjects")) < 0 ||
            (r = sd_bus_call_async(h->owner->bus, &h->call, m, on_objects, h,
                                   manager_config(h->owner->manager)->timeouts.settle)) < 0)
                log_module(LOG_WARNING, h->module, "ModemManager cannot be asked who it is: %s", g_strerror(-r));
}

static void begin_asking(Hold *h)
{
        h->state = HOLD_ASKING;
        h->unknown = h->asked = 0;
        ask(h);
        /* Until the bus has replied, ModemManager counts as running, which is not worth a line in the log. */
        shut_gate(h, MODULE_GATE_PENDING, h->owner->asks_owner ? NULL : ASKED);
}

/* ---- holds */

static Hold *find_hold(BusModemManager *mm, const Module *module)
{
        for (unsigned i = 0; i < mm->holds->len; i++)
                if (((Hold *)g_ptr_array_index(mm->holds, i))->module == module)
                        return g_ptr_array_index(mm->holds, i);
        return NULL;
}

static void end_hold(Hold *h)
{
        h->module = NULL;
        h->need = MODULE_NEED_NONE;
        if (h->state == HOLD_HELD)
                release(h);
        if (!h->call)
                g_ptr_array_remove(h->owner->holds, h);
}

void bus_modem_manager_need(BusModemManager *mm, Module *module, ModuleNeed need)
{
        Hold *h = find_hold(mm, module);

        if (need == MODULE_NEED_NONE) {
                if (h)
                        end_hold(h);
                return;
        }
        if (!h) {
                h = g_new0(Hold, 1);
                h->owner = mm;
                h->module = module;
                h->id = g_strdup(module_id(module));
                h->uid = g_strdup(module_uid(module));
                g_ptr_array_add(mm->holds, h);
        }
        h->need = need;
        if (!is_for_job(h))
                h->granted = false;
        if (h->state == HOLD_HELD) {
                open_gate(h);
        } else if (!mm->running) {
                h->state = HOLD_FREE;
                open_gate(h);
        } else {
                if (need == MODULE_NEED_UNDER_WAY) /* its udev claim is in force already */
                        open_gate(h);
                begin_asking(h);
        }
}

/* ---- ModemManager comes and goes */

static int on_may_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusModemManager *mm = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        g_autofree char *why = NULL;
        ModuleGate gate = MODULE_GATE_PENDING;

        (void)error;
        mm->asks_leave = sd_bus_slot_unref(mm->asks_leave);
        if (!sd_bus_is_open(mm->bus))
                return 0;
        if (e)
                why = refusal_of(e, &gate);
        if (gate == MODULE_GATE_REFUSED)
                log_event(
                        LOG_WARNING, &(LogEvent){ .message_id = MESSAGE_ID_NEIGHBOUR },
                        "ModemManager is running, and may not be asked to let go of modules: fotad's bus policy or its "
                        "polkit rule is missing");
        manager_set_modem_manager(mm->manager,
                                  gate == MODULE_GATE_REFUSED ? MODEM_MANAGER_REFUSES : MODEM_MANAGER_YIELDS);
        return 0;
}

/* Releases a device that is not inhibited, which changes nothing, but shows if fotad may call InhibitDevice. */
static void ask_leave(BusModemManager *mm)
{
        mm->asks_leave = sd_bus_slot_unref(mm->asks_leave);
        sd_bus_call_method_async(mm->bus, &mm->asks_leave, NAME, PATH, INTERFACE, "InhibitDevice", on_may_inhibit, mm,
                                 "sb", "/", false);
}

static void set_running(BusModemManager *mm, bool running)
{
        mm->asks_owner = sd_bus_slot_unref(mm->asks_owner);
        mm->running = running;
        manager_set_modem_manager(mm->manager, running ? MODEM_MANAGER_YIELDS : MODEM_MANAGER_NONE);
        if (running)
                ask_leave(mm);
        /* Opening or shutting a gate may end that hold and others. */
        for (unsigned i = mm->holds->len; i-- > 0;) {
                Hold *h = i < mm->holds->len ? g_ptr_array_index(mm->holds, i) : NULL;

                if (!h)
                        continue;
                h->call = sd_bus_slot_unref(h->call); /* no reply will come */
                if (!h->module) {
                        g_ptr_array_remove(mm->holds, h);
                } else if (running) {
                        begin_asking(h);
                } else {
                        h->state = HOLD_FREE;
                        open_gate(h);
                }
        }
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        bool owned;

        (void)error;
        if (bus_name_read(m, &owned))
                set_running(userdata, owned);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusModemManager *mm = userdata;

        (void)error;
        if (sd_bus_is_open(mm->bus))
                set_running(mm, !sd_bus_message_is_method_error(m, NULL));
        return 0;
}

BusModemManager *bus_modem_manager_new(sd_event *event, Manager *manager)
{
        BusModemManager *mm = g_new0(BusModemManager, 1);

        mm->event = event;
        mm->manager = manager;
        mm->running = true;
        mm->holds = g_ptr_array_new_with_free_func((GDestroyNotify)hold_free);
        return mm;
}

int bus_modem_manager_connect(BusModemManager *mm, sd_bus *bus)
{
        int r;

        mm->watch = sd_bus_slot_unref(mm->watch);
        mm->asks_leave = sd_bus_slot_unref(mm->asks_leave);
        mm->asks_owner = sd_bus_slot_unref(mm->asks_owner);
        for (unsigned i = 0; i < mm->holds->len; i++) {
                Hold *h = g_ptr_array_index(mm->holds, i);

                h->call = sd_bus_slot_unref(h->call);
        }
        mm->bus = bus;
        r = bus_name_watch(bus, &mm->watch, NAME, on_owner_changed, mm);
        return r < 0 ? r : bus_name_ask(bus, &mm->asks_owner, NAME, on_owner, mm);
}

void bus_modem_manager_free(BusModemManager *mm)
{
        if (!mm)
                return;
        sd_bus_slot_unref(mm->watch);
        sd_bus_slot_unref(mm->asks_leave);
        sd_bus_slot_unref(mm->asks_owner);
        g_ptr_array_unref(mm->holds);
        g_free(mm);
}
