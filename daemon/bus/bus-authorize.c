/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Authorization of calls. Privileged callers may do everything, and the user who started a job may cancel it; for all
 * others polkit decides. polkit may ask a user, which can take minutes, so the event loop goes on meanwhile. When
 * polkit has replied, the call is handled again from its beginning, in the changed situation. Knows no particular
 * call. */

#include <string.h>

#include "bus/bus-authorize.h"
#include "bus/bus-caller.h"
#include "bus/bus-refusals.h"

#define POLKIT           "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define POLKIT_ALLOW_INTERACTION 1u

/* Time limits for polkit's reply, without and with a user who is asked; the second is the time that fotactl waits. A
 * call that its caller has given up is not carried out. */
#define RULE_MAX   (20 * G_USEC_PER_SEC)
#define PERSON_MAX (600 * G_USEC_PER_SEC)

/* Maximum number of questions at a time, in all and for one user. */
#define QUESTIONS_MAX          64u
#define QUESTIONS_MAX_PER_USER 8u

/* The kernel reports this number for all users that have no number in this user namespace. */
#define OVERFLOW_UID 65534

/* A question to polkit, and then its reply. */
typedef struct Authorization {
        BusCall *call;
        BusAction action;
        char *module;
        sd_bus_slot *asked;   /* NULL if polkit has replied */
        sd_bus_error refusal; /* not set if the call is authorized */
} Authorization;

static const char *const actions[] = {
        [BUS_ACTION_START] = "org.fotad1.start",
        [BUS_ACTION_CANCEL] = "org.fotad1.cancel",
        [BUS_ACTION_RETRY] = "org.fotad1.retry",
        [BUS_ACTION_PROBE] = "org.fotad1.probe",
};
G_STATIC_ASSERT(G_N_ELEMENTS(actions) == _BUS_ACTION_MAX);

static bool is_interactive(const Authorization *a)
{
        return sd_bus_message_get_allow_interactive_authorization(a->call->message) > 0;
}

static void authorization_free(Authorization *a)
{
        g_queue_remove(&a->call->bus->authorizations, a);
        sd_bus_slot_unref(a->asked);
        sd_bus_error_free(&a->refusal);
        g_free(a->module);
        g_free(a);
}

/* The caller left the bus, among others. polkit notices that, too, and closes its dialog. */
static void drop(BusCall *call)
{
        authorization_free(call->data);
        bus_call_done(call);
}

/* ---- polkit's reply */

static int refuse(sd_bus_error *error, BusAction action, const char *why)
{
        return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                 "%s: root and the members of the group fotad may do this%s, and whom polkit admits "
                                 "(%s); everybody may read",
                                 why, action == BUS_ACTION_CANCEL ? ", the one who started the job" : "",
                                 actions[action]);
}

/* An error of the bus or of polkit is reported to the caller as a refusal. */
static void judge_error(Authorization *a, const sd_bus_error *error)
{
        g_autofree char *why = NULL;

        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                why = g_strdup("there is no polkit that could admit you");
        else if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                why = g_strdup("polkit did not answer in time");
        else
                why = g_strdup_printf("polkit cannot tell whether you may (%s)", error->message ?: error->name);
        refuse(&a->refusal, a->action, why);
}

static void judge(Authorization *a, sd_bus_message *reply)
{
        int authorized, challenge;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                judge_error(a, sd_bus_message_get_error(reply));
        } else if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
                   sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0) {
                refuse(&a->refusal, a->action, "polkit's answer cannot be read");
        } else if (authorized) {
                return;
        } else if (challenge && !is_interactive(a)) {
                sd_bus_error_setf(&a->refusal, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                  "polkit admits you only after somebody was asked for a password (%s): allow "
                                  "interactive authorization with the call, or be root or a member of the group fotad",
                                  actions[a->action]);
        } else if (challenge) {
                refuse(&a->refusal, a->action,
                       "polkit found no authentication agent (pkttyagent, or a desktop's) to ask for a password");
        } else {
                refuse(&a->refusal, a->action, "polkit does not admit you");
        }
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Authorization *a = userdata;

        (void)error;
        a->asked = sd_bus_slot_unref(a->asked);
        judge(a, reply);
        if (is_interactive(a))
                a->call->since = 0; /* polkit may have asked a person */
        bus_call_again(a->call);
        return 1;
}

/* ---- the question to polkit */

static int ask(Authorization *a)
{
        sd_bus_message *call = a->call->message;
        sd_bus *bus = a->call->bus->bus;
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        if ((r = sd_bus_message_new_method_call(bus, &m, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
                                                "CheckAuthorization")) < 0 ||
            (r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                       sd_bus_message_get_sender(call), actions[a->action], 1, "module", a->module,
                                       is_interactive(a) ? POLKIT_ALLOW_INTERACTION : 0, "")) < 0)
                return r;
        return sd_bus_call_async(bus, &a->asked, m, on_answer, a, is_interactive(a) ? PERSON_MAX : RULE_MAX);
}

static bool is_full(const Bus *b, int64_t uid)
{
        unsigned all = 0, theirs = 0;

        for (const GList *l = b->authorizations.head; l; l = l->next) {
                const Authorization *a = l->data;

                all += a->asked != NULL;
                theirs += a->asked && bus_call_uid(a->call) == uid;
        }
        return all >= QUESTIONS_MAX || theirs >= QUESTIONS_MAX_PER_USER;
}

static int begin(BusCall *call, BusAction action, const char *module)
{
        Authorization *a;
        int r;

        if (is_full(call->bus, bus_call_uid(call))) {
                r = bus_refusals_send(call->bus, call->message,
                                      "too many calls wait for polkit: try again when they are answered");
                return MIN(r, 0);
        }
        a = g_new0(Authorization, 1);
        a->call = call;
        a->action = action;
        a->module = g_strdup(module);
        g_queue_push_tail(&call->bus->authorizations, a);
        r = ask(a);
        if (r < 0)
                authorization_free(a);
        else
                bus_call_keep(call, a, drop);
        return MIN(r, 0);
}

/* Moves polkit's reply to *ret and forgets it. false if there is none, or if it belongs to another question because the
 * call now concerns another module, or is a retry instead of a start. */
static bool take_answer(BusCall *call, BusAction action, const char *module, sd_bus_error *ret)
{
        Authorization *a = call->drop == drop ? call->data : NULL;
        bool fits = a && a->action == action && strcmp(a->module, module) == 0;

        if (!a)
                return false;
        if (fits)
                sd_bus_error_move(ret, &a->refusal);
        call->drop = NULL;
        authorization_free(a);
        return fits;
}

int bus_authorize(Bus *b, sd_bus_message *message, BusAction action, const char *module, const Job *own, BusCall **ret,
                  sd_bus_error *error)
{
        g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
        g_autoptr(BusCall) call = NULL;
        int r = bus_call_take(b, message, &call, error);
        bool answered;

        if (r <= 0)
                return r;
        answered = take_answer(call, action, module, &refusal);
        if (!bus_call_is_privileged(call)) {
                int64_t uid = bus_call_uid(call);
                bool owns = own && own->started_by == uid && uid != OVERFLOW_UID;

                if (uid < 0)
                        return refuse(error, action, "the bus does not tell who you are");
                if (!owns && !answered)
                        return begin(call, action, module);
                if (!owns && sd_bus_error_is_set(&refusal))
                        return sd_bus_error_move(error, &refusal);
        }
        *ret = g_steal_pointer(&call);
        return 1;
}
