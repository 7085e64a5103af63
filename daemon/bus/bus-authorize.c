/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Authorization of calls. Privileged callers may do everything, and the user who started a job may cancel it; for all
 * others polkit decides. polkit may ask a user, which can take minutes, so the event loop goes on meanwhile. When
 * polkit has replied, the message is put back into the queue of received messages, and its handler examines the changed
 * situation anew. Knows no particular call. */

#include <string.h>

#include "bus/bus-authorize.h"
#include "bus/bus-caller.h"

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

/* Maximum size in bytes of a call that waits, as it is stored with all its arguments. Far more than a correct call
 * has. */
#define CALL_MAX 16384u

/* The kernel reports this number for all users that have no number in this user namespace. */
#define OVERFLOW_UID 65534

typedef struct Authorization {
        Bus *bus;
        sd_bus_message *message;
        int64_t uid;
        BusAction action;
        char *module;
        sd_bus_track *caller;
        sd_bus_slot *asked;   /* NULL if polkit has replied */
        sd_bus_error refusal; /* not set if the call is authorized */
        sd_event_source *tidy;
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
        return sd_bus_message_get_allow_interactive_authorization(a->message) > 0;
}

static void authorization_free(Authorization *a)
{
        sd_bus_slot_unref(a->asked);
        sd_bus_track_unref(a->caller);
        sd_event_source_disable_unref(a->tidy);
        sd_bus_message_unref(a->message);
        sd_bus_error_free(&a->refusal);
        g_free(a->module);
        g_free(a);
}

static void drop(Authorization *a)
{
        g_queue_remove(&a->bus->authorizations, a);
        authorization_free(a);
}

void bus_drop_authorizations(Bus *b)
{
        g_queue_clear_full(&b->authorizations, (GDestroyNotify)authorization_free);
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

/* Runs when no message is left to read. The handler has not asked for the reply, for example because its object was
 * removed. */
static int on_idle(sd_event_source *source, void *userdata)
{
        (void)source;
        drop(userdata);
        return 0;
}

static int put_back(Authorization *a)
{
        int r;

        if ((r = sd_bus_message_rewind(a->message, true)) < 0 ||
            (r = sd_event_add_defer(a->bus->event, &a->tidy, on_idle, a)) < 0 ||
            (r = sd_event_source_set_priority(a->tidy, SD_EVENT_PRIORITY_IDLE)) < 0)
                return r;
        return sd_bus_enqueue_for_read(a->bus->bus, a->message);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Authorization *a = userdata;
        int r;

        (void)error;
        judge(a, reply);
        a->asked = sd_bus_slot_unref(a->asked);
        r = put_back(a);
        if (r < 0) {
                sd_bus_reply_method_errno(a->message, r, NULL);
                drop(a);
        }
        return 1;
}

/* ---- the question to polkit */

/* The caller left the bus. polkit notices that, too, and closes its dialog. */
static int on_caller_left(sd_bus_track *track, void *userdata)
{
        (void)track;
        drop(userdata);
        return 1;
}

static int ask(Authorization *a)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        if ((r = sd_bus_track_new(a->bus->bus, &a->caller, on_caller_left, a)) < 0 ||
            (r = sd_bus_track_add_sender(a->caller, a->message)) < 0 ||
            (r = sd_bus_message_new_method_call(a->bus->bus, &m, POLKIT, POLKIT_PATH, POLKIT_INTERFACE,
                                                "CheckAuthorization")) < 0 ||
            (r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                       sd_bus_message_get_sender(a->message), actions[a->action], 1, "module",
                                       a->module, is_interactive(a) ? POLKIT_ALLOW_INTERACTION : 0, "")) < 0)
                return r;
        return sd_bus_call_async(a->bus->bus, &a->asked, m, on_answer, a, is_interactive(a) ? PERSON_MAX : RULE_MAX);
}

static bool is_full(const Bus *b, int64_t uid)
{
        unsigned all = 0, theirs = 0;

        for (const GList *l = b->authorizations.head; l; l = l->next) {
                const Authorization *a = l->data;

                all += a->asked != NULL;
                theirs += a->asked && a->uid == uid;
        }
        return all >= QUESTIONS_MAX || theirs >= QUESTIONS_MAX_PER_USER;
}

/* Subtracts the size of the arguments, from here to the end of their container, from *left. false if that is not
 * enough. sd-bus limits the depth of containers. */
static bool fits(sd_bus_message *m, size_t *left)
{
        const char *contents, *text;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                size_t length = sizeof(uint64_t);

                if (contents) {
                        if (sd_bus_message_enter_container(m, type, contents) < 0 || !fits(m, left) ||
                            sd_bus_message_exit_container(m) < 0)
                                return false;
                } else if (type == 's' || type == 'o' || type == 'g') {
                        if (sd_bus_message_read_basic(m, type, &text) < 0)
                                return false;
                        length += strlen(text);
                } else if (sd_bus_message_skip(m, (char[]){ type, '\0' }) < 0) {
                        return false;
                }
                if (length > *left)
                        return false;
                *left -= length;
        }
        return r == 0;
}

static bool is_long(sd_bus_message *message)
{
        size_t left = CALL_MAX;

        return sd_bus_message_rewind(message, true) < 0 || !fits(message, &left);
}

static int begin(Bus *b, sd_bus_message *message, int64_t uid, BusAction action, const char *module,
                 sd_bus_error *error)
{
        Authorization *a;
        int r;

        if (is_full(b, uid))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "too many calls wait for polkit: try again when they are answered");
        if (is_long(message))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "the call is too long to wait for polkit");
        a = g_new0(Authorization, 1);
        a->bus = b;
        a->message = sd_bus_message_ref(message);
        a->uid = uid;
        a->action = action;
        a->module = g_strdup(module);
        r = ask(a);
        if (r < 0) {
                authorization_free(a);
                return r;
        }
        g_queue_push_tail(&b->authorizations, a);
        return 0;
}

/* Moves the stored reply to *ret and forgets it. false if there is none, or if it belongs to another question because
 * the call now concerns another module, or is a retry instead of a start. */
static bool take_answer(Bus *b, sd_bus_message *message, BusAction action, const char *module, sd_bus_error *ret)
{
        for (GList *l = b->authorizations.head; l; l = l->next) {
                Authorization *a = l->data;
                bool fits = a->action == action && strcmp(a->module, module) == 0;

                if (a->message != message)
                        continue;
                if (fits)
                        sd_bus_error_move(ret, &a->refusal);
                drop(a);
                return fits;
        }
        return false;
}

int bus_authorize(Bus *b, sd_bus_message *message, BusAction action, const char *module, const Job *own,
                  sd_bus_error *error)
{
        g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
        BusCaller caller = bus_caller(message);
        bool answered = take_answer(b, message, action, module, &refusal);

        if (caller.privileged)
                return 1;
        if (caller.uid < 0)
                return refuse(error, action, "the bus does not tell who you are");
        if (own && own->started_by == caller.uid && caller.uid != OVERFLOW_UID)
                return 1;
        if (!answered)
                return begin(b, message, caller.uid, action, module, error);
        if (!sd_bus_error_is_set(&refusal))
                return 1;
        return sd_bus_error_move(error, &refusal);
}
