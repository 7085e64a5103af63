/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that are kept until they are answered, and the credentials of their senders. The bus is asked for these without
 * waiting for its reply; when it has replied, the message is put back into the queue of received messages, and its
 * handler examines the situation anew. The number and the size of the calls are bounded. Knows no particular call. */

#include <string.h>
#include <unistd.h>

#include "bus/bus-caller.h"
#include "bus/bus-name.h"
#include "bus/bus-refusals.h"
#include "names.h"

/* Maximum number of calls that are kept, in all and for one sender. LimitNOFILE= in the unit follows from the first: a
 * call may have descriptors with it. */
#define CALLS_MAX            1024u
#define CALLS_MAX_PER_SENDER 128u

/* The same for senders of which it is known that they are not privileged, and for one user of them. The rest of
 * CALLS_MAX is for the others. */
#define CALLS_MAX_ALL_UNPRIVILEGED  256u
#define CALLS_MAX_USER_UNPRIVILEGED 32u
#define CALLS_MAX_UNPRIVILEGED      8u

/* With so many calls in all, a sender whose credentials are not known yet has one: the bus lets a user have a few
 * hundred connections. */
#define CALLS_MAX_ASKED (CALLS_MAX / 2)

/* Maximum size in bytes of a call that is kept with all its arguments. Far more than a correct call has. */
#define CALL_MAX 16384u

#define WAIT_MAX (20 * G_USEC_PER_SEC) /* clients give up after 25 s; a call that was given up is not carried out */

struct BusPeer {
        Bus *bus;
        char *name; /* unique name */
        unsigned calls;
        sd_bus_slot *asked; /* NULL if the bus has replied */
        int64_t uid;
        bool privileged;
};

/* ---- credentials */

/* Privileged are root, the daemon's own user, and the members of the daemon's own group (fotad, as installed). If root
 * runs the daemon by hand, its group is root's, which contains other users on some systems, so that group is not
 * privileged. */
static bool is_privileged_user(uint32_t uid)
{
        return uid == 0 || uid == geteuid();
}

static bool is_privileged_group(uint32_t gid)
{
        return gid != 0 && gid == getegid();
}

/* Reads the group ids, an "au" in a variant. */
static bool read_groups(sd_bus_message *reply, bool *ret_privileged)
{
        const uint32_t *groups;
        size_t size;

        if (sd_bus_message_enter_container(reply, 'v', "au") < 0 ||
            sd_bus_message_read_array(reply, 'u', (const void **)&groups, &size) < 0 ||
            sd_bus_message_exit_container(reply) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(*groups); i++)
                *ret_privileged = *ret_privileged || is_privileged_group(groups[i]);
        return true;
}

static bool read_credentials(sd_bus_message *reply, int64_t *ret_uid, bool *ret_privileged)
{
        if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
                return false;
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                const char *name;
                uint32_t uid;

                if (sd_bus_message_read_basic(reply, 's', &name) < 0)
                        return false;
                if (strcmp(name, "UnixUserID") == 0) {
                        if (sd_bus_message_read(reply, "v", "u", &uid) < 0)
                                return false;
                        *ret_uid = uid;
                        *ret_privileged = *ret_privileged || is_privileged_user(uid);
                } else if (strcmp(name, "UnixGroupIDs") == 0) {
                        if (!read_groups(reply, ret_privileged))
                                return false;
                } else if (sd_bus_message_skip(reply, "v") < 0) {
                        return false;
                }
                if (sd_bus_message_exit_container(reply) < 0)
                        return false;
        }
        return true;
}

/* ---- calls */

void bus_peer_free(void *data)
{
        BusPeer *p = data;

        sd_bus_slot_unref(p->asked);
        g_free(p->name);
        g_free(p);
}

/* Returns true if it is known of the sender. */
static bool is_unprivileged(const BusPeer *p)
{
        return !p->asked && !p->privileged;
}

/* Returns the number of calls of all senders who are that user, and known not to be privileged. */
static unsigned count_of_user(const Bus *b, int64_t uid)
{
        GHashTableIter iter;
        unsigned n = 0;
        void *data;

        g_hash_table_iter_init(&iter, b->peers);
        while (g_hash_table_iter_next(&iter, NULL, &data)) {
                const BusPeer *p = data;

                n += is_unprivileged(p) && p->uid == uid ? p->calls : 0;
        }
        return n;
}

static void call_free(BusCall *c)
{
        c->bus->unprivileged -= is_unprivileged(c->peer);
        g_queue_delete_link(&c->bus->calls, c->link);
        g_hash_table_remove(c->bus->kept, c->message);
        sd_event_source_disable_unref(c->tidy);
        sd_bus_message_unref(c->message);
        g_free(c->request_id);
        if (--c->peer->calls == 0)
                g_hash_table_remove(c->bus->peers, c->peer->name);
        g_free(c);
}

void bus_call_keep(BusCall *c, void *data, void (*drop)(BusCall *call))
{
        c->waits = true;
        c->since = c->since ?: g_get_monotonic_time();
        c->data = data;
        c->drop = drop;
}

void bus_call_done(BusCall *c)
{
        c->waits = false;
        c->drop = NULL;
        c->module = NULL;
        c->job = NULL;
        g_clear_pointer(&c->request_id, g_free);
        if (!c->handled)
                call_free(c);
}

void bus_call_let_go(BusCall *c)
{
        c->handled = false;
        if (!c->waits)
                call_free(c);
}

void bus_call_fail(BusCall *c, int r, sd_bus_error *error)
{
        if (r < 0 && !sd_bus_error_is_set(error))
                sd_bus_error_set_errno(error, r);
        if (sd_bus_error_is_set(error))
                sd_bus_reply_method_error(c->message, error);
}

static void drop(BusCall *c)
{
        if (c->drop)
                c->drop(c);
        else
                bus_call_done(c);
}

/* Runs when no message is left to read. The handler has not taken the call, for example because its object was
 * removed. */
static int on_idle(sd_event_source *source, void *userdata)
{
        (void)source;
        drop(userdata);
        return 0;
}

void bus_call_again(BusCall *c)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        if ((r = sd_bus_message_rewind(c->message, true)) >= 0 &&
            (r = sd_event_add_defer(c->bus->event, &c->tidy, on_idle, c)) >= 0 &&
            (r = sd_event_source_set_priority(c->tidy, SD_EVENT_PRIORITY_IDLE)) >= 0 &&
            (r = sd_bus_enqueue_for_read(c->bus->bus, c->message)) >= 0)
                return;
        bus_call_fail(c, r, &error);
        drop(c);
}

void bus_drop_calls(Bus *b)
{
        while (b->calls.head)
                drop(b->calls.head->data);
        bus_refusals_drop(b);
}

int64_t bus_call_uid(const BusCall *c)
{
        return c->peer->uid;
}

Caller bus_call_caller(const BusCall *c)
{
        return (Caller){ .uid = bus_call_uid(c), .name = sd_bus_message_get_sender(c->message) };
}

bool bus_call_is_privileged(const BusCall *c)
{
        return c->peer->privileged;
}

/* ---- senders */

/* Calls func for each call of the sender, which is freed with its last call. */
static void for_each_call(BusPeer *p, void (*func)(BusCall *call))
{
        g_autoptr(GPtrArray) calls = g_ptr_array_new();
        Bus *b = p->bus;

        for (const GList *l = b->calls.head; l; l = l->next)
                if (((BusCall *)l->data)->peer == p)
                        g_ptr_array_add(calls, l->data);
        /* A call that is dropped may end others, which wait for it. */
        for (unsigned i = 0; i < calls->len; i++)
                if (g_queue_find(&b->calls, g_ptr_array_index(calls, i)))
                        func(g_ptr_array_index(calls, i));
}

static int on_gone(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        const char *name;
        BusPeer *p;
        bool owned;

        (void)error;
        if (bus_name_read(m, &owned) && !owned && sd_bus_message_rewind(m, true) >= 0 &&
            sd_bus_message_read(m, "s", &name) >= 0 && (p = g_hash_table_lookup(b->peers, name)))
                for_each_call(p, drop);
        return 0;
}

int bus_caller_connect(Bus *b)
{
        return bus_name_watch_gone(b->bus, on_gone, b);
}

/* Refuses the latest calls of a sender that turns out not to be privileged. Returns false if none is left, and the
 * sender is freed. */
static bool refuse_excess(BusPeer *p)
{
        Bus *b = p->bus;
        unsigned left = p->calls, others = count_of_user(b, p->uid) - left;

        for (GList *l = b->calls.tail, *previous; l; l = previous) {
                BusCall *c = l->data;

                previous = l->prev;
                if (left == 0 || (left <= CALLS_MAX_UNPRIVILEGED && left + others <= CALLS_MAX_USER_UNPRIVILEGED &&
                                  b->unprivileged <= CALLS_MAX_ALL_UNPRIVILEGED))
                        break;
                if (c->peer != p)
                        continue;
                left--;
                bus_refusals_send(c->bus, c->message, BUS_TOO_MANY);
                drop(c);
        }
        return left > 0;
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        BusPeer *p = userdata;

        (void)error;
        if (!sd_bus_is_open(p->bus->bus)) /* its calls are about to be dropped */
                return 0;
        p->asked = sd_bus_slot_unref(p->asked);
        if (sd_bus_message_is_method_error(reply, NULL) || !read_credentials(reply, &p->uid, &p->privileged)) {
                p->uid = -1;
                p->privileged = false;
        }
        if (!p->privileged)
                p->bus->unprivileged += p->calls;
        if (p->privileged || refuse_excess(p))
                for_each_call(p, bus_call_again);
        return 0;
}

/* Asks the bus for the user and groups of the sender, which the kernel told it when the sender connected. sd-bus would
 * read the groups from /proc, where another process may have the sender's process id by now. With a bus that reports no
 * groups (dbus before 1.14), no group is privileged. A sender that has left has no credentials any more. */
static int peer_new(BusPeer **ret, Bus *b, const char *name)
{
        BusPeer *p = g_new0(BusPeer, 1);
        int r;

        p->bus = b;
        p->name = g_strdup(name);
        p->uid = -1;
        r = sd_bus_call_method_async(b->bus, &p->asked, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetConnectionCredentials", on_credentials, p, "s", name);
        if (r < 0) {
                bus_peer_free(p);
                return r;
        }
        g_hash_table_insert(b->peers, p->name, p);
        *ret = p;
        return 0;
}

/* ---- bounds */

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

        return sd_bus_message_rewind(message, true) < 0 || !fits(message, &left) ||
               sd_bus_message_rewind(message, true) < 0;
}

/* The sender has calls already. */
static bool has_too_many(const BusPeer *p)
{
        Bus *b = p->bus;

        if (!is_unprivileged(p))
                return p->calls >= CALLS_MAX_PER_SENDER ||
                       (p->asked && g_queue_get_length(&b->calls) >= CALLS_MAX_ASKED);
        return p->calls >= CALLS_MAX_UNPRIVILEGED || b->unprivileged >= CALLS_MAX_ALL_UNPRIVILEGED ||
               count_of_user(b, p->uid) >= CALLS_MAX_USER_UNPRIVILEGED;
}

int bus_call_admit(Bus *b, sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);
        const BusPeer *p = sender ? g_hash_table_lookup(b->peers, sender) : NULL;

        if (!p || !has_too_many(p) || g_hash_table_contains(b->kept, message))
                return 0;
        return bus_refusals_send(b, message, BUS_TOO_MANY);
}

int bus_call_take(Bus *b, sd_bus_message *message, BusCall **ret, sd_bus_error *error)
{
        const char *sender = sd_bus_message_get_sender(message);
        BusPeer *p = sender ? g_hash_table_lookup(b->peers, sender) : NULL;
        BusCall *c = g_hash_table_lookup(b->kept, message);
        int r;

        if (c) {
                c->tidy = sd_event_source_disable_unref(c->tidy);
                c->waits = false;
                c->handled = true;
                *ret = c;
                return 1;
        }
        if (!sender || g_queue_get_length(&b->calls) >= CALLS_MAX || (p && has_too_many(p)))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, BUS_TOO_MANY);
        if (is_long(message))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "the call is too long");
        if (!p && (r = peer_new(&p, b, sender)) < 0)
                return r;
        c = g_new0(BusCall, 1);
        c->bus = b;
        c->message = sd_bus_message_ref(message);
        c->peer = p;
        p->calls++;
        b->unprivileged += is_unprivileged(p);
        g_queue_push_tail(&b->calls, c);
        c->link = b->calls.tail;
        g_hash_table_insert(b->kept, message, c);
        if (p->asked) {
                c->waits = true;
                return 0;
        }
        c->handled = true;
        *ret = c;
        return 1;
}

/* ---- calls that were given up */

gint64 bus_call_last(const BusCall *c)
{
        return (c->since ?: g_get_monotonic_time()) + WAIT_MAX;
}

static bool is_late(const BusCall *c)
{
        return g_get_monotonic_time() > bus_call_last(c);
}

int bus_call_refuse_late(const BusCall *c, sd_bus_error *error)
{
        return is_late(c) ? sd_bus_error_set(error, SD_BUS_ERROR_TIMEOUT, "the disk took too long: try again") : 0;
}

/* ---- waiting for a module's identity */

void bus_call_await_identity(BusCall *c, Module *module, BusWaitFunc func)
{
        bus_call_keep(c, NULL, NULL);
        c->func = func;
        c->module = module;
}

/* The call's own handler may be running, if its question was answered at once: it lets the call go. */
static void answer(BusCall *c, const char *failure)
{
        bool nested = c->handled;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Module *module = g_steal_pointer(&c->module);

        c->waits = false;
        c->handled = true;
        if (!failure && is_late(c))
                failure = "it took too long to tell who it is: try again";
        bus_call_fail(c, c->func(c, module, failure, &error), &error);
        if (!nested)
                bus_call_let_go(c);
}

void bus_answer_waiting(Bus *b, Module *module, const char *failure)
{
        g_autoptr(GPtrArray) calls = g_ptr_array_new();

        for (const GList *l = b->calls.head; l; l = l->next)
                if (((BusCall *)l->data)->module == module)
                        g_ptr_array_add(calls, l->data);
        /* An answered call may start a job or a probe, which may answer other calls. */
        for (unsigned i = 0; i < calls->len; i++)
                if (g_queue_find(&b->calls, g_ptr_array_index(calls, i)) &&
                    ((BusCall *)g_ptr_array_index(calls, i))->module == module)
                        answer(g_ptr_array_index(calls, i), failure);
}

/* ---- waiting for the record of a job */

int bus_call_await_record(BusCall *c, Job *job, BusRecordFunc func, sd_bus_error *error)
{
        if (!job->awaits_record)
                return func(c, job, error);
        bus_call_keep(c, NULL, NULL);
        c->record_func = func;
        c->job = job;
        return 1;
}

static void go_on(BusCall *c, Job *job)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        c->job = NULL;
        c->waits = false;
        c->handled = true;
        bus_call_fail(c, c->record_func(c, job, &error), &error);
        bus_call_let_go(c);
}

void bus_job_is_written(Bus *b, Job *job, bool removed)
{
        g_autoptr(GPtrArray) calls = g_ptr_array_new();

        for (const GList *l = b->calls.head; l; l = l->next)
                if (((BusCall *)l->data)->job == job)
                        g_ptr_array_add(calls, l->data);
        /* A call that goes on may have the next record written, whose failure answers other calls. */
        for (unsigned i = 0; i < calls->len; i++)
                if (g_queue_find(&b->calls, g_ptr_array_index(calls, i)) &&
                    ((BusCall *)g_ptr_array_index(calls, i))->job == job)
                        go_on(g_ptr_array_index(calls, i), removed ? NULL : job);
}

int bus_call_refuse_removed(sd_bus_error *error)
{
        return sd_bus_error_set(error, FOTAD_ERROR_NO_SUCH_JOB,
                                "the job was removed while the call waited for the disk");
}

/* ---- waiting for a call with the same request id */

void bus_call_await_request(BusCall *c, const char *request_id)
{
        bus_call_keep(c, NULL, NULL);
        c->request_id = g_strdup(request_id);
}

static void handle_again(BusCall *c)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r = bus_call_refuse_late(c, &error);

        g_clear_pointer(&c->request_id, g_free);
        if (r >= 0) {
                bus_call_again(c);
                return;
        }
        bus_call_fail(c, r, &error);
        bus_call_done(c);
}

void bus_request_has_ended(Bus *b, const char *request_id)
{
        g_autoptr(GPtrArray) calls = g_ptr_array_new();

        for (const GList *l = b->calls.head; l; l = l->next)
                if (g_strcmp0(((BusCall *)l->data)->request_id, request_id) == 0)
                        g_ptr_array_add(calls, l->data);
        for (unsigned i = 0; i < calls->len; i++)
                handle_again(g_ptr_array_index(calls, i));
}
