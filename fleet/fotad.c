/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad on the bus: keeps its modules and jobs as GetManagedObjects and the signals after it tell them, and calls it.
 * Knows nothing of the server. */

#include "config.h"

#include <string.h>

#include "fotad.h"
#include "log.h"
#include "names.h"

#define CALL_TIME  (120 * (uint64_t)G_USEC_PER_SEC) /* fotad copies a package before it answers */
#define RELIST     (10 * (uint64_t)G_USEC_PER_SEC)
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS    "org.freedesktop.DBus.ObjectManager"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

struct Fotad {
        sd_bus *bus;
        sd_event_source *again; /* asks for the objects once more */
        FotadObserver observer;
        GHashTable *modules, *jobs; /* by their paths */
        GHashTable *requests;       /* the jobs that have a request id, by it */
        char *version;
        char *owner; /* the unique name of the fotad that was listed */
        bool listed;
        sd_bus_slot *listing;
};

typedef struct Call {
        Fotad *fotad;
        FotadReply reply;
        void *userdata;
} Call;

/* ---- properties, by the types of the interface */

typedef struct Field {
        const char *name;
        char type; /* s, o, u, i or b */
        size_t offset;
} Field;

static const Field module_fields[] = {
        { "Id", 's', G_STRUCT_OFFSET(Module, id) },
        { "Present", 'b', G_STRUCT_OFFSET(Module, present) },
        { "Imei", 's', G_STRUCT_OFFSET(Module, imei) },
        { "Model", 's', G_STRUCT_OFFSET(Module, model) },
        { "Revision", 's', G_STRUCT_OFFSET(Module, revision) },
        { "Method", 's', G_STRUCT_OFFSET(Module, method) },
        { "FlashSize", 'u', G_STRUCT_OFFSET(Module, flash) },
        { "Job", 'o', G_STRUCT_OFFSET(Module, job) },
        { NULL, 0, 0 },
};

static const Field job_fields[] = {
        { "RequestId", 's', G_STRUCT_OFFSET(Job, request_id) },
        { "Imei", 's', G_STRUCT_OFFSET(Job, imei) },
        { "ExpectedRevision", 's', G_STRUCT_OFFSET(Job, expected_revision) },
        { "State", 's', G_STRUCT_OFFSET(Job, state) },
        { "Percent", 'u', G_STRUCT_OFFSET(Job, percent) },
        { "Cancellable", 'b', G_STRUCT_OFFSET(Job, cancellable) },
        { "Result", 's', G_STRUCT_OFFSET(Job, result) },
        { "ToRevision", 's', G_STRUCT_OFFSET(Job, to_revision) },
        { "ErrorDomain", 's', G_STRUCT_OFFSET(Job, domain) },
        { "ErrorName", 's', G_STRUCT_OFFSET(Job, name) },
        { "ErrorCode", 'i', G_STRUCT_OFFSET(Job, code) },
        { "Message", 's', G_STRUCT_OFFSET(Job, message) },
        { NULL, 0, 0 },
};

static bool is_text(const Field *f)
{
        return f->type == 's' || f->type == 'o';
}

static void init_texts(const Field *fields, void *object)
{
        for (const Field *f = fields; f->name; f++)
                if (is_text(f))
                        *(char **)G_STRUCT_MEMBER_P(object, f->offset) = g_strdup("");
}

static void free_texts(const Field *fields, void *object)
{
        for (const Field *f = fields; f->name; f++)
                if (is_text(f))
                        g_free(*(char **)G_STRUCT_MEMBER_P(object, f->offset));
}

static void module_free(void *data)
{
        Module *module = data;

        free_texts(module_fields, module);
        g_free(module->path);
        g_free(module);
}

static void job_free(void *data)
{
        Job *job = data;

        free_texts(job_fields, job);
        g_free(job->path);
        g_free(job);
}

static int read_field(sd_bus_message *m, const Field *f, void *object)
{
        void *member = G_STRUCT_MEMBER_P(object, f->offset);
        const char *text;
        int r, boolean;

        switch (f->type) {
        case 's':
        case 'o':
                r = sd_bus_message_read(m, "v", f->type == 's' ? "s" : "o", &text);
                if (r > 0) {
                        g_free(*(char **)member);
                        *(char **)member = g_strdup(text);
                }
                return r;
        case 'b':
                r = sd_bus_message_read(m, "v", "b", &boolean);
                if (r > 0)
                        *(bool *)member = boolean;
                return r;
        case 'u': return sd_bus_message_read(m, "v", "u", (unsigned *)member);
        default: return sd_bus_message_read(m, "v", "i", (int *)member);
        }
}

/* Reads an a{sv} into the members that fields names. */
static int read_properties(sd_bus_message *m, const Field *fields, void *object)
{
        const char *name;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const Field *f = fields;

                r = sd_bus_message_read(m, "s", &name);
                if (r < 0)
                        break;
                while (f->name && strcmp(f->name, name) != 0)
                        f++;
                r = f->name ? read_field(m, f, object) : sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* ---- objects */

static void notify(Fotad *f, const char *imei)
{
        g_autofree char *copy = g_strdup(imei);

        f->observer.changed(f->observer.userdata, copy);
}

static void index_job(Fotad *f, Job *job)
{
        if (*job->request_id)
                g_hash_table_replace(f->requests, job->request_id, job);
}

static void unindex_job(Fotad *f, const Job *job)
{
        if (g_hash_table_lookup(f->requests, job->request_id) == job)
                g_hash_table_remove(f->requests, job->request_id);
}

/* The object at that path, made if it is new; NULL if it is neither a module nor a job. */
static void *object_at(Fotad *f, const char *path, const char *interface, const Field **ret_fields)
{
        if (strcmp(interface, FOTAD_MODULE_INTERFACE) == 0) {
                Module *module = g_hash_table_lookup(f->modules, path);

                if (!module) {
                        module = g_new0(Module, 1);
                        module->path = g_strdup(path);
                        init_texts(module_fields, module);
                        g_hash_table_insert(f->modules, module->path, module);
                }
                *ret_fields = module_fields;
                return module;
        }
        if (strcmp(interface, FOTAD_JOB_INTERFACE) == 0) {
                Job *job = g_hash_table_lookup(f->jobs, path);

                if (!job) {
                        job = g_new0(Job, 1);
                        job->path = g_strdup(path);
                        init_texts(job_fields, job);
                        g_hash_table_insert(f->jobs, job->path, job);
                }
                *ret_fields = job_fields;
                return job;
        }
        return NULL;
}

static const char *imei_of(const Field *fields, const void *object)
{
        return fields == job_fields ? ((const Job *)object)->imei : ((const Module *)object)->imei;
}

/* Reads the properties of one interface of an object. */
static int take_properties(Fotad *f, sd_bus_message *m, const char *path, const char *interface, bool tell)
{
        const Field *fields;
        void *object = object_at(f, path, interface, &fields);
        g_autofree char *before = NULL;
        int r;

        if (!object)
                return sd_bus_message_skip(m, "a{sv}");
        before = g_strdup(imei_of(fields, object));
        if (fields == job_fields)
                unindex_job(f, object);
        r = read_properties(m, fields, object);
        if (fields == job_fields)
                index_job(f, object);
        if (tell && strcmp(before, imei_of(fields, object)) != 0)
                notify(f, before); /* that target has lost its module */
        if (tell)
                notify(f, imei_of(fields, object));
        return r;
}

/* Reads an a{sa{sv}}. */
static int take_interfaces(Fotad *f, sd_bus_message *m, const char *path, bool tell)
{
        const char *interface;
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read(m, "s", &interface);
                if (r > 0)
                        r = take_properties(f, m, path, interface, tell);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The tables are empty for the observer before the objects go. */
static void forget_objects(Fotad *f)
{
        GHashTable *modules = g_steal_pointer(&f->modules), *jobs = g_steal_pointer(&f->jobs);

        g_hash_table_remove_all(f->requests);
        f->modules = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, module_free);
        f->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
        f->listed = false;
        if (modules) {
                notify(f, NULL);
                g_hash_table_unref(modules);
                g_hash_table_unref(jobs);
        }
}

/* ---- the list of all objects */

static int list_later(Fotad *f)
{
        sd_event_source_set_time_relative(f->again, RELIST);
        return sd_event_source_set_enabled(f->again, SD_EVENT_ONESHOT);
}

static int take_objects(Fotad *f, sd_bus_message *m)
{
        const char *path;
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read(m, "o", &path);
                if (r > 0)
                        r = take_interfaces(f, m, path, false);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const sd_bus_error *refusal = sd_bus_message_get_error(m);
        int r;

        (void)error;
        f->listing = sd_bus_slot_unref(f->listing);
        if (refusal) {
                log_warning("fotad cannot be asked: %s", refusal->message);
                return list_later(f);
        }
        forget_objects(f);
        r = take_objects(f, m);
        if (r < 0) {
                log_warning("fotad's answer is not understood: %s", g_strerror(-r));
                return list_later(f);
        }
        g_free(f->owner);
        f->owner = g_strdup(sd_bus_message_get_sender(m));
        f->listed = true;
        notify(f, NULL);
        return 0;
}

static int on_version(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const char *version;

        (void)error;
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "s", &version) > 0) {
                g_free(f->version);
                f->version = g_strdup(version);
                notify(f, NULL);
        }
        return 0;
}

static void list(Fotad *f)
{
        f->listing = sd_bus_slot_unref(f->listing);
        if (sd_bus_call_method_async(f->bus, &f->listing, FOTAD_BUS_NAME, FOTAD_PATH, OBJECTS, "GetManagedObjects",
                                     on_objects, f, NULL) < 0)
                list_later(f);
        sd_bus_call_method_async(f->bus, NULL, FOTAD_BUS_NAME, FOTAD_PATH, PROPERTIES, "Get", on_version, f, "ss",
                                 FOTAD_MANAGER_INTERFACE, "Version");
}

static int on_again(sd_event_source *source, uint64_t now, void *userdata)
{
        (void)source;
        (void)now;
        list(userdata);
        return 0;
}

/* ---- signals */

/* Any client of the bus may send the bridge a signal that looks like one of fotad's. */
static bool is_of_fotad(const Fotad *f, sd_bus_message *m)
{
        return f->listed && f->owner && g_strcmp0(sd_bus_message_get_sender(m), f->owner) == 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const char *path;

        (void)error;
        return is_of_fotad(f, m) && sd_bus_message_read(m, "o", &path) > 0 ? MIN(0, take_interfaces(f, m, path, true))
                                                                           : 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const char *path;
        Module *module;
        Job *job;

        (void)error;
        if (!is_of_fotad(f, m) || sd_bus_message_read(m, "o", &path) < 0)
                return 0;
        module = g_hash_table_lookup(f->modules, path);
        job = g_hash_table_lookup(f->jobs, path);
        if (module) {
                g_hash_table_steal(f->modules, path);
                notify(f, module->imei);
                module_free(module);
        }
        if (job) {
                unindex_job(f, job);
                g_hash_table_steal(f->jobs, path);
                notify(f, job->imei);
                job_free(job);
        }
        return 0;
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const char *interface;

        (void)error;
        if (!is_of_fotad(f, m) || sd_bus_message_read(m, "s", &interface) < 0)
                return 0;
        return MIN(0, take_properties(f, m, sd_bus_message_get_path(m), interface, true));
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;
        const char *name, *before, *after;

        (void)error;
        if (g_strcmp0(sd_bus_message_get_sender(m), "org.freedesktop.DBus") != 0 ||
            sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
                return 0;
        forget_objects(f);
        if (*after)
                list(f);
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Fotad *f = userdata;

        (void)m;
        (void)error;
        f->observer.lost(f->observer.userdata);
        return 0;
}

static int subscribe(Fotad *f)
{
        static const struct {
                const char *sender, *interface, *member, *more;
                sd_bus_message_handler_t handler;
        } signals[] = {
                { FOTAD_BUS_NAME, OBJECTS, "InterfacesAdded", "", on_added },
                { FOTAD_BUS_NAME, OBJECTS, "InterfacesRemoved", "", on_removed },
                { FOTAD_BUS_NAME, PROPERTIES, "PropertiesChanged", "", on_properties },
                { "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", ",arg0='" FOTAD_BUS_NAME "'",
                  on_owner },
                { "org.freedesktop.DBus.Local", "org.freedesktop.DBus.Local", "Disconnected", "", on_disconnected },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                g_autofree char *match = g_strdup_printf("type='signal',sender='%s',interface='%s',member='%s'%s",
                                                         signals[i].sender, signals[i].interface, signals[i].member,
                                                         signals[i].more);
                int r = sd_bus_add_match(f->bus, NULL, match, signals[i].handler, f);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- life */

int fotad_new(sd_event *event, const FotadObserver *observer, Fotad **ret)
{
        Fotad *f = g_new0(Fotad, 1);
        int r;

        f->observer = *observer;
        f->requests = g_hash_table_new(g_str_hash, g_str_equal);
        forget_objects(f);
        r = sd_bus_open_system(&f->bus);
        if (r >= 0)
                r = sd_event_add_time(event, &f->again, CLOCK_MONOTONIC, UINT64_MAX, 0, on_again, f);
        if (r >= 0)
                r = subscribe(f);
        if (r >= 0)
                r = sd_bus_attach_event(f->bus, event, 0);
        if (r < 0) {
                fotad_free(f);
                return r;
        }
        list(f);
        *ret = f;
        return 0;
}

void fotad_free(Fotad *f)
{
        sd_event_source_disable_unref(f->again);
        sd_bus_slot_unref(f->listing);
        sd_bus_flush_close_unref(f->bus);
        g_hash_table_unref(f->requests);
        g_hash_table_unref(f->modules);
        g_hash_table_unref(f->jobs);
        g_free(f->version);
        g_free(f->owner);
        g_free(f);
}

/* ---- what is asked */

bool fotad_is_listed(const Fotad *f)
{
        return f->listed;
}

const char *fotad_version(const Fotad *f)
{
        return f->version;
}

const Module *fotad_find_module(const Fotad *f, const char *imei)
{
        const Module *found = NULL;
        GHashTableIter i;
        void *value;

        g_hash_table_iter_init(&i, f->modules);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                const Module *module = value;

                if (strcmp(module->imei, imei) == 0 && (!found || module->present))
                        found = module;
        }
        return found;
}

const Job *fotad_find_job(const Fotad *f, const char *request_id)
{
        return *request_id ? g_hash_table_lookup(f->requests, request_id) : NULL;
}

GPtrArray *fotad_list_modules(const Fotad *f)
{
        GPtrArray *imeis = g_ptr_array_new();
        GHashTableIter i;
        void *value;

        g_hash_table_iter_init(&i, f->modules);
        while (g_hash_table_iter_next(&i, NULL, &value))
                if (*((const Module *)value)->imei)
                        g_ptr_array_add(imeis, ((const Module *)value)->imei);
        return imeis;
}

/* ---- what is called */

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Call *call = userdata;
        Fotad *f = call->fotad;
        const sd_bus_error *refusal = sd_bus_message_get_error(m);

        (void)error;
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_message_is_method_error(m, SD_BUS_ERROR_TIMEOUT)) {
                forget_objects(f); /* fotad may have done what it was asked for: only a list made later tells */
                list(f);
        }
        call->reply(call->userdata, refusal ? refusal->name : NULL, refusal ? refusal->message : NULL);
        return 0;
}

/* r: 0, or why the message could not be made. */
static void send_call(Fotad *f, sd_bus_message *m, int r, FotadReply reply, void *userdata)
{
        Call *call = g_new(Call, 1);
        sd_bus_slot *slot;

        *call = (Call){ .fotad = f, .reply = reply, .userdata = userdata };
        if (r >= 0)
                r = sd_bus_call_async(f->bus, &slot, m, on_reply, call, CALL_TIME);
        if (r >= 0) {
                sd_bus_slot_set_destroy_callback(slot, g_free);
                sd_bus_slot_set_floating(slot, true);
                sd_bus_slot_unref(slot);
        } else {
                g_free(call);
                reply(userdata, SD_BUS_ERROR_FAILED, g_strerror(-r));
        }
}

void fotad_start(Fotad *f, const FotadStart *s, FotadReply reply, void *userdata)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_method_call(f->bus, &m, FOTAD_BUS_NAME, FOTAD_PATH, FOTAD_MANAGER_INTERFACE,
                                               s->fd < 0 ? "StartUpgrade" : "StartUpgradeFile");

        if (r >= 0)
                r = s->fd < 0 ? sd_bus_message_append(m, "ss", s->imei, s->source)
                              : sd_bus_message_append(m, "shs", s->imei, s->fd, s->source);
        if (r >= 0)
                r = s->fd < 0 ? sd_bus_message_append(m, "a{sv}", 2, "expected-revision", "s", s->revision,
                                                      "request-id", "s", s->request_id)
                              : sd_bus_message_append(m, "a{sv}", 3, "expected-revision", "s", s->revision,
                                                      "request-id", "s", s->request_id, "sha256", "s", s->sha256);
        send_call(f, m, r, reply, userdata);
}

void fotad_cancel(Fotad *f, const char *job, FotadReply reply, void *userdata)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_method_call(f->bus, &m, FOTAD_BUS_NAME, job, FOTAD_JOB_INTERFACE, "Cancel");

        send_call(f, m, r, reply, userdata);
}
